//! A channel asks for a voucher, or that one be redeemed or refunded: one life for all three.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::time::Instant;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::message::{Request, Response};
use vouchsafe_core::outcome::{Approval, Doubt, Outcome};
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::sheet::RetrySupport;
use vouchsafe_core::transaction::State;
use vouchsafe_store::{Intent, Key, Opened, Transaction};

use crate::app::{App, Channel};
use crate::flow::ask::{Asked, Bounds, ask};
use crate::flow::late;
use crate::flow::plan::{Plan, plan, turn_soon};
use crate::flow::record::{News, NotSettled, Settled, is_reversed, record};
use crate::flow::refusal::Refusal;
use crate::flow::told::unsure;
use crate::flow::translation::{own_reference, response};
use crate::flow::voucher::OwnRecord;
use crate::metrics::{Ending, Operation};

/// Carries a request through: route, make room, commit the intent, ask once, commit the outcome, answer.
///
/// A redemption or a refund first lets what is owed for the same voucher reach its provider. Runs to its end whether or not
/// anybody still waits for the answer. `arrived` is when the request came in; what is left of the channel's patience is
/// counted from there.
///
/// # Errors
/// [`Refusal`] says what the channel is told instead of a response.
pub async fn transact(
    app: Arc<App>,
    channel: Channel,
    request: Request,
    arrived: Instant,
) -> Result<Response, Refusal> {
    let mut provider = None;
    let answer = carry_through(&app, &channel, &request, arrived, Sent::First, &mut provider).await;
    app.metrics.answered(Operation::Request(request.kind()), &channel.id, provider.as_ref(), Ending::of(&answer));
    answer
}

/// As what a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    First,
    /// As the retry of a request that was never seen.
    Again,
}

/// The carrying through itself. `provider` becomes who was asked in the end, if anybody was.
pub(super) async fn carry_through(
    app: &Arc<App>,
    channel: &Channel,
    request: &Request,
    arrived: Instant,
    sent: Sent,
    provider: &mut Option<ProviderId>,
) -> Result<Response, Refusal> {
    let key = Key { channel: channel.id.clone(), kind: request.kind(), id: request.header().id };
    let bounds = Bounds::of(app, channel, arrived);
    // Whoever waits for a voucher or for a turn holds no copy of the request up.
    let own_record = OwnRecord::of(app, channel, request, bounds).await;
    let planned = own_record.and_then(|own_record| plan(app, channel, request, &own_record)).and_then(|mut plan| {
        // A retry goes to nobody who knows none.
        plan.ways.retain(|way| sent == Sent::First || way.desk.sheet.retry != RetrySupport::Unsupported);
        if plan.ways.is_empty() { Err(Refusal::NoRetries) } else { Ok(plan) }
    });
    let placed = match planned {
        Ok(mut plan) => turn_soon(app, &channel.id, &mut plan.ways, bounds.deadline).await.map(|turn| (plan, turn)),
        Err(refusal) => Err(refusal),
    };
    // A twin may hold the door for longer than this copy's own time.
    let opening = match bounds.within(async { Ok(app.openings.enter(&key).await) }).await {
        Err(_) if planted(Bug::TwinWaitedFor) => app.openings.enter(&key).await,
        entered => entered.map_err(unsure)?,
    };
    let (plan, turn) = match placed {
        Ok(placed) => placed,
        Err(refusal) => return Err(known_before(app, &key, bounds, refusal).await),
    };
    let transaction = open(app, channel, key, request, &plan, arrived, bounds).await?;
    drop(opening);

    let Asked { transaction, outcome, call } = ask(app, channel, request, transaction, plan, turn, bounds).await;
    *provider = Some(transaction.provider.clone());
    let settled = record(app, &transaction, &News::Heard(outcome.clone()), bounds.record_by).await;
    if let Some(call) = call {
        // Only now: an answer that came while the silence was being recorded is late all the same.
        late::listen(app, &transaction, call);
    }
    let (approval, at) = verdict(&transaction, settled, outcome)?;
    let own = own_reference(&app.institution, &transaction);
    Ok(response(request, &approval, transaction.asked, own, at))
}

/// What a known id is told, or one whose reversal came first, whatever else is wrong with its request: the id comes first in
/// the order of checks, but is only worth a look into the store once something else is wrong, since opening looks anyway.
/// Where the look fails, nobody may say that nothing was sold: this may be a copy of a request that was.
async fn known_before(app: &App, key: &Key, bounds: Bounds, refusal: Refusal) -> Refusal {
    match bounds.within(app.store.find(key)).await {
        // A retry to whoever knows none is refused whatever became of the original.
        Ok(None) if matches!(refusal, Refusal::NoRetries) => return refusal,
        Ok(None) => {}
        Ok(Some(_)) => return Refusal::DuplicateRecord,
        Err(error) => return unsure(error),
    }
    match bounds.within(app.store.is_forestalled(key)).await {
        Ok(false) => refusal,
        Ok(true) => Refusal::AlreadyReversed,
        Err(error) => unsure(error),
    }
}

/// Commits the intent. From here on the transaction exists, whatever becomes of the caller or of us.
async fn open(
    app: &App,
    channel: &Channel,
    key: Key,
    request: &Request,
    plan: &Plan<'_>,
    arrived: Instant,
    bounds: Bounds,
) -> Result<Transaction, Refusal> {
    let way = plan.ways.first().ok_or(Refusal::NoRoute)?;
    let at = app.clock.now();
    let left = (arrived + channel.wait).saturating_duration_since(Instant::now());
    let intent = Intent {
        key: key.clone(),
        request: request.clone(),
        provider: way.provider.clone(),
        asked: plan.asked,
        terms: way.terms(channel.messaging),
        at,
        due_at: app.due_by() + left + app.limits.answer_margin,
    };
    // A copy waits for this one's opening, so it must end in time.
    let unrecorded = planted(Bug::AskWithoutIntent).then(|| crate::planted::unrecorded(&intent));
    match bounds.within(app.store.open(intent)).await {
        Ok(Opened::New(transaction)) => Ok(transaction),
        Ok(Opened::Known(transaction)) if planted(Bug::DuplicateAsked) => Ok(transaction),
        Ok(Opened::Known(_)) => Err(Refusal::DuplicateRecord),
        Ok(Opened::Forestalled) => Err(Refusal::AlreadyReversed),
        Err(error) => {
            // Where it is uncertain whether the intent was written, nothing is sent either: a twin of this request
            // may hold the same row for its own. What was written is closed by whoever finds it overdue.
            tracing::error!(%error, "an intent could not be recorded");
            if let Some(transaction) = unrecorded {
                return Ok(transaction);
            }
            Err(unopened(app, &key, bounds).await)
        }
    }
}

/// What is told when the intent may not be on disk: that nothing was sent, but only where that is true of every copy of
/// the request. One that has just been opened may be this one's own or its twin's.
async fn unopened(app: &App, key: &Key, bounds: Bounds) -> Refusal {
    match bounds.within(app.store.find(key)).await {
        _ if planted(Bug::CopyToldNothingSent) => Refusal::NotRecorded,
        // The writing took all the time there was: it may still be done after this look.
        _ if bounds.are_over() => Refusal::Unsure,
        Ok(None) => Refusal::NotRecorded,
        Ok(Some(found)) if found.version == 0 => Refusal::Unsure,
        Ok(Some(_)) => Refusal::DuplicateRecord,
        Err(error) => unsure(error),
    }
}

/// What the channel is told of an outcome, now that it is (or is not) on disk.
fn verdict(
    transaction: &Transaction,
    settled: Result<Settled, NotSettled>,
    outcome: Outcome,
) -> Result<(Box<Approval>, Timestamp), Refusal> {
    let tells_anyway =
        planted(Bug::LateIsTold) || (planted(Bug::AnswerNotDurable) && matches!(settled, Err(NotSettled::Store(_))));
    if tells_anyway && let Outcome::Approved(approval) = outcome {
        return Ok((approval, transaction.opened_at));
    }
    match settled {
        Ok(Settled { from: State::Pending, at, now }) => match outcome {
            // The reversal was chosen between the commit and the reading back.
            Outcome::Approved(_) if is_reversed(now.state) => Err(Refusal::AlreadyReversed),
            Outcome::Approved(approval) => Ok((approval, at)),
            Outcome::Declined(decline) => Err(Refusal::Declined(decline)),
            Outcome::Unknown(doubt) => Err(Refusal::Unknown(doubt)),
        },
        Ok(Settled { from: State::Cancelled, .. }) => Err(Refusal::AlreadyReversed),
        // Somebody took our answer for lost and settled without it: it is as late as one after the deadline.
        Ok(_) | Err(NotSettled::NothingNew | NotSettled::Refused(_)) => Err(Refusal::Unknown(Doubt::NoAnswer)),
        Err(NotSettled::Store(error)) => {
            tracing::error!(transaction.number = transaction.number.0, %error, "an outcome could not be recorded");
            Err(Refusal::Unsure)
        }
    }
}
