//! What is owed: advices to deliver, transactions to look at again, orphans, and how much there is of it.
//!
//! Whatever is found here is found by an index that holds little else, so that its cost is that of what is
//! open and not of all that ever was.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::transaction::State;

use super::Fault;
use super::book::Book;
use super::row::{self, select_transaction};
use crate::record::word::Word;
use crate::{OpenAdvice, OpenAdvices, Orphans, Tally, Transaction, TransactionNumber, Unfinalised};

// An index for one state needs the state's place in the query itself.
const _: () = assert!(State::Orphaned as u8 == 8 && State::Approved as u8 == 2);

pub(super) const DUE_ADVICES: &str = select_transaction!(
    ", a.position, a.first_due_at, a.attempts, a.hindrance, a.not_found, a.id, a.capitals, a.advice, a.due_at",
    "advices AS a INDEXED BY advices_open CROSS JOIN transactions AS t ON t.number = a.position >> 20",
    "a.state = 0 AND a.provider = (SELECT number FROM names WHERE name = ?1) AND a.due_at <= ?2
     ORDER BY a.due_at, a.first_due_at, a.position LIMIT ?3"
);

/// The open advices for a provider that are due, the longest due first.
pub(super) fn due_advices(
    book: Book<'_>,
    provider: &ProviderId,
    by: Timestamp,
    most: usize,
) -> Result<Vec<OpenAdvice>, Fault> {
    let parameters = |limit| (provider.as_str(), by.as_millisecond(), limit);
    row::sound(book, DUE_ADVICES, most, parameters, |row| open_advice(row, book))
}

fn open_advice(row: &Row<'_>, book: Book<'_>) -> Result<OpenAdvice, Fault> {
    const FIRST: usize = row::TRANSACTION_COLUMNS;
    Ok(OpenAdvice {
        transaction: row::transaction(row, book)?,
        version: row::version(row.get(FIRST)?),
        first_due_at: row::time(row.get(FIRST + 1)?)?,
        attempts: row::attempts(row, FIRST + 2)?,
        not_found: row.get(FIRST + 4)?,
        queued: row::queued(row, row.get(FIRST + 5)?, FIRST + 6)?,
    })
}

/// One range for each of the two states, merged.
pub(super) const UNANSWERED: &str = select_transaction!(
    "t.number IN (SELECT number FROM (
         SELECT number, due_at FROM transactions WHERE state = ?1 AND due_at <= ?3
         UNION ALL SELECT number, due_at FROM transactions WHERE state = ?2 AND due_at <= ?3
         ORDER BY due_at, number LIMIT ?4))
     ORDER BY t.due_at, t.number"
);

/// The transactions whose outcome was due, the longest due first.
pub(super) fn unanswered(book: Book<'_>, by: Timestamp, most: usize) -> Result<Vec<Transaction>, Fault> {
    let parameters = |limit| (State::Pending.place(), State::Cancelled.place(), by.as_millisecond(), limit);
    row::sound(book, UNANSWERED, most, parameters, |row| row::transaction(row, book))
}

pub(super) const UNCONFIRMED: &str =
    select_transaction!("t.state = ?1 AND t.due_at <= ?2 ORDER BY t.due_at, t.number LIMIT ?3");

/// The approved transactions that are to be confirmed, the longest due first.
pub(super) fn unconfirmed(book: Book<'_>, by: Timestamp, most: usize) -> Result<Vec<Transaction>, Fault> {
    let parameters = |limit| (State::Approved.place(), by.as_millisecond(), limit);
    row::sound(book, UNCONFIRMED, most, parameters, |row| row::transaction(row, book))
}

pub(super) const ORPHANS: &str = select_transaction!(
    "",
    "transactions AS t INDEXED BY transactions_orphaned",
    "t.state = 8 AND t.number > ?1 ORDER BY t.number LIMIT ?2"
);

/// The orphans after a number.
pub(super) fn orphans(book: Book<'_>, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, Fault> {
    let after = i64::try_from(after.0).unwrap_or(i64::MAX);
    row::sound(book, ORPHANS, most, |limit| (after, limit), |row| row::transaction(row, book))
}

pub(super) const UNFINALISED: &str = select_transaction!(
    "",
    "transactions AS t INDEXED BY transactions_unfinalised",
    "t.state = 2 AND t.due_at IS NULL AND t.number > ?1 ORDER BY t.number LIMIT ?2"
);

/// The approved transactions after a number that only their channels can finalise.
pub(super) fn unfinalised(book: Book<'_>, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, Fault> {
    let after = i64::try_from(after.0).unwrap_or(i64::MAX);
    row::sound(book, UNFINALISED, most, |limit| (after, limit), |row| row::transaction(row, book))
}

pub(super) const OPEN_ADVICES: &str = "SELECT p.name, o.count, o.oldest
     FROM (SELECT provider, count(*) AS count, min(first_due_at) AS oldest
           FROM advices INDEXED BY advices_open WHERE state = 0 GROUP BY provider) AS o
     JOIN names AS p ON p.number = o.provider
     ORDER BY p.name";

pub(super) const ORPHANS_VALUE: &str =
    "SELECT asked_currency, asked_amount FROM transactions INDEXED BY transactions_orphaned WHERE state = 8";

/// How much is owed.
pub(super) fn tally(Book { connection, .. }: Book<'_>) -> Result<Tally, Fault> {
    Ok(Tally {
        open_advices: count_advices(connection)?,
        orphans: count_orphans(connection)?,
        unfinalised: count_unfinalised(connection)?,
    })
}

pub(super) const UNFINALISED_COUNT: &str = "SELECT count(*), min(opened_at)
     FROM transactions INDEXED BY transactions_unfinalised WHERE state = 2 AND due_at IS NULL";

fn count_unfinalised(connection: &Connection) -> Result<Option<Unfinalised>, Fault> {
    let count = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?));
    let (count, oldest) = connection.prepare_cached(UNFINALISED_COUNT)?.query_row((), count)?;
    let oldest = oldest.map(row::time).transpose()?;
    Ok(oldest.map(|oldest| Unfinalised { count: count.unsigned_abs(), oldest }))
}

fn count_advices(connection: &Connection) -> Result<Vec<OpenAdvices>, Fault> {
    let mut statement = connection.prepare_cached(OPEN_ADVICES)?;
    let mut rows = statement.query(())?;
    let mut counted = Vec::new();
    while let Some(row) = rows.next()? {
        let (count, oldest) = (row.get::<_, i64>(1)?.unsigned_abs(), row::time(row.get(2)?)?);
        counted.push(OpenAdvices { provider: row::name(row, 0)?, count, oldest });
    }
    Ok(counted)
}

/// Added up here because the engine's own sum fails where it overflows, and one hostile amount must not keep
/// an operator from seeing the rest.
fn count_orphans(connection: &Connection) -> Result<Vec<Orphans>, Fault> {
    let mut statement = connection.prepare_cached(ORPHANS_VALUE)?;
    let mut rows = statement.query(())?;
    let mut counted = BTreeMap::<Option<u16>, (u64, i64)>::new();
    while let Some(row) = rows.next()? {
        let (count, value) = counted.entry(row.get(0)?).or_default();
        *count += 1;
        *value = value.saturating_add(row.get::<_, Option<i64>>(1)?.unwrap_or(0));
    }
    let orphans = counted.into_iter().map(|(code, (count, value))| {
        let currency = code.map(row::currency).transpose()?;
        Ok(Orphans { currency, count, value })
    });
    orphans.collect()
}
