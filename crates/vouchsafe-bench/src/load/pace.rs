//! When the next request is due.

use std::ops::Range;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Hands out the instants at which requests are due.
///
/// In an open loop they follow one another evenly, whatever becomes of the requests: a connection that was held up takes
/// the next instant all the same, and its request counts from then. So whoever is slow is not spared the requests that
/// would have come meanwhile, nor their waiting (the *coordinated omission* of a closed loop).
pub(super) struct Pace {
    /// Between two of them; none in a closed loop.
    period: Option<Duration>,
    next: Instant,
    /// The time that counts.
    counts: Range<Instant>,
    unsent: u64,
}

/// A request that no connection was free to send for so long is not sent any more: whoever wanted it has gone.
const LATEST: Duration = Duration::from_secs(1);

/// When one request is to be sent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Slot {
    /// At once.
    Now,
    /// At this instant.
    At(Instant),
}

impl Pace {
    /// So many a second from `start` on, or as many as are answered.
    pub(super) fn new(rate: Option<u32>, start: Instant, counts: Range<Instant>) -> Self {
        let period = rate.filter(|rate| *rate > 0).map(|rate| Duration::from_secs(1) / rate);
        Self { period, next: start, counts, unsent: 0 }
    }

    /// The next slot.
    pub(super) fn next(&mut self, now: Instant) -> Slot {
        let Some(period) = self.period else { return Slot::Now };
        self.leave_out(now.checked_sub(LATEST).unwrap_or(self.next));
        let at = self.next;
        self.next += period;
        Slot::At(at)
    }

    /// Leaves out what was due before an instant and was not sent.
    pub(super) fn leave_out(&mut self, before: Instant) {
        let Some(period) = self.period else { return };
        while self.next < before {
            self.unsent += u64::from(self.counts.contains(&self.next));
            self.next += period;
        }
    }

    /// Whether a request that was due before an instant is still to be sent or left out.
    pub(super) fn is_due_before(&self, instant: Instant) -> bool {
        self.period.is_some() && self.next < instant
    }

    /// How many requests of the time that counts were left out.
    pub(super) const fn unsent(&self) -> u64 {
        self.unsent
    }
}

impl Slot {
    /// Waits until it has come, and says from when on the request counts.
    pub(super) async fn begin(self) -> Instant {
        match self {
            Self::Now => Instant::now(),
            Self::At(at) if at <= Instant::now() => at,
            Self::At(at) => {
                sleep_until(at).await;
                // Somebody was free to send it in time. If that is a little late, it is our own timer's doing.
                Instant::now()
            }
        }
    }

    /// Whether it was due at an instant.
    pub(super) const fn is_timed(self) -> bool {
        matches!(self, Self::At(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_overdue_counts_from_when_it_was_due() {
        let start = Instant::now();
        let after = |millis| start + Duration::from_millis(millis);
        let mut pace = Pace::new(Some(10), start, after(500)..after(10_000));
        let begun = |slot: Slot| async move { (slot.begin().await - start).as_millis() };
        assert_eq!(begun(pace.next(start)).await, 0);
        assert_eq!(begun(pace.next(start)).await, 100);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(begun(pace.next(after(1_100))).await, 200);
        assert_eq!(begun(pace.next(after(1_700))).await, 700, "what is later than a second is not sent");
        assert_eq!(pace.unsent(), 2, "500 and 600; what was due before does not count");
        pace.leave_out(after(10_000));
        assert_eq!(pace.unsent(), 2 + 92);
    }
}
