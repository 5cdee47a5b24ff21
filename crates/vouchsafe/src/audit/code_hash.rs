//! How records name a voucher's code without saying it.

use std::fmt;
use std::fs;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use vouchsafe_core::secret::Secret;

use super::unusable::Unusable;

/// The shortest key that is taken, in bytes: a shorter one could be found by trying.
const SHORTEST_KEY: usize = 16;

/// A code's hash: 64 hexadecimal digits in a record.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// Reads the 64 digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Makes the hashes of one channel log: HMAC-SHA-256 with a key, or plain SHA-256 where there is none.
#[derive(Debug, Clone)]
pub struct CodeHasher(Option<Secret<Vec<u8>>>);

impl CodeHasher {
    /// Plain hashes. Whoever has them can find short codes by trying, so this is for tests and simulated providers.
    #[must_use]
    pub const fn plain() -> Self {
        Self(None)
    }

    /// Hashes that only the owner of the key in a file can make: its bytes, without white space at either end.
    ///
    /// # Errors
    /// [`Unusable`] where the file cannot be read, or holds fewer than 16 bytes.
    pub fn keyed(path: &Path) -> Result<Self, Unusable> {
        let bytes = fs::read(path).map_err(|fault| Unusable::File { path: path.to_owned(), fault })?;
        let key = bytes.trim_ascii();
        if key.len() < SHORTEST_KEY {
            return Err(Unusable::ShortKey { path: path.to_owned() });
        }
        Ok(Self(Some(Secret::new(key.to_vec()))))
    }

    /// The hash of a code.
    #[must_use]
    pub fn hash(&self, code: &str) -> CodeHash {
        let Some(key) = &self.0 else { return CodeHash(Sha256::digest(code).into()) };
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.expose()) else {
            unreachable!("HMAC takes a key of any length")
        };
        mac.update(code.as_bytes());
        CodeHash(mac.finalize().into_bytes().into())
    }
}

/// The first 32 bits of a code's plain SHA-256, as providers' ledgers show them.
pub(super) fn fingerprint(code: &str) -> u32 {
    let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(code));
    u32::from_be_bytes([a, b, c, d])
}
