//! How many requests a second a provider takes.

use std::num::NonZeroU32;
use std::time::Duration;

/// A cap on requests per second that admits up to one second's worth at once.
///
/// It is the generic cell rate algorithm: one number, the instant at which the requests admitted so far
/// would all have been spread out evenly.
#[derive(Debug, Clone)]
pub struct RateLimit {
    interval: Duration,
    tolerance: Duration,
    spread_until: Duration,
}

impl RateLimit {
    /// A limit of `rate` requests per second.
    #[must_use]
    pub fn new(rate: NonZeroU32) -> Self {
        let interval = Duration::from_secs(1) / rate.get();
        Self { interval, tolerance: Duration::from_secs(1).saturating_sub(interval), spread_until: Duration::ZERO }
    }

    /// Whether one more request may go at `now`, a monotonic time since any fixed instant. A yes is counted.
    pub fn admit(&mut self, now: Duration) -> bool {
        let from = self.spread_until.max(now);
        if from.saturating_sub(now) > self.tolerance {
            return false;
        }
        self.spread_until = from + self.interval;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holds_as_many_requests_as_the_rate_says() {
        let mut limit = RateLimit::new(NonZeroU32::new(4).unwrap());
        let mut admitted = |millis| (0..9).filter(|_| limit.admit(Duration::from_millis(millis))).count();
        assert_eq!(admitted(5_000), 4, "a burst of one second's worth");
        assert_eq!(admitted(5_250), 1, "then one each quarter of a second");
        assert_eq!(admitted(5_300), 0);
        assert_eq!(admitted(60_000), 4, "idle time is not saved up");
    }
}
