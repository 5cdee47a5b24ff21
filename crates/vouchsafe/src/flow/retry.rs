//! A channel repeats a request because it got no answer.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use vouchsafe_core::message::{ProvisionRequest, ProvisionResponse, difference};
use vouchsafe_core::outcome::{Doubt, Outcome};
use vouchsafe_core::sheet::RetrySupport;
use vouchsafe_core::transaction::{Event, Kind, State};
use vouchsafe_store::{Key, StoreError, Transaction};

use crate::app::{App, Channel};
use crate::flow::ask::Bounds;
use crate::flow::plan::plan;
use crate::flow::provision::provision;
use crate::flow::refusal::Refusal;
use crate::flow::translation::{own_reference, response};

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
    let key = Key { channel: channel.id.clone(), kind: Kind::Provision, id: request.header.id };
    // Not before a copy of it has found its place: until then nobody can tell whether it was seen.
    drop(app.openings.enter(&key).await);
    let Some(transaction) = app.store.find(&key).await.map_err(unsure)? else {
        supported(&app, first_provider(&app, &channel, &request)?)?;
        return match provision(Arc::clone(&app), channel.clone(), request.clone(), arrived).await {
            // A copy was faster: now it is known.
            Err(Refusal::DuplicateRecord) => repeat(&app, &channel, &key, &request, arrived).await,
            answer => answer,
        };
    };
    supported(&app, Some(transaction.provider))?;
    repeat(&app, &channel, &key, &request, arrived).await
}

/// Whom a request that was never seen would be asked of.
fn first_provider(
    app: &App,
    channel: &Channel,
    request: &ProvisionRequest,
) -> Result<Option<vouchsafe_core::id::ProviderId>, Refusal> {
    Ok(plan(app, channel, request)?.ways.first().map(|way| way.provider.clone()))
}

/// A provider that knows no retries makes a hard decline of each; one that is configured no more is answered for
/// from the journal.
fn supported(app: &App, provider: Option<vouchsafe_core::id::ProviderId>) -> Result<(), Refusal> {
    let desk = provider.and_then(|provider| app.providers.get(&provider));
    match desk.map(|desk| desk.sheet.retry) {
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
    let mut compared = false;
    loop {
        let transaction = app.store.find(key).await.map_err(unsure)?.ok_or(Refusal::Unsure)?;
        if reversed(transaction.state) {
            return Err(Refusal::AlreadyReversed);
        }
        if !compared {
            let original = app.store.request(transaction.number).await.map_err(unsure)?;
            if let Some(field) = difference(&original, request) {
                return Err(Refusal::OtherRequest(field));
            }
            compared = true;
        }
        if transaction.state != State::Pending {
            return as_told(app, &transaction).await;
        }
        if timeout_at(bounds.deadline, watch.news()).await.is_err() {
            return Err(Refusal::Unknown(Doubt::NoAnswer));
        }
    }
}

/// Whether a reversal of it was received or chosen.
const fn reversed(state: State) -> bool {
    match state {
        State::Cancelled | State::Reversing | State::Reversed | State::Orphaned | State::Resolved | State::Void => true,
        State::Pending | State::Approved | State::Declined | State::Confirming | State::Confirmed => false,
    }
}

/// What the channel was told, or would have been, when the outcome was recorded: the same again.
async fn as_told(app: &App, transaction: &Transaction) -> Result<ProvisionResponse, Refusal> {
    let journal = app.store.journal(transaction.number).await.map_err(unsure)?;
    for entry in journal {
        match (entry.event, entry.outcome) {
            (Event::ProviderApproved, Some(Outcome::Approved(approval))) => {
                // As it was sent first, and not as it is sent now: every answer is the same to the byte.
                let request = app.store.request(transaction.number).await.map_err(unsure)?;
                let own = own_reference(&app.institution, transaction);
                return Ok(response(&request, &approval, transaction.asked, own, entry.at));
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
