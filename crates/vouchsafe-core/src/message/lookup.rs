//! Questions without a financial effect, and their answers.

use crate::id::MessageId;
use crate::money::Amounts;
use crate::party::{Institution, PosInfo, ThirdPartyIdentifier};
use crate::product::Product;
use crate::text::{FreeText, UpTo};
use crate::voucher::{Voucher, VoucherCode};

/// What a channel may sell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductsLookupResponse {
    /// Each product as the channel shows it.
    pub products: Vec<Product>,
}

/// Asks what is known of a voucher. At least one of the first three names it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VoucherQuery {
    /// Its code.
    pub voucher_code: Option<VoucherCode>,
    /// The id of the request that it was issued for.
    pub provision_request_id: Option<MessageId>,
    /// Its serial number.
    pub voucher_serial_number: Option<UpTo<40>>,
    /// The issuer, which helps to route the question.
    pub receiver_inst_id: Option<FreeText>,
    /// The service provider, which helps to route the question.
    pub settlement_entity_inst_id: Option<FreeText>,
}

/// What a provider knows of a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VoucherLookupResponse {
    /// The voucher.
    pub voucher: Voucher,
    /// The issuer.
    pub receiver: Option<Institution>,
    /// The service provider.
    pub settlement_entity: Option<Institution>,
    /// What it is worth: a credit in the approved amount.
    pub amounts: Option<Amounts>,
    /// What was sold.
    pub product: Option<Product>,
    /// Entry of card and PIN.
    pub pos_info: Option<PosInfo>,
    /// Each party's own reference.
    pub third_party_identifiers: Vec<ThirdPartyIdentifier>,
    /// Retrieval reference number.
    pub rrn: Option<FreeText>,
}
