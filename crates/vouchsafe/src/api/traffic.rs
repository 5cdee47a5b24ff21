//! What is under way on one connection, and since when nothing is.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The requests of one connection.
#[derive(Debug, Default)]
pub(super) struct Traffic(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    under_way: usize,
    /// When the last request came, or its answer was there to be written.
    last: Option<Instant>,
}

/// One request, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Traffic>);

impl Traffic {
    /// One more request, which is under way for as long as what comes back is kept.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.count(|under_way| under_way + 1);
        UnderWay(Arc::clone(self))
    }

    /// Ends when nothing has come and nothing was under way for such a time, which begins now at the earliest. Whether
    /// the answers were taken in is not asked: over HTTP/2 they may lie about for want of a window, and nobody is told.
    pub(super) async fn quiet(&self, time: Duration) {
        let mut look = Instant::now() + time;
        loop {
            sleep_until(look).await;
            let state = self.state();
            look = match (state.under_way, state.last) {
                (0, None) => return,
                (0, Some(last)) if last.elapsed() >= time => return,
                (0, Some(last)) => last + time,
                // It is looked at again instead of being told by each request, for which it would have to be woken.
                _ => Instant::now() + time,
            };
        }
    }

    /// Ends at a time if no request has come by then, and else never.
    pub(super) async fn unasked(&self, until: Instant) {
        sleep_until(until).await;
        if self.state().last.is_some() {
            std::future::pending::<()>().await;
        }
    }

    fn count(&self, change: impl FnOnce(usize) -> usize) {
        let mut state = self.state();
        *state = State { under_way: change(state.under_way), last: Some(Instant::now()) };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Both members are written at once, so no thread that panicked left half of it behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.count(|under_way| under_way.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{sleep, timeout};

    use super::*;

    const TIME: Duration = Duration::from_secs(60);
    const LITTLE: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn it_is_quiet_a_whole_time_after_the_last_answer_and_never_before() {
        let traffic = Arc::new(Traffic::default());
        assert!(timeout(TIME - LITTLE, traffic.quiet(TIME)).await.is_err(), "from the beginning");
        timeout(TIME, traffic.quiet(TIME)).await.expect("nothing was asked at all");
        let (one, two) = (traffic.begin(), traffic.begin());
        assert!(timeout(TIME * 10, traffic.quiet(TIME)).await.is_err(), "two are under way");
        drop(one);
        assert!(timeout(TIME * 10, traffic.quiet(TIME)).await.is_err(), "one is under way");
        let answered = async {
            sleep(TIME / 2).await;
            drop(two);
            sleep(TIME - LITTLE).await;
        };
        tokio::select! {
            () = traffic.quiet(TIME) => panic!("it is not quiet yet"),
            () = answered => {}
        }
        timeout(TIME, traffic.quiet(TIME)).await.expect("it is quiet");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_asked_in_time_is_not_unasked() {
        let traffic = Arc::new(Traffic::default());
        timeout(TIME, traffic.unasked(Instant::now() + LITTLE)).await.expect("nothing was asked");
        drop(traffic.begin());
        assert!(timeout(TIME, traffic.unasked(Instant::now() + LITTLE)).await.is_err());
    }
}
