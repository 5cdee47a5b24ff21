//! What is destroyed once its time is over, and what is not. Told last: it destroys all that was told before.

use vouchsafe_core::transaction::{Event, State};

use super::{approval, at, change, intent, key, opened, recorded};
use crate::{Cause, Store, StoreError};

/// After everything else in the story was opened.
const LATER: i64 = 1_000_000_000;

pub(super) async fn tell(store: &dyn Store) {
    let approved = recorded(store, approval(&opened(store, intent(&key("till", 0x9000))).await)).await;
    let confirmed = recorded(store, change(&approved, Event::ConfirmationDelivered, State::Confirmed)).await;
    let declined = opened(store, intent(&key("till", 0x9001))).await;
    let declined = recorded(store, change(&declined, Event::ProviderDeclined, State::Declined)).await;
    let approved = recorded(store, approval(&opened(store, intent(&key("till", 0x9002))).await)).await;
    let whole = store.journal(confirmed.number).await.unwrap();

    while !store.destroy(at(-LATER), 7).await.unwrap().are_all {}
    assert_eq!(store.journal(confirmed.number).await.as_ref(), Ok(&whole), "not before its time");
    while !store.destroy(at(LATER), 7).await.unwrap().are_all {}
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
    let destroyed = store.destroy(at(LATER), 7).await.unwrap();
    assert_eq!((destroyed.count, destroyed.are_all), (1, true), "once it has");
    assert_eq!(store.request(approved.number).await, gone);
}
