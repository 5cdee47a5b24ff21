//! The operations on vouchers.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::Instant;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType, FormatError};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{BasicReversal, ProvisionRequest, ProvisionResponse};

use crate::access::{Demand, Place};
use crate::api::auth::Caller;
use crate::api::body::message;
use crate::api::error::{json, no_room, provision_refused, reversal_refused};
use crate::api::router::Service;
use crate::app::Channel;
use crate::flow;

/// `POST /vouchers`: provisions a voucher.
pub(crate) async fn provision(
    State(service): State<Arc<Service>>,
    Caller(channel, place): Caller,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let arrived = Instant::now();
    match request(&service, &channel, &headers, body).await {
        Ok(request) => {
            let id = request.header.id;
            let work = flow::provision(Arc::clone(&service.app), channel, request, arrived);
            voucher(&service, id, place.during(work)).await
        }
        Err(refused) => refused,
    }
}

/// `POST /vouchers/{provisionId}/retry`: the same request again, after no answer.
pub(crate) async fn retry(
    State(service): State<Arc<Service>>,
    Caller(channel, place): Caller,
    provision_id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let arrived = Instant::now();
    match request(&service, &channel, &headers, body).await {
        Ok(request) => {
            let id = request.header.id;
            if provision_id.map(|Path(path)| MessageId::parse(&path)).ok() != Some(Ok(id)) {
                return other_path(id);
            }
            let place = match place_of_retry(&service, &channel, id, place, arrived).await {
                Ok(place) => place,
                Err(refused) => return refused,
            };
            let work = flow::retry(Arc::clone(&service.app), channel, request, arrived);
            voucher(&service, id, place.during(work)).await
        }
        Err(refused) => refused,
    }
}

/// The room of a retry. One whose request was never seen is a sale, and needs room as such: otherwise whoever has no
/// more room for sales would sell by retries.
async fn place_of_retry(
    service: &Service,
    channel: &Channel,
    id: MessageId,
    place: Place,
    arrived: Instant,
) -> Result<Place, Response> {
    if flow::is_seen(&service.app, channel, id, arrived).await {
        return Ok(place);
    }
    service.gate.instead(place, Demand::Sale).map_err(|full| {
        service.app.metrics.turned_away(Some((&channel.id, full)));
        no_room(Demand::Sale, full)
    })
}

/// `POST /vouchers/reversals`: the request must not stand.
pub(crate) async fn reverse(
    State(service): State<Arc<Service>>,
    Caller(channel, place): Caller,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let arrived = Instant::now();
    let reversal: BasicReversal = match message(&headers, body, &service.app.limits).await {
        Ok(reversal) => reversal,
        Err(refused) => return refused,
    };
    let (id, original) = (reversal.advice.id, reversal.advice.request_id);
    let work = flow::reverse(Arc::clone(&service.app), channel, reversal.clone(), arrived);
    let refusal = match service.app.work.spawn(place.during(work)).await {
        Ok(Ok(())) => return json(StatusCode::ACCEPTED, &reversal),
        Ok(Err(refusal)) => refusal,
        Err(fault) => {
            tracing::error!(request.id = %original, %fault, "a reversal failed inside the switch");
            flow::ReversalRefusal::NotRecorded
        }
    };
    let (status, detail) = reversal_refused(refusal, id, original);
    json(status, &detail)
}

/// The request in a body, if it is the caller's own.
async fn request(
    service: &Service,
    channel: &Channel,
    headers: &HeaderMap,
    body: Body,
) -> Result<ProvisionRequest, Response> {
    let request: ProvisionRequest = message(headers, body, &service.app.limits).await?;
    if request.header.client.id.as_str() == channel.id.as_str() {
        return Ok(request);
    }
    let detail = ErrorDetail::new(ErrorType::AuthenticationError, "client.id is not the authenticated user name");
    Err(json(StatusCode::BAD_REQUEST, &detail.about(request.header.id)))
}

/// The path names another request than the body.
fn other_path(id: MessageId) -> Response {
    let message = "id must be the provisionId of the path".to_owned();
    let detail = ErrorDetail {
        format_errors: vec![FormatError { field: "id".to_owned(), message, value: Some(id.to_string()) }],
        ..ErrorDetail::new(ErrorType::FormatError, "the path and the body name different requests")
    };
    json(StatusCode::BAD_REQUEST, &detail.about(id))
}

/// Has the work done and answers with its voucher, or with why there is none. It is a task of its own: when the
/// caller hangs up this future is dropped, and the work goes on.
async fn voucher(
    service: &Service,
    id: MessageId,
    work: impl Future<Output = Result<ProvisionResponse, flow::Refusal>> + Send + 'static,
) -> Response {
    let refusal = match service.app.work.spawn(work).await {
        Ok(Ok(response)) => {
            let mut created = json(StatusCode::CREATED, &response);
            // Hexadecimal digits and hyphens are a header value.
            if let Ok(location) =
                HeaderValue::try_from(format!("{}/vouchers?provisionRequestId={id}", service.base_path))
            {
                created.headers_mut().insert(header::LOCATION, location);
            }
            return created;
        }
        Ok(Err(refusal)) => refusal,
        Err(fault) => {
            tracing::error!(request.id = %id, %fault, "a provision failed inside the switch");
            flow::Refusal::Unsure
        }
    };
    let (status, detail) = provision_refused(refusal, id);
    json(status, &detail)
}
