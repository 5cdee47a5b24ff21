//! Provider sheets: what a provider can do, as data.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a provider makes of a retry.
    RetrySupport {
        /// It answers a repeated request as it did the first time; the switch never repeats one, but may answer a retry.
        Supported = "supported",
        /// It cannot, but the switch answers a retry from its journal, as it does for the one that can.
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
    /// Whether it tells what a voucher is worth.
    pub lookup: bool,
    /// Whether its vouchers can be redeemed through the switch.
    pub redemptions: bool,
    /// Whether redeemed vouchers can be refunded through the switch.
    pub refunds: bool,
    /// How long after an approval the switch confirms it in single messaging.
    pub confirm_after: Duration,
    /// How long after the sale was begun the provider still takes its confirmation; none is without limit.
    pub confirm_by: Option<Duration>,
    /// How long a request may be under way: a reversal that the provider does not know of is sent once more
    /// after this, for it may have overtaken its request.
    pub in_flight_horizon: Duration,
    /// Whether it writes a file of what it settled, to check against.
    pub settlement_file: bool,
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
            lookup: true,
            redemptions: true,
            refunds: true,
            confirm_after: Duration::from_secs(15 * 60),
            confirm_by: None,
            in_flight_horizon: Duration::from_secs(2 * 45),
            settlement_file: false,
        }
    }

    /// When the switch confirms an approval by itself: `confirm_after` it, but never later than the provider allows.
    #[must_use]
    pub fn confirms_after(&self) -> Duration {
        self.confirm_by.map_or(self.confirm_after, |limit| self.confirm_after.min(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn minutes(number: u64) -> Duration {
        Duration::from_secs(60 * number)
    }

    #[test]
    fn a_provider_of_which_nothing_is_said_speaks_the_interface_in_full() {
        let expect = Sheet {
            confirmations: true,
            reversals: true,
            retry: RetrySupport::Supported,
            timeout: Duration::from_secs(45),
            concurrency: NonZeroU32::new(64).unwrap(),
            rate: None,
            lookup: true,
            redemptions: true,
            refunds: true,
            confirm_after: minutes(15),
            confirm_by: None,
            in_flight_horizon: Duration::from_secs(90),
            settlement_file: false,
        };
        assert_eq!(Sheet::full(), expect);
    }

    #[test]
    fn the_switch_confirms_in_its_own_time_but_never_later_than_the_provider_allows() {
        for (confirm_after, confirm_by, expect) in [
            (minutes(15), None, minutes(15)),
            (minutes(15), Some(minutes(20)), minutes(15)),
            (minutes(15), Some(minutes(15)), minutes(15)),
            (minutes(15), Some(minutes(10)), minutes(10)),
        ] {
            let sheet = Sheet { confirm_after, confirm_by, ..Sheet::full() };
            assert_eq!(sheet.confirms_after(), expect, "{confirm_after:?} {confirm_by:?}");
        }
    }
}
