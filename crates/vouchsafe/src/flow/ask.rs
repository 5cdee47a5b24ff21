//! Asks providers, one after the other while nothing can have reached any.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout_at};
use vouchsafe_core::circuit::Wait;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::Request;
use vouchsafe_core::outcome::{Decline, Doubt, NotSent, Outcome};
use vouchsafe_core::party::Institution;
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::transaction::State;
use vouchsafe_provider::Patience;
use vouchsafe_store::{Cause, Reroute, StoreError, Transaction};

use crate::app::{App, Channel};
use crate::desk::Turn;
use crate::flow::late;
use crate::flow::plan::{Plan, Way, turn};
use crate::flow::record::{News, NotSettled, record};
use crate::flow::translation::{Names, own_reference, upstream_request};

/// How long after the deadline an adapter may still say what it knows.
pub(crate) const LAST_WORD: Duration = Duration::from_millis(10);

/// What came of asking.
pub(crate) struct Asked {
    /// The transaction as it stands: another provider's than before where the first could not be reached.
    pub(crate) transaction: Transaction,
    pub(crate) outcome: Outcome,
    /// A call that is not over at the deadline.
    pub(crate) call: Option<late::Call>,
}

/// The instants that bound a channel's request.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    /// From then on the channel's answer must be on its way, so no provider's counts any more.
    pub(crate) deadline: Instant,
    /// The outcome is on disk by then, or it is not told.
    pub(crate) record_by: Instant,
}

impl Bounds {
    /// Of a request that came in at `arrived`: both within the channel's time, less the margin for the answer.
    pub(crate) fn of(app: &App, channel: &Channel, arrived: Instant) -> Self {
        let margin =
            if planted(Bug::DeadlineIgnored) { Duration::ZERO } else { app.limits.answer_margin.min(channel.wait) };
        let give_up = arrived + channel.wait;
        // Half of the margin is for the commit, the other half for the way to the channel.
        Self { deadline: give_up - margin, record_by: give_up - margin / 2 }
    }

    /// Whether nothing more can be waited for.
    pub(crate) fn are_over(self) -> bool {
        Instant::now() >= self.record_by
    }

    /// Waits for a verb of the store no longer than there is time to say that it did not answer. A write may be done all the
    /// same; but one that would begin too late does not begin, for chance alone would say whether it is answered.
    pub(crate) async fn within<T>(self, verb: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let failed = |words: &str| Err(StoreError::Indeterminate(Cause::Engine(words.to_owned())));
        if self.are_over() {
            return failed("the request's time was over before it could be asked");
        }
        timeout_at(self.record_by, verb).await.unwrap_or_else(|_| failed("it did not answer in the time there was"))
    }
}

/// Asks the first way of the plan, for which there is a turn, and the next ones for as long as it is certain that nothing
/// was sent. Another provider's name is on disk before it sees a byte.
pub(crate) async fn ask(
    app: &Arc<App>,
    channel: &Channel,
    request: &Request,
    mut transaction: Transaction,
    plan: Plan<'_>,
    mut held: Turn,
    bounds: Bounds,
) -> Asked {
    let Plan { mut ways, redemption, .. } = plan;
    loop {
        let way = ways.remove(0);
        let asked_at = Instant::now();
        let (answer, call) = once(app, &way, request, redemption, &transaction, held, bounds.deadline).await;
        app.metrics.asked(&way.provider, asked_at.elapsed());
        let not_sent = match answer {
            Ok(Outcome::Unknown(_)) if planted(Bug::RerouteInDoubt) => NotSent::NoConnection,
            Ok(outcome) => {
                alert(&transaction, &outcome);
                return Asked { transaction, outcome, call };
            }
            Err(not_sent) => not_sent,
        };
        let outcome = Outcome::Declined(Decline::NotSent(not_sent));
        if Instant::now() >= bounds.deadline || ways.is_empty() {
            return Asked { transaction, outcome, call };
        }
        let Ok(next_turn) = turn(&channel.id, &mut ways) else { return Asked { transaction, outcome, call } };
        let next = &ways[0];
        tracing::warn!(transaction.number = transaction.number.0, from = %way.provider, to = %next.provider, why = %not_sent, "rerouted");
        let reroute = Reroute { provider: next.provider.clone(), terms: next.terms(channel.messaging) };
        match record(app, &transaction, &News::Rerouted(reroute), bounds.record_by).await {
            Ok(settled) if settled.now.state == State::Pending => transaction = settled.now,
            Ok(_) | Err(NotSettled::Refused(_) | NotSettled::NothingNew | NotSettled::Store(_)) => {
                // Cancelled meanwhile, or the store is ill: nothing was sent, and nothing will be.
                return Asked { transaction, outcome, call };
            }
        }
        held = next_turn;
    }
}

/// Asks one provider, once, and waits until the deadline. A call that is not over by then is handed back.
async fn once(
    app: &Arc<App>,
    way: &Way<'_>,
    request: &Request,
    redemption: Option<MessageId>,
    transaction: &Transaction,
    turn: Turn,
    by: Instant,
) -> (Result<Outcome, NotSent>, Option<late::Call>) {
    let (begun, timeout) = (Instant::now(), way.desk.sheet.timeout);
    let deadline = (begun + timeout).min(by);
    if begun >= deadline {
        // Our own slowness, and no fault of the provider's.
        return (Err(NotSent::NoTime), None);
    }
    let turn = turn.used();
    let own = own_reference(&app.institution, transaction);
    let client = Institution { id: way.desk.user_name.clone(), name: app.institution.name.clone() };
    let names = Names { client, own, product_id: way.product_id.as_ref(), redemption };
    let upstream = upstream_request(request, transaction, names, app.clock.now());
    let provider = Arc::clone(&way.desk.provider);
    let patience = Patience { send_by: deadline, listen_until: deadline + app.limits.late_answer };
    // In place, for a task of its own costs a way to another thread and back. An adapter that panics has proven nothing.
    let call = AssertUnwindSafe(async move {
        if planted(Bug::AskTwice) {
            drop(provider.ask(&upstream, patience).await);
        }
        provider.ask(&upstream, patience).await
    })
    .catch_unwind();
    let mut call = Box::pin(call);
    let wait = || Wait { timeout, given: deadline - begun, taken: begun.elapsed() };
    // A little longer than the adapter, so that its word that nothing was sent is not lost to our own silence.
    match timeout_at(deadline + LAST_WORD, &mut call).await {
        Ok(Ok(answer)) => {
            way.desk.heard(&answer, wait());
            (answer, None)
        }
        Ok(Err(_panic)) => {
            tracing::error!(transaction.number = transaction.number.0, "a provider adapter failed");
            (Ok(Outcome::Unknown(Doubt::NoAnswer)), None)
        }
        Err(_) => {
            let silence = Ok(Outcome::Unknown(Doubt::NoAnswer));
            way.desk.heard(&silence, wait());
            // From here on it goes its own way.
            let answer = tokio::spawn(async move { call.await.unwrap_or_else(|panic| resume_unwind(panic)) });
            (silence, Some(late::Call { answer, turn }))
        }
    }
}

/// Tells the operator what only a person can mend.
fn alert(transaction: &Transaction, outcome: &Outcome) {
    let (number, provider) = (transaction.number.0, &transaction.provider);
    match outcome {
        Outcome::Declined(Decline::OurCredentials) => {
            tracing::error!(transaction.number = number, %provider, "a provider does not accept our credentials");
        }
        Outcome::Unknown(Doubt::Unusable { reason, .. }) => {
            tracing::warn!(transaction.number = number, %provider, %reason, "a provider's answer proves nothing");
        }
        Outcome::Approved(_) | Outcome::Declined(_) | Outcome::Unknown(Doubt::NoAnswer | Doubt::Lost) => {}
    }
}
