//! What is counted: how much is owed, and how the writing fares.

use std::time::Duration;

use jiff::Timestamp;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::money::Currency;

/// How much is owed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Advices that have not ended.
    pub open_advices: Vec<OpenAdvices>,
    /// Money at risk; in no currency where nobody named an amount.
    pub orphans: Vec<Orphans>,
    /// What channels of dual messaging have neither confirmed nor reversed; none where there is nothing.
    pub unfinalised: Option<Unfinalised>,
}

/// Approved transactions that their channels have yet to finalise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unfinalised {
    /// How many.
    pub count: u64,
    /// When the oldest was opened.
    pub oldest: Timestamp,
}

/// The open advices for one provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAdvices {
    /// For whom.
    pub provider: ProviderId,
    /// How many.
    pub count: u64,
    /// When the oldest was first to be sent.
    pub oldest: Timestamp,
}

/// The orphans of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Orphans {
    /// The currency of what was asked for.
    pub currency: Option<Currency>,
    /// How many.
    pub count: u64,
    /// What they are worth together, in minor units; at the ends of what can be counted it stays there.
    pub value: i64,
}

/// How a store's writing fares, since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Figures {
    /// Commits made.
    pub commits: u64,
    /// Commands that those commits held.
    pub commands: u64,
    /// How long the commits took together.
    pub commit_time: Duration,
    /// Pages of 8 KiB in the log after the last commit.
    pub log_pages: u64,
}
