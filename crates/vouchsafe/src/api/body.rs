//! Reads a request's body within its bounds and makes a message of it.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use tokio::time::timeout;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_provider::whole::{Unread, whole};
use vouchsafe_wire::{Malformed, Manner, Message};

use crate::api::error::json;
use crate::config::Limits;

/// The message in a request's body, or the answer that says what is wrong with it.
pub(crate) async fn message<M: Message>(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<M, Response> {
    let document = document(headers, body, limits).await?;
    M::read(&document, Manner::Strict).map_err(|malformed| json(StatusCode::BAD_REQUEST, &format_error(malformed)))
}

async fn document(headers: &HeaderMap, body: Body, limits: &Limits) -> Result<Bytes, Response> {
    let too_large = || {
        let message = format!("the body is larger than {} bytes", limits.body_bytes);
        json(StatusCode::PAYLOAD_TOO_LARGE, &ErrorDetail::new(ErrorType::FormatError, &message))
    };
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limits.body_bytes)) {
        return Err(too_large());
    }
    if !is_json(headers) {
        let detail = ErrorDetail::new(
            ErrorType::FormatError,
            "the body must be application/json in UTF-8, said once, without an encoding",
        );
        return Err(json(StatusCode::UNSUPPORTED_MEDIA_TYPE, &detail));
    }
    match timeout(limits.body, whole(body, limits.body_bytes)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(Unread::TooLarge)) => Err(too_large()),
        Ok(Err(Unread::BrokeOff(_))) => {
            let detail = ErrorDetail::new(ErrorType::FormatError, "the body ended before it was complete");
            Err(json(StatusCode::BAD_REQUEST, &detail))
        }
        Err(_) => {
            let message = format!("the body was not complete within {} seconds", limits.body.as_secs());
            Err(json(StatusCode::BAD_REQUEST, &ErrorDetail::new(ErrorType::FormatError, &message)))
        }
    }
}

/// Whether a body is JSON in UTF-8 as it stands: said once, and neither packed nor in another character set.
fn is_json(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    let mut content_types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (content_types.next(), content_types.next()) else { return false };
    let Ok(content_type) = only.to_str() else { return false };
    let mut parts = content_type.split(';').map(str::trim);
    let is_utf_8 = |parameter: &str| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
    };
    encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
        && parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json"))
        && parts.all(is_utf_8)
}

fn format_error(malformed: Malformed) -> ErrorDetail {
    let count = malformed.errors.len();
    let message = format!("the message has {count} format error{}", if count == 1 { "" } else { "s" });
    ErrorDetail {
        id: malformed.id,
        original_id: malformed.request_id,
        format_errors: malformed.errors,
        ..ErrorDetail::new(ErrorType::FormatError, &message)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn check(headers: &[(HeaderName, &str)], expect: bool) {
        let pairs = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()));
        assert_eq!(is_json(&pairs.collect()), expect, "{headers:?}");
    }

    #[test]
    fn a_body_is_json_in_utf_8_said_once_and_not_packed() {
        use header::{CONTENT_ENCODING, CONTENT_TYPE};
        let json = (CONTENT_TYPE, "application/json");
        check(std::slice::from_ref(&json), true);
        check(&[(CONTENT_TYPE, "Application/JSON ; Charset=\"UTF-8\"; q=1")], true);
        check(&[json.clone(), (CONTENT_ENCODING, "Identity")], true);
        check(&[], false);
        check(&[(CONTENT_TYPE, "text/json")], false);
        check(&[(CONTENT_TYPE, "application/json; charset=utf-16")], false);
        check(&[(CONTENT_TYPE, "application/json; charset")], false);
        check(&[json.clone(), json.clone()], false);
        check(&[json.clone(), (CONTENT_ENCODING, "gzip")], false);
        check(&[json, (CONTENT_ENCODING, "identity"), (CONTENT_ENCODING, "gzip")], false);
    }
}
