//! What the books as a whole say of one request.

use std::collections::HashMap;

use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;

use super::entry::{Entry, Event, Finaliser, Heard};
use super::voucher::VoucherMark;
use crate::simulator::magic::{self, Whim};

/// What a provider's books say of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fate {
    /// Where it stands.
    pub standing: Standing,
    /// How often it came.
    pub requests: u32,
    /// How often a reversal of it came.
    pub reversals: u32,
    /// How often a confirmation of it came.
    pub confirmations: u32,
    /// How many of all these should not have come.
    pub breaches: u32,
    /// The voucher that it issued, took or gave back.
    pub(in crate::simulator) voucher: Option<VoucherMark>,
    /// What its product makes of advices.
    pub(in crate::simulator) whim: Option<Whim>,
}

/// Where a request stands at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// It has not come; an advice about it has.
    #[default]
    Unheard,
    /// Nothing was done and nothing was said, as if it had never come.
    Dropped,
    /// Nothing was done.
    Refused,
    /// Done; neither reversed nor confirmed.
    Done,
    /// Done, and undone.
    Reversed,
    /// Done, and settled.
    Confirmed,
    /// Never to be done: its reversal came first.
    Forestalled,
}

impl Fate {
    /// What an entry about this request adds to it.
    pub(super) fn learn(&mut self, entry: &Entry) {
        match &entry.event {
            Event::Sold { voucher, .. } => self.done(entry, *voucher),
            Event::Redeemed { voucher, .. } | Event::Refunded { voucher, .. } => self.done(entry, Some(*voucher)),
            // A copy that is refused changes nothing about the first.
            Event::Refused { .. } => {
                self.requests += 1;
                self.first(Standing::Refused);
            }
            Event::Dropped => {
                self.requests += 1;
                self.first(Standing::Dropped);
            }
            Event::Reversed { .. } => {
                self.reversals += 1;
                self.standing = Standing::Reversed;
            }
            Event::Confirmed { .. } => {
                self.confirmations += 1;
                self.standing = Standing::Confirmed;
            }
            Event::Forestalled { .. } => {
                self.reversals += 1;
                self.first(Standing::Forestalled);
            }
            Event::Advised { advice: Finaliser::Reversal, .. } => self.reversals += 1,
            Event::Advised { advice: Finaliser::Confirmation, .. } => self.confirmations += 1,
            Event::Breach { heard, .. } => {
                self.breaches += 1;
                match heard {
                    Heard::Request => self.requests += 1,
                    Heard::Reversal => self.reversals += 1,
                    Heard::Confirmation => self.confirmations += 1,
                }
            }
        }
    }

    fn done(&mut self, entry: &Entry, voucher: Option<VoucherMark>) {
        self.requests += 1;
        self.standing = Standing::Done;
        self.voucher = voucher;
        self.whim = entry.product.as_deref().and_then(magic::whim);
    }

    fn first(&mut self, standing: Standing) {
        if self.standing == Standing::Unheard {
            self.standing = standing;
        }
    }
}

/// What entries say of each request, by its client, kind and id. An entry whose id is none is left out: no switch
/// can have sent it.
pub fn fates<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> HashMap<(String, Kind, MessageId), Fate> {
    let mut fates = HashMap::<_, Fate>::new();
    for entry in entries {
        if let Ok(id) = MessageId::parse(&entry.id) {
            fates.entry((entry.client.clone(), entry.kind, id)).or_default().learn(entry);
        }
    }
    fates
}
