//! Transactions as a switch leads them: one sold and confirmed, one that is being reversed, one declined.

use vouchsafe_core::advice::{Advice, AdviceEnd, ReversalReason};
use vouchsafe_core::outcome::{Decline, Doubt, NotSent};
use vouchsafe_core::transaction::Event;

use super::*;
use crate::QueuedAdvice;
use crate::story::sample;

/// A change that says nothing but what happened.
pub(super) fn change(transaction: &Transaction, seen: u32, event: Event, state: State) -> Change {
    Change {
        number: transaction.number,
        key: transaction.key.clone(),
        seen,
        at: transaction.opened_at,
        event,
        state,
        due_at: None,
        outcome: None,
        advice: None,
        ends: None,
        advised: None,
        note: None,
        reroute: None,
    }
}

pub(super) async fn record(store: &SqliteStore, change: Change) {
    assert_eq!(store.record(change).await, Ok(Recorded::Done));
}

fn queued(transaction: &Transaction, id: u8, advice: Advice) -> Option<QueuedAdvice> {
    Some(QueuedAdvice { id: MessageId::from_parts([id; 16], 0), advice, due_at: transaction.opened_at })
}

/// Sold, confirmed, and the provider has the confirmation.
pub(super) async fn confirmed(store: &SqliteStore, id: u128) -> Transaction {
    let sold = open_new(store, &key(id)).await;
    let approval = sample::outcomes().into_iter().find(|outcome| matches!(outcome, Outcome::Approved(_)));
    record(store, Change { outcome: approval, ..change(&sold, 0, Event::ProviderApproved, State::Approved) }).await;
    let confirming = change(&sold, 1, Event::ConfirmationDue, State::Confirming);
    record(store, Change { advice: queued(&sold, 7, Advice::Confirmation), ..confirming }).await;
    let delivered = change(&sold, 2, Event::ConfirmationDelivered, State::Confirmed);
    record(store, Change { ends: Some(AdviceEnd::Delivered), ..delivered }).await;
    sold
}

/// Not answered in time; the reversal is on its way.
pub(super) async fn reversing(store: &SqliteStore, id: u128) -> Transaction {
    let open = open_new(store, &key(id)).await;
    let missing = change(&open, 0, Event::AnswerMissing, State::Reversing);
    let advice = queued(&open, 8, Advice::Reversal(ReversalReason::Timeout));
    record(store, Change { outcome: Some(Outcome::Unknown(Doubt::NoAnswer)), advice, ..missing }).await;
    open
}

/// Never sent.
pub(super) async fn declined(store: &SqliteStore, id: u128) -> Transaction {
    let open = open_new(store, &key(id)).await;
    let outcome = Some(Outcome::Declined(Decline::NotSent(NotSent::NoConnection)));
    record(store, Change { outcome, ..change(&open, 0, Event::RequestNotSent, State::Declined) }).await;
    open
}

/// One of each, with the numbers 1, 2 and 3, a pending one, and a request whose reversal came first.
pub(super) async fn lead(store: &SqliteStore) -> [Transaction; 3] {
    let led = [confirmed(store, 1).await, reversing(store, 2).await, declined(store, 3).await];
    open_new(store, &key(4)).await;
    let forestalled = store.forestall(key(5), key(6).id, led[0].opened_at).await;
    assert_eq!(forestalled, Ok(Forestalled::Noted));
    led
}
