//! The commands that write, each applied within a transaction that the writer begins and commits.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::Connection;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;

use super::book::Book;
use super::{Fault, total};
use crate::TransactionNumber;
use crate::chain::Link;
use crate::record::Damaged;
use crate::record::word::Word;
use crate::seal::Place;
use crate::vault::Vault;

mod act;
mod attempt;
mod change;
mod destroy;
mod intent;
mod reseal;
mod set_aside;

pub(super) use act::{EndAct, IntendAct, note_done};
pub(super) use attempt::{PutOff, Redrive, RedriveEach};
#[cfg(test)]
pub(super) use attempt::{REDRIVE_ALL, REDRIVE_ONE};
pub(super) use change::RecordEvent;
pub(super) use destroy::Destroy;
pub(super) use intent::{Forestall, Noted, OpenTransaction, Placed};
pub(super) use reseal::{BeginKey, Reseal, ResealAgain, RetireKeys, is_all_resealed};
pub(super) use set_aside::SetAside;

/// Something to write. It may be applied again after a rollback, so it keeps nothing of a first attempt.
pub(super) trait Command: Send + 'static {
    type Answer: Send + 'static;

    fn apply(&self, tables: &mut Tables) -> Result<Self::Answer, Fault>;
}

/// The writer's connection, the keys to it, and the numbers of the names it has met.
pub(super) struct Tables {
    pub(super) connection: Connection,
    vault: Arc<Vault>,
    names: HashMap<Box<str>, i64>,
    /// What the links of this batch add to the sum over all.
    gained: u128,
    /// Up to which number those that are kept longer were looked at this time.
    kept_seen: i64,
    /// The transaction that told last how old those are that are dated ahead, and its date.
    dated: Option<(TransactionNumber, Timestamp)>,
}

/// Channels and providers are configured, so they are few; only a sandbox that takes any name has more.
const NAMES_REMEMBERED: usize = 1024;

impl Tables {
    pub(super) fn new(connection: Connection, vault: Arc<Vault>) -> Self {
        Self { connection, vault, names: HashMap::new(), gained: 0, kept_seen: 0, dated: None }
    }

    /// What is in the file as of this transaction.
    pub(super) fn book(&self) -> Book<'_> {
        Book { connection: &self.connection, vault: &self.vault }
    }

    /// To be called within a new transaction, before any command. Whoever begins a new sealing key commits it: from
    /// then on no writer leaves anything behind that is sealed with an older one.
    pub(super) fn begin(&mut self) -> Result<(), Fault> {
        self.gained = 0;
        let sql = "SELECT max(number) FROM sealing_keys";
        let newest: u16 = self.connection.prepare_cached(sql)?.query_row((), |row| row.get(0))?;
        if newest != self.vault.newest() {
            self.book().load_keys()?;
            // One that is not in the file, after a rollback, must seal nothing.
            if newest != self.vault.newest() {
                return Err(Damaged("the newest sealing key is not in the store; start the switch anew").into());
            }
        }
        Ok(())
    }

    /// To be called when every command of the transaction was applied, before it is committed.
    pub(super) fn add_up(&mut self) -> Result<(), Fault> {
        if self.gained != 0 {
            total::add(self.book(), self.gained)?;
        }
        Ok(())
    }

    /// Counts a link into the sum, once what was applied is committed.
    fn gain(&mut self, link: Link) {
        self.gained = self.gained.wrapping_add(link.share);
    }

    /// A record that was sealed before it waited to be written, with the key that seals now.
    fn sealed_now<'s>(&self, place: Place<'_>, sealed: &'s [u8]) -> Result<Cow<'s, [u8]>, Fault> {
        Ok(self.book().renew(place, sealed)?.map_or(Cow::Borrowed(sealed), Cow::Owned))
    }

    /// To be called after a rollback, which may have taken along what was remembered.
    pub(super) fn forget(&mut self) {
        self.names.clear();
        self.kept_seen = 0;
        self.dated = None;
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
}

/// A durable commit for its own sake.
pub(super) struct Check;

impl Command for Check {
    type Answer = ();

    fn apply(&self, tables: &mut Tables) -> Result<(), Fault> {
        // Without the sum no sale is taken.
        total::read(tables.book())?;
        // As much as a sale takes, so that a disk that has room for a number and nothing else is not called well.
        let sql = "UPDATE store SET checks = checks + 1, padding = zeroblob(16384)";
        tables.connection.prepare_cached(sql)?.execute(())?;
        Ok(())
    }
}
