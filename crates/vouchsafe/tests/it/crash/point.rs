//! Where a switch dies: right before or right after one of its durable steps.

use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};
use vouchsafe_core::id::{MessageId, ProviderId};
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{
    Attempt, Change, Entry, Figures, Forestalled, Intent, Key, OpenAdvice, Opened, Recorded, Reference, Store,
    StoreError, Tally, Transaction, TransactionNumber,
};

/// One moment at which a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CrashPoint {
    /// Which durable step of this life of the process, beginning with 1.
    pub(super) step: u32,
    pub(super) moment: Moment,
}

/// On which side of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Moment {
    Before,
    After,
}

/// The embedded store, in a process that is killed at a point.
pub(super) struct CrashingStore {
    inner: SqliteStore,
    point: Option<CrashPoint>,
    begun: AtomicU32,
    under_way: AtomicU32,
}

impl CrashingStore {
    pub(super) fn new(inner: SqliteStore, point: Option<CrashPoint>) -> Self {
        Self { inner, point, begun: AtomicU32::new(0), under_way: AtomicU32::new(0) }
    }

    /// Whether no step is between its beginning and its end: one that others see on disk already may still be on
    /// its way to the kill that follows it.
    pub(super) fn is_at_rest(&self) -> bool {
        self.under_way.load(Ordering::SeqCst) == 0
    }

    async fn step<T>(&self, work: impl Future<Output = T>) -> T {
        let step = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let _under_way = UnderWay::begin(&self.under_way);
        self.reach(CrashPoint { step, moment: Moment::Before });
        let done = work.await;
        self.reach(CrashPoint { step, moment: Moment::After });
        done
    }

    /// Dies if this is the point: as if the power went, without a word to anybody.
    fn reach(&self, here: CrashPoint) {
        if self.point == Some(here) {
            kill_process(getpid(), Signal::KILL).unwrap();
            unreachable!("nobody survives this signal");
        }
    }
}

/// A step under way, until it is dropped: whoever waited for it may give it up.
struct UnderWay<'a>(&'a AtomicU32);

impl<'a> UnderWay<'a> {
    fn begin(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Store for CrashingStore {
    async fn open(&self, intent: Intent) -> Result<Opened, StoreError> {
        self.step(self.inner.open(intent)).await
    }

    async fn forestall(&self, key: Key, reversal: MessageId, at: Timestamp) -> Result<Forestalled, StoreError> {
        self.step(self.inner.forestall(key, reversal, at)).await
    }

    async fn record(&self, change: Change) -> Result<Recorded, StoreError> {
        self.step(self.inner.record(change)).await
    }

    async fn put_off(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.step(self.inner.put_off(attempt)).await
    }

    async fn redrive(
        &self,
        number: Option<TransactionNumber>,
        due_at: Timestamp,
        most: usize,
    ) -> Result<usize, StoreError> {
        self.step(self.inner.redrive(number, due_at, most)).await
    }

    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError> {
        self.inner.find(key).await
    }

    async fn request(&self, number: TransactionNumber) -> Result<ProvisionRequest, StoreError> {
        self.inner.request(number).await
    }

    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError> {
        self.inner.journal(number).await
    }

    async fn due_advices(
        &self,
        provider: &ProviderId,
        by: Timestamp,
        most: usize,
    ) -> Result<Vec<OpenAdvice>, StoreError> {
        self.inner.due_advices(provider, by, most).await
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

    async fn check(&self) -> Result<(), StoreError> {
        self.inner.check().await
    }
}
