//! What came of the requests.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use crate::load::requests::Id;
use crate::report::{Report, Slice, Times};

/// How long a slice is.
const SLICE: Duration = Duration::from_millis(200);
/// The status under which an answer about another request is noted; HTTP knows none such.
pub(crate) const MIXED_UP: u16 = 999;

/// From when to when a request took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Took {
    pub(super) begun: Instant,
    pub(super) now: Instant,
    /// Whether it was due at an instant.
    pub(super) is_timed: bool,
}

/// Writes down what comes of each request.
pub(super) struct Recorder {
    begin: Instant,
    end: Instant,
    statuses: BTreeMap<u16, u64>,
    broken: u64,
    given: Times,
    refused: Times,
    slices: Vec<Times>,
    /// How many requests of the time that counts have no answer yet.
    waiting: u64,
    /// Set once nothing counts any more.
    settled: bool,
    answers: Vec<u8>,
}

impl Recorder {
    /// What is asked from `begin` to `end` counts.
    pub(super) fn new(begin: Instant, end: Instant) -> Self {
        let slices = (end - begin).as_millis().div_ceil(SLICE.as_millis());
        Self {
            begin,
            end,
            statuses: BTreeMap::new(),
            broken: 0,
            given: Times::none(),
            refused: Times::none(),
            slices: (0..slices).map(|_| Times::none()).collect(),
            waiting: 0,
            settled: false,
            answers: Vec::new(),
        }
    }

    fn counts(&self, at: Instant) -> bool {
        !self.settled && at >= self.begin && at < self.end
    }

    pub(super) fn sent(&mut self, begun: Instant) {
        self.waiting += u64::from(self.counts(begun));
    }

    /// Notes an answer about a sale for whoever looks it up afterwards.
    pub(super) fn note(&mut self, id: Option<&Id>, status: u16) {
        let Some(id) = id else { return };
        self.answers.extend_from_slice(id);
        self.answers.extend_from_slice(&status.to_le_bytes());
    }

    /// An answer. Where requests are due at instants, what was due in the time that counts does, whenever it is
    /// answered. In a closed loop it is the answers of that time: as many begin before it as end after it.
    pub(super) fn answered(&mut self, Took { begun, now, is_timed }: Took, status: u16, is_given: bool) {
        self.waiting = self.waiting.saturating_sub(u64::from(self.counts(begun)));
        let at = if is_timed { begun } else { now };
        if !self.counts(at) {
            return;
        }
        let took = now - begun;
        *self.statuses.entry(status).or_default() += 1;
        if is_given {
            self.given.add(took);
            let slice = (at - self.begin).as_millis() / SLICE.as_millis();
            if let Some(slice) = usize::try_from(slice).ok().and_then(|place| self.slices.get_mut(place)) {
                slice.add(took);
            }
        } else {
            self.refused.add(took);
        }
    }

    pub(super) fn mixed_up(&mut self, begun: Instant) {
        self.waiting = self.waiting.saturating_sub(u64::from(self.counts(begun)));
        // Whenever that was, it must not be overlooked.
        *self.statuses.entry(MIXED_UP).or_default() += 1;
    }

    pub(super) fn broken(&mut self, begun: Instant) {
        if self.counts(begun) {
            self.waiting = self.waiting.saturating_sub(1);
            self.broken += 1;
        }
    }

    /// Whether something that counts has no answer yet.
    pub(super) const fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// What has no answer by now is not waited for any more.
    pub(super) fn settle(&mut self) {
        self.broken += std::mem::take(&mut self.waiting);
        self.settled = true;
    }

    /// Writes every answer about a sale that ever came into a file: 36 letters of an id, two bytes of a status.
    pub(super) fn write_answers(&self, path: &Path) -> io::Result<()> {
        fs::write(path, &self.answers)
    }

    pub(super) fn report(&self, unsent: u64) -> Report {
        let slice = |(place, times): (u32, &Times)| Slice {
            at: (SLICE * place).as_secs_f64(),
            count: times.count(),
            p50: times.quantile(0.5),
            p99: times.quantile(0.99),
            max: times.max(),
        };
        Report {
            seconds: (self.end - self.begin).as_secs_f64(),
            statuses: self.statuses.clone(),
            broken: self.broken,
            unsent,
            given: self.given.clone(),
            refused: self.refused.clone(),
            slices: (0..).zip(&self.slices).map(slice).collect(),
        }
    }
}
