//! Questions: which products, what a voucher is worth, what became of a redemption.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderName, HeaderValue, StatusCode, Uri};
use tokio::time::Instant;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType, FormatError};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{ProductsLookupResponse, VoucherQuery};
use vouchsafe_core::text::Text;
use vouchsafe_core::transaction::Kind;
use vouchsafe_wire::query::{ProductsQuery, Query};

use crate::api::auth::Caller;
use crate::api::error::{json, lookup_refused, written};
use crate::api::requests::success;
use crate::api::router::Service;
use crate::flow;

const AGE: HeaderName = HeaderName::from_static("x-catalogue-age");
const STALE: HeaderName = HeaderName::from_static("x-catalogue-stale");

/// `GET /products`: what the caller may sell.
pub(crate) async fn products(
    State(service): State<Arc<Service>>,
    Caller(channel, _place): Caller,
    uri: Uri,
) -> Response {
    let query: ProductsQuery = match query(&uri) {
        Ok(query) => query,
        Err(refused) => return refused,
    };
    let channel_name = query.channel_name.as_ref().map(Text::as_str);
    let Some(found) = flow::products(&service.app, &channel, channel_name) else {
        let detail = ErrorDetail::new(ErrorType::FunctionNotSupported, "this switch has no catalogue to list");
        return json(StatusCode::NOT_IMPLEMENTED, &detail);
    };
    let mut response = match &found.shown {
        Some(catalogue) => written(StatusCode::OK, service.shelves.shelf(catalogue, &channel.id)),
        None => json(StatusCode::OK, &ProductsLookupResponse { products: Vec::new() }),
    };
    response.headers_mut().insert(AGE, found.age.as_secs().into());
    response.headers_mut().insert(STALE, HeaderValue::from_static(if found.is_stale { "true" } else { "false" }));
    response
}

/// `GET /vouchers`: what is known of a voucher.
pub(crate) async fn voucher(State(service): State<Arc<Service>>, Caller(channel, place): Caller, uri: Uri) -> Response {
    let arrived = Instant::now();
    let query: VoucherQuery = match query(&uri) {
        Ok(query) => query,
        Err(refused) => return refused,
    };
    let work = flow::look_up_voucher(Arc::clone(&service.app), channel, query, arrived);
    match service.app.work.spawn(place.during(work)).await {
        Ok(Ok(found)) => json(StatusCode::OK, &found),
        Ok(Err(refusal)) => not_found(refusal, Kind::Provision, None),
        Err(fault) => {
            tracing::error!(%fault, "a lookup failed inside the switch");
            not_found(flow::Refusal::Unsure, Kind::Provision, None)
        }
    }
}

/// `GET /redemptions/{requestId}`: what became of a redemption.
pub(crate) async fn redemption(
    State(service): State<Arc<Service>>,
    Caller(channel, place): Caller,
    request_id: Result<Path<String>, PathRejection>,
) -> Response {
    let arrived = Instant::now();
    let Ok(Ok(id)) = request_id.map(|Path(path)| MessageId::parse(&path)) else { return no_id() };
    let work = flow::look_up_redemption(Arc::clone(&service.app), channel, id, arrived);
    match service.app.work.spawn(place.during(work)).await {
        Ok(Ok(response)) => success(StatusCode::OK, &response),
        // Nothing is wrong, and nothing is known yet.
        Ok(Err(flow::Refusal::StillOpen)) => StatusCode::ACCEPTED.into_response(),
        Ok(Err(refusal)) => not_found(refusal, Kind::Redemption, Some(id)),
        Err(fault) => {
            tracing::error!(request.id = %id, %fault, "a lookup failed inside the switch");
            not_found(flow::Refusal::Unsure, Kind::Redemption, Some(id))
        }
    }
}

/// The query of an address, or the answer that says what is wrong with it.
#[expect(clippy::result_large_err, reason = "an answer is passed on once and not carried about")]
fn query<Q: Query>(uri: &Uri) -> Result<Q, Response> {
    Q::read(uri.query().unwrap_or_default()).map_err(|format_errors| {
        let detail = ErrorDetail::new(ErrorType::FormatError, "the query has format errors");
        json(StatusCode::BAD_REQUEST, &ErrorDetail { format_errors, ..detail })
    })
}

/// Why there is no answer to a question.
fn not_found(refusal: flow::Refusal, kind: Kind, id: Option<MessageId>) -> Response {
    let (status, detail) = lookup_refused(refusal, kind);
    json(status, &ErrorDetail { id, ..detail })
}

/// The path names no request.
fn no_id() -> Response {
    let message = "UUID must conform to the format 8-4-4-4-12 hexadecimal values".to_owned();
    let detail = ErrorDetail {
        format_errors: vec![FormatError { field: "requestId".to_owned(), message, value: None }],
        ..ErrorDetail::new(ErrorType::FormatError, "the path names no request id")
    };
    json(StatusCode::BAD_REQUEST, &detail)
}
