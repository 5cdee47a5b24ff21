//! Chance, all of it from one seed.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// A source of draws that a seed determines.
#[derive(Debug)]
pub(crate) struct Draw(Mutex<fastrand::Rng>);

impl Draw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(fastrand::Rng::with_seed(seed)))
    }

    fn rng(&self) -> MutexGuard<'_, fastrand::Rng> {
        // A source of chance is usable wherever it stands.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something happens that happens so often in a thousand times.
    pub(crate) fn chance(&self, thousandths: u64) -> bool {
        thousandths > 0 && self.rng().u64(0..1000) < thousandths
    }

    /// A number from the first to the last, both included.
    pub(crate) fn between(&self, first: u64, last: u64) -> u64 {
        self.rng().u64(first..=last)
    }

    /// One of several.
    pub(crate) fn one_of<'a, T>(&self, all: &'a [T]) -> &'a T {
        let place = self.rng().usize(0..all.len());
        &all[place]
    }

    pub(crate) fn fill(&self, bytes: &mut [u8]) {
        self.rng().fill(bytes);
    }

    pub(crate) fn number(&self) -> u128 {
        self.rng().u128(..)
    }
}
