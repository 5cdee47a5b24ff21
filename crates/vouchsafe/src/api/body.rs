//! Reads a request's body within its bounds and makes a message of it.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::timeout;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_wire::{Malformed, Manner, Message};

use crate::api::error::answer;
use crate::config::Limits;

/// The message in a request's body, or the answer that says what is wrong with it.
pub(crate) async fn message<M: Message>(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<M, Response> {
    let document = document(headers, body, limits).await?;
    M::read(&document, Manner::Strict).map_err(|malformed| answer(StatusCode::BAD_REQUEST, &format_error(malformed)))
}

async fn document(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Bytes, Response> {
    let too_large = || {
        let message = format!("the body is larger than {} bytes", limits.body_bytes);
        refused(StatusCode::PAYLOAD_TOO_LARGE, &ErrorDetail::new(ErrorType::FormatError, &message))
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limits.body_bytes)) {
        return Err(too_large());
    }
    if !is_json(headers) {
        let detail = ErrorDetail::new(ErrorType::FormatError, "the content type must be application/json");
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, &detail));
    }
    match timeout(limits.body, Limited::new(body, limits.body_bytes).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(fault)) if fault.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => {
            let detail = ErrorDetail::new(ErrorType::FormatError, "the body ended before it was complete");
            Err(refused(StatusCode::BAD_REQUEST, &detail))
        }
        Err(_) => {
            let message = format!("the body was not complete within {} seconds", limits.body.as_secs());
            Err(refused(StatusCode::BAD_REQUEST, &ErrorDetail::new(ErrorType::FormatError, &message)))
        }
    }
}

/// Whether the content type is JSON, whatever its parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(content_type) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// An answer to a request whose body was not, or not wholly, read: the connection ends with it.
fn refused(status: StatusCode, detail: &ErrorDetail) -> Response {
    let mut response = answer(status, detail);
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn format_error(malformed: Malformed) -> ErrorDetail {
    let count = malformed.errors.len();
    let message = format!("the message has {count} format error{}", if count == 1 { "" } else { "s" });
    ErrorDetail {
        id: malformed.id,
        format_errors: malformed.errors,
        ..ErrorDetail::new(ErrorType::FormatError, &message)
    }
}
