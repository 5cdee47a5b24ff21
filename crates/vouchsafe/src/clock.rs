//! Time and chance, as a parameter. This is the only module that asks the machine for either.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use tokio::time::Instant;
use uuid::{Builder, Uuid};
use vouchsafe_core::id::MessageId;

/// Where the time and random bytes come from.
pub trait Clock: Send + Sync {
    /// The wall clock. It may jump; nothing may depend on its running evenly.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` with bytes that nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
}

/// The time by which it is said when something is due, and judged what is: the wall clock's, but never behind what it was before and the time
/// that has really passed since. A wall clock that is put back silences nothing.
#[derive(Debug, Default)]
pub struct SteadyTime(Mutex<Option<(Timestamp, Instant)>>);

impl SteadyTime {
    /// The time, with the wall clock at `wall` and the machine's even time at `instant`.
    pub(crate) fn at(&self, wall: Timestamp, instant: Instant) -> Timestamp {
        // A thread that panicked between two values left a usable pair behind.
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever read the clocks first may come here last: what has passed is counted once.
        let since = last.map_or(instant, |(_, since)| since.max(instant));
        let now = last.map_or(wall, |(time, before)| wall.max(time + since.duration_since(before)));
        *last = Some((now, since));
        now
    }
}

/// The machine's own clock and its source of randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that may ask")]
    fn now(&self) -> Timestamp {
        // To the millisecond, as everything that is stored or sent: what is told now is told the same later.
        let now = Timestamp::now();
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }

    #[expect(
        clippy::disallowed_methods,
        clippy::expect_used,
        reason = "without randomness no secret can be kept: stop"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system gives random bytes");
    }
}

/// A new id for a message of ours: time-ordered, so that stores keep new ones together.
pub fn new_id(clock: &dyn Clock) -> MessageId {
    let mut random = [0; 10];
    clock.fill(&mut random);
    let millis = u64::try_from(clock.now().as_millisecond()).unwrap_or(0);
    MessageId::new(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}

/// A new id for a request that came without one, for its log lines and `X-Request-Id`.
pub fn new_trace_id(clock: &dyn Clock) -> Uuid {
    let mut random = [0; 16];
    clock.fill(&mut random);
    Builder::from_random_bytes(random).into_uuid()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_wall_clock_that_is_put_back_holds_nothing_up() {
        let (steady, start) = (SteadyTime::default(), Instant::now());
        let second = |number| Timestamp::from_second(number).unwrap();
        let check = |wall, passed, expect| {
            assert_eq!(steady.at(second(wall), start + Duration::from_secs(passed)), second(expect));
        };
        check(1_000, 0, 1_000);
        check(1_005, 5, 1_005);
        check(5, 6, 1_006);
        check(15, 16, 1_016);
        check(2_000, 17, 2_000);
        check(1_019, 18, 2_001);
        // One that read the clocks before that and comes only now takes no time with it.
        check(1_016, 15, 2_001);
        check(1_020, 19, 2_002);
    }
}
