//! The way between a node and its store: every fault that the `Store` trait lets an engine have.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::sleep;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::Request;
use vouchsafe_core::voucher::VoucherName;
use vouchsafe_store::{
    Act, ActEnd, ActNumber, Attempt, Cause, Change, Concerned, Destroyed, Dossier, Entry, Figures, Forestalled, Intent,
    Key, OpenAdvice, Opened, Recorded, RecordedAct, Reference, Store, StoreError, Tally, Transaction,
    TransactionNumber,
};

use crate::model_store::ModelStore;
use crate::node::Life;
use crate::world::World;

/// The model store as one node reaches it.
pub(crate) struct UnsteadyStore {
    pub(crate) world: Arc<World>,
    pub(crate) life: Arc<Life>,
}

/// What a write comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    /// Nothing is written, and the caller knows.
    Refused,
    /// Nothing is written, and the caller does not know.
    Lost,
    /// It is written, and the caller does not know.
    DoneInSilence,
    /// It is written long after the caller has given up.
    Late,
}

fn cause() -> Cause {
    Cause::Engine("the simulation says so".to_owned())
}

impl UnsteadyStore {
    fn fate(&self) -> Fate {
        if !self.world.fault(self.world.trouble.store) {
            return Fate::Done;
        }
        *self.world.draw.one_of(&[Fate::Refused, Fate::Lost, Fate::DoneInSilence, Fate::Late])
    }

    /// Makes a write. What was begun goes on though the caller stops waiting; what a crash catches before it was
    /// acknowledged is kept or lost.
    async fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&World) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.life.step(&self.world).await;
        let fate = self.fate();
        let (world, life) = (Arc::clone(&self.world), Arc::clone(&self.life));
        let work = tokio::spawn(async move {
            world.while_between(1, 3).await;
            match fate {
                Fate::Refused => return Err(StoreError::Determinate(cause())),
                Fate::Lost => return Err(StoreError::Indeterminate(cause())),
                Fate::Late => world.while_between(500, 12_000).await,
                Fate::Done | Fate::DoneInSilence => {}
            }
            // The crash that came first takes what was not yet synced with it, or does not.
            if life.is_dead() && world.draw.chance(500) {
                return Err(StoreError::Indeterminate(cause()));
            }
            let done = write(&world);
            sleep(Duration::from_millis(world.draw.between(0, 2))).await;
            if fate == Fate::DoneInSilence { Err(StoreError::Indeterminate(cause())) } else { done }
        });
        let done = work.await.unwrap_or_else(|_| Err(StoreError::Indeterminate(cause())));
        self.life.step(&self.world).await;
        done
    }

    /// Reads as of now; the answer may take a while.
    async fn read<T>(&self, read: impl FnOnce(&ModelStore) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.life.go_on().await;
        if self.world.fault(self.world.trouble.store) {
            self.world.while_between(0, 50).await;
            return Err(StoreError::Determinate(cause()));
        }
        let found = read(&self.world.store);
        match self.world.draw.between(0, 9) {
            0..=5 => {}
            6..=8 => self.world.while_between(0, 2).await,
            _ => tokio::task::yield_now().await,
        }
        self.life.go_on().await;
        found
    }
}

/// A verb of the model, which is never really waited for.
macro_rules! at_once {
    ($verb:expr) => {{
        let mut verb = $verb;
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match verb.as_mut().poll(&mut context) {
            std::task::Poll::Ready(done) => done,
            std::task::Poll::Pending => unreachable!("the model waits for nothing"),
        }
    }};
}

#[async_trait]
impl Store for UnsteadyStore {
    async fn open(&self, intent: Intent) -> Result<Opened, StoreError> {
        let open = move |world: &World| {
            let opened = at_once!(world.store.open(intent));
            if let Ok(Opened::New(new)) = &opened {
                world.committed(new.number, 0);
            }
            opened
        };
        self.write(open).await
    }

    async fn forestall(&self, key: Key, reversal: MessageId, at: Timestamp) -> Result<Forestalled, StoreError> {
        self.write(move |world| at_once!(world.store.forestall(key, reversal, at))).await
    }

    async fn record(&self, change: Change) -> Result<Recorded, StoreError> {
        let record = move |world: &World| {
            let (number, version) = (change.number, change.seen + 1);
            let recorded = at_once!(world.store.record(change));
            if recorded == Ok(Recorded::Done) {
                world.committed(number, version);
            }
            recorded
        };
        self.write(record).await
    }

    async fn put_off(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.write(move |world| at_once!(world.store.put_off(attempt))).await
    }

    async fn redrive(
        &self,
        of: Option<TransactionNumber>,
        at: Timestamp,
        most: usize,
        act: Option<Act>,
    ) -> Result<usize, StoreError> {
        self.write(move |world| at_once!(world.store.redrive(of, at, most, act))).await
    }

    async fn set_aside(&self, channel: ChannelId, under: ChannelId, act: Act) -> Result<usize, StoreError> {
        self.write(move |world| at_once!(world.store.set_aside(channel, under, act))).await
    }

    async fn intend(&self, act: Act) -> Result<ActNumber, StoreError> {
        self.write(move |world| at_once!(world.store.intend(act))).await
    }

    async fn end_act(&self, number: ActNumber, end: ActEnd, at: Timestamp) -> Result<(), StoreError> {
        self.write(move |world| at_once!(world.store.end_act(number, end, at))).await
    }

    async fn destroy(&self, now: Timestamp, kept_for: Duration, most: usize) -> Result<Destroyed, StoreError> {
        self.write(move |world| at_once!(world.store.destroy(now, kept_for, most))).await
    }

    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError> {
        self.read(|store| at_once!(store.find(key))).await
    }

    async fn is_forestalled(&self, key: &Key) -> Result<bool, StoreError> {
        self.read(|store| at_once!(store.is_forestalled(key))).await
    }

    async fn request(&self, number: TransactionNumber) -> Result<Request, StoreError> {
        self.read(|store| at_once!(store.request(number))).await
    }

    async fn dossier(&self, number: TransactionNumber) -> Result<Dossier, StoreError> {
        self.read(|store| at_once!(store.dossier(number))).await
    }

    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError> {
        self.read(|store| at_once!(store.journal(number))).await
    }

    async fn due_advices(&self, of: &ProviderId, by: Timestamp, most: usize) -> Result<Vec<OpenAdvice>, StoreError> {
        self.read(|store| at_once!(store.due_advices(of, by, most))).await
    }

    async fn unanswered(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.read(|store| at_once!(store.unanswered(by, most))).await
    }

    async fn unconfirmed(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.read(|store| at_once!(store.unconfirmed(by, most))).await
    }

    async fn unfinalised(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.read(|store| at_once!(store.unfinalised(after, most))).await
    }

    async fn orphans(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError> {
        self.read(|store| at_once!(store.orphans(after, most))).await
    }

    async fn look_up(&self, reference: Reference) -> Result<Vec<Transaction>, StoreError> {
        self.read(|store| at_once!(store.look_up(reference))).await
    }

    async fn concerning(&self, voucher: VoucherName) -> Result<Vec<Concerned>, StoreError> {
        self.read(|store| at_once!(store.concerning(voucher))).await
    }

    async fn acts(&self, of: Option<TransactionNumber>, most: usize) -> Result<Vec<RecordedAct>, StoreError> {
        self.read(|store| at_once!(store.acts(of, most))).await
    }

    async fn tally(&self) -> Result<Tally, StoreError> {
        self.read(|store| at_once!(store.tally())).await
    }

    fn figures(&self) -> Figures {
        self.world.store.figures()
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.write(|_| Ok(())).await
    }
}

#[cfg(test)]
mod tests {
    use vouchsafe_store::story;

    use super::*;
    use crate::assortment;

    #[tokio::test(start_paused = true)]
    async fn without_faults_it_keeps_every_promise_of_a_store() {
        let world = Arc::new(World::new(1, assortment::houses()));
        world.heal();
        let life = Arc::new(Life::drawn(&world, 0));
        story::tell(&UnsteadyStore { world, life }).await;
    }
}
