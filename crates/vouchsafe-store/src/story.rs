//! What every engine promises, as a story that each one's tests tell.
//!
//! [`tell`] wants an empty store and checks every promise of [`Store`] that shows within one life of it.
//! [`leave_traces`] and [`find_traces`] stand at the two ends of a closing and a reopening. A broken promise
//! panics and says which.
#![allow(clippy::unwrap_used, reason = "a story is a test: an unexpected error must end it")]

use jiff::Timestamp;
use uuid::Uuid;
use vouchsafe_core::advice::{Advice, ReversalReason};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::money::{Currency, LedgerAmount, LedgerIndicator};
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::{Form, Text};
use vouchsafe_core::transaction::{Event, Kind, State, Terms};

use crate::{
    Change, Entry, Intent, Key, Opened, QueuedAdvice, Recorded, Store, StoreError, Transaction, TransactionNumber,
};

pub mod sample;

/// Tells the whole story on an empty store.
pub async fn tell(store: &dyn Store) {
    store.check().await.unwrap();
    what_was_never_opened_is_not_found(store).await;
    a_key_is_opened_once(store).await;
    copies_at_the_same_time_open_one_transaction(store).await;
    an_id_is_the_same_in_any_case_and_echoed_as_sent(store).await;
    each_kind_has_its_own_ids(store).await;
    two_channels_with_one_id_are_two_transactions_to_a_provider(store).await;
    nobody_can_lay_hands_on_a_derived_id(store).await;
    a_request_comes_back_whole_but_for_its_pin_block(store).await;
    a_change_moves_its_transaction(store).await;
    a_change_on_another_version_writes_nothing(store).await;
    of_changes_at_the_same_time_one_is_done(store).await;
    a_journal_tells_everything_in_order(store).await;
    store.check().await.unwrap();
}

/// The key of a channel's provision with an id made of `id`.
fn key(channel: &str, id: u128) -> Key {
    Key { channel: text(channel), kind: Kind::Provision, id: MessageId::new(Uuid::from_u128(id)) }
}

fn text<F: Form, const LEAST: usize, const MOST: usize>(text: &str) -> Text<F, LEAST, MOST> {
    Text::new(text).unwrap()
}

/// An instant `millisecond` after the story's beginning.
fn at(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(1_700_000_000_000 + millisecond).unwrap()
}

/// An intent to provision R50.
pub fn intent(key: &Key) -> Intent {
    Intent {
        key: key.clone(),
        request: sample::request(key.id),
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

/// The approval of a transaction as it was opened.
fn approval(transaction: &Transaction) -> Change {
    Change {
        number: transaction.number,
        key: transaction.key.clone(),
        seen: transaction.version,
        at: at(700),
        event: Event::ProviderApproved,
        state: State::Approved,
        due_at: None,
        outcome: Some(sample::outcomes().remove(0)),
        advice: None,
    }
}

/// Opens a transaction that was not there before.
async fn opened(store: &dyn Store, intent: Intent) -> Transaction {
    match store.open(intent).await.unwrap() {
        Opened::New(transaction) => transaction,
        Opened::Known(transaction) => panic_known(&transaction),
    }
}

#[allow(clippy::panic, reason = "a story is a test: a broken promise must end it")]
fn panic_known(transaction: &Transaction) -> Transaction {
    panic!("a new key is known: {transaction:?}")
}

async fn what_was_never_opened_is_not_found(store: &dyn Store) {
    assert_eq!(store.find(&key("till", 1)).await, Ok(None));
    assert!(matches!(store.request(TransactionNumber(1)).await, Err(StoreError::Determinate(_))));
    assert!(matches!(store.journal(TransactionNumber(1)).await, Err(StoreError::Determinate(_))));
}

async fn a_key_is_opened_once(store: &dyn Store) {
    let key = key("till", 0x10);
    let intent = intent(&key);
    let new = opened(store, intent.clone()).await;
    let expect = Transaction {
        number: new.number,
        key: key.clone(),
        version: 0,
        state: State::Pending,
        provider: intent.provider.clone(),
        upstream_id: key.id,
        asked: intent.asked,
        terms: intent.terms,
        opened_at: intent.at,
        due_at: Some(intent.due_at),
    };
    assert_eq!(new, expect);
    assert_eq!(store.find(&key).await.unwrap().as_ref(), Some(&new));
    let again = Intent { provider: text("netcare"), asked: None, at: at(5_000), ..intent };
    assert_eq!(store.open(again).await, Ok(Opened::Known(new)), "a repeat changes nothing");
}

async fn copies_at_the_same_time_open_one_transaction(store: &dyn Store) {
    let intent = intent(&key("till", 0x20));
    let copy = || store.open(intent.clone());
    let (a, b, c, d) = tokio::join!(copy(), copy(), copy(), copy());
    let opened = [a.unwrap(), b.unwrap(), c.unwrap(), d.unwrap()];
    assert_eq!(opened.iter().filter(|opened| matches!(opened, Opened::New(_))).count(), 1, "{opened:?}");
    let found = store.find(&intent.key).await.unwrap().unwrap();
    for opened in opened {
        let (Opened::New(transaction) | Opened::Known(transaction)) = opened;
        assert_eq!(transaction, found);
    }
}

async fn an_id_is_the_same_in_any_case_and_echoed_as_sent(store: &dyn Store) {
    let sent = "A1b2C3d4-0000-0A0b-0c0D-0e0f1011121F";
    let id = MessageId::parse(sent).unwrap();
    let key = Key { id, ..key("till", 0) };
    let new = opened(store, intent(&key)).await;
    let shouted = Key { id: MessageId::parse(&sent.to_uppercase()).unwrap(), ..key };
    let Opened::Known(known) = store.open(intent(&shouted)).await.unwrap() else {
        return assert_eq!(sent, "known in any case");
    };
    let found = store.find(&shouted).await.unwrap().unwrap();
    for transaction in [&new, &known, &found] {
        assert_eq!(transaction.key.id.to_string(), sent);
        assert_eq!(transaction.upstream_id.to_string(), sent);
    }
}

async fn each_kind_has_its_own_ids(store: &dyn Store) {
    let provision = key("till", 0x30);
    let refund = Key { kind: Kind::Refund, ..provision.clone() };
    let first = opened(store, intent(&provision)).await;
    let second = opened(store, intent(&refund)).await;
    assert_ne!(first.number, second.number);
    assert_eq!(second.upstream_id, refund.id, "a provider tells kinds apart as we do");
    assert_eq!(store.find(&refund).await, Ok(Some(second)));
}

async fn two_channels_with_one_id_are_two_transactions_to_a_provider(store: &dyn Store) {
    let (till, shop) = (key("till", 0x40), key("shop", 0x40));
    let first = opened(store, intent(&till)).await;
    let second = opened(store, intent(&shop)).await;
    assert_eq!(first.upstream_id, till.id);
    assert_ne!(second.upstream_id, till.id);
    assert_eq!(second.key, shop, "each channel keeps its own name for it");
    assert_eq!(store.find(&till).await, Ok(Some(first)));
    assert_eq!(store.find(&shop).await, Ok(Some(second)));
}

async fn nobody_can_lay_hands_on_a_derived_id(store: &dyn Store) {
    opened(store, intent(&key("till", 0x50))).await;
    let victim = opened(store, intent(&key("shop", 0x50))).await;
    let guessed = Key { id: victim.upstream_id, ..key("thief", 0) };
    let thief = opened(store, intent(&guessed)).await;
    assert_eq!(thief.key.id, victim.upstream_id);
    assert_ne!(thief.upstream_id, victim.upstream_id);
}

async fn a_request_comes_back_whole_but_for_its_pin_block(store: &dyn Store) {
    let key = key("till", 0x60);
    let whole = opened(store, intent(&key)).await;
    assert_eq!(store.request(whole.number).await, Ok(sample::request(key.id)));

    let key = self::key("till", 0x61);
    let mut request = sample::request(key.id);
    let mut expect = request.clone();
    request.voucher.get_or_insert_default().pin = Some(sample::pin_block());
    expect.voucher.get_or_insert_default().pin = None;
    let blocked = opened(store, Intent { request, ..intent(&key) }).await;
    assert_eq!(store.request(blocked.number).await, Ok(expect));
}

async fn a_change_moves_its_transaction(store: &dyn Store) {
    let key = key("till", 0x70);
    let pending = opened(store, intent(&key)).await;
    let change = Change { due_at: Some(at(900_000)), ..approval(&pending) };
    assert_eq!(store.record(change).await, Ok(Recorded::Done));
    let approved = Transaction { version: 1, state: State::Approved, due_at: Some(at(900_000)), ..pending };
    assert_eq!(store.find(&key).await, Ok(Some(approved.clone())));
    let change =
        Change { state: State::Confirmed, event: Event::ConfirmationDue, outcome: None, ..approval(&approved) };
    assert_eq!(store.record(change).await, Ok(Recorded::Done));
    let confirmed = Transaction { version: 2, state: State::Confirmed, due_at: None, ..approved };
    assert_eq!(store.find(&key).await, Ok(Some(confirmed)));
}

async fn a_change_on_another_version_writes_nothing(store: &dyn Store) {
    let key = key("till", 0x80);
    let pending = opened(store, intent(&key)).await;
    let change = approval(&pending);
    assert_eq!(store.record(change.clone()).await, Ok(Recorded::Done));
    let (found, journal) = (store.find(&key).await, store.journal(pending.number).await);
    for stale in [
        change.clone(),
        Change { seen: 2, ..change.clone() },
        Change { number: TransactionNumber(999_999), seen: 0, ..change.clone() },
        Change { key: self::key("shop", 0x80), seen: 1, ..change },
    ] {
        assert_eq!(store.record(stale).await, Ok(Recorded::Stale));
    }
    assert_eq!(store.find(&key).await, found);
    assert_eq!(store.journal(pending.number).await, journal);
}

async fn of_changes_at_the_same_time_one_is_done(store: &dyn Store) {
    let pending = opened(store, intent(&key("till", 0x90))).await;
    let approve = approval(&pending);
    let cancel = Change { event: Event::ReversalReceived, state: State::Cancelled, outcome: None, ..approve.clone() };
    let (approved, cancelled) = tokio::join!(store.record(approve), store.record(cancel));
    let mut both = [approved.unwrap(), cancelled.unwrap()];
    both.sort_by_key(|recorded| *recorded == Recorded::Stale);
    assert_eq!(both, [Recorded::Done, Recorded::Stale]);
    assert_eq!(store.journal(pending.number).await.unwrap().len(), 1);
}

async fn a_journal_tells_everything_in_order(store: &dyn Store) {
    let key = key("till", 0xa0);
    let pending = opened(store, intent(&key)).await;
    assert_eq!(store.journal(pending.number).await, Ok(Vec::new()));
    let expect = fill_journal(store, &pending).await;
    assert_eq!(store.journal(pending.number).await, Ok(expect));
}

/// Records every event, every state, every sample outcome and every advice in turn, and returns the journal
/// that they must have made.
async fn fill_journal(store: &dyn Store, pending: &Transaction) -> Vec<Entry> {
    let mut outcomes: Vec<Option<Outcome>> = sample::outcomes().into_iter().map(Some).collect();
    outcomes.push(None);
    let advices = [
        None,
        Some(Advice::Confirmation),
        Some(Advice::Reversal(ReversalReason::Timeout)),
        Some(Advice::Reversal(ReversalReason::Cancelled)),
        Some(Advice::Reversal(ReversalReason::ResponseNotFinal)),
    ];
    let mut journal = Vec::new();
    for (seen, event) in (0..).zip(Event::ALL.iter().copied()) {
        let turn = seen as usize;
        let advice = advices[turn % advices.len()].map(|advice| QueuedAdvice {
            id: MessageId::from_parts([seen as u8; 16], 0b1010),
            advice,
            due_at: at(10_000 + i64::from(seen)),
        });
        let entry = Entry {
            version: seen + 1,
            at: at(1_000 + i64::from(seen)),
            event,
            state: State::ALL[turn % State::ALL.len()],
            outcome: outcomes[turn % outcomes.len()].clone(),
            advice,
        };
        journal.push(entry.clone());
        let Entry { version: _, at, event, state, outcome, advice } = entry;
        let (number, key) = (pending.number, pending.key.clone());
        let change = Change { number, key, seen, at, event, state, due_at: None, outcome, advice };
        assert_eq!(store.record(change).await, Ok(Recorded::Done));
    }
    journal
}

/// What [`leave_traces`] has written.
#[derive(Debug)]
pub struct Traces {
    pending: Transaction,
    told: Transaction,
    journal: Vec<Entry>,
}

/// Writes what must still be there when the store was closed and opened again.
pub async fn leave_traces(store: &dyn Store) -> Traces {
    let pending = opened(store, intent(&key("traces", 1))).await;
    let told = opened(store, intent(&key("traces", 2))).await;
    let journal = fill_journal(store, &told).await;
    let told = store.find(&told.key).await.unwrap().unwrap();
    Traces { pending, told, journal }
}

/// Finds again what [`leave_traces`] has written, and goes on where it stopped.
pub async fn find_traces(store: &dyn Store, traces: &Traces) {
    let Traces { pending, told, journal } = traces;
    assert_eq!(store.find(&pending.key).await.unwrap().as_ref(), Some(pending));
    assert_eq!(store.find(&told.key).await.unwrap().as_ref(), Some(told));
    assert_eq!(store.request(pending.number).await, Ok(sample::request(pending.key.id)));
    assert_eq!(store.journal(told.number).await.unwrap(), *journal);
    assert_eq!(store.open(intent(&pending.key)).await, Ok(Opened::Known(pending.clone())));
    let new = opened(store, intent(&key("traces", 3))).await;
    assert!(new.number > told.number, "a number is never used twice");
    assert_eq!(store.record(approval(pending)).await, Ok(Recorded::Done));
}
