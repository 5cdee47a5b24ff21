//! Bounds on size and time.

use std::time::Duration;

use super::document::{Section, Told};
use super::value::{milliseconds, seconds, whole};

/// Bounds on size and time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How many bytes a request's body may have.
    pub body_bytes: usize,
    /// How long a body may take to arrive.
    pub body: Duration,
    /// How long the head of a request may take to arrive.
    pub header: Duration,
    /// Taken off what is left of the channel's time, so that our answer reaches it before it gives up.
    pub answer_margin: Duration,
    /// How long an answer is still listened for after its deadline.
    pub late_answer: Duration,
    /// How long a graceful stop waits for work in flight.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            body: Duration::from_secs(10),
            header: Duration::from_secs(10),
            answer_margin: Duration::from_millis(500),
            late_answer: Duration::from_secs(30),
            stop: Duration::from_secs(60),
        }
    }
}

pub(super) fn read(section: &mut Section<'_, '_>) -> Result<Limits, Told> {
    let default = Limits::default();
    // Below 1 KiB no request fits; above 16 MiB a few callers could fill the memory.
    let body_bytes = section.or("body_bytes", default.body_bytes, whole(1024..=16 * 1024 * 1024));
    let body = section.or("body_seconds", default.body, seconds);
    let header = section.or("header_seconds", default.header, seconds);
    let answer_margin = section.or("answer_margin_milliseconds", default.answer_margin, milliseconds);
    let late_answer = section.or("late_answer_seconds", default.late_answer, seconds);
    let stop = section.or("stop_seconds", default.stop, seconds);
    Ok(Limits {
        body_bytes: body_bytes?,
        body: body?,
        header: header?,
        answer_margin: answer_margin?,
        late_answer: late_answer?,
        stop: stop?,
    })
}
