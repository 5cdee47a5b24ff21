//! What is done by hand to a file: on record before the file is touched, and how it ended after that.

use std::io::Write as _;

use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Act, ActEnd, ActNumber, Store as _};

use crate::clock::{Clock as _, MachineClock};
use crate::command::grounds::standing;
use crate::command::store::FoundStore;
use crate::command::{Failure, block_on};
use crate::config::{Config, StoreUri};

/// An act that is on record as intended; or one that nobody can record, because there is no store yet.
pub(crate) enum FileAct {
    Intended(SqliteStore, ActNumber),
    Unrecorded,
}

impl FileAct {
    /// Records what is about to be done in the store of a configuration. Nothing may be done where this fails.
    pub(crate) fn intend(config: &Config, act: Act) -> Result<Self, Failure> {
        let StoreUri::Sqlite(path) = &config.store;
        // What cannot be looked at may well be there.
        let is_there = path.try_exists().map_err(|error| {
            Failure::failed(format!("nothing was changed: {} cannot be looked at: {error}", path.display()))
        })?;
        if !is_there {
            // Whether or not it can be told, the change is made.
            let _ = writeln!(
                std::io::stderr(),
                "vouchsafe: NO RECORD is made of this: there is no store yet at {}; the first `vouchsafe serve` makes it",
                path.display()
            );
            return Ok(Self::Unrecorded);
        }
        let refused = |failure: Failure| failure.because("nothing was changed, because no record of it can be made");
        let store = FoundStore::of(path.clone(), &config.sealing_key).and_then(FoundStore::write).map_err(refused)?;
        let number = block_on(async { store.intend(act).await.map_err(Failure::failed) }).map_err(refused)?;
        Ok(Self::Intended(store, number))
    }

    /// Records how it ended.
    pub(crate) fn end(self, done: Result<(), &Failure>) -> Result<(), Failure> {
        let Self::Intended(store, number) = self else { return Ok(()) };
        let end = match done {
            Ok(()) => ActEnd::Done,
            Err(failure) => ActEnd::Failed(standing(&failure.sentence)),
        };
        let ended = block_on(async { store.end_act(number, end, MachineClock.now()).await.map_err(Failure::failed) });
        ended.map_err(|failure| failure.because(&format!("the end of act {number} is not on record")))
    }
}
