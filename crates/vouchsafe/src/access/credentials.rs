//! What a caller shows of itself, as it comes in.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use vouchsafe_core::secret::Secret;

/// What a caller knows that others do not.
pub enum Credentials {
    /// Its user name and its secret.
    Secret(String, Secret<String>),
    /// A token that was got with them.
    Token(Secret<String>),
}

impl Credentials {
    /// The credentials in a text as HTTP writes them: `Basic` with a user name and a secret (RFC 7617), or `Bearer` with
    /// a token (RFC 6750). `None` where it is neither, or damaged.
    #[must_use]
    pub fn shown(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return Some(Self::Token(Secret::new(rest.to_owned())));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let plain = String::from_utf8(BASE64_STANDARD.decode(rest).ok()?).ok()?;
        let (user_name, secret) = plain.split_once(':')?;
        Some(Self::Secret(user_name.to_owned(), Secret::new(secret.to_owned())))
    }
}
