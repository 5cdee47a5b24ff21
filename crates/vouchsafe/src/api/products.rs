//! `GET /products`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{HeaderName, HeaderValue, StatusCode, Uri};
use percent_encoding::percent_decode_str;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType, FormatError};
use vouchsafe_core::text::{Free, Text};

use crate::api::auth::Caller;
use crate::api::error::json;
use crate::api::router::Service;
use crate::flow;

const AGE: HeaderName = HeaderName::from_static("x-catalogue-age");
const STALE: HeaderName = HeaderName::from_static("x-catalogue-stale");
/// The one parameter that there is.
const CHANNEL_NAME: &str = "channelName";

/// Lists what the caller may sell.
pub(crate) async fn lookup(State(service): State<Arc<Service>>, Caller(channel, _place): Caller, uri: Uri) -> Response {
    let channel_name = match channel_name(uri.query().unwrap_or_default()) {
        Ok(channel_name) => channel_name,
        Err(format_errors) => {
            let detail = ErrorDetail::new(ErrorType::FormatError, "the query has format errors");
            return json(StatusCode::BAD_REQUEST, &ErrorDetail { format_errors, ..detail });
        }
    };
    let Some(found) = flow::products(&service.app, &channel, channel_name.as_ref().map(Text::as_str)) else {
        let detail = ErrorDetail::new(ErrorType::FunctionNotSupported, "this switch has no catalogue to list");
        return json(StatusCode::NOT_IMPLEMENTED, &detail);
    };
    let mut response = json(StatusCode::OK, &found.response);
    response.headers_mut().insert(AGE, found.age.as_secs().into());
    response.headers_mut().insert(STALE, HeaderValue::from_static(if found.is_stale { "true" } else { "false" }));
    response
}

/// The channel's name in a query, or every fault of the query.
fn channel_name(query: &str) -> Result<Option<Text<Free, 1, 50>>, Vec<FormatError>> {
    let (mut found, mut seen, mut faults) = (None, false, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        let mut fault = |words: &str| {
            let message = format!("{name} {words}");
            faults.push(FormatError { field: name.clone(), message, value: None });
        };
        if name != CHANNEL_NAME {
            fault("is not a known field");
        } else if std::mem::replace(&mut seen, true) {
            fault("is given more than once");
        } else {
            match Text::new(value) {
                Ok(value) => found = Some(value),
                Err(broken) => fault(&broken.to_string()),
            }
        }
    }
    if faults.is_empty() { Ok(found) } else { Err(faults) }
}

/// A name or value of a query as its sender meant it. What is not UTF-8 cannot be any channel's name; it is replaced
/// by a sign that says so.
fn decoded(text: &str) -> String {
    percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expect: Result<Option<&str>, &[&str]>) {
        let found = channel_name(query);
        let found = match &found {
            Ok(name) => Ok(name.as_ref().map(Text::as_str)),
            Err(faults) => Err(faults.iter().map(|fault| fault.message.as_str()).collect()),
        };
        assert_eq!(found, expect.map_err(<[_]>::to_vec), "{query}");
    }

    #[test]
    fn a_query_names_a_channel_or_nothing() {
        check("", Ok(None));
        check("&", Ok(None));
        check("channelName=app", Ok(Some("app")));
        check("channel%4Eame=my+app%20%C3%A9", Ok(Some("my app é")));
        check("channelName=%FF", Ok(Some("\u{fffd}")));
        check("channelName=", Err(&["channelName may not be empty"]));
        check("channelName", Err(&["channelName may not be empty"]));
        check(&format!("channelName={}", "é".repeat(51)), Err(&["channelName must have at most 50 characters"]));
        check(
            "channelname=a&channelName=a&channelName=b",
            Err(&["channelname is not a known field", "channelName is given more than once"]),
        );
    }
}
