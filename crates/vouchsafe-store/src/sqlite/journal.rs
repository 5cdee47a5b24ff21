//! A transaction's journal, read back and proven: its chain leads from the intent to the row as it stands.

use jiff::Timestamp;
use rusqlite::{Connection, Row};
use vouchsafe_core::advice::AdviceEnd;
use vouchsafe_core::message::Request;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::{Event, Kind, State};

use super::Fault;
use super::book::{self, Book};
use super::fault::Broken;
use super::row::{self, Linked};
use crate::chain::{Chained, Link, Mark};
use crate::record::word::Word;
use crate::record::{Damaged, decode_request};
use crate::seal::Place;
use crate::vault::Opened;
use crate::{Attempts, Dossier, Entry, Key, QueuedAdvice, Transaction, TransactionNumber};

/// One event as it lies in the file, opened.
pub(super) struct Line {
    pub(super) version: u32,
    pub(super) at: Timestamp,
    pub(super) event: Event,
    pub(super) state: State,
    pub(super) outcome: Option<Opened>,
    pub(super) note: Option<Opened>,
    pub(super) advised: Option<Opened>,
    /// What was queued with it, how it ended and how often it was attempted.
    pub(super) advice: Option<(QueuedAdvice, Option<AdviceEnd>, Attempts)>,
    pub(super) link: Mark,
}

impl Line {
    pub(super) fn chained(&self) -> Chained<'_> {
        let digest = |opened: &Option<Opened>| opened.as_ref().map(|opened| opened.digest);
        Chained {
            at: self.at,
            event: self.event,
            state: self.state,
            advice: self.advice.as_ref().map(|(queued, ..)| queued),
            outcome: digest(&self.outcome),
            advised: digest(&self.advised),
            note: digest(&self.note),
        }
    }

    fn entry(&self, kind: Kind) -> Result<Entry, Damaged> {
        let outcome = book::record(self.outcome.as_ref())?;
        if kind == Kind::Provision && matches!(&outcome, Some(Outcome::Approved(approval)) if approval.code().is_none())
        {
            return Err(Damaged("an approval has no code"));
        }
        let parts = [&self.outcome, &self.advised, &self.note];
        Ok(Entry {
            version: self.version,
            at: self.at,
            event: self.event,
            state: self.state,
            outcome,
            advice: self.advice.map(|(queued, ..)| queued),
            advice_end: self.advice.and_then(|(_, end, _)| end),
            attempts: self.advice.map_or_else(Attempts::default, |(.., attempts)| attempts),
            advised: book::record(self.advised.as_ref())?,
            note: book::record(self.note.as_ref())?,
            is_destroyed: parts.into_iter().flatten().any(|opened| opened.text.is_none()),
        })
    }
}

/// A transaction and all that happened to it, proven.
pub(super) struct Proven {
    pub(super) linked: Linked,
    pub(super) request: Opened,
    pub(super) lines: Vec<Line>,
    /// What its links add to the sum.
    pub(super) shares: u128,
}

/// Reads a journal and proves it.
///
/// # Errors
/// [`Broken`] names the transaction and the version at which the chain breaks.
pub(super) fn prove(book: Book<'_>, linked: Linked) -> Result<Proven, Fault> {
    let transaction = &linked.transaction;
    let number = transaction.number;
    let broken = |version: Option<u32>, what: &'static str| Broken { number, version, what: Damaged(what) };
    let request = sealed_request(book.connection, number)?;
    let request = book.open(Place::Request(&transaction.key), &request).map_err(|fault| fault.at(number, Some(0)))?;
    let lines = lines(book, &transaction.key, number)?;
    let Link { mut mark, share: mut shares } = book.vault.chain.opening(transaction, request.digest);
    for line in &lines {
        let link = book.vault.chain.event(mark, number, line.version, &line.chained());
        if link.mark != line.link {
            let what = "it is not what was written: the chain of its journal breaks here";
            return Err(broken(Some(line.version), what).into());
        }
        shares = shares.wrapping_add(link.share);
        mark = link.mark;
    }
    let last = lines.last().map_or(State::Pending, |line| line.state);
    let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    if count != transaction.version || last != transaction.state || mark != linked.link {
        return Err(broken(None, "its journal does not lead to where it stands").into());
    }
    Ok(Proven { linked, request, lines, shares })
}

impl Proven {
    fn entries(&self) -> Result<Vec<Entry>, Fault> {
        let Transaction { number, key, .. } = &self.linked.transaction;
        let at = |line: &Line, damaged| Fault::from(damaged).at(*number, Some(line.version));
        self.lines.iter().map(|line| line.entry(key.kind).map_err(|damaged| at(line, damaged))).collect()
    }
}

/// A transaction's journal, oldest first.
pub(super) fn journal(book: Book<'_>, number: TransactionNumber) -> Result<Vec<Entry>, Fault> {
    prove(book, row::linked(book, number)?)?.entries()
}

/// A transaction's request, which is the beginning of its chain, and its journal.
pub(super) fn dossier(book: Book<'_>, number: TransactionNumber) -> Result<Dossier, Fault> {
    let proven = prove(book, row::linked(book, number)?)?;
    let text = proven.request.text.as_deref().ok_or(Fault::Destroyed)?;
    let request = decode_request(proven.linked.transaction.key.kind, text);
    Ok(Dossier {
        request: request.map_err(|damaged| Fault::from(damaged).at(number, Some(0)))?,
        journal: proven.entries()?,
    })
}

/// The request that opened a transaction.
pub(super) fn request(book: Book<'_>, number: TransactionNumber) -> Result<Request, Fault> {
    let key = row::linked(book, number)?.transaction.key;
    let sealed = sealed_request(book.connection, number)?;
    let opened = book.open(Place::Request(&key), &sealed)?;
    Ok(decode_request(key.kind, &opened.text.ok_or(Fault::Destroyed)?)?)
}

fn sealed_request(connection: &Connection, number: TransactionNumber) -> Result<Vec<u8>, Fault> {
    let mut statement = connection.prepare_cached("SELECT request FROM transactions WHERE number = ?1")?;
    Ok(statement.query_row([number.0.cast_signed()], |row| row.get(0))?)
}

/// The events of a transaction, in their order and without a gap.
pub(super) fn lines(book: Book<'_>, key: &Key, number: TransactionNumber) -> Result<Vec<Line>, Fault> {
    let sql = "SELECT e.position, e.at, e.event, e.state, e.outcome, e.note, e.advised, e.link,
                      a.id, a.capitals, a.advice, a.first_due_at, a.state, a.attempts, a.hindrance
               FROM events AS e LEFT JOIN advices AS a ON a.position = e.position
               WHERE e.position BETWEEN ?1 AND ?2 ORDER BY e.position";
    let mut statement = book.connection.prepare_cached(sql)?;
    let mut rows = statement.query((row::position(number, 0)?, row::position(number, row::LAST_VERSION)?))?;
    let mut lines = Vec::new();
    for version in 1.. {
        let Some(row) = rows.next()? else { break };
        if row.get::<_, i64>(0)? != row::position(number, version)? {
            return Err(Fault::from(Damaged("its journal has a gap")).at(number, Some(version)));
        }
        lines.push(line(book, row, version, key).map_err(|fault| fault.at(number, Some(version)))?);
    }
    Ok(lines)
}

fn line(book: Book<'_>, row: &Row<'_>, version: u32, key: &Key) -> Result<Line, Fault> {
    let advice = match row.get(8)? {
        Some(id) => Some((row::queued(row, id, 9)?, row::advice_end(row.get(12)?)?, row::attempts(row, 13)?)),
        None => None,
    };
    Ok(Line {
        version,
        at: row::time(row.get(1)?)?,
        event: Word::at_place(row.get(2)?)?,
        state: Word::at_place(row.get(3)?)?,
        outcome: book.open_column(row, 4, Place::Outcome(key, version))?,
        note: book.open_column(row, 5, Place::Note(key, version))?,
        advised: book.open_column(row, 6, Place::Advised(key, version))?,
        advice,
        link: row::mark(row, 7)?,
    })
}
