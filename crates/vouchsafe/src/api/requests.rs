//! The requests that move money: provisions and their retries, redemptions, refunds.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::Instant;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType, FormatError};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{self, Header, ProvisionRequest, Request};
use vouchsafe_core::transaction::Kind;
use vouchsafe_wire::Message;

use crate::access::{Demand, Place};
use crate::api::auth::Caller;
use crate::api::body::message;
use crate::api::error::{json, no_room, refused};
use crate::api::router::Service;
use crate::app::Channel;
use crate::flow;

/// `POST` of a request: carries it through.
pub(crate) async fn open<M: Message + Into<Request>>(
    State(service): State<Arc<Service>>,
    Caller(channel, place): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let arrived = Instant::now();
    let request: Request = message::<M>(&headers, body, &service.app.limits).await?.into();
    let (id, kind) = (request.header().id, request.kind());
    if !is_own(&channel, request.header()) {
        return Err(others(id));
    }
    let work = flow::transact(Arc::clone(&service.app), channel, request, arrived);
    Ok(answered(&service, kind, id, place.during(work)).await)
}

/// `POST /vouchers/{provisionId}/retry`: the same request again, after no answer.
pub(crate) async fn retry(
    State(service): State<Arc<Service>>,
    Caller(channel, place): Caller,
    provision_id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Response> {
    let arrived = Instant::now();
    let request: ProvisionRequest = message(&headers, body, &service.app.limits).await?;
    let id = request.header.id;
    if !is_own(&channel, &request.header) {
        return Err(others(id));
    }
    if provision_id.map(|Path(path)| MessageId::parse(&path)).ok() != Some(Ok(id)) {
        return Err(other_path(id));
    }
    let seen = flow::seen(&service.app, &channel, id, arrived).await;
    let place = place_of_retry(&service, &channel, &seen, place)?;
    let work = flow::retry(Arc::clone(&service.app), channel, request, arrived, seen);
    Ok(answered(&service, Kind::Provision, id, place.during(work)).await)
}

/// The room of a retry. One whose request was never seen is a sale, and needs room as such: otherwise whoever has no
/// more room for sales would sell by retries.
#[expect(clippy::result_large_err, reason = "an answer is passed on once and not carried about")]
fn place_of_retry(service: &Service, channel: &Channel, seen: &flow::Seen, place: Place) -> Result<Place, Response> {
    if *seen != flow::Seen::Never {
        return Ok(place);
    }
    service.gate.instead(place, Demand::Sale).map_err(|full| {
        service.app.metrics.turned_away(Some((&channel.id, full)));
        no_room(Demand::Sale, full)
    })
}

/// Whether a request comes from the client that it says it comes from.
fn is_own(channel: &Channel, header: &Header) -> bool {
    header.client.id.as_str() == channel.id.as_str()
}

/// The request says that it is somebody else's.
fn others(id: MessageId) -> Response {
    let detail = ErrorDetail::new(ErrorType::AuthenticationError, "client.id is not the authenticated user name");
    json(StatusCode::BAD_REQUEST, &detail.about(id))
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

/// Has the work done and answers with what came of it. It is a task of its own: when the caller hangs up this future
/// is dropped, and the work goes on.
async fn answered(
    service: &Service,
    kind: Kind,
    id: MessageId,
    work: impl Future<Output = Result<message::Response, flow::Refusal>> + Send + 'static,
) -> Response {
    let refusal = match service.app.work.spawn(work).await {
        Ok(Ok(response)) => {
            let mut created = success(StatusCode::CREATED, &response);
            // Hexadecimal digits and hyphens are a header value.
            if let Ok(location) = HeaderValue::try_from(format!("{}{}", service.base_path, location(kind, id))) {
                created.headers_mut().insert(header::LOCATION, location);
            }
            return created;
        }
        Ok(Err(refusal)) => refusal,
        Err(fault) => {
            tracing::error!(request.id = %id, %fault, "a request failed inside the switch");
            flow::Refusal::Unsure
        }
    };
    let (status, detail) = refused(refusal, kind);
    json(status, &detail.about(id))
}

/// Where what was made of a request can be asked for.
fn location(kind: Kind, id: MessageId) -> String {
    match kind {
        Kind::Provision => format!("/vouchers?provisionRequestId={id}"),
        Kind::Redemption => format!("/redemptions/{id}"),
        Kind::Refund => format!("/refunds/{id}"),
    }
}

/// The response of any of the three.
pub(crate) fn success(status: StatusCode, response: &message::Response) -> Response {
    match response {
        message::Response::Provision(response) => json(status, response),
        message::Response::Redemption(response) => json(status, response),
        message::Response::Refund(response) => json(status, response),
    }
}
