//! The whole store, proven: every row, every journal, every voucher's entry, and the sum over all.

use std::collections::BTreeMap;

use rusqlite::Connection;
use vouchsafe_core::advice::Advice;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::{Event, Kind, State};

use super::Fault;
use super::book::{self, Book};
use super::fault::Broken;
use super::journal::{self, Proven};
use super::{acts, row, schema, total};
use crate::record::{Damaged, decode_request};
use crate::{Cause, Transaction, TransactionNumber, Verdict};

/// How many transactions are read at once.
const PORTION: i64 = 256;
/// How many faults are told in words; all are counted.
const TOLD: usize = 100;

/// Proves everything as of one moment. `progress` hears, now and then, up to which transaction all was looked at and
/// what the last one is. Where the engine fails, that is told among what is broken, and the rest is looked at all the
/// same: what was found until then must not be lost.
pub(super) fn verify(book: Book<'_>, progress: &mut dyn FnMut(u64, u64)) -> Verdict {
    Audit { book, verdict: Verdict::default(), sum: 0, entries: Some(0) }.run(progress)
}

struct Audit<'a> {
    book: Book<'a>,
    verdict: Verdict,
    sum: u128,
    /// How many entries of vouchers there must be, where that can be told: what was destroyed does not say it any more.
    entries: Option<i64>,
}

impl Audit<'_> {
    fn run(mut self, progress: &mut dyn FnMut(u64, u64)) -> Verdict {
        let pages = self.look_at_pages();
        self.unless_read("the file's pages", pages);
        let schema = self.look_at_schema();
        self.unless_read("the schema", schema);
        let transactions = self.look_at_transactions(progress);
        if transactions.is_err() {
            self.entries = None;
        }
        self.unless_read("the list of transactions", transactions);
        let forestalled = self.look_at_forestalled();
        self.unless_read("reversals that came before their requests", forestalled);
        let acts = self.look_at_acts();
        self.unless_read("what was done by hand", acts);
        let strays = self.look_for_strays();
        self.unless_read("what belongs to nothing", strays);
        let strange = self.look_for_strange_entries();
        self.unless_read("the entries of vouchers", strange);
        let sum = self.compare_sum();
        self.unless_read("the sum over all journals", sum);
        self.verdict
    }

    fn unless_read(&mut self, what: &str, looked: Result<(), Fault>) {
        if let Err(fault) = looked {
            self.break_with(format!("{what} cannot be read to the end: {}", fault.words()));
        }
    }

    fn look_at_transactions(&mut self, progress: &mut dyn FnMut(u64, u64)) -> Result<(), Fault> {
        let connection = self.book.connection;
        let last: i64 =
            connection.query_row("SELECT coalesce(max(number), 0) FROM transactions", (), |row| row.get(0))?;
        // The store gives numbers from 1 on; somebody else may have given others.
        let mut after = i64::MIN;
        while let Some(portion) = numbers(connection, after)? {
            for number in portion {
                after = number;
                self.look_at(TransactionNumber(number.cast_unsigned()))?;
            }
            progress(after.max(0).unsigned_abs(), last.max(0).unsigned_abs());
        }
        Ok(())
    }

    fn look_at_forestalled(&mut self) -> Result<(), Fault> {
        for noted in row::forestalled(self.book, None)? {
            let noted = match noted {
                Err(fault) if fault.is_damage() => {
                    let what = "a reversal that came before its request cannot be read";
                    self.break_with(format!("{what}: {}", Cause::from(fault)));
                    continue;
                }
                noted => noted?,
            };
            let link = self.book.vault.chain.forestalled(&noted.key, noted.reversal, noted.at);
            self.sum = self.sum.wrapping_add(link.share);
            self.verdict.forestalled += 1;
            if link.mark != noted.link {
                let what = "a reversal that came before its request was altered";
                self.break_with(format!("{what}: {} {}", noted.key.channel.as_str(), noted.key.id));
            }
        }
        Ok(())
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

    /// A trigger could alter whatever is written from now on, and a view tell people something else.
    fn look_at_schema(&mut self) -> Result<(), Fault> {
        for altered in schema::alterations(self.book.connection)? {
            self.break_with(format!("the schema was altered: {altered}"));
        }
        Ok(())
    }

    fn look_at(&mut self, number: TransactionNumber) -> Result<(), Fault> {
        self.verdict.transactions += 1;
        let proven = row::linked(self.book, number).and_then(|linked| journal::prove(self.book, linked));
        match proven.and_then(|proven| self.look_into(&proven).map(|names| (proven, names))) {
            Ok((proven, names)) => {
                self.entries = self.entries.zip(names).map(|(entries, names)| entries + names);
                self.verdict.events += proven.lines.len() as u64;
                self.sum = self.sum.wrapping_add(proven.shares);
                Ok(())
            }
            Err(fault) if !fault.is_damage() && !fault.is_torn_page() => Err(fault),
            Err(fault) => {
                // What it is entered under is not known.
                self.entries = None;
                self.break_with(fault.of(number));
                Ok(())
            }
        }
    }

    /// What a chain alone does not prove: that the records can be read, that a voucher is found by its names, and that
    /// what is owed is still on its way. Returns how many names it is entered under, where that can be told.
    fn look_into(&self, proven: &Proven) -> Result<Option<i64>, Fault> {
        let transaction = &proven.linked.transaction;
        let (names, are_all) = self.names(proven)?;
        for (name, version) in &names {
            if !super::vouchers::is_entered(self.book.connection, transaction.number, *name)? {
                let what = "its voucher is not entered: it cannot be found by its code or serial number";
                return Err(at(transaction, Some(*version), Damaged(what)));
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
        if !is_owed {
            return Err(at(transaction, None, Damaged("what it owes to its provider was altered")));
        }
        Ok(are_all.then_some(i64::try_from(names.len()).unwrap_or(i64::MAX)))
    }

    /// The names that a transaction is entered under, each with the version that it is of, and whether these are all: what
    /// was destroyed says no more. One that was declined left all it had until then, if it presented a voucher.
    fn names(&self, proven: &Proven) -> Result<(BTreeMap<i64, u32>, bool), Fault> {
        let transaction = &proven.linked.transaction;
        let hasher = &self.book.vault.hasher;
        let kind = transaction.key.kind;
        let mut names = BTreeMap::new();
        let mut are_all = proven.request.text.is_some();
        if let Some(text) = &proven.request.text {
            let request = decode_request(kind, text).map_err(|damaged| at(transaction, Some(0), damaged))?;
            names.extend(hasher.presented(&request).into_iter().map(|name| (name, 0)));
        }
        for line in &proven.lines {
            are_all &= line.outcome.as_ref().is_none_or(|outcome| outcome.text.is_some());
            let outcome: Option<Outcome> =
                book::record(line.outcome.as_ref()).map_err(|damaged| at(transaction, Some(line.version), damaged))?;
            for name in outcome.map_or_else(Vec::new, |outcome| hasher.issued(&outcome)) {
                names.entry(name).or_insert(line.version);
            }
            if line.state == State::Declined && kind != Kind::Provision {
                names.clear();
            }
        }
        Ok((names, are_all))
    }

    /// What was done by hand.
    fn look_at_acts(&mut self) -> Result<(), Fault> {
        acts::prove_all(self.book, |proven| {
            match proven {
                Ok(proven) => {
                    self.verdict.acts += 1;
                    self.sum = self.sum.wrapping_add(proven.shares);
                }
                Err(fault) if !fault.is_damage() => return Err(fault),
                Err(fault) => self.break_with(fault.words()),
            }
            Ok(())
        })
    }

    /// Rows that belong to no transaction or to another provider's, and ends of no act.
    fn look_for_strays(&mut self) -> Result<(), Fault> {
        for (table, what) in [("events", "an event"), ("advices", "an advice")] {
            let parent = if table == "events" {
                "SELECT 1 FROM transactions AS t WHERE t.number = s.position >> 20 AND s.position & 1048575 <= t.version"
            } else {
                "SELECT 1 FROM events AS e CROSS JOIN transactions AS t ON t.number = e.position >> 20
                 WHERE e.position = s.position AND t.provider = s.provider"
            };
            let sql = format!("SELECT s.position FROM {table} AS s WHERE NOT EXISTS ({parent}) LIMIT 10");
            let mut statement = self.book.connection.prepare(&sql)?;
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                let position: i64 = row.get(0)?;
                let (number, version) = (position >> row::VERSION_BITS, row::version(position));
                self.break_with(format!(
                    "{what} does not belong where it stands: transaction {number}, event {version}"
                ));
            }
        }
        let sql = "SELECT number FROM act_ends WHERE number NOT IN (SELECT number FROM acts) LIMIT 10";
        let mut statement = self.book.connection.prepare(sql)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            self.break_with(format!("an end belongs to nothing: act {number}"));
        }
        Ok(())
    }

    /// Entries that nothing explains: by one a voucher leads to another's transaction.
    fn look_for_strange_entries(&mut self) -> Result<(), Fault> {
        let count: i64 = self.book.connection.query_row("SELECT count(*) FROM vouchers", (), |row| row.get(0))?;
        if self.entries.is_some_and(|entries| entries != count) {
            self.break_with("a voucher leads to a transaction that neither issued nor presented it".to_owned());
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
