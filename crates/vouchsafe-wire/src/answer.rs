//! A provider's answer, read for what it proves and not for its looks.

use vouchsafe_core::id::MessageId;
use vouchsafe_core::money::Amounts;
use vouchsafe_core::party::{Institution, ThirdPartyIdentifier};
use vouchsafe_core::product::Product;
use vouchsafe_core::slip::SlipData;
use vouchsafe_core::text::FreeText;
use vouchsafe_core::voucher::Voucher;

use crate::object::objects;

/// What a provider says when it approves; any part may be missing.
///
/// A part that is malformed counts as missing, but for the amounts: an amount that cannot be read could
/// be another one than was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProvisionAnswer {
    /// The request's id, repeated.
    pub id: Option<MessageId>,
    /// What was granted.
    pub amounts: Option<Amounts>,
    /// The voucher.
    pub voucher: Option<Voucher>,
    /// What was sold.
    pub product: Option<Product>,
    /// The issuer.
    pub receiver: Option<Institution>,
    /// Each party's reference, ours and the provider's among them.
    pub third_party_identifiers: Vec<ThirdPartyIdentifier>,
    /// Receipt text.
    pub slip_data: Option<SlipData>,
    /// Retrieval reference number.
    pub rrn: Option<FreeText>,
}

objects! {
    /// What a provider says when it approves.
    ProvisionAnswer {
        id: optional "id";
        amounts: checked "amounts";
        voucher: optional "voucher";
        product: optional "product";
        receiver: optional "receiver";
        third_party_identifiers: list "thirdPartyIdentifiers";
        slip_data: optional "slipData";
        rrn: optional "rrn";
    }
}
