//! Keys: opened once, or forestalled.

use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::Request;
use vouchsafe_core::transaction::{Kind, State};

use super::{at, id, intent, key, opened, sample, text};
use crate::{Forestalled, Intent, Key, Opened, Store, StoreError, Transaction, TransactionNumber};

pub(super) async fn tell(store: &dyn Store) {
    what_was_never_opened_is_not_found(store).await;
    a_key_is_opened_once(store).await;
    copies_at_the_same_time_open_one_transaction(store).await;
    an_id_is_the_same_in_any_case_and_echoed_as_sent(store).await;
    each_kind_has_its_own_ids(store).await;
    two_channels_with_one_id_are_two_transactions_to_a_provider(store).await;
    nobody_can_lay_hands_on_a_derived_id(store).await;
    a_request_comes_back_whole_but_for_its_pin_block(store).await;
    a_forestalled_key_is_never_opened(store).await;
    only_its_own_key_is_forestalled(store).await;
    a_key_that_is_taken_cannot_be_forestalled(store).await;
    of_a_request_and_its_reversal_at_the_same_time_one_wins(store).await;
}

async fn what_was_never_opened_is_not_found(store: &dyn Store) {
    assert_eq!(store.find(&key("till", 1)).await, Ok(None));
    assert!(matches!(store.request(TransactionNumber(1)).await, Err(StoreError::Determinate(_))));
    assert!(matches!(store.journal(TransactionNumber(1)).await, Err(StoreError::Determinate(_))));
    assert!(matches!(store.dossier(TransactionNumber(1)).await, Err(StoreError::Determinate(_))));
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
        assert!([Opened::New(found.clone()), Opened::Known(found.clone())].contains(&opened), "{opened:?}");
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
    let mut numbers = Vec::new();
    for kind in Kind::ALL.iter().copied() {
        let key = Key { kind, ..key("till", 0x30) };
        let transaction = opened(store, intent(&key)).await;
        assert_eq!(transaction.upstream_id, key.id, "a provider tells kinds apart as we do");
        assert_eq!(store.request(transaction.number).await, Ok(sample::request_of(kind, key.id)));
        numbers.push(transaction.number);
        assert_eq!(store.find(&key).await, Ok(Some(transaction)));
    }
    numbers.dedup();
    assert_eq!(numbers.len(), Kind::ALL.len());
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
    assert_eq!(store.request(whole.number).await, Ok(sample::request_of(key.kind, key.id)));

    let key = self::key("till", 0x61);
    let mut request = sample::request(key.id);
    let mut expect = request.clone();
    request.voucher.get_or_insert_default().pin = Some(sample::pin_block());
    expect.voucher.get_or_insert_default().pin = None;
    let blocked = opened(store, Intent { request: Request::Provision(request), ..intent(&key) }).await;
    assert_eq!(store.request(blocked.number).await, Ok(Request::Provision(expect)));
}

async fn a_forestalled_key_is_never_opened(store: &dyn Store) {
    let key = key("till", 0xb0);
    for turn in 0..3 {
        let noted = store.forestall(key.clone(), id(0xb00 + turn), at(0)).await;
        assert_eq!(noted, Ok(Forestalled::Noted), "since now or since before");
    }
    for _ in 0..2 {
        assert_eq!(store.open(intent(&key)).await, Ok(Opened::Forestalled));
    }
    assert_eq!(store.find(&key).await, Ok(None), "nothing was written");
}

async fn only_its_own_key_is_forestalled(store: &dyn Store) {
    let small = key("till", 0xb1_abcd_ef00);
    store.forestall(small.clone(), id(0xb10), at(0)).await.unwrap();
    let shouted = Key { id: MessageId::parse(&small.id.to_string().to_uppercase()).unwrap(), ..small.clone() };
    assert_eq!(store.open(intent(&shouted)).await, Ok(Opened::Forestalled), "the same id in any case");
    assert_eq!(store.is_forestalled(&shouted).await, Ok(true));
    for other in [Key { kind: Kind::Refund, ..small.clone() }, Key { channel: text("shop"), ..small }] {
        assert_eq!(store.is_forestalled(&other).await, Ok(false));
        let transaction = opened(store, intent(&other)).await;
        assert_eq!(transaction.key, other);
    }
}

async fn a_key_that_is_taken_cannot_be_forestalled(store: &dyn Store) {
    let key = key("till", 0xb2);
    let known = opened(store, intent(&key)).await;
    for _ in 0..2 {
        let refused = store.forestall(key.clone(), id(0xb20), at(1)).await;
        assert_eq!(refused, Ok(Forestalled::Known(known.clone())));
    }
    assert_eq!(store.open(intent(&key)).await, Ok(Opened::Known(known)), "nothing was written");
}

async fn of_a_request_and_its_reversal_at_the_same_time_one_wins(store: &dyn Store) {
    for turn in 0..8 {
        let key = key("till", 0xb30 + turn);
        let open = store.open(intent(&key));
        let forestall = store.forestall(key.clone(), id(0xb300 + turn), at(0));
        let (opened, forestalled) = if turn % 2 == 0 {
            tokio::join!(open, forestall)
        } else {
            let (forestalled, opened) = tokio::join!(forestall, open);
            (opened, forestalled)
        };
        match (opened.unwrap(), forestalled.unwrap()) {
            (Opened::New(new), Forestalled::Known(known)) => assert_eq!(new, known),
            (Opened::Forestalled, Forestalled::Noted) => assert_eq!(store.find(&key).await, Ok(None)),
            (opened, forestalled) => assert_eq!(format!("{opened:?} and {forestalled:?}"), "one wins"),
        }
    }
}
