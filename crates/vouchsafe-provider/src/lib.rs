//! How providers are asked.
//!
//! One module for each protocol spoken upstream. An adapter is stateless, never repeats a request by
//! itself, and never declares a failure that it cannot prove.

pub mod pem;
pub mod simulator;
pub mod suv;
pub mod whole;

use async_trait::async_trait;
use tokio::time::Instant;
use vouchsafe_core::advice::Delivery;
use vouchsafe_core::message::{BasicReversal, Request, TenderAdvice, VoucherQuery};
use vouchsafe_core::outcome::{Lookup, NotSent, Outcome};
use vouchsafe_core::transaction::Kind;

/// Somebody who issues vouchers.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Asks for a voucher, or that one be redeemed or refunded, once.
    ///
    /// `request` is already in the words this provider knows: its own product id, the ids chosen towards
    /// it, us as the client. Nothing heard by the end of `patience` is
    /// [`Doubt::NoAnswer`](vouchsafe_core::outcome::Doubt::NoAnswer). Dropping the future gives the
    /// answer up but does not call the request back.
    ///
    /// # Errors
    /// [`NotSent`] only where no byte of the request can have reached the provider.
    async fn ask(&self, request: &Request, patience: Patience) -> Result<Outcome, NotSent>;

    /// Delivers a reversal of a request of this kind, once.
    ///
    /// It is already in this provider's words: it names the request by the id chosen towards it. Every repeat
    /// is the same to the byte, so a provider that has it can tell, and an attempt given up may be made again.
    /// What is not heard by the end of `by` is to be sent again.
    async fn reverse(&self, kind: Kind, reversal: &BasicReversal, by: Instant) -> Delivery;

    /// Delivers a confirmation, once; as [`reverse`](Self::reverse) does a reversal. Only that of a provision says
    /// how the customer paid.
    async fn confirm(&self, kind: Kind, confirmation: &TenderAdvice, by: Instant) -> Delivery;

    /// Asks what is known of a voucher. It has no effect, and what is not heard by the end of `by` is not waited for.
    async fn look_up(&self, query: &VoucherQuery, by: Instant) -> Lookup;
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
