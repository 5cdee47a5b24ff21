//! A channel begins anew: what was its own goes by another name.

use vouchsafe_core::id::ChannelId;

use super::{Command, Tables, act};
use crate::chain::Mark;
use crate::record::word::Word;
use crate::seal::{Form, Place};
use crate::sqlite::Fault;
use crate::sqlite::journal::{self, Line, Proven};
use crate::sqlite::row::{self, Forestalling};
use crate::vault::Opened;
use crate::{Act, Key, Transaction, TransactionNumber};

/// Gives everything that is a channel's to another name. Whatever is sealed is sealed anew and whatever is chained is
/// chained anew, because both are bound to the name; all in one commit, which suits a sandbox and nothing larger.
pub(in crate::sqlite) struct SetAside {
    pub(in crate::sqlite) channel: ChannelId,
    pub(in crate::sqlite) under: ChannelId,
    pub(in crate::sqlite) act: Act,
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
        self.move_forestalled(from, to, tables)?;
        act::note_done(tables, &self.act)?;
        Ok(numbers.len())
    }
}

impl SetAside {
    fn move_one(&self, number: TransactionNumber, to: i64, tables: &mut Tables) -> Result<(), Fault> {
        let Proven { linked, request, lines, shares } =
            journal::prove(tables.book(), row::linked(tables.book(), number)?)?;
        tables.gained = tables.gained.wrapping_sub(shares);
        let key = Key { channel: self.under.clone(), ..linked.transaction.key.clone() };
        let now = Transaction { key, ..linked.transaction };
        let opening = tables.vault.chain.opening(&now, request.digest);
        tables.gain(opening);
        let link = move_journal(&now, opening.mark, &lines, tables)?;
        let sql = "UPDATE transactions SET channel = ?1, request = ?2, link = ?3, mark = ?4 WHERE number = ?5";
        let request = sealed_anew(tables, Place::Request(&now.key), &request);
        let mark = tables.vault.chain.row(&now, link);
        tables.connection.prepare_cached(sql)?.execute((to, request, link, mark, number.0.cast_signed()))?;
        Ok(())
    }

    fn move_forestalled(&self, from: i64, to: i64, tables: &mut Tables) -> Result<(), Fault> {
        for noted in row::forestalled(tables.book(), Some(from))? {
            let Forestalling { mut key, reversal, at, .. } = noted?;
            let was = tables.vault.chain.forestalled(&key, reversal, at);
            key.channel = self.under.clone();
            let now = tables.vault.chain.forestalled(&key, reversal, at);
            tables.gained = tables.gained.wrapping_sub(was.share).wrapping_add(now.share);
            let sql = "UPDATE forestalled SET channel = ?1, link = ?2
                       WHERE request_id = ?3 AND kind = ?4 AND channel = ?5";
            let parameters = (to, now.mark, key.id.as_bytes(), key.kind.place(), from);
            tables.connection.prepare_cached(sql)?.execute(parameters)?;
        }
        Ok(())
    }
}

/// Chains the same events to another beginning, and returns the last link.
fn move_journal(now: &Transaction, mut last: Mark, lines: &[Line], tables: &mut Tables) -> Result<Mark, Fault> {
    for line in lines {
        let (number, version) = (now.number, line.version);
        let link = tables.vault.chain.event(last, number, version, &line.chained());
        tables.gain(link);
        last = link.mark;
        let anew = |opened: &Option<Opened>, place| opened.as_ref().map(|opened| sealed_anew(tables, place, opened));
        let sql = "UPDATE events SET outcome = ?1, note = ?2, advised = ?3, link = ?4 WHERE position = ?5";
        tables.connection.prepare_cached(sql)?.execute((
            anew(&line.outcome, Place::Outcome(&now.key, version)),
            anew(&line.note, Place::Note(&now.key, version)),
            anew(&line.advised, Place::Advised(&now.key, version)),
            link.mark,
            row::position(number, version)?,
        ))?;
    }
    Ok(last)
}

fn sealed_anew(tables: &Tables, place: Place<'_>, opened: &Opened) -> Vec<u8> {
    match &opened.text {
        Some(text) => tables.vault.seal(place, |out| out.extend_from_slice(text)).bytes,
        None => Form::destroyed(opened.digest),
    }
}
