//! The three kinds of request, side by side: all that is told of one and not of the others. What they have in common
//! is told once, in `operations/`, by functions that take one of these rows.

use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::transaction::Kind;

use super::descriptions as told;
use super::examples::{self, Example};
use super::operation::Topic;
use super::refusals::{Case, declines, requests};

/// How a kind of request, and what may be said of one, is told.
pub(super) struct Described {
    pub(super) kind: Kind,
    pub(super) topic: Topic,
    /// Where it is sent; its advices go below.
    pub(super) path: &'static str,
    pub(super) asking: Told,
    pub(super) confirming: Told,
    pub(super) reversing: Told,
    /// The schemas of the request, its response and its confirmation.
    pub(super) request: &'static str,
    pub(super) response: &'static str,
    pub(super) confirmation: &'static str,
    /// Examples of the request; the first is the one that everything else is about.
    pub(super) requests: fn() -> Vec<Example>,
    /// Examples of the response.
    pub(super) responses: fn() -> Vec<Example>,
    /// What a request or its confirmation is told once it is reversed.
    pub(super) already_reversed: ErrorType,
    /// What a reversal is told once the request is confirmed.
    pub(super) already_confirmed: ErrorType,
    /// What a second confirmation with another id is told; of a sale it is as good as the first.
    pub(super) confirmed_by_another: Option<ErrorType>,
    /// Why the switch refuses it, besides what it refuses all three for. Where the status of a decline is the same, each
    /// type that a provider may give too stands among the declines.
    pub(super) refused: &'static [Case],
    /// A provider's own refusals, besides those of all three.
    pub(super) declines: &'static [Case],
    /// Why it was certainly not sent.
    pub(super) not_sent: &'static [Case],
}

/// The names of one operation, and what is told of it alone.
pub(super) struct Told {
    pub(super) id: &'static str,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
}

pub(super) static PROVISION: Described = Described {
    kind: Kind::Provision,
    topic: Topic::Vouchers,
    path: "/vouchers",
    asking: Told { id: "provisionVoucher", summary: "Sell a voucher", description: told::PROVISION },
    confirming: Told { id: "confirmVoucher", summary: "Confirm a sale", description: told::CONFIRMED_PROVISION },
    reversing: Told { id: "reverseVoucher", summary: "Undo a sale", description: told::REVERSED_PROVISION },
    request: "ProvisionRequest",
    response: "ProvisionResponse",
    confirmation: "TenderAdvice",
    requests: examples::provision_requests,
    responses: examples::provision_responses,
    already_reversed: ErrorType::VoucherAlreadyReversed,
    already_confirmed: ErrorType::VoucherAlreadyConfirmed,
    confirmed_by_another: None,
    refused: requests::NOT_FOR_SALE,
    declines: declines::OF_PROVISIONS,
    not_sent: requests::NOT_SENT,
};

pub(super) static REDEMPTION: Described = Described {
    kind: Kind::Redemption,
    topic: Topic::Redemptions,
    path: "/redemptions",
    asking: Told { id: "redeemVoucher", summary: "Redeem a voucher", description: told::REDEMPTION },
    confirming: Told { id: "confirmRedeem", summary: "Confirm a redemption", description: told::CONFIRMED_REDEMPTION },
    reversing: Told { id: "reverseRedeem", summary: "Undo a redemption", description: told::REVERSED_REDEMPTION },
    request: "RedemptionRequest",
    response: "RedemptionResponse",
    confirmation: "BasicAdvice",
    requests: examples::redemption_requests,
    responses: examples::redemption_responses,
    already_reversed: ErrorType::RedemptionAlreadyReversed,
    already_confirmed: ErrorType::RedemptionAlreadyConfirmed,
    confirmed_by_another: Some(ErrorType::VoucherNotRedeemed),
    refused: requests::NO_ROUTE,
    declines: declines::OF_REDEMPTIONS,
    not_sent: requests::NOT_SENT_OF_A_VOUCHER,
};

pub(super) static REFUND: Described = Described {
    kind: Kind::Refund,
    topic: Topic::Refunds,
    path: "/refunds",
    asking: Told { id: "refundVoucher", summary: "Refund a redemption", description: told::REFUND },
    confirming: Told { id: "confirmRefund", summary: "Confirm a refund", description: told::CONFIRMED_REFUND },
    reversing: Told { id: "reverseRefund", summary: "Undo a refund", description: told::REVERSED_REFUND },
    request: "RefundRequest",
    response: "RefundResponse",
    confirmation: "BasicAdvice",
    requests: examples::refund_requests,
    responses: examples::refund_responses,
    already_reversed: ErrorType::RefundAlreadyReversed,
    already_confirmed: ErrorType::RefundAlreadyConfirmed,
    confirmed_by_another: Some(ErrorType::VoucherNotRefunded),
    refused: requests::NO_ROUTE,
    declines: declines::OF_REFUNDS,
    not_sent: requests::NOT_SENT_OF_A_VOUCHER,
};
