//! `vouchsafe keys`: what the store is sealed with, and how that is changed.

use std::path::PathBuf;

use clap::Subcommand;
use vouchsafe_store::KeyStanding;
use vouchsafe_store::sqlite::SqliteStore;

use crate::clock::{Clock as _, MachineClock};
use crate::command::progress::Progress;
use crate::command::store::{StoreArguments, cannot_open};
use crate::command::{Failure, block_on, say, sealing_key};
use crate::config::KeySource;

/// How many transactions are sealed anew in one commit: a running switch must not wait long for its own.
const BATCH: usize = 128;

/// What can be done with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// List the keys that records are sealed with. They are random, and kept in the store, sealed with the key from the
    /// configuration.
    List {
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Seal everything with a new key and throw the older ones away; works beside a running switch, which takes the new
    /// key up at once.
    ///
    /// It can be interrupted at any time; the same command goes on where it was. Once it is done, no copy of the store
    /// shows what it held, unless an older copy of the keys is kept too: a backup of the store holds them, sealed with
    /// the key from the configuration.
    Rotate {
        #[command(flatten)]
        store: StoreArguments,
    },
    /// Seal the store's keys with another key from the configuration. It takes a moment, whatever the size of the store;
    /// the switch must be stopped.
    ///
    /// Then name the new key in the configuration and start the switch. Backups from before still need the old one.
    Rewrap {
        /// The file of the new key; it is made where it is not there.
        #[arg(long, value_name = "FILE", required_unless_present = "to_env", conflicts_with = "to_env")]
        to_file: Option<PathBuf>,
        /// The environment variable that the new key is in.
        #[arg(long, value_name = "NAME")]
        to_env: Option<String>,
        #[command(flatten)]
        store: StoreArguments,
    },
}

pub(crate) fn keys(command: &KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::List { store } => list(store),
        KeysCommand::Rotate { store } => rotate(store),
        KeysCommand::Rewrap { to_file: Some(file), store, .. } => rewrap(&KeySource::File(file.clone()), store),
        KeysCommand::Rewrap { to_env: Some(name), store, .. } => rewrap(&KeySource::Environment(name.clone()), store),
        KeysCommand::Rewrap { to_file: None, to_env: None, .. } => {
            Err(Failure::unusable("say where the new key is with --to-file FILE or --to-env NAME"))
        }
    }
}

fn list(which: &StoreArguments) -> Result<(), Failure> {
    let store = which.find()?.read()?;
    let (keys, _) = block_on(async { store.keys().await.map_err(Failure::failed) })?;
    say(&keys.iter().map(|key| line(key, keys.last())).collect::<Vec<_>>().join("\n"))
}

fn line(key: &KeyStanding, newest: Option<&KeyStanding>) -> String {
    let made = match (key.number, key.made_at) {
        (0, _) => "the key from the configuration itself, for what an earlier version wrote".to_owned(),
        (_, None) => "made with the store".to_owned(),
        (_, Some(at)) => format!("made {at:.0}"),
    };
    let use_ = if Some(key) == newest { "in use" } else { "being replaced: run `vouchsafe keys rotate` to go on" };
    format!("key {}: {made}; {use_}", key.number)
}

fn rotate(which: &StoreArguments) -> Result<(), Failure> {
    let store = which.find()?.write()?;
    let mut progress = Progress::new("sealing anew");
    let (number, count, retired) = block_on(async {
        let number = store.begin_key(MachineClock.now()).await.map_err(Failure::failed)?;
        // What comes after this is sealed with the new key from the start.
        let (_, last) = store.keys().await.map_err(Failure::failed)?;
        let mut count = 0;
        loop {
            let step = store.reseal(BATCH).await.map_err(|error| {
                Failure::failed(format!(
                    "{error}; the older keys are kept, and `vouchsafe verify` tells what is broken"
                ))
            })?;
            progress.show(step.up_to.0, last.0);
            count += step.count;
            if step.count == 0
                && let Some(retired) = store.retire_keys().await.map_err(Failure::failed)?
            {
                return Ok((number, count, retired));
            }
        }
    })?;
    drop(progress);
    let plural = if retired == 1 { "older key was" } else { "older keys were" };
    say(&format!(
        "Key {number} seals everything: {count} transactions were sealed anew, {retired} {plural} thrown away."
    ))
}

fn rewrap(to: &KeySource, which: &StoreArguments) -> Result<(), Failure> {
    let found = which.find()?;
    let new = sealing_key::another(to)?;
    let path = found.path.clone();
    SqliteStore::rewrap(&path, found.sealer(), &new).map_err(|error| cannot_open(&path, &error))?;
    let setting = match to {
        KeySource::Environment(name) => format!("env = {name:?}"),
        KeySource::File(file) => format!("file = {:?}", file.display().to_string()),
        KeySource::Command(_) => return Ok(()),
    };
    say(&format!(
        "{} opens with the new key only. Set `{setting}` under [sealing_key] before you start the switch, and keep a copy \
         of the key apart from the store.",
        path.display()
    ))
}
