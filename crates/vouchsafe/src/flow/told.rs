//! What a channel was told of a request, or would have been: the same again.

use vouchsafe_core::message::Response;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::transaction::Event;
use vouchsafe_store::{Cause, Dossier, StoreError, Transaction};

use crate::app::App;
use crate::flow::record::is_reversed;
use crate::flow::refusal::Refusal;
use crate::flow::translation::{own_reference, response};

/// The answer to a request whose outcome is recorded, from its dossier.
pub(crate) fn as_told(app: &App, transaction: &Transaction, dossier: Dossier) -> Result<Response, Refusal> {
    let Dossier { request: original, journal } = dossier;
    // Nothing is read after it: what is told is as of one point of the journal, and a reversal before it counts.
    if journal.last().is_some_and(|entry| is_reversed(entry.state)) && !planted(Bug::RetryOfReversed) {
        return Err(Refusal::AlreadyReversed);
    }
    if journal.iter().any(|entry| entry.event == Event::ProviderApproved && entry.is_destroyed) {
        return Err(Refusal::KeptNoLonger);
    }
    for entry in journal {
        match (entry.event, entry.outcome) {
            (Event::ProviderApproved, Some(Outcome::Approved(approval))) => {
                // As it was sent first, and not as it is sent now: every answer is the same to the byte.
                let own = own_reference(&app.institution, transaction);
                return Ok(response(&original, &approval, transaction.asked, own, entry.at));
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

pub(crate) fn unsure(error: StoreError) -> Refusal {
    if *error.cause() == Cause::Destroyed {
        return Refusal::KeptNoLonger;
    }
    tracing::error!(%error, "the journal could not be read");
    Refusal::Unsure
}
