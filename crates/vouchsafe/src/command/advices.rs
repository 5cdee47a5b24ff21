//! `vouchsafe advices`: what is owed to providers, and how a person has it sent sooner.

use std::collections::BTreeSet;

use jiff::Timestamp;
use vouchsafe_core::advice::Advice;
use vouchsafe_core::id::ProviderId;
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{
    ActEnd, Attempts, Deed, Entry, OpenAdvice, OpenAdvices, QueuedAdvice, Store, StoreError, TransactionNumber,
};

use crate::clock::{Clock as _, MachineClock};
use crate::command::grounds::{Grounds, Signed, standing};
use crate::command::orphans::{age, only};
use crate::command::pace::Pace;
use crate::command::progress::Progress;
use crate::command::show::reference;
use crate::command::store::StoreArguments;
use crate::command::{Failure, block_on, say};
use crate::config::Config;

/// How many of those that are sent next are shown for each provider.
const SHOWN: usize = 10;

/// Prints how many advices wait for each provider, for how long the oldest has, and whose are sent next.
pub(crate) fn list(which: &StoreArguments) -> Result<(), Failure> {
    let configured = Configured::of(which)?;
    let found = which.find()?;
    let path = found.path.display().to_string();
    let store = found.read()?;
    let now = MachineClock.now();
    let lines = block_on(async { lines(&store, &configured, now).await.map_err(Failure::unread) })?;
    if lines.is_empty() {
        return say(&format!("Nothing is owed to any provider in {path}: every advice has ended."));
    }
    say(&lines.join("\n"))
}

/// The providers of the configuration that was named, if one was.
struct Configured(Option<BTreeSet<ProviderId>>);

impl Configured {
    fn of(which: &StoreArguments) -> Result<Self, Failure> {
        let ids = |config: Config| config.providers.into_iter().map(|provider| provider.id).collect();
        Ok(Self(which.config()?.map(ids)))
    }

    /// Whether a switch with that configuration sends this provider nothing.
    fn lacks(&self, provider: &ProviderId) -> bool {
        self.0.as_ref().is_some_and(|configured| !configured.contains(provider))
    }
}

/// What is owed to each provider, and to begin with whose advices are sent next.
async fn lines(store: &dyn Store, configured: &Configured, now: Timestamp) -> Result<Vec<String>, StoreError> {
    let mut lines = Vec::new();
    for owed in store.tally().await?.open_advices {
        lines.push(line(&owed, now));
        if configured.lacks(&owed.provider) {
            lines.push("  NOT CONFIGURED: no switch sends these; put the provider back".to_owned());
        }
        for open in store.due_advices(&owed.provider, Timestamp::MAX, SHOWN).await? {
            lines.push(next(&open, now));
        }
    }
    Ok(lines)
}

/// Has the open advice of one transaction sent at once, or everybody's where no id is given.
pub(crate) fn redrive(id: Option<&str>, grounds: &Grounds, which: &StoreArguments) -> Result<(), Failure> {
    let by = id.map(reference).transpose()?;
    let signed = grounds.signed()?;
    let configured = Configured::of(which)?;
    let found = which.find()?;
    let path = found.path.display().to_string();
    let store = found.write()?;
    block_on(async {
        let now = MachineClock.now();
        let (Some(id), Some(by)) = (id, by) else {
            let all = redrive_all(&store, &signed, now).await.map_err(Failure::failed)?;
            let plural = if all == 1 { "advice is" } else { "advices are" };
            return say(&format!("{all} {plural} sent again at once, out of {path}."));
        };
        let found = store.look_up(by).await.map_err(Failure::unread)?;
        let transaction = only(id, &found).map_err(Failure::failed)?;
        if configured.lacks(&transaction.provider) {
            let provider = &transaction.provider;
            return Err(Failure::failed(format!(
                "provider {provider} is not in this configuration, so no switch sends it anything; put it back first"
            )));
        }
        let number = transaction.number;
        let journal = store.journal(number).await.map_err(Failure::unread)?;
        let act = signed.act(now, Deed::RedriveAdvice(number), &before(&journal), "due at once");
        match store.redrive(Some(number), now, 1, Some(act)).await.map_err(Failure::failed)? {
            // It may have ended since it was looked at.
            0 => say(&not_moved(number, &store.journal(number).await.map_err(Failure::unread)?)),
            _ => say(&format!("The advice of transaction {number} in {path} is sent again at once.")),
        }
    })
}

/// Has everybody's open advices sent at once, in as many commits as it takes: the act is on record before the first of
/// them, and its end after the last. Returns how many there were.
///
/// They are those that wait as it begins. What the switch attempts meanwhile and puts off again keeps its new pause: else
/// this would not end, and a provider that is still down would be asked without a pause.
async fn redrive_all(store: &SqliteStore, signed: &Signed, now: Timestamp) -> Result<usize, StoreError> {
    let open: u64 = store.tally().await?.open_advices.iter().map(|owed| owed.count).sum();
    if open == 0 {
        return Ok(0);
    }
    let act = signed.act(now, Deed::RedriveAdvices, &format!("open advices: {open}"), "all due at once");
    let act = store.intend(act).await?;
    let moved = redrive_batches(store, now).await;
    let end = match &moved {
        Ok(_) => ActEnd::Done,
        Err(error) => ActEnd::Failed(standing(&error.to_string())),
    };
    let ended = store.end_act(act, end, MachineClock.now()).await;
    moved.and_then(|moved| ended.map(|()| moved))
}

async fn redrive_batches(store: &SqliteStore, now: Timestamp) -> Result<usize, StoreError> {
    let waiting = store.waiting(now).await?;
    let (mut progress, mut pace) = (Progress::new("redriving"), Pace::new());
    let (mut rest, mut moved) = (waiting.as_slice(), 0);
    while !rest.is_empty() {
        let (batch, after) = rest.split_at(pace.batch().min(rest.len()));
        moved += pace.give_way_after(store.redrive_each(batch.to_vec(), now)).await?;
        rest = after;
        progress.show((waiting.len() - rest.len()) as u64, waiting.len() as u64);
    }
    Ok(moved)
}

/// What is said where a transaction has no advice that could be sent sooner.
fn not_moved(number: TransactionNumber, journal: &[Entry]) -> String {
    if open(journal).is_some() {
        return format!("The advice of transaction {number} is due already: a switch that runs sends it.");
    }
    format!("Transaction {number} has no open advice: see `vouchsafe show {number}`.")
}

/// What is owed of a transaction, with the event that it was queued with.
fn open(journal: &[Entry]) -> Option<(QueuedAdvice, &Entry)> {
    journal.iter().find_map(|entry| entry.advice.filter(|_| entry.advice_end.is_none()).zip(Some(entry)))
}

/// How a transaction's advice stands that is about to be sent again.
fn before(journal: &[Entry]) -> String {
    open(journal).map_or_else(
        || "no advice is open".to_owned(),
        |(queued, entry)| format!("open {}, attempts so far: {}", name(queued.advice), entry.attempts.count),
    )
}

const fn name(advice: Advice) -> &'static str {
    match advice {
        Advice::Confirmation => "confirmation",
        Advice::Reversal(_) => "reversal",
    }
}

/// One of the advices that are sent next.
fn next(open: &OpenAdvice, now: Timestamp) -> String {
    let what = name(open.queued.advice);
    let number = open.transaction.number;
    let seconds = open.queued.due_at.as_second().saturating_sub(now.as_second()).max(0);
    let Attempts { count, hindrance } = open.attempts;
    let hindered = hindrance.map_or_else(String::new, |hindrance| format!(" ({hindrance})"));
    format!("  transaction {number}: a {what}, attempts so far: {count}{hindered}, the next in {seconds} s")
}

/// What is owed to one provider.
fn line(owed: &OpenAdvices, now: Timestamp) -> String {
    let (count, provider) = (owed.count, &owed.provider);
    let plural = if count == 1 { "advice waits" } else { "advices wait" };
    format!("{count} {plural} for {provider}, the oldest for {}", age(owed.oldest, now))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use vouchsafe_core::advice::AdviceEnd;
    use vouchsafe_core::id::MessageId;
    use vouchsafe_core::transaction::{Event, State};

    use super::*;

    #[test]
    fn what_is_owed_is_told_in_a_sentence() {
        let check = |count, expect: &str| {
            let provider = ProviderId::new("house").unwrap();
            let owed = OpenAdvices { provider, count, oldest: Timestamp::from_second(1_000).unwrap() };
            assert_eq!(line(&owed, Timestamp::from_second(8_260).unwrap()), expect);
        };
        check(1, "1 advice waits for house, the oldest for 2 h 1 min");
        check(12, "12 advices wait for house, the oldest for 2 h 1 min");
    }

    #[test]
    fn what_is_due_already_is_told_apart_from_what_has_ended() {
        let id = MessageId::new(Uuid::from_u128(7));
        let at = Timestamp::from_second(1_000).unwrap();
        let check = |advice_end, expect: &str| {
            let entry = Entry {
                version: 1,
                at,
                event: Event::ConfirmationDue,
                state: State::Confirming,
                outcome: None,
                advice: Some(QueuedAdvice { id, advice: Advice::Confirmation, due_at: at }),
                advice_end,
                attempts: Attempts { count: 3, hindrance: None },
                advised: None,
                note: None,
                is_destroyed: false,
            };
            assert_eq!(not_moved(TransactionNumber(17), &[entry]), expect);
        };
        check(None, "The advice of transaction 17 is due already: a switch that runs sends it.");
        let ended = "Transaction 17 has no open advice: see `vouchsafe show 17`.";
        check(Some(AdviceEnd::Delivered), ended);
        assert_eq!(not_moved(TransactionNumber(17), &[]), ended);
    }
}
