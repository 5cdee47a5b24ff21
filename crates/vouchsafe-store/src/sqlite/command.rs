//! The commands that write, each applied within a transaction that the writer begins and commits.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Connection;
use uuid::Uuid;
use vouchsafe_core::id::{MessageId, ProviderId};
use vouchsafe_core::money::LedgerAmount;
use vouchsafe_core::transaction::{Event, Kind, State, Terms};

use super::{Fault, row};
use crate::record::word::Word;
use crate::{Key, QueuedAdvice, Recorded, Transaction, TransactionNumber};

/// Something to write. It may be applied again after a rollback, so it keeps nothing of a first attempt.
pub(super) trait Command: Send + 'static {
    type Answer: Send + 'static;

    fn apply(&self, tables: &mut Tables) -> Result<Self::Answer, Fault>;
}

/// The writer's connection and the numbers of the names it has met.
pub(super) struct Tables {
    pub(super) connection: Connection,
    names: HashMap<Box<str>, i64>,
}

/// Channels and providers are configured, so they are few; only a sandbox that takes any name has more.
const NAMES_REMEMBERED: usize = 1024;

impl Tables {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, names: HashMap::new() }
    }

    /// To be called after a rollback, which may have taken names along.
    pub(super) fn forget_names(&mut self) {
        self.names.clear();
    }

    fn number_of_name(&mut self, name: &str) -> Result<i64, Fault> {
        if let Some(number) = self.names.get(name) {
            return Ok(*number);
        }
        self.connection
            .prepare_cached("INSERT INTO names (name) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([name])?;
        let number = self
            .connection
            .prepare_cached("SELECT number FROM names WHERE name = ?1")?
            .query_row([name], |row| row.get(0))?;
        if self.names.len() >= NAMES_REMEMBERED {
            self.names.clear();
        }
        self.names.insert(name.into(), number);
        Ok(number)
    }

    /// Whether a transaction of this kind goes, or could go, by this id at a provider.
    fn is_taken(&self, id: &MessageId, kind: Kind) -> Result<bool, Fault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM transactions WHERE request_id = ?1 AND kind = ?2)
                       OR EXISTS (SELECT 1 FROM transactions WHERE upstream_id = ?1 AND kind = ?2)";
        let parameters = (id.as_bytes(), kind.place());
        Ok(self.connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?)
    }
}

/// An intent, its request sealed.
pub(super) struct OpenTransaction {
    pub(super) key: Key,
    pub(super) provider: ProviderId,
    pub(super) asked: Option<LedgerAmount>,
    pub(super) terms: Terms,
    pub(super) at: Timestamp,
    pub(super) due_at: Timestamp,
    pub(super) request: Vec<u8>,
}

/// What became of an intent.
pub(super) enum Placed {
    New { number: TransactionNumber, upstream_id: MessageId },
    Known(Box<Transaction>),
}

impl Command for OpenTransaction {
    type Answer = Placed;

    fn apply(&self, tables: &mut Tables) -> Result<Placed, Fault> {
        let Key { channel, kind, id } = &self.key;
        let mut upstream_id = *id;
        if tables.is_taken(id, *kind)? {
            if let Some(transaction) = row::find(&tables.connection, &self.key)? {
                return Ok(Placed::Known(Box::new(transaction)));
            }
            upstream_id = self.derive_upstream_id(tables)?;
        }
        let channel = tables.number_of_name(channel.as_str())?;
        let provider = tables.number_of_name(self.provider.as_str())?;
        let sql = "INSERT INTO transactions (request_id, capitals, kind, channel, provider, upstream_id, terms,
                       asked_amount, asked_currency, asked_indicator, opened_at, state, version, due_at, request)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 0, ?13, ?14)";
        tables.connection.prepare_cached(sql)?.execute((
            id.as_bytes(),
            id.capitals(),
            kind.place(),
            channel,
            provider,
            (upstream_id != *id).then_some(upstream_id.as_bytes()),
            row::terms_column(self.terms),
            self.asked.map(|asked| asked.amount),
            self.asked.map(|asked| asked.currency.code()),
            self.asked.and_then(|asked| asked.ledger_indicator).map(Word::place),
            self.at.as_millisecond(),
            State::Pending.place(),
            self.due_at.as_millisecond(),
            &self.request,
        ))?;
        let number = TransactionNumber(tables.connection.last_insert_rowid().cast_unsigned());
        Ok(Placed::New { number, upstream_id })
    }
}

/// The namespace of the ids that are derived for providers.
const UPSTREAM_IDS: Uuid = Uuid::from_u128(0x5d1b_4c0e_93a7_4f26_8e1f_07c2_b96a_d354);

impl OpenTransaction {
    /// An id towards the provider that no other transaction of this kind goes by.
    ///
    /// Ids are unique for each channel only, but a provider sees the ids of all channels, and to it two
    /// requests with one id are one transaction: a reversal for the one would reverse the other's voucher.
    /// So whoever comes second gets an id of the switch's making. It is derived and not random, so that the
    /// same store always comes to the same one; and it is derived again for as long as somebody has it, so
    /// that no channel can lay hands on another's by guessing.
    fn derive_upstream_id(&self, tables: &Tables) -> Result<MessageId, Fault> {
        let Key { channel, kind, id } = &self.key;
        let mut upstream_id = *id;
        while tables.is_taken(&upstream_id, *kind)? {
            let mut name = upstream_id.as_bytes().to_vec();
            name.extend_from_slice(kind.name().as_bytes());
            name.push(0);
            name.extend_from_slice(channel.as_str().as_bytes());
            upstream_id = MessageId::new(Uuid::new_v5(&UPSTREAM_IDS, &name));
        }
        Ok(upstream_id)
    }
}

/// A change, its outcome sealed.
pub(super) struct RecordEvent {
    pub(super) number: TransactionNumber,
    pub(super) key: Key,
    pub(super) seen: u32,
    pub(super) at: Timestamp,
    pub(super) event: Event,
    pub(super) state: State,
    pub(super) due_at: Option<Timestamp>,
    pub(super) outcome: Option<Vec<u8>>,
    pub(super) advice: Option<QueuedAdvice>,
}

impl Command for RecordEvent {
    type Answer = Recorded;

    fn apply(&self, tables: &mut Tables) -> Result<Recorded, Fault> {
        let position = row::position(self.number, self.seen.saturating_add(1))?;
        // The key is part of the condition because the outcome is sealed to it: under another it could
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
        if changed == 0 {
            return Ok(Recorded::Stale);
        }
        let sql = "INSERT INTO events (position, at, event, state, outcome) VALUES (?1, ?2, ?3, ?4, ?5)";
        tables.connection.prepare_cached(sql)?.execute((
            position,
            self.at.as_millisecond(),
            self.event.place(),
            self.state.place(),
            &self.outcome,
        ))?;
        if let Some(QueuedAdvice { id, advice, due_at }) = &self.advice {
            let sql = "INSERT INTO advices (position, id, capitals, advice, provider, first_due_at, due_at)
                       SELECT ?1, ?2, ?3, ?4, provider, ?5, ?5 FROM transactions WHERE number = ?6";
            tables.connection.prepare_cached(sql)?.execute((
                position,
                id.as_bytes(),
                id.capitals(),
                advice.place(),
                due_at.as_millisecond(),
                self.number.0.cast_signed(),
            ))?;
        }
        Ok(Recorded::Done)
    }
}

/// A durable commit for its own sake.
pub(super) struct Check;

impl Command for Check {
    type Answer = ();

    fn apply(&self, tables: &mut Tables) -> Result<(), Fault> {
        tables.connection.prepare_cached("UPDATE store SET checks = checks + 1")?.execute(())?;
        Ok(())
    }
}
