//! Which requests a provider did not know when their reversals came, and since when.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use vouchsafe_store::{OpenAdvice, TransactionNumber};

/// What one provider has said to this node that it does not know.
///
/// The second time is believed only where it is certain that nothing can have been on the wire any more: where this very
/// node had heard the first a horizon of even time before it sent the second. What another node heard, or this one before it was started, was
/// timed by a wall clock that may have been another; and an advice that goes out sooner than it was put off to, by a
/// leap of the clock, by another node or by an operator, proves nothing by being unknown again.
#[derive(Debug)]
pub(super) struct NotFound {
    since: Mutex<HashMap<(TransactionNumber, u32), Instant>>,
    longest_pause: Duration,
}

impl NotFound {
    pub(super) fn new(longest_pause: Duration) -> Self {
        Self { since: Mutex::default(), longest_pause }
    }

    /// Notes that the provider does not know the request of a reversal that was sent at `sent_at`; says whether a horizon
    /// had passed by then since it first said so. When it was answered proves nothing: it may have been read long before.
    pub(super) fn is_proven(&self, open: &OpenAdvice, horizon: Duration, sent_at: Instant, now: Instant) -> bool {
        // A thread that panicked between two entries left a usable map behind.
        let mut since = self.since.lock().unwrap_or_else(PoisonError::into_inner);
        // Of what another node has brought to its end nobody hears again, so that nothing may stay for good. What is
        // forgotten too early is only sent once more than it need be.
        let kept = (horizon + self.longest_pause) * 2;
        since.retain(|_, since| now < *since + kept);
        sent_at >= *since.entry((open.transaction.number, open.version)).or_insert(now) + horizon
    }
}
