//! Who may sell.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use ipnet::IpNet;
use toml::de::DeValue;
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::sheet::Messaging;

use super::certificate::{self, CertificateName};
use super::document::{self, Section, Told};
use super::fault::{AccessWrong, ConfigError, Wrong};
use super::limits::Limits;
use super::secret_hash::SecretHash;
use super::value::{self, Known, count, flag};
use super::{Config, content};

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
    /// Whether it is let in at all.
    pub disabled: bool,
    /// The certificates of which it must show one; none where it needs none.
    pub certificates: Vec<CertificateName>,
    /// The networks that it may call from; none where it may from anywhere.
    pub addresses: Vec<IpNet>,
    /// How much it may ask.
    pub allowance: Allowance,
    /// Who is asked when nothing else says.
    pub default_provider: Option<ProviderId>,
    /// How long it waits for an answer before it gives up; longer than [`Limits::answer_margin`].
    pub wait: Duration,
}

/// How much a channel may ask. What puts a sale right (retries and advices) is counted apart from sales, so that a
/// channel which sells too much can still undo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// How many sales and lookups a second; without limit if none.
    pub rate: Option<NonZeroU32>,
    /// How many sales and lookups may be under way at once.
    pub concurrency: NonZeroU32,
    /// How many retries and advices a second; without limit if none.
    pub advice_rate: Option<NonZeroU32>,
    /// How many retries and advices may be under way at once.
    pub advice_concurrency: NonZeroU32,
}

impl Default for Allowance {
    fn default() -> Self {
        const CONCURRENCY: NonZeroU32 = NonZeroU32::new(512).unwrap();
        const ADVICE_CONCURRENCY: NonZeroU32 = NonZeroU32::new(2048).unwrap();
        Self { rate: None, concurrency: CONCURRENCY, advice_rate: None, advice_concurrency: ADVICE_CONCURRENCY }
    }
}

/// What a `[[channel]]` is compared with.
#[derive(Clone, Copy)]
pub(super) struct Compared<'a> {
    /// The providers that it may name.
    pub(super) providers: Known<'a>,
    /// The limits of the main configuration, if they could be read.
    pub(super) limits: Option<&'a Limits>,
    /// Whether channels' certificates are asked for; also yes where that could not be read.
    pub(super) certificates: bool,
    /// The channels of the main configuration, for those of a file of their own.
    pub(super) others: &'a [Channel],
}

/// Reads the channels in a file of their own, which a configuration names; there may be none.
///
/// # Errors
/// [`ConfigError`] with all that is wrong.
pub fn load(path: &Path, config: &Config) -> Result<Vec<Channel>, ConfigError> {
    parse(&content(path)?, config).map_err(|error| error.in_file(path))
}

/// As [`load`] does, out of a text.
///
/// # Errors
/// [`ConfigError::Faulty`] with all that is wrong.
pub fn parse(text: &str, config: &Config) -> Result<Vec<Channel>, ConfigError> {
    let providers: Vec<_> = config.providers.iter().map(|provider| provider.id.clone()).collect();
    let compared = Compared {
        providers: Known::Only(&providers),
        limits: Some(&config.limits),
        certificates: config.tls.as_ref().is_some_and(|tls| tls.client_authorities.is_some()),
        others: &config.channels,
    };
    document::read(text, |root| read(root, compared)).map_err(|faults| ConfigError::Faulty { file: None, faults })
}

/// Reads every `[[channel]]`.
pub(super) fn read(root: &mut Section<'_, '_>, compared: Compared<'_>) -> Result<Vec<Channel>, Told> {
    let mut seen = HashMap::new();
    root.tables("channel", |section| channel(section, compared, &mut seen))
}

fn channel(
    section: &mut Section<'_, '_>,
    compared: Compared<'_>,
    seen: &mut HashMap<ChannelId, usize>,
) -> Result<Channel, Told> {
    let mut id = section.unique("id", seen, value::user_name);
    if let Ok(known) = &id
        && compared.others.iter().any(|other| other.id == *known)
    {
        id = Err(section.fault("id", Wrong::Access(AccessWrong::InConfiguration)));
    }
    let messaging = section.required("messaging", value::word(Messaging::ALL, Messaging::name));
    let secrets = secrets(section);
    let disabled = section.or("disabled", false, flag);
    let certificates = section.list("certificates", certificate::read).and_then(|certificates| {
        let is_in_vain = !certificates.is_empty() && !compared.certificates;
        let fault = Wrong::Access(AccessWrong::NoClientAuthorities);
        if is_in_vain { Err(section.fault("certificates", fault)) } else { Ok(certificates) }
    });
    let addresses = addresses(section);
    let allowance = allowance(section);
    let default_provider = section.optional("default_provider", |value| compared.providers.provider(value));
    let mut wait = section.or("wait_seconds", WAIT, value::seconds);
    if let (Ok(time), Some(limits)) = (wait, compared.limits)
        && time <= limits.answer_margin
    {
        wait = Err(section.fault("wait_seconds", Wrong::Margin));
    }
    Ok(Channel {
        id: id?,
        messaging: messaging?,
        secrets: secrets?,
        disabled: disabled?,
        certificates: certificates?,
        addresses: addresses?,
        allowance: allowance?,
        default_provider: default_provider?,
        wait: wait?,
    })
}

fn secrets(section: &mut Section<'_, '_>) -> Result<Vec<SecretHash>, Told> {
    let hash = |value: &DeValue<'_>| SecretHash::parse(value::text(value)?).map_err(|_| Wrong::SecretHash);
    let secrets = section.list("secrets", hash)?;
    if (1..=2).contains(&secrets.len()) { Ok(secrets) } else { Err(section.fault("secrets", Wrong::SecretCount)) }
}

fn addresses(section: &mut Section<'_, '_>) -> Result<Vec<IpNet>, Told> {
    match section.optional_list("addresses", network)? {
        Some(networks) if networks.is_empty() => {
            Err(section.fault("addresses", Wrong::Access(AccessWrong::NoNetworks)))
        }
        networks => Ok(networks.unwrap_or_default()),
    }
}

/// A network, or an address, which is the network of itself alone.
fn network(value: &DeValue<'_>) -> Result<IpNet, Wrong> {
    let text = value::text(value)?;
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map(|network| network.trunc()).map_err(|_| Wrong::Access(AccessWrong::Network))
}

fn allowance(section: &mut Section<'_, '_>) -> Result<Allowance, Told> {
    let default = Allowance::default();
    let rate = section.optional("rate", count(1_000_000));
    let concurrency = section.or("concurrency", default.concurrency, count(1_000_000));
    let advice_rate = section.optional("advice_rate", count(1_000_000));
    let advice_concurrency = section.or("advice_concurrency", default.advice_concurrency, count(1_000_000));
    Ok(Allowance {
        rate: rate?,
        concurrency: concurrency?,
        advice_rate: advice_rate?,
        advice_concurrency: advice_concurrency?,
    })
}
