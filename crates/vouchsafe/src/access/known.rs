//! The configured channels: whom they are known by, and from where they may call.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use ipnet::IpNet;
use tokio::time::Instant;
use vouchsafe_core::id::ChannelId;

use crate::access::room::Rooms;
use crate::access::{Found, Peer, nobody};
use crate::app::Channel;
use crate::config::{self, Allowance, CertificateName, Config, ConfigError, SecretHash};
use crate::live_file::{Live, Look, Watched, may_never_end};

/// The configured channels; those of a file of their own may change while the switch runs.
pub struct KnownChannels {
    /// The last good copy.
    roll: RwLock<Arc<Roll>>,
    file: Option<Mutex<File>>,
    /// Whether the file says something else by now that cannot be used.
    is_stale: AtomicBool,
    /// Compared for unknown user names, so that they take as long as known ones.
    nobody: [SecretHash; 2],
}

type Roll = HashMap<ChannelId, Entry>;

/// One channel.
#[derive(Debug)]
struct Entry {
    channel: Channel,
    /// The hashes of its secrets; where there is one, it stands here twice, so that every comparison takes two.
    secrets: [SecretHash; 2],
    disabled: bool,
    certificates: Vec<CertificateName>,
    addresses: Vec<IpNet>,
    allowance: Allowance,
    /// What is under way of the allowance.
    rooms: Arc<Rooms>,
}

#[derive(Debug)]
struct File {
    path: PathBuf,
    /// What the file is compared with, and whose channels are known beside it.
    config: Config,
    watched: Watched,
}

impl KnownChannels {
    /// These channels for good.
    #[must_use]
    pub fn fixed<'a>(channels: impl IntoIterator<Item = &'a config::Channel>) -> Self {
        Self::of(roll(channels, &Roll::new()), None)
    }

    /// The channels of a configuration, and of the file that it names for more.
    ///
    /// # Errors
    /// [`ConfigError`] with all that is wrong with the file: a switch does not start with channels that it cannot use.
    pub fn open(config: &Config) -> Result<Self, ConfigError> {
        let Some(path) = &config.channels_file else { return Ok(Self::fixed(&config.channels)) };
        let watched = Watched::new(vec![path.clone()]);
        let roll = load(path, config, &Roll::new())?;
        if roll.len() == config.channels.len() {
            tracing::warn!(channels.file = %path.display(), "the file holds no channel");
        }
        Ok(Self::of(roll, Some(File { path: path.clone(), config: config.clone(), watched })))
    }

    fn of(roll: Roll, file: Option<File>) -> Self {
        Self {
            roll: RwLock::new(Arc::new(roll)),
            file: file.map(Mutex::new),
            is_stale: AtomicBool::new(false),
            nobody: [nobody(), nobody()],
        }
    }

    /// How many channels there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.roll().len()
    }

    /// The channel of this user name, if `knows` says yes to its secrets and it may call from where it does.
    pub(super) fn find(
        &self,
        user_name: &str,
        peer: &Peer,
        knows: impl FnOnce(&[SecretHash; 2]) -> bool,
    ) -> Option<Found> {
        let roll = self.roll();
        let entry = ChannelId::new(user_name).ok().and_then(|id| roll.get(&id));
        // For nobody the answer is no whatever is said of the secrets; it is asked for the time it takes.
        let is_known = knows(entry.map_or(&self.nobody, |entry| &entry.secrets));
        let entry = entry.filter(|entry| is_known && entry.may_call_from(peer))?;
        Some(Found { channel: entry.channel.clone(), rooms: Some(Arc::clone(&entry.rooms)) })
    }

    fn roll(&self) -> Arc<Roll> {
        // A thread that panicked cannot have left half a copy: it is replaced whole.
        Arc::clone(&self.roll.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn judge(&self, file: &File) {
        let (path, before) = (file.path.display(), self.roll());
        let loaded = load(&file.path, &file.config, &before);
        // A file that was cut off holds none, and is no decision to keep everybody out.
        let is_emptied = |roll: &Roll| roll.len() == file.config.channels.len() && roll.len() < before.len();
        let is_usable = loaded.as_ref().is_ok_and(|roll| !is_emptied(roll));
        self.is_stale.store(!is_usable, Ordering::Relaxed);
        match loaded {
            Ok(roll) if is_usable => {
                tracing::info!(channels.file = %path, channels.count = roll.len(), "read the channels again");
                before.keys().filter(|id| !roll.contains_key(id)).for_each(|id| {
                    tracing::warn!(channel = %id, "the file names it no more, so it is kept out");
                });
                *self.roll.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(roll);
            }
            Ok(_) => tracing::error!(
                channels.file = %path,
                "the file holds no channel any more: the last good copy stays in use. To keep channels out, say \
                 `vouchsafe channel disable`"
            ),
            Err(error) => {
                tracing::error!(channels.file = %path, "the channels cannot be used: the last good copy stays in use");
                // A line for each fault: a log keeps lines apart, and each tells its place in the file.
                error.to_string().lines().for_each(|fault| tracing::error!("{fault}"));
            }
        }
    }
}

impl Live for KnownChannels {
    fn name(&self) -> &'static str {
        "channels"
    }

    fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }

    fn look(&self, _: Instant) {
        let Some(file) = &self.file else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        if file.watched.look() == Look::Changed {
            self.judge(&file);
        }
    }

    fn reload(&self, _: Instant) {
        let Some(file) = &self.file else { return };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.watched.judge();
        self.judge(&file);
    }
}

impl Entry {
    /// An entry, which goes on counting where the one before it has the same allowance.
    fn new(configured: &config::Channel, before: Option<&Self>) -> Option<Self> {
        let first = configured.secrets.first()?;
        let second = configured.secrets.get(1).unwrap_or(first);
        let channel = Channel {
            id: configured.id.clone(),
            messaging: configured.messaging,
            default_provider: configured.default_provider.clone(),
            wait: configured.wait,
        };
        let before = before.filter(|before| before.allowance == configured.allowance);
        let rooms = before.map(|before| Arc::clone(&before.rooms));
        Some(Self {
            channel,
            secrets: [first.clone(), second.clone()],
            disabled: configured.disabled,
            certificates: configured.certificates.clone(),
            addresses: configured.addresses.clone(),
            allowance: configured.allowance.clone(),
            rooms: rooms.unwrap_or_else(|| Arc::new(Rooms::of_channel(&configured.allowance))),
        })
    }

    fn may_call_from(&self, peer: &Peer) -> bool {
        let has_certificate = self.certificates.is_empty() || self.certificates.iter().any(|name| peer.is(name));
        let has_address = self.addresses.is_empty() || self.addresses.iter().any(|net| net.contains(&peer.address()));
        !self.disabled && has_certificate && has_address
    }
}

fn load(path: &Path, config: &Config, before: &Roll) -> Result<Roll, ConfigError> {
    if may_never_end(path) {
        let (file, reason) = (path.to_owned(), std::io::ErrorKind::Unsupported);
        return Err(ConfigError::Unreadable { file, reason });
    }
    let more = config::channel::load(path, config)?;
    Ok(roll(config.channels.iter().chain(&more), before))
}

fn roll<'a>(channels: impl IntoIterator<Item = &'a config::Channel>, before: &Roll) -> Roll {
    // A configured channel has a secret.
    let entries = channels.into_iter().filter_map(|channel| Entry::new(channel, before.get(&channel.id)));
    entries.map(|entry| (entry.channel.id.clone(), entry)).collect()
}
