//! A new sealing key: begun, everything sealed with it, the older ones thrown away.

use jiff::Timestamp;

use super::{Command, Tables, act};
use crate::act::{Act, ActEnd, ActNumber};
use crate::record::Damaged;
use crate::seal::Place;
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
        let next = row::transactions(tables.book(), row::NUMBERED, (done, most))?;
        for transaction in &next {
            let renewed = renewed(tables, &transaction.key, transaction.number);
            for (sql, row, sealed) in renewed.map_err(|fault| fault.at(transaction.number, None))? {
                tables.connection.prepare_cached(sql)?.execute((sealed, row))?;
            }
        }
        let done = next.last().map_or(TransactionNumber(done.cast_unsigned()), |last| last.number);
        let sql = "UPDATE sealing_keys SET resealed_to = ?1 WHERE number = ?2";
        tables.connection.prepare_cached(sql)?.execute((done.0.cast_signed(), tables.vault.newest()))?;
        // Acts follow once no transaction is left: they are few, but nothing says how few.
        let acts = if next.is_empty() { reseal_acts(tables, most)? } else { 0 };
        Ok(Resealed { count: next.len(), acts, up_to: done })
    }
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
            let sealed = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
            let anew = sealed.map(|sealed| tables.book().renew(place, sealed)).transpose();
            let anew = anew.map_err(|fault| match fault {
                Fault::Damaged(what) => Fault::BrokenAct { number, what },
                other => other,
            })?;
            if let Some(sealed) = anew.flatten() {
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
    let sql = "SELECT request FROM transactions WHERE number = ?1";
    let row = number.0.cast_signed();
    let request: Vec<u8> = tables.connection.prepare_cached(sql)?.query_row([row], |row| row.get(0))?;
    if let Some(sealed) = book.renew(Place::Request(key), &request)? {
        renewed.push(("UPDATE transactions SET request = ?1 WHERE number = ?2", row, sealed));
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
            let sealed = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
            if let Some(sealed) = sealed.map(|sealed| book.renew(place, sealed)).transpose()?.flatten() {
                renewed.push((update, position, sealed));
            }
        }
    }
    Ok(renewed)
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
        // Whatever was written since the key was begun is sealed with it: see `Tables::begin`.
        let sql = "SELECT EXISTS (SELECT 1 FROM transactions
                                  WHERE number > (SELECT resealed_to FROM sealing_keys ORDER BY number DESC LIMIT 1))
                       OR EXISTS (SELECT 1 FROM acts
                                  WHERE number > (SELECT acts_resealed_to FROM sealing_keys
                                                  ORDER BY number DESC LIMIT 1))";
        if tables.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))? {
            return Ok(None);
        }
        let sql = "DELETE FROM sealing_keys WHERE number < ?1";
        let count = tables.connection.prepare_cached(sql)?.execute([tables.vault.newest()])?;
        act::end(tables, self.act, &ActEnd::Done, self.at)?;
        Ok(Some(count))
    }
}
