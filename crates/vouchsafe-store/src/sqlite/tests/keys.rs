//! Keys that are changed, and vouchers whose time is over.

use vouchsafe_core::advice::AdviceEnd;
use vouchsafe_core::transaction::Event;

use super::lives::{confirmed, declined, lead, reversing};
use super::*;
use crate::Deed;
use crate::seal::Form;
use crate::story::acts::act;
use crate::story::{change, recorded};

/// The numbers of the keys that everything is sealed with.
fn keys_in_use(house: &House) -> Vec<u16> {
    let inside = house.look_inside();
    let sql = "SELECT request FROM transactions
               UNION ALL SELECT outcome FROM events WHERE outcome IS NOT NULL
               UNION ALL SELECT note FROM events WHERE note IS NOT NULL
               UNION ALL SELECT advised FROM events WHERE advised IS NOT NULL
               UNION ALL SELECT record FROM acts
               UNION ALL SELECT note FROM act_ends WHERE note IS NOT NULL";
    let mut statement = inside.prepare(sql).unwrap();
    let sealed: Vec<Vec<u8>> = statement.query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let number = |sealed: &Vec<u8>| match Form::of(sealed).unwrap() {
        Form::ByConfigured(_) => 0,
        Form::ByNumber(number, _) => number,
        Form::Destroyed(_) => 999,
    };
    let mut numbers: Vec<u16> = sealed.iter().map(number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

async fn reseal_all(store: &SqliteStore) -> usize {
    let mut count = 0;
    loop {
        let step = store.reseal(2).await.unwrap();
        assert!(step.count == 0 || step.acts == 0, "acts come last");
        count += step.count;
        if step.count + step.acts == 0 {
            return count;
        }
    }
}

/// Begins the key of a number, or goes on with it.
async fn begin(store: &SqliteStore, number: u16) -> Result<ActNumber, StoreError> {
    store.begin_key(number, act(Deed::RotateKeys(number))).await
}

/// When a rotation ends.
fn ends_at() -> Timestamp {
    act(Deed::RewrapKeys).at + jiff::SignedDuration::from_secs(1)
}

/// The rotations on record that have ended, and those that have not.
async fn rotations(store: &SqliteStore) -> (usize, usize) {
    let acts = store.acts(None, 99).await.unwrap();
    let rotations = acts.iter().filter(|act| matches!(act.act.deed, Deed::RotateKeys(_)));
    let ended = rotations.clone().filter(|act| act.ended == Some((ends_at(), ActEnd::Done))).count();
    (ended, rotations.count() - ended)
}

#[tokio::test]
async fn a_new_key_is_taken_up_by_a_running_switch_and_the_old_one_thrown_away() {
    let house = House::new();
    let switch = house.open();
    let traces = story::leave_traces(&switch).await;
    let command = SqliteStore::open_beside(&house.path(), sealer(1)).unwrap();
    assert_eq!(keys_in_use(&house), [1]);
    for other in [1, 3] {
        let refused = begin(&command, other).await;
        assert!(matches!(refused, Err(StoreError::Determinate(Cause::Damaged(_)))), "{refused:?}");
    }
    begin(&command, 2).await.unwrap();
    let rotation = begin(&command, 2).await.expect("a change that has not ended goes on");
    assert!(begin(&command, 3).await.is_err(), "and another is not begun meanwhile");
    assert_eq!(command.retire_keys(rotation, ends_at()).await, Ok(None), "what is still in use is not thrown away");
    assert_eq!(rotations(&command).await, (0, 2));
    // What the switch seals was sealed before it could know, and is on disk with the new key.
    open_new(&switch, &key(1)).await;
    let rows = "SELECT request FROM transactions ORDER BY number DESC LIMIT 1";
    let last: Vec<u8> = house.look_inside().query_row(rows, (), |row| row.get(0)).unwrap();
    assert!(matches!(Form::of(&last).unwrap(), Form::ByNumber(2, _)));
    assert!(reseal_all(&command).await > 1);
    assert_eq!(command.retire_keys(rotation, ends_at()).await, Ok(Some(1)));
    assert_eq!(rotations(&command).await, (1, 1), "of the first nobody knows that it was done");
    assert_eq!(keys_in_use(&house), [2]);
    let (keys, _) = command.keys().await.unwrap();
    assert_eq!(
        keys.iter().map(|key| (key.number, key.made_at)).collect::<Vec<_>>(),
        [(2, Some(act(Deed::RewrapKeys).at))]
    );
    switch.close();
    story::find_traces(&house.open(), &traces).await;
}

#[tokio::test]
async fn a_change_of_keys_that_was_interrupted_goes_on_where_it_was() {
    let house = House::new();
    lead(&house.open()).await;
    let before = {
        let command = SqliteStore::open_beside(&house.path(), sealer(1)).unwrap();
        begin(&command, 2).await.unwrap();
        let first = command.reseal(1).await.unwrap();
        assert_eq!((first.count, first.up_to), (1, TransactionNumber(1)));
        command.verify(|_, _| ()).await.unwrap()
    };
    assert_eq!(keys_in_use(&house), [1, 2], "half of it is done, and all of it can be read");
    let command = SqliteStore::open_beside(&house.path(), sealer(1)).unwrap();
    let rotation = begin(&command, 2).await.unwrap();
    let sound = command.verify(|_, _| ()).await.unwrap();
    assert_eq!((sound.transactions, sound.events, sound.acts), (before.transactions, before.events, before.acts + 1));
    assert_eq!(reseal_all(&command).await, 3);
    assert_eq!(command.verify(|_, _| ()).await, Ok(sound), "the proof is the same whatever the key");
    assert_eq!(command.retire_keys(rotation, ends_at()).await, Ok(Some(1)));
    let retired = command.verify(|_, _| ()).await.unwrap();
    assert_eq!((retired.acts, retired.told), (before.acts + 1, Vec::new()));
}

#[tokio::test]
async fn another_key_from_the_configuration_opens_the_same_store() {
    let house = House::new();
    let store = house.open();
    let traces = story::leave_traces(&store).await;
    let rewrap = |old| SqliteStore::rewrap(&house.path(), sealer(old), &sealer(2), act(Deed::RewrapKeys));
    let acts = store.acts(None, 99).await.unwrap();
    assert_eq!(rewrap(1), Err(OpenError::InUse));
    store.close();
    assert_eq!(rewrap(3), Err(OpenError::OtherKey));
    let same = SqliteStore::rewrap(&house.path(), sealer(1), &sealer(1), act(Deed::RewrapKeys));
    assert_eq!(same, Err(OpenError::SameKey));
    rewrap(1).unwrap();
    assert_eq!(SqliteStore::open(&house.path(), sealer(1)).map(|_| ()), Err(OpenError::OtherKey));
    let store = SqliteStore::open(&house.path(), sealer(2)).unwrap();
    let mut now = store.acts(None, 99).await.unwrap();
    let last = now.pop().unwrap();
    assert_eq!(now, acts, "what was refused left no act");
    assert_eq!((last.act.deed, last.ended.map(|(_, end)| end)), (Deed::RewrapKeys, Some(ActEnd::Done)));
    story::find_traces(&store, &traces).await;
}

#[tokio::test]
async fn nobody_seals_a_key_with_one_that_the_store_was_taken_away_from() {
    let house = House::new();
    lead(&house.open()).await;
    let command = SqliteStore::open_beside(&house.path(), sealer(1)).unwrap();
    SqliteStore::rewrap(&house.path(), sealer(1), &sealer(2), act(Deed::RewrapKeys)).unwrap();
    let refused = begin(&command, 2).await;
    assert!(matches!(refused, Err(StoreError::Determinate(Cause::Damaged(_)))), "{refused:?}");
    drop(command);
    assert_eq!(SqliteStore::open(&house.path(), sealer(2)).map(|_| ()), Ok(()));
}

#[tokio::test]
async fn what_is_read_beside_a_change_of_keys_can_be_read() {
    let house = House::new();
    let switch = house.open();
    let [sold, ..] = lead(&switch).await;
    let path = house.path();
    let rotating = tokio::spawn(async move {
        let command = SqliteStore::open_beside(&path, sealer(1)).unwrap();
        for number in 2..32 {
            let rotation = begin(&command, number).await.unwrap();
            reseal_all(&command).await;
            command.retire_keys(rotation, ends_at()).await.unwrap();
        }
    });
    while !rotating.is_finished() {
        let reader = SqliteStore::open_read_only(&house.path(), sealer(1)).unwrap();
        let read = reader.request(sold.number).await;
        assert!(read.is_ok(), "{read:?}");
    }
    rotating.await.unwrap();
}

#[tokio::test]
async fn what_is_said_after_all_was_destroyed_is_destroyed_in_turn() {
    let house = House::new();
    let store = house.open();
    let declined = declined(&store, 1).await;
    assert_eq!(store.destroy(Timestamp::MAX, Duration::ZERO, 9).await, Ok(Destroyed { count: 1, are_all: true }));
    let [_, said] = crate::story::sample::channel_advices();
    let reversed = change(&declined, Event::ReversalReceived, State::Void);
    recorded(&store, Change { advised: Some(said), ..reversed }).await;
    assert!(store.journal(declined.number).await.unwrap()[1].advised.is_some());
    assert_eq!(store.destroy(Timestamp::MAX, Duration::ZERO, 9).await, Ok(Destroyed { count: 1, are_all: true }));
    assert!(store.journal(declined.number).await.unwrap()[1].is_destroyed);
}

#[tokio::test]
async fn what_has_ended_is_destroyed_when_its_time_is_over_and_stays_proven() {
    let house = House::new();
    let store = house.open();
    let [sold, reversing, declined] = lead(&store).await;
    let before = store.verify(|_, _| ()).await.unwrap();
    let opened_at = sold.opened_at;
    assert_eq!(
        store.destroy(opened_at, Duration::ZERO, 9).await,
        Ok(Destroyed { count: 0, are_all: true }),
        "not before its time"
    );
    let later = opened_at + jiff::SignedDuration::from_secs(1);
    assert_eq!(store.destroy(later, Duration::ZERO, 2).await, Ok(Destroyed { count: 1, are_all: false }));
    assert_eq!(store.destroy(later, Duration::ZERO, 9).await, Ok(Destroyed { count: 1, are_all: true }));
    let gone = Err(StoreError::Determinate(Cause::Destroyed));
    assert_eq!(store.request(sold.number).await, gone);
    assert_eq!(store.request(declined.number).await, gone);
    let journal = store.journal(sold.number).await.unwrap();
    assert_eq!(journal.iter().map(|entry| entry.is_destroyed).collect::<Vec<_>>(), [true, false, false]);
    assert!(journal.iter().all(|entry| entry.outcome.is_none()));
    assert_eq!(journal.len(), 3, "what happened is still told");
    let refusal = &store.journal(declined.number).await.unwrap()[0];
    assert!(refusal.outcome.is_some() && !refusal.is_destroyed, "a refusal holds no code");
    assert!(store.request(reversing.number).await.is_ok(), "what is owed needs its request");
    assert_eq!(store.verify(|_, _| ()).await, Ok(before), "the proof is the same");
    assert_eq!(store.find(&sold.key).await.unwrap().map(|found| found.state), Some(State::Confirmed));
}

#[tokio::test]
async fn what_ends_later_is_destroyed_later() {
    let house = House::new();
    let store = house.open();
    let open = reversing(&store, 1).await;
    let later = open.opened_at + jiff::SignedDuration::from_secs(1);
    assert_eq!(store.destroy(later, Duration::ZERO, 9).await, Ok(Destroyed { count: 0, are_all: true }));
    let delivered = change(&open, Event::ReversalDelivered, State::Reversed);
    recorded(&store, Change { ends: Some(AdviceEnd::Delivered), ..delivered }).await;
    assert_eq!(store.destroy(later, Duration::ZERO, 9).await, Ok(Destroyed { count: 1, are_all: true }));
    assert_eq!(store.destroy(later, Duration::ZERO, 9).await, Ok(Destroyed { count: 0, are_all: true }));
    assert_eq!(store.request(open.number).await, Err(StoreError::Determinate(Cause::Destroyed)));
}

#[tokio::test]
async fn nothing_of_what_was_destroyed_is_left_in_the_file() {
    let house = House::new();
    let store = house.open();
    confirmed(&store, 1).await;
    let outcome = "SELECT outcome FROM events WHERE position = 1 << 20 | 1";
    let sealed: Vec<u8> = house.look_inside().query_row(outcome, (), |row| row.get(0)).unwrap();
    store.close();
    let holds = |house: &House| std::fs::read(house.path()).unwrap().windows(64).any(|window| window == &sealed[..64]);
    assert!(holds(&house));
    let store = house.open();
    let later = story::intent(&key(1)).at + jiff::SignedDuration::from_secs(1);
    assert_eq!(store.destroy(later, Duration::ZERO, 9).await, Ok(Destroyed { count: 1, are_all: true }));
    store.close();
    assert!(!holds(&house), "what it was sealed as is overwritten");
}

#[tokio::test]
async fn what_is_damaged_keeps_the_older_key_and_nothing_else_from_the_new_one() {
    let house = House::new();
    let store = house.open();
    let [sold, reversing, declined] = lead(&store).await;
    let whole: Vec<u8> = house
        .look_inside()
        .query_row("SELECT outcome FROM events WHERE position = 1 << 20 | 1", (), |row| row.get(0))
        .unwrap();
    let tamper = "UPDATE events SET outcome = CAST(outcome || x'00' AS BLOB) WHERE position = 1 << 20 | 1;
                  UPDATE transactions SET asked_amount = asked_amount + 1 WHERE number = 3";
    house.look_inside().execute_batch(tamper).unwrap();
    let rotation = begin(&store, 2).await.unwrap();
    for _ in 0..2 {
        reseal_all(&store).await;
        let refused = store.retire_keys(rotation, ends_at()).await;
        let Err(StoreError::Determinate(Cause::Damaged(told))) = refused else { panic!("{refused:?}") };
        let named = "event 1 of transaction 1, the request of transaction 3";
        assert!(
            told.contains(named) || told.contains("the request of transaction 3, event 1 of transaction 1"),
            "{told}"
        );
    }
    assert_eq!(keys_in_use(&house), [1, 2]);
    assert!(store.request(sold.number).await.is_ok(), "of what is damaged, the rest is sealed anew");
    assert!(store.journal(reversing.number).await.is_ok() && store.find(&declined.key).await.is_err());
    let inside = house.look_inside();
    inside.execute("UPDATE events SET outcome = ?1 WHERE position = 1 << 20 | 1", [whole]).unwrap();
    inside.execute("UPDATE transactions SET asked_amount = asked_amount - 1 WHERE number = 3", ()).unwrap();
    reseal_all(&store).await;
    assert_eq!(
        store.retire_keys(rotation, ends_at()).await,
        Ok(Some(1)),
        "once it is put right, the change comes to its end"
    );
    assert_eq!(keys_in_use(&house), [2]);
}
