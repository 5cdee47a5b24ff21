//! An attempt to deliver an advice that came to nothing.

use vouchsafe_core::advice::Hindrance;

use super::{Command, Tables};
use crate::Attempt;
use crate::record::word::Word;
use crate::sqlite::{Fault, row};

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
