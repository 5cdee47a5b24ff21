//! `POST /vouchers`.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use tokio::time::Instant;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::message::ProvisionRequest;

use crate::api::auth::Caller;
use crate::api::body::message;
use crate::api::error::{answer, json, provision_refused};
use crate::api::router::Service;
use crate::flow;

/// Provisions a voucher.
pub(crate) async fn provision(
    State(service): State<Arc<Service>>,
    Caller(channel): Caller,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let arrived = Instant::now();
    let request: ProvisionRequest = match message(&headers, body, &service.app.limits).await {
        Ok(request) => request,
        Err(refused) => return refused,
    };
    let id = request.header.id;
    if request.header.client.id.as_str() != channel.id.as_str() {
        let detail = ErrorDetail::new(ErrorType::AuthenticationError, "client.id is not the authenticated user name");
        return answer(StatusCode::BAD_REQUEST, &detail.about(id));
    }
    // A task of its own: when the caller hangs up this future is dropped, and the work goes on.
    let work = flow::provision(Arc::clone(&service.app), channel, request, arrived);
    match service.app.work.spawn(work).await {
        Ok(Ok(response)) => {
            let mut created = json(StatusCode::CREATED, &response);
            // Hexadecimal digits and hyphens are a header value.
            if let Ok(location) =
                HeaderValue::try_from(format!("{}/vouchers?provisionRequestId={id}", service.base_path))
            {
                created.headers_mut().insert(header::LOCATION, location);
            }
            created
        }
        Ok(Err(refusal)) => {
            let (status, detail) = provision_refused(refusal, id);
            answer(status, &detail)
        }
        Err(fault) => {
            tracing::error!(request.id = %id, %fault, "a provision failed inside the switch");
            let (status, detail) = provision_refused(flow::Refusal::Unsure, id);
            answer(status, &detail)
        }
    }
}
