//! Where a provider is and who we are there, checked once and not at every sale.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use vouchsafe_core::message::VoucherQuery;
use vouchsafe_core::transaction::Kind;

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

/// What is posted to a provider: `interface.md` section 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// A request.
    Ask(Kind),
    /// The reversal of one.
    Reverse(Kind),
    /// The confirmation of one.
    Confirm(Kind),
}

/// Where requests of one kind go, and the advices about them.
#[derive(Debug, Clone)]
struct Addresses {
    requests: Uri,
    reversals: Uri,
    confirmations: Uri,
}

impl Addresses {
    fn below(base_url: &BaseUrl, path: &str) -> Result<Self, ConfigFault> {
        Ok(Self {
            requests: base_url.operation(path)?,
            reversals: base_url.operation(&format!("{path}/reversals"))?,
            confirmations: base_url.operation(&format!("{path}/confirmations"))?,
        })
    }
}

/// Where to ask, and the credentials that go with it.
#[derive(Debug, Clone)]
pub(super) struct Endpoint {
    base_url: BaseUrl,
    vouchers: Addresses,
    redemptions: Addresses,
    refunds: Addresses,
    /// Marked as sensitive: it prints as `Sensitive` and no header compression remembers it.
    authorization: HeaderValue,
}

impl Endpoint {
    pub(super) fn new(config: &SuvConfig) -> Result<Self, ConfigFault> {
        let base_url = BaseUrl::parse(&config.base_url, config.clear_text)?;
        Ok(Self {
            vouchers: Addresses::below(&base_url, "/vouchers")?,
            redemptions: Addresses::below(&base_url, "/redemptions")?,
            refunds: Addresses::below(&base_url, "/refunds")?,
            authorization: basic(config)?,
            base_url,
        })
    }

    pub(super) const fn security(&self) -> Security {
        self.base_url.security()
    }

    /// The request that carries a message.
    pub(super) fn post(&self, operation: Operation, body: Vec<u8>) -> Request<Bytes> {
        let (Operation::Ask(kind) | Operation::Reverse(kind) | Operation::Confirm(kind)) = operation;
        let addresses = match kind {
            Kind::Provision => &self.vouchers,
            Kind::Redemption => &self.redemptions,
            Kind::Refund => &self.refunds,
        };
        let address = match operation {
            Operation::Ask(_) => &addresses.requests,
            Operation::Reverse(_) => &addresses.reversals,
            Operation::Confirm(_) => &addresses.confirmations,
        };
        let mut request = self.request(Method::POST, address.clone(), body);
        request.headers_mut().insert(CONTENT_TYPE, JSON);
        request
    }

    /// The request that asks about a voucher; none where what is asked is longer than any address may be. It may hold
    /// the voucher's code: its address is for the provider's eyes only.
    pub(super) fn look_up(&self, query: &VoucherQuery) -> Option<Request<Bytes>> {
        let query = vouchsafe_wire::query::written(query);
        let address = self.base_url.operation(&format!("/vouchers?{}", query.expose())).ok()?;
        Some(self.request(Method::GET, address, Vec::new()))
    }

    /// No compressed answer is asked for: what a small body unpacks to has no bound.
    fn request(&self, method: Method, address: Uri, body: Vec<u8>) -> Request<Bytes> {
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = address;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
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
    use vouchsafe_core::text::FreeText;

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
            let found = Endpoint::new(&config(base_url, "us")).map(|endpoint| endpoint.vouchers.requests.to_string());
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
        let request = endpoint.post(Operation::Ask(Kind::Provision), Vec::new());
        assert_eq!(request.headers()[AUTHORIZATION], "Basic dXM6b3BlbiBzZXNhbWU=");
        for shown in
            [format!("{request:?}"), format!("{endpoint:?}"), format!("{:?}", config("https://a.example", "us"))]
        {
            assert!(!shown.contains("dXM6") && !shown.contains("sesame"), "{shown}");
        }
    }

    #[test]
    fn each_operation_has_its_own_address() {
        let endpoint = Endpoint::new(&config("https://a.example/suv/v1", "us")).unwrap();
        for (kind, path) in
            [(Kind::Provision, "vouchers"), (Kind::Redemption, "redemptions"), (Kind::Refund, "refunds")]
        {
            for (operation, more) in [
                (Operation::Ask(kind), ""),
                (Operation::Reverse(kind), "/reversals"),
                (Operation::Confirm(kind), "/confirmations"),
            ] {
                let expect = format!("https://a.example/suv/v1/{path}{more}");
                assert_eq!(endpoint.post(operation, Vec::new()).uri().to_string(), expect);
            }
        }
    }

    #[test]
    fn what_is_too_long_for_an_address_is_not_asked() {
        let endpoint = Endpoint::new(&config("https://a.example", "us")).unwrap();
        let query = |length| VoucherQuery {
            receiver_inst_id: FreeText::new("x".repeat(length)).ok(),
            ..VoucherQuery::default()
        };
        let asked = endpoint.look_up(&query(3)).unwrap();
        assert_eq!(asked.uri().to_string(), "https://a.example/vouchers?receiverInstId=xxx");
        assert!(endpoint.look_up(&query(70_000)).is_none());
    }

    #[test]
    fn a_user_name_with_a_colon_is_refused() {
        assert_eq!(Endpoint::new(&config("https://a.example", "a:b")).unwrap_err(), ConfigFault::UserName);
    }
}
