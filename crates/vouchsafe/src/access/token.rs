//! Bearer tokens: made here, signed, believed for a short time, and taken back before that where somebody asks.
//!
//! A token is `base64url(payload, signature)` without padding. The payload is one byte for the form (1), the
//! millisecond of its end (8 bytes, the highest first), 16 random bytes by which it is told from others, and the
//! channel's id; the signature is HMAC-SHA256 over the payload and the hash of the secret that the token was got with.
//! Nobody but the switch that made a token reads it, so it needs no form that others know.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::secret::Secret;

use crate::clock::Clock;
use crate::config::SecretHash;

const FORM: u8 = 1;
const SIGNATURE: usize = 32;
/// Form, end and name; what follows is the channel.
const HEAD: usize = 1 + 8 + 16;
/// How many tokens of one channel are remembered as revoked one by one. Whoever revokes more has all revoked that it
/// has, so that revoking costs no memory without end.
const MOST_REVOKED: usize = 1024;

/// What makes tokens and knows them again.
pub(super) struct Tokens {
    /// Made at the start and kept nowhere: no token outlives the process, so neither need what was revoked.
    key: Secret<[u8; 64]>,
    lifetime: Duration,
    revoked: Mutex<HashMap<ChannelId, Revoked>>,
}

/// What one channel has revoked.
#[derive(Debug, Default)]
struct Revoked {
    /// The names of tokens, each with its end.
    tokens: HashMap<[u8; 16], Timestamp>,
    /// Every token that ends no later than this.
    all_until: Option<Timestamp>,
}

/// A token that was just made.
#[derive(Debug)]
pub(crate) struct NewToken {
    /// Whose it is.
    pub(crate) channel: ChannelId,
    pub(crate) text: Secret<String>,
    pub(crate) lifetime: Duration,
}

/// A token as its holder shows it: nothing in it is believed before its signature is checked.
pub(super) struct Shown {
    payload: Vec<u8>,
    signature: [u8; SIGNATURE],
    channel: ChannelId,
    name: [u8; 16],
    end: Timestamp,
}

impl Tokens {
    pub(super) fn new(clock: &dyn Clock, lifetime: Duration) -> Self {
        let mut key = [0; 64];
        clock.fill(&mut key);
        Self { key: Secret::new(key), lifetime, revoked: Mutex::default() }
    }

    /// A token for a channel that has shown the secret of this hash.
    pub(super) fn make(&self, channel: &ChannelId, secret: &SecretHash, now: Timestamp, clock: &dyn Clock) -> NewToken {
        let mut name = [0; 16];
        clock.fill(&mut name);
        let end = now.as_millisecond().saturating_add(i64::try_from(self.lifetime.as_millis()).unwrap_or(i64::MAX));
        let mut token = vec![FORM];
        token.extend(end.to_be_bytes());
        token.extend(name);
        token.extend(channel.as_str().as_bytes());
        let signature = self.signing(&token, secret).finalize().into_bytes();
        token.extend(signature);
        let text = Secret::new(BASE64_URL_SAFE_NO_PAD.encode(token));
        NewToken { channel: channel.clone(), text, lifetime: self.lifetime }
    }

    /// Whether a token was made here for one who had shown one of these secrets. Both are tried, whatever the first says.
    pub(super) fn is_signed(&self, shown: &Shown, secrets: &[SecretHash; 2]) -> bool {
        let is_signed = |secret| self.signing(&shown.payload, secret).verify_slice(&shown.signature).is_ok();
        secrets.iter().filter(|secret| is_signed(secret)).count() > 0
    }

    /// Whether a token that was made here still holds.
    pub(super) fn holds(&self, shown: &Shown, now: Timestamp) -> bool {
        let revoked = self.revoked();
        let is_revoked = revoked.get(&shown.channel).is_some_and(|revoked| {
            revoked.all_until.is_some_and(|until| shown.end <= until) || revoked.tokens.contains_key(&shown.name)
        });
        now < shown.end && !is_revoked
    }

    /// Takes back a token that was made here.
    pub(super) fn revoke(&self, shown: &Shown, now: Timestamp) {
        let mut revoked = self.revoked();
        // What has ended by itself need not be remembered.
        revoked.retain(|_, channel| {
            channel.tokens.retain(|_, end| now < *end);
            channel.all_until = channel.all_until.filter(|until| now < *until);
            !channel.tokens.is_empty() || channel.all_until.is_some()
        });
        if shown.end <= now {
            return;
        }
        let channel = revoked.entry(shown.channel.clone()).or_default();
        channel.tokens.insert(shown.name, shown.end);
        if channel.tokens.len() > MOST_REVOKED {
            channel.all_until = channel.tokens.values().copied().chain([now + self.lifetime]).max();
            channel.tokens.clear();
        }
    }

    fn revoked(&self) -> std::sync::MutexGuard<'_, HashMap<ChannelId, Revoked>> {
        // A thread that panicked between two entries left a usable map behind.
        self.revoked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signing(&self, payload: &[u8], secret: &SecretHash) -> Hmac<Sha256> {
        let mut signing = Hmac::<Sha256>::new(self.key.expose().into());
        signing.update(payload);
        // As long as any other, so where the payload ends is never in doubt.
        signing.update(secret.bytes());
        signing
    }
}

impl Shown {
    /// Takes a token apart; none where it has not even the form of one.
    pub(super) fn read(text: &Secret<String>) -> Option<Self> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text.expose()).ok()?;
        let (payload, signature) = bytes.split_last_chunk::<SIGNATURE>()?;
        let (head, channel) = payload.split_first_chunk::<HEAD>()?;
        let (form, rest) = head.split_first()?;
        let (end, name) = rest.split_first_chunk::<8>()?;
        if *form != FORM {
            return None;
        }
        Some(Self {
            channel: ChannelId::new(std::str::from_utf8(channel).ok()?).ok()?,
            name: name.try_into().ok()?,
            end: Timestamp::from_millisecond(i64::from_be_bytes(*end)).ok()?,
            signature: *signature,
            payload: payload.to_vec(),
        })
    }

    /// Whom it says that it is of.
    pub(super) fn channel(&self) -> &ChannelId {
        &self.channel
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("lifetime", &self.lifetime).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MachineClock;

    const LIFETIME: Duration = Duration::from_secs(900);

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn tokens() -> Tokens {
        Tokens::new(&MachineClock, LIFETIME)
    }

    fn token(tokens: &Tokens, channel: &str, second: i64) -> Secret<String> {
        tokens.make(&ChannelId::new(channel).unwrap(), &SecretHash::of("secret"), at(second), &MachineClock).text
    }

    fn secrets(one: &str, two: &str) -> [SecretHash; 2] {
        [SecretHash::of(one), SecretHash::of(two)]
    }

    #[test]
    fn a_token_dies_with_the_secret_that_it_was_got_with() {
        let tokens = tokens();
        let shown = Shown::read(&token(&tokens, "app", 0)).unwrap();
        assert_eq!(shown.channel().as_str(), "app");
        assert!(tokens.is_signed(&shown, &secrets("secret", "secret")));
        assert!(tokens.is_signed(&shown, &secrets("newer", "secret")));
        assert!(!tokens.is_signed(&shown, &secrets("newer", "newest")));
    }

    #[test]
    fn no_bit_of_a_token_can_be_changed() {
        let tokens = tokens();
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token(&tokens, "app", 0).expose()).unwrap();
        for bit in 0..8 * bytes.len() {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            let text = Secret::new(BASE64_URL_SAFE_NO_PAD.encode(changed));
            let is_good =
                Shown::read(&text).is_some_and(|shown| tokens.is_signed(&shown, &secrets("secret", "secret")));
            assert!(!is_good, "bit {bit}");
        }
        for length in 0..bytes.len() {
            let text = Secret::new(BASE64_URL_SAFE_NO_PAD.encode(&bytes[..length]));
            let is_good =
                Shown::read(&text).is_some_and(|shown| tokens.is_signed(&shown, &secrets("secret", "secret")));
            assert!(!is_good, "{length} bytes of it");
        }
        let others = Tokens::new(&MachineClock, LIFETIME);
        let shown = Shown::read(&token(&others, "app", 0)).unwrap();
        assert!(!tokens.is_signed(&shown, &secrets("secret", "secret")), "of another process");
    }

    #[test]
    fn a_token_holds_until_its_end_or_until_it_is_revoked() {
        let tokens = tokens();
        let [one, two, other] =
            [("app", 0), ("app", 0), ("till", 0)].map(|(of, at)| Shown::read(&token(&tokens, of, at)).unwrap());
        assert!(tokens.holds(&one, at(899)));
        assert!(!tokens.holds(&one, at(900)));
        tokens.revoke(&one, at(10));
        tokens.revoke(&one, at(10));
        assert_eq!([&one, &two, &other].map(|token| tokens.holds(token, at(10))), [false, true, true]);
        tokens.revoke(&one, at(900));
        assert!(tokens.revoked().is_empty(), "what has ended by itself is forgotten");
        assert!(!tokens.holds(&one, at(901)));
    }

    #[test]
    fn whoever_revokes_without_end_has_all_revoked_and_costs_no_memory() {
        let tokens = tokens();
        let (kept, other) = (token(&tokens, "app", 0), token(&tokens, "till", 0));
        for _ in 0..=MOST_REVOKED {
            tokens.revoke(&Shown::read(&token(&tokens, "app", 1)).unwrap(), at(1));
        }
        assert!(tokens.revoked().values().all(|revoked| revoked.tokens.len() <= MOST_REVOKED));
        assert!(!tokens.holds(&Shown::read(&kept).unwrap(), at(2)));
        assert!(tokens.holds(&Shown::read(&other).unwrap(), at(2)));
        assert!(tokens.holds(&Shown::read(&token(&tokens, "app", 2)).unwrap(), at(2)));
    }
}
