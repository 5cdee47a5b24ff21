//! The three requests that move money, as one: they share one life.

use crate::message::{
    Header, ProvisionRequest, ProvisionResponse, RedemptionRequest, RedemptionResponse, RefundRequest, RefundResponse,
};
use crate::money::{Amounts, LedgerAmount};
use crate::text::UpTo;
use crate::transaction::Kind;
use crate::voucher::VoucherCode;

/// A request that opens a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Asks for a voucher.
    Provision(ProvisionRequest),
    /// Asks that a voucher be taken.
    Redemption(RedemptionRequest),
    /// Asks that a redemption be given back.
    Refund(RefundRequest),
}

/// The answer to one that was approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Response {
    /// Hands over a voucher.
    Provision(ProvisionResponse),
    /// The voucher was taken.
    Redemption(RedemptionResponse),
    /// The worth was given back.
    Refund(RefundResponse),
}

impl From<ProvisionRequest> for Request {
    fn from(request: ProvisionRequest) -> Self {
        Self::Provision(request)
    }
}

impl From<RedemptionRequest> for Request {
    fn from(request: RedemptionRequest) -> Self {
        Self::Redemption(request)
    }
}

impl From<RefundRequest> for Request {
    fn from(request: RefundRequest) -> Self {
        Self::Refund(request)
    }
}

impl Request {
    /// The operation it asks for.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Provision(_) => Kind::Provision,
            Self::Redemption(_) => Kind::Redemption,
            Self::Refund(_) => Kind::Refund,
        }
    }

    /// Id, time and parties.
    #[must_use]
    pub const fn header(&self) -> &Header {
        match self {
            Self::Provision(request) => &request.header,
            Self::Redemption(request) => &request.header,
            Self::Refund(request) => &request.header,
        }
    }

    /// Header and amounts, to be changed.
    pub const fn parts_mut(&mut self) -> (&mut Header, &mut Option<Amounts>) {
        match self {
            Self::Provision(request) => (&mut request.header, &mut request.amounts),
            Self::Redemption(request) => (&mut request.header, &mut request.amounts),
            Self::Refund(request) => (&mut request.header, &mut request.amounts),
        }
    }

    /// What its sender says of amounts.
    #[must_use]
    pub const fn amounts(&self) -> Option<&Amounts> {
        match self {
            Self::Provision(request) => request.amounts.as_ref(),
            Self::Redemption(request) => request.amounts.as_ref(),
            Self::Refund(request) => request.amounts.as_ref(),
        }
    }

    /// The amount it asks for: the one it names, else its product's price.
    #[must_use]
    pub fn asked(&self) -> Option<LedgerAmount> {
        let named = self.amounts().and_then(|amounts| amounts.request_amount);
        let price = match self {
            Self::Provision(request) => request.product.as_ref().and_then(|product| product.amount),
            Self::Redemption(_) | Self::Refund(_) => None,
        };
        named.or(price)
    }

    /// The code of the voucher that is redeemed or refunded; a provision has none before it is approved.
    #[must_use]
    pub const fn presented_code(&self) -> Option<&VoucherCode> {
        match self {
            Self::Provision(_) => None,
            Self::Redemption(request) => Some(&request.voucher.code),
            Self::Refund(request) => request.voucher.code.as_ref(),
        }
    }

    /// The serial number of the voucher that is redeemed or refunded.
    #[must_use]
    pub const fn presented_serial_number(&self) -> Option<&UpTo<40>> {
        match self {
            Self::Provision(_) => None,
            Self::Redemption(request) => request.voucher.serial_number.as_ref(),
            Self::Refund(request) => request.voucher.serial_number.as_ref(),
        }
    }
}
