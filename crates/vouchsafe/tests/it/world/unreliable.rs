//! A store that fails where a test tells it to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use vouchsafe_core::id::{MessageId, ProviderId};
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_store::{
    Attempt, Cause, Change, Entry, Figures, Forestalled, Intent, Key, OpenAdvice, Opened, Recorded, Reference, Store,
    StoreError, Tally, Transaction, TransactionNumber,
};

/// What a call comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing happens, and the caller knows it.
    Refused,
    /// Nothing happens, and the caller does not know.
    Lost,
    /// It happens, and the caller does not know.
    DoneInSilence,
    /// Nothing happens, and no answer ever comes.
    Hangs,
    /// It happens, but only after a while in which others are not kept from anything.
    Late,
}

/// The verbs that can be told to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Open,
    Forestall,
    Record,
    Find,
    Request,
}

/// The plan of the next faults, each for the next call of its verb.
#[derive(Clone, Default)]
pub(crate) struct Faults {
    plan: Arc<Mutex<VecDeque<(Verb, Fault)>>>,
    /// The transaction whose request can never be read.
    damaged: Arc<Mutex<Option<TransactionNumber>>>,
}

impl Faults {
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = (Verb, Fault)>) {
        self.plan.lock().unwrap().extend(faults);
    }

    /// From now on this transaction's request cannot be read.
    pub(crate) fn damage(&self, number: TransactionNumber) {
        *self.damaged.lock().unwrap() = Some(number);
    }

    /// Whether every fault has happened.
    pub(crate) fn are_over(&self) -> bool {
        self.plan.lock().unwrap().is_empty()
    }

    fn next(&self, verb: Verb) -> Option<Fault> {
        let mut plan = self.plan.lock().unwrap();
        let place = plan.iter().position(|(planned, _)| *planned == verb)?;
        plan.remove(place).map(|(_, fault)| fault)
    }

    /// Makes a call, or has it fail as planned.
    async fn call<T>(
        &self,
        verb: Verb,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let cause = Cause::Engine("a test says so".to_owned());
        match self.next(verb) {
            None => call.await,
            Some(Fault::Refused) => Err(StoreError::Determinate(cause)),
            Some(Fault::Lost) => Err(StoreError::Indeterminate(cause)),
            Some(Fault::DoneInSilence) => {
                call.await?;
                Err(StoreError::Indeterminate(cause))
            }
            Some(Fault::Hangs) => std::future::pending().await,
            Some(Fault::Late) => {
                tokio::time::sleep(std::time::Duration::from_millis(500)).await;
                call.await
            }
        }
    }
}

/// A store over another one.
pub(crate) struct Unreliable {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) faults: Faults,
}

#[async_trait]
impl Store for Unreliable {
    async fn open(&self, intent: Intent) -> Result<Opened, StoreError> {
        self.faults.call(Verb::Open, self.inner.open(intent)).await
    }

    async fn forestall(&self, key: Key, reversal: MessageId, at: Timestamp) -> Result<Forestalled, StoreError> {
        self.faults.call(Verb::Forestall, self.inner.forestall(key, reversal, at)).await
    }

    async fn record(&self, change: Change) -> Result<Recorded, StoreError> {
        self.faults.call(Verb::Record, self.inner.record(change)).await
    }

    async fn put_off(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.inner.put_off(attempt).await
    }

    async fn redrive(&self, of: Option<TransactionNumber>, at: Timestamp, most: usize) -> Result<usize, StoreError> {
        self.inner.redrive(of, at, most).await
    }

    async fn due_advices(&self, of: &ProviderId, by: Timestamp, most: usize) -> Result<Vec<OpenAdvice>, StoreError> {
        self.inner.due_advices(of, by, most).await
    }

    async fn unanswered(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.inner.unanswered(by, most).await
    }

    async fn unconfirmed(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.inner.unconfirmed(by, most).await
    }

    async fn orphans(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.inner.orphans(after, most).await
    }

    async fn look_up(&self, reference: Reference) -> Result<Vec<Transaction>, StoreError> {
        self.inner.look_up(reference).await
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.inner.tally().await
    }

    fn figures(&self) -> Figures {
        self.inner.figures()
    }

    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError> {
        self.faults.call(Verb::Find, self.inner.find(key)).await
    }

    async fn request(&self, number: TransactionNumber) -> Result<ProvisionRequest, StoreError> {
        if *self.faults.damaged.lock().unwrap() == Some(number) {
            return Err(StoreError::Determinate(Cause::Damaged("a test says so".to_owned())));
        }
        self.faults.call(Verb::Request, self.inner.request(number)).await
    }

    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError> {
        self.inner.journal(number).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.inner.check().await
    }
}
