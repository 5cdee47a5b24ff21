//! The roll of what was planted: words that chance does not make twice, and where each may be in the end.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use vouchsafe::clock::{Clock as _, MachineClock};

/// The letters of codes: 32, so that each takes five bits of chance, and none that a query or JSON writes with a sign.
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// How long a code, a PIN or a secret is: a hundred bits, and no longer than a PIN may be.
const LENGTH: usize = 20;

/// Where a canary may be once all work has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    Nowhere,
    /// In the memory of the switch, which needs it to go on, and nowhere else.
    InMemory,
}

/// How a canary is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Either half of it by itself: a part of a code is a find.
    Halves,
    /// As a whole, for its halves are not its own.
    Whole,
    /// As hexadecimal digits, and as the bytes that they stand for.
    Digits,
}

/// One word that must not be found.
#[derive(Debug, Clone)]
pub(super) struct Canary {
    pub(super) text: String,
    /// On which path it was planted.
    pub(super) path: &'static str,
    pub(super) rest: Rest,
    pub(super) look: Look,
}

/// All canaries of a run.
#[derive(Debug, Default)]
pub(super) struct Roll(Mutex<Vec<Canary>>);

impl Roll {
    /// A new code, PIN or secret.
    pub(super) fn plant(&self, path: &'static str) -> String {
        self.plant_resting(path, Rest::Nowhere)
    }

    /// The same, of what may be somewhere in the end.
    pub(super) fn plant_resting(&self, path: &'static str, rest: Rest) -> String {
        let mut chance = [0; LENGTH];
        MachineClock.fill(&mut chance);
        let text: String = chance.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
        self.add(path, &text, rest, Look::Halves);
        text
    }

    /// A new PIN block, hash or key: so many random bytes as hexadecimal digits.
    pub(super) fn plant_digits(&self, path: &'static str, bytes: usize, rest: Rest) -> String {
        let mut chance = vec![0; bytes];
        MachineClock.fill(&mut chance);
        let text: String = chance.iter().map(|byte| format!("{byte:02X}")).collect();
        self.add(path, &text, rest, Look::Digits);
        text
    }

    /// A secret that somebody else has made.
    pub(super) fn add(&self, path: &'static str, text: &str, rest: Rest, look: Look) {
        assert!(text.len() >= 16, "a word that chance may make is no canary: {text}");
        self.all().push(Canary { text: text.to_owned(), path, rest, look });
    }

    /// Those planted so far, on any path or on this one.
    pub(super) fn planted(&self, path: Option<&str>) -> Vec<Canary> {
        self.all().iter().filter(|canary| path.is_none_or(|path| canary.path == path)).cloned().collect()
    }

    /// How many were planted on each path.
    pub(super) fn by_path(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for canary in self.all().iter() {
            *counts.entry(canary.path).or_insert(0) += 1;
        }
        counts
    }

    fn all(&self) -> MutexGuard<'_, Vec<Canary>> {
        self.0.lock().unwrap()
    }
}
