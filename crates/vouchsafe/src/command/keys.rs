//! `vouchsafe keys`: what the store is sealed with, and how that is changed.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{ActEnd, ActNumber, Cause, Deed, KeyStanding, Store as _, StoreError};

use crate::clock::{Clock as _, MachineClock};
use crate::command::grounds::{Grounds, standing};
use crate::command::pace::Pace;
use crate::command::progress::Progress;
use crate::command::store::{StoreArguments, cannot_open};
use crate::command::{Failure, block_on, say, sealing_key};
use crate::config::KeySource;

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
    /// It gives way to the switch after every commit, so it takes some minutes for a million transactions. It can be
    /// interrupted at any time; the same command goes on where it was. Once it is done, no copy of the store
    /// shows what it held, unless an older copy of the keys is kept too: a backup of the store holds them, sealed with
    /// the key from the configuration.
    Rotate {
        #[command(flatten)]
        grounds: Grounds,
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
        grounds: Grounds,
        #[command(flatten)]
        store: StoreArguments,
    },
}

pub(crate) fn keys(command: &KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::List { store } => list(store),
        KeysCommand::Rotate { grounds, store } => rotate(grounds, store),
        KeysCommand::Rewrap { to_file, to_env, grounds, store } => {
            let to = match (to_file, to_env) {
                (Some(file), _) => KeySource::File(absolute(file)?),
                (None, Some(name)) => KeySource::Environment(name.clone()),
                (None, None) => {
                    return Err(Failure::unusable("say where the new key is with --to-file FILE or --to-env NAME"));
                }
            };
            rewrap(&to, grounds, store)
        }
    }
}

/// A configuration reads a path from its own folder on, and not from the one in which this is typed.
fn absolute(file: &Path) -> Result<PathBuf, Failure> {
    std::path::absolute(file).map_err(|error| Failure::unusable(format!("--to-file {}: {error}", file.display())))
}

fn list(which: &StoreArguments) -> Result<(), Failure> {
    let store = which.find()?.read()?;
    let (keys, _) = block_on(async { store.keys().await.map_err(Failure::unread) })?;
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

fn rotate(grounds: &Grounds, which: &StoreArguments) -> Result<(), Failure> {
    let signed = grounds.signed()?;
    let found = which.find()?;
    let path = found.path.display().to_string();
    let store = found.write()?;
    let (number, count, retired) = block_on(async {
        let (keys, _) = store.keys().await.map_err(Failure::unread)?;
        let (number, before) = next_key(&keys);
        let after = format!("key {number} seals, the older ones are thrown away");
        let act = signed.act(MachineClock.now(), Deed::RotateKeys(number), &before, &after);
        let act = store.begin_key(number, act).await.map_err(Failure::failed)?;
        match change_keys(&store, act).await {
            Ok((count, retired)) => Ok((number, count, retired)),
            Err(error) => {
                // Where this is not recorded either, the act is listed as one of which nobody knows that it was done.
                let _ = store.end_act(act, ActEnd::Failed(standing(&error.to_string())), MachineClock.now()).await;
                Err(Failure::failed(not_changed(&error)))
            }
        }
    })?;
    let plural = if retired == 1 { "older key was" } else { "older keys were" };
    say(&format!(
        "Key {number} seals everything in {path}: {count} transactions were sealed anew, {retired} {plural} thrown away."
    ))
}

/// Which key is changed to, and how it stands before that.
fn next_key(keys: &[KeyStanding]) -> (u16, String) {
    match keys {
        [] => (1, "no key seals".to_owned()),
        // The store refuses to go beyond the last number there can be.
        [only] => (only.number.saturating_add(1), format!("key {} seals", only.number)),
        [.., newest] => (newest.number, format!("the change to key {} was interrupted", newest.number)),
    }
}

/// What is said of a change of keys that has not come to its end. What is sealed anew stays so.
fn not_changed(error: &StoreError) -> String {
    let hint = match error.cause() {
        Cause::Damaged(_) => "`vouchsafe verify` tells what is broken",
        Cause::Overloaded | Cause::Closed | Cause::Destroyed | Cause::Engine(_) => "run it again to go on",
    };
    format!("{}; the older keys are kept, and {hint}", error.cause())
}

/// Seals everything anew and throws the older keys away. Returns how many transactions were sealed anew, and how many
/// keys were thrown away.
async fn change_keys(store: &SqliteStore, act: ActNumber) -> Result<(usize, usize), StoreError> {
    let (mut progress, mut pace) = (Progress::new("sealing anew"), Pace::new());
    // What comes after this is sealed with the new key from the start.
    let (_, last) = store.keys().await?;
    let mut count = 0;
    loop {
        let batch = pace.batch();
        let step = pace.give_way_after(store.reseal(batch)).await?;
        progress.show(step.up_to.0, last.0);
        count += step.count;
        if step.count == 0
            && step.acts == 0
            && let Some(retired) = store.retire_keys(act, MachineClock.now()).await?
        {
            return Ok((count, retired));
        }
    }
}

fn rewrap(to: &KeySource, grounds: &Grounds, which: &StoreArguments) -> Result<(), Failure> {
    let signed = grounds.signed()?;
    let found = which.find()?;
    let new = sealing_key::another(to)?;
    let path = found.path.clone();
    let (before, after) = (described(&found.key), described(to));
    let act = signed.act(MachineClock.now(), Deed::RewrapKeys, &before, &after);
    SqliteStore::rewrap(&path, found.sealer(), &new, act).map_err(|error| cannot_open(&path, &error))?;
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

/// Where a key is, without what a command is told.
fn described(source: &KeySource) -> String {
    match source {
        KeySource::Environment(name) => format!("the key in the variable {name}"),
        KeySource::File(file) => format!("the key in the file {}", file.display()),
        KeySource::Command(_) => "the key that a command gives".to_owned(),
    }
}
