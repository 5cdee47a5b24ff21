//! Stores that earlier versions have written: opened, brought up to date, and whole.

use vouchsafe_core::advice::{Advice, Hindrance, ReversalReason};
use vouchsafe_core::transaction::Event;

use super::lives::lead;
use super::*;
use crate::record::word::Word;
use crate::story::acts::act;
use crate::story::sample;
use crate::{Attempts, Deed, QueuedAdvice};

/// The schema as version 1 was released.
const FIRST: &str = include_str!("../../../migrations/sqlite/0001_transactions.sql");
/// What brings it to version 4.
const TO_FOURTH: [&str; 3] = [
    include_str!("../../../migrations/sqlite/0002_advices.sql"),
    include_str!("../../../migrations/sqlite/0003_vouchers.sql"),
    include_str!("../../../migrations/sqlite/0004_integrity.sql"),
];

/// A store as the first version left it: one transaction that is reversing, its advice not yet sent, and one
/// that is pending.
fn leave_first_version(house: &House) -> (Transaction, Transaction) {
    let seal = |place: Place<'_>| sealer(1).seal(place, |_| ());
    let connection = house.look_inside();
    connection.execute_batch("PRAGMA page_size = 8192; PRAGMA journal_mode = wal").unwrap();
    connection.execute_batch(FIRST).unwrap();
    connection.execute_batch("PRAGMA user_version = 1; PRAGMA application_id = 0x76636873").unwrap();
    connection.execute("INSERT INTO store VALUES (1, ?1, 7)", [seal(Place::Store)]).unwrap();
    connection.execute_batch("INSERT INTO names VALUES (1, 'till'), (2, 'stellar')").unwrap();
    let insert = |number: i64, state: State, version: u32| {
        let key = key(number.unsigned_abs().into());
        let intent = story::intent(&key);
        let request = sealer(1).seal(Place::Request(&key), |out| encode_request(&intent.request, out));
        let sql = "INSERT INTO transactions VALUES (?1, ?2, 0, 0, 1, 2, NULL, ?3, 5000, 710, 0, ?4, ?5, ?6, ?7, ?8)";
        let due_at = (version == 0).then_some(intent.due_at);
        let columns = (
            number,
            key.id.as_bytes(),
            row::terms_column(intent.terms),
            intent.at.as_millisecond(),
            state.place(),
            version,
            due_at.map(Timestamp::as_millisecond),
            request,
        );
        connection.execute(sql, columns).unwrap();
        Transaction {
            number: TransactionNumber(number.unsigned_abs()),
            upstream_id: key.id,
            key,
            version,
            state,
            provider: intent.provider,
            asked: intent.asked,
            terms: intent.terms,
            opened_at: intent.at,
            due_at,
        }
    };
    let (reversing, pending) = (insert(1, State::Reversing, 1), insert(2, State::Pending, 0));
    let outcome = sample::outcomes().pop().unwrap();
    let outcome = sealer(1).seal(Place::Outcome(&reversing.key, 1), |out| encode(&outcome, out));
    let at = reversing.opened_at.as_millisecond();
    let event = (1 << 20 | 1, at, Event::AnswerUnusable.place(), State::Reversing.place(), outcome);
    connection.execute("INSERT INTO events VALUES (?1, ?2, ?3, ?4, ?5)", event).unwrap();
    let advice = (1 << 20 | 1, [9; 16], Advice::Reversal(ReversalReason::ResponseNotFinal).place(), at);
    connection.execute("INSERT INTO advices VALUES (?1, ?2, 0, ?3, 2, ?4, 0, 0, ?4)", advice).unwrap();
    (reversing, pending)
}

/// A store as the fourth version left it, which knew of no acts: its schema by the SQL of then, and rows that are written
/// today as they were then, since nobody does anything by hand. Returns a transaction of it.
async fn leave_fourth_version(house: &House) -> Transaction {
    let today = House::new();
    let store = today.open();
    let [sold, ..] = lead(&store).await;
    store.close();
    let connection = house.look_inside();
    connection.execute_batch("PRAGMA page_size = 8192; PRAGMA journal_mode = wal; PRAGMA foreign_keys = off").unwrap();
    for migration in [FIRST].iter().chain(&TO_FOURTH) {
        connection.execute_batch(migration).unwrap();
    }
    connection.execute_batch("PRAGMA user_version = 4; PRAGMA application_id = 0x76636873").unwrap();
    connection.execute("ATTACH ?1 AS today", [today.path().to_str()]).unwrap();
    let of_then = "SELECT t.name, group_concat(c.name, ', ')
                   FROM main.sqlite_schema AS t, pragma_table_info(t.name, 'main') AS c
                   WHERE t.type = 'table' GROUP BY t.name";
    let mut statement = connection.prepare(of_then).unwrap();
    let tables = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let tables: Vec<(String, String)> = tables.collect::<Result<_, _>>().unwrap();
    assert!(tables.iter().any(|(table, _)| table == "sealing_keys") && tables.iter().all(|(table, _)| table != "acts"));
    for (table, columns) in tables {
        let copy = format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT {columns} FROM today.{table}");
        connection.execute_batch(&copy).unwrap();
    }
    sold
}

#[tokio::test]
async fn what_the_fourth_version_wrote_is_whole_and_what_people_do_to_it_is_on_record() {
    let house = House::new();
    let sold = leave_fourth_version(&house).await;
    let refused = SqliteStore::open_beside(&house.path(), sealer(1)).map(|_| ());
    assert_eq!(refused, Err(OpenError::Older { found: 4, known: 6 }), "only a switch brings it up to date");
    let store = house.open();
    let whole = store.verify(|_, _| ()).await.unwrap();
    assert_eq!((whole.transactions, whole.events, whole.forestalled, whole.acts), (4, 5, 1, 0));
    assert_eq!((whole.broken, whole.told), (0, Vec::new()));
    assert_eq!(store.find(&sold.key).await, Ok(Some(sold.clone())));
    assert_eq!(store.acts(None, 9).await, Ok(Vec::new()));
    let number = store.intend(act(Deed::RedriveAdvice(sold.number))).await.unwrap();
    let rotation = store.begin_key(2, act(Deed::RotateKeys(2))).await.unwrap();
    assert_eq!((store.reseal(9).await.unwrap().count, store.reseal(9).await.unwrap().acts), (4, 2));
    assert!(store.retire_keys(rotation, sold.opened_at).await.unwrap().is_some());
    store.close();
    let store = house.open();
    let acts = store.acts(Some(sold.number), 9).await.unwrap();
    assert_eq!(acts.iter().map(|act| act.number).collect::<Vec<_>>(), [number]);
    let proven = store.verify(|_, _| ()).await.unwrap();
    assert_eq!((proven.transactions, proven.acts, proven.broken), (4, 2, 0), "{:?}", proven.told);
}

#[tokio::test]
async fn what_the_first_version_wrote_is_kept_and_goes_on() {
    let house = House::new();
    let (reversing, pending) = leave_first_version(&house);
    let refused = SqliteStore::open_beside(&house.path(), sealer(1)).map(|_| ());
    assert_eq!(refused, Err(OpenError::Older { found: 1, known: 6 }), "only a switch brings it up to date");
    for _ in 0..2 {
        let store = house.open();
        assert_eq!(store.find(&reversing.key).await.unwrap().as_ref(), Some(&reversing));
        assert_eq!(store.request(pending.number).await, Ok(sample::request_of(pending.key.kind, pending.key.id)));
        assert_eq!(store.unanswered(pending.due_at.unwrap(), 9).await, Ok(vec![pending.clone()]));
        let advice = Advice::Reversal(ReversalReason::ResponseNotFinal);
        let due_at = reversing.opened_at;
        let queued = QueuedAdvice { id: MessageId::from_parts([9; 16], 0), advice, due_at };
        let (first_due_at, transaction) = (due_at, reversing.clone());
        let open = OpenAdvice {
            transaction,
            version: 1,
            queued,
            first_due_at,
            attempts: Attempts::default(),
            not_found: false,
        };
        assert_eq!(store.due_advices(&reversing.provider, due_at, 9).await, Ok(vec![open]));
        assert_eq!(store.look_up(Reference::Id(queued.id)).await, Ok(vec![reversing.clone()]));
        let journal = store.journal(reversing.number).await.unwrap();
        let [entry] = journal.try_into().unwrap();
        assert_eq!((entry.outcome, entry.advice), (sample::outcomes().pop(), Some(queued)));
        assert_eq!((entry.advice_end, entry.attempts, entry.note), (None, Attempts::default(), None));
    }
    let store = house.open();
    let attempt =
        Attempt { number: reversing.number, version: 1, due_at: pending.opened_at, hindrance: Hindrance::NotFound };
    store.put_off(attempt).await.unwrap();
    let open = store.due_advices(&reversing.provider, pending.opened_at, 9).await.unwrap();
    assert_eq!(open.iter().map(|open| (open.attempts.count, open.not_found)).collect::<Vec<_>>(), [(1, true)]);
    story::leave_traces(&store).await;
}

#[tokio::test]
async fn a_schema_is_the_same_however_it_came_about() {
    let (new, old, fourth) = (House::new(), House::new(), House::new());
    drop(new.open());
    leave_first_version(&old);
    drop(old.open());
    leave_fourth_version(&fourth).await;
    drop(fourth.open());
    let schema = |house: &House| -> Vec<String> {
        let inside = house.look_inside();
        let mut statement =
            inside.prepare("SELECT name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1").unwrap();
        statement.query_map((), |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(schema(&old), schema(&new));
    assert_eq!(schema(&fourth), schema(&new));
    let words = "SELECT group_concat(word, ', ') FROM words WHERE list = 'advice state' ORDER BY place";
    let words: String = old.look_inside().query_row(words, (), |row| row.get(0)).unwrap();
    assert_eq!(words, "open, delivered, consumed, refused");
}

#[tokio::test]
async fn what_the_first_version_wrote_is_proven_from_then_on_and_can_have_new_keys() {
    let house = House::new();
    let (reversing, _) = leave_first_version(&house);
    let store = house.open();
    let verdict = store.verify(|_, _| ()).await.unwrap();
    assert_eq!((verdict.transactions, verdict.events, verdict.told), (2, 1, Vec::new()));
    let keys =
        async |store: &SqliteStore| store.keys().await.unwrap().0.iter().map(|key| key.number).collect::<Vec<_>>();
    assert_eq!(keys(&store).await, [0, 1], "its records are sealed with the configuration's own key");
    store.close();
    let rewrap = || SqliteStore::rewrap(&house.path(), sealer(1), &sealer(2), act(Deed::RewrapKeys));
    let refused = rewrap();
    assert!(matches!(refused, Err(OpenError::Engine(words)) if words.contains("keys rotate")));
    let store = house.open();
    let rotation = store.begin_key(1, act(Deed::RotateKeys(1))).await.unwrap();
    assert_eq!((store.reseal(9).await.unwrap().count, store.reseal(9).await.unwrap().acts), (2, 1));
    assert_eq!(store.retire_keys(rotation, reversing.opened_at).await, Ok(Some(1)));
    assert_eq!(keys(&store).await, [1]);
    store.close();
    rewrap().unwrap();
    let store = SqliteStore::open(&house.path(), sealer(2)).unwrap();
    assert!(store.request(reversing.number).await.is_ok());
    assert_eq!(store.verify(|_, _| ()).await.unwrap().broken, 0);
}
