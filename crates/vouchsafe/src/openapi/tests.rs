//! What is described, against the one table of statuses: nothing that can come is left out, and nothing else is told.

use std::collections::BTreeSet;

use http::StatusCode;
use vouchsafe_core::catalogue::NotForSale;
use vouchsafe_core::error_detail::{ErrorType, shortened};
use vouchsafe_core::outcome::{Decline, Doubt, NotSent, ProviderError, Unusable};
use vouchsafe_core::transaction::Kind;

use super::document::Reading;
use super::operation::{Answer, Body, Operation};
use super::operations::operations;
use crate::api::error::{advice_refused, refused};
use crate::desk::NoRoom;
use crate::flow::{AdviceRefusal, Refusal};

/// A status with one of its error types.
type Verdict = (StatusCode, ErrorType);

const REQUESTS: &[(&str, Kind)] =
    &[("provisionVoucher", Kind::Provision), ("redeemVoucher", Kind::Redemption), ("refundVoucher", Kind::Refund)];
const RETRY: &[(&str, Kind)] = &[("retryProvisionVoucher", Kind::Provision)];
/// Both kinds of lookup that can be refused, and the kind that each goes by.
const LOOKUPS: &[(&str, Kind)] = &[VOUCHER_LOOKUP, REDEMPTION_LOOKUP];
const VOUCHER_LOOKUP: (&str, Kind) = ("lookupVoucher", Kind::Provision);
const REDEMPTION_LOOKUP: (&str, Kind) = ("lookupRedemption", Kind::Redemption);

/// The operations that can meet a refusal.
fn meeting(refusal: &Refusal) -> Vec<(&'static str, Kind)> {
    let of_a_voucher = &REQUESTS[1..];
    match refusal {
        Refusal::DuplicateRecord => REQUESTS.to_vec(),
        Refusal::OtherRequest(_) | Refusal::NoRetries => RETRY.to_vec(),
        Refusal::AlreadyReversed => [REQUESTS, RETRY, LOOKUPS].concat(),
        Refusal::NoRoute | Refusal::NoRoom(_) => [REQUESTS, RETRY, &[VOUCHER_LOOKUP]].concat(),
        Refusal::NotOffered | Refusal::AdvicesFirst => [of_a_voucher, &[VOUCHER_LOOKUP]].concat(),
        Refusal::NoSuchRedemption => vec![REQUESTS[2]],
        Refusal::NeverSeen => LOOKUPS.to_vec(),
        Refusal::KeptNoLonger => [RETRY, &[REDEMPTION_LOOKUP]].concat(),
        Refusal::NotYours => vec![REDEMPTION_LOOKUP],
        // Told without a body: nothing is wrong.
        Refusal::StillOpen => Vec::new(),
        Refusal::NotForSale(NotForSale::WrongAmount(_)) => [REQUESTS, RETRY].concat(),
        Refusal::NotForSale(_) => [&REQUESTS[..1], RETRY].concat(),
        Refusal::NotRecorded => [REQUESTS, RETRY, &[VOUCHER_LOOKUP]].concat(),
        Refusal::Declined(_) | Refusal::Unsure => [REQUESTS, RETRY, LOOKUPS].concat(),
        Refusal::Unknown(Doubt::Unusable { .. }) => [REQUESTS, &[VOUCHER_LOOKUP]].concat(),
        Refusal::Unknown(Doubt::NoAnswer | Doubt::Lost) => [REQUESTS, RETRY, &[VOUCHER_LOOKUP]].concat(),
    }
}

/// One of each.
fn refusals() -> Vec<Refusal> {
    let own_words = ProviderError {
        error_type: ErrorType::GeneralError,
        message: shortened("no"),
        provider_code: None,
        provider_message: None,
    };
    vec![
        Refusal::DuplicateRecord,
        Refusal::OtherRequest("amounts"),
        Refusal::NoRetries,
        Refusal::AlreadyReversed,
        Refusal::NoRoute,
        Refusal::NotOffered,
        Refusal::AdvicesFirst,
        Refusal::NoSuchRedemption,
        Refusal::NeverSeen,
        Refusal::KeptNoLonger,
        Refusal::NotYours,
        Refusal::StillOpen,
        Refusal::NotForSale(NotForSale::UnknownProduct),
        Refusal::NotForSale(NotForSale::NotOnThisChannel),
        Refusal::NotForSale(NotForSale::AmountMissing),
        Refusal::NotForSale(NotForSale::WrongAmount(vouchsafe_core::catalogue::Price::Open)),
        Refusal::NoRoom(NoRoom::Circuit),
        Refusal::NotRecorded,
        Refusal::Declined(Decline::ByProvider(own_words)),
        Refusal::Declined(Decline::OurCredentials),
        Refusal::Declined(Decline::NotSent(NotSent::NoTime)),
        Refusal::Unknown(Doubt::Unusable { reason: Unusable::NotJson, error: None }),
        Refusal::Unknown(Doubt::NoAnswer),
        Refusal::Unsure,
    ]
}

const CONFIRMATIONS: [(&str, Kind); 3] =
    [("confirmVoucher", Kind::Provision), ("confirmRedeem", Kind::Redemption), ("confirmRefund", Kind::Refund)];
const REVERSALS: [(&str, Kind); 3] =
    [("reverseVoucher", Kind::Provision), ("reverseRedeem", Kind::Redemption), ("reverseRefund", Kind::Refund)];

/// The operations that can meet the refusal of an advice.
fn advising(refusal: AdviceRefusal) -> Vec<(&'static str, Kind)> {
    match refusal {
        AdviceRefusal::NothingToFinalise | AdviceRefusal::NotRecorded => [CONFIRMATIONS, REVERSALS].concat(),
        AdviceRefusal::AlreadyConfirmed => REVERSALS.to_vec(),
        AdviceRefusal::AlreadyReversed | AdviceRefusal::NotAuthorised => CONFIRMATIONS.to_vec(),
        // A second confirmation of a sale is as good as the first.
        AdviceRefusal::ConfirmedByAnother => CONFIRMATIONS[1..].to_vec(),
    }
}

const ADVICE_REFUSALS: [AdviceRefusal; 6] = [
    AdviceRefusal::NothingToFinalise,
    AdviceRefusal::AlreadyConfirmed,
    AdviceRefusal::AlreadyReversed,
    AdviceRefusal::ConfirmedByAnother,
    AdviceRefusal::NotAuthorised,
    AdviceRefusal::NotRecorded,
];

/// What an operation can be refused with, by the table of statuses.
fn possible(id: &str) -> BTreeSet<Verdict> {
    let some_id = vouchsafe_core::id::MessageId::parse(super::examples::PROVISION_ID).unwrap();
    let refusals = refusals().into_iter().flat_map(|refusal| {
        let kinds = meeting(&refusal).into_iter().filter(|(meeting, _)| *meeting == id).map(|(_, kind)| kind);
        kinds.map(|kind| refused(refusal.clone(), kind)).collect::<Vec<_>>()
    });
    let advices = ADVICE_REFUSALS.into_iter().flat_map(|refusal| {
        let kinds = advising(refusal).into_iter().filter(|(meeting, _)| *meeting == id).map(|(_, kind)| kind);
        kinds.map(|kind| advice_refused(refusal, kind, some_id, some_id)).collect::<Vec<_>>()
    });
    refusals.chain(advices).map(|(status, detail)| (status, detail.error_type)).collect()
}

/// What is found out before anything is decided: by whom, in which form, about what is asked.
fn beforehand(operation: &Operation) -> BTreeSet<Verdict> {
    let mut all = BTreeSet::from([(StatusCode::UNAUTHORIZED, ErrorType::AuthenticationError)]);
    all.insert((StatusCode::BAD_REQUEST, ErrorType::FormatError));
    if let Some(request) = &operation.request {
        all.insert((StatusCode::PAYLOAD_TOO_LARGE, ErrorType::FormatError));
        all.insert((StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorType::FormatError));
        if request.schema.ends_with("Request") {
            all.insert((StatusCode::BAD_REQUEST, ErrorType::AuthenticationError));
        }
    }
    // For want of room; what puts a request right is never told that nothing was done.
    all.insert((StatusCode::TOO_MANY_REQUESTS, ErrorType::GeneralError));
    if !["/retry", "/confirmations", "/reversals"].iter().any(|end| operation.path.ends_with(end)) {
        all.insert((StatusCode::SERVICE_UNAVAILABLE, ErrorType::GeneralError));
    }
    if operation.id == "lookupProducts" {
        all.insert((StatusCode::NOT_IMPLEMENTED, ErrorType::FunctionNotSupported));
    }
    all
}

/// Whether a verdict may be a provider's own: a decline with the status that declines have here.
fn may_be_a_providers(id: &str, (status, error_type): Verdict) -> bool {
    let is_a_decline = match id {
        "provisionVoucher" | "retryProvisionVoucher" | "lookupVoucher" => status == StatusCode::NOT_FOUND,
        "redeemVoucher" | "refundVoucher" | "lookupRedemption" => status == StatusCode::BAD_REQUEST,
        _ => false,
    };
    let is_between_us = matches!(
        error_type,
        ErrorType::FormatError | ErrorType::AuthenticationError | ErrorType::DuplicateRecord | ErrorType::RoutingError
    );
    is_a_decline && !is_between_us
}

fn cases(answer: &Answer) -> Vec<Verdict> {
    match &answer.body {
        Body::Refusal(cases) => cases.iter().map(|case| (answer.status, case.error_type)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn what_can_be_refused_is_described_and_nothing_else_is() {
    for operation in operations().iter().filter(|operation| operation.topic.is_for_channels()) {
        let described: BTreeSet<_> = operation.answers.iter().flat_map(cases).collect();
        let possible: BTreeSet<_> = possible(operation.id).union(&beforehand(operation)).copied().collect();
        let untold: Vec<_> = possible.difference(&described).collect();
        assert!(untold.is_empty(), "{} can be answered {untold:?}", operation.id);
        let mut invented = described.difference(&possible).copied().collect::<Vec<_>>();
        invented.retain(|verdict| !may_be_a_providers(operation.id, *verdict));
        assert!(invented.is_empty(), "{} is never answered {invented:?}", operation.id);
    }
}

#[test]
fn every_status_and_every_type_in_it_is_told_once() {
    for operation in operations() {
        let statuses: BTreeSet<_> = operation.answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses.len(), operation.answers.len(), "{}", operation.id);
        for answer in &operation.answers {
            let types: BTreeSet<_> = cases(answer).into_iter().collect();
            assert_eq!(types.len(), cases(answer).len(), "{} {}: a type twice", operation.id, answer.status);
        }
    }
}

#[test]
fn a_retry_or_an_advice_that_is_refused_is_not_told_as_a_sale_that_failed() {
    const ABOUT_ANOTHER: [&str; 3] = ["/vouchers/{provisionId}/retry", "/vouchers/confirmations", "/refunds/reversals"];
    for (statuses, of_a_request, about_another) in [
        (&[201, 202][..], Reading::Success, Reading::Success),
        (&[400, 401, 413, 415, 429], Reading::Failed, Reading::Refused),
        (&[404, 503], Reading::Failed, Reading::Failed),
        (&[500, 504], Reading::Unknown, Reading::Unknown),
    ] {
        for status in statuses.iter().map(|status| StatusCode::from_u16(*status).unwrap()) {
            assert_eq!(Reading::of(status, "/vouchers"), of_a_request, "{status}");
            for path in ABOUT_ANOTHER {
                assert_eq!(Reading::of(status, path), about_another, "{status} {path}");
            }
        }
    }
}
