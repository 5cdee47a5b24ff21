//! Which transactions a voucher was issued, redeemed or refunded by.
//!
//! Each partition holds the vouchers of so many transactions that follow one another. What is written now lands on the
//! few pages of the last one; a question asks them all, a small look each.

use rusqlite::Connection;

use super::Fault;
use super::row::{self, select_transaction};
use crate::record::decode;
use crate::seal::{Place, Sealer};
use crate::voucher_hash::VoucherHasher;
use crate::{Concerned, TransactionNumber};

/// How many bits of a transaction's number a partition leaves out.
const PARTITION_BITS: u32 = 12;

/// Enters a transaction under the names of its voucher; once is enough.
pub(super) fn enter(connection: &Connection, number: TransactionNumber, names: &[i64]) -> Result<(), Fault> {
    let number = number.0.cast_signed();
    let sql = "INSERT INTO vouchers (partition, name, number) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    for name in names {
        connection.prepare_cached(sql)?.execute((number >> PARTITION_BITS, name, number))?;
    }
    Ok(())
}

/// Takes a transaction out from under every name. It walks through one partition, so it is for what is seldom.
pub(super) fn leave(connection: &Connection, number: TransactionNumber) -> Result<(), Fault> {
    let number = number.0.cast_signed();
    let sql = "DELETE FROM vouchers WHERE partition = ?1 AND number = ?2";
    connection.prepare_cached(sql)?.execute((number >> PARTITION_BITS, number))?;
    Ok(())
}

pub(super) const CONCERNING: &str = select_transaction!(
    ", EXISTS (SELECT 1 FROM advices WHERE position BETWEEN t.number << 20 AND t.number << 20 | 1048575 AND state = 0)",
    "vouchers AS v CROSS JOIN transactions AS t ON t.number = v.number",
    "v.partition = ?1 AND v.name = ?2 ORDER BY v.number"
);

/// The transactions of a voucher, in the order of their numbers.
pub(super) fn concerning(connection: &Connection, name: i64) -> Result<Vec<Concerned>, Fault> {
    let newest = "SELECT coalesce(max(partition), -1) FROM vouchers";
    let newest: i64 = connection.prepare_cached(newest)?.query_row((), |row| row.get(0))?;
    let mut statement = connection.prepare_cached(CONCERNING)?;
    let mut concerned = Vec::new();
    for partition in 0..=newest {
        let mut rows = statement.query((partition, name))?;
        while let Some(row) = rows.next()? {
            let is_owed = row.get(row::TRANSACTION_COLUMNS)?;
            concerned.push(Concerned { transaction: row::transaction(row)?, is_owed });
        }
    }
    Ok(concerned)
}

/// Enters every voucher that the journals tell of, for a store that was written before vouchers were entered. What is
/// damaged is left out: it costs its own journal, as before, and not the start of the switch.
pub(super) fn enter_all(connection: &Connection, sealer: &Sealer, hasher: &VoucherHasher) -> Result<(), Fault> {
    let sql = "SELECT e.position, e.outcome FROM events AS e WHERE e.outcome IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (position, sealed): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let (number, version) =
            (TransactionNumber((position >> row::VERSION_BITS).cast_unsigned()), row::version(position));
        let key = row::key(connection, number)?;
        let opened = sealer.open(Place::Outcome(&key, version), &sealed).and_then(|plain| decode(&plain));
        if let Ok(outcome) = opened {
            enter(connection, number, &hasher.issued(&outcome))?;
        }
    }
    Ok(())
}
