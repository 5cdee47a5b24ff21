//! A voucher is used.

use crate::message::Header;
use crate::money::Amounts;
use crate::party::{Customer, PosInfo};
use crate::secret::Secret;
use crate::voucher::{PresentedVoucher, Voucher};

/// Asks that a voucher be taken for what it is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionRequest {
    /// Id, time and parties.
    pub header: Header,
    /// The voucher, with its code.
    pub voucher: PresentedVoucher,
    /// How much of it is to be taken; all of it where nobody says.
    pub amounts: Option<Amounts>,
    /// Entry of card and PIN.
    pub pos_info: Option<PosInfo>,
    /// Who redeems it.
    pub customer: Option<Secret<Customer>>,
}

/// The voucher was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedemptionResponse {
    /// Id, time and parties; the references of switch and provider are added.
    pub header: Header,
    /// The voucher.
    pub voucher: Option<Voucher>,
    /// What was granted.
    pub amounts: Option<Amounts>,
    /// Entry of card and PIN.
    pub pos_info: Option<PosInfo>,
    /// Who redeemed it.
    pub customer: Option<Secret<Customer>>,
}
