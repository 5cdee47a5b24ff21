//! An answer that everybody has who asks at the same time.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// One piece of work at a time, whose outcome all have who asked while it was waited for. So strangers, who may ask for it
/// without end, never cause more of it than one of them does.
pub(crate) struct Joint<T> {
    last: Arc<Mutex<Option<Last<T>>>>,
    /// How old an outcome may be for whoever asks now.
    keeps: Duration,
    /// How long the work may take before it is given up: all wait for it.
    most: Duration,
}

struct Last<T> {
    begun: Instant,
    outcome: T,
}

impl<T: Clone + Send + 'static> Joint<T> {
    /// Work that was not done yet.
    pub(crate) fn new(keeps: Duration, most: Duration) -> Self {
        Self { last: Arc::default(), keeps, most }
    }

    /// The outcome of the work, done anew unless it was begun since this was asked for, or a little before. Nothing where it
    /// panicked or took too long.
    pub(crate) async fn outcome(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        let asked = Instant::now();
        let mut last = Arc::clone(&self.last).lock_owned().await;
        if let Some(Last { begun, outcome }) = &*last
            && *begun + self.keeps >= asked
        {
            return Some(outcome.clone());
        }
        // In a task of its own: whoever asks and hangs up, again and again, has not caused more of it either.
        let most = self.most;
        let doing = tokio::spawn(async move {
            let begun = Instant::now();
            let outcome = timeout(most, work).await.ok()?;
            *last = Some(Last { begun, outcome: outcome.clone() });
            Some(outcome)
        });
        doing.await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    /// Work that is counted, and done once it is let.
    #[derive(Default)]
    struct Counted {
        begun: AtomicU32,
        done: AtomicU32,
    }

    fn work(counted: &Arc<Counted>, gate: &Arc<Semaphore>) -> impl Future<Output = u32> + Send + use<> {
        let (counted, gate) = (Arc::clone(counted), Arc::clone(gate));
        async move {
            counted.begun.fetch_add(1, Ordering::SeqCst);
            gate.acquire().await.unwrap().forget();
            counted.done.fetch_add(1, Ordering::SeqCst) + 1
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_that_asks_causes_one_more_piece_of_work_than_is_under_way() {
        let (joint, counted, gate) = (Joint::new(Duration::ZERO, LONG), Arc::default(), Arc::new(Semaphore::new(0)));
        let first = joint.outcome(work(&counted, &gate));
        let crowd = async {
            // After the first began, so that they may not have what it finds.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let crowd = join_all((0..1000).map(|_| joint.outcome(work(&counted, &gate))));
            let opened = async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                assert_eq!(counted.begun.load(Ordering::SeqCst), 1, "one at a time");
                gate.add_permits(2);
            };
            tokio::join!(crowd, opened).0
        };
        let (first, crowd) = tokio::join!(first, crowd);
        assert_eq!(first, Some(1));
        assert!(crowd.iter().all(|outcome| *outcome == Some(2)), "{crowd:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_outcome_keeps_for_a_while_and_no_longer() {
        let (joint, counted) = (Joint::new(Duration::from_secs(1), LONG), Arc::default());
        let gate = Arc::new(Semaphore::new(9));
        assert_eq!(joint.outcome(work(&counted, &gate)).await, Some(1));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(joint.outcome(work(&counted, &gate)).await, Some(1));
        tokio::time::sleep(Duration::from_millis(1)).await;
        assert_eq!(joint.outcome(work(&counted, &gate)).await, Some(2));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_hangs_up_leaves_the_work_to_the_next() {
        let (joint, counted, gate) = (Joint::new(Duration::ZERO, LONG), Arc::default(), Arc::new(Semaphore::new(0)));
        for _ in 0..100 {
            let impatient = tokio::time::timeout(Duration::from_millis(1), joint.outcome(work(&counted, &gate)));
            impatient.await.unwrap_err();
        }
        assert_eq!(counted.begun.load(Ordering::SeqCst), 1);
        gate.add_permits(2);
        assert_eq!(joint.outcome(work(&counted, &gate)).await, Some(2));
    }

    #[tokio::test]
    async fn work_that_panics_is_done_anew_for_the_next() {
        let joint = Joint::new(Duration::from_secs(60), LONG);
        assert_eq!(joint.outcome(async { panic!("it fails") }).await, None::<u32>);
        assert_eq!(joint.outcome(async { 1 }).await, Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_never_ends_is_given_up_and_done_anew_for_the_next() {
        let joint = Joint::new(Duration::from_secs(60), Duration::from_secs(5));
        assert_eq!(joint.outcome(std::future::pending()).await, None::<u32>);
        assert_eq!(joint.outcome(async { 1 }).await, Some(1));
    }
}
