//! One transaction as all three records tell it.

use vouchsafe_core::message::Request;
use vouchsafe_core::outcome::{Approval, Outcome};
use vouchsafe_core::transaction::{Event, Kind, State};
use vouchsafe_store::{Entry, Transaction};

use super::channel_log::{Operation, Said};
use super::code_hash::{CodeHash, CodeHasher};
use super::names::{Name, Names};
use super::provider_ledger::{self, Noted};
use super::verdict::{Standing, Verdict, standing};
use super::{Finding, Invariant, ProductNames};

/// What is the same for every case.
pub(super) struct Frame<'a> {
    pub(super) names: &'a Names,
    /// Whose each ledger is.
    pub(super) ledgers: &'a [Name],
    pub(super) hasher: &'a CodeHasher,
    pub(super) products: &'a ProductNames,
    /// How far two parties' clocks may be apart, in milliseconds.
    pub(super) tolerance: i64,
    /// Whether everything should have come to its end.
    pub(super) settled: bool,
}

/// One transaction: what the switch holds, what its channel logged, what the providers noted.
pub(super) struct Case<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) transaction: &'a Transaction,
    pub(super) request: &'a Request,
    pub(super) journal: &'a [Entry],
    pub(super) said: &'a [Said],
    pub(super) noted: &'a [Noted],
}

impl<'a> Case<'a> {
    /// The messages that were answered with a success.
    pub(super) fn successes(&self) -> impl Iterator<Item = &'a Said> {
        let names = self.frame.names;
        self.said.iter().filter(|said| Verdict::of(said, names) == Verdict::Success)
    }

    /// Where the channel stands.
    pub(super) fn standing(&self) -> Standing {
        standing(self.said, self.frame.names)
    }

    /// Whether it is a sale, and no redemption or refund.
    pub(super) fn is_sale(&self) -> bool {
        self.transaction.key.kind == Kind::Provision
    }

    /// Messages of one operation.
    pub(super) fn sent(&self, operation: Operation) -> impl Iterator<Item = &'a Said> {
        self.said.iter().filter(move |said| said.operation == operation)
    }

    /// The provider's yes, in time or late, as the journal keeps it.
    pub(super) fn approval(&self) -> Option<&'a Approval> {
        self.journal.iter().find_map(|entry| match &entry.outcome {
            Some(Outcome::Approved(approval)) => Some(&**approval),
            Some(Outcome::Declined(_) | Outcome::Unknown(_)) | None => None,
        })
    }

    /// The code that the provider gave, as the journal keeps it.
    pub(super) fn code(&self) -> Option<&'a str> {
        self.approval().and_then(Approval::code).map(|code| code.expose().as_str())
    }

    /// Its hash.
    pub(super) fn code_hash(&self) -> Option<CodeHash> {
        self.code().map(|code| self.frame.hasher.hash(code))
    }

    /// Whether the journal holds an event.
    pub(super) fn has(&self, event: Event) -> bool {
        self.journal.iter().any(|entry| entry.event == event)
    }

    /// Whether this provider's ledger is among the records.
    pub(super) fn has_ledger(&self) -> bool {
        let provider = self.frame.names.find(self.transaction.provider.as_str());
        provider.is_some_and(|provider| self.frame.ledgers.contains(&provider))
    }

    /// How many sales stand at all providers together, by their own books.
    pub(super) fn standing_sales(&self) -> u64 {
        let ledgers = 0..u16::try_from(self.frame.ledgers.len()).unwrap_or(u16::MAX);
        ledgers
            .map(|ledger| {
                let count = |is: fn(&Noted) -> bool| {
                    self.noted.iter().filter(|noted| noted.ledger == ledger && is(noted)).count() as u64
                };
                let undone = count(|noted| noted.event == provider_ledger::Event::Reversed);
                count(Noted::is_done).saturating_sub(undone)
            })
            .sum()
    }

    /// Whether a person is or was shown it as money at risk.
    pub(super) const fn is_listed(&self) -> bool {
        matches!(self.transaction.state, State::Orphaned | State::Resolved)
    }

    /// Whether an advice is still to be delivered.
    pub(super) fn has_open_advice(&self) -> bool {
        self.journal.iter().any(|entry| entry.advice.is_some() && entry.advice_end.is_none())
    }

    /// When REVERSE was chosen, or the channel's wish to reverse was written down.
    pub(super) fn reversed_at(&self) -> Option<i64> {
        let entry = self.journal.iter().find(|entry| is_against(entry.state))?;
        Some(entry.at.as_millisecond())
    }

    /// Everything that is wrong with it.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        self.check_sale(&mut findings);
        self.check_finaliser(&mut findings);
        self.check_answers(&mut findings);
        findings
    }
}

/// Whether a state says that the request must not stand.
pub(super) const fn is_against(state: State) -> bool {
    match state {
        State::Cancelled | State::Reversing | State::Reversed | State::Orphaned | State::Resolved | State::Void => true,
        State::Pending | State::Approved | State::Declined | State::Confirming | State::Confirmed => false,
    }
}

/// Adds a finding.
pub(super) fn find(findings: &mut Vec<Finding>, invariant: Invariant, what: impl Into<String>) {
    findings.push(Finding { invariant, what: what.into() });
}
