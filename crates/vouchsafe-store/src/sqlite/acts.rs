//! What was done by hand, read back and proven.

use jiff::Timestamp;
use rusqlite::Row;

use super::Fault;
use super::book::{self, Book};
use super::row;
use crate::act::{Act, ActEnd, ActNumber, RecordedAct};
use crate::chain::Mark;
use crate::record::Damaged;
use crate::seal::Place;
use crate::{Standing, TransactionNumber};

/// The columns that [`prove`] reads.
macro_rules! select_acts {
    ($rest:literal) => {
        concat!(
            "SELECT a.number, a.at, a.is_intended, a.record, a.link, e.at, e.note, e.link
             FROM acts AS a LEFT JOIN act_ends AS e ON e.number = a.number ",
            $rest
        )
    };
}

/// An act, proven to be as it was written.
pub(super) struct ProvenAct {
    pub(super) recorded: RecordedAct,
    /// The last link of its chain.
    pub(super) link: Mark,
    /// What its links add to the sum.
    pub(super) shares: u128,
}

/// The newest acts, at most so many, or those of them that were done to one transaction; the oldest first. Acts are few:
/// whoever asks for one transaction's has all of them proven.
pub(super) fn acts(book: Book<'_>, of: Option<TransactionNumber>, most: usize) -> Result<Vec<RecordedAct>, Fault> {
    let mut statement = book.connection.prepare_cached(select_acts!("ORDER BY a.number DESC"))?;
    let mut rows = statement.query(())?;
    let mut found = Vec::new();
    let mut later: Option<u64> = None;
    while found.len() < most {
        let Some(row) = rows.next()? else {
            return if later.is_none_or(|first| first == 1) { Ok(in_order(found)) } else { Err(gap(later)) };
        };
        let act = prove(book, row)?.recorded;
        if later.is_some_and(|later| later != act.number.0.saturating_add(1)) {
            return Err(gap(later));
        }
        later = Some(act.number.0);
        if of.is_none() || act.act.deed.transaction() == of {
            found.push(act);
        }
    }
    Ok(in_order(found))
}

fn in_order(mut found: Vec<RecordedAct>) -> Vec<RecordedAct> {
    found.reverse();
    found
}

fn gap(later: Option<u64>) -> Fault {
    let number = ActNumber(later.unwrap_or(1).saturating_sub(1));
    Fault::BrokenAct { number, what: Damaged("it is gone") }
}

/// One act, if there is one of this number.
pub(super) fn find(book: Book<'_>, number: ActNumber) -> Result<Option<ProvenAct>, Fault> {
    let mut statement = book.connection.prepare_cached(select_acts!("WHERE a.number = ?1"))?;
    let mut rows = statement.query([number.0.cast_signed()])?;
    rows.next()?.map(|row| prove(book, row)).transpose()
}

/// Proves every act, from the first to the last, and hands each to `visit`, or what is wrong with it.
pub(super) fn prove_all(
    book: Book<'_>,
    mut visit: impl FnMut(Result<ProvenAct, Fault>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut statement = book.connection.prepare_cached(select_acts!("ORDER BY a.number"))?;
    let mut rows = statement.query(())?;
    let mut expected = 1;
    while let Some(row) = rows.next()? {
        let number = ActNumber(row.get::<_, i64>(0)?.cast_unsigned());
        // Below 1 no number was ever given; what stands there is no gap before the first.
        if number.0 != expected && number.0.cast_signed() > 0 {
            visit(Err(Fault::BrokenAct { number: ActNumber(expected), what: Damaged("it is gone") }))?;
        }
        visit(prove(book, row))?;
        if number.0.cast_signed() > 0 {
            expected = number.0.saturating_add(1);
        }
    }
    Ok(())
}

fn prove(book: Book<'_>, row: &Row<'_>) -> Result<ProvenAct, Fault> {
    let number = ActNumber(row.get::<_, i64>(0)?.cast_unsigned());
    proven(book, row, number).map_err(|fault| match fault {
        Fault::Damaged(what) => Fault::BrokenAct { number, what },
        other => other,
    })
}

fn proven(book: Book<'_>, row: &Row<'_>, number: ActNumber) -> Result<ProvenAct, Fault> {
    const ALTERED: Damaged = Damaged("it is not what was written");
    let (at, is_intended) = (row::time(row.get(1)?)?, row.get(2)?);
    let record = book.open_column(row, 3, Place::Act(number))?.ok_or(ALTERED)?;
    let link = book.vault.chain.act(number, at, is_intended, record.digest);
    if link.mark != row::mark(row, 4)? {
        return Err(ALTERED.into());
    }
    let act: Act = book::record(Some(&record))?.ok_or(ALTERED)?;
    let Some(ended_at) = row.get::<_, Option<i64>>(5)?.map(row::time).transpose()? else {
        let ended = (!is_intended).then_some((at, ActEnd::Done));
        return Ok(ProvenAct { recorded: RecordedAct { number, act, ended }, link: link.mark, shares: link.share });
    };
    let note = book.open_column(row, 6, Place::ActEnd(number))?;
    let end = book.vault.chain.act_end(link.mark, ended_at, note.as_ref().map(|note| note.digest));
    if end.mark != row::mark(row, 7)? || !is_intended {
        return Err(Damaged("its end is not what was written").into());
    }
    let ended = Some(ended(ended_at, book::record(note.as_ref())?));
    let shares = link.share.wrapping_add(end.share);
    Ok(ProvenAct { recorded: RecordedAct { number, act, ended }, link: end.mark, shares })
}

fn ended(at: Timestamp, why_not: Option<Standing>) -> (Timestamp, ActEnd) {
    (at, why_not.map_or(ActEnd::Done, ActEnd::Failed))
}
