//! What an audit found: every violation with its story, counts, and what could not be seen.

use std::collections::BTreeMap;
use std::fmt;

use vouchsafe_core::transaction::State;
use vouchsafe_store::Tally;

use super::case::Case;
use super::code_hash::CodeHash;
use super::names::Name;
use super::records::Records;
use super::verdict::Standing;
use super::{Inputs, Invariant, telling};

/// How many violations are told with their stories; the others are counted.
const TOLD: usize = 100;

/// One violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which invariant is broken.
    pub invariant: Invariant,
    /// How.
    pub what: String,
    /// The transaction's whole story, with codes masked; empty where no transaction is meant.
    pub story: String,
}

/// What an audit found.
#[derive(Debug, Default)]
pub struct Report {
    /// How many messages the channel logs hold.
    pub messages: u64,
    /// How many lines the ledgers hold.
    pub ledger_lines: u64,
    /// How many transactions the store holds.
    pub transactions: u64,
    /// How many transactions stand where.
    pub states: BTreeMap<State, u64>,
    /// The first violations, in the order in which they were found.
    pub violations: Vec<Violation>,
    /// How often each invariant is broken.
    pub counts: BTreeMap<Invariant, u64>,
    /// Requests in the channel logs that no transaction came of.
    pub(super) without_transaction: u64,
    /// Transactions that the store finds by name and not by number.
    pub(super) unreached: u64,
    /// Transactions whose messages were destroyed because their time was over.
    pub(super) kept_no_longer: u64,
    /// Transactions of providers without a ledger here.
    without_ledger: u64,
    /// Transactions that no channel log tells of.
    without_log: u64,
    /// Transactions of which the channel itself knows no end.
    unknown: u64,
    /// Successes of sales whose code the log does not name.
    nameless: u64,
    /// Whether the store was seen to change.
    is_written_to: bool,
    /// Whether any log says how long its channel waits.
    has_waits: bool,
    settled: bool,
    texts: usize,
    /// Codes that were told and are not the transaction's own.
    pub(super) strays: Vec<(u64, CodeHash, Name)>,
}

impl Report {
    /// A report that holds nothing yet.
    pub(super) fn begin(inputs: &Inputs, records: &Records) -> Self {
        Self {
            messages: records.said.len() as u64,
            ledger_lines: records.noted.len() as u64,
            has_waits: records.said.iter().any(|said| said.wait.is_some()),
            settled: inputs.settled,
            texts: inputs.channel_logs.len() + inputs.provider_ledgers.len() + inputs.texts.len(),
            ..Self::default()
        }
    }

    /// Checks a transaction and counts it.
    pub(super) fn add(&mut self, case: &Case<'_>) {
        self.transactions += 1;
        *self.states.entry(case.transaction.state).or_default() += 1;
        self.without_ledger += u64::from(!case.has_ledger());
        self.without_log += u64::from(case.said.is_empty());
        self.unknown += u64::from(!case.said.is_empty() && case.standing() == Standing::Unknown);
        if let Some(own) = case.code_hash().filter(|_| case.is_sale()) {
            for said in case.successes() {
                match said.heard.and_then(|heard| heard.code) {
                    Some(code) if code != own => self.strays.push((case.transaction.number.0, code, said.channel)),
                    Some(_) => {}
                    None => self.nameless += 1,
                }
            }
        }
        for finding in case.findings() {
            self.violated(finding.invariant, finding.what, || telling::of_all(case));
        }
    }

    /// Adds a violation.
    pub(super) fn violated(&mut self, invariant: Invariant, what: String, story: impl FnOnce() -> String) {
        *self.counts.entry(invariant).or_default() += 1;
        if self.violations.len() < TOLD {
            self.violations.push(Violation { invariant, what, story: story() });
        }
    }

    /// Invariant 12 for all transactions together: what the journals hold open is what the queue holds. A queue that has
    /// changed meanwhile says nothing.
    pub(super) fn compare_advices(&mut self, in_journals: u64, before: u64, queued: u64) {
        self.is_written_to = before != queued;
        if !self.is_written_to && queued != in_journals {
            let what = format!("the journals hold {in_journals} open advices, the queue {queued}");
            self.violated(Invariant::AdvicesKept, what, String::new);
        }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.counts.is_empty()
    }

    /// What could not be seen in these records, a sentence each.
    #[must_use]
    pub fn unseen(&self) -> Vec<String> {
        let mut unseen = Vec::new();
        let mut tell = |count: u64, what: &str| {
            if count > 0 {
                unseen.push(format!("{count} {what}"));
            }
        };
        tell(
            self.without_ledger,
            "transactions are of providers whose ledgers were not given: (1) (2) (6) (13) not seen",
        );
        tell(
            self.kept_no_longer,
            "transactions ended long ago and are kept no longer: what was said in them is not seen",
        );
        tell(self.without_log, "transactions stand in no channel log: only switch and provider were compared");
        tell(
            self.unknown,
            "transactions ended with a channel that does not know how: (10) and (11) say nothing of them",
        );
        tell(self.nameless, "successes name no code in the log: (4) and (17) not seen");
        tell(self.unreached, "transactions are found by name and not by number: the store was written to meanwhile");
        if self.is_written_to {
            unseen.push(
                "the store was written to meanwhile: (12) not seen as a whole, and others may be half told".to_owned(),
            );
        }
        if !self.has_waits {
            unseen.push("(16) not seen: no log says how long its channel waits".to_owned());
        }
        if !self.settled {
            unseen.push("(22) not seen: --settled was not given, so what is open may still be under way".to_owned());
        }
        unseen.push(format!("(18) was looked for in these {} files only, and as whole words", self.texts));
        unseen.push("(20) is never seen in records: it needs tests that turn clocks".to_owned());
        unseen
    }
}

/// How many advices the queue holds.
pub(super) fn queued(tally: &Tally) -> u64 {
    tally.open_advices.iter().map(|open| open.count).sum()
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for violation in &self.violations {
            writeln!(f, "VIOLATION {}\n  {}", violation.invariant, violation.what)?;
            if !violation.story.is_empty() {
                writeln!(f, "{}", violation.story)?;
            }
            writeln!(f)?;
        }
        let all: u64 = self.counts.values().sum();
        if let Some(more) = all.checked_sub(self.violations.len() as u64).filter(|more| *more > 0) {
            writeln!(f, "{more} more violations are counted and not told.\n")?;
        }
        writeln!(
            f,
            "{} messages, {} transactions, {} ledger lines",
            self.messages, self.transactions, self.ledger_lines
        )?;
        for (state, count) in &self.states {
            writeln!(f, "  {count:>9} {state}")?;
        }
        writeln!(f, "  {:>9} requests that no transaction came of", self.without_transaction)?;
        writeln!(f, "not seen:")?;
        for sentence in self.unseen() {
            writeln!(f, "  {sentence}")?;
        }
        for (invariant, count) in &self.counts {
            writeln!(f, "{count:>9} violations of {invariant}")?;
        }
        write!(f, "{}", if all == 0 { "no violation was found".to_owned() } else { format!("{all} violations") })
    }
}
