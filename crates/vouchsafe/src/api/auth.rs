//! Who is calling: HTTP Basic or a bearer token, checked before anything else is read.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};

use crate::access::{Credentials, Demand, Peer, Place, Refused};
use crate::api::error::{json, no_room};
use crate::api::router::Service;
use crate::app::Channel;

/// The channel that sent a request, and the room that it has for it. It is found before a body is read.
pub(crate) struct Caller(pub(crate) Channel, pub(crate) Place);

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Response> {
        let credentials = credentials(&parts.headers);
        let unknown = || {
            service.app.metrics.turned_away(None);
            unauthorized(matches!(credentials, Some(Credentials::Token(_))))
        };
        let known = credentials.as_ref().zip(parts.extensions.get::<Peer>());
        let (credentials, peer) = known.ok_or_else(unknown)?;
        let demand = demand(parts.uri.path());
        match service.gate.admit(credentials, peer, demand, service.app.due_by()) {
            Ok((channel, place)) => Ok(Self(channel, place)),
            Err(Refused::Nobody) => Err(unknown()),
            Err(Refused::Full(channel, full)) => {
                service.app.metrics.turned_away(Some((&channel, full)));
                Err(no_room(demand, full))
            }
        }
    }
}

/// What a path asks for: the interface names everything that puts a sale right by how its path ends.
fn demand(path: &str) -> Demand {
    match path.trim_end_matches('/').rsplit('/').next() {
        Some("retry" | "reversals" | "confirmations") => Demand::Advice,
        _ => Demand::Sale,
    }
}

/// What the one `Authorization` header says: a user name and a secret, or a token. Of two, a proxy may have checked the
/// other.
pub(crate) fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    Credentials::shown(only.to_str().ok()?)
}

/// How to say who one is, by a secret.
pub(crate) const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"vouchsafe\", charset=\"UTF-8\"");
/// The same by a token (RFC 6750), to one who showed none and to one whose token is no good.
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"vouchsafe\"");
const BAD_TOKEN: HeaderValue = HeaderValue::from_static("Bearer realm=\"vouchsafe\", error=\"invalid_token\"");

/// One answer for every way of not being known: which it was is nobody's business.
fn unauthorized(has_shown_a_token: bool) -> Response {
    let message = "valid credentials are needed (HTTP Basic or a bearer token)";
    let mut response = json(http::StatusCode::UNAUTHORIZED, &ErrorDetail::new(ErrorType::AuthenticationError, message));
    let challenges = if has_shown_a_token { [BAD_TOKEN, BASIC] } else { [BASIC, BEARER] };
    for challenge in challenges {
        response.headers_mut().append(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(values: &[&str], expect: &str) {
        let values = values.iter().map(|value| (header::AUTHORIZATION, HeaderValue::from_str(value).unwrap()));
        let headers: HeaderMap = values.collect();
        let found = match credentials(&headers) {
            Some(Credentials::Secret(user_name, secret)) => format!("{user_name} with {}", secret.expose()),
            Some(Credentials::Token(token)) => format!("whoever has {}", token.expose()),
            None => "nobody".to_owned(),
        };
        assert_eq!(found, expect, "{headers:?}");
    }

    #[test]
    fn what_puts_a_sale_right_is_known_by_its_path() {
        for (path, expect) in [
            ("/suv/v1/vouchers", Demand::Sale),
            ("/suv/v1/products/", Demand::Sale),
            ("/suv/v1/redemptions/retry-1", Demand::Sale),
            ("/suv/v1/vouchers/1/retry", Demand::Advice),
            ("/suv/v1/vouchers/1/retry/", Demand::Advice),
            ("/suv/v1/vouchers/reversals", Demand::Advice),
            ("/suv/v1/refunds/confirmations/", Demand::Advice),
        ] {
            assert_eq!(demand(path), expect, "{path}");
        }
    }

    #[test]
    fn credentials_are_a_user_name_and_a_secret_or_a_token() {
        check(&["Basic ZGVtby1hcHA6c2VjcmV0"], "demo-app with secret");
        check(&["basic ZGVtby1hcHA6YTpi"], "demo-app with a:b");
        check(&["Bearer abc.def"], "whoever has abc.def");
        check(&["bearer  abc"], "whoever has abc");
        check(&["Basic ZGVtby1hcHA="], "nobody");
        check(&["Basic !!!"], "nobody");
        check(&["Basic //79"], "nobody");
        check(&["Digest ZGVtby1hcHA6c2VjcmV0"], "nobody");
        check(&["Basic"], "nobody");
        check(&["Bearer"], "nobody");
        check(&[], "nobody");
        check(&["Basic ZGVtby1hcHA6c2VjcmV0", "Basic ZGVtby1hcHA6c2VjcmV0"], "nobody");
        check(&["Bearer abc", "Basic ZGVtby1hcHA6c2VjcmV0"], "nobody");
    }
}
