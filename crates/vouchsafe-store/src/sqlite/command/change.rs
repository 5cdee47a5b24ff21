//! One event, and all that becomes durable with it.

use jiff::Timestamp;
use vouchsafe_core::advice::AdviceEnd;
use vouchsafe_core::transaction::{Event, Kind, State};

use super::{Command, Tables};
use crate::record::Damaged;
use crate::record::word::Word;
use crate::sqlite::{Fault, row, vouchers};
use crate::{Key, QueuedAdvice, Recorded, Reroute, TransactionNumber};

/// A change; what may hold a secret is sealed.
pub(in crate::sqlite) struct RecordEvent {
    pub(in crate::sqlite) number: TransactionNumber,
    pub(in crate::sqlite) key: Key,
    pub(in crate::sqlite) seen: u32,
    pub(in crate::sqlite) at: Timestamp,
    pub(in crate::sqlite) event: Event,
    pub(in crate::sqlite) state: State,
    pub(in crate::sqlite) due_at: Option<Timestamp>,
    pub(in crate::sqlite) outcome: Option<Vec<u8>>,
    pub(in crate::sqlite) advice: Option<QueuedAdvice>,
    pub(in crate::sqlite) ends: Option<AdviceEnd>,
    pub(in crate::sqlite) advised: Option<Vec<u8>>,
    pub(in crate::sqlite) note: Option<Vec<u8>>,
    /// What the voucher that was issued is found by.
    pub(in crate::sqlite) voucher: Vec<i64>,
    pub(in crate::sqlite) reroute: Option<Reroute>,
}

impl Command for RecordEvent {
    type Answer = Recorded;

    fn apply(&self, tables: &mut Tables) -> Result<Recorded, Fault> {
        let position = row::position(self.number, self.seen.saturating_add(1))?;
        if !self.moves_transaction(tables)? {
            return Ok(Recorded::Stale);
        }
        if let Some(reroute) = &self.reroute {
            self.change_provider(reroute, tables)?;
        }
        let sql = "INSERT INTO events (position, at, event, state, outcome, note, advised)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        tables.connection.prepare_cached(sql)?.execute((
            position,
            self.at.as_millisecond(),
            self.event.place(),
            self.state.place(),
            &self.outcome,
            &self.note,
            &self.advised,
        ))?;
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
        Ok(Recorded::Done)
    }
}

impl RecordEvent {
    /// Whether the transaction was as the caller saw it, and has moved.
    fn moves_transaction(&self, tables: &Tables) -> Result<bool, Fault> {
        // The key is part of the condition because outcome and note are sealed to it: under another they could
        // never be opened again.
        let sql = "UPDATE transactions SET state = ?1, version = version + 1, due_at = ?2
                   WHERE number = ?3 AND version = ?4 AND request_id = ?5 AND kind = ?6
                     AND channel = (SELECT number FROM names WHERE name = ?7)";
        let changed = tables.connection.prepare_cached(sql)?.execute((
            self.state.place(),
            self.due_at.map(Timestamp::as_millisecond),
            self.number.0.cast_signed(),
            self.seen,
            self.key.id.as_bytes(),
            self.key.kind.place(),
            self.key.channel.as_str(),
        ))?;
        Ok(changed > 0)
    }

    fn change_provider(&self, reroute: &Reroute, tables: &mut Tables) -> Result<(), Fault> {
        let provider = tables.number_of_name(reroute.provider.as_str())?;
        let sql = "UPDATE transactions SET provider = ?1, terms = ?2 WHERE number = ?3";
        let parameters = (provider, row::terms_column(reroute.terms), self.number.0.cast_signed());
        tables.connection.prepare_cached(sql)?.execute(parameters)?;
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
