//! What operators do with a store's keys, and the proof of the whole store.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::book::{self, Book};
use super::command::{BeginKey, Reseal, ResealAgain, RetireKeys, Tables, is_all_resealed, note_done};
use super::{Fault, OpenError, SqliteStore, row, schema, total, verify};
use crate::act::{Act, ActNumber};
use crate::seal::{Form, Place, Sealer};
use crate::{Cause, KeyStanding, Resealed, StoreError, TransactionNumber, Verdict};

impl SqliteStore {
    /// Proves the whole store as of this moment: every row, every journal's chain, that records open and vouchers are
    /// found, and the sum over all. `progress` hears up to which transaction all was looked at, and what the last is.
    ///
    /// # Errors
    /// Where the store cannot be read at all. What is broken is in the [`Verdict`], and so is where the engine failed.
    pub async fn verify(&self, mut progress: impl FnMut(u64, u64) + Send + 'static) -> Result<Verdict, StoreError> {
        self.readers.read(move |book| Ok(verify::verify(book, &mut progress))).await
    }

    /// The keys that records are sealed with, the newest last, and the number of the last transaction.
    ///
    /// # Errors
    /// As every reading verb.
    pub async fn keys(&self) -> Result<(Vec<KeyStanding>, TransactionNumber), StoreError> {
        self.readers.read(standing).await
    }

    /// Commits a new key of this number, which everything is sealed with from now on, here and in a switch that runs
    /// beside; and the act that it is, as intended. Where a change to a key of this number has not come to its end, that
    /// one goes on.
    ///
    /// # Errors
    /// As every writing verb; [`Cause::Damaged`] where the key would have another number.
    pub async fn begin_key(&self, number: u16, act: Act) -> Result<ActNumber, StoreError> {
        let key = self.vault.sealer.draw();
        let (_, number) = self.writer()?.complete(BeginKey { key, number, act }).await?;
        Ok(number)
    }

    /// Commits the next step of the change to the newest key: seals anew what at most `most` transactions hold, or acts
    /// once no transaction is left. It may be interrupted at any time, and goes on where it was. What is damaged cannot be
    /// sealed anew and is passed over.
    ///
    /// # Errors
    /// As every writing verb.
    pub async fn reseal(&self, most: usize) -> Result<Resealed, StoreError> {
        let (_, resealed) = self.writer()?.complete(Reseal { most }).await?;
        Ok(resealed)
    }

    /// Throws away the older keys once nothing is sealed with them: copies of the store that still hold what they
    /// sealed cannot be read any more. The same commit ends the act, as done. Returns how many; nothing where
    /// [`SqliteStore::reseal`] is not done.
    ///
    /// # Errors
    /// As every writing verb; [`Cause::Damaged`] names what is damaged and therefore still sealed with an older key. Then
    /// all keys are kept, and the next [`SqliteStore::reseal`] begins anew.
    pub async fn retire_keys(&self, act: ActNumber, at: Timestamp) -> Result<Option<usize>, StoreError> {
        // Nothing more is ever sealed with an older key, so what is found here holds until the keys are thrown away.
        let Some(left) = self.readers.read(left).await? else { return Ok(None) };
        if !left.is_empty() {
            self.writer()?.complete(ResealAgain).await?;
            return Err(StoreError::Determinate(Cause::Damaged(told(&left))));
        }
        let (_, retired) = self.writer()?.complete(RetireKeys { act, at }).await?;
        Ok(retired)
    }

    /// Seals the keys of a store with another key from the configuration, and records the act. It is one short commit, whatever the size of
    /// the store; the switch must not run meanwhile, because it would go on with the old one.
    ///
    /// # Errors
    /// [`OpenError`], with nothing altered.
    pub fn rewrap(path: &Path, old: Sealer, new: &Sealer, act: Act) -> Result<(), OpenError> {
        let path = path.canonicalize()?;
        let _lock = schema::lock(&path)?;
        let (connection, vault) = schema::open_for_writing_beside(&path, old)?;
        if schema::check_key(&connection, new).is_ok() {
            return Err(OpenError::SameKey);
        }
        let mut tables = Tables::new(connection, Arc::new(vault));
        // What is not committed is rolled back when the connection is closed.
        tables.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut rewrap = || -> Result<(), Fault> {
            tables.begin()?;
            note_done(&mut tables, &act)?;
            tables.add_up()?;
            wrap_anew(tables.book(), new)
        };
        rewrap().map_err(|fault| OpenError::Engine(Cause::from(fault).to_string()))?;
        Ok(tables.connection.execute_batch("COMMIT")?)
    }
}

/// How many of the records that were left are named.
const NAMED: usize = 10;

/// The records that are not sealed with the newest key, once all was looked at.
fn left(book: Book<'_>) -> Result<Option<Vec<String>>, Fault> {
    if !is_all_resealed(book)? {
        return Ok(None);
    }
    let mut left = Vec::new();
    for (place, table, columns) in [
        ("number", "transactions", &["request"][..]),
        ("position", "events", &["outcome", "note", "advised"]),
        ("number", "acts", &["record"]),
        ("number", "act_ends", &["note"]),
    ] {
        let is_older = |column| format!("substr({column}, 1, 3) <> ?1 AND substr({column}, 1, 1) <> ?2");
        let are_older: Vec<_> = columns.iter().map(is_older).collect();
        let sql = format!("SELECT {place} FROM {table} WHERE {} ORDER BY {place}", are_older.join(" OR "));
        let mut statement = book.connection.prepare(&sql)?;
        let mut rows = statement.query(Form::beginnings(book.vault.newest()))?;
        while let Some(next) = rows.next()? {
            let at: i64 = next.get(0)?;
            left.push(match table {
                "transactions" => format!("the request of transaction {at}"),
                "events" => format!("event {} of transaction {}", row::version(at), at >> row::VERSION_BITS),
                _ => format!("act {at}"),
            });
        }
    }
    Ok(Some(left))
}

/// What was left, in words.
fn told(left: &[String]) -> String {
    let named: Vec<&str> = left.iter().take(NAMED).map(String::as_str).collect();
    let more = match left.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let plural = if left.len() == 1 { "record is" } else { "records are" };
    format!(
        "{} {plural} damaged and still sealed with an older key: {}{more}; all else is sealed anew",
        left.len(),
        named.join(", ")
    )
}

fn standing(book: Book<'_>) -> Result<(Vec<KeyStanding>, TransactionNumber), Fault> {
    let mut statement = book.connection.prepare_cached("SELECT number, made_at FROM sealing_keys ORDER BY number")?;
    let mut rows = statement.query(())?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let made_at = row.get::<_, Option<i64>>(1)?.map(row::time).transpose()?;
        keys.push(KeyStanding { number: row.get(0)?, made_at });
    }
    let sql = "SELECT coalesce(max(number), 0) FROM transactions";
    let last: i64 = book.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
    Ok((keys, TransactionNumber(last.cast_unsigned())))
}

fn wrap_anew(book: Book<'_>, new: &Sealer) -> Result<(), Fault> {
    let (connection, old) = (book.connection, &book.vault.sealer);
    let by_configured = "SELECT EXISTS (SELECT 1 FROM sealing_keys WHERE number = 0)";
    if connection.query_row(by_configured, (), |row| row.get(0))? {
        return Err(Fault::ByConfigured);
    }
    let anew = |place: Place<'_>, sealed: &[u8]| -> Result<Vec<u8>, Fault> {
        let plain = old.open(place, sealed)?;
        Ok(new.seal(place, |out| out.extend_from_slice(&plain)))
    };
    let (voucher_key, chain_key): (Vec<u8>, Vec<u8>) =
        connection.query_row("SELECT voucher_key, chain_key FROM store", (), |row| Ok((row.get(0)?, row.get(1)?)))?;
    connection.execute(
        "UPDATE store SET seal = ?1, voucher_key = ?2, chain_key = ?3",
        (new.seal(Place::Store, |_| ()), anew(Place::VoucherKey, &voucher_key)?, anew(Place::ChainKey, &chain_key)?),
    )?;
    for (number, sealed) in book::sealed_keys(connection)? {
        let sealed = anew(Place::SealingKey(number), &sealed)?;
        connection.execute("UPDATE sealing_keys SET key = ?1 WHERE number = ?2", (sealed, number))?;
    }
    total::put(connection, new, total::read(book)?)
}
