//! Where a provider is and who we are there, checked once and not at every sale.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::Full;

use crate::suv::SuvConfig;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why a provider cannot be reached as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigFault {
    /// The base address is no `http` or `https` URL of host, port and path.
    BaseUrl,
    /// Credentials and vouchers would cross a network in clear text.
    ClearText,
    /// A user name with a colon in it cannot be told from its password.
    UserName,
    /// This machine trusts no certificate authority, or its list cannot be read; with the reason.
    NoAuthorities(String),
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BaseUrl => {
                f.write_str("the base URL must look like https://host/path, without user, query or fragment")
            }
            Self::ClearText => f.write_str("http to another machine must be allowed explicitly"),
            Self::UserName => f.write_str("the user name may not contain a colon or a control character"),
            Self::NoAuthorities(reason) => write!(f, "no certificate authority to trust: {reason}"),
        }
    }
}

impl std::error::Error for ConfigFault {}

/// Whether the way to a provider is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    Clear,
    Tls,
}

/// Where to ask, and the credentials that go with it.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    security: Security,
    vouchers: Uri,
    /// Marked as sensitive: it prints as `Sensitive` and no header compression remembers it.
    authorization: HeaderValue,
}

impl Endpoint {
    pub(super) fn new(config: &SuvConfig) -> Result<Self, ConfigFault> {
        let (security, vouchers) = located(&config.base_url)?;
        if security == Security::Clear && !config.clear_text && !is_this_machine(&vouchers) {
            return Err(ConfigFault::ClearText);
        }
        Ok(Self { security, vouchers, authorization: basic(config)? })
    }

    pub(super) const fn security(&self) -> Security {
        self.security
    }

    /// The request that carries a provision. No compressed answer is asked for: what a small body unpacks
    /// to has no bound.
    pub(super) fn post_voucher(&self, body: Vec<u8>) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::from(body)));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.vouchers.clone();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(CONTENT_TYPE, JSON);
        headers.insert(ACCEPT, JSON);
        request
    }
}

/// The address of the provision operation below a base address.
fn located(base_url: &str) -> Result<(Security, Uri), ConfigFault> {
    // A fragment never reaches the server, so `Uri` drops it in silence; here it is a mistake.
    let base = base_url.parse::<Uri>().map_err(|_| ConfigFault::BaseUrl)?;
    let security = match base.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => Security::Clear,
        Some(scheme) if *scheme == Scheme::HTTPS => Security::Tls,
        _ => return Err(ConfigFault::BaseUrl),
    };
    let authority = base.authority().ok_or(ConfigFault::BaseUrl)?;
    let host = authority.host();
    // What follows the host is a good port or nothing; a bad one would be passed over for the default.
    let has_odd_end = authority.port_u16().is_none() && authority.as_str() != host;
    if host.is_empty()
        || has_odd_end
        || authority.as_str().contains('@')
        || base.query().is_some()
        || base_url.contains('#')
    {
        return Err(ConfigFault::BaseUrl);
    }
    let vouchers = format!("{}/vouchers", base_url.trim_end_matches('/'));
    Ok((security, vouchers.parse().map_err(|_| ConfigFault::BaseUrl)?))
}

fn is_this_machine(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
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
            max_idle_connections: 1,
            clear_text: false,
        }
    }

    fn check(base_url: &str, expect: Result<&str, ConfigFault>) {
        let found = Endpoint::new(&config(base_url, "us")).map(|endpoint| endpoint.vouchers.to_string());
        assert_eq!(found, expect.map(str::to_owned), "{base_url}");
    }

    #[test]
    fn a_base_address_is_host_port_and_path() {
        check("https://a.example", Ok("https://a.example/vouchers"));
        check("https://a.example:8443/suv/v1/", Ok("https://a.example:8443/suv/v1/vouchers"));
        for fault in [
            "",
            "a.example",
            "/suv/v1",
            "ftp://a.example",
            "https://",
            "https://me:pw@a.example/suv",
            "https://a.example:",
            "https://a.example:99999",
        ] {
            check(fault, Err(ConfigFault::BaseUrl));
        }
        check("https://a.example/suv?x=1", Err(ConfigFault::BaseUrl));
        check("https://a.example/suv#x", Err(ConfigFault::BaseUrl));
    }

    #[test]
    fn clear_text_stays_on_this_machine_unless_allowed() {
        check("http://127.0.0.1:9090/suv/v1", Ok("http://127.0.0.1:9090/suv/v1/vouchers"));
        check("http://[::1]:9090", Ok("http://[::1]:9090/vouchers"));
        check("http://localhost", Ok("http://localhost/vouchers"));
        check("http://10.0.0.7/suv/v1", Err(ConfigFault::ClearText));
        check("http://localhost.example", Err(ConfigFault::ClearText));
        let allowed = SuvConfig { clear_text: true, ..config("http://simulator:9090/suv/v1", "us") };
        assert!(Endpoint::new(&allowed).is_ok());
    }

    #[test]
    fn credentials_are_sent_but_never_shown() {
        let endpoint = Endpoint::new(&config("https://a.example", "us")).unwrap();
        let request = endpoint.post_voucher(Vec::new());
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
