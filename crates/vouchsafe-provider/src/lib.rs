//! How providers are asked.
//!
//! One module for each protocol spoken upstream. An adapter is stateless, never repeats a request by
//! itself, and never declares a failure that it cannot prove.

pub mod pem;
pub mod simulator;
pub mod suv;

use async_trait::async_trait;
use tokio::time::Instant;
use vouchsafe_core::advice::Delivery;
use vouchsafe_core::message::{BasicReversal, ProvisionRequest, TenderAdvice};
use vouchsafe_core::outcome::{NotSent, Outcome};

/// Somebody who issues vouchers.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Asks for a voucher, once.
    ///
    /// `request` is already in the words this provider knows: its own product id, the id chosen towards
    /// it, us as the client. Nothing heard by the end of `patience` is
    /// [`Doubt::NoAnswer`](vouchsafe_core::outcome::Doubt::NoAnswer). Dropping the future gives the
    /// answer up but does not call the request back.
    ///
    /// # Errors
    /// [`NotSent`] only where no byte of the request can have reached the provider.
    async fn provision(&self, request: &ProvisionRequest, patience: Patience) -> Result<Outcome, NotSent>;

    /// Delivers a reversal, once.
    ///
    /// It is already in this provider's words: it names the request by the id chosen towards it. Every repeat
    /// is the same to the byte, so a provider that has it can tell, and an attempt given up may be made again.
    /// What is not heard by the end of `by` is to be sent again.
    async fn reverse(&self, reversal: &BasicReversal, by: Instant) -> Delivery;

    /// Delivers a confirmation, once; as [`reverse`](Self::reverse) does a reversal.
    async fn confirm(&self, confirmation: &TenderAdvice, by: Instant) -> Delivery;
}

/// How long a provider is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// No request begins to leave after this instant: whoever waits for the answer has given up by then, and
    /// a reversal may be on its way.
    pub send_by: Instant,
    /// An answer is listened for until this instant; one that nobody waits for any more is still evidence.
    pub listen_until: Instant,
}
