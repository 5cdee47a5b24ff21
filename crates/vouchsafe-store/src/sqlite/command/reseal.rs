//! A new sealing key: begun, everything sealed with it, the older ones thrown away.

use jiff::Timestamp;
use rusqlite::Row;

use super::{Command, Tables, act, destroy};
use crate::act::{Act, ActEnd, ActNumber};
use crate::record::Damaged;
use crate::seal::Place;
use crate::sqlite::book::Book;
use crate::sqlite::{Fault, row};
use crate::{Key, Resealed, TransactionNumber};

/// Begins a new key, unless one is still being changed to: then that goes on.
pub(in crate::sqlite) struct BeginKey {
    pub(in crate::sqlite) key: [u8; 32],
    /// Which number is meant: somebody else may have begun another key meanwhile.
    pub(in crate::sqlite) number: u16,
    pub(in crate::sqlite) act: Act,
}

impl Command for BeginKey {
    type Answer = ActNumber;

    fn apply(&self, tables: &mut Tables) -> Result<Self::Answer, Fault> {
        // The act moves the sum, which only the key that the store is sealed with now can open: one that was taken away
        // since this was opened seals no other.
        let newest = tables.vault.newest();
        let sql = "SELECT count(*) FROM sealing_keys";
        let count: i64 = tables.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
        if count > 1 {
            self.expect(newest)?;
            return act::note_intended(tables, &self.act);
        }
        let number =
            newest.checked_add(1).ok_or(Damaged("there were 65,535 sealing keys, and there can be no more"))?;
        self.expect(number)?;
        let place = Place::SealingKey(number);
        let sealed = tables.vault.sealer.seal(place, |out| out.extend_from_slice(&self.key));
        let sql = "INSERT INTO sealing_keys (number, key, made_at) VALUES (?1, ?2, ?3)";
        tables.connection.prepare_cached(sql)?.execute((number, sealed, self.act.at.as_millisecond()))?;
        act::note_intended(tables, &self.act)
    }
}

impl BeginKey {
    fn expect(&self, number: u16) -> Result<(), Damaged> {
        if self.number == number {
            return Ok(());
        }
        Err(Damaged("the key that is changed to is another by now: somebody else is changing keys"))
    }
}

/// Seals anew what the next transactions hold.
pub(in crate::sqlite) struct Reseal {
    pub(in crate::sqlite) most: usize,
}

/// A record to be replaced: its column in its row.
type Renewed = (&'static str, i64, Vec<u8>);

impl Command for Reseal {
    type Answer = Resealed;

    fn apply(&self, tables: &mut Tables) -> Result<Self::Answer, Fault> {
        let sql = "SELECT resealed_to FROM sealing_keys ORDER BY number DESC LIMIT 1";
        let done: i64 = tables.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let next = destroy::numbers(tables, done, most)?;
        for number in &next {
            let number = TransactionNumber(number.cast_unsigned());
            // Where its row was altered, nobody knows which place its records were sealed for.
            let linked = unless_damaged(row::linked(tables.book(), number).map(Some))?;
            let renewed = linked.map(|linked| renewed(tables, &linked.transaction.key, number)).transpose()?;
            for (sql, row, sealed) in renewed.unwrap_or_default() {
                tables.connection.prepare_cached(sql)?.execute((sealed, row))?;
            }
        }
        let done = TransactionNumber(next.last().map_or(done, |last| *last).cast_unsigned());
        let sql = "UPDATE sealing_keys SET resealed_to = ?1 WHERE number = ?2";
        tables.connection.prepare_cached(sql)?.execute((done.0.cast_signed(), tables.vault.newest()))?;
        // Acts follow once no transaction is left: they are few, but nothing says how few.
        let acts = if next.is_empty() { reseal_acts(tables, most)? } else { 0 };
        Ok(Resealed { count: next.len(), acts, up_to: done })
    }
}

/// What is damaged stays as it is, and the rest must not stay with it: before the older keys are thrown away,
/// `SqliteStore::retire_keys` finds whatever was left.
fn unless_damaged<T>(found: Result<Option<T>, Fault>) -> Result<Option<T>, Fault> {
    match found {
        Err(fault) if fault.is_damage() => Ok(None),
        found => found,
    }
}

/// The record in a column, sealed with the newest key, where it is not yet.
fn renewed_column(book: Book<'_>, row: &Row<'_>, column: usize, place: Place<'_>) -> Result<Option<Vec<u8>>, Fault> {
    let sealed = row.get_ref(column)?.as_blob_or_null().map_err(|error| Fault::Engine(error.into()));
    let renewed = sealed.and_then(|sealed| sealed.map(|sealed| book.renew(place, sealed)).transpose());
    Ok(unless_damaged(renewed)?.flatten())
}

/// Seals anew what the next acts hold, and returns how many they are.
fn reseal_acts(tables: &Tables, most: i64) -> Result<usize, Fault> {
    let sql = "SELECT acts_resealed_to FROM sealing_keys ORDER BY number DESC LIMIT 1";
    let done: i64 = tables.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
    let sql = "SELECT a.number, a.record, e.note FROM acts AS a LEFT JOIN act_ends AS e ON e.number = a.number
               WHERE a.number > ?1 ORDER BY a.number LIMIT ?2";
    let mut statement = tables.connection.prepare_cached(sql)?;
    let mut rows = statement.query((done, most))?;
    let (mut renewed, mut last, mut count): (Vec<Renewed>, _, _) = (Vec::new(), done, 0);
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        count += 1;
        let number = ActNumber(last.cast_unsigned());
        for (column, place, update) in [
            (1, Place::Act(number), "UPDATE acts SET record = ?1 WHERE number = ?2"),
            (2, Place::ActEnd(number), "UPDATE act_ends SET note = ?1 WHERE number = ?2"),
        ] {
            if let Some(sealed) = renewed_column(tables.book(), row, column, place)? {
                renewed.push((update, last, sealed));
            }
        }
    }
    for (sql, row, sealed) in renewed {
        tables.connection.prepare_cached(sql)?.execute((sealed, row))?;
    }
    let sql = "UPDATE sealing_keys SET acts_resealed_to = ?1 WHERE number = ?2";
    tables.connection.prepare_cached(sql)?.execute((last, tables.vault.newest()))?;
    Ok(count)
}

/// What a transaction holds that is not sealed with the newest key, sealed with it.
fn renewed(tables: &Tables, key: &Key, number: TransactionNumber) -> Result<Vec<Renewed>, Fault> {
    let book = tables.book();
    let mut renewed = Vec::new();
    let mut statement = tables.connection.prepare_cached("SELECT request FROM transactions WHERE number = ?1")?;
    let mut rows = statement.query([number.0.cast_signed()])?;
    while let Some(row) = rows.next()? {
        if let Some(sealed) = renewed_column(book, row, 0, Place::Request(key))? {
            let sql = "UPDATE transactions SET request = ?1 WHERE number = ?2";
            renewed.push((sql, number.0.cast_signed(), sealed));
        }
    }
    let sql = "SELECT position, outcome, note, advised FROM events WHERE position BETWEEN ?1 AND ?2";
    let mut statement = tables.connection.prepare_cached(sql)?;
    let mut rows = statement.query((row::position(number, 0)?, row::position(number, row::LAST_VERSION)?))?;
    while let Some(row) = rows.next()? {
        let position = row.get(0)?;
        let version = row::version(position);
        for (column, place, update) in [
            (1, Place::Outcome(key, version), "UPDATE events SET outcome = ?1 WHERE position = ?2"),
            (2, Place::Note(key, version), "UPDATE events SET note = ?1 WHERE position = ?2"),
            (3, Place::Advised(key, version), "UPDATE events SET advised = ?1 WHERE position = ?2"),
        ] {
            if let Some(sealed) = renewed_column(book, row, column, place)? {
                renewed.push((update, position, sealed));
            }
        }
    }
    Ok(renewed)
}

/// Has the change to the newest key begin anew, with everything: what was left may have been put right.
pub(in crate::sqlite) struct ResealAgain;

impl Command for ResealAgain {
    type Answer = ();

    fn apply(&self, tables: &mut Tables) -> Result<(), Fault> {
        let sql = "UPDATE sealing_keys SET resealed_to = 0, acts_resealed_to = 0 WHERE number = ?1";
        tables.connection.prepare_cached(sql)?.execute([tables.vault.newest()])?;
        Ok(())
    }
}

/// Throws the older keys away, once nothing is sealed with them, and ends the act that had it done.
pub(in crate::sqlite) struct RetireKeys {
    pub(in crate::sqlite) act: ActNumber,
    pub(in crate::sqlite) at: Timestamp,
}

impl Command for RetireKeys {
    /// How many were thrown away; nothing where something is still sealed with them.
    type Answer = Option<usize>;

    fn apply(&self, tables: &mut Tables) -> Result<Self::Answer, Fault> {
        if !is_all_resealed(tables.book())? {
            return Ok(None);
        }
        let sql = "DELETE FROM sealing_keys WHERE number < ?1";
        let count = tables.connection.prepare_cached(sql)?.execute([tables.vault.newest()])?;
        act::end(tables, self.act, &ActEnd::Done, self.at)?;
        Ok(Some(count))
    }
}

/// Whether all that there is was looked at.
pub(in crate::sqlite) fn is_all_resealed(book: Book<'_>) -> Result<bool, Fault> {
    // Whatever was written since the key was begun is sealed with it: see `Tables::begin`.
    let sql = "SELECT NOT EXISTS (SELECT 1 FROM transactions
                                  WHERE number > (SELECT resealed_to FROM sealing_keys ORDER BY number DESC LIMIT 1))
                  AND NOT EXISTS (SELECT 1 FROM acts
                                  WHERE number > (SELECT acts_resealed_to FROM sealing_keys
                                                  ORDER BY number DESC LIMIT 1))";
    Ok(book.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?)
}
