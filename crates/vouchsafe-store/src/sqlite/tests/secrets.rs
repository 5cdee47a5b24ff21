//! What is secret cannot be read from the files, and what is sealed cannot be moved in them.

use super::*;
use crate::story::sample;

#[tokio::test]
async fn no_secret_is_in_any_byte_of_the_files() {
    let house = House::new();
    let store = house.open();
    story::leave_traces(&store).await;
    let mut files = 0;
    let mut search = || {
        for file in std::fs::read_dir(house.folder.path()).unwrap() {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            for secret in [sample::CODE, sample::PIN, sample::CUSTOMER, sample::NOTE, "+27821234567", "Long Street"] {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in {}", path.display());
            }
            files += 1;
        }
    };
    search();
    store.close();
    search();
    assert_eq!(files, 4 + 2, "file, log, index of the log and lock; then file and lock");
}

#[tokio::test]
async fn a_store_is_refused_to_another_key() {
    let house = House::new();
    drop(house.open());
    assert_eq!(SqliteStore::open(&house.path(), sealer(2)).map(|_| ()), Err(OpenError::OtherKey));
    assert_eq!(SqliteStore::open_read_only(&house.path(), sealer(2)).map(|_| ()), Err(OpenError::OtherKey));
    house.open().check().await.unwrap();
}

/// Two transactions with full journals, tampered with; both of them, and what they must no longer tell.
async fn check_damage(tamper: &str) {
    let house = House::new();
    let store = house.open();
    story::leave_traces(&store).await;
    open_new(&store, &key(7)).await;
    let number = TransactionNumber(2);
    assert!(store.journal(number).await.is_ok() && store.request(number).await.is_ok());
    house.look_inside().execute_batch(tamper).unwrap();
    let damaged = |error: &StoreError| matches!(error, StoreError::Determinate(Cause::Damaged(_)));
    let (journal, request) = (store.journal(number).await, store.request(number).await);
    assert!(journal.as_ref().is_err_and(damaged) || request.as_ref().is_err_and(damaged), "{tamper}");
}

#[tokio::test]
async fn a_sealed_record_cannot_be_moved_or_altered() {
    for tamper in [
        "UPDATE transactions SET request = (SELECT request FROM transactions WHERE number = 3) WHERE number = 2",
        "UPDATE transactions SET request_id = zeroblob(16) WHERE number = 2",
        "UPDATE transactions SET channel = (SELECT channel FROM transactions WHERE number = 3) WHERE number = 2",
        "UPDATE events SET outcome = (SELECT outcome FROM events WHERE position = 2 << 20 | 1)
         WHERE position = 2 << 20 | 2",
        "UPDATE events SET outcome = zeroblob(60) WHERE position = 2 << 20 | 1",
        "UPDATE events SET outcome = x'' WHERE position = 2 << 20 | 1",
        "UPDATE events SET note = (SELECT note FROM events WHERE position = 2 << 20 | 1)
         WHERE position = 2 << 20 | 3",
        "UPDATE events SET note = (SELECT outcome FROM events WHERE position = 2 << 20 | 1)
         WHERE position = 2 << 20 | 1",
        "UPDATE advices SET state = 9 WHERE position = 2 << 20 | 3",
        "DELETE FROM events WHERE position = 2 << 20 | 3",
        "UPDATE events SET state = 200 WHERE position = 2 << 20 | 3",
    ] {
        check_damage(tamper).await;
    }
}
