//! Group commit: what shares a commit, and what must not suffer for it.

use std::sync::atomic::AtomicBool;

use tokio::task::JoinSet;
use vouchsafe_core::transaction::Event;

use super::*;

/// Lets nobody write for as long as it lives, so that commands gather in the queue.
struct Blocker(Connection);

impl Blocker {
    fn new(house: &House) -> Self {
        let connection = house.look_inside();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self(connection)
    }

    fn release(self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

/// Opens transactions for ids of these amounts, all in the queue before the first is written.
async fn open_together(house: &House, store: &Arc<SqliteStore>, amounts: &[i64]) -> Vec<Result<Opened, StoreError>> {
    let blocker = Blocker::new(house);
    // The first batch may be less than all: a command of no interest makes sure that it is.
    let mut first = Box::pin(store.check());
    poll_once(&mut first).await;
    while store.writer().unwrap().waiting() > 0 {
        std::thread::yield_now();
    }
    let intents = amounts.iter().zip(1..).map(|(amount, id)| {
        let mut intent = story::intent(&key(id));
        intent.asked = intent.asked.map(|asked| vouchsafe_core::money::LedgerAmount { amount: *amount, ..asked });
        intent
    });
    let mut waiting: Vec<_> = intents.map(|intent| Box::pin(store.open(intent))).collect();
    for open in &mut waiting {
        poll_once(open).await;
    }
    blocker.release();
    first.await.unwrap();
    let mut results = Vec::new();
    for open in waiting {
        results.push(open.await);
    }
    results
}

/// Lets a future go as far as the queue.
async fn poll_once<F: Future + Unpin>(future: &mut F) {
    tokio::select! {
        biased;
        _ = future => unreachable!("nobody can write"),
        () = async {} => {}
    }
}

#[tokio::test]
async fn what_waits_together_shares_a_commit() {
    let house = House::new();
    let store = Arc::new(house.open());
    let results = open_together(&house, &store, &[50; 200]).await;
    assert!(results.iter().all(|result| matches!(result, Ok(Opened::New(_)))));
    let Figures { commits, commands, commit_time, .. } = store.figures();
    assert_eq!(commands, 201);
    assert!(commits <= 2, "{commits} commits");
    assert!(!commit_time.is_zero(), "a durable commit takes its time");
}

#[tokio::test]
async fn a_command_that_fails_takes_no_other_along() {
    for raise in ["ABORT", "FAIL", "ROLLBACK"] {
        let house = House::new();
        let store = Arc::new(house.open());
        let trigger = format!(
            "CREATE TRIGGER fault AFTER INSERT ON transactions WHEN new.asked_amount = 13
             BEGIN SELECT raise({raise}, 'no thirteen'); END"
        );
        house.look_inside().execute_batch(&trigger).unwrap();
        let results = open_together(&house, &store, &[50, 13, 51]).await;
        let refused = Err(StoreError::Determinate(Cause::Engine("no thirteen".to_owned())));
        assert_eq!(results[1], refused, "{raise}");
        for at in [0, 2] {
            let Ok(Opened::New(transaction)) = &results[at] else { panic!("{raise}: {results:?}") };
            assert_eq!(store.find(&transaction.key).await.unwrap().as_ref(), Some(transaction));
        }
        assert_eq!(store.find(&key(2)).await, Ok(None), "{raise}");
    }
}

#[tokio::test]
async fn a_panic_of_the_writer_ends_one_command_and_not_the_writer() {
    let house = House::new();
    let doom = Arc::new(AtomicBool::new(false));
    let (armed, sealer) = (Arc::clone(&doom), sealer(1));
    let entropy = move |bytes: &mut [u8]| {
        let is_writer = std::thread::current().name() == Some("store-writer");
        assert!(!(is_writer && armed.swap(false, Ordering::Relaxed)), "no chance is left");
        bytes.copy_from_slice(&sealer.draw::<64>()[..bytes.len()]);
    };
    let entropy = Sealer::new(SealingKey::from_bytes([1; 32]), entropy);
    let store = Arc::new(SqliteStore::open(&house.path(), entropy).unwrap());
    doom.store(true, Ordering::Relaxed);
    let alone = store.open(story::intent(&key(1))).await;
    assert_eq!(alone, Err(StoreError::Determinate(Cause::Engine("the writer panicked".to_owned()))));
    assert_eq!(store.find(&key(1)).await, Ok(None), "nothing was written");
    open_new(&store, &key(1)).await;
    doom.store(true, Ordering::Relaxed);
    let together = open_together(&house, &store, &[50, 51]).await;
    assert!(together.iter().all(|result| matches!(result, Ok(Opened::Known(_) | Opened::New(_)))), "{together:?}");
}

#[tokio::test]
async fn after_a_commit_that_failed_nothing_is_claimed() {
    let house = House::new();
    let store = Arc::new(house.open());
    // A constraint that is checked at COMMIT and not before.
    let doom = "CREATE TABLE doom (name INTEGER REFERENCES names DEFERRABLE INITIALLY DEFERRED);
                CREATE TRIGGER fault AFTER INSERT ON transactions WHEN new.asked_amount = 13
                BEGIN INSERT INTO doom VALUES (-1); END";
    house.look_inside().execute_batch(doom).unwrap();
    let blocker = Blocker::new(&house);
    let mut thirteen = story::intent(&key(1));
    thirteen.asked = thirteen.asked.map(|asked| vouchsafe_core::money::LedgerAmount { amount: 13, ..asked });
    let mut open = Box::pin(store.open(thirteen));
    poll_once(&mut open).await;
    blocker.release();
    let result = open.await;
    assert!(matches!(result, Err(StoreError::Indeterminate(Cause::Engine(_)))), "{result:?}");
    assert_eq!(store.find(&key(1)).await, Ok(None));
    open_new(&store, &key(1)).await;
}

#[tokio::test]
async fn what_was_accepted_is_written_though_nobody_waits_and_the_store_closes() {
    let house = House::new();
    let store = house.open();
    let blocker = Blocker::new(&house);
    for id in 0..100 {
        let mut open = Box::pin(store.open(story::intent(&key(id))));
        poll_once(&mut open).await;
    }
    blocker.release();
    store.close();
    let store = house.open();
    for id in 0..100 {
        assert!(store.find(&key(id)).await.unwrap().is_some(), "{id}");
    }
}

#[tokio::test]
async fn too_much_new_work_is_refused_and_work_begun_waits_for_room() {
    let house = House::new();
    let store = Arc::new(house.open());
    let Transaction { number, key, .. } = open_new(&store, &key(1)).await;
    let blocker = Blocker::new(&house);
    let mut waiting = JoinSet::new();
    let mut refused = false;
    while !refused {
        let checked = Arc::clone(&store);
        waiting.spawn(async move { checked.check().await });
        tokio::task::yield_now().await;
        if let Some(early) = waiting.try_join_next() {
            assert_eq!(early.unwrap(), Err(StoreError::Determinate(Cause::Overloaded)));
            refused = true;
        }
    }
    let at = story::intent(&key).at;
    let (event, state) = (Event::AnswerLost, State::Reversing);
    let change = Change {
        number,
        key,
        seen: 0,
        at,
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
    };
    let mut record = Box::pin(store.record(change));
    poll_once(&mut record).await;
    blocker.release();
    assert_eq!(record.await, Ok(Recorded::Done));
    while let Some(checked) = waiting.join_next().await {
        assert_eq!(checked.unwrap(), Ok(()));
    }
}

#[tokio::test]
async fn a_batch_waits_for_another_writer_once_and_not_for_each_of_its_commands() {
    let house = House::new();
    drop(house.open());
    let blocker = Blocker::new(&house);
    let (mut connection, vault) = schema::open_for_writing_beside(&house.path(), sealer(1)).unwrap();
    // How often the writer found that it may not write, and whether it is to give up.
    let (turned_away, give_up) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (counted, told) = (Arc::clone(&turned_away), Arc::clone(&give_up));
    let wait = move |attempt| {
        counted.fetch_add(u64::from(attempt == 0), Ordering::SeqCst);
        std::thread::yield_now();
        !told.load(Ordering::SeqCst)
    };
    connection.busy_handler(Some(wait)).unwrap();
    let writer = Writer::start(Tables::new(connection, Arc::new(vault)), None).unwrap();
    let mut waiting: Vec<_> = (0..20).map(|_| Box::pin(writer.begin(Check))).collect();
    for check in &mut waiting {
        poll_once(check).await;
    }
    give_up.store(true, Ordering::SeqCst);
    for check in waiting {
        let refused = check.await.map(|_| ());
        assert!(matches!(refused, Err(StoreError::Determinate(Cause::Engine(_)))), "{refused:?}");
    }
    assert!(turned_away.load(Ordering::SeqCst) <= 2, "the first may have been alone, the others were together");
    blocker.release();
    assert!(writer.begin(Check).await.is_ok(), "and the writer lives on");
}
