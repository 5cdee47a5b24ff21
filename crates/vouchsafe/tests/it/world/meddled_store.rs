//! A store that somebody meddles with: every call goes past a test first.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::Request;
use vouchsafe_core::voucher::VoucherName;
use vouchsafe_store::{
    Act, ActEnd, ActNumber, Attempt, Cause, Change, Concerned, Destroyed, Dossier, Entry, Figures, Forestalled, Intent,
    Key, OpenAdvice, Opened, Recorded, RecordedAct, Reference, Store, StoreError, Tally, Transaction,
    TransactionNumber,
};

/// The verbs of a store, as far as tests tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Open,
    Forestall,
    Record,
    PutOff,
    Redrive,
    SetAside,
    Destroy,
    Intend,
    EndAct,
    Find,
    Request,
    /// Anything else that only reads.
    Read,
}

impl Verb {
    /// Whether it makes something durable.
    pub(crate) const fn writes(self) -> bool {
        match self {
            Self::Open
            | Self::Forestall
            | Self::Record
            | Self::PutOff
            | Self::Redrive
            | Self::SetAside
            | Self::Destroy
            | Self::Intend
            | Self::EndAct => true,
            Self::Find | Self::Request | Self::Read => false,
        }
    }
}

/// Whoever meddles.
pub(crate) trait Meddler: Send + Sync {
    /// Whether the request of this transaction cannot be read.
    fn damages(&self, number: TransactionNumber) -> bool;

    /// Whether nothing more can be recorded of this transaction.
    fn freezes(&self, _: TransactionNumber) -> bool {
        false
    }

    /// Makes the call, or does something else.
    fn call<T: Send>(
        &self,
        verb: Verb,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> impl Future<Output = Result<T, StoreError>> + Send;
}

/// Whoever meddles may be known to others, too.
impl<M: Meddler> Meddler for Arc<M> {
    fn damages(&self, number: TransactionNumber) -> bool {
        M::damages(self, number)
    }

    fn freezes(&self, number: TransactionNumber) -> bool {
        M::freezes(self, number)
    }

    async fn call<T: Send>(
        &self,
        verb: Verb,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        M::call(self, verb, call).await
    }
}

/// A store over another one.
pub(crate) struct MeddledStore<M> {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) meddler: M,
}

#[async_trait]
impl<M: Meddler> Store for MeddledStore<M> {
    async fn open(&self, intent: Intent) -> Result<Opened, StoreError> {
        self.meddler.call(Verb::Open, self.inner.open(intent)).await
    }

    async fn forestall(&self, key: Key, reversal: MessageId, at: Timestamp) -> Result<Forestalled, StoreError> {
        self.meddler.call(Verb::Forestall, self.inner.forestall(key, reversal, at)).await
    }

    async fn record(&self, change: Change) -> Result<Recorded, StoreError> {
        if self.meddler.freezes(change.number) {
            return Err(StoreError::Determinate(Cause::Damaged("a test says so".to_owned())));
        }
        self.meddler.call(Verb::Record, self.inner.record(change)).await
    }

    async fn put_off(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.meddler.call(Verb::PutOff, self.inner.put_off(attempt)).await
    }

    async fn redrive(
        &self,
        of: Option<TransactionNumber>,
        at: Timestamp,
        most: usize,
        act: Option<Act>,
    ) -> Result<usize, StoreError> {
        self.meddler.call(Verb::Redrive, self.inner.redrive(of, at, most, act)).await
    }

    async fn set_aside(&self, channel: ChannelId, under: ChannelId, act: Act) -> Result<usize, StoreError> {
        self.meddler.call(Verb::SetAside, self.inner.set_aside(channel, under, act)).await
    }

    async fn intend(&self, act: Act) -> Result<ActNumber, StoreError> {
        self.meddler.call(Verb::Intend, self.inner.intend(act)).await
    }

    async fn end_act(&self, number: ActNumber, end: ActEnd, at: Timestamp) -> Result<(), StoreError> {
        self.meddler.call(Verb::EndAct, self.inner.end_act(number, end, at)).await
    }

    async fn acts(&self, of: Option<TransactionNumber>, most: usize) -> Result<Vec<RecordedAct>, StoreError> {
        self.meddler.call(Verb::Read, self.inner.acts(of, most)).await
    }

    async fn destroy(&self, now: Timestamp, kept_for: Duration, most: usize) -> Result<Destroyed, StoreError> {
        self.meddler.call(Verb::Destroy, self.inner.destroy(now, kept_for, most)).await
    }

    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError> {
        self.meddler.call(Verb::Find, self.inner.find(key)).await
    }

    async fn is_forestalled(&self, key: &Key) -> Result<bool, StoreError> {
        self.meddler.call(Verb::Find, self.inner.is_forestalled(key)).await
    }

    async fn request(&self, number: TransactionNumber) -> Result<Request, StoreError> {
        if self.meddler.damages(number) {
            return Err(StoreError::Determinate(Cause::Damaged("a test says so".to_owned())));
        }
        self.meddler.call(Verb::Request, self.inner.request(number)).await
    }

    async fn dossier(&self, number: TransactionNumber) -> Result<Dossier, StoreError> {
        if self.meddler.damages(number) {
            return Err(StoreError::Determinate(Cause::Damaged("a test says so".to_owned())));
        }
        self.meddler.call(Verb::Request, self.inner.dossier(number)).await
    }

    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError> {
        self.meddler.call(Verb::Read, self.inner.journal(number)).await
    }

    async fn due_advices(&self, of: &ProviderId, by: Timestamp, most: usize) -> Result<Vec<OpenAdvice>, StoreError> {
        self.meddler.call(Verb::Read, self.inner.due_advices(of, by, most)).await
    }

    async fn unanswered(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.meddler.call(Verb::Read, self.inner.unanswered(by, most)).await
    }

    async fn unconfirmed(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.meddler.call(Verb::Read, self.inner.unconfirmed(by, most)).await
    }

    async fn unfinalised(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.meddler.call(Verb::Read, self.inner.unfinalised(after, most)).await
    }

    async fn orphans(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.meddler.call(Verb::Read, self.inner.orphans(after, most)).await
    }

    async fn look_up(&self, reference: Reference) -> Result<Vec<Transaction>, StoreError> {
        self.meddler.call(Verb::Read, self.inner.look_up(reference)).await
    }

    async fn concerning(&self, voucher: VoucherName) -> Result<Vec<Concerned>, StoreError> {
        self.meddler.call(Verb::Read, self.inner.concerning(voucher)).await
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.meddler.call(Verb::Read, self.inner.tally()).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.meddler.call(Verb::Read, self.inner.check()).await
    }

    fn figures(&self) -> Figures {
        self.inner.figures()
    }
}
