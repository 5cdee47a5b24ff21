//! The end of what is kept: what was said in old transactions is destroyed, and what happened stays.

use jiff::Timestamp;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::State;

use super::{Command, Tables};
use crate::chain::Mark;
use crate::record::word::Word;
use crate::seal::Form;
use crate::sqlite::journal::{self, Line};
use crate::sqlite::{Fault, book, row};
use crate::vault::Opened;
use crate::{Destroyed, Transaction, TransactionNumber};

/// Destroys requests, approvals and what channels said, of transactions that were opened before a time and have ended.
pub(in crate::sqlite) struct Destroy {
    pub(in crate::sqlite) before: Timestamp,
    pub(in crate::sqlite) most: usize,
}

/// Those that were left when their time came, the first first.
const KEPT_LONGER: &str = "SELECT k.number FROM kept_longer AS k CROSS JOIN transactions AS t ON t.number = k.number
     WHERE t.state IN (?1, ?2, ?3, ?4, ?5) AND NOT EXISTS (
         SELECT 1 FROM advices WHERE position BETWEEN t.number << 20 AND t.number << 20 | 1048575 AND state = 0)
     ORDER BY k.number LIMIT ?6";

impl Command for Destroy {
    type Answer = Destroyed;

    fn apply(&self, tables: &mut Tables) -> Result<Destroyed, Fault> {
        let most = i64::try_from(self.most).unwrap_or(i64::MAX);
        let [declined, confirmed, reversed, resolved, void] =
            [State::Declined, State::Confirmed, State::Reversed, State::Resolved, State::Void].map(Word::place);
        let ended: Vec<i64> = tables
            .connection
            .prepare_cached(KEPT_LONGER)?
            .query_map((declined, confirmed, reversed, resolved, void, most), |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        let mut count = ended.len();
        for number in ended {
            destroy_one(tables, TransactionNumber(number.cast_unsigned()))?;
            tables.connection.prepare_cached("DELETE FROM kept_longer WHERE number = ?1")?.execute([number])?;
        }
        let sql = "SELECT destroyed_to FROM retention";
        let mut done: i64 = tables.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
        let next = row::transactions(tables.book(), row::NUMBERED, (done, most))?;
        let due = next.iter().take_while(|transaction| transaction.opened_at < self.before);
        let mut seen = 0;
        for transaction in due {
            if has_ended(tables, transaction)? {
                destroy_one(tables, transaction.number)?;
                count += 1;
            } else {
                let sql = "INSERT INTO kept_longer (number) VALUES (?1)";
                tables.connection.prepare_cached(sql)?.execute([transaction.number.0.cast_signed()])?;
            }
            done = transaction.number.0.cast_signed();
            seen += 1;
        }
        tables.connection.prepare_cached("UPDATE retention SET destroyed_to = ?1")?.execute([done])?;
        Ok(Destroyed { count, are_all: seen < self.most && count < self.most })
    }
}

/// Whether nothing can happen to it any more and nothing is owed.
fn has_ended(tables: &Tables, transaction: &Transaction) -> Result<bool, Fault> {
    let ended = match transaction.state {
        State::Declined | State::Confirmed | State::Reversed | State::Resolved | State::Void => true,
        State::Pending
        | State::Cancelled
        | State::Approved
        | State::Confirming
        | State::Reversing
        | State::Orphaned => false,
    };
    let sql = "SELECT EXISTS (SELECT 1 FROM advices WHERE position BETWEEN ?1 AND ?2 AND state = 0)";
    let range = (row::position(transaction.number, 0)?, row::position(transaction.number, row::LAST_VERSION)?);
    Ok(ended && !tables.connection.prepare_cached(sql)?.query_row(range, |row| row.get::<_, bool>(0))?)
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
