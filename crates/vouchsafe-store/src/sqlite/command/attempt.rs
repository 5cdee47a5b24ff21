//! When advices are sent again: after an attempt that came to nothing, and when an operator asks.

use jiff::Timestamp;
use vouchsafe_core::advice::Hindrance;

use super::{Command, Tables, act};
use crate::record::word::Word;
use crate::sqlite::{Fault, row};
use crate::{Act, Attempt, TransactionNumber};

/// Counts an attempt and sets the time of the next.
pub(in crate::sqlite) struct PutOff(pub(in crate::sqlite) Attempt);

impl Command for PutOff {
    type Answer = ();

    fn apply(&self, tables: &mut Tables) -> Result<(), Fault> {
        let Attempt { number, version, due_at, hindrance } = &self.0;
        let sql = "UPDATE advices SET attempts = attempts + 1, due_at = ?1, hindrance = ?2, not_found = not_found OR ?3
                   WHERE position = ?4 AND state = 0";
        // No row means that it has ended meanwhile, and then no attempt matters any more.
        tables.connection.prepare_cached(sql)?.execute((
            due_at.as_millisecond(),
            hindrance.place(),
            *hindrance == Hindrance::NotFound,
            row::position(*number, *version)?,
        ))?;
        Ok(())
    }
}

pub(in crate::sqlite) const REDRIVE_ONE: &str = "UPDATE advices SET due_at = ?1 WHERE position IN
    (SELECT position FROM advices WHERE position BETWEEN ?3 AND ?4 AND state = 0 AND due_at > ?1 LIMIT ?2)";
/// Over the index of what is open: those that have ended are as many as were ever sent.
pub(in crate::sqlite) const REDRIVE_ALL: &str = "UPDATE advices SET due_at = ?1 WHERE position IN
    (SELECT position FROM advices INDEXED BY advices_open WHERE state = 0 AND due_at > ?1 LIMIT ?2)";

/// Has open advices sent sooner than they would be.
pub(in crate::sqlite) struct Redrive {
    pub(in crate::sqlite) number: Option<TransactionNumber>,
    pub(in crate::sqlite) at: Timestamp,
    pub(in crate::sqlite) most: usize,
    pub(in crate::sqlite) act: Option<Act>,
}

impl Command for Redrive {
    type Answer = usize;

    fn apply(&self, tables: &mut Tables) -> Result<usize, Fault> {
        let at = self.at.as_millisecond();
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let count = match self.number {
            Some(number) => {
                let (first, last) = (row::position(number, 0)?, row::position(number, row::LAST_VERSION)?);
                tables.connection.prepare_cached(REDRIVE_ONE)?.execute((at, most, first, last))?
            }
            None => tables.connection.prepare_cached(REDRIVE_ALL)?.execute((at, most))?,
        };
        if let Some(act) = self.act.as_ref().filter(|_| count > 0) {
            act::note_done(tables, act)?;
        }
        Ok(count)
    }
}

/// Has the open advices of several transactions sent sooner. Whoever names them has each moved once at most: to look for
/// whatever waits would find again what was attempted meanwhile and put off.
pub(in crate::sqlite) struct RedriveEach {
    pub(in crate::sqlite) numbers: Vec<TransactionNumber>,
    pub(in crate::sqlite) at: Timestamp,
}

impl Command for RedriveEach {
    type Answer = usize;

    fn apply(&self, tables: &mut Tables) -> Result<usize, Fault> {
        let mut statement = tables.connection.prepare_cached(REDRIVE_ONE)?;
        let mut count = 0;
        for number in &self.numbers {
            let (first, last) = (row::position(*number, 0)?, row::position(*number, row::LAST_VERSION)?);
            count += statement.execute((self.at.as_millisecond(), i64::MAX, first, last))?;
        }
        Ok(count)
    }
}
