//! All that a store does with keys: seals and opens its records, chains its journals, hashes the names of its vouchers.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::chain::{Chain, Mark};
use crate::record::Damaged;
use crate::seal::{Cipher, Form, Place, Sealer};
use crate::voucher_hash::VoucherHasher;

/// A store's keys at work.
pub(crate) struct Vault {
    /// The key from the configuration.
    pub(crate) sealer: Sealer,
    pub(crate) chain: Chain,
    pub(crate) hasher: VoucherHasher,
    ring: RwLock<Arc<Ring>>,
}

/// The keys that records are sealed with. A key that was met once is kept: what waits to be written may still be sealed
/// with it.
#[derive(Clone)]
struct Ring {
    newest: u16,
    sealing: Arc<Cipher>,
    all: BTreeMap<u16, Arc<Cipher>>,
}

/// A record as it is to be kept, and what stands for it in a chain.
pub(crate) struct Sealed {
    pub(crate) bytes: Vec<u8>,
    pub(crate) digest: Mark,
}

/// A record that was opened.
pub(crate) struct Opened {
    /// Nothing where it was destroyed.
    pub(crate) text: Option<Vec<u8>>,
    pub(crate) digest: Mark,
}

/// Why a record could not be opened.
pub(crate) enum Unopened {
    /// It was sealed with a key that was not met yet: somebody else has begun a new one.
    OtherKey,
    Damaged(Damaged),
}

impl From<Damaged> for Unopened {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged)
    }
}

impl Vault {
    /// A vault with one key to seal records with.
    pub(crate) fn new(sealer: Sealer, chain: Chain, hasher: VoucherHasher, number: u16, key: &[u8; 32]) -> Self {
        let sealing = Arc::new(Cipher::new(key));
        let all = BTreeMap::from([(number, Arc::clone(&sealing))]);
        Self { sealer, chain, hasher, ring: RwLock::new(Arc::new(Ring { newest: number, sealing, all })) }
    }

    /// Takes a key in; the one with the highest number seals from now on.
    pub(crate) fn take_in(&self, number: u16, key: &[u8; 32]) {
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = Ring::clone(&ring);
        let cipher = Arc::new(Cipher::new(key));
        if number > changed.newest {
            changed.newest = number;
            changed.sealing = Arc::clone(&cipher);
        }
        changed.all.insert(number, cipher);
        *ring = Arc::new(changed);
    }

    /// The number of the key that seals.
    pub(crate) fn newest(&self) -> u16 {
        self.ring().newest
    }

    /// Seals for a place what `write` appends.
    pub(crate) fn seal(&self, place: Place<'_>, write: impl FnOnce(&mut Vec<u8>)) -> Sealed {
        let mut digest = Mark::default();
        let write = |out: &mut Vec<u8>| {
            let begins = out.len();
            write(out);
            digest = self.chain.digest(&out[begins..]);
        };
        let ring = self.ring();
        let bytes = ring.sealing.seal_by_number(ring.newest, &self.sealer.draw(), place, write);
        Sealed { bytes, digest }
    }

    /// What was sealed for this place.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Opened, Unopened> {
        let text = match Form::of(sealed)? {
            Form::ByConfigured(_) => self.sealer.open(place, sealed)?,
            Form::ByNumber(number, rest) => {
                let ring = self.ring();
                let cipher = ring.all.get(&number).ok_or(Unopened::OtherKey)?;
                cipher.open_by_number(place, rest)?
            }
            Form::Destroyed(digest) => return Ok(Opened { text: None, digest }),
        };
        let digest = self.chain.digest(&text);
        Ok(Opened { text: Some(text), digest })
    }

    /// The same record sealed with the newest key, where it is not yet.
    pub(crate) fn renew(&self, place: Place<'_>, sealed: &[u8]) -> Result<Option<Vec<u8>>, Unopened> {
        match Form::of(sealed)? {
            Form::Destroyed(_) => return Ok(None),
            Form::ByNumber(number, _) if number == self.newest() => return Ok(None),
            Form::ByNumber(..) | Form::ByConfigured(_) => {}
        }
        let opened = self.open(place, sealed)?;
        Ok(opened.text.map(|text| self.seal(place, |out| out.extend_from_slice(&text)).bytes))
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}
