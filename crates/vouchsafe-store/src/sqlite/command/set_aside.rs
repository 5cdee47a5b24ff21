//! A channel begins anew: what was its own goes by another name.

use std::sync::Arc;

use vouchsafe_core::id::ChannelId;

use super::{Command, Tables};
use crate::record::Damaged;
use crate::seal::{Place, Sealer};
use crate::sqlite::{Fault, row};
use crate::{Key, TransactionNumber};

/// Gives everything that is a channel's to another name. Whatever is sealed is sealed anew, because it is bound to the
/// name; all in one commit, which suits a sandbox and nothing larger.
pub(in crate::sqlite) struct SetAside {
    pub(in crate::sqlite) channel: ChannelId,
    pub(in crate::sqlite) under: ChannelId,
    pub(in crate::sqlite) sealer: Arc<Sealer>,
}

impl Command for SetAside {
    type Answer = usize;

    fn apply(&self, tables: &mut Tables) -> Result<usize, Fault> {
        let (from, to) = (tables.number_of_name(self.channel.as_str())?, tables.number_of_name(self.under.as_str())?);
        let sql = "SELECT number FROM transactions WHERE channel = ?1";
        let numbers: Vec<i64> = tables
            .connection
            .prepare_cached(sql)?
            .query_map([from], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        for number in &numbers {
            self.move_one(TransactionNumber(number.cast_unsigned()), to, tables)?;
        }
        tables
            .connection
            .prepare_cached("UPDATE forestalled SET channel = ?1 WHERE channel = ?2")?
            .execute((to, from))?;
        Ok(numbers.len())
    }
}

impl SetAside {
    fn move_one(&self, number: TransactionNumber, to: i64, tables: &Tables) -> Result<(), Fault> {
        let was = row::key(&tables.connection, number)?;
        let now = Key { channel: self.under.clone(), ..was.clone() };
        let sql = "SELECT request FROM transactions WHERE number = ?1";
        let number_column = number.0.cast_signed();
        let request: Vec<u8> = tables.connection.prepare_cached(sql)?.query_row([number_column], |row| row.get(0))?;
        let request = self.sealed_anew(&request, Place::Request(&was), Place::Request(&now))?;
        let sql = "UPDATE transactions SET channel = ?1, request = ?2 WHERE number = ?3";
        tables.connection.prepare_cached(sql)?.execute((to, request, number_column))?;
        self.move_journal(number, &was, &now, tables)
    }

    fn move_journal(&self, number: TransactionNumber, was: &Key, now: &Key, tables: &Tables) -> Result<(), Fault> {
        type Sealed = Option<Vec<u8>>;
        let sql = "SELECT position, outcome, note, advised FROM events WHERE position BETWEEN ?1 AND ?2";
        let range = (row::position(number, 0)?, row::position(number, row::LAST_VERSION)?);
        let events: Vec<(i64, Sealed, Sealed, Sealed)> = tables
            .connection
            .prepare_cached(sql)?
            .query_map(range, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
            .collect::<rusqlite::Result<_>>()?;
        for (position, outcome, note, advised) in events {
            let version = row::version(position);
            let anew = |sealed: Sealed, was, now| sealed.map(|it| self.sealed_anew(&it, was, now)).transpose();
            let sql = "UPDATE events SET outcome = ?1, note = ?2, advised = ?3 WHERE position = ?4";
            tables.connection.prepare_cached(sql)?.execute((
                anew(outcome, Place::Outcome(was, version), Place::Outcome(now, version))?,
                anew(note, Place::Note(was, version), Place::Note(now, version))?,
                anew(advised, Place::Advised(was, version), Place::Advised(now, version))?,
                position,
            ))?;
        }
        Ok(())
    }

    fn sealed_anew(&self, sealed: &[u8], was: Place<'_>, now: Place<'_>) -> Result<Vec<u8>, Damaged> {
        let plain = self.sealer.open(was, sealed)?;
        Ok(self.sealer.seal(now, |out| out.extend_from_slice(&plain)))
    }
}
