//! What every engine promises, as a story that each one's tests tell.
//!
//! [`tell`] wants an empty store and checks every promise of [`Store`] that shows within one life of it.
//! [`leave_traces`] and [`find_traces`] stand at the two ends of a closing and a reopening. A broken promise
//! panics and says which.
#![allow(clippy::unwrap_used, reason = "a story is a test: an unexpected error must end it")]

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe_core::advice::Hindrance;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::money::{Currency, LedgerAmount, LedgerIndicator};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::{Form, Text};
use vouchsafe_core::transaction::{Event, Kind, State, Terms};

use crate::{
    Act, ActEnd, Change, Concerned, Deed, Entry, Forestalled, Intent, Key, OpenAdvice, Opened, Recorded, RecordedAct,
    Reference, Store, Tally, Transaction, TransactionNumber,
};

pub mod acts;
mod advices;
mod attention;
mod journal;
mod opening;
mod references;
mod retention;
pub mod sample;
mod vouchers;

/// Tells the whole story on an empty store.
pub async fn tell(store: &dyn Store) {
    store.check().await.unwrap();
    opening::tell(store).await;
    journal::tell(store).await;
    advices::tell(store).await;
    attention::tell(store).await;
    references::tell(store).await;
    vouchers::tell(store).await;
    acts::tell(store).await;
    retention::tell(store).await;
    store.check().await.unwrap();
}

/// The key of a channel's provision with an id made of `id`.
fn key(channel: &str, id: u128) -> Key {
    Key { channel: text(channel), kind: Kind::Provision, id: self::id(id) }
}

fn id(number: u128) -> MessageId {
    MessageId::new(Uuid::from_u128(number))
}

fn text<F: Form, const LEAST: usize, const MOST: usize>(text: &str) -> Text<F, LEAST, MOST> {
    Text::new(text).unwrap()
}

/// An instant `millisecond` after the story's beginning.
fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + millisecond).unwrap()
}

/// An intent of R50, of the key's kind.
pub fn intent(key: &Key) -> Intent {
    Intent {
        key: key.clone(),
        request: sample::request_of(key.kind, key.id),
        provider: text("stellar"),
        asked: Some(LedgerAmount {
            amount: 5_000,
            currency: Currency::ZAR,
            ledger_indicator: Some(LedgerIndicator::Debit),
        }),
        terms: Terms { messaging: Messaging::Dual, confirmations: true, reversals: false },
        at: at(0),
        due_at: at(45_000),
    }
}

/// An event that moves a transaction, as it stands, to a state, and no more.
pub(crate) fn change(transaction: &Transaction, event: Event, state: State) -> Change {
    Change {
        number: transaction.number,
        key: transaction.key.clone(),
        seen: transaction.version,
        at: at(700),
        event,
        state,
        due_at: None,
        outcome: None,
        advice: None,
        ends: None,
        advised: None,
        note: None,
        reroute: None,
        act: None,
    }
}

/// The approval of a transaction, as it stands.
pub(crate) fn approval(transaction: &Transaction) -> Change {
    let outcome = Some(sample::outcomes().remove(0));
    Change { outcome, ..change(transaction, Event::ProviderApproved, State::Approved) }
}

/// Opens a transaction that was not there before.
async fn opened(store: &dyn Store, intent: Intent) -> Transaction {
    match store.open(intent).await.unwrap() {
        Opened::New(transaction) => transaction,
        other => broken(&other),
    }
}

#[allow(clippy::panic, reason = "a story is a test: a broken promise must end it")]
fn broken(found: &Opened) -> Transaction {
    panic!("a new key is not new: {found:?}")
}

/// Records a change that must be done, and returns the transaction as it stands then.
pub(crate) async fn recorded(store: &dyn Store, change: Change) -> Transaction {
    let key = change.key.clone();
    assert_eq!(store.record(change).await, Ok(Recorded::Done));
    store.find(&key).await.unwrap().unwrap()
}

/// What [`leave_traces`] has written.
#[derive(Debug)]
pub struct Traces {
    pending: Transaction,
    told: Transaction,
    journal: Vec<Entry>,
    put_off: OpenAdvice,
    forestalled: Key,
    tally: Tally,
    concerned: Vec<Concerned>,
    acts: Vec<RecordedAct>,
}

/// Writes what must still be there when the store was closed and opened again.
pub async fn leave_traces(store: &dyn Store) -> Traces {
    // Overdue before anything else that a story leaves.
    let pending = opened(store, Intent { due_at: at(-1), ..intent(&key("traces", 1)) }).await;
    let told = opened(store, intent(&key("traces", 2))).await;
    let journal = journal::fill_journal(store, &told).await;
    let told = store.find(&told.key).await.unwrap().unwrap();
    let queued = advices::queued(store, &key("shop", 0x1000), "traces", at(1_000)).await;
    let put_off = advices::put_off(store, queued, Hindrance::NotFound, at(9_000)).await;
    let forestalled = key("traces", 4);
    assert_eq!(store.forestall(forestalled.clone(), id(5), at(0)).await, Ok(Forestalled::Noted));
    recorded(store, change(&put_off.transaction, Event::LateApproval, State::Orphaned)).await;
    let put_off = OpenAdvice { transaction: store.find(&key("shop", 0x1000)).await.unwrap().unwrap(), ..put_off };
    let tally = store.tally().await.unwrap();
    let concerned = vouchers::found(store, sample::CODE).await;
    for end in [None, Some(ActEnd::Done), Some(ActEnd::Failed(text(sample::NOTE)))] {
        let act = Act { reason: text(sample::NOTE), ..acts::act(Deed::RedriveAdvice(told.number)) };
        let number = store.intend(act).await.unwrap();
        if let Some(end) = end {
            store.end_act(number, end, at(9_500)).await.unwrap();
        }
    }
    let acts = store.acts(Some(told.number), 9).await.unwrap();
    Traces { pending, told, journal, put_off, forestalled, tally, concerned, acts }
}

/// Finds again what [`leave_traces`] has written, and goes on where it stopped.
pub async fn find_traces(store: &dyn Store, traces: &Traces) {
    let Traces { pending, told, journal, put_off, forestalled, tally, concerned, acts } = traces;
    assert_eq!(store.find(&pending.key).await.unwrap().as_ref(), Some(pending));
    assert_eq!(store.find(&told.key).await.unwrap().as_ref(), Some(told));
    assert_eq!(store.request(pending.number).await, Ok(sample::request_of(Kind::Provision, pending.key.id)));
    assert_eq!(vouchers::found(store, sample::CODE).await, *concerned);
    assert_eq!(store.journal(told.number).await.unwrap(), *journal);
    assert_eq!(store.open(intent(&pending.key)).await, Ok(Opened::Known(pending.clone())));
    assert_eq!(store.open(intent(forestalled)).await, Ok(Opened::Forestalled));
    assert_eq!(store.due_advices(&text("traces"), at(9_000), 9).await.as_ref(), Ok(&vec![put_off.clone()]));
    assert_eq!(store.look_up(Reference::Id(put_off.queued.id)).await, Ok(vec![put_off.transaction.clone()]));
    assert_eq!(store.tally().await.as_ref(), Ok(tally));
    assert_eq!(store.acts(Some(told.number), 9).await.as_ref(), Ok(acts));
    let (orphan, before) = (&put_off.transaction, TransactionNumber(put_off.transaction.number.0 - 1));
    assert_eq!(store.orphans(before, 1).await.as_ref(), Ok(&vec![orphan.clone()]));
    assert_eq!(store.unanswered(pending.due_at.unwrap(), 1).await.as_ref(), Ok(&vec![pending.clone()]));
    let new = opened(store, intent(&key("traces", 3))).await;
    assert!(new.number > told.number, "a number is never used twice");
    assert_eq!(store.record(approval(pending)).await, Ok(Recorded::Done));
}
