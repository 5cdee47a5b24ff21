//! Writes down what happened to a transaction: the one road into the journal.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep, timeout_at};
use vouchsafe_core::advice::AdviceEnd;
use vouchsafe_core::message::ChannelAdvice;
use vouchsafe_core::outcome::{Decline, Doubt, Outcome};
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::sheet::Sheet;
use vouchsafe_core::text::FreeText;
use vouchsafe_core::transaction::{Effect, Event, Refusal, State, next};
use vouchsafe_store::{Cause, Change, QueuedAdvice, Recorded, Reroute, StoreError, Transaction};

use crate::app::App;
use crate::clock::new_id;

/// How long to wait before the store is tried again after it failed.
const PAUSE: Duration = Duration::from_millis(100);

/// What there is to write down.
#[derive(Debug, Clone)]
pub(crate) enum News {
    /// What a provider's answer, or its silence, proves: in time or late, as the transaction's state has it.
    Heard(Outcome),
    /// What the channel says of its own request.
    Advised(ChannelAdvice),
    /// Anything else that happened.
    Happened {
        event: Event,
        /// Which advice ended, and how, where the event is about that.
        ends: Option<Ended>,
        note: Option<FreeText>,
    },
    /// Nothing reached the provider, and this one is asked instead.
    Rerouted(Reroute),
}

/// The end of one advice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    /// The version that the advice's event led to.
    pub(crate) version: u32,
    pub(crate) end: AdviceEnd,
    /// Whether it proves nothing once the transaction has moved: that its request is unknown, when a late answer to that
    /// very request has come meanwhile. The advice stays open then, and is sent again.
    pub(crate) only_as_it_stood: bool,
}

impl News {
    pub(crate) const fn happened(event: Event) -> Self {
        Self::Happened { event, ends: None, note: None }
    }
}

/// A transition that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The state it led from.
    pub(crate) from: State,
    /// The transaction as it stands now.
    pub(crate) now: Transaction,
    /// The change's own time, which a response repeats.
    pub(crate) at: Timestamp,
}

/// Why something is not in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotSettled {
    /// As the transaction stands, the event does not apply.
    Refused(Refusal),
    /// What was heard adds nothing to what is known: the transaction was settled without it.
    NothingNew,
    /// The store did not take it in the time there was, or it is uncertain whether it did.
    Store(StoreError),
}

/// The event that an outcome is to a transaction in this state: in time while it is still waited for, late once
/// the transaction was settled without it, and nothing where it only says late that nothing is known.
const fn event_of(outcome: &Outcome, state: State) -> Option<Event> {
    if !matches!(state, State::Pending | State::Cancelled) {
        return match outcome {
            Outcome::Approved(_) => Some(Event::LateApproval),
            Outcome::Declined(_) => Some(Event::LateDecline),
            Outcome::Unknown(_) => None,
        };
    }
    Some(match outcome {
        Outcome::Approved(_) => Event::ProviderApproved,
        Outcome::Declined(Decline::NotSent(_)) => Event::RequestNotSent,
        Outcome::Declined(Decline::ByProvider(_) | Decline::OurCredentials) => Event::ProviderDeclined,
        Outcome::Unknown(Doubt::NoAnswer) => Event::AnswerMissing,
        Outcome::Unknown(Doubt::Unusable { .. }) => Event::AnswerUnusable,
        Outcome::Unknown(Doubt::Lost) => Event::AnswerLost,
    })
}

/// The event that a channel's own advice is.
pub(crate) const fn event_of_advice(advice: &ChannelAdvice) -> Event {
    match advice {
        ChannelAdvice::Confirmation(_) => Event::ConfirmationReceived,
        ChannelAdvice::Reversal(_) => Event::ReversalReceived,
    }
}

/// Whether a reversal of it was received or chosen: from then on no success is told.
pub(crate) const fn is_reversed(state: State) -> bool {
    match state {
        State::Cancelled | State::Reversing | State::Reversed | State::Orphaned | State::Resolved | State::Void => true,
        State::Pending | State::Approved | State::Declined | State::Confirming | State::Confirmed => false,
    }
}

/// Records what happened, and whatever the transition brings, in one commit; then wakes whoever waits for it.
///
/// The decision is made anew whenever somebody else recorded first. The store is tried until `until`; what it
/// has not taken by then is uncertain.
pub(crate) async fn record(
    app: &App,
    transaction: &Transaction,
    news: &News,
    until: Instant,
) -> Result<Settled, NotSettled> {
    let settled = match timeout_at(until, decide_and_write(app, transaction, news, until)).await {
        Ok(settled) => settled?,
        Err(_) => {
            let cause = Cause::Engine("it did not answer in the time there was".to_owned());
            return Err(NotSettled::Store(StoreError::Indeterminate(cause)));
        }
    };
    app.watchers.tell(&transaction.key);
    if matches!(settled.now.state, State::Reversing | State::Confirming) {
        match app.providers.get(&settled.now.provider) {
            Some(desk) => desk.advices.notify_one(),
            None => tracing::error!(
                transaction.number = settled.now.number.0, provider = %settled.now.provider,
                "an advice waits for a provider that is not configured; put it back"
            ),
        }
    }
    Ok(settled)
}

async fn decide_and_write(
    app: &App,
    transaction: &Transaction,
    news: &News,
    until: Instant,
) -> Result<Settled, NotSettled> {
    let mut transaction = transaction.clone();
    loop {
        let change = change(app, &transaction, news)?;
        match write(app, &transaction, &change, until).await? {
            Written::Done => {
                if let Some(end) = change.ends {
                    app.metrics.advice_ended(&transaction.provider, end);
                }
                let settled = Settled { from: transaction.state, at: change.at, now: moved(transaction, &change) };
                return Ok(settled);
            }
            Written::DoneBefore(now) => return Ok(Settled { from: transaction.state, at: change.at, now: *now }),
            Written::Overtaken(now) => transaction = *now,
        }
        if let News::Happened { ends: Some(ended), .. } = news
            && !planted(Bug::EndsAnotherAdvice)
            && (ended.only_as_it_stood || has_ended(app, &transaction, ended.version, until).await?)
        {
            return Err(NotSettled::NothingNew);
        }
    }
}

/// Whether an advice has ended. Two nodes may deliver the same one, and whoever hears of it last must not end another
/// that was queued meanwhile and that nobody has sent.
async fn has_ended(app: &App, transaction: &Transaction, version: u32, until: Instant) -> Result<bool, NotSettled> {
    loop {
        match app.store.journal(transaction.number).await {
            Ok(journal) => {
                let entry = journal.iter().find(|entry| entry.version == version);
                return Ok(entry.is_none_or(|entry| entry.advice_end.is_some()));
            }
            Err(error) => pause(until).await.map_err(|()| NotSettled::Store(error))?,
        }
    }
}

/// What became of a change, once that is certain.
enum Written {
    Done,
    /// It was found on disk when its fate was open. Others may have recorded since; the transaction as it stands now.
    DoneBefore(Box<Transaction>),
    /// Somebody else recorded first; the transaction as it stands now.
    Overtaken(Box<Transaction>),
}

/// Writes one change until its fate is certain: the same one, with its own time and advice, for as long as nobody
/// else moved the transaction. After a failure nothing is decided before the store was read back.
async fn write(app: &App, transaction: &Transaction, change: &Change, until: Instant) -> Result<Written, NotSettled> {
    let mut failure: Option<StoreError> = None;
    loop {
        let nothing_was_written = match app.store.record(change.clone()).await {
            Ok(Recorded::Done) => return Ok(Written::Done),
            Ok(Recorded::Stale) if planted(Bug::StaleIsDone) => return Ok(Written::Done),
            Ok(Recorded::Stale) => false,
            Err(StoreError::Indeterminate(_)) if planted(Bug::UncertainIsDone) => return Ok(Written::Done),
            Err(error) => {
                // Nothing that is tried again makes a damaged record whole.
                if let StoreError::Determinate(Cause::Damaged(_)) = error {
                    return Err(NotSettled::Store(error));
                }
                if failure.is_none() {
                    tracing::warn!(
                        transaction.number = transaction.number.0, %error,
                        "the store did not take an event; trying again"
                    );
                }
                matches!(failure.insert(error), StoreError::Determinate(_))
            }
        };
        // Somebody recorded first, or the fate of our own change is open: look before anything else.
        if !nothing_was_written {
            match read_back(app, transaction, change, until).await? {
                Reread::Ours(now) => return Ok(Written::DoneBefore(now)),
                Reread::Now(now) if now.version != change.seen => return Ok(Written::Overtaken(now)),
                Reread::Now(_) => {}
            }
        }
        pause(until)
            .await
            .map_err(|()| NotSettled::Store(failure.clone().unwrap_or(StoreError::Determinate(Cause::Overloaded))))?;
    }
}

/// Reads the transaction back, for as long as that takes.
async fn read_back(
    app: &App,
    transaction: &Transaction,
    change: &Change,
    until: Instant,
) -> Result<Reread, NotSettled> {
    loop {
        match reread(app, transaction, change).await {
            Ok(reread) => return Ok(reread),
            Err(error) => {
                let uncertain = StoreError::Indeterminate(error.cause().clone());
                pause(until).await.map_err(|()| NotSettled::Store(uncertain))?;
            }
        }
    }
}

/// Waits before the next attempt, if there is time for one.
async fn pause(until: Instant) -> Result<(), ()> {
    if Instant::now() + PAUSE > until {
        return Err(());
    }
    sleep(PAUSE).await;
    Ok(())
}

/// When the switch confirms by itself what it knows now to be approved: after the provider's `confirm_after`, but never
/// later than the provider allows.
pub(crate) fn confirms_at(app: &App, transaction: &Transaction) -> Timestamp {
    let (now, due_by) = (app.clock.now(), app.due_by());
    // Of a provider that is configured no more, the usual is all that is known.
    let usual = Sheet::full();
    let sheet = app.providers.get(&transaction.provider).map_or(&usual, |desk| &desk.sheet);
    let usually = due_by + sheet.confirms_after();
    // What has passed since it was opened is the same by both clocks, unless one was put back since: never less than nothing.
    let passed = now.duration_since(transaction.opened_at).max(SignedDuration::ZERO);
    let limit = sheet.confirm_by.and_then(|by| due_by.checked_add(SignedDuration::try_from(by).ok()? - passed).ok());
    limit.map_or(usually, |limit| usually.min(limit))
}

/// The change that news makes of a transaction as it stands.
fn change(app: &App, transaction: &Transaction, news: &News) -> Result<Change, NotSettled> {
    let at = app.clock.now();
    let event = match news {
        News::Heard(outcome) => event_of(outcome, transaction.state).ok_or(NotSettled::NothingNew)?,
        News::Advised(advice) => event_of_advice(advice),
        News::Happened { event, .. } => *event,
        News::Rerouted(_) => Event::Rerouted,
    };
    let step = next(transaction.state, event, transaction.terms).map_err(|refusal| match news {
        News::Heard(_) => NotSettled::NothingNew,
        News::Advised(_) | News::Happened { .. } | News::Rerouted(_) => NotSettled::Refused(refusal),
    })?;
    let mut change = Change {
        number: transaction.number,
        key: transaction.key.clone(),
        seen: transaction.version,
        at,
        event,
        state: step.state,
        // While the outcome is waited for, the time at which it is taken for lost stays as it is.
        due_at: transaction.due_at.filter(|_| matches!(step.state, State::Pending | State::Cancelled)),
        outcome: None,
        advice: None,
        ends: None,
        advised: None,
        note: None,
        reroute: None,
        act: None,
    };
    match news {
        News::Heard(outcome) => change.outcome = Some(outcome.clone()),
        News::Advised(advice) => change.advised = Some(advice.clone()),
        News::Happened { event: _, ends, note } => {
            (change.ends, change.note) = (ends.map(|ended| ended.end), note.clone());
        }
        News::Rerouted(reroute) => change.reroute = Some(reroute.clone()),
    }
    match step.effect {
        None => {}
        Some(Effect::Queue(advice)) => {
            change.advice = Some(QueuedAdvice { id: new_id(app.clock.as_ref()), advice, due_at: at });
        }
        Some(Effect::Consume(advice)) => {
            change.advice = Some(QueuedAdvice { id: new_id(app.clock.as_ref()), advice, due_at: at });
            change.ends = Some(AdviceEnd::Consumed);
        }
        Some(Effect::ConfirmLater) => {
            change.due_at = Some(confirms_at(app, transaction));
        }
    }
    Ok(change)
}

/// A transaction after a change that is on disk.
fn moved(transaction: Transaction, change: &Change) -> Transaction {
    let mut now =
        Transaction { version: transaction.version + 1, state: change.state, due_at: change.due_at, ..transaction };
    if let Some(Reroute { provider, terms }) = &change.reroute {
        (now.provider, now.terms) = (provider.clone(), *terms);
    }
    now
}

/// What the store holds after a change whose fate was open.
enum Reread {
    /// The change is in the journal after all, perhaps not as the last; this is how the transaction stands.
    Ours(Box<Transaction>),
    /// It is not; this is how the transaction stands.
    Now(Box<Transaction>),
}

async fn reread(app: &App, transaction: &Transaction, change: &Change) -> Result<Reread, StoreError> {
    let Some(now) = app.store.find(&transaction.key).await? else {
        return Err(StoreError::Determinate(vouchsafe_store::Cause::Damaged("an open transaction is gone".to_owned())));
    };
    if now.version > change.seen {
        let journal = app.store.journal(transaction.number).await?;
        let entry = journal.iter().find(|entry| entry.version == change.seen + 1);
        if entry.is_some_and(|entry| {
            (entry.at, entry.event, entry.advice.as_ref().map(|advice| advice.id))
                == (change.at, change.event, change.advice.as_ref().map(|advice| advice.id))
        }) {
            return Ok(Reread::Ours(Box::new(now)));
        }
    }
    Ok(Reread::Now(Box::new(now)))
}
