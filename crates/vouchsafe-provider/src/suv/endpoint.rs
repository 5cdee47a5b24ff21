//! Where a provider is and who we are there, checked once and not at every sale.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use crate::suv::SuvConfig;
use crate::suv::base_url::{BaseUrl, BaseUrlFault, Security};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why a provider cannot be reached as configured.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigFault {
    /// The base address is none to ask at.
    BaseUrl(BaseUrlFault),
    /// A user name with a colon in it cannot be told from its password.
    UserName,
    /// This machine trusts no certificate authority, or its list cannot be read; with the reason.
    NoAuthorities(String),
    /// The certificate and its key cannot be used.
    Tls(rustls::Error),
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BaseUrl(fault) => fault.fmt(f),
            Self::UserName => f.write_str("the user name may not contain a colon or a control character"),
            Self::NoAuthorities(reason) => write!(f, "no certificate authority to trust: {reason}"),
            Self::Tls(fault) => write!(f, "TLS cannot be used as configured: {fault}"),
        }
    }
}

impl std::error::Error for ConfigFault {}

impl From<BaseUrlFault> for ConfigFault {
    fn from(fault: BaseUrlFault) -> Self {
        Self::BaseUrl(fault)
    }
}

/// What a provider is asked for: `interface.md` section 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Provision,
    ReverseProvision,
    ConfirmProvision,
}

/// Where to ask, and the credentials that go with it.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    security: Security,
    vouchers: Uri,
    reversals: Uri,
    confirmations: Uri,
    /// Marked as sensitive: it prints as `Sensitive` and no header compression remembers it.
    authorization: HeaderValue,
}

impl Endpoint {
    pub(super) fn new(config: &SuvConfig) -> Result<Self, ConfigFault> {
        let base_url = BaseUrl::parse(&config.base_url, config.clear_text)?;
        Ok(Self {
            security: base_url.security(),
            vouchers: base_url.operation("/vouchers")?,
            reversals: base_url.operation("/vouchers/reversals")?,
            confirmations: base_url.operation("/vouchers/confirmations")?,
            authorization: basic(config)?,
        })
    }

    pub(super) const fn security(&self) -> Security {
        self.security
    }

    /// The request that carries a message. No compressed answer is asked for: what a small body unpacks to
    /// has no bound.
    pub(super) fn post(&self, operation: Operation, body: Vec<u8>) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = match operation {
            Operation::Provision => self.vouchers.clone(),
            Operation::ReverseProvision => self.reversals.clone(),
            Operation::ConfirmProvision => self.confirmations.clone(),
        };
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, JSON);
        request
    }
}

fn basic(config: &SuvConfig) -> Result<HeaderValue, ConfigFault> {
    let user_name = config.user_name.as_str();
    if user_name.contains(|c: char| c == ':' || c.is_control()) {
        return Err(ConfigFault::UserName);
    }
    let credentials = STANDARD.encode(format!("{user_name}:{}", config.password.expose()));
    // Base64 is printable ASCII, so the header cannot be refused; were it, the user name is the place to look.
    let mut header = HeaderValue::try_from(format!("Basic {credentials}")).map_err(|_| ConfigFault::UserName)?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use vouchsafe_core::id::ChannelId;
    use vouchsafe_core::secret::Secret;

    use super::*;

    fn config(base_url: &str, user_name: &str) -> SuvConfig {
        SuvConfig {
            base_url: base_url.to_owned(),
            user_name: ChannelId::new(user_name).unwrap(),
            password: Secret::new("open sesame".to_owned()),
            authorities: None,
            identity: None,
            max_idle_connections: 1,
            clear_text: false,
        }
    }

    #[test]
    fn an_address_that_cannot_be_asked_at_is_refused() {
        let check = |base_url: &str, expect| {
            let found = Endpoint::new(&config(base_url, "us")).map(|endpoint| endpoint.vouchers.to_string());
            assert_eq!(found, expect, "{base_url}");
        };
        check("https://a.example/suv/v1/", Ok("https://a.example/suv/v1/vouchers".to_owned()));
        check("ftp://a.example", Err(ConfigFault::BaseUrl(BaseUrlFault::Form)));
        check("http://10.0.0.7/suv/v1", Err(ConfigFault::BaseUrl(BaseUrlFault::ClearText)));
        assert!(Endpoint::new(&SuvConfig { clear_text: true, ..config("http://10.0.0.7", "us") }).is_ok());
    }

    #[test]
    fn credentials_are_sent_but_never_shown() {
        let endpoint = Endpoint::new(&config("https://a.example", "us")).unwrap();
        let request = endpoint.post(Operation::Provision, Vec::new());
        assert_eq!(request.headers()[AUTHORIZATION], "Basic dXM6b3BlbiBzZXNhbWU=");
        for shown in
            [format!("{request:?}"), format!("{endpoint:?}"), format!("{:?}", config("https://a.example", "us"))]
        {
            assert!(!shown.contains("dXM6") && !shown.contains("sesame"), "{shown}");
        }
    }

    #[test]
    fn a_user_name_with_a_colon_is_refused() {
        assert_eq!(Endpoint::new(&config("https://a.example", "a:b")).unwrap_err(), ConfigFault::UserName);
    }
}
