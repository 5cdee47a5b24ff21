//! What a refusal is on the wire: the one table of statuses.

use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use vouchsafe_core::catalogue::NotForSale;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::outcome::{Decline, Doubt, ProviderError};
use vouchsafe_core::transaction::Kind;
use vouchsafe_wire::Message;

use crate::access::{Demand, Full};
use crate::desk::NoRoom;
use crate::flow::{AdviceRefusal, Refusal};

/// The status and body of a refused request of a kind, its retry or a lookup (which goes by the kind that it is about).
pub(crate) fn refused(refusal: Refusal, kind: Kind) -> (StatusCode, ErrorDetail) {
    use ErrorType::{
        AuthenticationError, DuplicateRecord, FunctionNotSupported, GeneralError, RoutingError, UnableToLocateRecord,
        UpstreamUnavailable, VoucherNotRedeemed,
    };
    let ours = ErrorDetail::new;
    match refusal {
        Refusal::DuplicateRecord => (StatusCode::BAD_REQUEST, ours(DuplicateRecord, used_before(kind))),
        Refusal::OtherRequest(field) => {
            let message = format!("{field} is not as in the first request of this id");
            (StatusCode::BAD_REQUEST, ours(DuplicateRecord, &message))
        }
        Refusal::NoRetries => (hard_decline(kind), ours(FunctionNotSupported, "this provider supports no retries")),
        Refusal::NotOffered => (hard_decline(kind), ours(FunctionNotSupported, "this provider does not offer that")),
        Refusal::AlreadyReversed => {
            (StatusCode::BAD_REQUEST, ours(already_reversed(kind), "a reversal of this request was received or chosen"))
        }
        Refusal::NoSuchRedemption => {
            (StatusCode::BAD_REQUEST, ours(VoucherNotRedeemed, "this channel made no redemption of this redemptionId"))
        }
        Refusal::NeverSeen => {
            (StatusCode::NOT_FOUND, ours(UnableToLocateRecord, "this channel has sent no such request"))
        }
        Refusal::KeptNoLonger => (
            StatusCode::NOT_FOUND,
            ours(UnableToLocateRecord, "this request has ended long ago, and what it brought is kept no longer"),
        ),
        Refusal::NotYours => {
            (StatusCode::FORBIDDEN, ours(AuthenticationError, "another channel has sent this request"))
        }
        Refusal::StillOpen => (StatusCode::ACCEPTED, ours(GeneralError, "the outcome is still waited for")),
        Refusal::AdvicesFirst => (
            StatusCode::SERVICE_UNAVAILABLE,
            ours(UpstreamUnavailable, "advices for this voucher wait for its provider; nothing was sent"),
        ),
        Refusal::NoRoute => (StatusCode::BAD_REQUEST, ours(RoutingError, "no provider is configured for this request")),
        Refusal::NotForSale(why) => (StatusCode::BAD_REQUEST, ours(not_for_sale(&why), &why.to_string())),
        Refusal::NoRoom(why) => (StatusCode::SERVICE_UNAVAILABLE, ours(UpstreamUnavailable, busy(why))),
        Refusal::NotRecorded => {
            (StatusCode::SERVICE_UNAVAILABLE, ours(GeneralError, "the request could not be recorded; nothing was sent"))
        }
        Refusal::Declined(decline) => declined(decline, kind),
        Refusal::Unknown(doubt) => unproven(doubt),
        Refusal::Unsure => {
            (StatusCode::INTERNAL_SERVER_ERROR, ours(GeneralError, "the outcome is not known; retry or reverse"))
        }
    }
}

/// The status and body of a lookup that found nothing. Nothing was asked to happen, so there is nothing to undo.
pub(crate) fn lookup_refused(refusal: Refusal, kind: Kind) -> (StatusCode, ErrorDetail) {
    let is_ours = matches!(refusal, Refusal::Unsure | Refusal::NotRecorded);
    let (status, detail) = refused(refusal, kind);
    if !is_ours {
        return (status, detail);
    }
    (status, ErrorDetail::new(detail.error_type, "the switch's own records could not be read; ask again"))
}

/// What to do instead of sending a request twice.
const fn used_before(kind: Kind) -> &'static str {
    match kind {
        Kind::Provision => "this request id was used before; to repeat it use retry",
        Kind::Redemption => "this request id was used before; look up what became of it",
        Kind::Refund => "this request id was used before; take a new one, or reverse",
    }
}

/// The status and body of a refused confirmation or reversal: `id` is the advice's own, `original` the request's.
pub(crate) fn advice_refused(
    refusal: AdviceRefusal,
    kind: Kind,
    id: MessageId,
    original: MessageId,
) -> (StatusCode, ErrorDetail) {
    let (status, error_type, message) = match refusal {
        AdviceRefusal::NothingToFinalise => (
            StatusCode::NOT_FOUND,
            ErrorType::UnableToLocateRecord,
            "there is no such request to confirm or to reverse",
        ),
        AdviceRefusal::AlreadyConfirmed => {
            (StatusCode::BAD_REQUEST, already_confirmed(kind), "the request was confirmed before")
        }
        AdviceRefusal::AlreadyReversed => {
            (StatusCode::BAD_REQUEST, already_reversed(kind), "a reversal of this request was received or chosen")
        }
        AdviceRefusal::ConfirmedByAnother => {
            (StatusCode::BAD_REQUEST, not_open(kind), "another advice has confirmed this request before")
        }
        AdviceRefusal::NotAuthorised => {
            (StatusCode::BAD_REQUEST, ErrorType::InvalidAmount, "the final amount is not within the authorised one")
        }
        AdviceRefusal::NotRecorded => (
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrorType::GeneralError,
            "the advice could not be recorded; send it again",
        ),
    };
    let detail = ErrorDetail { original_id: Some(original), ..ErrorDetail::new(error_type, message) };
    (status, detail.about(id))
}

/// A final no, and whose it is.
fn declined(decline: Decline, kind: Kind) -> (StatusCode, ErrorDetail) {
    let unavailable =
        |message: &str| (StatusCode::SERVICE_UNAVAILABLE, ErrorDetail::new(ErrorType::UpstreamUnavailable, message));
    match decline {
        Decline::ByProvider(error) => (hard_decline(kind), error.into()),
        Decline::OurCredentials => unavailable("the provider does not accept the switch; its operator is told"),
        Decline::NotSent(why) => unavailable(&why.to_string()),
    }
}

/// What proves nothing: what was recorded with it makes sure that nothing stays sold.
fn unproven(doubt: Doubt) -> (StatusCode, ErrorDetail) {
    match doubt {
        Doubt::Unusable { reason, error } => {
            (StatusCode::NOT_FOUND, error.unwrap_or_else(|| unusable(reason.name())).into())
        }
        Doubt::NoAnswer | Doubt::Lost => (
            StatusCode::GATEWAY_TIMEOUT,
            ErrorDetail::new(ErrorType::UpstreamUnavailable, "the provider did not answer in time"),
        ),
    }
}

const fn busy(why: NoRoom) -> &'static str {
    match why {
        NoRoom::Circuit => "the provider is failing; nothing was sent",
        NoRoom::Concurrency => "the provider is busy; nothing was sent",
        NoRoom::Rate => "the provider's rate is used up; nothing was sent",
    }
}

/// The status of a provider's no.
const fn hard_decline(kind: Kind) -> StatusCode {
    match kind {
        Kind::Provision => StatusCode::NOT_FOUND,
        Kind::Redemption | Kind::Refund => StatusCode::BAD_REQUEST,
    }
}

const fn already_reversed(kind: Kind) -> ErrorType {
    match kind {
        Kind::Provision => ErrorType::VoucherAlreadyReversed,
        Kind::Redemption => ErrorType::RedemptionAlreadyReversed,
        Kind::Refund => ErrorType::RefundAlreadyReversed,
    }
}

const fn already_confirmed(kind: Kind) -> ErrorType {
    match kind {
        Kind::Provision => ErrorType::VoucherAlreadyConfirmed,
        Kind::Redemption => ErrorType::RedemptionAlreadyConfirmed,
        Kind::Refund => ErrorType::RefundAlreadyConfirmed,
    }
}

/// What a second confirmation of a redemption or a refund is told; one of a provision is no error.
const fn not_open(kind: Kind) -> ErrorType {
    match kind {
        Kind::Provision => ErrorType::VoucherAlreadyConfirmed,
        Kind::Redemption => ErrorType::VoucherNotRedeemed,
        Kind::Refund => ErrorType::VoucherNotRefunded,
    }
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
    written(status, message.write().into())
}

/// An answer whose message has been written already.
pub(crate) fn written(status: StatusCode, document: Bytes) -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    (status, [content_type], document).into_response()
}
