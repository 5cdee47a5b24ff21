//! Rows of the file, read back as values.

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use vouchsafe_core::advice::Advice;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_core::money::{Currency, LedgerAmount, LedgerIndicator};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::{Form, Text};
use vouchsafe_core::transaction::Terms;

use super::Fault;
use crate::record::word::Word;
use crate::record::{Damaged, decode};
use crate::seal::{Place, Sealer};
use crate::{Entry, Key, QueuedAdvice, Transaction, TransactionNumber};

/// How many bits of a position are the version's.
const VERSION_BITS: u32 = 20;
const LAST_VERSION: u32 = (1 << VERSION_BITS) - 1;

/// Where the event that led to a version stands: the journals follow one another, each in its own order.
pub(super) fn position(number: TransactionNumber, version: u32) -> Result<i64, Damaged> {
    if version > LAST_VERSION {
        return Err(Damaged("its journal is full"));
    }
    let number = i64::try_from(number.0).ok().filter(|number| *number < 1 << (62 - VERSION_BITS));
    let number = number.ok_or(Damaged("its number is out of range"))?;
    Ok(number << VERSION_BITS | i64::from(version))
}

/// The columns that a transaction is made of, in the order that [`transaction`] reads them.
macro_rules! select_transaction {
    ($condition:literal) => {
        concat!(
            "SELECT t.number, c.name, t.kind, t.request_id, t.capitals, t.version, t.state, p.name, t.upstream_id,
                    t.asked_amount, t.asked_currency, t.asked_indicator, t.terms, t.opened_at, t.due_at
             FROM transactions AS t
             JOIN names AS c ON c.number = t.channel
             JOIN names AS p ON p.number = t.provider
             WHERE ",
            $condition
        )
    };
}

/// The transaction of a key.
pub(super) fn find(connection: &Connection, key: &Key) -> Result<Option<Transaction>, Fault> {
    let sql = select_transaction!(
        "t.request_id = ?1 AND t.kind = ?2 AND t.channel = (SELECT number FROM names WHERE name = ?3)"
    );
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((key.id.as_bytes(), key.kind.place(), key.channel.as_str()))?;
    rows.next()?.map(transaction).transpose()
}

/// A transaction's name.
fn key(connection: &Connection, number: TransactionNumber) -> Result<Key, Fault> {
    let mut statement = connection.prepare_cached(select_transaction!("t.number = ?1"))?;
    let mut rows = statement.query([number.0.cast_signed()])?;
    let row = rows.next()?.ok_or(Damaged("there is no such transaction"))?;
    Ok(transaction(row)?.key)
}

/// The request that opened a transaction.
pub(super) fn request(
    connection: &Connection,
    number: TransactionNumber,
    sealer: &Sealer,
) -> Result<ProvisionRequest, Fault> {
    let key = key(connection, number)?;
    let mut statement = connection.prepare_cached("SELECT request FROM transactions WHERE number = ?1")?;
    let sealed: Vec<u8> = statement.query_row([number.0.cast_signed()], |row| row.get(0))?;
    Ok(decode(&sealer.open(Place::Request(&key), &sealed)?)?)
}

/// A transaction's journal, oldest first.
pub(super) fn journal(
    connection: &Connection,
    number: TransactionNumber,
    sealer: &Sealer,
) -> Result<Vec<Entry>, Fault> {
    let key = key(connection, number)?;
    let sql = "SELECT e.position, e.at, e.event, e.state, e.outcome, a.id, a.capitals, a.advice, a.first_due_at
               FROM events AS e LEFT JOIN advices AS a ON a.position = e.position
               WHERE e.position BETWEEN ?1 AND ?2 ORDER BY e.position";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query((position(number, 0)?, position(number, LAST_VERSION)?))?;
    let mut journal = Vec::new();
    for version in 1.. {
        let Some(row) = rows.next()? else { break };
        if row.get::<_, i64>(0)? != position(number, version)? {
            return Err(Damaged("its journal has a gap").into());
        }
        journal.push(entry(row, version, &key, sealer)?);
    }
    Ok(journal)
}

fn entry(row: &Row<'_>, version: u32, key: &Key, sealer: &Sealer) -> Result<Entry, Fault> {
    let outcome = match row.get_ref(4)?.as_blob_or_null().map_err(rusqlite::Error::from)? {
        Some(sealed) => Some(decode(&sealer.open(Place::Outcome(key, version), sealed)?)?),
        None => None,
    };
    let advice = match row.get::<_, Option<[u8; 16]>>(5)? {
        Some(id) => Some(QueuedAdvice {
            id: MessageId::from_parts(id, row.get(6)?),
            advice: Advice::at_place(row.get(7)?)?,
            due_at: time(row.get(8)?)?,
        }),
        None => None,
    };
    Ok(Entry {
        version,
        at: time(row.get(1)?)?,
        event: Word::at_place(row.get(2)?)?,
        state: Word::at_place(row.get(3)?)?,
        outcome,
        advice,
    })
}

fn transaction(row: &Row<'_>) -> Result<Transaction, Fault> {
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
    let currency = Currency::new(row.get(10)?).ok_or(Damaged("a currency has more than three digits"))?;
    let ledger_indicator = row.get::<_, Option<i64>>(11)?.map(LedgerIndicator::at_place).transpose()?;
    Ok(Some(LedgerAmount { amount, currency, ledger_indicator }))
}

fn name<F: Form, const LEAST: usize, const MOST: usize>(
    row: &Row<'_>,
    column: usize,
) -> Result<Text<F, LEAST, MOST>, Fault> {
    let name = row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(Text::new(name).map_err(|_| Damaged("a name breaks the rules for names"))?)
}

fn time(millisecond: i64) -> Result<Timestamp, Damaged> {
    Timestamp::from_millisecond(millisecond).map_err(|_| Damaged("a time is out of range"))
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
    fn journals_do_not_overlap() {
        let last = position(TransactionNumber(7), LAST_VERSION).unwrap();
        assert!(position(TransactionNumber(7), 0).unwrap() < last);
        assert!(last < position(TransactionNumber(8), 0).unwrap());
        assert!(position(TransactionNumber(7), LAST_VERSION + 1).is_err());
        assert!(position(TransactionNumber(u64::MAX), 0).is_err());
    }
}
