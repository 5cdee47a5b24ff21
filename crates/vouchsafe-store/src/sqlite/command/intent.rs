//! Keys: taken by an intent, or forestalled by a reversal that came first.

use jiff::Timestamp;
use rusqlite::params;
use uuid::Uuid;
use vouchsafe_core::id::{MessageId, ProviderId};
use vouchsafe_core::money::LedgerAmount;
use vouchsafe_core::transaction::{State, Terms};

use super::{Command, Tables};
use crate::record::word::Word;
use crate::seal::Place;
use crate::sqlite::{Fault, row, vouchers};
use crate::vault::Sealed;
use crate::{Key, Transaction, TransactionNumber};

/// An intent, its request sealed.
pub(in crate::sqlite) struct OpenTransaction {
    pub(in crate::sqlite) key: Key,
    pub(in crate::sqlite) provider: ProviderId,
    pub(in crate::sqlite) asked: Option<LedgerAmount>,
    pub(in crate::sqlite) terms: Terms,
    pub(in crate::sqlite) at: Timestamp,
    pub(in crate::sqlite) due_at: Timestamp,
    pub(in crate::sqlite) request: Sealed,
    /// What the voucher that it presents is found by.
    pub(in crate::sqlite) voucher: Vec<i64>,
}

/// What became of an intent.
pub(in crate::sqlite) enum Placed {
    New { number: TransactionNumber, upstream_id: MessageId },
    Known(Box<Transaction>),
    Forestalled,
}

impl Command for OpenTransaction {
    type Answer = Placed;

    fn apply(&self, tables: &mut Tables) -> Result<Placed, Fault> {
        let Key { channel, kind, id } = &self.key;
        let mut upstream_id = *id;
        if tables.is_taken(id, *kind)? {
            if let Some(transaction) = row::find(tables.book(), &self.key)? {
                return Ok(Placed::Known(Box::new(transaction)));
            }
            upstream_id = self.derive_upstream_id(tables)?;
        }
        if row::is_forestalled(&tables.connection, &self.key)? {
            return Ok(Placed::Forestalled);
        }
        let channel = tables.number_of_name(channel.as_str())?;
        let provider = tables.number_of_name(self.provider.as_str())?;
        let transaction = self.as_opened(next_number(tables)?, upstream_id);
        let link = tables.vault.chain.opening(&transaction, self.request.digest);
        let request = tables.sealed_now(Place::Request(&self.key), &self.request.bytes)?;
        let sql = "INSERT INTO transactions (number, request_id, capitals, kind, channel, provider, upstream_id, terms,
                       asked_amount, asked_currency, asked_indicator, opened_at, state, version, due_at, request,
                       link, mark)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, 0, ?14, ?15, ?16, ?17)";
        tables.connection.prepare_cached(sql)?.execute(params![
            transaction.number.0.cast_signed(),
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
            request,
            link.mark,
            tables.vault.chain.row(&transaction, link.mark),
        ])?;
        tables.gain(link);
        vouchers::enter(&tables.connection, transaction.number, &self.voucher)?;
        Ok(Placed::New { number: transaction.number, upstream_id })
    }
}

/// The number of the next transaction. Nothing is ever taken out of the table, so it was never used.
fn next_number(tables: &Tables) -> Result<TransactionNumber, Fault> {
    let sql = "SELECT coalesce(max(number), 0) + 1 FROM transactions";
    let number: i64 = tables.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
    Ok(TransactionNumber(number.cast_unsigned()))
}

/// The namespace of the ids that are derived for providers.
const UPSTREAM_IDS: Uuid = Uuid::from_u128(0x5d1b_4c0e_93a7_4f26_8e1f_07c2_b96a_d354);

impl OpenTransaction {
    fn as_opened(&self, number: TransactionNumber, upstream_id: MessageId) -> Transaction {
        Transaction {
            number,
            key: self.key.clone(),
            version: 0,
            state: State::Pending,
            provider: self.provider.clone(),
            upstream_id,
            asked: self.asked,
            terms: self.terms,
            opened_at: self.at,
            due_at: Some(self.due_at),
        }
    }

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

/// A reversal that came before its request.
pub(in crate::sqlite) struct Forestall {
    pub(in crate::sqlite) key: Key,
    pub(in crate::sqlite) reversal: MessageId,
    pub(in crate::sqlite) at: Timestamp,
}

/// What became of a reversal that came first.
pub(in crate::sqlite) enum Noted {
    Noted,
    Known(Box<Transaction>),
}

impl Command for Forestall {
    type Answer = Noted;

    fn apply(&self, tables: &mut Tables) -> Result<Noted, Fault> {
        if let Some(transaction) = row::find(tables.book(), &self.key)? {
            return Ok(Noted::Known(Box::new(transaction)));
        }
        let channel = tables.number_of_name(self.key.channel.as_str())?;
        // The first reversal stays on record: a repeat changes nothing.
        // How the reversal spells the id is not kept: the request may come with another spelling.
        let key = Key { id: MessageId::from_parts(*self.key.id.as_bytes(), 0), ..self.key.clone() };
        let link = tables.vault.chain.forestalled(&key, self.reversal, self.at);
        let sql = "INSERT INTO forestalled (request_id, kind, channel, at, reversal_id, reversal_capitals, link)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING";
        let added = tables.connection.prepare_cached(sql)?.execute((
            self.key.id.as_bytes(),
            self.key.kind.place(),
            channel,
            self.at.as_millisecond(),
            self.reversal.as_bytes(),
            self.reversal.capitals(),
            link.mark,
        ))?;
        if added > 0 {
            tables.gain(link);
        }
        Ok(Noted::Noted)
    }
}
