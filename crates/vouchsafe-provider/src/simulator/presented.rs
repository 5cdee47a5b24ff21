//! Vouchers that somebody presents: which one is meant, and what is answered about it.

use vouchsafe_core::message::{
    Header, RedemptionRequest, RedemptionResponse, RefundRequest, RefundResponse, Request, VoucherLookupResponse,
    VoucherQuery,
};
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::party::Institution;
use vouchsafe_core::product::{Product, ProductId};
use vouchsafe_core::text::UpTo;
use vouchsafe_core::transaction::Kind;
use vouchsafe_core::voucher::{Voucher, VoucherCode};

use crate::simulator::draw;
use crate::simulator::header::plain;
use crate::simulator::ledger::{self, Key, Names};
use crate::simulator::sale::redeem_instructions;

/// How this provider's books name vouchers.
#[derive(Clone, Copy)]
pub(super) struct Naming<'a> {
    pub(super) seed: u64,
    pub(super) institution: &'a str,
}

impl Naming<'_> {
    pub(super) fn mark(self, code: &VoucherCode) -> ledger::VoucherMark {
        draw::mark(self.seed, self.institution, code.expose().as_str())
    }

    /// What a redemption or a refund names its voucher by.
    pub(super) fn in_request(self, request: &Request) -> Names {
        let mark = request.presented_code().map(|code| self.mark(code));
        let serial_number = request.presented_serial_number().map(|number| number.as_str().into());
        // Whoever has neither to show has at least redeemed it.
        let is_nameless = mark.is_none() && serial_number.is_none();
        Names { mark, serial_number, request: refunded(request).filter(|_| is_nameless) }
    }

    /// What a question names its voucher by. Requests are their client's own.
    pub(super) fn in_query(self, query: &VoucherQuery, client: &str) -> Names {
        Names {
            mark: query.voucher_code.as_ref().map(|code| self.mark(code)),
            serial_number: query.voucher_serial_number.as_ref().map(|number| number.as_str().into()),
            request: query.provision_request_id.map(|id| Key { client: client.into(), kind: Kind::Provision, id }),
        }
    }
}

/// The redemption that a refund says it refunds.
pub(super) fn refunded(request: &Request) -> Option<Key> {
    let Request::Refund(refund) = request else { return None };
    let client = refund.header.client.id.as_str();
    refund.redemption_id.map(|id| Key { client: client.into(), kind: Kind::Redemption, id })
}

/// The answer to a redemption that was done.
pub(super) fn redeemed(
    request: &RedemptionRequest,
    header: Header,
    serial_number: Option<Box<str>>,
    taken: Option<LedgerAmount>,
) -> RedemptionResponse {
    RedemptionResponse {
        header,
        voucher: Some(numbered(request.voucher.clone().into(), serial_number)),
        amounts: moved(request.amounts.as_ref(), taken),
        pos_info: request.pos_info.clone(),
        customer: request.customer.clone(),
    }
}

/// The answer to a refund that was done.
pub(super) fn given_back(
    request: &RefundRequest,
    header: Header,
    serial_number: Option<Box<str>>,
    given: Option<LedgerAmount>,
) -> RefundResponse {
    RefundResponse {
        header,
        amounts: moved(request.amounts.as_ref(), given),
        voucher: Some(numbered(request.voucher.clone(), serial_number)),
        pos_info: request.pos_info.clone(),
    }
}

/// A voucher as it was presented, with the serial number that it was sold under.
fn numbered(presented: Voucher, serial_number: Option<Box<str>>) -> Voucher {
    Voucher { serial_number: serial_number.map(plain).or(presented.serial_number), ..presented }
}

/// The amounts of a request, with what was moved.
fn moved(asked: Option<&Amounts>, moved: Option<LedgerAmount>) -> Option<Amounts> {
    let amounts = Amounts { approved_amount: moved, ..asked.cloned().unwrap_or_default() };
    Some(amounts).filter(|amounts| *amounts != Amounts::default())
}

/// What is told of a voucher. Its code is told only to whoever knows it: a serial number is no secret, and must not
/// lead to one.
pub(super) fn told(voucher: &ledger::Voucher, query: &VoucherQuery, provider: &Institution) -> VoucherLookupResponse {
    let product = voucher.product.as_deref().and_then(|id| ProductId::new(id).ok());
    VoucherLookupResponse {
        voucher: Voucher {
            code: query.voucher_code.clone(),
            expiry_date: voucher.expiry_date,
            redeem_instructions: redeem_instructions(),
            serial_number: UpTo::new(&*voucher.serial_number).ok(),
            pin: None,
        },
        receiver: Some(provider.clone()),
        settlement_entity: None,
        amounts: voucher.value().map(|value| Amounts { approved_amount: Some(value), ..Amounts::default() }),
        product: product.map(Product::named),
        pos_info: None,
        third_party_identifiers: Vec::new(),
        rrn: None,
    }
}
