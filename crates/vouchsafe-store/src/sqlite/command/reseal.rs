//! A new sealing key: begun, everything sealed with it, the older ones thrown away.

use jiff::Timestamp;

use super::{Command, Tables};
use crate::record::Damaged;
use crate::seal::Place;
use crate::sqlite::{Fault, row, total};
use crate::{Key, TransactionNumber};

/// Begins a new key, unless one is still being changed to: then that goes on.
pub(in crate::sqlite) struct BeginKey {
    pub(in crate::sqlite) key: [u8; 32],
    pub(in crate::sqlite) at: Timestamp,
}

impl Command for BeginKey {
    /// The number of the key that is changed to.
    type Answer = u16;

    fn apply(&self, tables: &mut Tables) -> Result<u16, Fault> {
        // Only the key that the store is sealed with may seal another: it may have been changed since this was opened.
        total::read(tables.book())?;
        let newest = tables.vault.newest();
        let sql = "SELECT count(*) FROM sealing_keys";
        let count: i64 = tables.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
        if count > 1 {
            return Ok(newest);
        }
        let number =
            newest.checked_add(1).ok_or(Damaged("there were 65,535 sealing keys, and there can be no more"))?;
        let place = Place::SealingKey(number);
        let sealed = tables.vault.sealer.seal(place, |out| out.extend_from_slice(&self.key));
        let sql = "INSERT INTO sealing_keys (number, key, made_at) VALUES (?1, ?2, ?3)";
        tables.connection.prepare_cached(sql)?.execute((number, sealed, self.at.as_millisecond()))?;
        Ok(number)
    }
}

/// Seals anew what the next transactions hold.
pub(in crate::sqlite) struct Reseal {
    pub(in crate::sqlite) most: usize,
}

/// A record to be replaced: its column in its row.
type Renewed = (&'static str, i64, Vec<u8>);

impl Command for Reseal {
    /// How many transactions, 0 where none is left; and up to which number all is sealed.
    type Answer = (usize, TransactionNumber);

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
        Ok((next.len(), done))
    }
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

/// Throws the older keys away, once nothing is sealed with them.
pub(in crate::sqlite) struct RetireKeys;

impl Command for RetireKeys {
    /// How many were thrown away; nothing where something is still sealed with them.
    type Answer = Option<usize>;

    fn apply(&self, tables: &mut Tables) -> Result<Self::Answer, Fault> {
        // Whatever was written since the key was begun is sealed with it: see `Tables::begin`.
        let sql = "SELECT EXISTS (SELECT 1 FROM transactions
                                  WHERE number > (SELECT resealed_to FROM sealing_keys ORDER BY number DESC LIMIT 1))";
        if tables.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))? {
            return Ok(None);
        }
        let sql = "DELETE FROM sealing_keys WHERE number < ?1";
        Ok(Some(tables.connection.prepare_cached(sql)?.execute([tables.vault.newest()])?))
    }
}
