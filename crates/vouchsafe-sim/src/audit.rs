//! Judges a seed: section 12 of the behaviour, over the three records and nothing else.
//!
//! Nothing here asks the switch's own rules what should have been. What a state means, and which may follow which, is
//! said again in this room's own words.

use std::collections::HashMap;
use std::fmt;

use vouchsafe_core::transaction::State;
use vouchsafe_store::{Entry, Key, Transaction};

use crate::ledger;
use crate::records::{Answer, Book, Exchange, Records, Sale, Till, Told};

mod answers;
mod finalising;
mod once;
mod order;
mod rest;
mod story;

/// A promise that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// Which.
    pub rule: Rule,
    /// About which transaction, where it is about one.
    pub key: Option<Key>,
    /// What is wrong.
    pub what: String,
}

/// The promises, by their numbers in section 12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// (1) At most one sale that stands.
    OneSale,
    /// (2) Put on the wire once for each provider, and by nobody who did not intend it.
    OneAsking,
    /// (3) Durable before it is said or sent.
    DurableFirst,
    /// (4) Every success is the same.
    OneAnswer,
    /// (5) (17) A code is one transaction's, of one channel.
    OneOwner,
    /// (6) A success only if the provider approved.
    OnlySold,
    /// (7) The same amount, currency and product in all records.
    SameMoney,
    /// (8) CONFIRM and REVERSE are never both sent.
    OneFinaliser,
    /// (9) No success after REVERSE was chosen.
    NoSuccessAfterReverse,
    /// (10) What the channel holds is not reversed.
    HeldIsKept,
    /// (11) What the channel does not hold is not sold, or listed.
    NotHeldNotSold,
    /// (12) No advice is lost, and repeats are the same.
    AdvicesKept,
    /// (13) A provider that takes no advices gets none.
    SheetsKept,
    /// (14) Only the steps that there are; a no is final.
    LegalSteps,
    /// (15) Repeats tell the same.
    SameOutcome,
    /// (16) In time.
    InTime,
    /// (22) Everything comes to rest.
    Rest,
    /// Section 7: a confirmation that was acknowledged comes before the next redemption.
    VoucherOrder,
    /// Section 4: what is heard late is written down; section 6: a reversal does not overtake its request.
    Evidence,
    /// Something was said that makes no sense, or the work panicked.
    Sense,
}

/// One transaction in all three records.
struct Case<'a> {
    sale: &'a Sale,
    till: Till,
    exchanges: Vec<&'a Exchange>,
    kept: Option<&'a (Transaction, Vec<Entry>)>,
    books: Vec<(&'a Book, &'a ledger::Entry)>,
}

impl<'a> Case<'a> {
    /// What was told, with its exchange, in the order in which it was.
    fn told(&self) -> Vec<(&'a Exchange, &'a Told)> {
        let mut told: Vec<_> =
            self.exchanges.iter().filter_map(|exchange| Some((*exchange, exchange.told.as_ref()?))).collect();
        told.sort_by_key(|(_, told)| told.at);
        told
    }

    fn successes(&self) -> impl Iterator<Item = (&'a Exchange, &'a Told)> {
        self.told().into_iter().filter(|(_, told)| matches!(told.answer, Answer::Approved(_)))
    }

    fn state(&self) -> Option<State> {
        self.kept.map(|(transaction, _)| transaction.state)
    }

    fn journal(&self) -> &'a [Entry] {
        self.kept.map_or(&[], |(_, journal)| journal)
    }
}

/// REVERSE was received or chosen.
const fn is_undone(state: State) -> bool {
    matches!(
        state,
        State::Cancelled | State::Reversing | State::Reversed | State::Orphaned | State::Resolved | State::Void
    )
}

/// It is on the list that a person works through.
const fn is_listed(state: State) -> bool {
    matches!(state, State::Orphaned | State::Resolved)
}

/// Everything that is wrong with a seed, most telling first.
#[must_use]
pub fn breaches(records: &Records) -> Vec<Breach> {
    let cases = cases(records);
    let mut found = Vec::new();
    for case in &cases {
        let mut tell = |rule, what: String| {
            found.push(Breach { rule, key: Some(case.sale.key.clone()), what });
        };
        once::judge(case, &mut tell);
        finalising::judge(case, &mut tell);
        answers::judge(case, records, &mut tell);
        rest::judge(case, &mut tell);
        order::judge(case, &cases, records, &mut tell);
    }
    once::across(&cases, records, &mut found);
    rest::across(records, &mut found);
    found.sort_by_key(|breach| breach.rule);
    found
}

fn cases(records: &Records) -> Vec<Case<'_>> {
    let mut exchanges = HashMap::<&Key, Vec<&Exchange>>::new();
    for exchange in &records.exchanges {
        exchanges.entry(&exchange.key).or_default().push(exchange);
    }
    let kept: HashMap<_, _> = records.journals.iter().map(|kept| (&kept.0.key, kept)).collect();
    let case = |sale| case(records, sale, &mut exchanges, &kept);
    records.sales.iter().filter_map(case).collect()
}

fn case<'a>(
    records: &'a Records,
    sale: &'a Sale,
    exchanges: &mut HashMap<&'a Key, Vec<&'a Exchange>>,
    kept: &HashMap<&'a Key, &'a (Transaction, Vec<Entry>)>,
) -> Option<Case<'a>> {
    let key = &sale.key;
    let till = *records.tills.iter().find(|till| till.name == key.channel.as_str())?;
    let kept = kept.get(key).copied();
    let entry = |book: &'a Book| Some((book, book.ledger.entry(key.kind, kept?.0.upstream_id)?));
    let books = records.books.iter().filter_map(entry).collect();
    Some(Case { sale, till, exchanges: exchanges.remove(key).unwrap_or_default(), kept, books })
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.rule, self.what)?;
        if let Some(key) = &self.key {
            write!(f, " ({} {} {})", key.channel, key.kind.name(), key.id)?;
        }
        Ok(())
    }
}

/// A breach with all that is known of its transaction, and how to see it again.
#[must_use]
pub fn tell(records: &Records, breach: &Breach) -> String {
    story::tell(records, breach)
}
