//! Who waits for news of a transaction, and who may open one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use vouchsafe_store::Key;

/// A signal for each key that somebody waits on; its value counts the attempts to deliver an advice.
type Signals = HashMap<Key, watch::Sender<u64>>;

/// Whoever waits for news of a transaction: a retry for its outcome, a reversal for its first delivery.
#[derive(Debug, Default)]
pub struct Watchers(Mutex<Signals>);

/// Somebody's wait for news of one transaction. News that came since the last look is not missed.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    watchers: &'a Watchers,
    key: Key,
    news: watch::Receiver<u64>,
    attempts_before: u64,
}

impl Watchers {
    /// Begins to watch. To be called before the store is read, so that nothing is missed in between.
    pub(crate) fn watch(&self, key: &Key) -> Watch<'_> {
        let mut signals = lock(&self.0);
        let news = signals.entry(key.clone()).or_insert_with(|| watch::Sender::new(0)).subscribe();
        let attempts_before = *news.borrow();
        Watch { watchers: self, key: key.clone(), news, attempts_before }
    }

    /// Tells everybody who watches that something new is in the store.
    pub(crate) fn tell(&self, key: &Key) {
        if let Some(signal) = lock(&self.0).get(key) {
            signal.send_modify(|_| {});
        }
    }

    /// Tells everybody who watches that an attempt to deliver its advice came to nothing.
    pub(crate) fn tell_of_attempt(&self, key: &Key) {
        if let Some(signal) = lock(&self.0).get(key) {
            signal.send_modify(|attempts| *attempts += 1);
        }
    }
}

impl Watch<'_> {
    /// Waits for news.
    pub(crate) async fn news(&mut self) {
        // The sender stays for as long as anybody watches, so this ends with news only.
        let _ = self.news.changed().await;
    }

    /// Whether an attempt to deliver its advice came to nothing since this watch began.
    pub(crate) fn has_seen_attempt(&self) -> bool {
        *self.news.borrow() > self.attempts_before
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut signals = lock(&self.watchers.0);
        // Our own receiver still counts.
        if signals.get(&self.key).is_some_and(|signal| signal.receiver_count() <= 1) {
            signals.remove(&self.key);
        }
    }
}

/// The keys that are being opened right now: copies of one request pass one after the other from the search
/// for room to the durable intent, so that a copy is told what its twin became and not that there was no room.
#[derive(Debug, Default)]
pub struct Openings(Mutex<Signals>);

/// The right to open one key, until it is dropped.
#[derive(Debug)]
pub(crate) struct Opening<'a> {
    openings: &'a Openings,
    key: Key,
}

impl Openings {
    /// Waits until no copy is being opened.
    pub(crate) async fn enter(&self, key: &Key) -> Opening<'_> {
        loop {
            let mut ended = {
                let mut signals = lock(&self.0);
                match signals.get(key) {
                    None => {
                        signals.insert(key.clone(), watch::Sender::new(0));
                        return Opening { openings: self, key: key.clone() };
                    }
                    Some(signal) => signal.subscribe(),
                }
            };
            // The end of an opening drops its sender, which is an error to whoever listens and all that is said.
            let _ = ended.changed().await;
        }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        lock(&self.openings.0).remove(&self.key);
    }
}

/// A thread that panicked between two entries left a usable map behind.
fn lock(signals: &Mutex<Signals>) -> MutexGuard<'_, Signals> {
    signals.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;
    use vouchsafe_core::id::{ChannelId, MessageId};
    use vouchsafe_core::transaction::Kind;

    use super::*;

    fn key(id: u128) -> Key {
        let channel = ChannelId::new("till").unwrap();
        Key { channel, kind: Kind::Provision, id: MessageId::new(Uuid::from_u128(id)) }
    }

    #[tokio::test]
    async fn news_between_two_looks_is_not_missed_and_nothing_is_left_behind() {
        let watchers = Watchers::default();
        let (mut one, mut two) = (watchers.watch(&key(1)), watchers.watch(&key(1)));
        watchers.tell(&key(2));
        watchers.tell(&key(1));
        tokio::join!(one.news(), two.news());
        drop(one);
        watchers.tell(&key(1));
        two.news().await;
        drop(two);
        assert!(lock(&watchers.0).is_empty());
    }

    #[tokio::test]
    async fn copies_are_opened_one_after_the_other_and_others_beside_them() {
        let openings = Arc::new(Openings::default());
        let first = openings.enter(&key(1)).await;
        let _other = openings.enter(&key(2)).await;
        let waiting = tokio::spawn({
            let openings = Arc::clone(&openings);
            async move { drop(openings.enter(&key(1)).await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        waiting.await.unwrap();
        assert_eq!(lock(&openings.0).len(), 1);
    }
}
