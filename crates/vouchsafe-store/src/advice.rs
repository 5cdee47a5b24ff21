//! Advices as the store keeps them: queued, open, put off.

use jiff::Timestamp;
use vouchsafe_core::advice::{Advice, Hindrance};
use vouchsafe_core::id::MessageId;

use crate::{Transaction, TransactionNumber};

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

/// An advice that has not ended, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenAdvice {
    /// What it concerns.
    pub transaction: Transaction,
    /// The version that its event led to.
    pub version: u32,
    /// What was queued; `due_at` is when it is to be sent next.
    pub queued: QueuedAdvice,
    /// When it was first to be sent.
    pub first_due_at: Timestamp,
    /// How often it was sent without an end.
    pub attempts: Attempts,
    /// Whether the provider has said once that it does not know the request.
    pub not_found: bool,
}

/// How often an advice was sent without an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attempts {
    /// How often.
    pub count: u32,
    /// What kept it the last time.
    pub hindrance: Option<Hindrance>,
}

impl Attempts {
    /// With one more that came to nothing.
    #[must_use]
    pub const fn and(self, hindrance: Hindrance) -> Self {
        Self { count: self.count + 1, hindrance: Some(hindrance) }
    }
}

/// An attempt to deliver an advice that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Whose advice it is.
    pub number: TransactionNumber,
    /// The version that the advice's event led to.
    pub version: u32,
    /// When it is to be sent again.
    pub due_at: Timestamp,
    /// What kept it.
    pub hindrance: Hindrance,
}
