//! Advices: due until they end, put off, and ended once.

use std::slice;

use jiff::Timestamp;
use vouchsafe_core::advice::{Advice, AdviceEnd, Hindrance, ReversalReason};
use vouchsafe_core::transaction::{Event, State};

use super::{at, change, id, intent, key, opened, recorded, text};
use crate::{
    Attempt, Attempts, Cause, Change, Entry, Intent, Key, OpenAdvice, QueuedAdvice, Recorded, Store, StoreError,
    Transaction,
};

pub(super) async fn tell(store: &dyn Store) {
    an_advice_is_due_until_it_ends(store).await;
    an_advice_goes_to_whoever_is_asked_last(store).await;
    an_attempt_that_came_to_nothing_puts_it_off(store).await;
    an_advice_that_ended_is_put_off_no_more(store).await;
    an_operator_has_what_is_open_sent_again(store).await;
    of_an_end_and_a_putting_off_at_the_same_time_the_end_stands(store).await;
    the_longest_due_come_first_and_no_more_than_wanted(store).await;
    an_advice_can_end_as_it_is_written_down(store).await;
    a_transaction_has_one_open_advice(store).await;
    only_an_open_advice_ends(store).await;
    another_advice_follows_one_that_ended(store).await;
}

/// A transaction at a provider whose reversal was queued, to be sent at `due_at`.
pub(super) async fn queued(store: &dyn Store, key: &Key, provider: &str, due_at: Timestamp) -> OpenAdvice {
    let pending = opened(store, Intent { provider: text(provider), ..intent(key) }).await;
    queued_again(store, pending, due_at).await
}

async fn queued_again(store: &dyn Store, transaction: Transaction, due_at: Timestamp) -> OpenAdvice {
    let advice = Advice::Reversal(ReversalReason::Timeout);
    let advice_id = u128::from(transaction.number.0) << 64 | u128::from(transaction.version);
    let queued = QueuedAdvice { id: id(advice_id), advice, due_at };
    let reverse = change(&transaction, Event::AnswerMissing, State::Reversing);
    let transaction = recorded(store, Change { advice: Some(queued), ..reverse }).await;
    let version = transaction.version;
    OpenAdvice { transaction, version, queued, first_due_at: due_at, attempts: Attempts::default(), not_found: false }
}

/// Puts an advice off, and returns it as it must stand then.
pub(super) async fn put_off(
    store: &dyn Store,
    open: OpenAdvice,
    hindrance: Hindrance,
    due_at: Timestamp,
) -> OpenAdvice {
    assert_eq!(store.put_off(attempt(&open, hindrance, due_at)).await, Ok(()));
    let not_found = open.not_found || hindrance == Hindrance::NotFound;
    OpenAdvice {
        queued: QueuedAdvice { due_at, ..open.queued },
        attempts: open.attempts.and(hindrance),
        not_found,
        ..open
    }
}

fn attempt(open: &OpenAdvice, hindrance: Hindrance, due_at: Timestamp) -> Attempt {
    Attempt { number: open.transaction.number, version: open.version, due_at, hindrance }
}

/// The change that ends an advice.
fn end(transaction: &Transaction, end: AdviceEnd) -> Change {
    Change { ends: Some(end), ..change(transaction, Event::ReversalDelivered, State::Reversed) }
}

async fn due(store: &dyn Store, provider: &str, by: Timestamp) -> Vec<OpenAdvice> {
    store.due_advices(&text(provider), by, 100).await.unwrap()
}

async fn last_advice(store: &dyn Store, open: &OpenAdvice) -> Entry {
    let journal = store.journal(open.transaction.number).await.unwrap();
    journal.into_iter().rfind(|entry| entry.advice.is_some()).unwrap()
}

async fn an_advice_is_due_until_it_ends(store: &dyn Store) {
    let mut id = 0x2000;
    for end in AdviceEnd::ALL.iter().copied() {
        id += 1;
        let open = queued(store, &key("till", id), "first", at(100)).await;
        assert_eq!(due(store, "first", at(99)).await, [], "not before its time");
        assert_eq!(due(store, "second", at(100)).await, [], "for its provider only");
        assert_eq!(due(store, "nobody has heard of", at(100)).await, []);
        for _ in 0..2 {
            assert_eq!(due(store, "first", at(100)).await, slice::from_ref(&open), "asking takes nothing away");
        }
        let entry = last_advice(store, &open).await;
        assert_eq!((entry.version, entry.advice, entry.advice_end), (open.version, Some(open.queued), None));
        recorded(store, self::end(&open.transaction, end)).await;
        assert_eq!(due(store, "first", at(1_000_000)).await, []);
        assert_eq!(last_advice(store, &open).await, Entry { advice_end: Some(end), ..entry });
    }
}

async fn an_advice_goes_to_whoever_is_asked_last(store: &dyn Store) {
    let pending = opened(store, Intent { provider: text("left"), ..intent(&key("till", 0x2100)) }).await;
    let reroute = Some(crate::Reroute { provider: text("taken to"), terms: pending.terms });
    let rerouted = recorded(store, Change { reroute, ..change(&pending, Event::Rerouted, State::Pending) }).await;
    let open = queued_again(store, rerouted, at(100)).await;
    assert_eq!(due(store, "left", at(100)).await, []);
    assert_eq!(due(store, "taken to", at(100)).await, [open]);
}

async fn an_attempt_that_came_to_nothing_puts_it_off(store: &dyn Store) {
    let open = queued(store, &key("till", 0x2200), "late", at(100)).await;
    let mut open = put_off(store, open, Hindrance::NoAnswer, at(200)).await;
    assert_eq!(due(store, "late", at(199)).await, []);
    assert_eq!(due(store, "late", at(200)).await, [open.clone()]);
    for hindrance in [Hindrance::NotFound].iter().chain(Hindrance::ALL) {
        open = put_off(store, open, *hindrance, at(300)).await;
        assert_eq!(due(store, "late", at(300)).await, [open.clone()], "not found once is not found for good");
    }
    let entry = last_advice(store, &open).await;
    let as_queued = QueuedAdvice { due_at: at(100), ..open.queued };
    assert_eq!((entry.attempts, entry.advice, entry.advice_end), (open.attempts, Some(as_queued), None));
    let found = store.find(&open.transaction.key).await;
    assert_eq!(found, Ok(Some(open.transaction)), "an attempt is no event");
}

async fn an_advice_that_ended_is_put_off_no_more(store: &dyn Store) {
    let open = queued(store, &key("till", 0x2300), "ended", at(100)).await;
    recorded(store, end(&open.transaction, AdviceEnd::Delivered)).await;
    let journal = store.journal(open.transaction.number).await;
    let ended = attempt(&open, Hindrance::NotFound, at(200));
    let never_queued = Attempt { version: 0, ..ended.clone() };
    for attempt in [ended, never_queued] {
        assert_eq!(store.put_off(attempt).await, Ok(()));
    }
    assert_eq!(due(store, "ended", at(1_000_000)).await, []);
    assert_eq!(store.journal(open.transaction.number).await, journal);
}

async fn an_operator_has_what_is_open_sent_again(store: &dyn Store) {
    let mut open = Vec::new();
    for id in 0x2380..0x2384 {
        let queued = queued(store, &key("till", id), "driven", at(100)).await;
        open.push(put_off(store, queued, Hindrance::NoAnswer, at(900_000)).await);
    }
    recorded(store, end(&open[3].transaction, AdviceEnd::Delivered)).await;
    assert_eq!(store.redrive(Some(open[1].transaction.number), at(500), 100, None).await, Ok(1));
    let sooner =
        |open: &OpenAdvice| OpenAdvice { queued: QueuedAdvice { due_at: at(500), ..open.queued }, ..open.clone() };
    assert_eq!(due(store, "driven", at(500)).await, [sooner(&open[1])], "and nothing else of it has changed");
    assert_eq!(store.redrive(Some(open[1].transaction.number), at(500), 100, None).await, Ok(0), "it is due already");
    assert_eq!(store.redrive(Some(open[3].transaction.number), at(500), 100, None).await, Ok(0), "it has ended");
    let (mut all, mut count) = (0, 1);
    while count > 0 {
        count = store.redrive(None, at(600), 1, None).await.unwrap();
        assert!(count <= 1, "no more than wanted");
        all += count;
    }
    assert!(all >= 2, "{all}");
    let mut numbers: Vec<_> = due(store, "driven", at(600)).await.iter().map(|open| open.transaction.number).collect();
    numbers.sort();
    assert_eq!(numbers, [0, 1, 2].map(|place: usize| open[place].transaction.number));
}

async fn of_an_end_and_a_putting_off_at_the_same_time_the_end_stands(store: &dyn Store) {
    for turn in 0..8 {
        let open = queued(store, &key("till", 0x2400 + turn), "raced", at(100)).await;
        let end = store.record(end(&open.transaction, AdviceEnd::Delivered));
        let put_off = store.put_off(attempt(&open, Hindrance::NoAnswer, at(200)));
        let (ended, late) = if turn % 2 == 0 {
            tokio::join!(end, put_off)
        } else {
            let (late, ended) = tokio::join!(put_off, end);
            (ended, late)
        };
        assert_eq!((ended, late), (Ok(Recorded::Done), Ok(())));
        assert_eq!(due(store, "raced", at(1_000_000)).await, []);
        let entry = last_advice(store, &open).await;
        assert_eq!(entry.advice_end, Some(AdviceEnd::Delivered));
        assert!(entry.attempts.count <= 1);
    }
}

async fn the_longest_due_come_first_and_no_more_than_wanted(store: &dyn Store) {
    let mut open = Vec::new();
    for (turn, due_at) in (0..).zip([400, 100, 300, 200]) {
        open.push(queued(store, &key("till", 0x2500 + turn), "busy", at(due_at)).await);
    }
    let [d, a, c, b] = open.try_into().unwrap();
    let a = put_off(store, a, Hindrance::TooMany, at(350)).await;
    let expect = [b, c, a, d];
    for (by, reached) in [(199, 0), (200, 1), (399, 3), (400, 4)] {
        for most in 0..6 {
            let found = store.due_advices(&text("busy"), at(by), most).await.unwrap();
            assert_eq!(found, expect[..reached.min(most)], "by {by}, at most {most}");
        }
    }
    assert_eq!(store.due_advices(&text("busy"), at(400), usize::MAX).await.unwrap(), expect);
}

async fn an_advice_can_end_as_it_is_written_down(store: &dyn Store) {
    let pending = opened(store, Intent { provider: text("deaf"), ..intent(&key("till", 0x2600)) }).await;
    let advice = QueuedAdvice { id: id(0x2601), advice: Advice::Reversal(ReversalReason::Cancelled), due_at: at(100) };
    let consume = Change {
        advice: Some(advice),
        ends: Some(AdviceEnd::Consumed),
        ..change(&pending, Event::AnswerLost, State::Orphaned)
    };
    recorded(store, consume).await;
    assert_eq!(due(store, "deaf", at(1_000_000)).await, [], "it is never sent");
    let journal = store.journal(pending.number).await.unwrap();
    let [entry] = journal.try_into().unwrap();
    assert_eq!(
        (entry.advice, entry.advice_end, entry.attempts),
        (Some(advice), Some(AdviceEnd::Consumed), Attempts::default())
    );
}

/// Tries a change that must be refused as a fault of the caller's, and leave nothing behind.
async fn check_refused(store: &dyn Store, change: Change) {
    let before = (store.find(&change.key).await, store.journal(change.number).await);
    let refused = store.record(change.clone()).await;
    assert!(matches!(refused, Err(StoreError::Determinate(Cause::Damaged(_)))), "{refused:?} to {change:?}");
    assert_eq!((store.find(&change.key).await, store.journal(change.number).await), before, "{change:?}");
}

async fn a_transaction_has_one_open_advice(store: &dyn Store) {
    let open = queued(store, &key("till", 0x2700), "one", at(100)).await;
    let second = QueuedAdvice { id: id(0x2701), ..open.queued };
    let queue = Change { advice: Some(second), ..change(&open.transaction, Event::LateApproval, State::Reversing) };
    check_refused(store, queue.clone()).await;
    check_refused(store, Change { ends: Some(AdviceEnd::Consumed), ..queue }).await;
    assert_eq!(due(store, "one", at(100)).await, [open]);
}

async fn only_an_open_advice_ends(store: &dyn Store) {
    let pending = opened(store, intent(&key("till", 0x2800))).await;
    check_refused(store, end(&pending, AdviceEnd::Delivered)).await;
    let open = queued_again(store, pending, at(100)).await;
    let stale = Change { seen: 0, ..end(&open.transaction, AdviceEnd::Delivered) };
    assert_eq!(store.record(stale).await, Ok(Recorded::Stale));
    let entry = last_advice(store, &open).await;
    assert_eq!(entry.advice_end, None, "what is stale ends nothing");
    let reversed = recorded(store, end(&open.transaction, AdviceEnd::Delivered)).await;
    check_refused(store, end(&reversed, AdviceEnd::Refused)).await;
    // Neighbours in the order of numbers: one's end is not the other's.
    let a = queued(store, &key("till", 0x2801), "neighbours", at(100)).await;
    let b = queued(store, &key("till", 0x2802), "neighbours", at(200)).await;
    let c = queued(store, &key("till", 0x2803), "neighbours", at(300)).await;
    recorded(store, end(&b.transaction, AdviceEnd::Refused)).await;
    assert_eq!(due(store, "neighbours", at(300)).await, [a, c]);
}

async fn another_advice_follows_one_that_ended(store: &dyn Store) {
    let first = queued(store, &key("till", 0x2900), "again", at(100)).await;
    let first = put_off(store, first, Hindrance::NotFound, at(150)).await;
    let reversed = recorded(store, end(&first.transaction, AdviceEnd::Delivered)).await;
    let second = queued_again(store, reversed, at(200)).await;
    assert_eq!(due(store, "again", at(200)).await, slice::from_ref(&second), "with a count of its own");
    recorded(store, end(&second.transaction, AdviceEnd::Refused)).await;
    let journal = store.journal(first.transaction.number).await.unwrap();
    let ends: Vec<_> = journal.iter().map(|entry| (entry.advice_end, entry.attempts.count)).collect();
    assert_eq!(ends, [(Some(AdviceEnd::Delivered), 1), (None, 0), (Some(AdviceEnd::Refused), 0), (None, 0)]);
}
