//! Answers after the deadline: written down, never delivered.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use vouchsafe_core::outcome::{Decline, Doubt, NotSent, Outcome};
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_store::Transaction;

use crate::app::App;
use crate::desk::Turn;
use crate::flow::record::{News, NotSettled, record};

/// A request whose answer is still out.
pub(crate) struct Call {
    pub(crate) answer: JoinHandle<Result<Outcome, NotSent>>,
    /// Kept while the request is under way, so that a silent provider is not asked without bound.
    pub(crate) turn: Turn,
}

/// Listens on for an answer that is too late for the channel, and writes it down.
///
/// It is evidence: a late approval makes sure that the reversal, or the orphan, exists. A switch that is
/// asked to stop does not wait for it.
pub(crate) fn listen(app: &Arc<App>, transaction: &Transaction, call: Call) {
    let (app, transaction) = (Arc::clone(app), transaction.clone());
    tokio::spawn(async move {
        let Call { answer, turn } = call;
        let answer = tokio::select! {
            // An answer that is there is written down, whatever else is.
            biased;
            answer = answer => answer,
            () = app.stopping.cancelled() => return,
        };
        drop(turn);
        match answer {
            // A proof that nothing was sent is a decline: there is nobody else to ask any more.
            Ok(answer) => {
                let outcome = answer.unwrap_or_else(|not_sent| Outcome::Declined(Decline::NotSent(not_sent)));
                note(&app, &transaction, outcome).await;
            }
            Err(fault) => {
                tracing::error!(transaction.number = transaction.number.0, %fault, "a provider adapter failed");
            }
        }
    });
}

async fn note(app: &App, transaction: &Transaction, outcome: Outcome) {
    let number = transaction.number.0;
    let until = Instant::now() + app.limits.late_answer;
    // The silence comes first, in case it could not be recorded when it was told: what is late is never taken
    // for an answer in time.
    if planted(Bug::LateIgnored) {
        return;
    }
    for news in [Outcome::Unknown(Doubt::NoAnswer), outcome] {
        match record(app, transaction, &News::Heard(news), until).await {
            Ok(_) => tracing::warn!(transaction.number = number, "a provider's late answer was recorded"),
            Err(NotSettled::NothingNew | NotSettled::Refused(_)) => {}
            Err(NotSettled::Store(error)) => {
                tracing::error!(transaction.number = number, %error, "a late answer could not be recorded");
                return;
            }
        }
    }
}
