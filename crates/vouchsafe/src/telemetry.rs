//! Logs: one line an event, fields with their units in their names, nothing secret.
//!
//! No request ever waits for whoever reads the log. A line is put where a thread of its own finds it, which writes to
//! standard error. When nobody reads there, lines are lost and counted; when nobody listens any more, they go nowhere.

use std::collections::VecDeque;
use std::io::{self, IsTerminal as _, Write};
use std::mem::take;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// How many bytes may wait to be written: some thousand lines.
const MOST_BYTES: usize = 1024 * 1024;
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
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
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
    // The usual hook writes to standard error by itself, and would wait there for ever if nobody reads.
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a panic")));
    Ok(Log(lines))
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
    lines: VecDeque<Vec<u8>>,
    bytes: usize,
    /// How many lines found no room since that was last told.
    lost: u64,
    /// Whether a line was taken and is not written yet.
    writing: bool,
}

impl Lines {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // A thread that panicked between two lines left a usable queue behind.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, line: &[u8]) {
        let mut waiting = self.waiting();
        if waiting.bytes + line.len() > MOST_BYTES {
            waiting.lost += 1;
            return;
        }
        waiting.bytes += line.len();
        waiting.lines.push_back(line.to_vec());
        drop(waiting);
        self.changed.notify_all();
    }

    /// The next line, once there is one; the line before it is written.
    fn next(&self) -> Vec<u8> {
        let mut waiting = self.waiting();
        waiting.writing = false;
        self.changed.notify_all();
        loop {
            if let Some(line) = waiting.lines.pop_front() {
                waiting.bytes -= line.len();
                waiting.writing = true;
                return line;
            }
            let lost = take(&mut waiting.lost);
            if lost > 0 {
                drop(waiting);
                // Now that nothing waits there is room to say so.
                tracing::warn!(lines = lost, "lines of this log were lost: it is not read as fast as it is written");
                waiting = self.waiting();
                continue;
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn write_all(&self, out: &mut impl Write) {
        loop {
            let line = self.next();
            // A log that cannot be written has nowhere to say so.
            let _ = out.write_all(&line);
        }
    }

    fn wait_until_written(&self, longest: Duration) {
        let unwritten = |waiting: &mut Waiting| waiting.writing || !waiting.lines.is_empty() || waiting.lost > 0;
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
    fn lines_keep_their_order_and_what_finds_no_room_is_counted() {
        let lines = Lines::default();
        for number in 0..4 {
            lines.add(&vec![number; MOST_BYTES / 3]);
        }
        assert_eq!(lines.waiting().lost, 1);
        assert_eq!([lines.next()[0], lines.next()[0]], [0, 1]);
        lines.add(&[9]);
        assert_eq!([lines.next()[0], lines.next()[0]], [2, 9]);
        let waiting = lines.waiting();
        assert_eq!((waiting.lost, waiting.bytes), (1, 0));
    }
}
