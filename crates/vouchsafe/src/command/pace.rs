//! How work in many commits gives way to a switch that runs beside it.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// How much one commit does to begin with.
const FIRST: usize = 128;
const LEAST: usize = 8;
const MOST: usize = 512;
/// A commit that takes longer is made smaller, and one that takes less than half of it larger.
const LONG: Duration = Duration::from_millis(50);
/// Nobody queues for the right to write: who did not get it looks again, at last every 100 ms, and gives up in the end. Only
/// a pause that is longer than that is sure to be found by a switch that waits.
const LEAST_PAUSE: Duration = Duration::from_millis(110);

/// How much one commit does, and how long the next one waits.
#[derive(Debug)]
pub(crate) struct Pace {
    batch: usize,
}

impl Pace {
    pub(crate) const fn new() -> Self {
        Self { batch: FIRST }
    }

    /// How much the next commit is to do.
    pub(crate) const fn batch(&self) -> usize {
        self.batch
    }

    /// Waits for a commit, and then for as long as others are to have the store. Whether a switch has it open cannot be
    /// told without standing in the way of one that starts, so this always waits.
    pub(crate) async fn give_way_after<T>(&mut self, commit: impl Future<Output = T>) -> T {
        let begun = Instant::now();
        let committed = commit.await;
        let took = begun.elapsed();
        self.batch = next_batch(self.batch, took);
        sleep(pause(took)).await;
        committed
    }
}

/// The store is somebody else's for at least half of the time.
fn pause(took: Duration) -> Duration {
    took.max(LEAST_PAUSE)
}

fn next_batch(batch: usize, took: Duration) -> usize {
    if took > LONG {
        (batch / 2).max(LEAST)
    } else if took < LONG / 2 {
        batch.saturating_mul(2).min(MOST)
    } else {
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_left_alone_for_at_least_as_long_as_it_was_held() {
        for (took, expect) in [(0, 110), (109, 110), (111, 111), (5_000, 5_000)] {
            assert_eq!(pause(Duration::from_millis(took)), Duration::from_millis(expect), "{took} ms");
        }
    }

    #[test]
    fn a_commit_that_took_long_is_followed_by_a_smaller_one() {
        for (batch, took, expect) in [
            (128, 51, 64),
            (128, 5_000, 64),
            (8, 51, 8),
            (128, 50, 128),
            (128, 25, 128),
            (128, 24, 256),
            (512, 0, 512),
            (9, 51, 8),
        ] {
            assert_eq!(next_batch(batch, Duration::from_millis(took)), expect, "{batch} in {took} ms");
        }
    }
}
