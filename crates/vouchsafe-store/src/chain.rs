//! The proof that nothing was altered: a chain through each journal, a mark on each row, and a sum over all links.
//!
//! Each is a hash with a key that is sealed in the store, so that whoever can write to the file, but has no key, can
//! neither make nor mend one. A row that was altered has another mark; an event that was altered, moved or left out
//! breaks its chain; and a journal whose end was cut off together with its row's, or that is gone altogether, is missing
//! from the sum. What is left is the whole file put back as it was once: against that the sum is written down elsewhere.

use jiff::Timestamp;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::{Event, State};

use crate::act::ActNumber;
use crate::keyed_hash::{KEY, KeyedHash};
use crate::record::Record;
use crate::record::word::Word;
use crate::{Key, QueuedAdvice, Transaction, TransactionNumber};

/// Half of a keyed hash: enough that none can be guessed, and short enough to be kept everywhere.
pub(crate) type Mark = [u8; 16];

/// A link of a chain, and its share in the sum over all. The share is the other half of the same hash and never
/// written down, so that nobody can find out which links make up a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) mark: Mark,
    pub(crate) share: u128,
}

/// What of an event is chained. What may hold a secret takes part with its digest, so that it can be sealed anew, or
/// destroyed, and the chain holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chained<'a> {
    pub(crate) at: Timestamp,
    pub(crate) event: Event,
    pub(crate) state: State,
    pub(crate) advice: Option<&'a QueuedAdvice>,
    pub(crate) outcome: Option<Mark>,
    pub(crate) advised: Option<Mark>,
    pub(crate) note: Option<Mark>,
}

/// Makes marks and links.
pub(crate) struct Chain(KeyedHash);

impl Chain {
    pub(crate) fn new(key: &[u8; KEY]) -> Self {
        Self(KeyedHash::new(key))
    }

    /// What stands for a record in a chain, whichever key it is sealed with.
    pub(crate) fn digest(&self, record: &[u8]) -> Mark {
        self.hash(0, record).mark
    }

    /// The first link: what was intended.
    pub(crate) fn opening(&self, transaction: &Transaction, request: Mark) -> Link {
        let Transaction { number, key, upstream_id, asked, opened_at, .. } = transaction;
        let mut bytes = Vec::with_capacity(160);
        number.0.put(&mut bytes);
        put_key(key, &mut bytes);
        upstream_id.put(&mut bytes);
        asked.is_some().put(&mut bytes);
        if let Some(asked) = asked {
            asked.put(&mut bytes);
        }
        opened_at.put(&mut bytes);
        bytes.extend_from_slice(&request);
        self.hash(1, &bytes)
    }

    /// The link that an event adds.
    pub(crate) fn event(&self, previous: Mark, number: TransactionNumber, version: u32, event: &Chained<'_>) -> Link {
        let Chained { at, event, state, advice, outcome, advised, note } = event;
        let mut bytes = Vec::with_capacity(160);
        bytes.extend_from_slice(&previous);
        number.0.put(&mut bytes);
        u64::from(version).put(&mut bytes);
        at.put(&mut bytes);
        event.put(&mut bytes);
        state.put(&mut bytes);
        advice.is_some().put(&mut bytes);
        if let Some(QueuedAdvice { id, advice, due_at }) = advice {
            id.put(&mut bytes);
            bytes.push(advice.place());
            due_at.put(&mut bytes);
        }
        for digest in [outcome, advised, note] {
            digest.is_some().put(&mut bytes);
            bytes.extend_from_slice(digest.as_ref().map_or(&[], |digest| &digest[..]));
        }
        self.hash(2, &bytes)
    }

    /// A chain of its own, of one link: a reversal that came before its request.
    pub(crate) fn forestalled(&self, key: &Key, reversal: MessageId, at: Timestamp) -> Link {
        let mut bytes = Vec::with_capacity(96);
        put_key(key, &mut bytes);
        reversal.put(&mut bytes);
        at.put(&mut bytes);
        self.hash(3, &bytes)
    }

    /// The mark of a transaction's row as it stands, with the last link of its chain.
    pub(crate) fn row(&self, transaction: &Transaction, link: Mark) -> Mark {
        let Transaction { number, key, version, state, provider, upstream_id, asked, terms, opened_at, due_at } =
            transaction;
        let mut bytes = Vec::with_capacity(192);
        number.0.put(&mut bytes);
        put_key(key, &mut bytes);
        u64::from(*version).put(&mut bytes);
        state.put(&mut bytes);
        provider.put(&mut bytes);
        upstream_id.put(&mut bytes);
        asked.is_some().put(&mut bytes);
        if let Some(asked) = asked {
            asked.put(&mut bytes);
        }
        terms.messaging.put(&mut bytes);
        terms.confirmations.put(&mut bytes);
        terms.reversals.put(&mut bytes);
        opened_at.put(&mut bytes);
        due_at.is_some().put(&mut bytes);
        if let Some(due_at) = due_at {
            due_at.put(&mut bytes);
        }
        bytes.extend_from_slice(&link);
        self.hash(4, &bytes).mark
    }

    /// A chain of its own, for what was done by hand: its first link.
    pub(crate) fn act(&self, number: ActNumber, at: Timestamp, is_intended: bool, record: Mark) -> Link {
        let mut bytes = Vec::with_capacity(48);
        number.0.put(&mut bytes);
        at.put(&mut bytes);
        is_intended.put(&mut bytes);
        bytes.extend_from_slice(&record);
        self.hash(5, &bytes)
    }

    /// Its second link, where it was intended first: how it ended.
    pub(crate) fn act_end(&self, previous: Mark, at: Timestamp, note: Option<Mark>) -> Link {
        let mut bytes = Vec::with_capacity(48);
        bytes.extend_from_slice(&previous);
        at.put(&mut bytes);
        note.is_some().put(&mut bytes);
        bytes.extend_from_slice(note.as_ref().map_or(&[], |note| &note[..]));
        self.hash(6, &bytes)
    }

    fn hash(&self, sort: u8, bytes: &[u8]) -> Link {
        let hash = self.0.hash(sort, bytes);
        let (mut mark, mut share) = ([0; 16], [0; 16]);
        mark.copy_from_slice(&hash[..16]);
        share.copy_from_slice(&hash[16..]);
        Link { mark, share: u128::from_be_bytes(share) }
    }
}

fn put_key(key: &Key, out: &mut Vec<u8>) {
    key.channel.put(out);
    key.kind.put(out);
    key.id.put(out);
}
