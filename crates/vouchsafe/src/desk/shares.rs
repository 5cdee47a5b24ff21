//! The turns of one provider, as all who want one share them.

use std::sync::{Arc, Mutex};

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::turns::{Place, Turns};

use super::lock;

/// The turns that there are and the queue for them.
#[derive(Clone)]
pub(super) struct Shares(Arc<Mutex<Turns<oneshot::Sender<Held>>>>);

/// One of the turns, given back when dropped.
pub(super) struct Held {
    shares: Shares,
    channel: ChannelId,
}

/// Who waits for a turn; leaves the queue when dropped.
struct Waiting {
    shares: Shares,
    channel: ChannelId,
    place: Place,
    turn: oneshot::Receiver<Held>,
}

impl Shares {
    pub(super) fn new(turns: usize) -> Self {
        Self(Arc::new(Mutex::new(Turns::new(turns))))
    }

    /// Whether none is free.
    pub(super) fn are_all_taken(&self) -> bool {
        lock(&self.0).are_all_taken()
    }

    /// A turn that is free.
    pub(super) fn take(&self, channel: &ChannelId) -> Option<Held> {
        lock(&self.0).take(channel).then(|| self.held(channel.clone()))
    }

    /// A turn as soon as there is one for this channel, if that is by `until`.
    pub(super) async fn take_by(&self, channel: &ChannelId, until: Instant) -> Option<Held> {
        let mut waiting = match self.take_or_wait(channel) {
            Ok(held) => return Some(held),
            Err(waiting) => waiting,
        };
        timeout_at(until, &mut waiting.turn).await.ok()?.ok()
    }

    fn take_or_wait(&self, channel: &ChannelId) -> Result<Held, Waiting> {
        // Both under one lock: a turn that was given back in between would go to nobody.
        let mut turns = lock(&self.0);
        if turns.take(channel) {
            return Ok(self.held(channel.clone()));
        }
        let (waiter, turn) = oneshot::channel();
        let place = turns.wait(channel, waiter);
        Err(Waiting { shares: self.clone(), channel: channel.clone(), place, turn })
    }

    fn held(&self, channel: ChannelId) -> Held {
        Held { shares: self.clone(), channel }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let next = lock(&self.shares.0).give_back(&self.channel);
        if let Some((channel, waiter)) = next {
            // Whoever gave up waiting in this instant drops it, and so hands it on.
            let _ = waiter.send(self.shares.held(channel));
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.shares.0).leave(&self.channel, self.place);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::task::JoinHandle;

    use super::*;

    fn channel(name: &str) -> ChannelId {
        ChannelId::new(name).unwrap()
    }

    /// Somebody who waits for a turn, and is in the queue once this returns.
    async fn waiting(shares: &Shares, name: &str) -> JoinHandle<Option<Held>> {
        let (shares, channel) = (shares.clone(), channel(name));
        let until = Instant::now() + Duration::from_secs(60);
        let waiting = tokio::spawn(async move { shares.take_by(&channel, until).await });
        tokio::task::yield_now().await;
        waiting
    }

    #[tokio::test]
    async fn a_channel_that_has_none_is_before_all_that_another_asked_before() {
        let shares = Shares::new(2);
        let [first, second] = [(); 2].map(|()| shares.take(&channel("greedy")).unwrap());
        let greedy = [waiting(&shares, "greedy").await, waiting(&shares, "greedy").await];
        let modest = waiting(&shares, "modest").await;
        drop(first);
        let modest = modest.await.unwrap().unwrap();
        assert!(greedy.iter().all(|greedy| !greedy.is_finished()));
        drop((second, modest));
        for greedy in greedy {
            assert!(greedy.await.unwrap().is_some());
        }
        assert!(!shares.are_all_taken());
    }

    #[tokio::test(start_paused = true)]
    async fn no_turn_is_lost_with_whoever_waits_no_longer() {
        let shares = Shares::new(1);
        let held = shares.take(&channel("app")).unwrap();
        let soon = Instant::now() + Duration::from_millis(5);
        assert!(shares.take_by(&channel("till"), soon).await.is_none(), "it waited in vain");
        let gone = waiting(&shares, "till").await;
        gone.abort();
        assert!(gone.await.is_err());
        let (given, untold) = (waiting(&shares, "till").await, waiting(&shares, "app").await);
        drop(held);
        // It has been given the turn and does not know it yet.
        given.abort();
        assert!(given.await.is_err());
        assert!(untold.await.unwrap().is_some(), "it was handed on");
        assert!(shares.take(&channel("app")).is_some());
    }
}
