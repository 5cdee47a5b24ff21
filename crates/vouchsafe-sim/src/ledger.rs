//! A provider's own record: a second truth, which knows nothing of the switch's.

use std::collections::HashMap;
use std::fmt;

use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::Request;
use vouchsafe_core::money::LedgerAmount;
use vouchsafe_core::transaction::Kind;

mod books;

pub(crate) use books::{AdviceWhim, AskWhim, Circumstances, Said};

/// One time that a request was put on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub at: u64,
    /// By which node.
    pub node: u64,
    /// When the asking ended, on a node that lived.
    pub ended: Option<u64>,
    /// When its deadline was.
    pub deadline: u64,
    /// Whether the intent to ask this provider was durable then.
    pub is_intended: bool,
    /// Whether an approval came back to a node that lived.
    pub is_approval_heard: bool,
}

/// What was sold, or taken, or given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sold {
    /// When.
    pub at: u64,
    /// The voucher's code.
    pub code: String,
    /// What for.
    pub amount: Option<LedgerAmount>,
    /// The product, by the provider's own id.
    pub product: Option<String>,
}

/// One advice as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advised {
    /// When it was sent.
    pub at: u64,
    /// Whether it is a confirmation; else it is a reversal.
    pub is_confirmation: bool,
    /// Its id.
    pub id: MessageId,
    /// All of it, as text.
    pub body: String,
}

/// Everything that a provider has to do with one request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// How often it was put on the wire.
    pub asked: Vec<Asked>,
    /// How often it came in: networks repeat.
    pub arrivals: u64,
    /// What was sold.
    pub sold: Option<Sold>,
    /// The provider's no.
    pub declined: Option<&'static str>,
    /// From when a reversal holds.
    pub reversed: Option<u64>,
    /// Since when it is confirmed.
    pub confirmed: Option<u64>,
    /// Every sending of an advice about it.
    pub advised: Vec<Advised>,
    /// Whether a reversal was refused for good.
    pub is_reversal_refused: bool,
    /// Whether a confirmation was refused for good.
    pub is_confirmation_refused: bool,
    /// Until then the provider does not find what it has sold.
    hidden_until: u64,
    /// Whether an advice was refused on a whim: it will be again.
    stubborn: bool,
}

impl Entry {
    /// Whether it is sold and nothing has undone that.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.sold.is_some() && self.reversed.is_none()
    }
}

/// A provider's books.
#[derive(Default)]
pub struct Ledger {
    entries: Vec<(Kind, MessageId, Entry)>,
    places: HashMap<(Kind, MessageId), usize>,
    codes: u64,
}

/// Entry by entry, in their order: two runs of a seed are compared by what is printed.
impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.entries).finish()
    }
}

impl Ledger {
    /// Every request that the provider has to do with, in the order in which it first heard of it.
    #[must_use]
    pub fn entries(&self) -> &[(Kind, MessageId, Entry)] {
        &self.entries
    }

    /// What the provider has to do with one request.
    #[must_use]
    pub fn entry(&self, kind: Kind, id: MessageId) -> Option<&Entry> {
        self.places.get(&(kind, id)).map(|place| &self.entries[*place].2)
    }

    pub(crate) fn entry_mut(&mut self, kind: Kind, id: MessageId) -> &mut Entry {
        let place = *self.places.entry((kind, id)).or_insert_with(|| {
            self.entries.push((kind, id, Entry::default()));
            self.entries.len() - 1
        });
        &mut self.entries[place].2
    }

    /// The request of a kind that stands for a code, the last one.
    fn standing(&self, kind: Kind, code: &str) -> Option<&Entry> {
        let is_it = |(of, _, entry): &&(Kind, MessageId, Entry)| {
            *of == kind && entry.stands() && entry.sold.as_ref().is_some_and(|sold| sold.code == code)
        };
        self.entries.iter().rev().find(is_it).map(|(_, _, entry)| entry)
    }

    /// Notes that a request is on its way here.
    pub(crate) fn asked(&mut self, request: &Request, asked: Asked) -> usize {
        let all = &mut self.entry_mut(request.kind(), request.header().id).asked;
        all.push(asked);
        all.len() - 1
    }
}
