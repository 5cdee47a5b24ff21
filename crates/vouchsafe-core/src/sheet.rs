//! Provider sheets: what a provider can do, as data.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a provider makes of a retry.
    RetrySupport {
        /// It answers a repeated request as it did the first time.
        Supported = "supported",
        /// It cannot, but the switch answers from its journal.
        Journal = "journal",
        /// A retry is a hard decline.
        Unsupported = "unsupported",
    }

    /// Who finalises towards the provider.
    Messaging {
        /// The switch does, on its own.
        Single = "single",
        /// The channel sends a confirmation or a reversal.
        Dual = "dual",
    }
}

/// What a provider can do and how much may be asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// Whether it takes confirmations; where not, they are consumed.
    pub confirmations: bool,
    /// Whether it takes reversals; where not, they are consumed and what was sold is an orphan.
    pub reversals: bool,
    /// What it makes of a retry.
    pub retry: RetrySupport,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// How many requests may be under way at once.
    pub concurrency: NonZeroU32,
    /// How many requests a second it takes; none is without limit.
    pub rate: Option<NonZeroU32>,
    /// How long after an approval the switch confirms it in single messaging.
    pub confirm_after: Duration,
}

/// How many requests may be under way at a provider whose configuration does not say.
const DEFAULT_CONCURRENCY: NonZeroU32 = match NonZeroU32::new(64) {
    Some(many) => many,
    None => NonZeroU32::MIN,
};

impl Sheet {
    /// A provider of which nothing is known but that it speaks the interface in full.
    #[must_use]
    pub const fn full() -> Self {
        Self {
            confirmations: true,
            reversals: true,
            retry: RetrySupport::Supported,
            timeout: Duration::from_secs(45),
            concurrency: DEFAULT_CONCURRENCY,
            rate: None,
            confirm_after: Duration::from_secs(15 * 60),
        }
    }
}
