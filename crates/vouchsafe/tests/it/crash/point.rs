//! Where a switch dies: right before or right after one of its durable steps, or around one of its sends.

use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Signal, getpid, kill_process};
use serde::{Deserialize, Serialize};
use vouchsafe_store::{StoreError, TransactionNumber};

use crate::world::{Meddler, Verb};

/// One moment at which a process is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CrashPoint {
    /// Which durable step or which send of this life of the process, beginning with 1.
    pub(super) number: u32,
    pub(super) moment: Moment,
}

/// On which side of a durable step, or how far a send has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Moment {
    Before,
    After,
    /// The message is made, and no byte of it is on its way to the provider.
    Leaving,
    /// All of it is on its way, and nothing has come back.
    Left,
    /// The answer has come, or the connection's end, and the switch has not read it.
    Answered,
}

impl Moment {
    /// The moments of a durable step: of each commit.
    pub(super) const OF_STEPS: &[Self] = &[Self::Before, Self::After];
    /// The moments of a send: of a request, a confirmation or a reversal.
    pub(super) const OF_SENDS: &[Self] = &[Self::Leaving, Self::Left, Self::Answered];
}

/// Kills the process at a point of what its store does, or of what it sends.
pub(super) struct Killer {
    point: Option<CrashPoint>,
    begun: AtomicU32,
    sent: AtomicU32,
    under_way: AtomicU32,
}

impl Killer {
    pub(super) const fn new(point: Option<CrashPoint>) -> Self {
        Self { point, begun: AtomicU32::new(0), sent: AtomicU32::new(0), under_way: AtomicU32::new(0) }
    }

    /// Whether no step is between its beginning and its end: one that others see on disk already may still be on
    /// its way to the kill that follows it.
    pub(super) fn is_at_rest(&self) -> bool {
        self.under_way.load(Ordering::SeqCst) == 0
    }

    async fn step<T>(&self, work: impl Future<Output = T>) -> T {
        let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let _under_way = UnderWay::begin(&self.under_way);
        self.reach(number, Moment::Before);
        let done = work.await;
        self.reach(number, Moment::After);
        done
    }

    /// The number of a send that begins.
    pub(super) fn send(&self) -> u32 {
        self.sent.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Dies if this is the point: as if the power went, without a word to anybody.
    pub(super) fn reach(&self, number: u32, moment: Moment) {
        if self.point == Some(CrashPoint { number, moment }) {
            kill_process(getpid(), Signal::KILL).unwrap();
            unreachable!("nobody survives this signal");
        }
    }
}

/// A step under way, until it is dropped: whoever waited for it may give it up.
struct UnderWay<'a>(&'a AtomicU32);

impl<'a> UnderWay<'a> {
    fn begin(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Meddler for Killer {
    fn damages(&self, _: TransactionNumber) -> bool {
        false
    }

    async fn call<T: Send>(
        &self,
        verb: Verb,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        if verb.writes() { self.step(call).await } else { call.await }
    }
}
