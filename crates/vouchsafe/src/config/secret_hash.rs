//! Channels' secrets: made once, kept as hashes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use vouchsafe_core::secret::Secret;

/// How the text of a hash begins.
const SCHEME: &str = "sha256:";

/// The SHA-256 of a channel's secret, written `sha256:` and 64 hexadecimal digits.
///
/// Neither salt nor a slow hash is needed, because secrets are not chosen by people: each is 256 random bits
/// ([`NewSecret`]), which cannot be guessed from its hash at any speed.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash([u8; 32]);

/// The text is not `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAHash;

/// A secret that was just made, and its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSecret {
    /// For the channel: 43 characters of base64url. Shown once and kept nowhere.
    pub secret: Secret<String>,
    /// For the configuration.
    pub hash: SecretHash,
}

impl SecretHash {
    /// The hash of a secret.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        let mut hash = Sha256::new_with_prefix(secret);
        // Where it stands: to finalise it for good would move it first, and what is moved is not wiped.
        Self(hash.finalize_reset().into())
    }

    /// Reads a hash as a configuration holds it.
    ///
    /// # Errors
    /// [`NotAHash`] for any other text.
    pub fn parse(text: &str) -> Result<Self, NotAHash> {
        let digits = text.strip_prefix(SCHEME).ok_or(NotAHash)?.as_bytes();
        if digits.len() != 64 {
            return Err(NotAHash);
        }
        let mut hash = [0; 32];
        for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
            for digit in pair {
                let value = char::from(*digit).to_digit(16).ok_or(NotAHash)?;
                *byte = *byte << 4 | u8::try_from(value).map_err(|_| NotAHash)?;
            }
        }
        Ok(Self(hash))
    }

    /// Whether this is the hash of `secret`. How long that takes tells nothing about where they differ.
    #[must_use]
    pub fn matches(&self, secret: &str) -> bool {
        self.0.ct_eq(&Self::of(secret).0).into()
    }

    /// Whether this is one of two hashes. How long that takes tells nothing about which, or about where they differ.
    pub(crate) fn is_among(&self, hashes: &[Self; 2]) -> bool {
        hashes.iter().filter(|hash| bool::from(hash.0.ct_eq(&self.0))).count() > 0
    }

    /// The hash itself.
    pub(crate) const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(SCHEME)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(***)")
    }
}

impl NewSecret {
    /// Makes a secret of 256 random bits.
    #[must_use]
    pub fn from_entropy(entropy: [u8; 32]) -> Self {
        let secret = URL_SAFE_NO_PAD.encode(entropy);
        Self { hash: SecretHash::of(&secret), secret: Secret::new(secret) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The SHA-256 of "abc", as FIPS 180-4 has it.
    const ABC: &str = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_hash_is_written_as_it_is_read() {
        assert_eq!(SecretHash::of("abc").to_string(), ABC);
        assert_eq!(SecretHash::parse(ABC), Ok(SecretHash::of("abc")));
        assert_eq!(SecretHash::parse(&ABC.replace("ba78", "BA78")), Ok(SecretHash::of("abc")));
    }

    #[test]
    fn no_other_text_is_a_hash() {
        for text in [
            "",
            "abc",
            &ABC[7..],
            &ABC[..70],
            &format!("{ABC}0"),
            &ABC.replace("ba", "bg"),
            &ABC.replace("sha256", "md5"),
        ] {
            assert_eq!(SecretHash::parse(text), Err(NotAHash), "{text}");
        }
        assert_eq!(SecretHash::parse(&format!("sha256:{}", "é".repeat(32))), Err(NotAHash));
    }

    #[test]
    fn only_its_own_secret_matches() {
        let hash = SecretHash::of("abc");
        for (secret, expect) in [("abc", true), ("abd", false), ("ABC", false), ("", false), (ABC, false)] {
            assert_eq!(hash.matches(secret), expect, "{secret}");
        }
    }

    #[test]
    fn a_new_secret_matches_its_hash_and_cannot_be_printed() {
        let new = NewSecret::from_entropy([0xff; 32]);
        assert_eq!(new.secret.expose(), "__________________________________________8");
        assert!(new.hash.matches(new.secret.expose()));
        assert_eq!(format!("{new:?}"), "NewSecret { secret: ***, hash: SecretHash(***) }");
        assert_ne!(NewSecret::from_entropy([0; 32]), new);
    }
}
