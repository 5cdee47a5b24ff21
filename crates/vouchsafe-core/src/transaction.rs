//! The life of a transaction: one pure function of state and event.
//!
//! ```text
//!              ┌── Declined ── Void
//!  Pending ────┼── Approved ──┬── Confirming ── Confirmed
//!     │        │              └── Reversing ──┬─ Reversed
//!  Cancelled ──┴── (unknown) ───────^         └─ Orphaned ── Resolved
//! ```
//! An unknown outcome is never left standing: the same step chooses REVERSE. `transitions.txt` beside
//! this crate's manifest is the whole table, written out by a test.

use crate::advice::{Advice, ReversalReason};
use crate::planted::spoilt;
use crate::sheet::Messaging;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// The operation a transaction was opened for. Ids are unique per channel and kind.
    Kind { Provision = "provision", Redemption = "redemption", Refund = "refund" }

    /// Where a transaction stands.
    State {
        /// The intent is durable; the request may be on the wire.
        Pending = "pending",
        /// As pending, and the channel has asked for the reversal already.
        Cancelled = "cancelled",
        /// The provider sold; nobody has chosen yet between confirming and reversing.
        Approved = "approved",
        /// A final no.
        Declined = "declined",
        /// CONFIRM was chosen; its advice is on the way.
        Confirming = "confirming",
        /// Sold for good.
        Confirmed = "confirmed",
        /// REVERSE was chosen; its advice is on the way.
        Reversing = "reversing",
        /// The provider took the reversal.
        Reversed = "reversed",
        /// Sold, or perhaps sold, and held by no channel: money at risk.
        Orphaned = "orphaned",
        /// An operator closed an orphan.
        Resolved = "resolved",
        /// Nothing was sold and the channel's reversal is on record: never to be sent.
        Void = "void",
    }

    /// What happened to a transaction.
    Event {
        /// The provider issued the voucher in time.
        ProviderApproved = "provider approved",
        /// The provider refused in time.
        ProviderDeclined = "provider declined",
        /// The request certainly never left.
        RequestNotSent = "request not sent",
        /// No answer in time.
        AnswerMissing = "answer missing",
        /// An answer that proves nothing.
        AnswerUnusable = "answer unusable",
        /// Whoever was to hear the answer is gone.
        AnswerLost = "answer lost",
        /// The provider turned out to have issued the voucher, after the outcome was settled without it.
        LateApproval = "late approval",
        /// The provider turned out to have refused, after the outcome was settled without it.
        LateDecline = "late decline",
        /// The channel says that the request must not stand.
        ReversalReceived = "reversal received",
        /// The channel says that the voucher was handed over.
        ConfirmationReceived = "confirmation received",
        /// The switch's own time to confirm has come.
        ConfirmationDue = "confirmation due",
        /// The provider took the reversal.
        ReversalDelivered = "reversal delivered",
        /// The provider will never take the reversal.
        ReversalRefused = "reversal refused",
        /// The provider took the confirmation.
        ConfirmationDelivered = "confirmation delivered",
        /// The provider will never take the confirmation.
        ConfirmationRefused = "confirmation refused",
        /// An operator closed the orphan.
        OrphanResolved = "orphan resolved",
        /// The request certainly never left, and another provider is to be asked.
        Rerouted = "rerouted",
        /// The switch could not be reached when its own time to confirm came: whoever was to reverse gets a while.
        ConfirmationPutOff = "confirmation put off",
    }

    /// Why an event changes nothing and is not written down.
    Refusal {
        /// CONFIRM was chosen before.
        AlreadyConfirmed = "already confirmed",
        /// REVERSE was chosen before.
        AlreadyReversed = "already reversed",
        /// There is no approved request to confirm.
        NothingToConfirm = "nothing to confirm",
        /// The event cannot happen in this state: a fault of ours.
        Impossible = "impossible",
    }
}

/// What a transition depends on besides state and event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// Who finalises.
    pub messaging: Messaging,
    /// Whether the provider takes confirmations.
    pub confirmations: bool,
    /// Whether the provider takes reversals.
    pub reversals: bool,
}

/// A transition that holds: the new state and what must become durable together with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Where the transaction stands now.
    pub state: State,
    /// What else the same commit must hold.
    pub effect: Option<Effect>,
}

/// What the commit of a transition holds besides event and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// An advice for the provider is queued.
    Queue(Advice),
    /// An advice that the provider does not take: it ends, consumed, as it is written down.
    Consume(Advice),
    /// The switch is to confirm by itself after the provider's `confirm_after`.
    ConfirmLater,
}

/// The next state, and what comes with it.
///
/// # Errors
/// The [`Refusal`] that says why the event does not apply; nothing is recorded then.
pub fn next(state: State, event: Event, terms: Terms) -> Result<Step, Refusal> {
    spoilt(state, event, lawful(state, event, terms))
}

const fn lawful(state: State, event: Event, terms: Terms) -> Result<Step, Refusal> {
    match state {
        State::Pending => while_pending(event, terms),
        State::Cancelled => while_cancelled(event, terms),
        State::Approved => while_approved(event, terms),
        State::Declined => while_declined(event),
        State::Confirming | State::Confirmed => once_confirm_is_chosen(state, event),
        State::Reversing => while_reversing(event),
        State::Reversed | State::Orphaned | State::Resolved => once_reversing_ended(state, event, terms),
        State::Void => match event {
            Event::ReversalReceived => stay(state),
            Event::ConfirmationReceived => Err(Refusal::AlreadyReversed),
            _ => Err(Refusal::Impossible),
        },
    }
}

const fn while_pending(event: Event, terms: Terms) -> Result<Step, Refusal> {
    match event {
        Event::ProviderApproved => match terms.messaging {
            Messaging::Single => Ok(Step { state: State::Approved, effect: Some(Effect::ConfirmLater) }),
            Messaging::Dual => stay(State::Approved),
        },
        Event::ProviderDeclined | Event::RequestNotSent => stay(State::Declined),
        Event::Rerouted => stay(State::Pending),
        Event::AnswerMissing | Event::AnswerLost => reverse(ReversalReason::Timeout, terms),
        Event::AnswerUnusable => reverse(ReversalReason::ResponseNotFinal, terms),
        Event::ReversalReceived => stay(State::Cancelled),
        Event::ConfirmationReceived => Err(Refusal::NothingToConfirm),
        _ => Err(Refusal::Impossible),
    }
}

/// The channel has reversed while the request was on the wire: whatever may have been sold is reversed,
/// and only after the request leg ended, so that the advice cannot overtake it.
const fn while_cancelled(event: Event, terms: Terms) -> Result<Step, Refusal> {
    match event {
        Event::ProviderApproved | Event::AnswerMissing | Event::AnswerUnusable | Event::AnswerLost => {
            reverse(ReversalReason::Cancelled, terms)
        }
        Event::ProviderDeclined | Event::RequestNotSent => stay(State::Void),
        Event::ReversalReceived => stay(State::Cancelled),
        Event::ConfirmationReceived => Err(Refusal::AlreadyReversed),
        _ => Err(Refusal::Impossible),
    }
}

const fn while_approved(event: Event, terms: Terms) -> Result<Step, Refusal> {
    match event {
        Event::ReversalReceived => reverse(ReversalReason::Cancelled, terms),
        Event::ConfirmationPutOff => Ok(Step { state: State::Approved, effect: Some(Effect::ConfirmLater) }),
        Event::ConfirmationReceived | Event::ConfirmationDue => Ok(if terms.confirmations {
            Step { state: State::Confirming, effect: Some(Effect::Queue(Advice::Confirmation)) }
        } else {
            Step { state: State::Confirmed, effect: Some(Effect::Consume(Advice::Confirmation)) }
        }),
        _ => Err(Refusal::Impossible),
    }
}

const fn while_declined(event: Event) -> Result<Step, Refusal> {
    match event {
        Event::ReversalReceived => stay(State::Void),
        Event::ConfirmationReceived => Err(Refusal::NothingToConfirm),
        _ => Err(Refusal::Impossible),
    }
}

const fn once_confirm_is_chosen(state: State, event: Event) -> Result<Step, Refusal> {
    match event {
        Event::ConfirmationReceived => stay(state),
        Event::ReversalReceived => Err(Refusal::AlreadyConfirmed),
        Event::ConfirmationDelivered if matches!(state, State::Confirming) => stay(State::Confirmed),
        // It stays where it is: the advice has ended, and the log tells an operator.
        Event::ConfirmationRefused if matches!(state, State::Confirming) => stay(state),
        _ => Err(Refusal::Impossible),
    }
}

const fn while_reversing(event: Event) -> Result<Step, Refusal> {
    match event {
        // What is known better now is written down; the reversal is on its way already.
        Event::ReversalReceived | Event::LateApproval | Event::LateDecline => stay(State::Reversing),
        Event::ReversalDelivered => stay(State::Reversed),
        Event::ReversalRefused => stay(State::Orphaned),
        Event::ConfirmationReceived => Err(Refusal::AlreadyReversed),
        _ => Err(Refusal::Impossible),
    }
}

const fn once_reversing_ended(state: State, event: Event, terms: Terms) -> Result<Step, Refusal> {
    match event {
        // The reversal may have overtaken its request: it is sent once more.
        Event::LateApproval if matches!(state, State::Reversed) => reverse(ReversalReason::Timeout, terms),
        Event::ReversalReceived | Event::LateApproval | Event::LateDecline => stay(state),
        Event::OrphanResolved if matches!(state, State::Orphaned) => stay(State::Resolved),
        Event::ConfirmationReceived => Err(Refusal::AlreadyReversed),
        _ => Err(Refusal::Impossible),
    }
}

/// Chooses REVERSE: an advice where the provider takes one, else an orphan that a person must look after.
const fn reverse(reason: ReversalReason, terms: Terms) -> Result<Step, Refusal> {
    Ok(if terms.reversals {
        Step { state: State::Reversing, effect: Some(Effect::Queue(Advice::Reversal(reason))) }
    } else {
        Step { state: State::Orphaned, effect: Some(Effect::Consume(Advice::Reversal(reason))) }
    })
}

const fn stay(state: State) -> Result<Step, Refusal> {
    Ok(Step { state, effect: None })
}

#[cfg(test)]
mod tests;
