//! Advices: facts that must be delivered.

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
