//! The end of what is kept, in the model.

use std::time::Duration;

use jiff::Timestamp;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::State;
use vouchsafe_store::Destroyed;

use super::tables::{Row, Tables};

impl Tables {
    /// Destroys what was said in the first transactions that are old enough and have ended.
    pub(super) fn destroy(&mut self, now: Timestamp, kept_for: Duration, most: usize) -> Destroyed {
        // Dates leap; the order of commits does not. What is dated ahead is as old as the next that is not.
        let dates: Vec<_> = self.rows_mut().iter().map(|row| row.transaction.opened_at).collect();
        let mut reached = None;
        let is_old = |place: usize| {
            let is_one = |at: &Timestamp| *at <= now && Some(*at) >= reached;
            let is_ahead = dates[place] > now;
            let date = if is_ahead { dates[place..].iter().copied().find(is_one) } else { Some(dates[place]) };
            let counts_as = date.max(reached).filter(|_| date.is_some());
            if !is_ahead {
                reached = counts_as;
            }
            counts_as.is_some_and(|at| at < now - kept_for)
        };
        let old = (0..dates.len()).map(is_old).take_while(|is_old| *is_old).count();
        let due = |row: &&mut Row| row.has_ended() && !row.is_destroyed;
        let mut count = 0;
        for row in self.rows_mut().iter_mut().take(old).filter(due).take(most) {
            row.is_destroyed = true;
            for entry in &mut row.journal {
                let is_approval = matches!(entry.outcome, Some(Outcome::Approved(_)));
                entry.is_destroyed = is_approval || entry.advised.is_some();
                entry.outcome = entry.outcome.take().filter(|_| !is_approval);
                entry.advised = None;
            }
            count += 1;
        }
        Destroyed { count, are_all: count < most }
    }
}

impl Row {
    /// Whether nothing can happen to it any more and nothing is owed.
    fn has_ended(&self) -> bool {
        // A confirmation that was refused for good leaves its transaction where it was.
        const ENDED: [State; 6] =
            [State::Declined, State::Confirmed, State::Reversed, State::Resolved, State::Void, State::Confirming];
        ENDED.contains(&self.transaction.state) && self.open.is_none()
    }
}
