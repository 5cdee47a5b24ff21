//! The end of what is kept: what was said in old transactions is destroyed, and what happened stays.

use std::time::Duration;

use jiff::Timestamp;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::State;

use super::{Command, Tables};
use crate::chain::Mark;
use crate::record::word::Word;
use crate::seal::Form;
use crate::sqlite::journal::{self, Line};
use crate::sqlite::row::Linked;
use crate::sqlite::{Fault, book, row};
use crate::vault::Opened;
use crate::{Destroyed, Transaction, TransactionNumber};

/// Destroys requests, approvals and what channels said, of transactions that were opened long enough ago and have ended.
pub(in crate::sqlite) struct Destroy {
    pub(in crate::sqlite) now: Timestamp,
    pub(in crate::sqlite) kept_for: Duration,
    pub(in crate::sqlite) most: usize,
}

/// How many of those that were left when their time came are looked at together: a commit must not wait for all of them.
const LOOK: i64 = 1024;
/// How far is looked for a transaction that tells how old those are that are dated ahead.
const WALK: i64 = 65_536;

/// The next of them, and whether they have ended since.
const KEPT_LONGER: &str = "SELECT k.number, t.state IN (?1, ?2, ?3, ?4, ?5, ?6) AND NOT EXISTS (
         SELECT 1 FROM advices WHERE position BETWEEN t.number << 20 AND t.number << 20 | 1048575 AND state = 0)
     FROM kept_longer AS k CROSS JOIN transactions AS t ON t.number = k.number
     WHERE k.number > ?7 ORDER BY k.number LIMIT ?8";

/// The states in which nothing more happens once nothing is owed. A confirmation that was refused for good leaves its
/// transaction where it was.
pub(super) const ENDED: [State; 6] =
    [State::Declined, State::Confirmed, State::Reversed, State::Resolved, State::Void, State::Confirming];

impl Command for Destroy {
    type Answer = Destroyed;

    fn apply(&self, tables: &mut Tables) -> Result<Destroyed, Fault> {
        let (ended, are_all_looked_at) = self.kept_longer(tables)?;
        let mut count = ended.len();
        for number in ended {
            destroy_one(tables, TransactionNumber(number.cast_unsigned()))?;
            tables.connection.prepare_cached("DELETE FROM kept_longer WHERE number = ?1")?.execute([number])?;
        }
        let sql = "SELECT destroyed_to, reached FROM retention";
        let (mut done, reached): (i64, Option<i64>) =
            tables.connection.prepare_cached(sql)?.query_row((), |row| Ok((row.get(0)?, row.get(1)?)))?;
        let reached = reached.map(row::time).transpose()?;
        let mut ages = Ages { now: self.now, reached: reached.filter(|at| *at <= self.now) };
        let is_old = |at: Timestamp| at < self.now - self.kept_for;
        let next = numbers(tables, done, i64::try_from(self.most).unwrap_or(i64::MAX))?;
        let mut seen = 0;
        for number in next {
            match row::linked(tables.book(), TransactionNumber(number.cast_unsigned())) {
                Ok(Linked { transaction, .. }) if !ages.of_next(tables, &transaction)?.is_some_and(is_old) => break,
                Ok(Linked { transaction, .. }) if has_ended(tables, &transaction)? => {
                    destroy_one(tables, transaction.number)?;
                    count += 1;
                }
                Ok(_) => {
                    let sql = "INSERT OR IGNORE INTO kept_longer (number) VALUES (?1)";
                    tables.connection.prepare_cached(sql)?.execute([number])?;
                }
                // It stays, and the rest must not stay with it.
                Err(fault) if fault.is_damage() => {}
                Err(fault) => return Err(fault),
            }
            done = number;
            seen += 1;
        }
        let sql = "UPDATE retention SET destroyed_to = ?1, reached = ?2";
        tables.connection.prepare_cached(sql)?.execute((done, ages.reached.map(Timestamp::as_millisecond)))?;
        Ok(Destroyed { count, are_all: are_all_looked_at && seen < self.most && count < self.most })
    }
}

/// How old transactions are in the order of commits, whatever clocks told.
struct Ages {
    now: Timestamp,
    /// The latest date of those that were looked at, but for those that are dated ahead.
    reached: Option<Timestamp>,
}

impl Ages {
    /// When the next transaction counts as opened: no earlier than those before it; and where it is dated ahead, when the
    /// next was that is not. Nothing where nobody can tell yet.
    fn of_next(&mut self, tables: &mut Tables, transaction: &Transaction) -> Result<Option<Timestamp>, Fault> {
        let is_ahead = transaction.opened_at > self.now;
        let date = if is_ahead { self.dated_after(tables, transaction.number)? } else { Some(transaction.opened_at) };
        let counts_as = date.max(self.reached).filter(|_| date.is_some());
        if !is_ahead {
            self.reached = counts_as;
        }
        Ok(counts_as)
    }

    /// The date of the next transaction after a number that is neither dated ahead nor put back.
    fn dated_after(&self, tables: &mut Tables, number: TransactionNumber) -> Result<Option<Timestamp>, Fault> {
        let is_one = |at: Timestamp| at <= self.now && Some(at) >= self.reached;
        if let Some((_, at)) = tables.dated.filter(|(dated, at)| *dated > number && is_one(*at)) {
            return Ok(Some(at));
        }
        tables.dated = None;
        let newest = "SELECT opened_at FROM transactions ORDER BY number DESC LIMIT 1";
        let newest = tables.connection.prepare_cached(newest)?.query_row((), |row| row.get(0))?;
        if row::time(newest)? > self.now {
            // The clock is still behind: nothing that comes after this is looked for.
            return Ok(None);
        }
        for number in candidates(tables, number, self)? {
            match row::linked(tables.book(), number) {
                Ok(Linked { transaction, .. }) if is_one(transaction.opened_at) => {
                    tables.dated = Some((number, transaction.opened_at));
                    return Ok(Some(transaction.opened_at));
                }
                Ok(_) => {}
                Err(fault) if fault.is_damage() => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(None)
    }
}

/// The first transactions after a number that are dated as is looked for. A commit must not wait for a walk through all.
fn candidates(tables: &Tables, after: TransactionNumber, ages: &Ages) -> Result<Vec<TransactionNumber>, Fault> {
    let sql =
        "SELECT number FROM (SELECT number, opened_at FROM transactions WHERE number > ?1 ORDER BY number LIMIT ?2)
               WHERE opened_at BETWEEN ?3 AND ?4 ORDER BY number LIMIT 8";
    let from = ages.reached.map_or(i64::MIN, Timestamp::as_millisecond);
    let mut statement = tables.connection.prepare_cached(sql)?;
    let mut rows = statement.query((after.0.cast_signed(), WALK, from, ages.now.as_millisecond()))?;
    let mut numbers = Vec::new();
    while let Some(row) = rows.next()? {
        numbers.push(TransactionNumber(row.get::<_, i64>(0)?.cast_unsigned()));
    }
    Ok(numbers)
}

impl Destroy {
    /// Those of the next that were kept longer and have ended since, and whether none is left to look at this time.
    fn kept_longer(&self, tables: &mut Tables) -> Result<(Vec<i64>, bool), Fault> {
        let [a, b, c, d, e, f] = ENDED.map(Word::place);
        let (mut ended, mut looked_at) = (Vec::new(), 0);
        {
            let mut statement = tables.connection.prepare_cached(KEPT_LONGER)?;
            let mut rows = statement.query((a, b, c, d, e, f, tables.kept_seen, LOOK))?;
            while let Some(row) = rows.next()?.filter(|_| ended.len() < self.most) {
                if row.get(1)? {
                    ended.push(row.get(0)?);
                }
                tables.kept_seen = row.get(0)?;
                looked_at += 1;
            }
        }
        let are_all = looked_at < LOOK && ended.len() < self.most;
        if are_all {
            tables.kept_seen = 0;
        }
        Ok((ended, are_all))
    }
}

/// The numbers of the next transactions.
pub(super) fn numbers(tables: &Tables, after: i64, most: i64) -> Result<Vec<i64>, Fault> {
    let sql = "SELECT number FROM transactions WHERE number > ?1 ORDER BY number LIMIT ?2";
    let mut statement = tables.connection.prepare_cached(sql)?;
    Ok(statement.query_map((after, most), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

/// Whether nothing can happen to it any more and nothing is owed.
fn has_ended(tables: &Tables, transaction: &Transaction) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM advices WHERE position BETWEEN ?1 AND ?2 AND state = 0)";
    let range = (row::position(transaction.number, 0)?, row::position(transaction.number, row::LAST_VERSION)?);
    let is_owed: bool = tables.connection.prepare_cached(sql)?.query_row(range, |row| row.get(0))?;
    Ok(ENDED.contains(&transaction.state) && !is_owed)
}

/// What is damaged stays as it is: nobody can say what it was, and a person may still want to find out.
fn destroy_one(tables: &Tables, number: TransactionNumber) -> Result<(), Fault> {
    let proven = match row::linked(tables.book(), number).and_then(|linked| journal::prove(tables.book(), linked)) {
        Ok(proven) => proven,
        Err(Fault::Damaged(_) | Fault::Broken(_)) => return Ok(()),
        Err(fault) => return Err(fault),
    };
    let sql = "UPDATE transactions SET request = ?1 WHERE number = ?2";
    let request = Form::destroyed(proven.request.digest);
    tables.connection.prepare_cached(sql)?.execute((request, number.0.cast_signed()))?;
    for line in &proven.lines {
        let position = row::position(number, line.version)?;
        if let Some(digest) = approval(line) {
            let sql = "UPDATE events SET outcome = ?1 WHERE position = ?2";
            tables.connection.prepare_cached(sql)?.execute((Form::destroyed(digest), position))?;
        }
        if let Some(Opened { digest, .. }) = line.advised {
            let sql = "UPDATE events SET advised = ?1 WHERE position = ?2";
            tables.connection.prepare_cached(sql)?.execute((Form::destroyed(digest), position))?;
        }
    }
    Ok(())
}

/// What stands for an approval, where the event came with one that is still there.
fn approval(line: &Line) -> Option<Mark> {
    let outcome: Option<Outcome> = book::record(line.outcome.as_ref()).ok()?;
    matches!(outcome, Some(Outcome::Approved(_))).then_some(line.outcome.as_ref()?.digest)
}
