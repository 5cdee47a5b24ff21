//! The records' store, which is only read.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::Request;
use vouchsafe_core::transaction::State;
use vouchsafe_core::voucher::VoucherName;
use vouchsafe_store::{
    Act, ActEnd, ActNumber, Attempt, Cause, Change, Concerned, Destroyed, Dossier, Entry, Figures, Forestalled, Intent,
    Key, OpenAdvice, OpenAdvices, Opened, Recorded, RecordedAct, Reference, Store, StoreError, Tally, Transaction,
    TransactionNumber,
};

use super::{PROVIDERS, World, at};

/// A store that is only read: what it holds can be what no switch would write.
#[async_trait]
impl Store for World {
    async fn open(&self, _: Intent) -> Result<Opened, StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn forestall(&self, _: Key, _: MessageId, _: Timestamp) -> Result<Forestalled, StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn record(&self, _: Change) -> Result<Recorded, StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError> {
        Ok(self.find_all(|transaction| transaction.key == *key).pop())
    }

    async fn is_forestalled(&self, _: &Key) -> Result<bool, StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn request(&self, number: TransactionNumber) -> Result<Request, StoreError> {
        self.at_number(number)?.request.clone().ok_or(StoreError::Determinate(Cause::Destroyed))
    }

    async fn dossier(&self, number: TransactionNumber) -> Result<Dossier, StoreError> {
        Ok(Dossier { request: self.request(number).await?, journal: self.journal(number).await? })
    }

    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError> {
        Ok(self.at_number(number)?.journal.clone())
    }

    async fn put_off(&self, _: Attempt) -> Result<(), StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn redrive(
        &self,
        _: Option<TransactionNumber>,
        _: Timestamp,
        _: usize,
        _: Option<Act>,
    ) -> Result<usize, StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn due_advices(&self, _: &ProviderId, _: Timestamp, _: usize) -> Result<Vec<OpenAdvice>, StoreError> {
        Ok(Vec::new())
    }

    async fn unanswered(&self, _: Timestamp, _: usize) -> Result<Vec<Transaction>, StoreError> {
        Ok(Vec::new())
    }

    async fn unconfirmed(&self, _: Timestamp, _: usize) -> Result<Vec<Transaction>, StoreError> {
        Ok(Vec::new())
    }

    async fn unfinalised(&self, _: TransactionNumber, _: usize) -> Result<Vec<Transaction>, StoreError> {
        Ok(Vec::new())
    }

    async fn orphans(&self, _: TransactionNumber, _: usize) -> Result<Vec<Transaction>, StoreError> {
        Ok(self.find_all(|transaction| transaction.state == State::Orphaned))
    }

    async fn look_up(&self, reference: Reference) -> Result<Vec<Transaction>, StoreError> {
        Ok(match reference {
            Reference::Number(number) => self.find_all(|transaction| transaction.number == number),
            Reference::Id(id) => self.find_all(|transaction| transaction.key.id == id),
        })
    }

    async fn concerning(&self, _: VoucherName) -> Result<Vec<Concerned>, StoreError> {
        Ok(Vec::new())
    }

    async fn set_aside(&self, _: ChannelId, _: ChannelId, _: Act) -> Result<usize, StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn intend(&self, _: Act) -> Result<ActNumber, StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn end_act(&self, _: ActNumber, _: ActEnd, _: Timestamp) -> Result<(), StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn acts(&self, _: Option<TransactionNumber>, _: usize) -> Result<Vec<RecordedAct>, StoreError> {
        Ok(Vec::new())
    }

    async fn destroy(&self, _: Timestamp, _: Duration, _: usize) -> Result<Destroyed, StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        let open = |entry: &&Entry| entry.advice.is_some() && entry.advice_end.is_none();
        let in_journals = self.held.iter().flat_map(|held| &held.journal).filter(open).count() as u64;
        let count = in_journals + self.more_in_the_queue;
        let provider = ProviderId::new(PROVIDERS[0]).unwrap();
        Ok(Tally { open_advices: vec![OpenAdvices { provider, count, oldest: at(0) }], ..Tally::default() })
    }

    fn figures(&self) -> Figures {
        Figures::default()
    }

    async fn check(&self) -> Result<(), StoreError> {
        Err(StoreError::Determinate(Cause::Closed))
    }
}
