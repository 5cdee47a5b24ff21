//! Who is calling: HTTP Basic, checked before anything else is read.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::secret::Secret;

use crate::access::Peer;
use crate::api::error::json;
use crate::api::router::Service;
use crate::app::Channel;

/// The channel that sent a request.
pub(crate) struct Caller(pub(crate) Channel);

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Response> {
        let caller = credentials(&parts.headers).zip(parts.extensions.get::<Peer>());
        caller
            .and_then(|((user_name, secret), peer)| service.access.channel(&user_name, &secret, peer))
            .map(Self)
            .ok_or_else(unauthorized)
    }
}

/// The user name and password of the one Basic authorization header. Of two, a proxy may have checked the other.
fn credentials(headers: &HeaderMap) -> Option<(String, Secret<String>)> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let (scheme, encoded) = only.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user_name, secret) = plain.split_once(':')?;
    Some((user_name.to_owned(), Secret::new(secret.to_owned())))
}

/// One answer for every way of not being known: which it was is nobody's business.
fn unauthorized() -> Response {
    let detail = ErrorDetail::new(ErrorType::AuthenticationError, "valid credentials are needed (HTTP Basic)");
    let mut response = json(http::StatusCode::UNAUTHORIZED, &detail);
    let challenge = HeaderValue::from_static("Basic realm=\"vouchsafe\", charset=\"UTF-8\"");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], expect: Option<(&str, &str)>) {
        let values = values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_str(value).unwrap()));
        let headers: HeaderMap = values.collect();
        let found = credentials(&headers);
        assert_eq!(
            found.as_ref().map(|(user, secret)| (user.as_str(), secret.expose().as_str())),
            expect,
            "{headers:?}"
        );
    }

    #[test]
    fn credentials_are_a_user_name_and_a_secret() {
        check(&["Basic ZGVtby1hcHA6c2VjcmV0"], Some(("demo-app", "secret")));
        check(&["basic ZGVtby1hcHA6YTpi"], Some(("demo-app", "a:b")));
        check(&["Basic ZGVtby1hcHA="], None);
        check(&["Basic !!!"], None);
        check(&["Basic //79"], None);
        check(&["Bearer ZGVtby1hcHA6c2VjcmV0"], None);
        check(&["Basic"], None);
        check(&[], None);
        check(&["Basic ZGVtby1hcHA6c2VjcmV0", "Basic ZGVtby1hcHA6c2VjcmV0"], None);
    }
}
