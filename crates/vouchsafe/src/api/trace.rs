//! Around every request: its `X-Request-Id` and one line in the log.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::api::router::Service;
use crate::clock::new_trace_id;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id of a caller's own that is repeated in answer and log.
const LONGEST_ID: usize = 100;

/// Gives the answer an `X-Request-Id` (the caller's own where it sent a sound one) and logs the request.
pub(crate) async fn trace(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request.headers().get(&X_REQUEST_ID).filter(|id| is_sound(id)).cloned().unwrap_or_else(|| {
        // A UUID is a header value.
        HeaderValue::try_from(new_trace_id(service.app.clock.as_ref()).to_string())
            .unwrap_or_else(|_| unreachable!("a UUID is a header value"))
    });
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let mut response = next.run(request).await;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    // The path alone: a query can hold a voucher's code.
    tracing::info!(request.trace = ?id, %method, path, status, elapsed_ms, "request answered");
    response.headers_mut().insert(X_REQUEST_ID, id);
    response
}

/// Whether a caller's id may stand in a log line as it is.
fn is_sound(id: &HeaderValue) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID && id.as_bytes().iter().all(|b| b.is_ascii_graphic())
}
