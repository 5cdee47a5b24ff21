//! The auditor: an outside reader of the three records, who believes none of them.
//!
//! What the channels sent and were told ([`channel_log`]), what the switch holds (its store), and what the providers did
//! (their ledgers) are compared, one transaction at a time, and whatever breaks a promise of `behaviour.md`,
//! section 12, is told with the transaction's whole story. It decides by itself: nothing that the switch decides with is
//! used here, or a fault there would hide itself.
//!
//! Every line of the logs and ledgers is kept in memory, up to 300 bytes each, and 50 bytes for each code in the store.
//! The store itself is read past, a few transactions at a time.

mod answers;
mod case;
pub mod channel_log;
mod code_hash;
mod finaliser;
mod invariant;
mod leak;
mod lines;
mod names;
mod provider_ledger;
mod records;
mod report;
mod sale;
mod stranger;
mod telling;
#[cfg(test)]
mod tests;
mod unusable;
mod verdict;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use vouchsafe_core::message::Request;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::Kind;
use vouchsafe_store::{Cause, Entry, Reference, Store, StoreError, Transaction, TransactionNumber};

use self::case::{Case, Frame};
use self::code_hash::CodeHash;
pub use self::code_hash::CodeHasher;
pub use self::invariant::Invariant;
use self::records::Records;
pub use self::report::{Report, Violation};
pub use self::unusable::Unusable;

/// What is audited, besides the store.
#[derive(Debug, Clone)]
pub struct Inputs {
    /// The channels' logs.
    pub channel_logs: Vec<PathBuf>,
    /// The providers' ledgers, each with the name by which the switch knows its provider.
    pub provider_ledgers: Vec<(String, PathBuf)>,
    /// Further files in which no code may stand.
    pub texts: Vec<PathBuf>,
    /// How the logs hash codes.
    pub hasher: CodeHasher,
    /// What providers call products that have another name in the catalogue.
    pub products: ProductNames,
    /// How far the clocks of a channel and the switch may be apart.
    pub clocks_differ_by: Duration,
    /// Whether everything should have come to its end.
    pub settled: bool,
}

impl Inputs {
    /// No records yet, plain hashes, and clocks that differ by five seconds at most.
    #[must_use]
    pub fn none() -> Self {
        Self {
            channel_logs: Vec::new(),
            provider_ledgers: Vec::new(),
            texts: Vec::new(),
            hasher: CodeHasher::plain(),
            products: ProductNames::default(),
            clocks_differ_by: Duration::from_secs(5),
            settled: false,
        }
    }
}

/// The names that providers have for products of ours: provider, our name, its name.
#[derive(Debug, Clone, Default)]
pub struct ProductNames(pub BTreeSet<(String, String, String)>);

impl ProductNames {
    fn knows(&self, provider: &str, ours: &str, theirs: &str) -> bool {
        self.0.contains(&(provider.to_owned(), ours.to_owned(), theirs.to_owned()))
    }
}

/// How far an audit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It reads a channel log.
    ChannelLog,
    /// It reads a provider's ledger.
    ProviderLedger,
    /// It compares the store's transactions.
    Transactions,
    /// It looks for codes in clear.
    Codes,
}

/// Told after every line and every transaction how many there were in this stage, or in this file.
pub type Progress<'a> = &'a (dyn Fn(Stage, u64) + Sync);

/// Something that is wrong with a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    invariant: Invariant,
    what: String,
}

/// How many transactions are read from the store at once.
const AT_ONCE: usize = 16;
/// How many numbers in a row may be nobody's before the store is at its end. Numbers follow one another; should a few
/// ever be left out, nothing behind them is missed.
const GAP: u64 = 1_024;

/// A transaction as the store holds it.
struct Held {
    transaction: Transaction,
    /// Nothing where it was destroyed because its time was over.
    request: Option<Request>,
    journal: Vec<Entry>,
}

impl Held {
    fn story(&self) -> String {
        match &self.request {
            Some(request) => telling::of_the_switch(&self.transaction, request, &self.journal),
            None => format!("transaction {}: what was said in it is kept no longer", self.transaction.number),
        }
    }
}

/// Compares the records. Nothing may be written to them meanwhile, or what is only half told looks like a violation.
///
/// # Errors
/// [`Unusable`] where a record cannot be read.
pub async fn audit(store: &dyn Store, inputs: &Inputs, progress: Progress<'_>) -> Result<Report, Unusable> {
    let mut records = Records::read(inputs, progress)?;
    let mut met = std::mem::take(&mut records.met);
    let mut report = Report::begin(inputs, &records);
    let mut codes = Vec::new();
    let mut open_advices = 0;
    let queue_before = report::queued(&store.tally().await?);
    {
        let (names, said, noted) = (&records.names, &records.said, &records.noted);
        let frame = Frame {
            names,
            ledgers: &records.ledgers,
            hasher: &inputs.hasher,
            products: &inputs.products,
            tolerance: i64::try_from(inputs.clocks_differ_by.as_millis()).unwrap_or(i64::MAX),
            settled: inputs.settled,
        };
        let mut held = stream::iter(1..).map(|number| hold(store, number)).buffered(AT_ONCE);
        let mut misses = 0;
        while misses < GAP
            && let Some(found) = held.next().await
        {
            let Some(Held { transaction, request, journal }) = found? else {
                misses += 1;
                continue;
            };
            misses = 0;
            let (our_said, our_noted) =
                (records::said_of(said, names, &transaction), records::noted_of(noted, &transaction));
            met.said[our_said.clone()].fill(true);
            met.noted[our_noted.clone()].fill(true);
            let Some(request) = request else {
                report.kept_no_longer += 1;
                continue;
            };
            let case = Case {
                frame: &frame,
                transaction: &transaction,
                request: &request,
                journal: &journal,
                said: &said[our_said],
                noted: &noted[our_noted],
            };
            open_advices += journal.iter().filter(|entry| entry.advice.is_some() && entry.advice_end.is_none()).count();
            codes.extend(case_codes(&case));
            report.add(&case);
            progress(Stage::Transactions, report.transactions);
        }
    }
    records.met = met;
    report.compare_advices(open_advices as u64, queue_before, report::queued(&store.tally().await?));
    codes.sort_unstable();
    codes.dedup();
    twice(store, &codes, &mut report).await?;
    strays(store, &codes, &records, &mut report).await?;
    stranger::check(store, &records, &mut report).await?;
    leak::check(&codes, inputs, progress, &mut report)?;
    Ok(report)
}

/// One code that the store holds, and whose it is.
type Code = (CodeHash, u64, usize);

/// The codes that a transaction issued, with their lengths.
fn case_codes(case: &Case<'_>) -> Vec<Code> {
    let is_sale = case.transaction.key.kind == Kind::Provision;
    let issued = case.journal.iter().filter(|_| is_sale).filter_map(|entry| match &entry.outcome {
        Some(Outcome::Approved(approval)) => approval.code(),
        Some(Outcome::Declined(_) | Outcome::Unknown(_)) | None => None,
    });
    let number = case.transaction.number.0;
    issued.map(|code| code.expose().as_str()).map(|code| (case.frame.hasher.hash(code), number, code.len())).collect()
}

async fn hold(store: &dyn Store, number: u64) -> Result<Option<Held>, StoreError> {
    let number = TransactionNumber(number);
    let Some(transaction) = store.look_up(Reference::Number(number)).await?.into_iter().next() else { return Ok(None) };
    let request = match store.request(number).await {
        Err(error) if *error.cause() == Cause::Destroyed => None,
        request => Some(request?),
    };
    let journal = store.journal(number).await?;
    Ok(Some(Held { transaction, request, journal }))
}

/// Invariant 5: codes that two transactions have.
async fn twice(store: &dyn Store, codes: &[Code], report: &mut Report) -> Result<(), Unusable> {
    for two in codes.windows(2).filter(|two| two[0].0 == two[1].0) {
        let numbers = [two[0].1, two[1].1];
        let what = format!("transactions {} and {} have the same code", numbers[0], numbers[1]);
        let mut story = String::new();
        for number in numbers {
            story += &told(store, number).await?;
            story.push('\n');
        }
        report.violated(Invariant::OneCode, what, || story);
    }
    Ok(())
}

/// Invariants 4 and 17: codes that a channel was told and that are not its transaction's own.
async fn strays(store: &dyn Store, codes: &[Code], records: &Records, report: &mut Report) -> Result<(), Unusable> {
    let strays = std::mem::take(&mut report.strays);
    for (number, code, channel) in strays {
        let owner = codes.binary_search_by(|(hash, ..)| hash.cmp(&code)).ok().map(|at| codes[at].1);
        let owner = match owner {
            Some(owner) => hold(store, owner).await?,
            None => None,
        };
        let is_anothers =
            owner.as_ref().is_some_and(|owner| owner.transaction.key.channel.as_str() != records.names.word(channel));
        let mut story = told(store, number).await?;
        if is_anothers && let Some(owner) = owner {
            story += &format!("\nand whose code it is:\n{}", owner.story());
            report.violated(Invariant::OwnOnly, "a channel was told another channel's code".to_owned(), || story);
        } else {
            let what = "a success told another code than the switch holds".to_owned();
            report.violated(Invariant::SameSuccess, what, || story);
        }
    }
    Ok(())
}

/// What the switch tells of a transaction.
async fn told(store: &dyn Store, number: u64) -> Result<String, Unusable> {
    let held = hold(store, number).await?;
    Ok(held.map_or_else(String::new, |held| held.story()))
}
