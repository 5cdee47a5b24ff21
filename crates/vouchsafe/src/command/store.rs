//! Which store a command looks into, beside a running switch or without one.

use std::path::{Path, PathBuf};

use clap::Args;
use vouchsafe_store::seal::Sealer;
use vouchsafe_store::sqlite::{OpenError, SqliteStore};

use crate::command::{Failure, sandbox, sealing_key};
use crate::config::{Config, KeySource, StoreUri};

/// Whose store.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct StoreArguments {
    /// The configuration of the switch whose store it is.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder of the sandbox whose store it is; where neither this nor --config is given, `vouchsafe-data/sandbox`.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// A store that was found, and what opens it.
pub(crate) struct FoundStore {
    pub(crate) path: PathBuf,
    pub(crate) key: KeySource,
    sealer: Sealer,
}

impl StoreArguments {
    /// Finds the store. Neither it nor its key is ever made here.
    pub(crate) fn find(&self) -> Result<FoundStore, Failure> {
        self.find_at(None)
    }

    /// Finds a copy of the store, or else the store itself.
    pub(crate) fn find_at(&self, copy: Option<&Path>) -> Result<FoundStore, Failure> {
        let (StoreUri::Sqlite(path), key) = match self.config()? {
            Some(config) => (config.store, config.sealing_key),
            None => sandbox::kept_in(self.data.as_deref().unwrap_or(sandbox::DATA.as_ref())),
        };
        let path = copy.map_or(path, Path::to_owned);
        if !path.exists() {
            return Err(Failure::failed(format!(
                "there is no store at {}: say which with --config FILE or --data DIR",
                path.display()
            )));
        }
        FoundStore::of(path, &key)
    }
}

impl StoreArguments {
    /// The same arguments again, for a command that is to be typed next.
    pub(crate) fn again(&self) -> String {
        let named = |option: &str, path: &Path| {
            let path = path.display().to_string();
            let is_plain = path.chars().all(|letter| letter.is_ascii_alphanumeric() || "/._-".contains(letter));
            if is_plain { format!(" {option} {path}") } else { format!(" {option} '{}'", path.replace('\'', "'\\''")) }
        };
        match (&self.config, &self.data) {
            (Some(config), _) => named("--config", config),
            (None, Some(data)) => named("--data", data),
            (None, None) => String::new(),
        }
    }

    /// The configuration that was named, if one was.
    pub(crate) fn config(&self) -> Result<Option<Config>, Failure> {
        self.config.as_deref().map(Config::load).transpose().map_err(Failure::unusable)
    }
}

impl FoundStore {
    /// A store that is there, and where its key is.
    pub(crate) fn of(path: PathBuf, key: &KeySource) -> Result<Self, Failure> {
        Ok(Self { sealer: sealing_key::sealer(key, &path)?, key: key.clone(), path })
    }

    /// What opens it.
    pub(crate) fn sealer(self) -> Sealer {
        self.sealer
    }

    /// Opens it for reading.
    pub(crate) fn read(self) -> Result<SqliteStore, Failure> {
        let opened = SqliteStore::open_read_only(&self.path, self.sealer);
        opened.map_err(|error| cannot_open(&self.path, &error))
    }

    /// Opens it for writing.
    pub(crate) fn write(self) -> Result<SqliteStore, Failure> {
        let opened = SqliteStore::open_beside(&self.path, self.sealer);
        opened.map_err(|error| cannot_open(&self.path, &error))
    }
}

pub(crate) fn cannot_open(path: &Path, error: &OpenError) -> Failure {
    Failure::failed(format!("cannot open {}: {error}", path.display()))
}
