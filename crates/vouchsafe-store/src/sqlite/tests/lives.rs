//! Transactions as a switch leads them: one sold and confirmed, one that is being reversed, one declined.

use vouchsafe_core::advice::{Advice, AdviceEnd, ReversalReason};
use vouchsafe_core::outcome::{Decline, Doubt, NotSent};
use vouchsafe_core::transaction::Event;

use super::*;
use crate::QueuedAdvice;
use crate::story::{approval, change, recorded};

/// An advice that is due at once.
pub(super) fn queued(transaction: &Transaction, id: u8, advice: Advice) -> Option<QueuedAdvice> {
    Some(QueuedAdvice { id: MessageId::from_parts([id; 16], 0), advice, due_at: transaction.opened_at })
}

/// Sold, confirmed, and the provider has the confirmation.
pub(super) async fn confirmed(store: &SqliteStore, id: u128) -> Transaction {
    let sold = recorded(store, approval(&open_new(store, &key(id)).await)).await;
    let confirming = change(&sold, Event::ConfirmationDue, State::Confirming);
    let advice = queued(&sold, 7, Advice::Confirmation);
    let confirming = recorded(store, Change { advice, ..confirming }).await;
    let delivered = change(&confirming, Event::ConfirmationDelivered, State::Confirmed);
    recorded(store, Change { ends: Some(AdviceEnd::Delivered), ..delivered }).await
}

/// Not answered in time; the reversal is on its way.
pub(super) async fn reversing(store: &SqliteStore, id: u128) -> Transaction {
    let open = open_new(store, &key(id)).await;
    let missing = change(&open, Event::AnswerMissing, State::Reversing);
    let advice = queued(&open, 8, Advice::Reversal(ReversalReason::Timeout));
    recorded(store, Change { outcome: Some(Outcome::Unknown(Doubt::NoAnswer)), advice, ..missing }).await
}

/// Never sent.
pub(super) async fn declined(store: &SqliteStore, id: u128) -> Transaction {
    let open = open_new(store, &key(id)).await;
    let outcome = Some(Outcome::Declined(Decline::NotSent(NotSent::NoConnection)));
    recorded(store, Change { outcome, ..change(&open, Event::RequestNotSent, State::Declined) }).await
}

/// One of each, with the numbers 1, 2 and 3, a pending one, and a request whose reversal came first.
pub(super) async fn lead(store: &SqliteStore) -> [Transaction; 3] {
    let led = [confirmed(store, 1).await, reversing(store, 2).await, declined(store, 3).await];
    open_new(store, &key(4)).await;
    let forestalled = store.forestall(key(5), key(6).id, led[0].opened_at).await;
    assert_eq!(forestalled, Ok(Forestalled::Noted));
    led
}
