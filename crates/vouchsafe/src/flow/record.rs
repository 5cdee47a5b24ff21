//! Writes down what was heard of a transaction: the one road from an outcome to the journal.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use vouchsafe_core::outcome::{Decline, Doubt, Outcome};
use vouchsafe_core::transaction::{Effect, Event, State, next};
use vouchsafe_store::{Change, QueuedAdvice, Recorded, StoreError, Transaction};

use crate::app::App;
use crate::clock::new_id;

/// How long to wait before the store is tried again after it failed.
const PAUSE: Duration = Duration::from_millis(100);

/// A transition that is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The state it led from: pending, unless somebody else was first.
    pub(crate) from: State,
    /// The change's own time, which a response repeats.
    pub(crate) at: jiff::Timestamp,
}

/// Why an outcome is not in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotSettled {
    /// The transaction was settled without it, and it adds nothing to what is known.
    NothingNew(State),
    /// The store did not take it in the time there was.
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

/// Records an outcome, the event that it is and whatever the transition brings, in one commit.
///
/// The decision is made anew whenever somebody else recorded first, and the store is tried until `until`.
pub(crate) async fn record(
    app: &App,
    transaction: &Transaction,
    outcome: &Outcome,
    until: Instant,
) -> Result<Settled, NotSettled> {
    let mut transaction = transaction.clone();
    loop {
        let change = change(app, &transaction, outcome)?;
        let settled = Settled { from: transaction.state, at: change.at };
        let failure = match app.store.record(change.clone()).await {
            Ok(Recorded::Done) => return Ok(settled),
            Ok(Recorded::Stale) => None,
            Err(error) => Some(error),
        };
        if let Some(error) = &failure {
            tracing::warn!(transaction.number = transaction.number.0, %error, "the store did not take an outcome");
        }
        // Somebody recorded first, or the fate of our own commit is open: look before anything else.
        match reread(app, &transaction, &change).await {
            Ok(Reread::Ours) => return Ok(settled),
            Ok(Reread::Now(now)) => transaction = *now,
            Err(error) if Instant::now() + PAUSE > until => return Err(NotSettled::Store(failure.unwrap_or(error))),
            Err(_) => {}
        }
        if let Some(error) = failure {
            if Instant::now() + PAUSE > until {
                return Err(NotSettled::Store(error));
            }
            sleep(PAUSE).await;
        }
    }
}

/// The change that an outcome makes of a transaction as it stands.
fn change(app: &App, transaction: &Transaction, outcome: &Outcome) -> Result<Change, NotSettled> {
    let at = app.clock.now();
    let nothing_new = NotSettled::NothingNew(transaction.state);
    let event = event_of(outcome, transaction.state).ok_or(nothing_new.clone())?;
    let step = next(transaction.state, event, transaction.terms).map_err(|_| nothing_new)?;
    let (due_at, advice) = match step.effect {
        None => (None, None),
        Some(Effect::Queue(advice)) => {
            (None, Some(QueuedAdvice { id: new_id(app.clock.as_ref()), advice, due_at: at }))
        }
        Some(Effect::ConfirmLater) => {
            let after =
                app.providers.get(&transaction.provider).map_or(Duration::ZERO, |desk| desk.sheet.confirms_after());
            (Some(at + after), None)
        }
    };
    Ok(Change {
        number: transaction.number,
        key: transaction.key.clone(),
        seen: transaction.version,
        at,
        event,
        state: step.state,
        due_at,
        outcome: Some(outcome.clone()),
        advice,
    })
}

/// What the store holds after a change whose fate was open.
enum Reread {
    /// The change is in the journal after all.
    Ours,
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
                && entry.outcome == change.outcome
        }) {
            return Ok(Reread::Ours);
        }
    }
    Ok(Reread::Now(Box::new(now)))
}
