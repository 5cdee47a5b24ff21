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
        let mut reached = Reached { now: self.now, at: reached.filter(|at| *at <= self.now), later: None };
        let before = self.now - self.kept_for;
        let next = numbers(tables, done, i64::try_from(self.most).unwrap_or(i64::MAX))?;
        let mut seen = 0;
        for number in next {
            match row::linked(tables.book(), TransactionNumber(number.cast_unsigned())) {
                Ok(Linked { transaction, .. }) if !reached.is_before(before, tables, &transaction)? => break,
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
        tables.connection.prepare_cached(sql)?.execute((done, reached.at.map(Timestamp::as_millisecond)))?;
        Ok(Destroyed { count, are_all: are_all_looked_at && seen < self.most && count < self.most })
    }
}

/// How far the times have come of all that was looked at, in the order of commits.
struct Reached {
    now: Timestamp,
    at: Option<Timestamp>,
    /// The next transaction that is not dated ahead, if one was looked for.
    later: Option<(TransactionNumber, Timestamp)>,
}

impl Reached {
    /// Whether the next transaction was certainly opened before a time: it was opened no later than it says, no later than
    /// what came after it, and whoever has put the clock back makes nothing older than what came before it.
    fn is_before(&mut self, time: Timestamp, tables: &Tables, transaction: &Transaction) -> Result<bool, Fault> {
        if transaction.opened_at <= self.now {
            self.at = self.at.max(Some(transaction.opened_at));
            return Ok(self.at.is_some_and(|at| at < time));
        }
        // It is dated ahead, so only what came after it can tell.
        if self.later.is_none_or(|(later, _)| later <= transaction.number) {
            self.later = next_dated(tables, transaction.number, self.now)?;
        }
        Ok(self.later.is_some_and(|(_, at)| Some(at).max(self.at).is_some_and(|at| at < time)))
    }
}

/// The next transaction after a number that is sound and not dated after a time.
fn next_dated(
    tables: &Tables,
    after: TransactionNumber,
    by: Timestamp,
) -> Result<Option<(TransactionNumber, Timestamp)>, Fault> {
    let sql = "SELECT number FROM transactions WHERE number > ?1 AND opened_at <= ?2 ORDER BY number";
    let mut statement = tables.connection.prepare_cached(sql)?;
    let mut rows = statement.query((after.0.cast_signed(), by.as_millisecond()))?;
    while let Some(row) = rows.next()? {
        match row::linked(tables.book(), TransactionNumber(row.get::<_, i64>(0)?.cast_unsigned())) {
            Ok(Linked { transaction, .. }) => return Ok(Some((transaction.number, transaction.opened_at))),
            Err(fault) if fault.is_damage() => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(None)
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
