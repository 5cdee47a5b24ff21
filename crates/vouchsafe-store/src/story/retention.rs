//! What is destroyed once its time is over, and what is not. Told last: it destroys all that was told before.

use std::time::Duration;

use vouchsafe_core::transaction::{Event, State};

use super::{approval, at, change, intent, key, opened, recorded};
use crate::{Cause, Intent, Store, StoreError, TransactionNumber};

/// After everything else in the story was opened.
const LATER: i64 = 1_000_000_000;

pub(super) async fn tell(store: &dyn Store) {
    let approved = recorded(store, approval(&opened(store, intent(&key("till", 0x9000))).await)).await;
    let confirmed = recorded(store, change(&approved, Event::ConfirmationDelivered, State::Confirmed)).await;
    let declined = opened(store, intent(&key("till", 0x9001))).await;
    let declined = recorded(store, change(&declined, Event::ProviderDeclined, State::Declined)).await;
    let approved = recorded(store, approval(&opened(store, intent(&key("till", 0x9002))).await)).await;
    let whole = store.journal(confirmed.number).await.unwrap();

    while !store.destroy(at(-LATER), Duration::ZERO, 7).await.unwrap().are_all {}
    assert_eq!(store.journal(confirmed.number).await.as_ref(), Ok(&whole), "not before its time");
    while !store.destroy(at(LATER), Duration::ZERO, 7).await.unwrap().are_all {}
    let gone = Err(StoreError::Determinate(Cause::Destroyed));
    for ended in [&confirmed, &declined] {
        assert_eq!(store.request(ended.number).await, gone);
        assert_eq!(store.dossier(ended.number).await.map(|dossier| dossier.request), gone);
        assert_eq!(store.find(&ended.key).await.as_ref(), Ok(&Some(ended.clone())), "what happened stays");
    }
    let journal = store.journal(confirmed.number).await.unwrap();
    for (left, was) in journal.iter().zip(&whole) {
        assert_eq!((left.at, left.event, left.state), (was.at, was.event, was.state));
        assert_eq!((left.outcome.is_none(), left.is_destroyed), (true, was.outcome.is_some()));
    }
    assert!(store.request(approved.number).await.is_ok(), "what has not ended is kept");
    assert!(store.dossier(approved.number).await.is_ok());

    recorded(store, change(&approved, Event::ConfirmationDelivered, State::Confirmed)).await;
    let destroyed = store.destroy(at(LATER), Duration::ZERO, 7).await.unwrap();
    assert_eq!((destroyed.count, destroyed.are_all), (1, true), "once it has");
    assert_eq!(store.request(approved.number).await, gone);
    an_order_of_commits_stands_though_clocks_leap(store).await;
}

/// A sale of that time, and nothing can happen to it any more.
async fn ended(store: &dyn Store, id: u128, opened_at: i64) -> TransactionNumber {
    let opened = opened(store, Intent { at: at(opened_at), ..intent(&key("till", id)) }).await;
    recorded(store, change(&opened, Event::ProviderDeclined, State::Declined)).await.number
}

async fn an_order_of_commits_stands_though_clocks_leap(store: &dyn Store) {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    let day = |day: i64| LATER + day * DAY;
    // The clock is put forward after a long rest, and then back, so that what is dated ahead may be new.
    let ahead = [ended(store, 0x9010, day(400)).await, ended(store, 0x9011, day(401)).await];
    // It tells of nothing how old it is: it is dated before what came before it.
    let behind = ended(store, 0x9012, -LATER).await;
    let sold = ended(store, 0x9013, day(40)).await;
    let after = ended(store, 0x9014, day(50)).await;
    check(store, day(69), &[]).await;
    check(store, day(71), &[ahead[0], ahead[1], behind, sold]).await;
    check(store, day(79), &[]).await;
    check(store, day(81), &[after]).await;
    let last = ended(store, 0x9015, day(400)).await;
    check(store, day(399), &[]).await;
    check(store, day(432), &[last]).await;
}

/// What is destroyed at a time of all that is kept for thirty days.
async fn check(store: &dyn Store, now: i64, gone: &[TransactionNumber]) {
    let destroyed = store.destroy(at(now), Duration::from_secs(30 * 24 * 60 * 60), 7).await.unwrap();
    assert_eq!((destroyed.count, destroyed.are_all), (gone.len(), true), "at {now}");
    for number in gone {
        assert_eq!(store.request(*number).await, Err(StoreError::Determinate(Cause::Destroyed)));
    }
}
