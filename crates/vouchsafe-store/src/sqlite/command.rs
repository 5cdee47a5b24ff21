//! The commands that write, each applied within a transaction that the writer begins and commits.

use std::collections::HashMap;

use rusqlite::Connection;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;

use super::Fault;
use crate::Key;
use crate::record::word::Word;

mod attempt;
mod change;
mod intent;
mod set_aside;

pub(super) use attempt::{PutOff, Redrive};
pub(super) use change::RecordEvent;
pub(super) use intent::{Forestall, Noted, OpenTransaction, Placed};
pub(super) use set_aside::SetAside;

/// Something to write. It may be applied again after a rollback, so it keeps nothing of a first attempt.
pub(super) trait Command: Send + 'static {
    type Answer: Send + 'static;

    fn apply(&self, tables: &mut Tables) -> Result<Self::Answer, Fault>;
}

/// The writer's connection and the numbers of the names it has met.
pub(super) struct Tables {
    pub(super) connection: Connection,
    names: HashMap<Box<str>, i64>,
}

/// Channels and providers are configured, so they are few; only a sandbox that takes any name has more.
const NAMES_REMEMBERED: usize = 1024;

impl Tables {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, names: HashMap::new() }
    }

    /// To be called after a rollback, which may have taken names along.
    pub(super) fn forget_names(&mut self) {
        self.names.clear();
    }

    fn number_of_name(&mut self, name: &str) -> Result<i64, Fault> {
        if let Some(number) = self.names.get(name) {
            return Ok(*number);
        }
        self.connection
            .prepare_cached("INSERT INTO names (name) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([name])?;
        let number = self
            .connection
            .prepare_cached("SELECT number FROM names WHERE name = ?1")?
            .query_row([name], |row| row.get(0))?;
        if self.names.len() >= NAMES_REMEMBERED {
            self.names.clear();
        }
        self.names.insert(name.into(), number);
        Ok(number)
    }

    /// Whether a transaction of this kind goes, or could go, by this id at a provider.
    fn is_taken(&self, id: &MessageId, kind: Kind) -> Result<bool, Fault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM transactions WHERE request_id = ?1 AND kind = ?2)
                       OR EXISTS (SELECT 1 FROM transactions WHERE upstream_id = ?1 AND kind = ?2)";
        let parameters = (id.as_bytes(), kind.place());
        Ok(self.connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?)
    }

    /// Whether the reversal of this key came first.
    fn is_forestalled(&self, key: &Key) -> Result<bool, Fault> {
        let sql = "SELECT EXISTS (SELECT 1 FROM forestalled WHERE request_id = ?1 AND kind = ?2
                                  AND channel = (SELECT number FROM names WHERE name = ?3))";
        let parameters = (key.id.as_bytes(), key.kind.place(), key.channel.as_str());
        Ok(self.connection.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))?)
    }
}

/// A durable commit for its own sake.
pub(super) struct Check;

impl Command for Check {
    type Answer = ();

    fn apply(&self, tables: &mut Tables) -> Result<(), Fault> {
        // As much as a sale takes, so that a disk that has room for a number and nothing else is not called well.
        let sql = "UPDATE store SET checks = checks + 1, padding = zeroblob(16384)";
        tables.connection.prepare_cached(sql)?.execute(())?;
        Ok(())
    }
}
