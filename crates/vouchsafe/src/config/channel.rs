//! Who may sell.

use std::collections::HashMap;
use std::time::Duration;

use toml::de::DeValue;
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::sheet::Messaging;

use super::document::{Section, Told};
use super::fault::Wrong;
use super::limits::Limits;
use super::secret_hash::SecretHash;
use super::value::{self, Known};

/// How long a channel waits for an answer when nothing else is said.
const WAIT: Duration = Duration::from_secs(60);

/// A system that sells through the switch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its user name, and the `client.id` of its messages.
    pub id: ChannelId,
    /// Who finalises its transactions.
    pub messaging: Messaging,
    /// The hashes of its secrets: one, or two while a new secret takes over from the old.
    pub secrets: Vec<SecretHash>,
    /// Who is asked when nothing else says.
    pub default_provider: Option<ProviderId>,
    /// How long it waits for an answer before it gives up; longer than [`Limits::answer_margin`].
    pub wait: Duration,
}

/// Reads every `[[channel]]`; `limits` are those of the same file, if they could be read.
pub(super) fn read(
    root: &mut Section<'_, '_>,
    providers: Known<'_>,
    limits: Option<&Limits>,
) -> Result<Vec<Channel>, Told> {
    let mut seen = HashMap::new();
    let channels = root.tables("channel", |section| channel(section, providers, limits, &mut seen))?;
    if channels.is_empty() { Err(root.fault("channel", Wrong::Nothing)) } else { Ok(channels) }
}

fn channel(
    section: &mut Section<'_, '_>,
    providers: Known<'_>,
    limits: Option<&Limits>,
    seen: &mut HashMap<ChannelId, usize>,
) -> Result<Channel, Told> {
    let id = section.unique("id", seen, value::user_name);
    let messaging = section.required("messaging", value::word(Messaging::ALL, Messaging::name));
    let secrets = secrets(section);
    let default_provider = section.optional("default_provider", |value| providers.provider(value));
    let mut wait = section.or("wait_seconds", WAIT, value::seconds);
    if let (Ok(time), Some(limits)) = (wait, limits)
        && time <= limits.answer_margin
    {
        wait = Err(section.fault("wait_seconds", Wrong::Margin));
    }
    Ok(Channel { id: id?, messaging: messaging?, secrets: secrets?, default_provider: default_provider?, wait: wait? })
}

fn secrets(section: &mut Section<'_, '_>) -> Result<Vec<SecretHash>, Told> {
    let hash = |value: &DeValue<'_>| SecretHash::parse(value::text(value)?).map_err(|_| Wrong::SecretHash);
    let secrets = section.list("secrets", hash)?;
    if (1..=2).contains(&secrets.len()) { Ok(secrets) } else { Err(section.fault("secrets", Wrong::SecretCount)) }
}
