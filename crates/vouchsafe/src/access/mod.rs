//! Who gets in, and how much they may ask. Nothing here knows HTTP.

mod credentials;
mod known;
mod peer;
mod room;
mod token;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::sheet::Messaging;

pub use self::credentials::Credentials;
pub use self::known::KnownChannels;
pub use self::peer::Peer;
use self::room::Rooms;
pub(crate) use self::room::{Demand, Full, Place};
pub(crate) use self::token::NewToken;
use self::token::{Shown, Tokens};
use crate::app::Channel;
use crate::clock::Clock;
use crate::config::{Limits, SecretHash};

/// Who is let in.
pub enum Access {
    /// The configured channels, by their secrets.
    Known(Arc<KnownChannels>),
    /// Anybody, as the channel of the user name they give. For the sandbox only.
    Anybody {
        /// Who finalises every channel's transactions.
        messaging: Messaging,
        /// Who is asked when nothing else says.
        default_provider: ProviderId,
        /// How long a channel waits.
        wait: Duration,
    },
}

/// Where callers are judged: each question has one answer for everybody who is not let in, whatever it was that they
/// lack.
pub(crate) struct Gate {
    access: Access,
    tokens: Tokens,
    rooms: Rooms,
}

/// Why a caller gets no answer to what it asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is nobody we know, or may not call from where it does.
    Nobody,
    /// There is no room for one more of this channel's.
    Full(ChannelId, Full),
}

/// A channel that was found, and the room that it has, if any is kept for it.
struct Found {
    channel: Channel,
    rooms: Option<Arc<Rooms>>,
}

/// A token belongs to another channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotYours;

impl Gate {
    /// A gate at which nobody has a token yet.
    pub(crate) fn new(access: Access, clock: &dyn Clock, limits: &Limits) -> Self {
        Self { access, tokens: Tokens::new(clock, limits.token), rooms: Rooms::of_switch(limits) }
    }

    /// The channel of these credentials, and room for what it asks.
    ///
    /// # Errors
    /// [`Refused`]: who is nobody is not told whether there is room.
    pub(crate) fn admit(
        &self,
        credentials: &Credentials,
        peer: &Peer,
        demand: Demand,
        now: Timestamp,
    ) -> Result<(Channel, Place), Refused> {
        let found = self.find(credentials, peer, now).ok_or(Refused::Nobody)?;
        match self.rooms.place(found.rooms, demand) {
            Ok(place) => Ok((found.channel, place)),
            Err(full) => Err(Refused::Full(found.channel.id, full)),
        }
    }

    /// Room for something else in place of what there was room for, for the same channel.
    ///
    /// # Errors
    /// [`Full`] if there is none; then neither is held.
    pub(crate) fn instead(&self, place: Place, demand: Demand) -> Result<Place, Full> {
        self.rooms.place(place.channel, demand)
    }

    /// The channel of these credentials, if it may call from where it does.
    pub(crate) fn channel(&self, credentials: &Credentials, peer: &Peer, now: Timestamp) -> Option<Channel> {
        self.find(credentials, peer, now).map(|found| found.channel)
    }

    fn find(&self, credentials: &Credentials, peer: &Peer, now: Timestamp) -> Option<Found> {
        match credentials {
            Credentials::Secret(user_name, secret) => self.by_secret(user_name, secret, peer).map(|(found, _)| found),
            Credentials::Token(token) => {
                let shown = Shown::read(token)?;
                let is_ours = |secrets: &_| self.tokens.is_signed(&shown, secrets);
                let found = self.access.find(shown.channel().as_str(), peer, is_ours)?;
                self.tokens.holds(&shown, now).then_some(found)
            }
        }
    }

    /// A token for the channel of this user name and secret.
    pub(crate) fn token(
        &self,
        user_name: &str,
        secret: &Secret<String>,
        peer: &Peer,
        now: Timestamp,
        clock: &dyn Clock,
    ) -> Option<NewToken> {
        let (found, hash) = self.by_secret(user_name, secret, peer)?;
        Some(self.tokens.make(&found.channel.id, &hash, now, clock))
    }

    /// Takes a token back that a channel shows. What is no token, or has ended, needs no taking back.
    ///
    /// # Errors
    /// [`NotYours`] if it is another channel's.
    pub(crate) fn revoke(
        &self,
        channel: &Channel,
        token: &Secret<String>,
        peer: &Peer,
        now: Timestamp,
    ) -> Result<(), NotYours> {
        let Some(shown) = Shown::read(token) else { return Ok(()) };
        if *shown.channel() != channel.id {
            return Err(NotYours);
        }
        let is_ours = |secrets: &_| self.tokens.is_signed(&shown, secrets);
        if self.access.find(channel.id.as_str(), peer, is_ours).is_some() {
            self.tokens.revoke(&shown, now);
        }
        Ok(())
    }

    /// The channel of this user name and secret, and the hash by which the secret was known.
    fn by_secret(&self, user_name: &str, secret: &Secret<String>, peer: &Peer) -> Option<(Found, SecretHash)> {
        let given = SecretHash::of(secret.expose());
        let anybody = matches!(self.access, Access::Anybody { .. });
        let found = self.access.find(user_name, peer, |secrets| given.is_among(secrets) || anybody)?;
        Some((found, if anybody { nobody() } else { given }))
    }
}

impl Access {
    /// The channel of this user name, if `knows` says yes to the hashes of its secrets and it may call from where it
    /// does. For a user name that nobody has, `knows` is asked all the same, for the time it takes.
    fn find(&self, user_name: &str, peer: &Peer, knows: impl FnOnce(&[SecretHash; 2]) -> bool) -> Option<Found> {
        match self {
            Self::Known(known) => known.find(user_name, peer, knows),
            Self::Anybody { messaging, default_provider, wait } => {
                let channel = Channel {
                    id: ChannelId::new(user_name).ok()?,
                    messaging: *messaging,
                    default_provider: Some(default_provider.clone()),
                    wait: *wait,
                };
                knows(&[nobody(), nobody()]).then_some(Found { channel, rooms: None })
            }
        }
    }
}

/// The hash of a secret that is nobody's, to compare with where there is none.
fn nobody() -> SecretHash {
    SecretHash::of("")
}
