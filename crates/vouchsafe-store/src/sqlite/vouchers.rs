//! Which transactions a voucher was issued, redeemed or refunded by.
//!
//! Each partition holds the vouchers of so many transactions that follow one another. What is written now lands on the
//! few pages of the last one; a question asks them all, a small look each.

use rusqlite::Connection;

use super::Fault;
use super::book::Book;
use super::row::{self, select_transaction};
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

/// Whether a transaction is entered under a name.
pub(super) fn is_entered(connection: &Connection, number: TransactionNumber, name: i64) -> Result<bool, Fault> {
    let number = number.0.cast_signed();
    let sql = "SELECT EXISTS (SELECT 1 FROM vouchers WHERE partition = ?1 AND name = ?2 AND number = ?3)";
    Ok(connection.prepare_cached(sql)?.query_row((number >> PARTITION_BITS, name, number), |row| row.get(0))?)
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
pub(super) fn concerning(book: Book<'_>, name: i64) -> Result<Vec<Concerned>, Fault> {
    let newest = "SELECT coalesce(max(partition), -1) FROM vouchers";
    let newest: i64 = book.connection.prepare_cached(newest)?.query_row((), |row| row.get(0))?;
    let mut statement = book.connection.prepare_cached(CONCERNING)?;
    let mut concerned = Vec::new();
    for partition in 0..=newest {
        let mut rows = statement.query((partition, name))?;
        while let Some(row) = rows.next()? {
            let is_owed = row.get(row::TRANSACTION_COLUMNS)?;
            concerned.push(Concerned { transaction: row::transaction(row, book)?, is_owed });
        }
    }
    Ok(concerned)
}
