//! Sealing: what may hold a code is encrypted before an engine sees it, and bound to its place.

use std::fmt;

use chacha20poly1305::{AeadInOut, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use vouchsafe_core::secret::Secret;

use crate::Key;
use crate::act::ActNumber;
use crate::chain::Mark;
use crate::record::Damaged;
use crate::record::word::Word;

/// The first byte of what is sealed with the key from the configuration: XChaCha20-Poly1305, nonce, ciphertext, tag.
const BY_CONFIGURED: u8 = 1;
/// The first byte of what is sealed with a key of the store's own: its number follows.
const BY_NUMBER: u8 = 2;
/// The first byte of what was destroyed: its digest is all that is left.
const DESTROYED: u8 = 3;
const NONCE: usize = 24;
const TAG: usize = 16;

/// The key that a store's records are sealed with: 32 random bytes that are kept apart from the store.
#[derive(Debug, Clone)]
pub struct SealingKey(Secret<[u8; 32]>);

impl SealingKey {
    /// A key of 32 bytes. They must come from a source fit for keys.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }
}

/// What is sealed, and where it belongs. It opens nowhere else: a sealed record that is copied into another
/// transaction, or to another version of the same one, is damaged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place<'a> {
    /// The proof, kept in the store itself, that a key is the store's own.
    Store,
    /// The request that opened a transaction.
    Request(&'a Key),
    /// The outcome that came with the event which led to this version.
    Outcome(&'a Key, u32),
    /// The note that came with the event which led to this version.
    Note(&'a Key, u32),
    /// What the channel said with the event which led to this version.
    Advised(&'a Key, u32),
    /// The key that the names of vouchers are hashed with.
    VoucherKey,
    /// The key that journals are chained with.
    ChainKey,
    /// The key of this number that records are sealed with.
    SealingKey(u16),
    /// The sum over all links.
    Total,
    /// What was done by hand.
    Act(ActNumber),
    /// Why it was not done after all.
    ActEnd(ActNumber),
}

impl Place<'_> {
    /// The place in bytes. The channel stands last because it alone varies in length.
    fn to_bytes(self, seal: u8) -> Vec<u8> {
        let (what, key, version) = match self {
            Self::Store => (0, None, 0),
            Self::Request(key) => (1, Some(key), 0),
            Self::Outcome(key, version) => (2, Some(key), version),
            Self::Note(key, version) => (3, Some(key), version),
            Self::Advised(key, version) => (4, Some(key), version),
            Self::VoucherKey => (5, None, 0),
            Self::ChainKey => (7, None, 0),
            Self::SealingKey(number) => (8, None, number.into()),
            Self::Total => (9, None, 0),
            Self::Act(_) => (10, None, 0),
            Self::ActEnd(_) => (11, None, 0),
        };
        let mut bytes = vec![seal, what];
        if let Self::SealingKey(_) = self {
            bytes.extend_from_slice(&version.to_be_bytes());
        }
        if let Self::Act(number) | Self::ActEnd(number) = self {
            bytes.extend_from_slice(&number.0.to_be_bytes());
        }
        if let Some(key) = key {
            bytes.extend_from_slice(&version.to_be_bytes());
            bytes.push(key.kind.place());
            bytes.extend_from_slice(key.id.as_bytes());
            bytes.extend_from_slice(key.channel.as_str().as_bytes());
        }
        bytes
    }
}

/// Fills what it is given with bytes that nobody can foretell.
type Entropy = Box<dyn Fn(&mut [u8]) + Send + Sync>;

/// Seals and opens with the key from the configuration: the keys that a store keeps, and what else is its own.
///
/// Everything sealed gets a random nonce of 24 bytes, long enough that chance alone never repeats one.
pub struct Sealer {
    cipher: Cipher,
    entropy: Entropy,
}

impl Sealer {
    /// A sealer with a key and a source of randomness, which fills what it is given with bytes that nobody
    /// can foretell.
    #[must_use]
    pub fn new(key: SealingKey, entropy: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self { cipher: Cipher::new(key.0.expose()), entropy: Box::new(entropy) }
    }

    /// Bytes that nobody can foretell.
    pub(crate) fn draw<const COUNT: usize>(&self) -> [u8; COUNT] {
        let mut bytes = [0; COUNT];
        (self.entropy)(&mut bytes);
        bytes
    }

    /// Seals for a place what `write` appends.
    pub(crate) fn seal(&self, place: Place<'_>, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        self.cipher.seal(&[BY_CONFIGURED], &self.draw(), place, write)
    }

    /// What was sealed for this place.
    ///
    /// # Errors
    /// [`Damaged`] when it was sealed for another place or with another key, or was altered since.
    pub(crate) fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Damaged> {
        match Form::of(sealed)? {
            Form::ByConfigured(rest) => self.cipher.open(BY_CONFIGURED, place, rest),
            Form::ByNumber(..) | Form::Destroyed(_) => Err(Damaged("it is not sealed with the store's sealing key")),
        }
    }
}

/// What is sealed, by how it was.
pub(crate) enum Form<'a> {
    ByConfigured(&'a [u8]),
    ByNumber(u16, &'a [u8]),
    Destroyed(Mark),
}

const SHORT: Damaged = Damaged("it is too short to be sealed");

impl<'a> Form<'a> {
    pub(crate) fn of(sealed: &'a [u8]) -> Result<Self, Damaged> {
        let (form, rest) = sealed.split_first().ok_or(SHORT)?;
        match *form {
            BY_CONFIGURED => Ok(Self::ByConfigured(rest)),
            BY_NUMBER => {
                let (number, rest) = rest.split_first_chunk().ok_or(SHORT)?;
                Ok(Self::ByNumber(u16::from_be_bytes(*number), rest))
            }
            DESTROYED => Ok(Self::Destroyed(rest.try_into().map_err(|_| SHORT)?)),
            _ => Err(Damaged("it has a seal that this version does not know")),
        }
    }

    /// What a record begins with that is sealed with the key of this number, and one that is destroyed.
    pub(crate) fn beginnings(number: u16) -> ([u8; 3], [u8; 1]) {
        let [high, low] = number.to_be_bytes();
        ([BY_NUMBER, high, low], [DESTROYED])
    }

    /// The bytes of what is destroyed.
    pub(crate) fn destroyed(digest: Mark) -> Vec<u8> {
        let mut bytes = vec![DESTROYED];
        bytes.extend_from_slice(&digest);
        bytes
    }
}

/// One key at work.
pub(crate) struct Cipher(XChaCha20Poly1305);

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Seals with the key of a number.
    pub(crate) fn seal_by_number(
        &self,
        number: u16,
        nonce: &[u8; NONCE],
        place: Place<'_>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Vec<u8> {
        let [high, low] = number.to_be_bytes();
        self.seal(&[BY_NUMBER, high, low], nonce, place, write)
    }

    fn seal(&self, form: &[u8], nonce: &[u8; NONCE], place: Place<'_>, write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let nonce = XNonce::from(*nonce);
        let mut sealed = Vec::with_capacity(512);
        sealed.extend_from_slice(form);
        sealed.extend_from_slice(&nonce);
        write(&mut sealed);
        let text = &mut sealed[form.len() + NONCE..];
        let tag = self.0.encrypt_inout_detached(&nonce, &place.to_bytes(form[0]), text.into());
        // The cipher's one limit is a text of 256 GiB.
        let tag = tag.unwrap_or_else(|_| unreachable!("a record is shorter than 256 GiB"));
        sealed.extend_from_slice(&tag);
        sealed
    }

    /// Opens what a key of a number has sealed.
    pub(crate) fn open_by_number(&self, place: Place<'_>, rest: &[u8]) -> Result<Vec<u8>, Damaged> {
        self.open(BY_NUMBER, place, rest)
    }

    fn open(&self, form: u8, place: Place<'_>, rest: &[u8]) -> Result<Vec<u8>, Damaged> {
        let (nonce, rest) = rest.split_first_chunk::<NONCE>().ok_or(SHORT)?;
        let (text, tag) = rest.split_last_chunk::<TAG>().ok_or(SHORT)?;
        let mut text = text.to_vec();
        let tag: &Tag = tag.into();
        self.0
            .decrypt_inout_detached(nonce.into(), &place.to_bytes(form), text.as_mut_slice().into(), tag)
            .map_err(|_| Damaged("it was sealed with another key or for another place, or was altered"))?;
        Ok(text)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use vouchsafe_core::id::{ChannelId, MessageId};
    use vouchsafe_core::transaction::Kind;

    use super::*;

    fn sealer(key: u8) -> Sealer {
        Sealer::new(SealingKey::from_bytes([key; 32]), |bytes| bytes.fill(7))
    }

    fn key(channel: &str, kind: Kind, id: u8) -> Key {
        Key { channel: ChannelId::new(channel).unwrap(), kind, id: MessageId::from_parts([id; 16], 0) }
    }

    #[test]
    fn what_is_sealed_opens_in_its_own_place_only() {
        let own = key("till", Kind::Provision, 1);
        let sealed = sealer(1).seal(Place::Outcome(&own, 3), |out| out.extend_from_slice(b"1234-5678"));
        assert_eq!(sealer(1).open(Place::Outcome(&own, 3), &sealed).unwrap(), b"1234-5678");
        for elsewhere in [
            Place::Store,
            Place::Request(&own),
            Place::Outcome(&own, 4),
            Place::Note(&own, 3),
            Place::Advised(&own, 3),
            Place::VoucherKey,
            Place::ChainKey,
            Place::SealingKey(3),
            Place::Total,
            Place::Act(ActNumber(3)),
            Place::ActEnd(ActNumber(3)),
            Place::Outcome(&key("tills", Kind::Provision, 1), 3),
            Place::Outcome(&key("till", Kind::Refund, 1), 3),
            Place::Outcome(&key("till", Kind::Provision, 2), 3),
        ] {
            assert!(sealer(1).open(elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
        assert!(sealer(2).open(Place::Outcome(&own, 3), &sealed).is_err(), "another key");
    }

    #[test]
    fn no_byte_of_what_is_sealed_can_be_altered_or_left_out() {
        let sealed = sealer(1).seal(Place::Store, |out| out.extend_from_slice(b"1234-5678"));
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(sealer(1).open(Place::Store, &altered).is_err(), "byte {at}");
            assert!(sealer(1).open(Place::Store, &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn neither_key_nor_sealer_can_be_printed() {
        assert_eq!(format!("{:?}", SealingKey::from_bytes([1; 32])), "SealingKey(***)");
        assert_eq!(format!("{:?}", sealer(1)), "Sealer { .. }");
    }
}
