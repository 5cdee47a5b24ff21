//! What must survive a crash.
//!
//! [`Store`] is one flat trait: every verb is one atomic moment, and its documentation says what is true
//! once it returns. Drivers are named nowhere but in this crate. Requests, outcomes and vouchers are
//! sealed before they reach an engine, so no engine ever holds a code in clear.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::message::Request;
use vouchsafe_core::voucher::VoucherName;

mod act;
mod advice;
mod chain;
mod figures;
mod integrity;
mod keyed_hash;
mod record;
pub mod seal;
pub mod sqlite;
pub mod story;
mod transaction;
mod vault;
mod voucher_hash;

pub use act::{Act, ActEnd, ActNumber, Deed, Doer, Name, Operator, Reason, RecordedAct, Standing};
pub use advice::{Attempt, Attempts, OpenAdvice, QueuedAdvice};
pub use figures::{Figures, OpenAdvices, Orphans, Tally, Unfinalised};
pub use integrity::{KeyStanding, Resealed, Verdict};
pub use transaction::{
    Change, Concerned, Destroyed, Dossier, Entry, Forestalled, Intent, Key, Opened, Recorded, Reference, Reroute,
    Transaction, TransactionNumber,
};

/// The memory of the switch.
///
/// Writes are durable (they survive `kill -9` and power loss) when they return. They are conditional:
/// [`Store::open`] on the key being new, [`Store::record`] on the version the caller saw. A caller that stops
/// waiting for a write does not take it back. Times are kept to the millisecond.
#[async_trait]
pub trait Store: Send + Sync {
    /// Commits the intent to ask a provider, unless the key is taken or forestalled: then nothing is written.
    ///
    /// Once this returns [`Opened::New`], the transaction is `Pending` on disk with its request and all
    /// that is needed to reverse it, and no other caller was or will be told the same of this key.
    /// The id to use towards the provider is chosen here: the request's own, or one derived from the key
    /// where another channel's transaction of the same kind has used it first. New work is the first to be
    /// refused: where too much is waiting, this returns [`Cause::Overloaded`] at once.
    async fn open(&self, intent: Intent) -> Result<Opened, StoreError>;

    /// Remembers for good that a request of this key is not to be asked of any provider, should it come later:
    /// its reversal came first.
    ///
    /// Once this returns [`Forestalled::Noted`], every later [`Store::open`] of the key returns
    /// [`Opened::Forestalled`]; of the two at the same time, one wins. Where the key is a transaction's already,
    /// nothing is written. Repeats change nothing: the first reversal stays on record. This too is new work, and
    /// where too much is waiting it is refused with [`Cause::Overloaded`] at once.
    async fn forestall(&self, key: Key, reversal: MessageId, at: Timestamp) -> Result<Forestalled, StoreError>;

    /// Commits an event, the state it led to, the outcome, the advice and the end of an advice, all or nothing.
    ///
    /// Once this returns [`Recorded::Done`], all of it is on disk and the version is one higher.
    /// [`Recorded::Stale`] means that somebody else recorded first: nothing was written. Where too much is
    /// waiting this waits too: what was begun is not lost because more is beginning.
    ///
    /// A transaction has at most one open advice, and only an open one can end. A change that would queue another,
    /// or that ends one where none is open, is a fault of the caller's: nothing is written, and the error is a
    /// determinate [`Cause::Damaged`].
    async fn record(&self, change: Change) -> Result<Recorded, StoreError>;

    /// The transaction of a key, as of the last commit.
    async fn find(&self, key: &Key) -> Result<Option<Transaction>, StoreError>;

    /// Whether the reversal of a key came first, as of the last commit. Once its request came after all, that is told by
    /// [`Store::open`] as well.
    async fn is_forestalled(&self, key: &Key) -> Result<bool, StoreError>;

    /// The request that opened a transaction, as the channel sent it (but never a PIN block).
    async fn request(&self, number: TransactionNumber) -> Result<Request, StoreError>;

    /// Everything that ever happened to a transaction, oldest first.
    async fn journal(&self, number: TransactionNumber) -> Result<Vec<Entry>, StoreError>;

    /// The request that opened a transaction and everything that ever happened to it, both of the same commit and proven
    /// against one another. Where the request was destroyed this is [`Cause::Destroyed`], and the journal is had alone.
    async fn dossier(&self, number: TransactionNumber) -> Result<Dossier, StoreError>;

    /// Commits that an attempt to deliver an advice came to nothing, and when it is made again.
    ///
    /// Once this returns, the advice has one more attempt and the new due time, unless it ended before: then
    /// nothing was written. Once the provider has said that it does not know the request (the hindrance
    /// `NotFound`), the advice is marked so for good. Where too much is waiting this waits too.
    async fn put_off(&self, attempt: Attempt) -> Result<(), StoreError>;

    /// Commits that advices which are open and due later are due at `at`: one transaction's, or everybody's where
    /// none is named, at most `most` of them. Returns how many, and fewer than `most` are the last there were; attempts do
    /// not change. Where a person has it done, the act is recorded in the same commit, unless there was nothing to do.
    async fn redrive(
        &self,
        number: Option<TransactionNumber>,
        at: Timestamp,
        most: usize,
        act: Option<Act>,
    ) -> Result<usize, StoreError>;

    /// The advices for a provider that are open and due by then, the longest due first, at most `most`.
    async fn due_advices(
        &self,
        provider: &ProviderId,
        by: Timestamp,
        most: usize,
    ) -> Result<Vec<OpenAdvice>, StoreError>;

    /// The transactions whose outcome is still waited for (pending or cancelled) though it was due by then, the
    /// longest due first, at most `most`.
    async fn unanswered(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError>;

    /// The approved transactions that the switch is to confirm by then, the longest due first, at most `most`.
    async fn unconfirmed(&self, by: Timestamp, most: usize) -> Result<Vec<Transaction>, StoreError>;

    /// The approved transactions that nobody has finalised and that the switch will not confirm by itself, after a
    /// number, in the order of their numbers, at most `most`: channels of dual messaging owe a word on them.
    async fn unfinalised(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError>;

    /// The orphans after a number, in the order of their numbers, at most `most`.
    async fn orphans(&self, after: TransactionNumber, most: usize) -> Result<Vec<Transaction>, StoreError>;

    /// The transactions that go by a reference that a person has in hand, whichever channel's they are, in the
    /// order of their numbers.
    async fn look_up(&self, reference: Reference) -> Result<Vec<Transaction>, StoreError>;

    /// The transactions that issued, redeemed or refunded a voucher, or may have, whichever channel's they are, in the
    /// order of their numbers; those that were declined are not among them. The store keeps a keyed hash of a voucher's name and never the name in clear; that two names
    /// share one is as good as impossible.
    async fn concerning(&self, voucher: VoucherName) -> Result<Vec<Concerned>, StoreError>;

    /// Gives everything that is a channel's to another name, so that its ids are free again. Nothing is lost: what is
    /// owed to providers is still delivered. The act is recorded in the same commit. For the reset of a sandbox, and for
    /// nothing else.
    async fn set_aside(&self, channel: ChannelId, under: ChannelId, act: Act) -> Result<usize, StoreError>;

    /// Destroys for good the requests, the approvals and what channels said, of transactions that were opened longer ago
    /// than `kept_for` and that have ended: nothing can happen to them any more and nothing is owed. What happened, its
    /// times, amounts and hashes stay. At most `most` at once; those that have not ended are destroyed once they have.
    ///
    /// Clocks are put back and forward, and what is destroyed cannot be had back. So a transaction counts as opened no
    /// earlier than those before it in the order of commits. One that is dated after `now` counts as opened when the next
    /// one that is not was opened, and is kept where there is none yet.
    ///
    /// Of what was destroyed [`Store::request`] returns [`Cause::Destroyed`], and [`Store::journal`] says so.
    async fn destroy(&self, now: Timestamp, kept_for: Duration, most: usize) -> Result<Destroyed, StoreError>;

    /// Commits what a person is about to do outside the store, or in more than one commit.
    ///
    /// Once this returns, the act is on record as intended, for good; [`Store::end_act`] says how it ended. Acts are
    /// numbered in the order of their commits.
    async fn intend(&self, act: Act) -> Result<ActNumber, StoreError>;

    /// Commits how an act ended that was intended.
    ///
    /// An act that is not there, that was done in the commit of its record or that has ended before cannot end: nothing
    /// is written, and the error is a determinate [`Cause::Damaged`].
    async fn end_act(&self, number: ActNumber, end: ActEnd, at: Timestamp) -> Result<(), StoreError>;

    /// What was done by hand, the oldest first: the newest acts, at most `most`; or the newest of those that were done to
    /// one transaction.
    async fn acts(&self, of: Option<TransactionNumber>, most: usize) -> Result<Vec<RecordedAct>, StoreError>;

    /// How much is owed: open advices by provider, orphans by currency. Its cost is that of what is open, whatever
    /// else the store holds.
    async fn tally(&self) -> Result<Tally, StoreError>;

    /// How the writing fares, since the store was opened here.
    fn figures(&self) -> Figures;

    /// Whether the store takes writes: returns once a durable commit was made.
    async fn check(&self) -> Result<(), StoreError>;
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
    /// A record cannot be read (damaged, from a newer version, sealed with another key), or what was to be written
    /// does not fit the records there are.
    Damaged(String),
    /// It was destroyed, because it was kept for as long as it was to be.
    Destroyed,
    /// The engine refused, in its own words.
    Engine(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overloaded => f.write_str("more is waiting to be written than the store takes"),
            Self::Closed => f.write_str("the store is closed"),
            Self::Damaged(what) => write!(f, "something is wrong with a record: {what}"),
            Self::Destroyed => f.write_str("it was destroyed: it was kept for as long as the configuration says"),
            Self::Engine(words) => f.write_str(words),
        }
    }
}

impl StoreError {
    /// What went wrong.
    #[must_use]
    pub const fn cause(&self) -> &Cause {
        match self {
            Self::Determinate(cause) | Self::Indeterminate(cause) => cause,
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
