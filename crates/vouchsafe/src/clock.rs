//! Time and chance, as a parameter. This is the only module that asks the machine for either.

use jiff::Timestamp;
use uuid::{Builder, Uuid};
use vouchsafe_core::id::MessageId;

/// Where the time and random bytes come from.
pub trait Clock: Send + Sync {
    /// The wall clock. It may jump; nothing may depend on its running evenly.
    fn now(&self) -> Timestamp;

    /// Fills `bytes` with bytes that nobody can guess.
    fn fill(&self, bytes: &mut [u8]);
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
