//! `vouchsafe orphans`: the money at risk, and how a person closes it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use vouchsafe_core::advice::{Advice, AdviceEnd};
use vouchsafe_core::message::Request;
use vouchsafe_core::money::Currency;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::text::FreeText;
use vouchsafe_core::transaction::{Event, Kind, State, next};
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Change, Deed, Dossier, Entry, Recorded, Store as _, StoreError, Transaction, TransactionNumber};

use crate::clock::{Clock as _, MachineClock};
use crate::command::grounds::{Grounds, Signed};
use crate::command::show::{nobody, reference};
use crate::command::store::StoreArguments;
use crate::command::{Failure, block_on, say};
use crate::story::{Words, amount, money};

/// How many orphans are read at once.
const BATCH: usize = 256;

/// Prints every orphan with what is known of it and what to do, and what they are worth together.
pub(crate) fn list(which: &StoreArguments) -> Result<(), Failure> {
    let found = which.find()?;
    let path = found.path.display().to_string();
    let store = found.read()?;
    let (orphans, untold) = block_on(async { orphans(&store).await.map_err(Failure::unread) })?;
    if orphans.is_empty() && untold.is_empty() {
        return say(&format!("There are no orphans in {path}: no money is at risk."));
    }
    let now = MachineClock.now();
    let mut blocks: Vec<_> = orphans
        .iter()
        .map(|(orphan, request, journal)| block(orphan, Some(request), journal, now, &which.again()))
        .collect();
    blocks.extend(untold.iter().map(|words| cannot_be_told(words)));
    if !orphans.is_empty() {
        blocks.push(sum(orphans.iter().map(|(orphan, ..)| orphan)));
    }
    say(&blocks.join("\n\n"))?;
    all_told(&untold)
}

/// What stands in a list in place of a transaction that was altered.
pub(crate) fn cannot_be_told(words: &str) -> String {
    format!("CANNOT BE TOLD  {words}")
}

/// A list is whole only where all of it could be told.
pub(crate) fn all_told(untold: &[String]) -> Result<(), Failure> {
    match untold.len() {
        0 => Ok(()),
        count => Err(Failure::failed(format!(
            "{count} of what is to be listed cannot be told and is in no sum: `vouchsafe verify` tells what is broken"
        ))),
    }
}

/// Closes one orphan with a reason, which is kept in its journal and among the acts.
pub(crate) fn resolve(id: &str, grounds: &Grounds, which: &StoreArguments) -> Result<(), Failure> {
    let by = reference(id)?;
    let signed = grounds.signed()?;
    let found = which.find()?;
    let path = found.path.display().to_string();
    let store = found.write()?;
    block_on(async {
        let found = store.look_up(by).await.map_err(Failure::unread)?;
        let orphan = only(id, &found).map_err(Failure::failed)?;
        let change = resolution(orphan, &signed, MachineClock.now()).map_err(Failure::failed)?;
        match store.record(change).await.map_err(Failure::failed)? {
            Recorded::Done => say(&format!("Transaction {} in {path} is resolved.", orphan.number)),
            Recorded::Stale => Err(Failure::failed(format!(
                "somebody else recorded something of transaction {} at the same moment; nothing was written: look again",
                orphan.number
            ))),
        }
    })
}

/// The one transaction that is meant.
pub(crate) fn only<'a>(id: &str, found: &'a [Transaction]) -> Result<&'a Transaction, String> {
    match found {
        [] => Err(nobody(id)),
        [one] => Ok(one),
        several => {
            let numbers: Vec<_> = several.iter().map(|one| one.number.to_string()).collect();
            Err(format!("several transactions go by {id}; say which by its number: {}", numbers.join(", ")))
        }
    }
}

/// The change that closes an orphan, by the rules that every event goes by.
fn resolution(orphan: &Transaction, signed: &Signed, at: Timestamp) -> Result<Change, String> {
    let event = Event::OrphanResolved;
    let step = next(orphan.state, event, orphan.terms).map_err(|_| {
        format!("transaction {} is {}, not orphaned: there is nothing to resolve", orphan.number, orphan.state)
    })?;
    // Whatever fits an act fits a journal, which sets no bound of its own.
    let note = FreeText::new(signed.reason().as_str()).ok();
    let act = signed.act(at, Deed::ResolveOrphan(orphan.number), orphan.state.name(), step.state.name());
    Ok(Change {
        number: orphan.number,
        key: orphan.key.clone(),
        seen: orphan.version,
        at,
        event,
        state: step.state,
        due_at: None,
        outcome: None,
        advice: None,
        ends: None,
        advised: None,
        note,
        reroute: None,
        act: Some(act),
    })
}

/// An orphan with its request and its journal.
type Told = (Transaction, Request, Vec<Entry>);

/// Every orphan, in the order of their numbers, and what is wrong with those that cannot be told.
async fn orphans(store: &SqliteStore) -> Result<(Vec<Told>, Vec<String>), StoreError> {
    let mut all = Vec::new();
    let mut untold = store.altered_orphans().await?;
    let mut after = TransactionNumber(0);
    loop {
        let some = store.orphans(after, BATCH).await?;
        let Some(last) = some.last() else { return Ok((all, untold)) };
        after = last.number;
        for orphan in some {
            match store.dossier(orphan.number).await {
                Ok(Dossier { request, journal }) => all.push((orphan, request, journal)),
                // One that is broken must not hide the others.
                Err(error) => untold.push(format!("transaction {}: {}", orphan.number, error.cause())),
            }
        }
    }
}

/// One orphan as it is listed.
fn block(orphan: &Transaction, request: Option<&Request>, journal: &[Entry], now: Timestamp, store: &str) -> String {
    let words = Words::of(request, journal);
    let value = orphan.asked.map_or_else(|| "an amount that nobody named".to_owned(), |asked| amount(&asked));
    let (number, kind, provider) = (orphan.number, orphan.key.kind, words.clean(orphan.provider.as_str()));
    format!(
        "orphan {number}: a {kind} of {value} at {provider}, {} old\n  \
           channel   {}, request id {}\n  \
           evidence  {}\n  \
           next      {}",
        age(orphan.opened_at, now),
        words.clean(orphan.key.channel.as_str()),
        orphan.key.id,
        evidence(journal, &words),
        next_step(orphan, journal, &provider, store),
    )
}

/// What the journal proves and what it leaves open, in the order in which it became known.
fn evidence(journal: &[Entry], words: &Words<'_>) -> String {
    let mut facts = Vec::new();
    for entry in journal {
        match (entry.event, &entry.outcome) {
            (Event::ProviderApproved, Some(Outcome::Approved(approval))) => {
                facts.push(format!("approved ({})", words.voucher(approval)));
            }
            (Event::LateApproval, Some(Outcome::Approved(approval))) => {
                facts.push(format!("late approval ({})", words.voucher(approval)));
            }
            (Event::LateDecline, Some(outcome)) => facts.push(format!("late, {}", words.outcome(outcome))),
            (_, Some(outcome)) => facts.push(words.outcome(outcome)),
            (Event::ReversalReceived, None) => facts.push("reversed by the channel".to_owned()),
            (Event::ReversalRefused, None) => {
                let why = entry
                    .note
                    .as_ref()
                    .map_or_else(String::new, |note| format!(": {}", words.note(entry.event, note.as_str())));
                facts.push(format!("reversal refused{why}"));
            }
            (_, None) => {}
        }
        let reversal = entry.advice.is_some_and(|queued| matches!(queued.advice, Advice::Reversal(_)));
        if reversal && entry.advice_end == Some(AdviceEnd::Consumed) {
            facts.push("the provider takes no reversals".to_owned());
        }
    }
    facts.join("; ")
}

/// What a person should do, by what is known.
fn next_step(orphan: &Transaction, journal: &[Entry], provider: &str, store: &str) -> String {
    let proven = |event: fn(&Outcome) -> bool| journal.iter().any(|entry| entry.outcome.as_ref().is_some_and(event));
    let (upstream, number) = (orphan.upstream_id, orphan.number);
    let (done, undone) = match orphan.key.kind {
        Kind::Provision => ("sold", "cancelled or credited"),
        Kind::Redemption => ("redeemed", "undone, so that the voucher is good again"),
        Kind::Refund => ("refunded", "undone, so that the voucher is not good for a second time"),
    };
    let ask = if proven(|outcome| matches!(outcome, Outcome::Approved(_))) {
        format!("it is {done} and no channel has it so: have upstream id {upstream} {undone} at {provider}")
    } else if proven(|outcome| matches!(outcome, Outcome::Declined(_))) {
        format!("{provider} says that nothing was {done}: check that upstream id {upstream} is on no bill of theirs")
    } else {
        format!("ask {provider} whether upstream id {upstream} was {done}; if so, have it {undone}")
    };
    format!("{ask}; then: vouchsafe orphans resolve {number}{store} --reason \"what you found\"")
}

/// How many there are and what they are worth, by currency.
fn sum<'a>(orphans: impl Iterator<Item = &'a Transaction>) -> String {
    let (mut count, mut nameless) = (0, 0);
    let mut values: BTreeMap<Currency, i64> = BTreeMap::new();
    for orphan in orphans {
        debug_assert_eq!(orphan.state, State::Orphaned);
        count += 1;
        match orphan.asked {
            Some(asked) => {
                let value = values.entry(asked.currency).or_default();
                // At the end of what can be counted it stays there.
                *value = value.saturating_add(asked.amount);
            }
            None => nameless += 1,
        }
    }
    let mut worth: Vec<_> = values.into_iter().map(|(currency, value)| money(value, currency)).collect();
    if nameless > 0 {
        worth.push(format!("{nameless} of an amount that nobody named"));
    }
    let orphans = if count == 1 { "1 orphan".to_owned() } else { format!("{count} orphans") };
    format!("{orphans} at risk: {}", worth.join(", "))
}

/// How long ago, in the two largest units that matter.
pub(crate) fn age(since: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second().saturating_sub(since.as_second()).max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests;
