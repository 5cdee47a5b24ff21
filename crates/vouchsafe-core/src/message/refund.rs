//! A redemption is given back.

use crate::id::MessageId;
use crate::message::Header;
use crate::money::Amounts;
use crate::party::PosInfo;
use crate::text::FreeText;
use crate::voucher::Voucher;

/// Asks that a redeemed voucher be given its worth back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRequest {
    /// Id, time and parties.
    pub header: Header,
    /// The voucher.
    pub voucher: Voucher,
    /// How much is given back; without a `requestAmount` all of it.
    pub amounts: Option<Amounts>,
    /// The request that redeemed it.
    pub redemption_id: Option<MessageId>,
    /// The issuer's own reference for the redemption.
    pub receiver_transaction_ref: Option<FreeText>,
    /// Entry of card and PIN.
    pub pos_info: Option<PosInfo>,
}

/// The worth was given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundResponse {
    /// Id, time and parties; the references of switch and provider are added.
    pub header: Header,
    /// What was granted.
    pub amounts: Option<Amounts>,
    /// The voucher.
    pub voucher: Option<Voucher>,
    /// Entry of card and PIN.
    pub pos_info: Option<PosInfo>,
}
