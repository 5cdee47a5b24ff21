//! By what a channel's certificate is told from others.

use std::fmt;

use toml::de::DeValue;

use super::fault::{AccessWrong, Wrong};
use super::value;

/// What a certificate must have to be a channel's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateName {
    /// This SHA-256 of the whole certificate: this one and no other.
    Fingerprint([u8; 32]),
    /// This DNS name among its subject's alternative names, in small letters.
    Dns(String),
    /// This URI among them.
    Uri(String),
}

impl CertificateName {
    /// Reads `sha256:` and 64 hexadecimal digits (colons between pairs do no harm), `dns:NAME` or `uri:URI`.
    ///
    /// # Errors
    /// [`NotACertificateName`] for any other text. A name with a star is none: it would let in whoever has any name
    /// below it.
    pub fn parse(text: &str) -> Result<Self, NotACertificateName> {
        let (kind, name) = text.split_once(':').ok_or(NotACertificateName)?;
        let is_plain = |letter: u8| letter.is_ascii_graphic() && letter != b'*';
        match kind {
            "sha256" => fingerprint(name).map(Self::Fingerprint).ok_or(NotACertificateName),
            "dns" if !name.is_empty() && name.bytes().all(is_plain) => Ok(Self::Dns(name.to_ascii_lowercase())),
            "uri" if !name.is_empty() && name.bytes().all(is_plain) => Ok(Self::Uri(name.to_owned())),
            _ => Err(NotACertificateName),
        }
    }
}

/// The text names no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACertificateName;

impl fmt::Display for CertificateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(bytes) => {
                f.write_str("sha256:")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::Dns(name) => write!(f, "dns:{name}"),
            Self::Uri(uri) => write!(f, "uri:{uri}"),
        }
    }
}

fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    if digits.len() != 64 {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        for digit in pair {
            *byte = *byte << 4 | u8::try_from(char::from(*digit).to_digit(16)?).ok()?;
        }
    }
    Some(bytes)
}

/// One of a channel's `certificates`.
pub(super) fn read(value: &DeValue<'_>) -> Result<CertificateName, Wrong> {
    CertificateName::parse(value::text(value)?).map_err(|_| Wrong::Access(AccessWrong::Certificate))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_named_by_itself_or_by_a_name_in_it() {
        let digits = "0a".repeat(32);
        let spread = vec!["0A"; 32].join(":");
        for (text, expect) in [
            (format!("sha256:{digits}"), Some(format!("sha256:{digits}"))),
            (format!("sha256:{spread}"), Some(format!("sha256:{digits}"))),
            ("dns:App.Example".to_owned(), Some("dns:app.example".to_owned())),
            ("uri:spiffe://example/app".to_owned(), Some("uri:spiffe://example/app".to_owned())),
            ("dns:".to_owned(), None),
            ("dns:*.example".to_owned(), None),
            ("dns:a b".to_owned(), None),
            ("uri:".to_owned(), None),
            ("app.example".to_owned(), None),
            ("cn:app".to_owned(), None),
            (format!("sha256:{}", &digits[1..]), None),
            (format!("sha256:{}", digits.replace('a', "g")), None),
        ] {
            assert_eq!(CertificateName::parse(&text).ok().map(|name| name.to_string()), expect, "{text}");
        }
    }
}
