//! A channel repeats a request because it got no answer.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::message::{ProvisionRequest, ProvisionResponse, difference};
use vouchsafe_core::outcome::{Doubt, Outcome};
use vouchsafe_core::sheet::RetrySupport;
use vouchsafe_core::transaction::{Event, Kind, State};
use vouchsafe_store::{Key, StoreError, Transaction};

use crate::app::{App, Channel};
use crate::flow::ask::Bounds;
use crate::flow::provision::{Sent, sell};
use crate::flow::record::is_reversed;
use crate::flow::refusal::Refusal;
use crate::flow::translation::{own_reference, response};
use crate::metrics::{Ending, Operation};

/// Answers a retry from the journal: the provider is never asked a second time. What was never seen is
/// provisioned now; what is under way is waited for until this request's own deadline.
///
/// # Errors
/// [`Refusal`] says what the channel is told instead of the voucher.
pub async fn retry(
    app: Arc<App>,
    channel: Channel,
    request: ProvisionRequest,
    arrived: Instant,
) -> Result<ProvisionResponse, Refusal> {
    let mut provider = None;
    let answer = answer(&app, &channel, &request, arrived, &mut provider).await;
    app.metrics.answered(Operation::Retry, &channel.id, provider.as_ref(), Ending::of(&answer));
    answer
}

/// The answer itself. `provider` becomes whose sale it is, if it is anybody's.
async fn answer(
    app: &Arc<App>,
    channel: &Channel,
    request: &ProvisionRequest,
    arrived: Instant,
    provider: &mut Option<ProviderId>,
) -> Result<ProvisionResponse, Refusal> {
    let key = Key { channel: channel.id.clone(), kind: Kind::Provision, id: request.header.id };
    // Not before a copy of it has found its place: until then nobody can tell whether it was seen.
    drop(app.openings.enter(&key).await);
    let bounds = Bounds::of(app, channel, arrived);
    let Some(transaction) = bounds.within(app.store.find(&key)).await.map_err(unsure)? else {
        return match sell(app, channel, request, arrived, Sent::Again, provider).await {
            // A copy was faster: now it is known.
            Err(Refusal::DuplicateRecord) => repeat(app, channel, &key, request, arrived).await,
            answer => answer,
        };
    };
    *provider = Some(transaction.provider);
    repeat(app, channel, &key, request, arrived).await
}

/// A provider that knows no retries makes a hard decline of each; one that is configured no more is answered for
/// from the journal.
fn supported(app: &App, provider: &ProviderId) -> Result<(), Refusal> {
    match app.providers.get(provider).map(|desk| desk.sheet.retry) {
        Some(RetrySupport::Unsupported) => Err(Refusal::NoRetries),
        Some(RetrySupport::Supported | RetrySupport::Journal) | None => Ok(()),
    }
}

/// The answer to a request that is known.
async fn repeat(
    app: &App,
    channel: &Channel,
    key: &Key,
    request: &ProvisionRequest,
    arrived: Instant,
) -> Result<ProvisionResponse, Refusal> {
    let mut watch = app.watchers.watch(key);
    let bounds = Bounds::of(app, channel, arrived);
    let mut original = None;
    loop {
        let transaction = bounds.within(app.store.find(key)).await.map_err(unsure)?.ok_or(Refusal::Unsure)?;
        supported(app, &transaction.provider)?;
        if is_reversed(transaction.state) {
            return Err(Refusal::AlreadyReversed);
        }
        let original = match &mut original {
            Some(original) => original,
            none => none.insert(bounds.within(app.store.request(transaction.number)).await.map_err(unsure)?),
        };
        if let Some(field) = difference(original, request) {
            return Err(Refusal::OtherRequest(field));
        }
        if transaction.state != State::Pending {
            return as_told(app, &transaction, original, bounds).await;
        }
        if timeout_at(bounds.deadline, watch.news()).await.is_err() {
            return Err(Refusal::Unknown(Doubt::NoAnswer));
        }
    }
}

/// What the channel was told, or would have been, when the outcome was recorded: the same again.
async fn as_told(
    app: &App,
    transaction: &Transaction,
    original: &ProvisionRequest,
    bounds: Bounds,
) -> Result<ProvisionResponse, Refusal> {
    let journal = bounds.within(app.store.journal(transaction.number)).await.map_err(unsure)?;
    // Nothing is read after this: what is told is as of one point of the journal, and a reversal before it counts.
    if journal.last().is_some_and(|entry| is_reversed(entry.state)) {
        return Err(Refusal::AlreadyReversed);
    }
    for entry in journal {
        match (entry.event, entry.outcome) {
            (Event::ProviderApproved, Some(Outcome::Approved(approval))) => {
                // As it was sent first, and not as it is sent now: every answer is the same to the byte.
                let own = own_reference(&app.institution, transaction);
                return Ok(response(original, &approval, transaction.asked, own, entry.at));
            }
            (Event::ProviderDeclined | Event::RequestNotSent, Some(Outcome::Declined(decline))) => {
                return Err(Refusal::Declined(decline));
            }
            _ => {}
        }
    }
    tracing::error!(transaction.number = transaction.number.0, "a journal holds no outcome for its state");
    Err(Refusal::Unsure)
}

fn unsure(error: StoreError) -> Refusal {
    tracing::error!(%error, "the journal could not be read for a retry");
    Refusal::Unsure
}
