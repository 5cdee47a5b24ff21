//! Around every request: its `X-Request-Id` and one line in the log.

use std::iter::repeat;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method};
use tokio::time::Instant;
use uuid::Uuid;

use crate::api::router::Service;
use crate::clock::new_trace_id;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id of a caller's own that is repeated in the answer.
const LONGEST_ID: usize = 100;
/// The longest that is repeated in the log.
const LONGEST_LOGGED_ID: usize = 64;

/// Gives the answer an `X-Request-Id` (the caller's own where it sent a sound one) and logs the request.
pub(crate) async fn trace(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request.headers().get(&X_REQUEST_ID).filter(|id| is_sound(id)).cloned().unwrap_or_else(|| {
        // A UUID is a header value.
        HeaderValue::try_from(new_trace_id(service.app.clock.as_ref()).to_string())
            .unwrap_or_else(|_| unreachable!("a UUID is a header value"))
    });
    let (method, path) = (method(&request), path(&request));
    let mut response = next.run(request).await;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    tracing::info!(request.trace = logged(&id), %method, path, status, elapsed_ms, "request answered");
    response.headers_mut().insert(X_REQUEST_ID, id);
    response
}

/// A request's path as the log tells it: that of its operation, with the ids in it. Whatever else a caller writes into a
/// path may be a voucher's code, as what it writes into a query may.
fn path(request: &Request) -> String {
    let Some(operation) = request.extensions().get::<MatchedPath>() else { return "of no operation".to_owned() };
    let said = request.uri().path().split('/').chain(repeat(""));
    let segments = operation.as_str().split('/').zip(said);
    let shown = segments
        .map(|(known, said)| if known.starts_with('{') && Uuid::try_parse(said).is_ok() { said } else { known });
    shown.collect::<Vec<_>>().join("/")
}

/// A request's method as the log tells it. What is none of HTTP's own may be anything, a voucher's code as well.
fn method(request: &Request) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT => "CONNECT",
        Method::TRACE => "TRACE",
        _ => "other",
    }
}

/// An id as the log tells it: only what looks like one, for a caller may have written anything there.
fn logged(id: &HeaderValue) -> &str {
    let looks_like_one = |id: &&str| {
        id.len() <= LONGEST_LOGGED_ID && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    id.to_str().ok().filter(looks_like_one).unwrap_or("unlike an id")
}

/// Whether a caller's id may be repeated to it.
fn is_sound(id: &HeaderValue) -> bool {
    !id.is_empty() && id.len() <= LONGEST_ID && id.as_bytes().iter().all(|b| b.is_ascii_graphic())
}
