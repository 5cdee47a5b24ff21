//! Who is calling: HTTP Basic, checked before anything else is read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::sheet::Messaging;

use crate::api::error::json;
use crate::api::router::Service;
use crate::app::Channel;
use crate::config::SecretHash;

/// Who is let in.
pub enum Access {
    /// The configured channels, by their secrets.
    Known(KnownChannels),
    /// Anybody, as the channel of the user name they give. For the sandbox only.
    Anybody {
        /// Who is asked when nothing else says.
        default_provider: ProviderId,
        /// How long a channel waits.
        wait: Duration,
    },
}

/// The configured channels and the hashes of their secrets.
pub struct KnownChannels {
    channels: HashMap<ChannelId, (Channel, Vec<SecretHash>)>,
    /// Checked for unknown user names, so that they take as long as known ones.
    nobody: SecretHash,
}

impl KnownChannels {
    /// These channels, each with the hashes of the secrets it may use.
    pub fn new(channels: impl IntoIterator<Item = (Channel, Vec<SecretHash>)>) -> Self {
        let channels = channels.into_iter().map(|(channel, secrets)| (channel.id.clone(), (channel, secrets)));
        Self { channels: channels.collect(), nobody: SecretHash::of("") }
    }

    fn channel(&self, user_name: &str, secret: &str) -> Option<Channel> {
        let known = ChannelId::new(user_name).ok().and_then(|id| self.channels.get(&id));
        let Some((channel, secrets)) = known else {
            // The answer is no whatever the comparison says; it is made for the time it takes.
            let _ = self.nobody.matches(secret);
            return None;
        };
        let matching = secrets.iter().filter(|hash| hash.matches(secret)).count();
        (matching > 0).then(|| channel.clone())
    }
}

impl Access {
    fn channel(&self, user_name: &str, secret: &str) -> Option<Channel> {
        match self {
            Self::Known(known) => known.channel(user_name, secret),
            Self::Anybody { default_provider, wait } => Some(Channel {
                id: ChannelId::new(user_name).ok()?,
                messaging: Messaging::Single,
                default_provider: Some(default_provider.clone()),
                wait: *wait,
            }),
        }
    }
}

/// The channel that sent a request.
pub(crate) struct Caller(pub(crate) Channel);

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, Response> {
        credentials(&parts.headers)
            .and_then(|(user_name, secret)| service.access.channel(&user_name, &secret))
            .map(Self)
            .ok_or_else(unauthorized)
    }
}

/// The user name and password of the one Basic authorization header. Of two, a proxy may have checked the other.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (all.next(), all.next()) else { return None };
    let (scheme, encoded) = only.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let plain = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user_name, secret) = plain.split_once(':')?;
    Some((user_name.to_owned(), secret.to_owned()))
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
        assert_eq!(found.as_ref().map(|(user, secret)| (user.as_str(), secret.as_str())), expect, "{headers:?}");
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
