//! A channel says that its request stands.

use std::sync::Arc;

use tokio::time::Instant;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::message::{ChannelAdvice, TenderAdvice};
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::transaction::{self, Event, Kind, State, next};
use vouchsafe_store::{Key, StoreError, Transaction};

use crate::app::{App, Channel};
use crate::flow::ask::Bounds;
use crate::flow::authorised::{authorised, final_amount, is_within};
use crate::flow::record::{News, NotSettled, Settled, record};
use crate::flow::refusal::AdviceRefusal;
use crate::metrics::{Ending, Operation};

/// Takes over a confirmation: durable before it is acknowledged, chosen once, and forwarded until the provider has it,
/// or consumed where the provider takes none. Repeats have no second effect.
///
/// # Errors
/// [`AdviceRefusal`] says why it is not accepted.
pub async fn confirm(
    app: Arc<App>,
    channel: Channel,
    kind: Kind,
    confirmation: TenderAdvice,
    arrived: Instant,
) -> Result<(), AdviceRefusal> {
    let mut provider = None;
    let answer = take(&app, &channel, kind, &confirmation, arrived, &mut provider).await;
    app.metrics.answered(Operation::Confirmation(kind), &channel.id, provider.as_ref(), Ending::of_advice(&answer));
    answer
}

/// The taking over itself. `provider` becomes whose sale is confirmed, if it is anybody's.
async fn take(
    app: &App,
    channel: &Channel,
    kind: Kind,
    confirmation: &TenderAdvice,
    arrived: Instant,
    provider: &mut Option<ProviderId>,
) -> Result<(), AdviceRefusal> {
    let key = Key { channel: channel.id.clone(), kind, id: confirmation.advice.request_id };
    let bounds = Bounds::of(app, channel, arrived);
    let found = bounds.within(app.store.find(&key)).await.map_err(not_recorded)?;
    let transaction = found.ok_or(AdviceRefusal::NothingToFinalise)?;
    *provider = Some(transaction.provider.clone());
    let step = next(transaction.state, Event::ConfirmationReceived, transaction.terms).map_err(refused)?;
    if step.state == transaction.state {
        return repeated(app, &transaction, confirmation, bounds).await;
    }
    if let Some(final_amount) = final_amount(&confirmation.advice) {
        let journal = bounds.within(app.store.journal(transaction.number)).await.map_err(not_recorded)?;
        if !is_within(final_amount, authorised(&transaction, &journal)) {
            return Err(AdviceRefusal::NotAuthorised);
        }
    }
    let news = News::Advised(ChannelAdvice::Confirmation(confirmation.clone()));
    match record(app, &transaction, &news, bounds.record_by).await {
        Ok(Settled { from: State::Approved, .. }) => Ok(()),
        // Another was faster, or the switch's own.
        Ok(Settled { now, .. }) => repeated(app, &now, confirmation, bounds).await,
        Err(NotSettled::Refused(refusal)) => Err(refused(refusal)),
        Err(NotSettled::Store(_)) if planted(Bug::ConfirmationNotDurable) => Ok(()),
        Err(NotSettled::Store(error)) => Err(not_recorded(error)),
        Err(NotSettled::NothingNew) => Ok(()),
    }
}

/// What is said to a confirmation when CONFIRM was chosen before. Of a provision it changes nothing whoever says it; a
/// redemption or a refund is confirmed by one advice, however often that is sent.
async fn repeated(
    app: &App,
    transaction: &Transaction,
    confirmation: &TenderAdvice,
    bounds: Bounds,
) -> Result<(), AdviceRefusal> {
    if transaction.key.kind == Kind::Provision {
        return Ok(());
    }
    let journal = bounds.within(app.store.journal(transaction.number)).await.map_err(not_recorded)?;
    let first = journal.iter().find_map(|entry| match &entry.advised {
        Some(ChannelAdvice::Confirmation(first)) => Some(first.advice.id),
        Some(ChannelAdvice::Reversal(_)) | None => None,
    });
    match first {
        Some(first) if first != confirmation.advice.id => Err(AdviceRefusal::ConfirmedByAnother),
        // The same again; or the switch has confirmed by itself, and the channel now says the same.
        Some(_) | None => Ok(()),
    }
}

const fn refused(refusal: transaction::Refusal) -> AdviceRefusal {
    match refusal {
        transaction::Refusal::AlreadyReversed => AdviceRefusal::AlreadyReversed,
        transaction::Refusal::NothingToConfirm => AdviceRefusal::NothingToFinalise,
        // A confirmation that was chosen before is no refusal, and no other event is asked about here.
        transaction::Refusal::AlreadyConfirmed | transaction::Refusal::Impossible => AdviceRefusal::NotRecorded,
    }
}

fn not_recorded(error: StoreError) -> AdviceRefusal {
    tracing::error!(%error, "a confirmation could not be recorded");
    AdviceRefusal::NotRecorded
}
