//! The channels' and the providers' records in memory, each in the order of its transactions.

use std::ops::Range;

use vouchsafe_store::Transaction;

use super::channel_log::{self, Said};
use super::names::{Name, Names};
use super::provider_ledger::{self, Noted};
use super::unusable::Unusable;
use super::{Inputs, Progress};

/// Everything that was read besides the store.
#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) names: Names,
    /// Whose each ledger is.
    pub(super) ledgers: Vec<Name>,
    pub(super) said: Vec<Said>,
    pub(super) noted: Vec<Noted>,
    /// Which of them belong to a transaction of the store.
    pub(super) met: Met,
}

/// The lines that have found their transaction.
#[derive(Debug, Default)]
pub(super) struct Met {
    pub(super) said: Vec<bool>,
    pub(super) noted: Vec<bool>,
}

impl Records {
    /// Reads every log and every ledger.
    ///
    /// # Errors
    /// [`Unusable`] names the file and the line that cannot be used.
    pub(super) fn read(inputs: &Inputs, progress: Progress<'_>) -> Result<Self, Unusable> {
        let mut records = Self::default();
        for (path, log) in inputs.channel_logs.iter().zip(0..) {
            channel_log::read(path, log, &mut records.names, progress, &mut records.said)?;
        }
        for ((provider, path), ledger) in inputs.provider_ledgers.iter().zip(0..) {
            let name = records.names.name(provider);
            records.ledgers.push(name);
            provider_ledger::read(path, ledger, &mut records.names, progress, &mut records.noted)?;
        }
        records.said.sort_unstable_by_key(Said::place);
        records.noted.sort_unstable_by_key(Noted::place);
        records.met.said = vec![false; records.said.len()];
        records.met.noted = vec![false; records.noted.len()];
        Ok(records)
    }

    /// The lines of the channels that no transaction has met, one group a request.
    pub(super) fn unmet_said(&self) -> impl Iterator<Item = &[Said]> {
        let same = |one: &Said, other: &Said| {
            (one.channel, one.kind, one.request) == (other.channel, other.kind, other.request)
        };
        // A group was met as a whole or not at all.
        let mut at = 0;
        self.said.chunk_by(same).filter(move |group| {
            let met = self.met.said[at];
            at += group.len();
            !met
        })
    }

    /// The same of the providers.
    pub(super) fn unmet_noted(&self) -> impl Iterator<Item = &[Noted]> {
        let same = |one: &Noted, other: &Noted| (one.kind, one.request) == (other.kind, other.request);
        let mut at = 0;
        self.noted.chunk_by(same).filter(move |group| {
            let met = self.met.noted[at];
            at += group.len();
            !met
        })
    }
}

/// The channel's lines about a transaction.
pub(super) fn said_of(said: &[Said], names: &Names, transaction: &Transaction) -> Range<usize> {
    let key = &transaction.key;
    let Some(channel) = names.find(key.channel.as_str()) else { return 0..0 };
    let place = (channel, key.kind, *key.id.as_bytes());
    let of = |said: &Said| (said.channel, said.kind, *said.request.as_bytes());
    said.partition_point(|said| of(said) < place)..said.partition_point(|said| of(said) <= place)
}

/// The providers' lines about a transaction.
pub(super) fn noted_of(noted: &[Noted], transaction: &Transaction) -> Range<usize> {
    let place = (transaction.key.kind, *transaction.upstream_id.as_bytes());
    let of = |noted: &Noted| (noted.kind, *noted.request.as_bytes());
    noted.partition_point(|noted| of(noted) < place)..noted.partition_point(|noted| of(noted) <= place)
}
