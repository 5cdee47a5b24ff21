//! What a store of an earlier version lacks: entries of its vouchers, chains through its journals.
//!
//! What is damaged costs its own journal, as before, and not the start of the switch: it is left out of the vouchers,
//! and chained as if nothing stood there, so that it is found broken ever after.

use rusqlite::Connection;
use vouchsafe_core::outcome::Outcome;

use super::book::{self, Book};
use super::journal::{self, Line};
use super::{Fault, row, total, vouchers};
use crate::chain::Mark;
use crate::record::word::Word as _;
use crate::seal::Place;
use crate::{Transaction, TransactionNumber};

/// How many transactions are taken up at once.
const PORTION: i64 = 256;

/// Chains everything, and enters the vouchers where they are lacking too.
pub(super) fn fill(book: Book<'_>, are_vouchers: bool) -> Result<(), Fault> {
    let mut sum = 0_u128;
    let mut after = 0;
    loop {
        let portion = unproven(book.connection, after)?;
        let Some((last, _)) = portion.last() else { break };
        after = *last;
        for transaction in portion.iter().filter_map(|(_, transaction)| transaction.as_ref()) {
            let lines = match journal::lines(book, &transaction.key, transaction.number) {
                Err(fault) if fault.is_damage() => Vec::new(),
                lines => lines?,
            };
            if are_vouchers {
                enter(book, transaction.number, &lines)?;
            }
            sum = sum.wrapping_add(chain(book, transaction, &lines)?);
        }
    }
    for noted in row::forestalled(book, None)?.into_iter().flatten() {
        let link = book.vault.chain.forestalled(&noted.key, noted.reversal, noted.at);
        let sql = "UPDATE forestalled SET link = ?1 WHERE request_id = ?2 AND kind = ?3
                   AND channel = (SELECT number FROM names WHERE name = ?4)";
        let key = &noted.key;
        let parameters = (link.mark, key.id.as_bytes(), key.kind.place(), key.channel.as_str());
        book.connection.prepare_cached(sql)?.execute(parameters)?;
        sum = sum.wrapping_add(link.share);
    }
    total::put(book.connection, &book.vault.sealer, sum)
}

/// The next transactions and their numbers; a number alone where its row cannot be read.
fn unproven(connection: &Connection, after: i64) -> Result<Vec<(i64, Option<Transaction>)>, Fault> {
    let mut statement = connection.prepare_cached(row::NUMBERED)?;
    let mut rows = statement.query((after, PORTION))?;
    let mut transactions = Vec::new();
    while let Some(row) = rows.next()? {
        let transaction = match row::unproven(row) {
            Err(fault) if fault.is_damage() => None,
            transaction => Some(transaction?),
        };
        transactions.push((row.get(0)?, transaction));
    }
    Ok(transactions)
}

/// Enters a transaction under the names of the voucher that it issued.
fn enter(book: Book<'_>, number: TransactionNumber, lines: &[Line]) -> Result<(), Fault> {
    for line in lines {
        if let Ok(Some(outcome)) = book::record::<Outcome>(line.outcome.as_ref()) {
            vouchers::enter(book.connection, number, &book.vault.hasher.issued(&outcome))?;
        }
    }
    Ok(())
}

/// Chains a journal, and returns what it adds to the sum.
fn chain(book: Book<'_>, transaction: &Transaction, lines: &[Line]) -> Result<u128, Fault> {
    let number = transaction.number.0.cast_signed();
    let sql = "SELECT request FROM transactions WHERE number = ?1";
    let request: Vec<u8> = book.connection.prepare_cached(sql)?.query_row([number], |row| row.get(0))?;
    let opened = book.open(Place::Request(&transaction.key), &request);
    let digest = opened.map_or(Mark::default(), |opened| opened.digest);
    let opening = book.vault.chain.opening(transaction, digest);
    let (mut last, mut sum) = (opening.mark, opening.share);
    for line in lines {
        let link = book.vault.chain.event(last, transaction.number, line.version, &line.chained());
        let position = row::position(transaction.number, line.version)?;
        book.connection
            .prepare_cached("UPDATE events SET link = ?1 WHERE position = ?2")?
            .execute((link.mark, position))?;
        sum = sum.wrapping_add(link.share);
        last = link.mark;
    }
    let sql = "UPDATE transactions SET link = ?1, mark = ?2 WHERE number = ?3";
    let mark = book.vault.chain.row(transaction, last);
    book.connection.prepare_cached(sql)?.execute((last, mark, number))?;
    Ok(sum)
}
