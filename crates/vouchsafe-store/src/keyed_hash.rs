//! A hash that whoever lacks its key can neither compute nor work back from.

use std::fmt;

use hmac::{HmacReset, KeyInit, Mac};
use sha2::Sha256;

/// How many bytes the key has: as many as the hash takes in at once.
pub(crate) const KEY: usize = 64;

/// HMAC with SHA-256, the key taken in once.
#[derive(Clone)]
pub(crate) struct KeyedHash(HmacReset<Sha256>);

impl KeyedHash {
    pub(crate) fn new(key: &[u8; KEY]) -> Self {
        Self(HmacReset::new(key.into()))
    }

    /// `sort` keeps what is hashed for one purpose from passing for another.
    pub(crate) fn hash(&self, sort: u8, bytes: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(&[sort]);
        mac.update(bytes);
        // Where it stands: to finalise it for good would move it first, and what is moved is not wiped.
        mac.finalize_reset().into_bytes().into()
    }
}

/// Whoever has what a key became can hash with it.
impl fmt::Debug for KeyedHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyedHash(…)")
    }
}
