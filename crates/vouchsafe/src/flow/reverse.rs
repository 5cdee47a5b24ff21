//! A channel says that its request must not stand.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::message::{BasicReversal, ChannelAdvice};
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::{self, Event, Kind, State, next};
use vouchsafe_store::{Forestalled, Key, StoreError, Transaction};

use crate::app::{App, Channel};
use crate::flow::ask::Bounds;
use crate::flow::record::{News, NotSettled, Settled, record};
use crate::flow::refusal::AdviceRefusal;
use crate::metrics::{Ending, Operation};
use crate::watchers::Watch;

/// Takes over a reversal: durable before it is acknowledged, chosen once, and forwarded until the provider has
/// it. Repeats have no second effect.
///
/// # Errors
/// [`AdviceRefusal`] says why it is not accepted.
pub async fn reverse(
    app: Arc<App>,
    channel: Channel,
    kind: Kind,
    reversal: BasicReversal,
    arrived: Instant,
) -> Result<(), AdviceRefusal> {
    let mut provider = None;
    let answer = take(&app, &channel, kind, &reversal, arrived, &mut provider).await;
    app.metrics.answered(Operation::Reversal(kind), &channel.id, provider.as_ref(), Ending::of_advice(&answer));
    answer
}

/// The taking over itself. `provider` becomes whose sale is reversed, if it is anybody's.
async fn take(
    app: &App,
    channel: &Channel,
    kind: Kind,
    reversal: &BasicReversal,
    arrived: Instant,
    provider: &mut Option<ProviderId>,
) -> Result<(), AdviceRefusal> {
    let key = Key { channel: channel.id.clone(), kind, id: reversal.advice.request_id };
    let bounds = Bounds::of(app, channel, arrived);
    let record_by = bounds.record_by;
    let mut watch = app.watchers.watch(&key);
    let Some(transaction) = bounds.within(locate(app, &key, reversal)).await.map_err(not_recorded)? else {
        return Err(AdviceRefusal::NothingToFinalise);
    };
    *provider = Some(transaction.provider.clone());
    // One that was chosen before changes nothing, so nothing is written, however often it is repeated.
    let step = next(transaction.state, Event::ReversalReceived, transaction.terms).map_err(refused)?;
    if step.state == transaction.state {
        return Ok(());
    }
    let news = News::Advised(ChannelAdvice::Reversal(reversal.clone()));
    match record(app, &transaction, &news, record_by).await {
        Ok(Settled { now, .. }) => {
            if now.terms.messaging == Messaging::Single && now.state == State::Reversing {
                first_attempt(app, &key, &mut watch, record_by).await;
            }
            Ok(())
        }
        Err(NotSettled::Refused(refusal)) => Err(refused(refusal)),
        Err(NotSettled::Store(_)) if planted(Bug::ReversalNotDurable) => Ok(()),
        Err(NotSettled::Store(error)) => Err(not_recorded(error)),
        Err(NotSettled::NothingNew) => Ok(()),
    }
}

/// The transaction to reverse. Where there is none, that is remembered for good, and the request, should it come
/// later, is asked of nobody.
async fn locate(app: &App, key: &Key, reversal: &BasicReversal) -> Result<Option<Transaction>, StoreError> {
    if let Some(transaction) = app.store.find(key).await? {
        return Ok(Some(transaction));
    }
    if planted(Bug::TombstoneForgotten) {
        return Ok(None);
    }
    match app.store.forestall(key.clone(), reversal.advice.id, app.clock.now()).await? {
        Forestalled::Noted => Ok(None),
        Forestalled::Known(transaction) => Ok(Some(transaction)),
    }
}

/// Waits, for a while, until delivery was tried once: then an acknowledgement normally means that the provider has it.
async fn first_attempt(app: &App, key: &Key, watch: &mut Watch<'_>, by: Instant) {
    let window = (Instant::now() + app.limits.reversal_sync).min(by);
    let tried = async {
        while !watch.has_seen_attempt()
            && matches!(app.store.find(key).await, Ok(Some(Transaction { state: State::Reversing, .. })))
        {
            watch.news().await;
        }
    };
    // It goes on without anybody waiting.
    let _ = timeout_at(window, tried).await;
}

const fn refused(refusal: transaction::Refusal) -> AdviceRefusal {
    match refusal {
        transaction::Refusal::AlreadyConfirmed => AdviceRefusal::AlreadyConfirmed,
        // A reversal is never too early, and one that was chosen before is no refusal.
        transaction::Refusal::AlreadyReversed
        | transaction::Refusal::NothingToConfirm
        | transaction::Refusal::Impossible => AdviceRefusal::NotRecorded,
    }
}

fn not_recorded(error: StoreError) -> AdviceRefusal {
    tracing::error!(%error, "a reversal could not be recorded");
    AdviceRefusal::NotRecorded
}
