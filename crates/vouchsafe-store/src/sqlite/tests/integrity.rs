//! What was altered is found when the whole is proven, and refused to whoever reads it.

use vouchsafe_core::advice::{Advice, AdviceEnd};
use vouchsafe_core::message::Request;
use vouchsafe_core::transaction::{Event, Kind};

use super::lives::{declined, lead, queued, reversing};
use super::*;
use crate::story::acts::act;
use crate::story::{approval, change, recorded, sample};
use crate::{Deed, Intent, Verdict};

async fn verdict(store: &SqliteStore) -> Verdict {
    store.verify(|_, _| ()).await.unwrap()
}

#[tokio::test]
async fn what_nobody_altered_is_proven() {
    let house = House::new();
    let store = house.open();
    assert_eq!(verdict(&store).await, Verdict::default());
    lead(&store).await;
    let whole = verdict(&store).await;
    let Verdict { transactions, events, forestalled, acts, broken, ref told, sum } = whole;
    assert_eq!((transactions, events, forestalled, acts, broken, told.as_slice()), (4, 5, 1, 0, 0, &[][..]));
    assert_ne!(sum, 0);
    store.close();
    let reader = SqliteStore::open_read_only(&house.path(), sealer(1)).unwrap();
    assert_eq!(verdict(&reader).await, whole, "the same after reopening, to whoever may only read");
}

#[tokio::test]
async fn every_commit_moves_the_sum_wherever_it_is_made() {
    let house = House::new();
    let (switch, beside) = (house.open(), SqliteStore::open_beside(&house.path(), sealer(1)).unwrap());
    let mut sums = vec![verdict(&switch).await.sum];
    for (id, store) in [&switch, &beside, &switch, &beside].into_iter().enumerate() {
        open_new(store, &key(id as u128)).await;
        let now = verdict(&switch).await;
        assert!(now.broken == 0 && !sums.contains(&now.sum), "{:?}", now.told);
        sums.push(now.sum);
    }
}

/// Alters a store, and sees that proving it says `words`; and that transaction 1 is refused to its readers, where it is
/// that which was altered.
async fn check(tamper: &str, words: &str, is_refused: bool) {
    let house = House::new();
    let store = house.open();
    let [sold, ..] = lead(&store).await;
    house.look_inside().execute_batch(tamper).unwrap();
    let told = verdict(&store).await.told;
    assert!(told.iter().any(|told| told.contains(words)), "{tamper}: {told:?}");
    let read = store.find(&sold.key).await.and(store.journal(sold.number).await);
    for read in [read, store.dossier(sold.number).await.map(|dossier| dossier.journal)] {
        if is_refused {
            assert!(matches!(read, Err(StoreError::Determinate(Cause::Damaged(_)))), "{tamper}: {read:?}");
        } else {
            assert!(read.is_ok(), "{tamper}: {read:?}");
        }
    }
}

#[tokio::test]
async fn whatever_is_altered_is_found_and_refused() {
    for (tamper, words) in [
        ("UPDATE transactions SET state = 6 WHERE number = 1", "transaction 1: its row was altered"),
        ("UPDATE transactions SET asked_amount = 1 WHERE number = 1", "transaction 1: its row was altered"),
        ("UPDATE transactions SET upstream_id = zeroblob(16) WHERE number = 1", "transaction 1: its row was altered"),
        ("UPDATE transactions SET provider = channel WHERE number = 1", "transaction 1: its row was altered"),
        ("UPDATE transactions SET link = zeroblob(16) WHERE number = 1", "transaction 1: its row was altered"),
        ("UPDATE names SET name = 'stellars' WHERE name = 'stellar'", "transaction 1: its row was altered"),
        ("UPDATE events SET at = at + 1 WHERE position = 1 << 20 | 1", "event 1 of transaction 1: it is not what was"),
        ("UPDATE events SET event = 8 WHERE position = 1 << 20 | 2", "event 2 of transaction 1: it is not what was"),
        ("UPDATE events SET state = 2 WHERE position = 1 << 20 | 3", "event 3 of transaction 1: it is not what was"),
        (
            "UPDATE events SET outcome = NULL WHERE position = 1 << 20 | 1",
            "event 1 of transaction 1: it is not what was",
        ),
        (
            "UPDATE advices SET id = zeroblob(16) WHERE position = 1 << 20 | 2",
            "event 2 of transaction 1: it is not what",
        ),
        ("DELETE FROM advices WHERE position = 1 << 20 | 2", "event 2 of transaction 1: it is not what was written"),
        ("DELETE FROM events WHERE position = 1 << 20 | 2", "event 2 of transaction 1: its journal has a gap"),
        ("DELETE FROM events WHERE position = 1 << 20 | 3", "transaction 1: its journal does not lead to where it"),
    ] {
        check(tamper, words, true).await;
    }
    for (tamper, words) in [
        ("DELETE FROM transactions WHERE number = 3", "an event does not belong where it stands: transaction 3"),
        ("DELETE FROM transactions WHERE number = 4", "something is gone without a trace"),
        ("DELETE FROM forestalled", "something is gone without a trace"),
        ("UPDATE forestalled SET at = at + 1", "a reversal that came before its request was altered: till"),
        ("DELETE FROM vouchers", "event 1 of transaction 1: its voucher is not entered"),
        ("UPDATE advices SET state = 1 WHERE position = 2 << 20 | 1", "transaction 2: what it owes to its provider"),
        (
            "UPDATE advices SET provider = (SELECT channel FROM transactions LIMIT 1) WHERE position = 2 << 20 | 1",
            "an advice does not belong where it stands: transaction 2, event 1",
        ),
        ("INSERT INTO vouchers SELECT partition, name, 2 FROM vouchers LIMIT 1", "neither issued nor presented it"),
        ("UPDATE forestalled SET kind = 77", "a reversal that came before its request cannot be read"),
        ("DELETE FROM total", "the sum over all journals is gone"),
        (
            "CREATE TRIGGER unpaid AFTER INSERT ON advices BEGIN DELETE FROM advices WHERE position = new.position; END",
            "the schema was altered: trigger unpaid is none of the store's",
        ),
        (
            "PRAGMA writable_schema = ON; CREATE TRIGGER sqlite_x AFTER INSERT ON events BEGIN DELETE FROM advices; END",
            "the schema was altered: trigger sqlite_x is none of the store's",
        ),
        ("DROP INDEX transactions_orphaned", "the schema was altered: index transactions_orphaned is missing"),
        (
            "DROP VIEW journal_in_words; CREATE VIEW journal_in_words AS SELECT 1 AS number",
            "the schema was altered: view journal_in_words has another definition",
        ),
        (
            "INSERT INTO events SELECT 2 << 20 | 2, at, event, state, outcome, note, advised, link FROM events LIMIT 1",
            "event 2 of transaction 2: it was sealed with another key or for another place",
        ),
    ] {
        check(tamper, words, false).await;
    }
}

#[tokio::test]
async fn a_torn_page_is_told_with_all_else_that_is_broken() {
    let house = House::new();
    let store = house.open();
    lead(&store).await;
    let link = "SELECT link FROM events WHERE position = 1 << 20 | 1";
    let link: Vec<u8> = house.look_inside().query_row(link, (), |row| row.get(0)).unwrap();
    house.look_inside().execute_batch("DELETE FROM forestalled").unwrap();
    store.close();
    let mut file = std::fs::read(house.path()).unwrap();
    let place = file.windows(link.len()).position(|bytes| bytes == link).unwrap();
    let page = place / 8192 * 8192;
    file[page..page + 8].fill(0xff);
    std::fs::write(house.path(), file).unwrap();
    let reader = SqliteStore::open_read_only(&house.path(), sealer(1)).unwrap();
    let Verdict { transactions, forestalled, told, .. } = verdict(&reader).await;
    assert_eq!((transactions, forestalled), (4, 0), "{told:?}");
    assert!(told[0].starts_with("the file"), "{told:?}");
    for words in ["transaction 1: database disk image is malformed", "the sum over all journals is another"] {
        assert!(told.iter().any(|told| told.contains(words)), "{words}: {told:?}");
    }
}

#[tokio::test]
async fn a_number_that_no_store_gives_is_looked_at_too() {
    let house = House::new();
    let store = house.open();
    lead(&store).await;
    house
        .look_inside()
        .execute_batch("PRAGMA foreign_keys = off; UPDATE transactions SET number = -4 WHERE number = 4")
        .unwrap();
    let told = verdict(&store).await.told;
    assert!(told.iter().any(|told| told.contains("transaction -4: its row was altered")), "{told:?}");
}

#[tokio::test]
async fn what_was_altered_and_is_passed_over_can_be_told() {
    let house = House::new();
    let store = house.open();
    let open = open_new(&store, &key(1)).await;
    recorded(&store, change(&open, Event::AnswerMissing, State::Orphaned)).await;
    let sold = recorded(&store, approval(&open_new(&store, &key(2)).await)).await;
    assert_eq!(store.altered_orphans().await, Ok(Vec::new()));
    let waiting = store.unfinalised(TransactionNumber(0), 9).await.unwrap();
    assert_eq!(waiting.iter().map(|one| one.number).collect::<Vec<_>>(), [sold.number]);
    house.look_inside().execute_batch("UPDATE transactions SET asked_amount = asked_amount + 1").unwrap();
    assert_eq!(store.orphans(TransactionNumber(0), 9).await, Ok(Vec::new()));
    assert_eq!(store.altered_orphans().await, Ok(vec!["transaction 1: its row was altered".to_owned()]));
    assert_eq!(store.altered_unfinalised().await, Ok(vec!["transaction 2: its row was altered".to_owned()]));
}

#[tokio::test]
async fn a_journal_cut_off_together_with_its_row_is_missing_from_the_sum() {
    let house = House::new();
    let store = house.open();
    let [sold, ..] = lead(&store).await;
    let last = "SELECT link, mark, state, version FROM transactions WHERE number = 4";
    let row = |inside: &Connection| -> (Vec<u8>, Vec<u8>, i64, i64) {
        inside.query_row(last, (), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap()
    };
    let inside = house.look_inside();
    let before = row(&inside);
    let pending = store.find(&key(4)).await.unwrap().unwrap();
    recorded(&store, change(&pending, Event::RequestNotSent, State::Declined)).await;
    assert_eq!(verdict(&store).await.broken, 0);
    inside.execute("DELETE FROM events WHERE position = 4 << 20 | 1", ()).unwrap();
    let sql = "UPDATE transactions SET link = ?1, mark = ?2, state = ?3, version = ?4, due_at = ?5 WHERE number = 4";
    let due_at = pending.due_at.map(Timestamp::as_millisecond);
    inside.execute(sql, (before.0, before.1, before.2, before.3, due_at)).unwrap();
    assert_eq!(store.find(&pending.key).await, Ok(Some(pending)), "alone it is as sound as it was once");
    let told = verdict(&store).await.told;
    assert!(told.len() == 1 && told[0].contains("something is gone without a trace"), "{told:?}");
    assert!(store.journal(sold.number).await.is_ok());
}

#[tokio::test]
async fn where_the_sum_is_gone_nothing_is_written() {
    let house = House::new();
    let store = house.open();
    lead(&store).await;
    house.look_inside().execute_batch("UPDATE total SET sum = zeroblob(57)").unwrap();
    let refused = store.open(story::intent(&key(9))).await;
    let Err(StoreError::Determinate(Cause::Damaged(words))) = refused else { panic!("{refused:?}") };
    assert!(words.contains("the sum over all journals is gone"), "{words}");
}

#[tokio::test]
async fn whoever_proves_a_store_is_told_how_far_it_is() {
    let house = House::new();
    let store = house.open();
    lead(&store).await;
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let hears = Arc::clone(&heard);
    store.verify(move |done, all| hears.lock().unwrap().push((done, all))).await.unwrap();
    assert_eq!(*heard.lock().unwrap(), [(4, 4)]);
}

#[tokio::test]
async fn what_was_altered_keeps_nobody_else_from_its_turn() {
    let house = House::new();
    let store = house.open();
    let mut owed = Vec::new();
    for id in 1..=4 {
        owed.push(reversing(&store, id).await);
    }
    for id in 5..=8 {
        open_new(&store, &key(id)).await;
    }
    let ended = [declined(&store, 9).await, declined(&store, 10).await, declined(&store, 11).await];
    let altered = "UPDATE transactions SET asked_amount = 1 WHERE number IN (1, 2, 5, 6, 9)";
    house.look_inside().execute_batch(altered).unwrap();
    let (provider, late) = (&owed[0].provider, Timestamp::MAX);
    let due = store.due_advices(provider, late, 2).await.unwrap();
    assert_eq!(due.iter().map(|open| open.transaction.number.0).collect::<Vec<_>>(), [3, 4]);
    let unanswered = store.unanswered(late, 2).await.unwrap();
    assert_eq!(unanswered.iter().map(|open| open.number.0).collect::<Vec<_>>(), [7, 8]);
    let destroyed = store.destroy(late, Duration::ZERO, 99).await;
    assert_eq!(destroyed, Ok(Destroyed { count: 2, are_all: true }), "all but the altered one of the three");
    assert!(store.request(ended[0].number).await.is_err());
}

#[tokio::test]
async fn a_confirmation_that_was_refused_for_good_is_no_alteration_and_the_end() {
    let house = House::new();
    let store = house.open();
    let sold = recorded(&store, approval(&open_new(&store, &key(1)).await)).await;
    let confirming = change(&sold, Event::ConfirmationDue, State::Confirming);
    let advice = queued(&sold, 7, Advice::Confirmation);
    let confirming = recorded(&store, Change { advice, ..confirming }).await;
    let refused = change(&confirming, Event::ConfirmationRefused, State::Confirming);
    recorded(&store, Change { ends: Some(AdviceEnd::Refused), ..refused }).await;
    assert_eq!(verdict(&store).await.told, [""; 0]);
    assert_eq!(store.destroy(Timestamp::MAX, Duration::ZERO, 9).await, Ok(Destroyed { count: 1, are_all: true }));
    assert_eq!(verdict(&store).await.told, [""; 0]);
}

#[tokio::test]
async fn a_redemption_must_be_found_by_the_code_that_it_presented_unless_it_was_declined() {
    let house = House::new();
    let store = house.open();
    for id in 1..=2 {
        let key = Key { kind: Kind::Redemption, ..key(id) };
        let request = Request::Redemption(sample::redemption(key.id));
        let Opened::New(open) = store.open(Intent { request, ..story::intent(&key) }).await.unwrap() else {
            panic!("not new")
        };
        if id == 2 {
            recorded(&store, change(&open, Event::RequestNotSent, State::Declined)).await;
        }
    }
    assert_eq!(verdict(&store).await.told, [""; 0], "one that was declined leaves nothing behind");
    house.look_inside().execute_batch("DELETE FROM vouchers").unwrap();
    let told = verdict(&store).await.told;
    assert!(told[0].contains("the request of transaction 1: its voucher is not entered"), "{told:?}");
}

/// The readings are made in place, but for the first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_is_of_one_moment_whatever_is_written_meanwhile() {
    let house = House::new();
    let store = Arc::new(house.open());
    let open = reversing(&store, 1).await;
    let writes = Arc::clone(&store);
    let writing = tokio::spawn(async move {
        let mut now = open;
        for _ in 0..100 {
            now = recorded(&*writes, change(&now, Event::ReversalReceived, State::Reversing)).await;
        }
        now
    });
    let mut read = 0;
    while !writing.is_finished() || read < 100 {
        let journal = store.journal(TransactionNumber(1)).await;
        assert!(journal.is_ok(), "{journal:?}");
        let dossier = store.dossier(TransactionNumber(1)).await;
        assert!(dossier.is_ok(), "{dossier:?}");
        read += 1;
    }
    assert_eq!(writing.await.unwrap().version, 101);
}

/// A store with three acts: one done, one intended, and one that was intended and has failed.
async fn house_of_acts() -> (House, SqliteStore) {
    let house = House::new();
    let store = house.open();
    let reset = act(Deed::ResetChannel(key(1).channel));
    store.set_aside(key(1).channel, key(1).channel, reset).await.unwrap();
    store.intend(act(Deed::RedriveAdvices)).await.unwrap();
    let failed = store.intend(act(Deed::RewrapKeys)).await.unwrap();
    let why = ActEnd::Failed(crate::Standing::new("no disk").unwrap());
    store.end_act(failed, why, story::intent(&key(1)).at).await.unwrap();
    (house, store)
}

#[tokio::test]
async fn an_act_that_was_altered_removed_or_moved_is_found_and_refused() {
    let (_house, store) = house_of_acts().await;
    let whole = verdict(&store).await;
    assert_eq!((whole.acts, whole.broken, store.acts(None, 9).await.unwrap().len()), (3, 0, 3));
    for (tamper, words, is_refused) in [
        ("UPDATE acts SET at = at + 1 WHERE number = 2", "act 2: it is not what was written", true),
        ("UPDATE acts SET is_intended = 0 WHERE number = 2", "act 2: it is not what was written", true),
        ("UPDATE acts SET link = zeroblob(16) WHERE number = 1", "act 1: it is not what was written", true),
        (
            "UPDATE acts SET record = (SELECT record FROM acts WHERE number = 1) WHERE number = 2",
            "act 2: it was sealed with another key or for another place",
            true,
        ),
        ("DELETE FROM acts WHERE number = 1", "act 1: it is gone", true),
        ("DELETE FROM acts WHERE number = 2", "act 2: it is gone", true),
        ("UPDATE acts SET number = 5 WHERE number = 2", "act 5: it was sealed with another key", true),
        ("UPDATE act_ends SET at = at + 1", "act 3: its end is not what was written", true),
        ("UPDATE act_ends SET note = NULL", "act 3: its end is not what was written", true),
        ("UPDATE act_ends SET number = 1", "act 1: it was sealed with another key or for another place", true),
        ("INSERT INTO act_ends SELECT 2, at, NULL, link FROM act_ends", "act 2: its end is not what was written", true),
        ("INSERT INTO act_ends SELECT 9, at, note, link FROM act_ends", "an end belongs to nothing: act 9", false),
        ("DELETE FROM act_ends", "something is gone without a trace", false),
        (
            "INSERT INTO acts SELECT -1, at, is_intended, record, link FROM acts WHERE number = 1",
            "act 18446744073709551615: it was sealed with another key or for another place",
            true,
        ),
        ("DELETE FROM act_ends; DELETE FROM acts WHERE number = 3", "something is gone without a trace", false),
        ("DELETE FROM act_ends; DELETE FROM acts", "something is gone without a trace", false),
    ] {
        let (house, store) = house_of_acts().await;
        house.look_inside().execute_batch(&format!("PRAGMA foreign_keys = off; {tamper}")).unwrap();
        let told = verdict(&store).await.told;
        assert!(told.iter().any(|told| told.contains(words)), "{tamper}: {told:?}");
        let read = store.acts(None, 9).await;
        let refused = matches!(read, Err(StoreError::Determinate(Cause::Damaged(_))));
        assert_eq!(refused, is_refused, "{tamper}: {read:?}");
    }
}

#[tokio::test]
async fn an_act_that_was_altered_cannot_end() {
    let (house, store) = house_of_acts().await;
    house.look_inside().execute_batch("UPDATE acts SET at = at + 1 WHERE number = 2").unwrap();
    let refused = store.end_act(crate::ActNumber(2), ActEnd::Done, story::intent(&key(1)).at).await;
    assert!(matches!(refused, Err(StoreError::Determinate(Cause::Damaged(_)))), "{refused:?}");
}
