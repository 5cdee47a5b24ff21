//! The three records of a seed: what channels sent and were told, what the store holds, what providers did.
//!
//! Plain values. Whoever judges them needs nothing of the switch's decisions.

use vouchsafe_core::id::{MessageId, ProviderId};
use vouchsafe_core::message::{Request, Response};
use vouchsafe_core::sheet::{Messaging, Sheet};
use vouchsafe_core::transaction::State;
use vouchsafe_store::{Entry, Key, Transaction, TransactionNumber};

use crate::ledger::Ledger;
use crate::trouble::Trouble;

/// What a channel says to the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The request itself.
    Request,
    /// The same again, as a retry.
    Retry,
    /// That it must not stand.
    Reverse,
    /// That it stands, by the advice of this id.
    Confirm(MessageId),
}

/// What the switch says to a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 201: the voucher, or that it was redeemed or refunded.
    Approved(Box<Response>),
    /// A final no, by the journal.
    Declined(String),
    /// Nothing was recorded and nothing was sent, and why.
    NotSold(String),
    /// 404: the provider's answer proves nothing, and what was sold is reversed.
    Unproven,
    /// 504: no answer in time.
    Silent,
    /// 400: a reversal of it was received or chosen.
    Reversed,
    /// 400: the id was used before.
    Duplicate,
    /// 404: this provider knows no retries.
    NoRetries,
    /// 500: the outcome is not known.
    Unsure,
    /// 202: the advice was taken over.
    Accepted,
    /// 404: there is nothing to finalise.
    NeverSeen,
    /// 400: it was confirmed before.
    Confirmed,
    /// 500: the advice could not be recorded.
    NotRecorded,
    /// Anything that must never be said here.
    Strange(String),
}

/// What was told, and what the store held at that instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: u64,
    /// What.
    pub answer: Answer,
    /// Where the transaction stood.
    pub state: Option<State>,
    /// Whether its journal held an approval.
    pub has_approval: bool,
}

/// One exchange between a channel and a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// About what.
    pub key: Key,
    /// What was said.
    pub call: Call,
    /// When it was sent.
    pub sent: u64,
    /// When it came to a node, and to which.
    pub arrived: Option<(u64, u64)>,
    /// What the node said, if it lived to say it.
    pub told: Option<Told>,
    /// When the channel heard that.
    pub heard: Option<u64>,
    /// Whether the work panicked.
    pub panicked: bool,
}

/// What a channel made of a transaction in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// It holds what was sold.
    Held,
    /// It has confirmed that.
    Confirmed,
    /// Nothing was sold, it was told.
    Failed,
    /// It has reversed it, or was told that it is reversed.
    Reversed,
    /// It holds what was sold and never said so: a till that forgets.
    Forgotten,
}

/// A transaction as its channel has it.
#[derive(Debug, Clone)]
pub struct Sale {
    /// Its name.
    pub key: Key,
    /// What was asked for.
    pub request: Request,
    /// What came of it; nothing where the channel never came to an end.
    pub conclusion: Option<Conclusion>,
}

/// A channel of the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Till {
    /// Its name.
    pub name: &'static str,
    /// Who finalises.
    pub messaging: Messaging,
    /// How long it waits, in milliseconds.
    pub wait: u64,
}

/// When a version of a transaction became durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commit {
    /// Whose.
    pub number: TransactionNumber,
    /// Which; 0 is the intent.
    pub version: u32,
    /// When, in even time.
    pub at: u64,
}

/// A provider's own record.
#[derive(Debug)]
pub struct Book {
    /// Whose.
    pub provider: ProviderId,
    /// What it can do.
    pub sheet: Sheet,
    /// What it did.
    pub ledger: Ledger,
}

/// Everything that is known of a seed.
#[derive(Debug)]
pub struct Records {
    /// The seed.
    pub seed: u64,
    /// How much went wrong.
    pub trouble: Trouble,
    /// Faults that happened, and how many of them were crashes.
    pub faults: (u64, u64),
    /// The channels.
    pub tills: Vec<Till>,
    /// What the channels wanted.
    pub sales: Vec<Sale>,
    /// What the channels and the switch said to each other.
    pub exchanges: Vec<Exchange>,
    /// What the store holds.
    pub journals: Vec<(Transaction, Vec<Entry>)>,
    /// When it came to hold it.
    pub commits: Vec<Commit>,
    /// What the providers did.
    pub books: Vec<Book>,
    /// Whether everything came to rest in the time there was.
    pub is_quiet: bool,
    /// How long that took, in virtual milliseconds.
    pub took: u64,
}
