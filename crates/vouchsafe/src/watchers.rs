//! Who waits for news of a transaction, and who may open one.
//!
//! Whoever waits is woken in the order in which they came. The runtime's own channels draw lots for that, and a run on
//! virtual time that draws lots cannot be repeated.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use vouchsafe_store::Key;

/// Whoever waits for news of a transaction: a retry for its outcome, a reversal for its first delivery.
#[derive(Debug, Default)]
pub struct Watchers(Mutex<HashMap<Key, Watched>>);

/// A key that somebody waits on.
#[derive(Debug, Default)]
struct Watched {
    signal: Arc<Signal>,
    watches: usize,
}

/// What there is to hear of one key.
#[derive(Debug, Default)]
struct Signal {
    news: AtomicU64,
    /// Attempts to deliver an advice that came to nothing.
    attempts: AtomicU64,
    bell: Notify,
}

/// Somebody's wait for news of one transaction. News that came since the last look is not missed.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    watchers: &'a Watchers,
    key: Key,
    signal: Arc<Signal>,
    heard: u64,
    attempts_before: u64,
}

impl Watchers {
    /// Begins to watch. To be called before the store is read, so that nothing is missed in between.
    pub(crate) fn watch(&self, key: &Key) -> Watch<'_> {
        let mut all = lock(&self.0);
        let watched = all.entry(key.clone()).or_default();
        watched.watches += 1;
        let signal = Arc::clone(&watched.signal);
        let (heard, attempts_before) = (signal.news.load(Ordering::Acquire), signal.attempts.load(Ordering::Acquire));
        Watch { watchers: self, key: key.clone(), signal, heard, attempts_before }
    }

    /// Tells everybody who watches that something new is in the store.
    pub(crate) fn tell(&self, key: &Key) {
        if let Some(watched) = lock(&self.0).get(key) {
            watched.signal.ring();
        }
    }

    /// Tells everybody who watches that an attempt to deliver its advice came to nothing.
    pub(crate) fn tell_of_attempt(&self, key: &Key) {
        if let Some(watched) = lock(&self.0).get(key) {
            watched.signal.attempts.fetch_add(1, Ordering::AcqRel);
            watched.signal.ring();
        }
    }
}

impl Signal {
    fn ring(&self) {
        self.news.fetch_add(1, Ordering::AcqRel);
        self.bell.notify_waiters();
    }
}

impl Watch<'_> {
    /// Waits for news.
    pub(crate) async fn news(&mut self) {
        loop {
            // Listened to before it is looked at, so that nothing is missed in between.
            let rung = self.signal.bell.notified();
            let news = self.signal.news.load(Ordering::Acquire);
            if news != self.heard {
                self.heard = news;
                return;
            }
            rung.await;
        }
    }

    /// Whether an attempt to deliver its advice came to nothing since this watch began.
    pub(crate) fn has_seen_attempt(&self) -> bool {
        self.signal.attempts.load(Ordering::Acquire) > self.attempts_before
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut all = lock(&self.watchers.0);
        if let Some(watched) = all.get_mut(&self.key) {
            watched.watches -= 1;
            if watched.watches == 0 {
                all.remove(&self.key);
            }
        }
    }
}

/// The keys that are being opened right now: copies of one request pass one after the other to the durable intent or to
/// their refusal, so that a copy for which there was no room is told what its twin became.
#[derive(Debug, Default)]
pub struct Openings(Mutex<HashMap<Key, Arc<Notify>>>);

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
            let ended = {
                let mut opened = lock(&self.0);
                match opened.get(key) {
                    None => {
                        opened.insert(key.clone(), Arc::default());
                        return Opening { openings: self, key: key.clone() };
                    }
                    // Made under the lock: it hears an end that comes before it is waited for.
                    Some(bell) => Arc::clone(bell).notified_owned(),
                }
            };
            ended.await;
        }
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        if let Some(bell) = lock(&self.openings.0).remove(&self.key) {
            bell.notify_waiters();
        }
    }
}

/// A thread that panicked between two entries left a usable map behind.
fn lock<T>(map: &Mutex<HashMap<Key, T>>) -> MutexGuard<'_, HashMap<Key, T>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
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
