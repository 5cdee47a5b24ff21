//! A transaction as the store keeps it: its name, its intent, where it stands, and its journal.

use std::fmt;

use jiff::Timestamp;
use vouchsafe_core::advice::AdviceEnd;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::{ChannelAdvice, Request};
use vouchsafe_core::money::LedgerAmount;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::text::FreeText;
use vouchsafe_core::transaction::{Event, Kind, State, Terms};

use crate::{Act, Attempts, QueuedAdvice};

/// What names a transaction: ids are unique per channel and kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Whose request it is.
    pub channel: ChannelId,
    /// Which operation it asked for.
    pub kind: Kind,
    /// The request's id.
    pub id: MessageId,
}

/// A transaction's place in the order of commits; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionNumber(pub u64);

impl fmt::Display for TransactionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No store gives so large a number; a file that somebody altered may have one below zero.
        self.0.cast_signed().fmt(f)
    }
}

/// What a person has in hand of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reference {
    /// Our own number for it.
    Number(TransactionNumber),
    /// The id of the request, of the request towards the provider, or of an advice of ours.
    Id(MessageId),
}

/// What is about to be asked of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The transaction's name.
    pub key: Key,
    /// The request as the channel sent it, of the key's kind.
    pub request: Request,
    /// Who will be asked.
    pub provider: ProviderId,
    /// What the provider is asked for: the request's amount or the product's price, where there is one.
    pub asked: Option<LedgerAmount>,
    /// What the transaction's transitions depend on, kept with it unless another provider is asked.
    pub terms: Terms,
    /// When.
    pub at: Timestamp,
    /// From then on anybody may take the answer for lost.
    pub due_at: Timestamp,
}

/// What [`Store::open`](crate::Store::open) found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The key was free and is now this transaction's.
    New(Transaction),
    /// The key was taken by this transaction.
    Known(Transaction),
    /// Its reversal came before: it is never to be asked of anybody.
    Forestalled,
}

/// What [`Store::forestall`](crate::Store::forestall) found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forestalled {
    /// It is remembered, since now or since before.
    Noted,
    /// The request has come already.
    Known(Transaction),
}

/// A transaction as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its place in the order of commits.
    pub number: TransactionNumber,
    /// Its name.
    pub key: Key,
    /// How many events were recorded: 0 once opened.
    pub version: u32,
    /// Where it stands.
    pub state: State,
    /// Who is or was asked.
    pub provider: ProviderId,
    /// The request's id towards the provider.
    pub upstream_id: MessageId,
    /// What the provider is asked for.
    pub asked: Option<LedgerAmount>,
    /// What its transitions depend on.
    pub terms: Terms,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the switch itself must look at it again, if ever.
    pub due_at: Option<Timestamp>,
}

/// One event and all that must become durable with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which transaction.
    pub number: TransactionNumber,
    /// Its name, to which the outcome is sealed.
    pub key: Key,
    /// The version that the decision was made on.
    pub seen: u32,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// The state it led to.
    pub state: State,
    /// When the switch itself must look at it again, if ever.
    pub due_at: Option<Timestamp>,
    /// What the provider said, for events that are about that.
    pub outcome: Option<Outcome>,
    /// The advice to deliver.
    pub advice: Option<QueuedAdvice>,
    /// How the transaction's open advice ended, be it queued before or by this very change.
    pub ends: Option<AdviceEnd>,
    /// What the channel said, for events that are about that. Kept sealed.
    pub advised: Option<ChannelAdvice>,
    /// What a person should know of it: an operator's reason, the provider's words. Kept sealed.
    pub note: Option<FreeText>,
    /// Who is asked from now on, where the one before certainly was not.
    pub reroute: Option<Reroute>,
    /// The act of a person that this change is, recorded in the same commit.
    pub act: Option<Act>,
}

/// Another provider for a transaction that certainly reached none so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reroute {
    /// Who is asked now.
    pub provider: ProviderId,
    /// What its transitions depend on from now on.
    pub terms: Terms,
}

/// What became of a [`Change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is on disk.
    Done,
    /// The transaction has another version than the one seen; nothing was written.
    Stale,
}

/// One line of a transaction's journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The version it led to: 1 for the first event after the opening.
    pub version: u32,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub event: Event,
    /// The state it led to.
    pub state: State,
    /// What the provider said.
    pub outcome: Option<Outcome>,
    /// The advice that was queued with it, as it was queued.
    pub advice: Option<QueuedAdvice>,
    /// How that advice ended, if it did.
    pub advice_end: Option<AdviceEnd>,
    /// How often that advice was sent without an end.
    pub attempts: Attempts,
    /// What the channel said.
    pub advised: Option<ChannelAdvice>,
    /// What a person should know of it.
    pub note: Option<FreeText>,
    /// Whether some of what was said with it was destroyed, having been kept for as long as it was to be.
    pub is_destroyed: bool,
}

/// A transaction's request and its journal, of one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// The request that opened it, as the channel sent it (but never a PIN block).
    pub request: Request,
    /// Everything that ever happened to it, oldest first.
    pub journal: Vec<Entry>,
}

/// A transaction that is about a voucher: it issued, redeemed or refunded it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerned {
    /// The transaction.
    pub transaction: Transaction,
    /// Whether an advice of it is still on its way to the provider.
    pub is_owed: bool,
}

/// What [`Store::destroy`](crate::Store::destroy) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Destroyed {
    /// Of how many transactions something was destroyed.
    pub count: usize,
    /// Whether these are all that there were to be.
    pub are_all: bool,
}
