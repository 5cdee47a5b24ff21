//! `POST /oauth/token` and `POST /oauth/revoke`: bearer tokens for channels whose clients want them.
//!
//! RFC 6749 (the grants of client credentials and of a password), RFC 7009 (revocation). Errors are not `ErrorDetail`
//! here but what those say, because OAuth's own clients read them.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};
use tokio::time::timeout;
use vouchsafe_core::secret::Secret;
use vouchsafe_provider::whole::{Unread, whole};

use crate::access::{Credentials, NewToken, NotYours, Peer};
use crate::api::auth::{BASIC, credentials};
use crate::api::router::Service;
use crate::app::Channel;

/// More than any token, user name and secret take.
const MOST_OF_A_FORM: usize = 8 * 1024;
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why there is no token: RFC 6749 section 5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    /// A parameter is missing, given twice or cannot be read.
    Request(&'static str),
    /// The client is nobody we know, or may not call from where it does.
    Client,
    /// The user is not the client, or the token is another client's.
    Grant(&'static str),
    /// There is no such grant.
    GrantType,
}

/// A token in exchange for a channel's secret.
pub(crate) async fn token(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let granted = match form(&service, &headers, body).await {
        Ok(form) => grant(&service, &peer, &headers, &form),
        Err(refused) => Err(refused),
    };
    match granted {
        Ok(token) => answer(
            StatusCode::OK,
            &json!({
                "access_token": token.text.expose(),
                "token_type": "Bearer",
                "expires_in": token.lifetime.as_secs(),
            }),
        ),
        Err(refused) => refused.answer(&service),
    }
}

/// Takes a token back before its end.
pub(crate) async fn revoke(
    State(service): State<Arc<Service>>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let revoked = match form(&service, &headers, body).await {
        Ok(form) => taken_back(&service, &peer, &headers, &form),
        Err(refused) => Err(refused),
    };
    match revoked {
        Ok(()) => answer(StatusCode::OK, &json!({})),
        Err(refused) => refused.answer(&service),
    }
}

fn grant(service: &Service, peer: &Peer, headers: &HeaderMap, form: &Form) -> Result<NewToken, Refused> {
    let client = form.client(headers)?;
    match form.get("grant_type") {
        Some("client_credentials") => client.ok_or(Refused::Client)?.token(service, peer),
        Some("password") => {
            let user_name = form.get("username").ok_or(Refused::Request("username is missing"))?;
            let password = form.get("password").ok_or(Refused::Request("password is missing"))?;
            let user = Client(vec![(user_name.to_owned(), Secret::new(password.to_owned()))]);
            // Who names no client is one by its user name: the same secret proves the same.
            let client = client.map(|client| client.token(service, peer)).transpose()?;
            let wrong = Refused::Grant("the user name and password are not the client's");
            let token = user.token(service, peer).map_err(|_| wrong)?;
            // A client that keeps no secret of its own only says who it is (RFC 6749 section 3.2.1).
            let is_other = form.get("client_id").is_some_and(|id| id != token.channel.as_str())
                || client.is_some_and(|client| client.channel != token.channel);
            if is_other { Err(wrong) } else { Ok(token) }
        }
        Some(_) => Err(Refused::GrantType),
        None => Err(Refused::Request("grant_type is missing")),
    }
}

fn taken_back(service: &Service, peer: &Peer, headers: &HeaderMap, form: &Form) -> Result<(), Refused> {
    let channel = form.client(headers)?.ok_or(Refused::Client)?.channel(service, peer)?;
    let token = form.get("token").ok_or(Refused::Request("token is missing"))?;
    let revoked = service.gate.revoke(&channel, &Secret::new(token.to_owned()), peer, service.app.due_by());
    revoked.map_err(|NotYours| Refused::Grant("the token was not issued to this client"))
}

/// A client as it names itself: in one reading or, where it is not clear what it meant, in two.
struct Client(Vec<(String, Secret<String>)>);

impl Client {
    /// By a Basic header. Its two parts are to be form-encoded first, and many a client does not know that.
    fn of_header(id: String, secret: Secret<String>) -> Self {
        let decoded = |text: &str| Some(percent_decode_str(&text.replace('+', " ")).decode_utf8().ok()?.into_owned());
        let meant = decoded(&id).zip(decoded(secret.expose()).map(Secret::new));
        let as_it_stands = (id, secret);
        Self(meant.filter(|meant| *meant != as_it_stands).into_iter().chain([as_it_stands]).collect())
    }

    fn token(&self, service: &Service, peer: &Peer) -> Result<NewToken, Refused> {
        let (now, clock) = (service.app.due_by(), service.app.clock.as_ref());
        let token = self.0.iter().find_map(|(id, secret)| service.gate.token(id, secret, peer, now, clock));
        token.ok_or(Refused::Client)
    }

    fn channel(&self, service: &Service, peer: &Peer) -> Result<Channel, Refused> {
        let now = service.app.due_by();
        let channel = self
            .0
            .iter()
            .find_map(|(id, secret)| service.gate.channel(&Credentials::Secret(id.clone(), secret.clone()), peer, now));
        channel.ok_or(Refused::Client)
    }
}

/// A form's parameters, each given once. An empty one counts as left out (RFC 6749 section 3.1).
struct Form(HashMap<String, String>);

impl Form {
    fn read(body: &[u8]) -> Result<Self, Refused> {
        let mut found = HashMap::new();
        for (name, value) in form_urlencoded::parse(body).filter(|(_, value)| !value.is_empty()) {
            if found.insert(name.into_owned(), value.into_owned()).is_some() {
                return Err(Refused::Request("a parameter is given more than once"));
            }
        }
        Ok(Self(found))
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The client that the request names, in one way and not in two (RFC 6749 section 2.3).
    fn client(&self, headers: &HeaderMap) -> Result<Option<Client>, Refused> {
        let in_the_form = (self.get("client_id"), self.get("client_secret"));
        if !headers.contains_key(header::AUTHORIZATION) {
            return match in_the_form {
                (Some(id), Some(secret)) => Ok(Some(Client(vec![(id.to_owned(), Secret::new(secret.to_owned()))]))),
                // A name alone proves nothing.
                (_, None) => Ok(None),
                (None, Some(_)) => Err(Refused::Request("client_id is missing")),
            };
        }
        let Some(Credentials::Secret(id, secret)) = credentials(headers) else { return Err(Refused::Client) };
        if in_the_form.1.is_some() || in_the_form.0.is_some_and(|other| other != id) {
            return Err(Refused::Request("the client must authenticate in one way only"));
        }
        Ok(Some(Client::of_header(id, secret)))
    }
}

/// The form in a request's body.
async fn form(service: &Service, headers: &HeaderMap, body: Body) -> Result<Form, Refused> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refused::Request("the body must be application/x-www-form-urlencoded"));
    }
    match timeout(service.app.limits.body, whole(body, MOST_OF_A_FORM)).await {
        Ok(Ok(body)) => Form::read(&body),
        Ok(Err(Unread::TooLarge | Unread::BrokeOff(_))) => Err(Refused::Request("the body broke off or is too large")),
        Err(_) => Err(Refused::Request("the body took too long")),
    }
}

impl Refused {
    fn answer(self, service: &Service) -> Response {
        let (status, error, description) = match self {
            Self::Request(why) => (StatusCode::BAD_REQUEST, "invalid_request", why),
            Self::Client => (StatusCode::UNAUTHORIZED, "invalid_client", "valid client credentials are needed"),
            Self::Grant(why) => (StatusCode::BAD_REQUEST, "invalid_grant", why),
            Self::GrantType => {
                (StatusCode::BAD_REQUEST, "unsupported_grant_type", "there are client_credentials and password")
            }
        };
        let mut response = answer(status, &json!({ "error": error, "error_description": description }));
        if self == Self::Client {
            service.app.metrics.turned_away(None);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, BASIC);
        }
        response
    }
}

/// An answer that nobody on the way may keep.
fn answer(status: StatusCode, body: &Json) -> Response {
    let headers = [(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, NO_STORE), (header::PRAGMA, NO_CACHE)];
    (status, headers, body.to_string()).into_response()
}
