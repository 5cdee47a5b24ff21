//! What a store can say of itself: whether nothing was altered, and which keys its records are sealed with.

use jiff::Timestamp;

use crate::TransactionNumber;

/// What was found when a whole store was proven.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// How many transactions were looked at.
    pub transactions: u64,
    /// How many events of sound journals.
    pub events: u64,
    /// How many reversals that came before their requests.
    pub forestalled: u64,
    /// How many sound records of what was done by hand.
    pub acts: u64,
    /// The sum over all journals and acts. It changes with every event and every act; written down elsewhere it proves, later, that the store
    /// was not put back to an earlier day.
    pub sum: u128,
    /// How many faults there are.
    pub broken: u64,
    /// The first of them, each with its place, the first first.
    pub told: Vec<String>,
}

/// A key that records are sealed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyStanding {
    /// Its number; 0 is the key from the configuration itself, which sealed the records of early versions.
    pub number: u16,
    /// When an operator had it made; nothing for a store's first.
    pub made_at: Option<Timestamp>,
}

/// How far the change to a new key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resealed {
    /// How many transactions this step has sealed anew; 0 where none is left.
    pub count: usize,
    /// How many records of what was done by hand; none as long as there are transactions.
    pub acts: usize,
    /// All up to this one are sealed with the newest key.
    pub up_to: TransactionNumber,
}
