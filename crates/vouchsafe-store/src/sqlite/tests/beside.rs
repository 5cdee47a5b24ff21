//! An operator's command, writing beside a running switch.

use vouchsafe_core::transaction::Event;

use super::*;

fn beside(house: &House) -> Result<SqliteStore, OpenError> {
    SqliteStore::open_beside(&house.path(), sealer(1))
}

/// The change of an orphan that a person has looked after.
fn resolution(orphan: &Transaction) -> Change {
    Change {
        number: orphan.number,
        key: orphan.key.clone(),
        seen: orphan.version,
        at: orphan.opened_at,
        event: Event::OrphanResolved,
        state: State::Resolved,
        due_at: None,
        outcome: None,
        advice: None,
        ends: None,
        advised: None,
        note: Some(vouchsafe_core::text::Text::new("paid back in cash").unwrap()),
        reroute: None,
        act: None,
    }
}

#[tokio::test]
async fn it_keeps_every_promise_of_a_store_too() {
    let house = House::new();
    let switch = house.open();
    let command = beside(&house).unwrap();
    story::tell(&command).await;
    let traces = story::leave_traces(&command).await;
    command.close();
    story::find_traces(&switch, &traces).await;
}

#[tokio::test]
async fn each_sees_what_the_other_has_written_at_once() {
    let house = House::new();
    let (switch, command) = (house.open(), beside(&house).unwrap());
    let orphan = open_new(&switch, &key(1)).await;
    assert_eq!(command.find(&key(1)).await.unwrap().as_ref(), Some(&orphan));
    assert_eq!(command.record(resolution(&orphan)).await, Ok(Recorded::Done));
    assert_eq!(switch.record(resolution(&orphan)).await, Ok(Recorded::Stale), "one version, whoever writes");
    assert_eq!(switch.journal(orphan.number).await, command.journal(orphan.number).await);
    // A name that is new to the one is known to the other.
    let mut intent = story::intent(&key(2));
    intent.provider = ChannelId::new("new to both").unwrap();
    command.open(intent.clone()).await.unwrap();
    intent.key = key(3);
    assert!(matches!(switch.open(intent).await, Ok(Opened::New(_))));
}

#[test]
fn two_that_write_at_the_same_time_lose_nothing_and_do_nothing_twice() {
    const EACH: u128 = 50;
    let house = House::new();
    let stores = [house.open(), beside(&house).unwrap(), beside(&house).unwrap()];
    let new = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for (store, turn) in stores.iter().zip(1..) {
            let new = &new;
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for id in 0..EACH {
                    // Its own, and one that all of them want.
                    let own = runtime.block_on(store.open(story::intent(&key(turn << 64 | id)))).unwrap();
                    assert!(matches!(own, Opened::New(_)), "{own:?}");
                    let wanted = runtime.block_on(store.open(story::intent(&key(id)))).unwrap();
                    new.fetch_add(u64::from(matches!(wanted, Opened::New(_))), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(u128::from(new.load(Ordering::Relaxed)), EACH, "each was new to exactly one");
    for store in stores {
        store.close();
    }
    let count: i64 = house.look_inside().query_row("SELECT count(*) FROM transactions", (), |row| row.get(0)).unwrap();
    assert_eq!(i128::from(count), 4 * EACH.cast_signed());
    let check: String = house.look_inside().query_row("PRAGMA integrity_check", (), |row| row.get(0)).unwrap();
    assert_eq!(check, "ok");
}

#[tokio::test]
async fn the_log_is_the_switchs_to_look_after() {
    let house = House::new();
    let switch = house.open();
    let command = beside(&house).unwrap();
    open_new(&command, &key(1)).await;
    assert_eq!(command.figures().log_pages, 0);
    command.close();
    let log = house.folder.path().join("store.db-wal").metadata().unwrap().len();
    assert!(log > 0, "a command that ends leaves the log to the switch");
    open_new(&switch, &key(2)).await;
    drop(switch);
    // With no switch there, the last to leave still leaves one whole file.
    let command = beside(&house).unwrap();
    open_new(&command, &key(3)).await;
    command.close();
    assert!(!house.folder.path().join("store.db-wal").exists());
    assert!(house.open().find(&key(3)).await.unwrap().is_some());
}

#[test]
fn it_takes_no_lock_and_makes_no_file() {
    let house = House::new();
    assert!(beside(&house).is_err(), "there is nothing to be beside");
    assert_eq!(std::fs::read_dir(house.folder.path()).unwrap().count(), 0);
    drop(house.open());
    let (_command, _other) = (beside(&house).unwrap(), beside(&house).unwrap());
    drop(house.open());
}

#[test]
fn what_is_not_ours_is_refused_and_left_as_it_was() {
    let house = House::new();
    drop(house.open());
    assert_eq!(SqliteStore::open_beside(&house.path(), sealer(2)).map(|_| ()), Err(OpenError::OtherKey));
    for (version, expect) in
        [(1, OpenError::Older { found: 1, known: 6 }), (99, OpenError::Newer { found: 99, known: 6 })]
    {
        house.look_inside().pragma_update(None, "user_version", version).unwrap();
        assert_eq!(beside(&house).map(|_| ()), Err(expect));
    }
    let other = House::new();
    std::fs::write(other.path(), "Dear customer,\n".repeat(100)).unwrap();
    let before = std::fs::read(other.path()).unwrap();
    assert_eq!(beside(&other).map(|_| ()), Err(OpenError::NotAStore));
    assert!(std::fs::read(other.path()).unwrap() == before);
}
