//! The end of what is kept: vouchers and requests are destroyed once their time is over.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};
use vouchsafe_store::StoreError;

use crate::app::App;
use crate::unending::unending;

/// How often the switch looks for what is kept no longer; and for so long the clock must have run evenly before.
const PAUSE: Duration = Duration::from_secs(60 * 60);
/// By so much the wall clock may run ahead of even time between two looks.
const LEAP: Duration = Duration::from_secs(60);
/// How many transactions are destroyed in one commit: sales must not wait long for theirs.
const BATCH: usize = 64;

/// Starts looking, if anything is to be destroyed at all; runs until the switch is stopping.
pub fn start(app: &Arc<App>) {
    if let Some(kept_for) = app.limits.retention {
        unending(app, "destroying what is kept no longer", move |app| look(app, kept_for));
    }
}

async fn look(app: Arc<App>, kept_for: Duration) {
    let mut last = (app.clock.now(), Instant::now());
    while app.stopping.run_until_cancelled(sleep(PAUSE)).await.is_some() {
        let now = (app.clock.now(), Instant::now());
        if !ran_evenly(last, now) {
            tracing::warn!("the clock was put forward, so nothing is destroyed before it has run evenly for a while");
        } else {
            match destroy(&app, kept_for).await {
                Ok(0) => {}
                Ok(count) => tracing::info!(count, "destroyed what was said in transactions that are kept no longer"),
                Err(error) => tracing::error!(%error, "what is kept no longer could not be destroyed; trying again"),
            }
        }
        last = now;
    }
}

/// Whether the wall clock kept to even time. What is destroyed cannot be had back, so a clock that may be wrong is not
/// taken at its word.
fn ran_evenly(before: (Timestamp, Instant), now: (Timestamp, Instant)) -> bool {
    now.0 <= before.0 + now.1.saturating_duration_since(before.1) + LEAP
}

/// Destroys everything whose time is over. Returns of how many transactions.
///
/// # Errors
/// The store did not take it; what was destroyed before stays destroyed.
pub async fn destroy(app: &App, kept_for: Duration) -> Result<usize, StoreError> {
    let now = app.clock.now();
    let mut count = 0;
    loop {
        let destroyed = app.store.destroy(now, kept_for, BATCH).await?;
        count += destroyed.count;
        if destroyed.are_all || app.stopping.is_cancelled() {
            return Ok(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_clock_that_was_put_forward_is_not_taken_at_its_word() {
        let (wall, instant) = (Timestamp::from_second(1_000_000).unwrap(), Instant::now());
        let hour = Duration::from_secs(3600);
        for (passed, expect) in [
            (hour, true),
            (hour + LEAP, true),
            (hour + LEAP * 2, false),
            (hour * 24 * 365, false),
            (Duration::ZERO, true),
        ] {
            assert_eq!(ran_evenly((wall, instant), (wall + passed, instant + hour)), expect, "{passed:?}");
        }
    }
}
