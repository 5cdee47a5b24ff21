//! The whole store, proven: every row, every journal, every voucher's entry, and the sum over all.

use rusqlite::Connection;
use vouchsafe_core::advice::Advice;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::{Event, Kind, State};

use super::Fault;
use super::book::{self, Book};
use super::fault::Broken;
use super::journal::{self, Proven};
use super::{row, total};
use crate::record::{Damaged, decode_request};
use crate::{Cause, Transaction, TransactionNumber, Verdict};

/// How many transactions are read at once.
const PORTION: i64 = 256;
/// How many faults are told in words; all are counted.
const TOLD: usize = 100;

/// Proves everything as of one moment. `progress` hears, now and then, up to which transaction all was looked at and
/// what the last one is.
///
/// # Errors
/// Only where the engine fails; what is broken is in the [`Verdict`].
pub(super) fn verify(book: Book<'_>, progress: &mut dyn FnMut(u64, u64)) -> Result<Verdict, Fault> {
    // One reading from beginning to end: the sum must be that of the journals that are added up.
    book.connection.execute_batch("BEGIN")?;
    let verdict = Audit { book, verdict: Verdict::default(), sum: 0 }.run(progress);
    book.connection.execute_batch("COMMIT")?;
    verdict
}

struct Audit<'a> {
    book: Book<'a>,
    verdict: Verdict,
    sum: u128,
}

impl Audit<'_> {
    fn run(mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verdict, Fault> {
        let connection = self.book.connection;
        self.look_at_pages()?;
        let last: i64 =
            connection.query_row("SELECT coalesce(max(number), 0) FROM transactions", (), |row| row.get(0))?;
        let mut after = 0;
        while let Some(portion) = numbers(connection, after)? {
            for number in portion {
                after = number;
                self.look_at(TransactionNumber(number.cast_unsigned()))?;
            }
            progress(after.unsigned_abs(), last.unsigned_abs());
        }
        for noted in row::forestalled(self.book, None)? {
            let link = self.book.vault.chain.forestalled(&noted.key, noted.reversal, noted.at);
            self.sum = self.sum.wrapping_add(link.share);
            self.verdict.forestalled += 1;
            if link.mark != noted.link {
                let what = "a reversal that came before its request was altered";
                self.break_with(format!("{what}: {} {}", noted.key.channel.as_str(), noted.key.id));
            }
        }
        self.look_for_strays()?;
        self.compare_sum()?;
        Ok(self.verdict)
    }

    /// Indexes and pages, as the engine proves them.
    fn look_at_pages(&mut self) -> Result<(), Fault> {
        let mut statement = self.book.connection.prepare("PRAGMA integrity_check(10)")?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let words: String = row.get(0)?;
            if words != "ok" {
                self.break_with(format!("the file: {words}"));
            }
        }
        Ok(())
    }

    fn look_at(&mut self, number: TransactionNumber) -> Result<(), Fault> {
        self.verdict.transactions += 1;
        let proven = row::linked(self.book, number).and_then(|linked| journal::prove(self.book, linked));
        match proven.and_then(|proven| self.look_into(&proven).map(|()| proven)) {
            Ok(proven) => {
                self.verdict.events += proven.lines.len() as u64;
                self.sum = self.sum.wrapping_add(proven.shares);
                Ok(())
            }
            Err(Fault::Engine(error @ rusqlite::Error::SqliteFailure(..))) => Err(error.into()),
            Err(fault) => {
                self.break_with(match Cause::from(fault.at(number, None)) {
                    Cause::Damaged(words) => words,
                    cause => cause.to_string(),
                });
                Ok(())
            }
        }
    }

    /// What a chain alone does not prove: that the records can be read, that a voucher is found by its names, and that
    /// what is owed is still on its way.
    fn look_into(&self, proven: &Proven) -> Result<(), Fault> {
        let transaction = &proven.linked.transaction;
        if let Some(text) = &proven.request.text {
            decode_request(transaction.key.kind, text).map_err(|damaged| at(transaction, Some(0), damaged))?;
        }
        for line in &proven.lines {
            let outcome: Option<Outcome> =
                book::record(line.outcome.as_ref()).map_err(|damaged| at(transaction, Some(line.version), damaged))?;
            let names = outcome.map_or_else(Vec::new, |outcome| self.book.vault.hasher.issued(&outcome));
            if transaction.state != State::Declined || transaction.key.kind == Kind::Provision {
                for name in names {
                    if !super::vouchers::is_entered(self.book.connection, transaction.number, name)? {
                        let what = "its voucher is not entered: it cannot be found by its code or serial number";
                        return Err(at(transaction, Some(line.version), Damaged(what)));
                    }
                }
            }
        }
        let open = proven.lines.iter().filter_map(|line| line.advice).find(|(_, end, _)| end.is_none());
        let was_refused = || proven.lines.iter().any(|line| line.event == Event::ConfirmationRefused);
        let is_owed = match (transaction.state, open) {
            (State::Confirming, Some((queued, ..))) => queued.advice == Advice::Confirmation,
            (State::Confirming, None) => was_refused(),
            (State::Reversing, Some((queued, ..))) => queued.advice != Advice::Confirmation,
            (State::Reversing, None) => false,
            (_, open) => open.is_none(),
        };
        if is_owed { Ok(()) } else { Err(at(transaction, None, Damaged("what it owes to its provider was altered"))) }
    }

    /// Rows that belong to no transaction.
    fn look_for_strays(&mut self) -> Result<(), Fault> {
        for (table, what) in [("events", "an event"), ("advices", "an advice")] {
            let parent = if table == "events" {
                "SELECT 1 FROM transactions AS t WHERE t.number = s.position >> 20 AND s.position & 1048575 <= t.version"
            } else {
                "SELECT 1 FROM events AS e WHERE e.position = s.position"
            };
            let sql = format!("SELECT s.position FROM {table} AS s WHERE NOT EXISTS ({parent}) LIMIT 10");
            let mut statement = self.book.connection.prepare(&sql)?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                let position: i64 = row.get(0)?;
                let (number, version) = (position >> row::VERSION_BITS, row::version(position));
                self.break_with(format!("{what} belongs to nothing: transaction {number}, event {version}"));
            }
        }
        Ok(())
    }

    fn compare_sum(&mut self) -> Result<(), Fault> {
        match total::read(self.book) {
            Ok(sum) => {
                self.verdict.sum = sum;
                if sum != self.sum {
                    let what = "the sum over all journals is another than it should be";
                    let hint = if self.verdict.broken == 0 {
                        ": something is gone without a trace, such as a transaction, or the end of its journal"
                    } else {
                        ", as it must be where something is broken"
                    };
                    self.break_with(format!("{what}{hint}"));
                }
                Ok(())
            }
            Err(Fault::Damaged(damaged)) => {
                self.break_with(damaged.0.to_owned());
                Ok(())
            }
            Err(fault) => Err(fault),
        }
    }

    fn break_with(&mut self, words: String) {
        self.verdict.broken += 1;
        if self.verdict.told.len() < TOLD {
            self.verdict.told.push(words);
        }
    }
}

fn at(transaction: &Transaction, version: Option<u32>, what: Damaged) -> Fault {
    Broken { number: transaction.number, version, what }.into()
}

/// The next transactions' numbers, if there are any.
fn numbers(connection: &Connection, after: i64) -> Result<Option<Vec<i64>>, Fault> {
    let sql = "SELECT number FROM transactions WHERE number > ?1 ORDER BY number LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let numbers: Vec<i64> =
        statement.query_map((after, PORTION), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(Some(numbers).filter(|numbers| !numbers.is_empty()))
}
