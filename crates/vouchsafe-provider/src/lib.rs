//! How providers are asked.
//!
//! One module for each protocol spoken upstream. An adapter is stateless, never repeats a request by
//! itself, and never declares a failure that it cannot prove.

pub mod simulator;
pub mod suv;

use async_trait::async_trait;
use tokio::time::Instant;
use vouchsafe_core::message::ProvisionRequest;
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
