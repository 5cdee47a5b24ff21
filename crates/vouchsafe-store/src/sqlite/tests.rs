use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use tempfile::TempDir;
use uuid::Uuid;
use vouchsafe_core::id::{ChannelId, MessageId};
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::Kind;

use super::*;
use crate::seal::SealingKey;
use crate::story;

mod batches;
mod beside;
mod files;
mod integrity;
mod keys;
mod lives;
mod migration;
mod redriving;
mod secrets;

/// A folder with a store in it.
struct House {
    folder: TempDir,
}

impl House {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), sealer(1)).unwrap()
    }

    /// A connection as a person with a tool would have it, or an intruder.
    fn look_inside(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

/// A sealer whose nonces are numbers in turn.
fn sealer(key: u8) -> Sealer {
    let turn = AtomicU64::new(0);
    let entropy = move |bytes: &mut [u8]| {
        bytes.fill(0);
        bytes[..8].copy_from_slice(&turn.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    };
    Sealer::new(SealingKey::from_bytes([key; 32]), entropy)
}

fn key(id: u128) -> Key {
    Key { channel: ChannelId::new("till").unwrap(), kind: Kind::Provision, id: MessageId::new(Uuid::from_u128(id)) }
}

async fn open_new(store: &SqliteStore, key: &Key) -> Transaction {
    match store.open(story::intent(key)).await.unwrap() {
        Opened::New(transaction) => transaction,
        other => panic!("not new: {other:?}"),
    }
}

#[tokio::test]
async fn it_keeps_every_promise_of_a_store() {
    story::tell(&House::new().open()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_keeps_them_where_readings_are_made_in_place() {
    story::tell(&House::new().open()).await;
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let house = House::new();
    let store = house.open();
    let traces = story::leave_traces(&store).await;
    store.close();
    story::find_traces(&house.open(), &traces).await;
}

#[tokio::test]
async fn a_reader_beside_the_switch_sees_every_commit_and_writes_nothing() {
    let house = House::new();
    let switch = house.open();
    let reader = SqliteStore::open_read_only(&house.path(), sealer(1)).unwrap();
    let traces = story::leave_traces(&switch).await;
    let known = open_new(&switch, &key(1)).await;
    assert_eq!(reader.find(&key(1)).await, Ok(Some(known.clone())));
    assert_eq!(reader.request(known.number).await, Ok(story::sample::request_of(Kind::Provision, key(1).id)));
    let closed = StoreError::Determinate(Cause::Closed);
    assert_eq!(reader.open(story::intent(&key(2))).await, Err(closed.clone()));
    assert_eq!(reader.check().await, Err(closed));
    assert_eq!(reader.figures(), Figures::default());
    story::find_traces(&switch, &traces).await;
}

#[tokio::test]
async fn people_can_look_into_the_file() {
    let house = House::new();
    let store = house.open();
    story::leave_traces(&store).await;
    let inside = house.look_inside();
    let sql =
        "SELECT channel || ' ' || kind || ' ' || request_id || ' ' || state || ' ' || provider || ' ' || opened_at
               FROM transactions_in_words WHERE number = 1";
    let line: String = inside.query_row(sql, (), |row| row.get(0)).unwrap();
    let expect = "traces provision 00000000-0000-0000-0000-000000000001 pending stellar 2023-11-14T22:13:20.000Z";
    assert_eq!(line, expect);
    let sql = "SELECT version || ' ' || at || ' ' || event || ' ' || state || ' ' || advice || ' ' || advice_state
               FROM journal_in_words WHERE number = 2 AND version = 3";
    let line: String = inside.query_row(sql, (), |row| row.get(0)).unwrap();
    assert_eq!(line, "3 2023-11-14T22:13:21.002Z request not sent approved reversal TIMEOUT refused");
    let sql = "SELECT advice_state || ' ' || advice_attempts || ' ' || advice_hindrance || ' ' || advice_due_at
               FROM journal_in_words WHERE number = 3 AND version = 1";
    let line: String = inside.query_row(sql, (), |row| row.get(0)).unwrap();
    assert_eq!(line, "open 1 the provider does not know the request 2023-11-14T22:13:29.000Z");
    let sql = "SELECT group_concat(end || ' ' || coalesce(ended_at, 'at no known time'), ', ') FROM acts_in_words";
    let line: String = inside.query_row(sql, (), |row| row.get(0)).unwrap();
    let expect = "intended at no known time, done 2023-11-14T22:13:29.500Z, failed 2023-11-14T22:13:29.500Z";
    assert_eq!(line, expect);
}

/// The queries on the way of every request, of delivery and of recovery walk an index, in its order, and never a
/// whole table.
#[test]
fn no_query_walks_a_whole_table() {
    let house = House::new();
    drop(house.open());
    let inside = house.look_inside();
    // These sort no more than their bounded answers.
    let sorted = [row::LOOK_UP, owed::UNANSWERED, owed::OPEN_ADVICES];
    for (sql, indexes) in [
        ("SELECT 1 FROM transactions WHERE request_id = x'00' AND kind = 0", &["transactions_by_key"][..]),
        ("SELECT 1 FROM transactions WHERE upstream_id = x'00' AND kind = 0", &["transactions_by_upstream_id"]),
        ("SELECT 1 FROM advices WHERE position BETWEEN 1 AND 9 AND state = 0", &["INTEGER PRIMARY KEY"]),
        ("UPDATE advices SET state = 1 WHERE position BETWEEN 1 AND 9 AND state = 0", &["INTEGER PRIMARY KEY"]),
        (row::LOOK_UP, &["transactions_by_key", "transactions_by_upstream_id", "advices_by_id"]),
        (command::REDRIVE_ONE, &["INTEGER PRIMARY KEY"]),
        (command::REDRIVE_ALL, &["advices_open"]),
        (by_hand::WAITING, &["advices_open"]),
        (owed::DUE_ADVICES, &["advices_open"]),
        (owed::UNANSWERED, &["transactions_by_due_at", "transactions_by_due_at"]),
        (owed::UNCONFIRMED, &["transactions_by_due_at"]),
        (owed::ORPHANS, &["transactions_orphaned"]),
        (owed::UNFINALISED, &["transactions_unfinalised"]),
        (owed::UNFINALISED_COUNT, &["transactions_unfinalised"]),
        (vouchers::CONCERNING, &["PRIMARY KEY", "INTEGER PRIMARY KEY", "INTEGER PRIMARY KEY"]),
        (owed::OPEN_ADVICES, &["COVERING INDEX advices_open"]),
        (owed::ORPHANS_VALUE, &["transactions_orphaned"]),
    ] {
        let mut statement = inside.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let nulls = rusqlite::params_from_iter(vec![None::<i64>; statement.parameter_count()]);
        let plan: Vec<String> =
            statement.query_map(nulls, |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
        let reads = plan.iter().filter(|step| step.starts_with("SEARCH") || step.starts_with("SCAN"));
        // What the query has made itself, in parentheses or named `o`, holds no more than its answer.
        let walks =
            reads.filter(|step| !step.contains(" USING ") && !["SCAN o", "SCAN (subquery-2)"].contains(&&***step));
        assert_eq!(walks.count(), 0, "{sql}: {plan:#?}");
        for index in indexes {
            assert!(plan.iter().any(|step| step.contains(index)), "{sql}: {index} in {plan:#?}");
        }
        let sorts = plan.iter().filter(|step| step.contains("TEMP B-TREE")).count();
        assert!(sorts == 0 || sorted.contains(&sql), "{sql}: {plan:#?}");
    }
}

#[tokio::test]
async fn copies_from_many_threads_open_one_transaction() {
    let house = House::new();
    let store = Arc::new(house.open());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let copies: Vec<_> = (0..64)
        .map(|_| {
            let store = Arc::clone(&store);
            runtime.spawn(async move { store.open(story::intent(&key(1))).await.unwrap() })
        })
        .collect();
    let mut new = 0;
    for copy in copies {
        new += usize::from(matches!(copy.await.unwrap(), Opened::New(_)));
    }
    assert_eq!(new, 1);
    runtime.shutdown_background();
}
