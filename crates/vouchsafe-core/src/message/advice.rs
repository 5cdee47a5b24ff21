//! Advices as messages: a fact about a request that was sent before.

use jiff::Timestamp;

use crate::advice::ReversalReason;
use crate::id::MessageId;
use crate::money::{Amounts, Tender};
use crate::party::ThirdPartyIdentifier;
use crate::text::FreeText;

/// What every advice says: which request it concerns, and whose reference that was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicAdvice {
    /// The advice's own id; every repeat of it carries the same.
    pub id: MessageId,
    /// The id of the request that it concerns.
    pub request_id: MessageId,
    /// The sender's time, to the millisecond.
    pub time: Timestamp,
    /// The references of the response, or of the request where there was no response.
    pub third_party_identifiers: Vec<ThirdPartyIdentifier>,
    /// System trace audit number; passed on unaltered.
    pub stan: Option<FreeText>,
    /// Retrieval reference number; passed on unaltered.
    pub rrn: Option<FreeText>,
    /// The final amount; absent means all that was authorised.
    pub amounts: Option<Amounts>,
}

/// The request must not stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicReversal {
    /// Which request, and whose references.
    pub advice: BasicAdvice,
    /// Why.
    pub reason: ReversalReason,
}

/// The request stands: the voucher was handed over and the tender taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenderAdvice {
    /// Which request, and whose references.
    pub advice: BasicAdvice,
    /// How the customer paid; empty where nobody says, and always for a redemption or a refund.
    pub tenders: Vec<Tender>,
}

/// The confirmation of a redemption or a refund, which says nothing of how anybody paid.
impl From<BasicAdvice> for TenderAdvice {
    fn from(advice: BasicAdvice) -> Self {
        Self { advice, tenders: Vec::new() }
    }
}

/// What a channel itself said about its request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelAdvice {
    /// It stands.
    Confirmation(TenderAdvice),
    /// It must not stand.
    Reversal(BasicReversal),
}

impl ChannelAdvice {
    /// What both say.
    #[must_use]
    pub const fn basic(&self) -> &BasicAdvice {
        match self {
            Self::Confirmation(confirmation) => &confirmation.advice,
            Self::Reversal(reversal) => &reversal.advice,
        }
    }
}
