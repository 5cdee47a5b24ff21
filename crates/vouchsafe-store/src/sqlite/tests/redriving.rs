//! Advices that a person has sent sooner.

use vouchsafe_core::advice::Hindrance;

use super::lives::reversing;
use super::*;

fn put_off(transaction: &Transaction, due_at: Timestamp) -> Attempt {
    let (number, version) = (transaction.number, transaction.version);
    Attempt { number, version, due_at, hindrance: Hindrance::NoAnswer }
}

#[tokio::test]
async fn what_is_attempted_and_put_off_meanwhile_is_not_sent_sooner_a_second_time() {
    let house = House::new();
    let store = house.open();
    let (one, other) = (reversing(&store, 1).await, reversing(&store, 2).await);
    let now = one.opened_at;
    let (soon, later) = (now + jiff::SignedDuration::from_secs(9), now + jiff::SignedDuration::from_secs(99));
    for transaction in [&one, &other] {
        store.put_off(put_off(transaction, soon)).await.unwrap();
    }
    let waiting = store.waiting(now).await.unwrap();
    assert_eq!(waiting, [one.number, other.number]);
    assert_eq!(store.redrive_each(waiting[..1].to_vec(), now).await, Ok(1));
    store.put_off(put_off(&one, later)).await.unwrap();
    assert_eq!(store.redrive_each(waiting[1..].to_vec(), now).await, Ok(1));
    assert_eq!(store.waiting(now).await, Ok(vec![one.number]), "its new pause holds");
    let due = store.due_advices(&one.provider, later, 9).await.unwrap();
    let due: Vec<_> =
        due.iter().map(|open| (open.transaction.number, open.queued.due_at, open.attempts.count)).collect();
    assert_eq!(due, [(other.number, now, 1), (one.number, later, 2)]);
    assert_eq!(store.redrive_each(vec![other.number], now).await, Ok(0), "it is due already");
}
