//! One event, and all that becomes durable with it.

use std::borrow::Cow;

use jiff::Timestamp;
use vouchsafe_core::advice::AdviceEnd;
use vouchsafe_core::transaction::{Event, Kind, State};

use super::destroy::ENDED;
use super::{Command, Tables, act};
use crate::chain::{Chained, Link};
use crate::record::Damaged;
use crate::record::word::Word;
use crate::seal::Place;
use crate::sqlite::row::Linked;
use crate::sqlite::{Fault, row, vouchers};
use crate::vault::Sealed;
use crate::{Act, Key, QueuedAdvice, Recorded, Reroute, Transaction, TransactionNumber};

/// A change; what may hold a secret is sealed.
pub(in crate::sqlite) struct RecordEvent {
    pub(in crate::sqlite) number: TransactionNumber,
    pub(in crate::sqlite) key: Key,
    pub(in crate::sqlite) seen: u32,
    pub(in crate::sqlite) at: Timestamp,
    pub(in crate::sqlite) event: Event,
    pub(in crate::sqlite) state: State,
    pub(in crate::sqlite) due_at: Option<Timestamp>,
    pub(in crate::sqlite) outcome: Option<Sealed>,
    pub(in crate::sqlite) advice: Option<QueuedAdvice>,
    pub(in crate::sqlite) ends: Option<AdviceEnd>,
    pub(in crate::sqlite) advised: Option<Sealed>,
    pub(in crate::sqlite) note: Option<Sealed>,
    /// What the voucher that was issued is found by.
    pub(in crate::sqlite) voucher: Vec<i64>,
    pub(in crate::sqlite) reroute: Option<Reroute>,
    pub(in crate::sqlite) act: Option<Act>,
}

impl Command for RecordEvent {
    type Answer = Recorded;

    fn apply(&self, tables: &mut Tables) -> Result<Recorded, Fault> {
        let version = self.seen.saturating_add(1);
        let position = row::position(self.number, version)?;
        // The key counts because outcome and note are sealed to it: under another they could never be opened again.
        let found = row::find_linked(tables.book(), self.number)?;
        let Some(Linked { transaction, link }) = found.filter(|found| self.has_seen(&found.transaction)) else {
            return Ok(Recorded::Stale);
        };
        let link = tables.vault.chain.event(link, self.number, version, &self.chained());
        let had_ended = ENDED.contains(&transaction.state);
        self.move_transaction(transaction, link, tables)?;
        tables.gain(link);
        let sql = "INSERT INTO events (position, at, event, state, outcome, note, advised, link)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        tables.connection.prepare_cached(sql)?.execute((
            position,
            self.at.as_millisecond(),
            self.event.place(),
            self.state.place(),
            sealed_now(tables, Place::Outcome(&self.key, version), self.outcome.as_ref())?,
            sealed_now(tables, Place::Note(&self.key, version), self.note.as_ref())?,
            sealed_now(tables, Place::Advised(&self.key, version), self.advised.as_ref())?,
            link.mark,
        ))?;
        if had_ended {
            // What is said after all was destroyed has its time too.
            let sql = "INSERT OR IGNORE INTO kept_longer (number) SELECT ?1 FROM retention WHERE destroyed_to >= ?1";
            tables.connection.prepare_cached(sql)?.execute([self.number.0.cast_signed()])?;
        }
        vouchers::enter(&tables.connection, self.number, &self.voucher)?;
        if self.state == State::Declined && self.key.kind != Kind::Provision {
            // Nothing was done to the voucher. Whoever tries a code again and again must not make it dear to look up.
            vouchers::leave(&tables.connection, self.number)?;
        }
        match (&self.advice, self.ends) {
            (Some(queued), ends) => self.queue(queued, ends, position, tables)?,
            (None, Some(end)) => self.end(end, position, tables)?,
            (None, None) => {}
        }
        if let Some(act) = &self.act {
            act::note_done(tables, act)?;
        }
        Ok(Recorded::Done)
    }
}

/// What may be absent, sealed with the key that seals now.
fn sealed_now<'s>(
    tables: &Tables,
    place: Place<'_>,
    sealed: Option<&'s Sealed>,
) -> Result<Option<Cow<'s, [u8]>>, Fault> {
    sealed.map(|sealed| tables.sealed_now(place, &sealed.bytes)).transpose()
}

impl RecordEvent {
    /// Whether the transaction is as the caller saw it.
    fn has_seen(&self, transaction: &Transaction) -> bool {
        transaction.version == self.seen && transaction.key == self.key
    }

    fn chained(&self) -> Chained<'_> {
        let digest = |sealed: &Option<Sealed>| sealed.as_ref().map(|sealed| sealed.digest);
        Chained {
            at: self.at,
            event: self.event,
            state: self.state,
            advice: self.advice.as_ref(),
            outcome: digest(&self.outcome),
            advised: digest(&self.advised),
            note: digest(&self.note),
        }
    }

    fn move_transaction(&self, was: Transaction, link: Link, tables: &mut Tables) -> Result<(), Fault> {
        let mut now = Transaction { version: was.version + 1, state: self.state, due_at: self.due_at, ..was };
        if let Some(Reroute { provider, terms }) = &self.reroute {
            now.provider = provider.clone();
            now.terms = *terms;
        }
        let provider = tables.number_of_name(now.provider.as_str())?;
        let sql = "UPDATE transactions SET state = ?1, version = ?2, due_at = ?3, provider = ?4, terms = ?5, link = ?6,
                          mark = ?7
                   WHERE number = ?8";
        tables.connection.prepare_cached(sql)?.execute((
            now.state.place(),
            now.version,
            now.due_at.map(Timestamp::as_millisecond),
            provider,
            row::terms_column(now.terms),
            link.mark,
            tables.vault.chain.row(&now, link.mark),
            self.number.0.cast_signed(),
        ))?;
        Ok(())
    }

    /// Queues an advice that is open, or one that has ended as it is written down.
    fn queue(
        &self,
        queued: &QueuedAdvice,
        ends: Option<AdviceEnd>,
        position: i64,
        tables: &Tables,
    ) -> Result<(), Fault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM advices WHERE position BETWEEN ?1 AND ?2 AND state = 0)";
        let journal = (row::position(self.number, 0)?, position);
        if tables.connection.prepare_cached(sql)?.query_row(journal, |row| row.get(0))? {
            return Err(Damaged("a change queues an advice while another is open").into());
        }
        let QueuedAdvice { id, advice, due_at } = queued;
        let sql = "INSERT INTO advices (position, id, capitals, advice, provider, first_due_at, due_at, state)
                   SELECT ?1, ?2, ?3, ?4, provider, ?5, ?5, ?6 FROM transactions WHERE number = ?7";
        tables.connection.prepare_cached(sql)?.execute((
            position,
            id.as_bytes(),
            id.capitals(),
            advice.place(),
            due_at.as_millisecond(),
            row::advice_state_column(ends),
            self.number.0.cast_signed(),
        ))?;
        Ok(())
    }

    /// Ends the advice that is open.
    fn end(&self, end: AdviceEnd, position: i64, tables: &Tables) -> Result<(), Fault> {
        let sql = "UPDATE advices SET state = ?1 WHERE position BETWEEN ?2 AND ?3 AND state = 0";
        let parameters = (row::advice_state_column(Some(end)), row::position(self.number, 0)?, position);
        match tables.connection.prepare_cached(sql)?.execute(parameters)? {
            0 => Err(Damaged("a change ends an advice, but none is open").into()),
            _ => Ok(()),
        }
    }
}
