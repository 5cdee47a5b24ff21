//! The promises of a store, kept in memory: the second opinion on what `vouchsafe-store` says of itself.
//!
//! It shares no line with the real one: no records, no sealing, no SQL. The store's own story is told on it as on every
//! engine, so that what holds in the simulation holds because of the promises and not because of an engine.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::Request;
use vouchsafe_core::transaction::{Kind, State};
use vouchsafe_core::voucher::VoucherName;
use vouchsafe_store::{
    Act, ActEnd, ActNumber, Attempt, Cause, Change, Concerned, Destroyed, Dossier, Entry, Figures, Forestalled, Intent,
    Key, OpenAdvice, Opened, Recorded, RecordedAct, Reference, Store, StoreError, Tally, Transaction,
    TransactionNumber,
};

mod acts;
mod lists;
mod retention;
mod tables;

use tables::Tables;

/// A store that keeps everything in memory. Whatever a verb has written is durable as it returns: what a crash loses
/// is decided by whoever stands between this and the switch.
#[derive(Debug, Default)]
pub struct ModelStore(Mutex<Tables>);

impl ModelStore {
    fn tables(&self) -> MutexGuard<'_, Tables> {
        // A thread that panicked between two rows has failed its test already.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every transaction with its journal, in the order of their numbers.
    pub(crate) fn all(&self) -> Vec<(Transaction, Vec<Entry>)> {
        self.tables().rows().iter().map(|row| (row.transaction.clone(), row.journal.clone())).collect()
    }

    /// The transaction that a provider knows by an id.
    pub(crate) fn by_upstream_id(&self, kind: Kind, id: MessageId) -> Option<Transaction> {
        self.tables().by_upstream_id(kind, id).cloned()
    }

    /// Whether nothing is left to do: no outcome is waited for, nothing is to be confirmed and no advice is open.
    pub(crate) fn is_quiet(&self) -> bool {
        self.tables().is_quiet()
    }

    /// Where the transaction of a key stands.
    pub(crate) fn state(&self, key: &Key) -> Option<State> {
        self.tables().find(key).map(|transaction| transaction.state)
    }

    /// A transaction's journal.
    pub(crate) fn journal_of(&self, number: TransactionNumber) -> Vec<Entry> {
        self.tables().row(number).map(|row| row.journal.clone()).unwrap_or_default()
    }

    /// The number of the transaction of a key.
    pub(crate) fn number(&self, key: &Key) -> Option<TransactionNumber> {
        self.tables().find(key).map(|transaction| transaction.number)
    }
}

#[async_trait]
impl Store for ModelStore {
    async fn open(&self, intent: Intent) -> Result<Opened, StoreError> {
        Ok(self.tables().open(intent))
    }

    async fn forestall(&self, key: Key, _reversal: MessageId, _at: Timestamp) -> Result<Forestalled, StoreError> {
        Ok(self.tables().forestall(key))
    }

    async fn record(&self, change: Change) -> Result<Recorded, StoreError> {
        self.tables().record(change)
    }

    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError> {
        Ok(self.tables().find(key).cloned())
    }

    async fn is_forestalled(&self, key: &Key) -> Result<bool, StoreError> {
        Ok(self.tables().is_forestalled(key))
    }

    async fn request(&self, number: TransactionNumber) -> Result<Request, StoreError> {
        match self.tables().row(number)? {
            row if row.is_destroyed => Err(StoreError::Determinate(Cause::Destroyed)),
            row => Ok(row.request.clone()),
        }
    }

    async fn dossier(&self, number: TransactionNumber) -> Result<Dossier, StoreError> {
        let tables = self.tables();
        match tables.row(number)? {
            row if row.is_destroyed => Err(StoreError::Determinate(Cause::Destroyed)),
            row => Ok(Dossier { request: row.request.clone(), journal: row.journal.clone() }),
        }
    }

    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError> {
        self.tables().row(number).map(|row| row.journal.clone())
    }

    async fn put_off(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.tables().put_off(&attempt);
        Ok(())
    }

    async fn redrive(
        &self,
        of: Option<TransactionNumber>,
        at: Timestamp,
        most: usize,
        act: Option<Act>,
    ) -> Result<usize, StoreError> {
        let mut tables = self.tables();
        let count = tables.redrive(of, at, most);
        if let Some(act) = act.filter(|_| count > 0) {
            tables.acts.done(act);
        }
        Ok(count)
    }

    async fn due_advices(&self, of: &ProviderId, by: Timestamp, most: usize) -> Result<Vec<OpenAdvice>, StoreError> {
        Ok(self.tables().due_advices(of, by, most))
    }

    async fn unanswered(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        Ok(self.tables().due(&[State::Pending, State::Cancelled], by, most))
    }

    async fn unconfirmed(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        Ok(self.tables().due(&[State::Approved], by, most))
    }

    async fn unfinalised(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        let is_listed = |it: &Transaction| it.state == State::Approved && it.due_at.is_none();
        Ok(self.tables().listed(after, most, is_listed))
    }

    async fn orphans(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        Ok(self.tables().listed(after, most, |it| it.state == State::Orphaned))
    }

    async fn look_up(&self, reference: Reference) -> Result<Vec<Transaction>, StoreError> {
        Ok(self.tables().look_up(reference))
    }

    async fn concerning(&self, voucher: VoucherName) -> Result<Vec<Concerned>, StoreError> {
        Ok(self.tables().concerning(&voucher))
    }

    async fn set_aside(&self, channel: ChannelId, under: ChannelId, act: Act) -> Result<usize, StoreError> {
        let mut tables = self.tables();
        tables.acts.done(act);
        Ok(tables.set_aside(&channel, &under))
    }

    async fn intend(&self, act: Act) -> Result<ActNumber, StoreError> {
        Ok(self.tables().acts.intended(act))
    }

    async fn end_act(&self, number: ActNumber, end: ActEnd, at: Timestamp) -> Result<(), StoreError> {
        self.tables().acts.end(number, end, at)
    }

    async fn acts(&self, of: Option<TransactionNumber>, most: usize) -> Result<Vec<RecordedAct>, StoreError> {
        Ok(self.tables().acts.newest(of, most))
    }

    async fn destroy(&self, now: Timestamp, kept_for: Duration, most: usize) -> Result<Destroyed, StoreError> {
        Ok(self.tables().destroy(now, kept_for, most))
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        Ok(self.tables().tally())
    }

    fn figures(&self) -> Figures {
        Figures::default()
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
