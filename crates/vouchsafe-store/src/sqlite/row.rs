//! Rows of the file, read back as values.

use jiff::Timestamp;
use rusqlite::{Connection, Params, Row};
use vouchsafe_core::advice::{Advice, AdviceEnd};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::money::{Currency, LedgerAmount, LedgerIndicator};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::{Form, Text};
use vouchsafe_core::transaction::Terms;

use super::Fault;
use super::book::Book;
use crate::chain::Mark;
use crate::record::Damaged;
use crate::record::word::Word;
use crate::{Attempts, Cause, Key, QueuedAdvice, Reference, Transaction, TransactionNumber};

/// How many bits of a position are the version's.
pub(super) const VERSION_BITS: u32 = 20;
pub(super) const LAST_VERSION: u32 = (1 << VERSION_BITS) - 1;

/// Where the event that led to a version stands: the journals follow one another, each in its own order.
pub(super) fn position(number: TransactionNumber, version: u32) -> Result<i64, Damaged> {
    if version > LAST_VERSION {
        return Err(Damaged("its journal is full"));
    }
    let number = i64::try_from(number.0).ok().filter(|number| *number < 1 << (62 - VERSION_BITS));
    let number = number.ok_or(Damaged("its number is out of range"))?;
    Ok(number << VERSION_BITS | i64::from(version))
}

/// The version that the event at a position led to.
pub(super) fn version(position: i64) -> u32 {
    position as u32 & LAST_VERSION
}

/// Selects the columns that a transaction is made of, in the order that [`transaction`] reads them, and any
/// columns after them, from whatever leads to `transactions AS t`.
macro_rules! select_transaction {
    ($condition:literal) => {
        select_transaction!("", "transactions AS t", $condition)
    };
    ($columns:literal, $from:literal, $condition:literal) => {
        concat!(
            "SELECT t.number, c.name, t.kind, t.request_id, t.capitals, t.version, t.state, p.name, t.upstream_id,
                    t.asked_amount, t.asked_currency, t.asked_indicator, t.terms, t.opened_at, t.due_at, t.link, t.mark",
            $columns,
            " FROM ",
            $from,
            // The names are looked up last: whatever stands before is found by its index, in its order.
            " CROSS JOIN names AS c ON c.number = t.channel
              CROSS JOIN names AS p ON p.number = t.provider
              WHERE ",
            $condition
        )
    };
}
pub(super) use select_transaction;

/// How many columns a transaction takes: where the columns after it begin.
pub(super) const TRANSACTION_COLUMNS: usize = 17;

/// A transaction, and the last link of its chain.
pub(super) struct Linked {
    pub(super) transaction: Transaction,
    pub(super) link: Mark,
}

/// The transaction of a key.
pub(super) fn find(book: Book<'_>, key: &Key) -> Result<Option<Transaction>, Fault> {
    let sql = select_transaction!(
        "t.request_id = ?1 AND t.kind = ?2 AND t.channel = (SELECT number FROM names WHERE name = ?3)"
    );
    let mut statement = book.connection.prepare_cached(sql)?;
    let mut rows = statement.query((key.id.as_bytes(), key.kind.place(), key.channel.as_str()))?;
    rows.next()?.map(|row| transaction(row, book)).transpose()
}

/// Whether the reversal of this key came first.
pub(super) fn is_forestalled(connection: &Connection, key: &Key) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM forestalled WHERE request_id = ?1 AND kind = ?2
                              AND channel = (SELECT number FROM names WHERE name = ?3))";
    let parameters = (key.id.as_bytes(), key.kind.place(), key.channel.as_str());
    Ok(connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?)
}

/// The transaction of a number, if there is one.
pub(super) fn find_linked(book: Book<'_>, number: TransactionNumber) -> Result<Option<Linked>, Fault> {
    let mut statement = book.connection.prepare_cached(select_transaction!("t.number = ?1"))?;
    let mut rows = statement.query([number.0.cast_signed()])?;
    rows.next()?.map(|row| read_linked(row, book)).transpose()
}

/// The transaction of a number.
pub(super) fn linked(book: Book<'_>, number: TransactionNumber) -> Result<Linked, Fault> {
    Ok(find_linked(book, number)?.ok_or(Damaged("there is no such transaction"))?)
}

pub(super) const LOOK_UP: &str = select_transaction!(
    "t.number IN (SELECT number FROM transactions WHERE request_id = ?1
                  UNION SELECT number FROM transactions WHERE upstream_id = ?1
                  UNION SELECT position >> 20 FROM advices WHERE id = ?1)
     ORDER BY t.number"
);

/// The transactions that a reference leads to, in the order of their numbers.
pub(super) fn look_up(book: Book<'_>, reference: Reference) -> Result<Vec<Transaction>, Fault> {
    match reference {
        Reference::Number(number) => transactions(book, select_transaction!("t.number = ?1"), [number.0.cast_signed()]),
        Reference::Id(id) => transactions(book, LOOK_UP, [id.as_bytes()]),
    }
}

/// The transactions after a number, in the order of their numbers.
pub(super) const NUMBERED: &str = select_transaction!("t.number > ?1 ORDER BY t.number LIMIT ?2");

/// All transactions that a query gives, in its order.
pub(super) fn transactions(book: Book<'_>, sql: &str, parameters: impl Params) -> Result<Vec<Transaction>, Fault> {
    let mut statement = book.connection.prepare_cached(sql)?;
    let mut rows = statement.query(parameters)?;
    let mut transactions = Vec::new();
    while let Some(row) = rows.next()? {
        transactions.push(transaction(row, book)?);
    }
    Ok(transactions)
}

/// As many as are wanted of what a query gives, in its order; its parameters have the limit in them. What was altered is
/// told and passed over: it is refused to whoever asks for it, and must not keep the rest from its turn.
pub(super) fn sound<T, P: Params>(
    book: Book<'_>,
    sql: &str,
    most: usize,
    parameters: impl Fn(i64) -> P,
    read: impl Fn(&Row<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = book.connection.prepare_cached(sql)?;
    let mut limit = most;
    loop {
        // As many as memory could hold are no fewer than the engine can count.
        let mut rows = statement.query(parameters(i64::try_from(limit).unwrap_or(i64::MAX)))?;
        let (mut found, mut damaged) = (Vec::new(), Vec::new());
        while let Some(row) = rows.next()? {
            match read(row) {
                Err(fault) if fault.is_damage() => damaged.push(fault),
                one => found.push(one?),
            }
        }
        // Those that were altered took places away from others, if there are any.
        if damaged.is_empty() || found.len() >= most || found.len() + damaged.len() < limit {
            for fault in damaged {
                let error = Cause::from(fault);
                tracing::error!(%error, "what was altered in the store is passed over; `vouchsafe verify` tells all of it");
            }
            found.truncate(most);
            return Ok(found);
        }
        limit = limit.saturating_mul(2);
    }
}

/// A reversal that came before its request, as it lies in the file.
pub(super) struct Forestalling {
    pub(super) key: Key,
    pub(super) reversal: MessageId,
    pub(super) at: Timestamp,
    pub(super) link: Mark,
}

/// The requests whose reversals came first: of the channel with this number, or all.
pub(super) fn forestalled(book: Book<'_>, channel: Option<i64>) -> Result<Vec<Result<Forestalling, Fault>>, Fault> {
    let sql = "SELECT f.request_id, f.kind, c.name, f.at, f.reversal_id, f.reversal_capitals, f.link
               FROM forestalled AS f JOIN names AS c ON c.number = f.channel WHERE ?1 IS NULL OR f.channel = ?1";
    let mut statement = book.connection.prepare_cached(sql)?;
    let mut rows = statement.query([channel])?;
    let mut noted = Vec::new();
    while let Some(row) = rows.next()? {
        noted.push(forestalling(row));
    }
    Ok(noted)
}

fn forestalling(row: &Row<'_>) -> Result<Forestalling, Fault> {
    // How the request's id was spelled is not known: it never came.
    let id = MessageId::from_parts(row.get(0)?, 0);
    Ok(Forestalling {
        key: Key { channel: name(row, 2)?, kind: Word::at_place(row.get(1)?)?, id },
        reversal: MessageId::from_parts(row.get(4)?, row.get(5)?),
        at: time(row.get(3)?)?,
        link: mark(row, 6)?,
    })
}

/// How often an advice was sent without an end, and why: two columns from here on.
pub(super) fn attempts(row: &Row<'_>, column: usize) -> Result<Attempts, Fault> {
    let hindrance: Option<i64> = row.get(column + 1)?;
    Ok(Attempts { count: row.get(column)?, hindrance: hindrance.map(Word::at_place).transpose()? })
}

/// An advice: its id, and three columns from here on.
pub(super) fn queued(row: &Row<'_>, id: [u8; 16], column: usize) -> Result<QueuedAdvice, Fault> {
    Ok(QueuedAdvice {
        id: MessageId::from_parts(id, row.get(column)?),
        advice: Advice::at_place(row.get(column + 1)?)?,
        due_at: time(row.get(column + 2)?)?,
    })
}

/// The columns of [`select_transaction`], proven to be as they were written.
pub(super) fn transaction(row: &Row<'_>, book: Book<'_>) -> Result<Transaction, Fault> {
    Ok(read_linked(row, book)?.transaction)
}

/// The same, with the last link of its chain.
pub(super) fn read_linked(row: &Row<'_>, book: Book<'_>) -> Result<Linked, Fault> {
    let transaction = unproven(row)?;
    let (link, mark) = (self::mark(row, 15)?, self::mark(row, 16)?);
    if mark != book.vault.chain.row(&transaction, link) {
        return Err(Fault::from(Damaged("its row was altered")).at(transaction.number, None));
    }
    Ok(Linked { transaction, link })
}

/// A link or a mark; what has another length is none that was ever made.
pub(super) fn mark(row: &Row<'_>, column: usize) -> Result<Mark, Fault> {
    let bytes = row.get_ref(column)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(bytes.try_into().unwrap_or_default())
}

/// The columns of [`select_transaction`] but the last two, from before they were chained.
pub(super) fn unproven(row: &Row<'_>) -> Result<Transaction, Fault> {
    let id = MessageId::from_parts(row.get(3)?, row.get(4)?);
    let upstream_id: Option<[u8; 16]> = row.get(8)?;
    Ok(Transaction {
        number: TransactionNumber(row.get::<_, i64>(0)?.cast_unsigned()),
        key: Key { channel: name(row, 1)?, kind: Word::at_place(row.get(2)?)?, id },
        version: row.get(5)?,
        state: Word::at_place(row.get(6)?)?,
        provider: name(row, 7)?,
        upstream_id: upstream_id.map_or(id, |bytes| MessageId::from_parts(bytes, 0)),
        asked: asked(row)?,
        terms: terms(row.get(12)?)?,
        opened_at: time(row.get(13)?)?,
        due_at: row.get::<_, Option<i64>>(14)?.map(time).transpose()?,
    })
}

fn asked(row: &Row<'_>) -> Result<Option<LedgerAmount>, Fault> {
    let Some(amount) = row.get(9)? else { return Ok(None) };
    let currency = currency(row.get(10)?)?;
    let ledger_indicator = row.get::<_, Option<i64>>(11)?.map(LedgerIndicator::at_place).transpose()?;
    Ok(Some(LedgerAmount { amount, currency, ledger_indicator }))
}

pub(super) fn currency(code: u16) -> Result<Currency, Damaged> {
    Currency::new(code).ok_or(Damaged("a currency has more than three digits"))
}

/// A channel or a provider.
pub(super) fn name<F: Form, const LEAST: usize, const MOST: usize>(
    row: &Row<'_>,
    column: usize,
) -> Result<Text<F, LEAST, MOST>, Fault> {
    let name = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(Text::new(name).map_err(|_| Damaged("a name breaks the rules for names"))?)
}

pub(super) fn time(millisecond: i64) -> Result<Timestamp, Damaged> {
    Timestamp::from_millisecond(millisecond).map_err(|_| Damaged("a time is out of range"))
}

/// An advice's state as a number: 0 while it is open, then 1 more than the place of its end.
pub(super) fn advice_state_column(end: Option<AdviceEnd>) -> i64 {
    end.map_or(0, |end| i64::from(end.place()) + 1)
}

pub(super) fn advice_end(column: i64) -> Result<Option<AdviceEnd>, Damaged> {
    if column == 0 { Ok(None) } else { AdviceEnd::at_place(column.saturating_sub(1)).map(Some) }
}

const CONFIRMATIONS: i64 = 16;
const REVERSALS: i64 = 32;

/// Terms as a number; the schema says how.
pub(super) fn terms_column(terms: Terms) -> i64 {
    let Terms { messaging, confirmations, reversals } = terms;
    i64::from(messaging.place()) + i64::from(confirmations) * CONFIRMATIONS + i64::from(reversals) * REVERSALS
}

fn terms(column: i64) -> Result<Terms, Damaged> {
    let messaging = Messaging::at_place(column & !(CONFIRMATIONS | REVERSALS))?;
    Ok(Terms { messaging, confirmations: column & CONFIRMATIONS != 0, reversals: column & REVERSALS != 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_come_back_as_they_were() {
        for messaging in Messaging::ALL.iter().copied() {
            for (confirmations, reversals) in [(false, false), (false, true), (true, false), (true, true)] {
                let kept = Terms { messaging, confirmations, reversals };
                assert_eq!(terms(terms_column(kept)), Ok(kept));
            }
        }
    }

    #[test]
    fn an_advice_is_open_or_has_its_end() {
        for end in AdviceEnd::ALL.iter().copied().map(Some).chain([None]) {
            assert_eq!(advice_end(advice_state_column(end)), Ok(end));
        }
        for column in [i64::MIN, -1, 1 + AdviceEnd::ALL.len() as i64] {
            assert!(advice_end(column).is_err(), "{column}");
        }
    }

    #[test]
    fn journals_do_not_overlap() {
        let last = position(TransactionNumber(7), LAST_VERSION).unwrap();
        assert!(position(TransactionNumber(7), 0).unwrap() < last);
        assert!(last < position(TransactionNumber(8), 0).unwrap());
        assert_eq!(version(last), LAST_VERSION);
        assert!(position(TransactionNumber(7), LAST_VERSION + 1).is_err());
        assert!(position(TransactionNumber(u64::MAX), 0).is_err());
    }
}
