//! Everything that a seed's nodes, channels and providers share: time, chance, the store and the records.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::sheet::Sheet;
use vouchsafe_store::TransactionNumber;

use crate::draw::Draw;
use crate::ledger::Ledger;
use crate::model_store::ModelStore;
use crate::records::{Commit, Exchange};
use crate::trouble::Trouble;

/// One provider of the simulation.
#[derive(Debug, Clone)]
pub(crate) struct House {
    pub(crate) id: ProviderId,
    pub(crate) sheet: Sheet,
}

/// What is shared.
pub(crate) struct World {
    pub(crate) draw: Draw,
    pub(crate) trouble: Trouble,
    pub(crate) store: ModelStore,
    pub(crate) houses: Vec<House>,
    ledgers: Vec<Mutex<Ledger>>,
    exchanges: Mutex<Vec<Exchange>>,
    commits: Mutex<Vec<Commit>>,
    healed: AtomicBool,
    faults: AtomicU64,
    crashes: AtomicU64,
    start: Instant,
}

impl World {
    pub(crate) fn new(seed: u64, houses: Vec<House>) -> Self {
        let draw = Draw::new(seed);
        let trouble = Trouble::drawn(&draw);
        Self {
            draw,
            trouble,
            store: ModelStore::default(),
            ledgers: houses.iter().map(|_| Mutex::default()).collect(),
            houses,
            exchanges: Mutex::default(),
            commits: Mutex::default(),
            healed: AtomicBool::new(false),
            faults: AtomicU64::new(0),
            crashes: AtomicU64::new(0),
            start: Instant::now(),
        }
    }

    /// Virtual milliseconds since the beginning: the even time by which the records are kept.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether something goes wrong that goes wrong so often; never once everything has healed.
    pub(crate) fn fault(&self, thousandths: u64) -> bool {
        let happens = !self.is_healed() && self.draw.chance(thousandths);
        if happens {
            self.faults.fetch_add(1, Ordering::Relaxed);
        }
        happens
    }

    pub(crate) fn is_healed(&self) -> bool {
        self.healed.load(Ordering::Relaxed)
    }

    /// From here on nothing new goes wrong.
    pub(crate) fn heal(&self) {
        self.healed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn crashed(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
        self.crashes.fetch_add(1, Ordering::Relaxed);
    }

    /// Faults so far, and how many of them were crashes.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.faults.load(Ordering::Relaxed), self.crashes.load(Ordering::Relaxed))
    }

    /// A while between two numbers of milliseconds.
    pub(crate) async fn while_between(&self, first: u64, last: u64) {
        sleep(Duration::from_millis(self.draw.between(first, last))).await;
    }

    pub(crate) fn ledger(&self, house: usize) -> MutexGuard<'_, Ledger> {
        lock(&self.ledgers[house])
    }

    pub(crate) fn exchanges(&self) -> MutexGuard<'_, Vec<Exchange>> {
        lock(&self.exchanges)
    }

    pub(crate) fn committed(&self, number: TransactionNumber, version: u32) {
        lock(&self.commits).push(Commit { number, version, at: self.now() });
    }

    pub(crate) fn commits(&self) -> Vec<Commit> {
        lock(&self.commits).clone()
    }
}

/// A thread that panicked while it held a record has failed its seed already.
fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
