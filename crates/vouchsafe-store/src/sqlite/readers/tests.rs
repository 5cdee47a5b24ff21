use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread::{self, ThreadId};

use rusqlite::ffi;
use tempfile::TempDir;

use super::*;
use crate::seal::{Sealer, SealingKey};
use crate::sqlite::SqliteStore;

/// A store of its own. The folder is there for as long as it is.
struct House {
    store: SqliteStore,
    _folder: TempDir,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sealer = Sealer::new(SealingKey::from_bytes([1; 32]), |bytes| bytes.fill(7));
        Self { store: SqliteStore::open(&folder.path().join("store.db"), sealer).unwrap(), _folder: folder }
    }

    fn readers(&self) -> &Arc<Readers> {
        &self.store.readers
    }

    /// The thread on which a short reading is made now.
    async fn where_read(&self) -> ThreadId {
        self.readers().read_soon(|_| Ok(thread::current().id())).await.unwrap()
    }
}

fn engine(code: i32) -> Fault {
    Fault::Engine(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_reading_is_made_in_place_once_there_is_a_connection() {
    let house = House::new();
    assert_ne!(house.where_read().await, thread::current().id(), "to open a connection takes long");
    assert_eq!(house.where_read().await, thread::current().id());
    let elsewhere = house.readers().read(|_| Ok(thread::current().id())).await.unwrap();
    assert_ne!(elsewhere, thread::current().id(), "a long one never is");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_last_thread_of_a_runtime_waits_for_no_disk() {
    let house = House::new();
    for _ in 0..3 {
        assert_ne!(house.where_read().await, thread::current().id());
    }
}

#[tokio::test]
async fn nor_does_the_only_one() {
    let house = House::new();
    for _ in 0..3 {
        assert_ne!(house.where_read().await, thread::current().id());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_one_reading_hangs_the_others_are_made_elsewhere() {
    let house = House::new();
    house.where_read().await;
    let (begins, begun) = mpsc::channel();
    let (let_go, go) = mpsc::channel::<()>();
    let go = Mutex::new(go);
    let readers = Arc::clone(house.readers());
    let hanging = tokio::spawn(async move {
        let own = thread::current().id();
        let reading = move |_: Book<'_>| {
            begins.send(thread::current().id()).unwrap();
            go.lock().unwrap().recv().unwrap();
            Ok(())
        };
        (own, readers.read_soon(reading).await)
    });
    let place = begun.recv().unwrap();
    for _ in 0..3 {
        assert_ne!(house.where_read().await, thread::current().id());
    }
    let_go.send(()).unwrap();
    assert_eq!(hanging.await.unwrap(), (place, Ok(())), "it was made in place");
    assert_eq!(house.where_read().await, thread::current().id());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_to_be_waited_for_is_waited_for_elsewhere() {
    let house = House::new();
    house.where_read().await;
    for code in [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED] {
        let own = thread::current().id();
        let reading = move |_: Book<'_>| {
            if thread::current().id() == own { Err(engine(code)) } else { Ok(thread::current().id()) }
        };
        let place = house.readers().read_soon(reading).await.unwrap();
        assert_ne!(place, own);
        assert_eq!(house.where_read().await, own, "the connection is as good as before");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_failed_in_place_is_given_up() {
    let house = House::new();
    house.where_read().await;
    let times = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&times);
    let failing = move |_: Book<'_>| -> Result<(), Fault> {
        counted.fetch_add(1, Ordering::Relaxed);
        Err(engine(ffi::SQLITE_IOERR))
    };
    let failed = house.readers().read_soon(failing).await;
    assert!(matches!(failed, Err(StoreError::Determinate(Cause::Engine(_)))), "{failed:?}");
    assert_eq!(times.load(Ordering::Relaxed), 1, "it is told and not tried again");
    assert_ne!(house.where_read().await, thread::current().id());
    assert_eq!(house.where_read().await, thread::current().id(), "another took its place");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reading_that_panics_in_place_leaves_nothing_behind() {
    let house = House::new();
    house.where_read().await;
    let readers = Arc::clone(house.readers());
    let fails = AtomicBool::new(true);
    let panicking = tokio::spawn(async move {
        let reading = move |_: Book<'_>| -> Result<(), Fault> {
            if fails.load(Ordering::Relaxed) { panic!("a test says so") } else { Ok(()) }
        };
        readers.read_soon(reading).await
    });
    assert!(panicking.await.unwrap_err().is_panic());
    assert_ne!(house.where_read().await, thread::current().id());
    assert_eq!(house.where_read().await, thread::current().id(), "another connection took its place");
}
