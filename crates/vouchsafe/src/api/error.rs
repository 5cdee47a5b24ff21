//! What a refusal is on the wire: the one table of statuses.

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use vouchsafe_core::catalogue::NotForSale;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::outcome::{Decline, Doubt, ProviderError};
use vouchsafe_wire::Message;

use crate::access::{Demand, Full};
use crate::app::NoRoom;
use crate::flow::{Refusal, ReversalRefusal};

/// The status and body of a refused provision.
pub(crate) fn provision_refused(refusal: Refusal, id: MessageId) -> (StatusCode, ErrorDetail) {
    use ErrorType::{
        DuplicateRecord, FunctionNotSupported, GeneralError, RoutingError, UpstreamUnavailable, VoucherAlreadyReversed,
    };
    let ours = ErrorDetail::new;
    let (status, detail) = match refusal {
        Refusal::DuplicateRecord => {
            (StatusCode::BAD_REQUEST, ours(DuplicateRecord, "this request id was used before; to repeat it use retry"))
        }
        Refusal::OtherRequest(field) => {
            let message = format!("{field} is not as in the first request of this id");
            (StatusCode::BAD_REQUEST, ours(DuplicateRecord, &message))
        }
        Refusal::NoRetries => (StatusCode::NOT_FOUND, ours(FunctionNotSupported, "this provider supports no retries")),
        Refusal::AlreadyReversed => {
            (StatusCode::BAD_REQUEST, ours(VoucherAlreadyReversed, "a reversal of this request was received or chosen"))
        }
        Refusal::NoRoute => (StatusCode::BAD_REQUEST, ours(RoutingError, "no provider is configured for this request")),
        Refusal::NotForSale(why) => (StatusCode::BAD_REQUEST, ours(not_for_sale(&why), &why.to_string())),
        Refusal::NoRoom(NoRoom::Circuit) => {
            (StatusCode::SERVICE_UNAVAILABLE, ours(UpstreamUnavailable, "the provider is failing; nothing was sent"))
        }
        Refusal::NoRoom(NoRoom::Concurrency) => {
            (StatusCode::SERVICE_UNAVAILABLE, ours(UpstreamUnavailable, "the provider is busy; nothing was sent"))
        }
        Refusal::NoRoom(NoRoom::Rate) => (
            StatusCode::SERVICE_UNAVAILABLE,
            ours(UpstreamUnavailable, "the provider's rate is used up; nothing was sent"),
        ),
        Refusal::NotRecorded => {
            (StatusCode::SERVICE_UNAVAILABLE, ours(GeneralError, "the request could not be recorded; nothing was sent"))
        }
        Refusal::Declined(Decline::ByProvider(error)) => (StatusCode::NOT_FOUND, error.into()),
        Refusal::Declined(Decline::OurCredentials) => (
            StatusCode::SERVICE_UNAVAILABLE,
            ours(UpstreamUnavailable, "the provider does not accept the switch; its operator is told"),
        ),
        Refusal::Declined(Decline::NotSent(why)) => {
            (StatusCode::SERVICE_UNAVAILABLE, ours(UpstreamUnavailable, &why.to_string()))
        }
        Refusal::Unknown(Doubt::Unusable { reason, error }) => {
            let error = error.unwrap_or_else(|| unusable(reason.name()));
            (StatusCode::NOT_FOUND, error.into())
        }
        Refusal::Unknown(Doubt::NoAnswer | Doubt::Lost) => {
            (StatusCode::GATEWAY_TIMEOUT, ours(UpstreamUnavailable, "the provider did not answer in time"))
        }
        Refusal::Unsure => {
            (StatusCode::INTERNAL_SERVER_ERROR, ours(GeneralError, "the outcome is not known; retry or reverse"))
        }
    };
    (status, detail.about(id))
}

/// The status and body of a refused reversal: `id` is the advice's own, `original` the request's.
pub(crate) fn reversal_refused(
    refusal: ReversalRefusal,
    id: MessageId,
    original: MessageId,
) -> (StatusCode, ErrorDetail) {
    let (status, error_type, message) = match refusal {
        ReversalRefusal::NeverSeen => {
            (StatusCode::NOT_FOUND, ErrorType::UnableToLocateRecord, "no such request; it is refused should it come")
        }
        ReversalRefusal::AlreadyConfirmed => {
            (StatusCode::BAD_REQUEST, ErrorType::VoucherAlreadyConfirmed, "the voucher was confirmed before")
        }
        ReversalRefusal::NotRecorded => (
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorType::GeneralError,
            "the reversal could not be recorded; send it again",
        ),
    };
    let detail = ErrorDetail { original_id: Some(original), ..ErrorDetail::new(error_type, message) };
    (status, detail.about(id))
}

/// What one is told for whom there is no room, before the body was read or without it. A sale is refused as certainly
/// not made. What puts a sale right is never answered with 503, which would say that of the sale.
pub(crate) fn no_room(demand: Demand, full: Full) -> Response {
    let (status, message) = match (demand, full) {
        (Demand::Sale, Full::Switch) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the switch has as much to do as it takes; nothing was done")
        }
        (Demand::Sale, Full::Concurrency) => {
            (StatusCode::TOO_MANY_REQUESTS, "your channel has as much under way as it may; nothing was done")
        }
        (Demand::Sale, Full::Rate) => {
            (StatusCode::TOO_MANY_REQUESTS, "your channel asks more a second than it may; nothing was done")
        }
        (Demand::Advice, Full::Switch) => {
            (StatusCode::TOO_MANY_REQUESTS, "the switch has as much to do as it takes; send it again")
        }
        (Demand::Advice, Full::Concurrency) => {
            (StatusCode::TOO_MANY_REQUESTS, "your channel has as much under way as it may; send it again")
        }
        (Demand::Advice, Full::Rate) => {
            (StatusCode::TOO_MANY_REQUESTS, "your channel sends more a second than it may; send it again")
        }
    };
    let mut response = json(status, &ErrorDetail::new(ErrorType::GeneralError, message));
    // A rate makes room within a second, and so does whatever is not stuck.
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

const fn not_for_sale(why: &NotForSale) -> ErrorType {
    match why {
        NotForSale::UnknownProduct | NotForSale::NotOnThisChannel => ErrorType::RoutingError,
        NotForSale::AmountMissing | NotForSale::WrongAmount(_) => ErrorType::InvalidAmount,
    }
}

/// A provider that gave no error with an answer that proves nothing.
fn unusable(reason: &str) -> ProviderError {
    ProviderError {
        error_type: ErrorType::GeneralError,
        message: vouchsafe_core::error_detail::shortened(&format!("unusable provider answer: {reason}")),
        provider_code: None,
        provider_message: None,
    }
}

/// A message or an error as an answer.
pub(crate) fn json(status: StatusCode, message: &impl Message) -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [content_type], message.write()).into_response()
}
