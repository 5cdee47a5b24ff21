//! What is done by hand is written down: by itself, or in the commit of what is done.

use jiff::Timestamp;

use super::{Command, Tables};
use crate::Standing;
use crate::act::{Act, ActEnd, ActNumber};
use crate::record::{Damaged, encode};
use crate::seal::Place;
use crate::sqlite::{Fault, acts, to_millisecond};

/// Writes down what somebody is about to do.
pub(in crate::sqlite) struct IntendAct(pub(in crate::sqlite) Act);

impl Command for IntendAct {
    type Answer = ActNumber;

    fn apply(&self, tables: &mut Tables) -> Result<ActNumber, Fault> {
        note(tables, &self.0, true)
    }
}

/// Writes down how it ended.
pub(in crate::sqlite) struct EndAct {
    pub(in crate::sqlite) number: ActNumber,
    pub(in crate::sqlite) end: ActEnd,
    pub(in crate::sqlite) at: Timestamp,
}

impl Command for EndAct {
    type Answer = ();

    fn apply(&self, tables: &mut Tables) -> Result<(), Fault> {
        end(tables, self.number, &self.end, self.at)
    }
}

/// Writes an act down in the commit of what was done.
pub(in crate::sqlite) fn note_done(tables: &mut Tables, act: &Act) -> Result<ActNumber, Fault> {
    note(tables, act, false)
}

/// Writes an act down that is not done with this commit.
pub(in crate::sqlite) fn note_intended(tables: &mut Tables, act: &Act) -> Result<ActNumber, Fault> {
    note(tables, act, true)
}

fn note(tables: &mut Tables, act: &Act, is_intended: bool) -> Result<ActNumber, Fault> {
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM acts";
    let row: i64 = tables.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
    let (number, at) = (ActNumber(row.cast_unsigned()), to_millisecond(act.at));
    // The number is known only here, so it is sealed here too, with the key that seals now.
    let sealed = tables.vault.seal(Place::Act(number), |out| encode(act, out));
    let link = tables.vault.chain.act(number, at, is_intended, sealed.digest);
    let sql = "INSERT INTO acts (number, at, is_intended, record, link) VALUES (?1, ?2, ?3, ?4, ?5)";
    let columns = (row, at.as_millisecond(), is_intended, sealed.bytes, link.mark);
    tables.connection.prepare_cached(sql)?.execute(columns)?;
    tables.gain(link);
    Ok(number)
}

/// Writes down how an act ended that was intended.
pub(in crate::sqlite) fn end(tables: &mut Tables, number: ActNumber, end: &ActEnd, at: Timestamp) -> Result<(), Fault> {
    let found = acts::find(tables.book(), number)?.filter(|found| found.recorded.ended.is_none());
    let found = found.ok_or(Damaged("an act is ended that is not intended, or has ended before"))?;
    let at = to_millisecond(at);
    let place = Place::ActEnd(number);
    let why: Option<&Standing> = match end {
        ActEnd::Done => None,
        ActEnd::Failed(why) => Some(why),
    };
    let note = why.map(|why| tables.vault.seal(place, |out| encode(why, out)));
    let link = tables.vault.chain.act_end(found.link, at, note.as_ref().map(|note| note.digest));
    let sql = "INSERT INTO act_ends (number, at, note, link) VALUES (?1, ?2, ?3, ?4)";
    let columns = (number.0.cast_signed(), at.as_millisecond(), note.map(|note| note.bytes), link.mark);
    tables.connection.prepare_cached(sql)?.execute(columns)?;
    tables.gain(link);
    Ok(())
}
