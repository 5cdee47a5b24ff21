//! Logs: one line an event, fields with their units in their names, nothing secret.
//!
//! No request ever waits for whoever reads the log. A line is put where a thread of its own finds it, which writes to
//! standard error. When nobody reads there, lines are lost and counted; when nobody listens any more, they go nowhere.

use std::io::{self, IsTerminal as _, Write};
use std::mem::{replace, take};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::LogFormat;

/// How many bytes may wait to be written: some thousand lines.
const MOST_BYTES: usize = 1024 * 1024;
/// How long lines are gathered before they are written together.
const GATHERING: Duration = Duration::from_millis(2);
/// How long an end waits for the last lines, which nobody may be reading.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The log of a process. Keep it as long as anything is logged: when it is dropped, what was logged is written.
#[must_use = "what is logged after this is dropped may never be written"]
pub struct Log(Arc<Lines>);

/// Sends events to standard error. `RUST_LOG` chooses which; `info` is the default. A panic is an event too.
///
/// # Errors
/// The thread that writes could not be started.
pub fn start(format: LogFormat) -> io::Result<Log> {
    let (filter, unreadable) = filter(std::env::var(EnvFilter::DEFAULT_ENV).ok().as_deref());
    let lines = Arc::new(Lines::default());
    let (written, added) = (Arc::clone(&lines), Arc::clone(&lines));
    thread::Builder::new().name("log".to_owned()).spawn(move || written.write_all(&mut io::stderr()))?;
    // Colours are for people at a terminal who did not ask to be spared them (no-color.org).
    let colours = io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|word| word.is_empty());
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        // It would say so on standard error, and panic if that cannot be written.
        .log_internal_errors(false)
        .with_writer(move || Line(Arc::clone(&added)));
    match format {
        LogFormat::Text => subscriber.init(),
        LogFormat::Json => subscriber.json().flatten_event(true).init(),
    }
    if let Some(fault) = unreadable {
        tracing::warn!(%fault, "RUST_LOG cannot be read; what is logged is as if it said `info`");
    }
    // The usual hook writes to standard error by itself, and would wait there for ever if nobody reads.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
    Ok(Log(lines))
}

/// What is logged, and what is wrong with what was asked for. An empty variable asks for nothing else than the usual.
fn filter(asked: Option<&str>) -> (EnvFilter, Option<ParseError>) {
    let usual = || EnvFilter::new("info");
    match asked.map(str::trim).filter(|asked| !asked.is_empty()).map(EnvFilter::try_new) {
        None => (usual(), None),
        Some(Ok(filter)) => (filter, None),
        Some(Err(fault)) => (usual(), Some(fault)),
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.0.wait_until_written(LAST_LINES);
    }
}

/// The lines that wait to be written.
#[derive(Default)]
struct Lines {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Whole lines, one after the other.
    text: Vec<u8>,
    /// How many lines found no room since that was last told.
    lost: u64,
    /// Whether lines were taken and are not written yet.
    writing: bool,
    /// Whether the thread that writes waits for a line.
    idle: bool,
}

impl Lines {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A thread that panicked between two lines left a usable text behind.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8]) {
        let mut waiting = self.waiting();
        if waiting.text.len() + line.len() > MOST_BYTES {
            waiting.lost += 1;
            return;
        }
        waiting.text.extend_from_slice(line);
        // Whoever writes already finds it by itself: to wake a thread is dearer than the line.
        if take(&mut waiting.idle) {
            drop(waiting);
            self.changed.notify_all();
        }
    }

    /// All lines that wait, once there is one; those before them are written. `written` is given back to be filled again.
    fn next(&self, mut written: Vec<u8>) -> Vec<u8> {
        written.clear();
        let mut waiting = self.waiting();
        waiting.writing = false;
        self.changed.notify_all();
        loop {
            if !waiting.text.is_empty() {
                waiting.writing = true;
                return replace(&mut waiting.text, written);
            }
            let lost = take(&mut waiting.lost);
            if lost > 0 {
                drop(waiting);
                // Now that nothing waits there is room to say so.
                tracing::warn!(lines = lost, "lines of this log were lost: it is not read as fast as it is written");
                waiting = self.waiting();
                continue;
            }
            waiting.idle = true;
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write_all(&self, out: &mut impl Write) {
        let mut text = Vec::new();
        loop {
            text = self.next(text);
            // A log that cannot be written has nowhere to say so.
            let _ = out.write_all(&text);
            // Lines come in crowds: those of the next moment are written together.
            thread::sleep(GATHERING);
        }
    }

    fn wait_until_written(&self, longest: Duration) {
        let unwritten = |waiting: &mut Waiting| waiting.writing || !waiting.text.is_empty() || waiting.lost > 0;
        drop(self.changed.wait_timeout_while(self.waiting(), longest, unwritten));
    }
}

/// Where one event is written: as a whole, in one call.
struct Line(Arc<Lines>);

impl Write for Line {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_for_nothing_and_what_cannot_be_read_leave_the_usual() {
        for (asked, expect, is_told) in [
            (None, "info", false),
            (Some(" "), "info", false),
            (Some("debug"), "debug", false),
            (Some("a=b=c"), "info", true),
        ] {
            let (filter, fault) = filter(asked);
            assert_eq!((filter.to_string().as_str(), fault.is_some()), (expect, is_told), "{asked:?}");
        }
    }

    #[test]
    fn lines_keep_their_order_and_what_finds_no_room_is_counted() {
        let lines = Lines::default();
        for number in 0..4 {
            lines.add(&vec![number; MOST_BYTES / 3]);
        }
        assert_eq!(lines.waiting().lost, 1);
        let text = lines.next(Vec::new());
        assert_eq!([0, 1, 2].map(|place| text[place * (MOST_BYTES / 3)]), [0, 1, 2]);
        assert_eq!(text.len(), 3 * (MOST_BYTES / 3));
        lines.add(&[9]);
        assert_eq!(lines.next(text), [9]);
        let waiting = lines.waiting();
        assert_eq!((waiting.lost, waiting.text.len()), (1, 0));
    }
}
