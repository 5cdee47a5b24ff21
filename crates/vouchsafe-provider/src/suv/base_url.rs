//! Where a provider's interface begins, checked once, so that an operator is told and not a channel.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use http::uri::Scheme;

/// Where a provider's interface begins, such as `https://vouchers.example/suv/v1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    security: Security,
}

/// Why an address is none that a provider can be asked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BaseUrlFault {
    /// It is no `http` or `https` URL of host, port and path alone.
    Form,
    /// Credentials and vouchers would cross a network in clear text.
    ClearText,
}

impl fmt::Display for BaseUrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "the base URL must look like https://host/path, without user, query or fragment",
            Self::ClearText => "http to another machine must be allowed explicitly",
        })
    }
}

impl std::error::Error for BaseUrlFault {}

/// Whether the way to a provider is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    Clear,
    Tls,
}

impl BaseUrl {
    /// Reads an address. `clear_text` allows `http` to other machines, where the way there is safe by other
    /// means; a loopback address needs no permission.
    ///
    /// # Errors
    /// [`BaseUrlFault`] says which rule it breaks.
    pub fn parse(text: &str, clear_text: bool) -> Result<Self, BaseUrlFault> {
        let uri = text.parse::<Uri>().map_err(|_| BaseUrlFault::Form)?;
        let security = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => Security::Clear,
            Some(scheme) if *scheme == Scheme::HTTPS => Security::Tls,
            _ => return Err(BaseUrlFault::Form),
        };
        let authority = uri.authority().ok_or(BaseUrlFault::Form)?;
        let host = authority.host();
        // What follows the host is a good port or nothing; a bad one would be passed over for the default.
        let has_odd_end = authority.port_u16().is_none() && authority.as_str() != host;
        // A fragment never reaches the server, so `Uri` drops it in silence; here it is a mistake. A user name
        // and a password belong elsewhere, and behind the path the operations' own paths are put.
        let more = authority.as_str().contains('@') || uri.query().is_some() || text.contains('#');
        if host.is_empty() || has_odd_end || more {
            return Err(BaseUrlFault::Form);
        }
        if security == Security::Clear && !clear_text && !is_this_machine(host) {
            return Err(BaseUrlFault::ClearText);
        }
        Ok(Self { text: text.trim_end_matches('/').to_owned(), security })
    }

    /// The address, without a slash at the end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) const fn security(&self) -> Security {
        self.security
    }

    /// The address of an operation, whose path begins with a slash.
    pub(super) fn operation(&self, path: &str) -> Result<Uri, BaseUrlFault> {
        format!("{}{path}", self.text).parse().map_err(|_| BaseUrlFault::Form)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_this_machine(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: Result<&str, BaseUrlFault>) {
        let found = BaseUrl::parse(text, false).map(|url| url.to_string());
        assert_eq!(found, expect.map(str::to_owned), "{text}");
    }

    #[test]
    fn a_base_address_is_host_port_and_path() {
        check("https://a.example", Ok("https://a.example"));
        check("https://a.example:8443/suv/v1/", Ok("https://a.example:8443/suv/v1"));
        for fault in [
            "",
            "a.example",
            "/suv/v1",
            "ftp://a.example",
            "https://",
            "https://me:pw@a.example/suv",
            "https://a.example:",
            "https://a.example:99999",
            "https://a.example/suv?x=1",
            "https://a.example/suv#x",
        ] {
            check(fault, Err(BaseUrlFault::Form));
        }
    }

    #[test]
    fn an_operation_is_found_below_the_base_address() {
        for base_url in ["https://a.example/suv/v1", "https://a.example/suv/v1/"] {
            let found = BaseUrl::parse(base_url, false).unwrap().operation("/vouchers").unwrap();
            assert_eq!(found.to_string(), "https://a.example/suv/v1/vouchers");
        }
    }

    #[test]
    fn clear_text_stays_on_this_machine_unless_allowed() {
        check("http://127.0.0.1:9090/suv/v1", Ok("http://127.0.0.1:9090/suv/v1"));
        check("http://[::1]:9090", Ok("http://[::1]:9090"));
        check("http://localhost", Ok("http://localhost"));
        check("http://10.0.0.7/suv/v1", Err(BaseUrlFault::ClearText));
        check("http://localhost.example", Err(BaseUrlFault::ClearText));
        assert!(BaseUrl::parse("http://simulator:9090/suv/v1", true).is_ok());
    }
}
