//! Who gets in, and how much they may ask. Nothing here knows HTTP.

mod known;
mod peer;

use std::sync::Arc;
use std::time::Duration;

use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::sheet::Messaging;

pub use self::known::KnownChannels;
pub use self::peer::Peer;
use crate::app::Channel;

/// Who is let in.
pub enum Access {
    /// The configured channels, by their secrets.
    Known(Arc<KnownChannels>),
    /// Anybody, as the channel of the user name they give. For the sandbox only.
    Anybody {
        /// Who is asked when nothing else says.
        default_provider: ProviderId,
        /// How long a channel waits.
        wait: Duration,
    },
}

impl Access {
    /// The channel of this user name and secret, if it may call from where it does. That is the only thing to be
    /// learned here: which of the conditions was not met is told nobody.
    pub(crate) fn channel(&self, user_name: &str, secret: &Secret<String>, peer: &Peer) -> Option<Channel> {
        match self {
            Self::Known(known) => known.channel(user_name, secret, peer),
            Self::Anybody { default_provider, wait } => Some(Channel {
                id: ChannelId::new(user_name).ok()?,
                messaging: Messaging::Single,
                default_provider: Some(default_provider.clone()),
                wait: *wait,
            }),
        }
    }
}
