//! A channel repeats a request because it got no answer.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::message::{ProvisionRequest, Request, Response, difference};
use vouchsafe_core::outcome::Doubt;
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::sheet::RetrySupport;
use vouchsafe_core::transaction::{Kind, State};
use vouchsafe_store::{Key, Transaction};

use crate::app::{App, Channel};
use crate::flow::ask::Bounds;
use crate::flow::record::is_reversed;
use crate::flow::refusal::Refusal;
use crate::flow::seen::{Seen, found};
use crate::flow::told::{as_told, unsure};
use crate::flow::transact::{Sent, carry_through};
use crate::metrics::{Ending, Operation};

/// Answers a retry from the journal: the provider is never asked a second time. What was never seen is
/// provisioned now; what is under way is waited for until this request's own deadline. `seen` is what is known of it.
///
/// # Errors
/// [`Refusal`] says what the channel is told instead of the voucher.
pub async fn retry(
    app: Arc<App>,
    channel: Channel,
    request: ProvisionRequest,
    arrived: Instant,
    seen: Seen,
) -> Result<Response, Refusal> {
    let mut provider = None;
    let answer = answer(&app, &channel, &request, arrived, seen, &mut provider).await;
    app.metrics.answered(Operation::Retry, &channel.id, provider.as_ref(), Ending::of(&answer));
    answer
}

/// The answer itself. `provider` becomes whose sale it is, if it is anybody's.
async fn answer(
    app: &Arc<App>,
    channel: &Channel,
    request: &ProvisionRequest,
    arrived: Instant,
    seen: Seen,
    provider: &mut Option<ProviderId>,
) -> Result<Response, Refusal> {
    let key = Key { channel: channel.id.clone(), kind: Kind::Provision, id: request.header.id };
    let known = match seen {
        Seen::Before(transaction) => Some(transaction),
        // Whatever was never seen may have been by now.
        Seen::Never | Seen::Unclear => found(app, &key, Bounds::of(app, channel, arrived)).await.map_err(unsure)?,
    };
    let Some(transaction) = known else {
        let first = Request::Provision(request.clone());
        return match carry_through(app, channel, &first, arrived, Sent::Again, provider).await {
            // A copy was faster: now it is known.
            Err(Refusal::DuplicateRecord) => repeat(app, channel, &key, request, arrived, None).await,
            answer => answer,
        };
    };
    if planted(Bug::RetryAsksAgain) {
        crate::planted::resend(app, &transaction).await;
    }
    *provider = Some(transaction.provider.clone());
    repeat(app, channel, &key, request, arrived, Some(transaction)).await
}

/// A provider that knows no retries makes a hard decline of each; one that is configured no more is answered for
/// from the journal.
fn supported(app: &App, provider: &ProviderId) -> Result<(), Refusal> {
    match app.providers.get(provider).map(|desk| desk.sheet.retry) {
        Some(RetrySupport::Unsupported) => Err(Refusal::NoRetries),
        Some(RetrySupport::Supported | RetrySupport::Journal) | None => Ok(()),
    }
}

/// The answer to a request that is known, and stood like `known` a moment ago.
async fn repeat(
    app: &App,
    channel: &Channel,
    key: &Key,
    request: &ProvisionRequest,
    arrived: Instant,
    known: Option<Transaction>,
) -> Result<Response, Refusal> {
    let mut watch = app.watchers.watch(key);
    let bounds = Bounds::of(app, channel, arrived);
    // What has its outcome keeps it, and a reversal that came since then is in the journal, which is read last. What was
    // pending must be looked at once more: its news may have come before anybody watched.
    let mut known = known.filter(|transaction| transaction.state != State::Pending);
    loop {
        let mut transaction = match known.take() {
            Some(transaction) => transaction,
            None => bounds.within(app.store.find(key)).await.map_err(unsure)?.ok_or(Refusal::Unsure)?,
        };
        if planted(Bug::RetryOfOthers) {
            transaction = crate::planted::anybodys(app, transaction).await;
        }
        supported(app, &transaction.provider)?;
        if is_reversed(transaction.state) && !planted(Bug::RetryOfReversed) {
            return Err(Refusal::AlreadyReversed);
        }
        let dossier = bounds.within(app.store.dossier(transaction.number)).await.map_err(unsure)?;
        // What is stored under a provision's key is a provision.
        let Request::Provision(first) = &dossier.request else { return Err(Refusal::Unsure) };
        if let Some(field) = difference(first, request) {
            return Err(Refusal::OtherRequest(field));
        }
        if transaction.state != State::Pending {
            return as_told(app, &transaction, dossier);
        }
        if timeout_at(bounds.deadline, watch.news()).await.is_err() {
            return Err(Refusal::Unknown(Doubt::NoAnswer));
        }
    }
}
