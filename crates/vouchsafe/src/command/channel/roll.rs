//! The file of channels while a command changes it: one command at a time, and whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};
use vouchsafe_core::id::ChannelId;
use vouchsafe_store::Deed;

use crate::clock::{Clock as _, MachineClock};
use crate::command::Failure;
use crate::command::file_act::FileAct;
use crate::command::grounds::Signed;
use crate::config::{self, Channel, Config, ConfigError, SecretHash};

/// What a new file says of itself.
const HEAD: &str = "\
# Channels, as `vouchsafe channel` writes them; what is written by hand stays. Each [[channel]] may say whatever one in
# the main configuration may: config.default.toml explains it all.
";

/// The file of channels, for one command.
pub(super) struct Roll {
    path: PathBuf,
    config: Config,
    document: DocumentMut,
    /// The folder, locked for as long as this lives.
    folder: File,
    /// The file whose owner and permissions a new one gets.
    like: PathBuf,
}

/// What is said of a file that was put in place.
pub(super) struct Placed {
    /// When a running switch sees it.
    pub(super) soon: String,
    /// Whether the end of the act is on record too: what cannot be taken back must be told first.
    pub(super) ended: Result<(), Failure>,
}

/// The two places where channels stand.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    /// The main configuration.
    Configuration,
    /// The file of channels that it names.
    File,
}

impl Which {
    /// The channels there.
    pub(super) fn channels(self, config: &Config) -> Result<Vec<Channel>, Failure> {
        match (self, &config.channels_file) {
            (Self::Configuration, _) => Ok(config.channels.clone()),
            (Self::File, Some(path)) => config::channel::load(path, config).map_err(Failure::unusable),
            (Self::File, None) => Ok(Vec::new()),
        }
    }

    pub(super) fn name(self, path: &Path, config: &Config) -> String {
        let file = if matches!(self, Self::File) { config.channels_file.as_deref() } else { None };
        file.unwrap_or(path).display().to_string()
    }
}

impl Roll {
    /// The file that a configuration names; one that does not exist yet is empty. Waits for a command that has it.
    pub(super) fn open(configuration: &Path) -> Result<Self, Failure> {
        let config = Config::load(configuration).map_err(Failure::unusable)?;
        let Some(path) = config.channels_file.clone() else {
            return Err(Failure::unusable(format!(
                "{} names no file of channels; add channels = \"channels.toml\" at its beginning, and start the switch anew",
                configuration.display()
            )));
        };
        // What is put in place must be the file itself, not a link to it.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = File::open(folder)
            .and_then(|folder| folder.lock().map(|()| folder))
            .map_err(|error| Failure::failed(format!("the folder of {} cannot be locked: {error}", path.display())))?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => HEAD.to_owned(),
            Err(error) => return Err(Failure::failed(format!("cannot read {}: {error}", path.display()))),
        };
        config::channel::parse(&text, &config).map_err(|error| unusable(&path, error))?;
        let document = text.parse().map_err(|error| Failure::unusable(format!("{}: {error}", path.display())))?;
        let like = if path.exists() { path.clone() } else { configuration.to_owned() };
        Ok(Self { path, config, document, folder, like })
    }

    /// Adds a channel with one secret.
    pub(super) fn add(
        &mut self,
        id: &str,
        messaging: &str,
        secret: &SecretHash,
        default_provider: Option<&str>,
    ) -> Result<(), Failure> {
        if self.channel(id).is_ok() {
            let there =
                format!("channel {id} is in {} already; `channel rotate` gives it a secret", self.path.display());
            return Err(Failure::unusable(there));
        }
        let mut channel = Table::new();
        channel.insert("id", value(id));
        channel.insert("messaging", value(messaging));
        channel.insert("secrets", secrets([secret.to_string()]));
        if let Some(provider) = default_provider {
            channel.insert("default_provider", value(provider));
        }
        if self.document.is_empty() {
            // So far the file ends with what it says of itself; from now on it begins with that.
            let head = format!("{}\n", self.document.trailing().as_str().unwrap_or_default());
            channel.decor_mut().set_prefix(head);
            self.document.set_trailing("");
        }
        let channels = self.document.entry("channel").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let Some(channels) = channels.as_array_of_tables_mut() else { return Err(self.inline()) };
        channels.push(channel);
        Ok(())
    }

    /// How many secrets a channel has.
    pub(super) fn secrets(&mut self, id: &str) -> Result<usize, Failure> {
        Ok(self.channel(id)?.get("secrets").and_then(Item::as_array).map_or(0, Array::len))
    }

    /// Adds a secret after the others.
    pub(super) fn add_secret(&mut self, id: &str, secret: &SecretHash) -> Result<(), Failure> {
        if let Some(secrets) = self.channel(id)?.get_mut("secrets").and_then(Item::as_array_mut) {
            secrets.push(secret.to_string());
        }
        Ok(())
    }

    /// Leaves a channel this secret only.
    pub(super) fn set_secret(&mut self, id: &str, secret: &SecretHash) -> Result<(), Failure> {
        self.channel(id)?.insert("secrets", secrets([secret.to_string()]));
        Ok(())
    }

    /// Leaves a channel the secret that was added last.
    pub(super) fn keep_newest_secret(&mut self, id: &str) -> Result<(), Failure> {
        let channel = self.channel(id)?;
        let newest = channel.get("secrets").and_then(Item::as_array).and_then(|all| all.iter().last()?.as_str());
        if let Some(newest) = newest.map(str::to_owned) {
            channel.insert("secrets", secrets([newest]));
        }
        Ok(())
    }

    /// Takes away the secret that was added last.
    pub(super) fn drop_newest_secret(&mut self, id: &str) -> Result<(), Failure> {
        if let Some(all) = self.channel(id)?.get_mut("secrets").and_then(Item::as_array_mut)
            && let Some(newest) = all.len().checked_sub(1)
        {
            all.remove(newest);
        }
        Ok(())
    }

    /// Keeps a channel out, or lets it in again.
    pub(super) fn disable(&mut self, id: &str, disabled: bool) -> Result<(), Failure> {
        let channel = self.channel(id)?;
        if disabled {
            channel.insert("disabled", value(true));
        } else {
            channel.remove("disabled");
        }
        Ok(())
    }

    /// How a channel stands in the file: in few words, and without what it is known by.
    pub(super) fn standing(&mut self, id: &str) -> String {
        let Ok(channel) = self.channel(id) else { return "not there".to_owned() };
        let text = |name: &str| channel.get(name).and_then(Item::as_str).unwrap_or_default();
        let secrets = channel.get("secrets").and_then(Item::as_array).map_or(0, Array::len);
        let is_disabled = channel.get("disabled").and_then(Item::as_bool).unwrap_or(false);
        let mut words = vec![
            if is_disabled { "kept out" } else { "let in" }.to_owned(),
            text("messaging").to_owned(),
            if secrets == 1 { "1 secret".to_owned() } else { format!("{secrets} secrets") },
        ];
        if channel.contains_key("default_provider") {
            words.push(format!("default provider {}", text("default_provider")));
        }
        words.join(", ")
    }

    /// Writes the file, if a switch can use it, with a record of the act before and after it.
    pub(super) fn put_in_place(
        mut self,
        id: &str,
        before: String,
        deed: impl Fn(ChannelId) -> Deed,
        signed: &Signed,
    ) -> Result<Placed, Failure> {
        let text = self.document.to_string();
        config::channel::parse(&text, &self.config).map_err(|error| match error {
            // Of what was just added there is no line yet that anybody could look at.
            ConfigError::Faulty { faults, .. } => {
                Failure::unusable(faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            }
            unreadable @ ConfigError::Unreadable { .. } => Failure::unusable(unreadable),
        })?;
        // What a switch can use has no other ids.
        let channel = ChannelId::new(id).map_err(|fault| Failure::unusable(format!("the channel's id {fault}")))?;
        let act = signed.act(MachineClock.now(), deed(channel), &before, &self.standing(id));
        let act = FileAct::intend(&self.config, act)?;
        let replaced = replace(&self.path, &self.folder, &self.like, &text)
            .map_err(|error| Failure::failed(format!("cannot write {}: {error}", self.path.display())));
        let ended = match &replaced {
            // It stands there, but perhaps not for good: whether it was done is not known.
            Err(_) if fs::read_to_string(&self.path).is_ok_and(|found| found == text) => Ok(()),
            replaced => act.end(replaced.as_ref().copied()),
        };
        replaced?;
        let seconds = 2 * self.config.limits.file_check.as_secs();
        let soon = format!(
            " (a running switch sees it within {seconds} seconds, or at once on SIGHUP; one whose configuration was changed \
             since it started may refuse the file, and says so in its log and by vouchsafe_file_stale)"
        );
        Ok(Placed { soon, ended })
    }

    fn channel(&mut self, id: &str) -> Result<&mut Table, Failure> {
        let is_in_configuration = self.config.channels.iter().any(|channel| channel.id.as_str() == id);
        if is_in_configuration {
            return Err(Failure::unusable(format!("channel {id} stands in the main configuration: change it there")));
        }
        if self.document.get("channel").is_some_and(|channels| !channels.is_array_of_tables()) {
            return Err(self.inline());
        }
        let missing = || Failure::unusable(format!("there is no channel {id} in {}", self.path.display()));
        let channels = self.document.get_mut("channel").and_then(Item::as_array_of_tables_mut).ok_or_else(missing)?;
        let is_it = |channel: &&mut Table| channel.get("id").and_then(Item::as_str) == Some(id);
        channels.iter_mut().find(is_it).ok_or_else(missing)
    }

    /// The file can be used, but not be changed by us.
    fn inline(&self) -> Failure {
        Failure::unusable(format!("{}: write each channel under a [[channel]] of its own", self.path.display()))
    }
}

fn secrets<const N: usize>(hashes: [String; N]) -> Item {
    value(hashes.into_iter().collect::<Array>())
}

fn unusable(path: &Path, error: ConfigError) -> Failure {
    Failure::unusable(error.in_file(path))
}

/// Puts a file in another's place: it is written and flushed beside it, and then takes its name at one stroke.
fn replace(path: &Path, folder: &File, like: &Path, text: &str) -> io::Result<()> {
    let beside = path.with_extension("toml.new");
    // Left over by a command that was killed; nobody else can be writing it.
    let _ = fs::remove_file(&beside);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    file.write_all(text.as_bytes())?;
    // Whoever could read it before can still do so, the switch above all.
    let like = fs::metadata(like)?;
    fchown(&file, Some(like.uid()), Some(like.gid()))?;
    file.set_permissions(like.permissions())?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    folder.sync_all()
}
