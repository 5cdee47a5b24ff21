//! What must survive a crash.
//!
//! [`Store`] is one flat trait: every verb is one atomic moment, and its documentation says what is true
//! once it returns. Drivers are named nowhere but in this crate. Requests, outcomes and vouchers are
//! sealed before they reach an engine, so no engine ever holds a code in clear.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use vouchsafe_core::advice::Advice;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_core::money::LedgerAmount;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::{Event, Kind, State, Terms};

mod record;
pub mod seal;
pub mod sqlite;
pub mod story;

/// The memory of the switch.
///
/// Writes are durable (they survive `kill -9` and power loss) when they return. They are conditional:
/// [`Store::open`] on the key being new, [`Store::record`] on the version the caller saw. A caller that stops
/// waiting for a write does not take it back. Times are kept to the millisecond.
#[async_trait]
pub trait Store: Send + Sync {
    /// Commits the intent to ask a provider, unless the key is taken.
    ///
    /// Once this returns [`Opened::New`], the transaction is `Pending` on disk with its request and all
    /// that is needed to reverse it, and no other caller was or will be told the same of this key.
    /// The id to use towards the provider is chosen here: the request's own, or one derived from the key
    /// where another channel's transaction of the same kind has used it first. New work is the first to be
    /// refused: where too much is waiting, this returns [`Cause::Overloaded`] at once.
    async fn open(&self, intent: Intent) -> Result<Opened, StoreError>;

    /// Commits an event, the state it led to, the outcome and the advice, all or nothing.
    ///
    /// Once this returns [`Recorded::Done`], all of it is on disk and the version is one higher.
    /// [`Recorded::Stale`] means that somebody else recorded first: nothing was written. Where too much is
    /// waiting this waits too: what was begun is not lost because more is beginning.
    async fn record(&self, change: Change) -> Result<Recorded, StoreError>;

    /// The transaction of a key, as of the last commit.
    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError>;

    /// The request that opened a transaction, as the channel sent it (but never a PIN block).
    async fn request(&self, number: TransactionNumber) -> Result<ProvisionRequest, StoreError>;

    /// Everything that ever happened to a transaction, oldest first.
    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError>;

    /// Whether the store takes writes: returns once a durable commit was made.
    async fn check(&self) -> Result<(), StoreError>;
}

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
        self.0.fmt(f)
    }
}

/// What is about to be asked of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    /// The transaction's name.
    pub key: Key,
    /// The request as the channel sent it.
    pub request: ProvisionRequest,
    /// Who will be asked.
    pub provider: ProviderId,
    /// What the provider is asked for: the request's amount or the product's price, where there is one.
    pub asked: Option<LedgerAmount>,
    /// What the transaction's transitions depend on, kept with it for its whole life.
    pub terms: Terms,
    /// When.
    pub at: Timestamp,
    /// From then on anybody may take the answer for lost.
    pub due_at: Timestamp,
}

/// What [`Store::open`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opened {
    /// The key was free and is now this transaction's.
    New(Transaction),
    /// The key was taken by this transaction.
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
}

/// An advice on its way to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueuedAdvice {
    /// Its own id, the same on every attempt.
    pub id: MessageId,
    /// What it states.
    pub advice: Advice,
    /// When it is to be sent (next).
    pub due_at: Timestamp,
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
}

/// Why a verb did not return what it promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// Nothing was written and nothing will be.
    Determinate(Cause),
    /// It may or may not have been written: read it back before anything else.
    Indeterminate(Cause),
}

/// What went wrong in a store, for an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// More is waiting to be written than the store takes.
    Overloaded,
    /// The store was closed.
    Closed,
    /// A record cannot be read: damaged, from a newer version, or sealed with another key.
    Damaged(String),
    /// The engine refused, in its own words.
    Engine(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overloaded => f.write_str("more is waiting to be written than the store takes"),
            Self::Closed => f.write_str("the store is closed"),
            Self::Damaged(what) => write!(f, "a record cannot be read: {what}"),
            Self::Engine(words) => f.write_str(words),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Determinate(cause) => write!(f, "nothing was written: {cause}"),
            Self::Indeterminate(cause) => write!(f, "it is uncertain whether it was written: {cause}"),
        }
    }
}

impl std::error::Error for StoreError {}
