//! Advices: facts that must be delivered.

use std::time::Duration;

use crate::outcome::ProviderError;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Why a request must not stand.
    ReversalReason {
        Timeout = "TIMEOUT", Cancelled = "CANCELLED", ResponseNotFinal = "RESPONSE_NOT_FINAL",
    }
}

/// What an advice states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// The voucher was handed over and the tender taken.
    Confirmation,
    /// The request must not stand.
    Reversal(ReversalReason),
}

/// What came of one attempt to deliver an advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The provider has it, now or since before.
    Taken,
    /// The provider does not know the request that is to be reversed: there is nothing to undo, unless the
    /// reversal has overtaken its request.
    NotFound,
    /// The provider will never take it, and says why.
    Refused(ProviderError),
    /// Nothing is decided: it is to be sent again.
    Again {
        /// Why, for an operator.
        why: Hindrance,
        /// How long the provider asks to be left alone.
        retry_after: Option<Duration>,
    },
}

vocabulary! {
    /// What kept an advice from being taken or refused.
    Hindrance {
        NoConnection = "no connection could be made",
        NoAnswer = "there was no answer",
        Credentials = "the provider does not accept our credentials",
        TooMany = "the provider has too much to do",
        Status = "the provider failed",
    }
}
