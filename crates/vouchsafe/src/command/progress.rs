//! How far long work is, for whoever waits for it at a terminal.

use std::io::{IsTerminal as _, Write as _, stderr};

/// How many cells the bar has.
const CELLS: u64 = 25;

/// A line on standard error that fills up. Where nobody looks on, nothing is written.
pub(crate) struct Progress {
    what: &'static str,
    is_seen: bool,
    percent: Option<u64>,
}

impl Progress {
    pub(crate) fn new(what: &'static str) -> Self {
        Self { what, is_seen: stderr().is_terminal(), percent: None }
    }

    /// Shows how far it is, where that is more than was shown.
    pub(crate) fn show(&mut self, done: u64, all: u64) {
        let percent = percent(done, all);
        if self.is_seen && self.percent != Some(percent) {
            self.percent = Some(percent);
            // Whoever cannot read it is told by the result.
            let _ = write!(stderr(), "\r{}", line(self.what, percent));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.percent.is_some() {
            let _ = writeln!(stderr());
        }
    }
}

fn percent(done: u64, all: u64) -> u64 {
    u64::try_from(u128::from(done.min(all)) * 100 / u128::from(all.max(1))).unwrap_or(100)
}

fn line(what: &str, percent: u64) -> String {
    let filled = usize::try_from(percent * CELLS / 100).unwrap_or_default();
    format!("{what} [{:<25}] {percent:>3} %", "#".repeat(filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fills_up() {
        for (done, all, expect) in [
            (0, 0, "proving [                         ]   0 %"),
            (0, 8, "proving [                         ]   0 %"),
            (1, 2, "proving [############             ]  50 %"),
            (u64::MAX, u64::MAX, "proving [#########################] 100 %"),
            (9, 8, "proving [#########################] 100 %"),
        ] {
            assert_eq!(line("proving", percent(done, all)), expect);
        }
    }
}
