//! What wants looking at: outcomes that are overdue, confirmations to make, orphans, and how much is owed.

use jiff::Timestamp;
use vouchsafe_core::advice::{AdviceEnd, Hindrance};
use vouchsafe_core::money::{Currency, LedgerAmount};
use vouchsafe_core::transaction::{Event, State};

use super::{advices, approval, at, change, intent, key, opened, recorded, text};
use crate::{Change, Intent, OpenAdvices, Orphans, Store, Transaction, TransactionNumber};

pub(super) async fn tell(store: &dyn Store) {
    an_outcome_that_is_overdue_is_found(store).await;
    an_approval_to_confirm_is_found(store).await;
    orphans_are_listed_until_they_are_resolved(store).await;
    open_advices_are_counted_by_provider(store).await;
    orphans_are_counted_by_currency(store).await;
}

/// What each bound and each time must give of a list that is in order, each transaction with its due time.
async fn check_due<F: AsyncFn(Timestamp, usize) -> Vec<Transaction>>(find: F, expect: &[Transaction]) {
    for (reached, last) in expect.iter().enumerate() {
        let by = last.due_at.unwrap();
        for most in 0..expect.len() + 2 {
            assert_eq!(find(by, most).await, expect[..most.min(reached + 1)], "by {by}, at most {most}");
        }
    }
    assert_eq!(find(at(-100_000), 9).await, [], "nothing before its time");
    assert_eq!(find(expect[expect.len() - 1].due_at.unwrap(), usize::MAX).await, expect);
}

async fn an_outcome_that_is_overdue_is_found(store: &dyn Store) {
    // Due before anything else in the story.
    let mut overdue = Vec::new();
    for (turn, due_at) in (0..).zip([-30_000, -60_000, -50_000, -40_000, -20_000]) {
        let pending = opened(store, Intent { due_at: at(due_at), ..intent(&key("till", 0x3000 + turn)) }).await;
        overdue.push(match turn % 2 {
            0 => pending,
            _ => {
                let due_at = pending.due_at;
                let cancel = Change { due_at, ..change(&pending, Event::ReversalReceived, State::Cancelled) };
                recorded(store, cancel).await
            }
        });
    }
    overdue.sort_by_key(|transaction| transaction.due_at);
    let find = async |by, most| store.unanswered(by, most).await.unwrap();
    check_due(find, &overdue).await;
    // Whatever its due time, it is no longer waited for.
    let answered = overdue.remove(1);
    recorded(store, Change { due_at: answered.due_at, ..approval(&answered) }).await;
    let gone = overdue.remove(2);
    recorded(store, change(&gone, Event::AnswerLost, State::Orphaned)).await;
    check_due(find, &overdue).await;
    for transaction in overdue {
        recorded(store, change(&transaction, Event::ProviderDeclined, State::Declined)).await;
    }
    assert_eq!(find(at(0), 9).await, []);
    recorded(
        store,
        change(&store.find(&answered.key).await.unwrap().unwrap(), Event::ReversalReceived, State::Reversing),
    )
    .await;
}

async fn an_approval_to_confirm_is_found(store: &dyn Store) {
    let mut approved = Vec::new();
    for (turn, due_at) in (0..).zip([-30_000, -60_000, -50_000]) {
        let pending = opened(store, intent(&key("till", 0x3100 + turn))).await;
        approved.push(recorded(store, Change { due_at: Some(at(due_at)), ..approval(&pending) }).await);
    }
    let never = opened(store, intent(&key("till", 0x3110))).await;
    recorded(store, approval(&never)).await;
    approved.sort_by_key(|transaction| transaction.due_at);
    let find = async |by, most| store.unconfirmed(by, most).await.unwrap();
    check_due(find, &approved).await;
    let confirming = approved.remove(0);
    recorded(store, change(&confirming, Event::ConfirmationDue, State::Confirming)).await;
    check_due(find, &approved).await;
    for transaction in approved {
        recorded(store, change(&transaction, Event::ConfirmationDue, State::Confirming)).await;
    }
    assert_eq!(find(at(0), 9).await, []);
}

async fn orphans_are_listed_until_they_are_resolved(store: &dyn Store) {
    let mut orphans = Vec::new();
    for turn in 0..4 {
        let pending = opened(store, intent(&key("till", 0x3200 + turn))).await;
        orphans.push(recorded(store, change(&pending, Event::AnswerMissing, State::Orphaned)).await);
        opened(store, intent(&key("till", 0x3210 + turn))).await;
    }
    let before = TransactionNumber(orphans[0].number.0 - 1);
    for most in 0..6 {
        assert_eq!(store.orphans(before, most).await.unwrap(), orphans[..most.min(4)], "at most {most}");
    }
    for (at, last) in orphans.iter().enumerate() {
        assert_eq!(store.orphans(last.number, usize::MAX).await.unwrap(), orphans[at + 1..], "page by page");
    }
    assert_eq!(store.orphans(TransactionNumber(u64::MAX), 9).await, Ok(Vec::new()));
    let resolved = orphans.remove(2);
    recorded(store, change(&resolved, Event::OrphanResolved, State::Resolved)).await;
    assert_eq!(store.orphans(before, 9).await, Ok(orphans));
}

async fn open_advices_are_counted_by_provider(store: &dyn Store) {
    let count = async |provider: &str| {
        let counted = store.tally().await.unwrap().open_advices;
        assert!(counted.is_sorted_by_key(|counted| counted.provider.as_str().to_owned()), "{counted:?}");
        counted.into_iter().find(|counted| counted.provider == text(provider))
    };
    assert_eq!(count("counted").await, None);
    let first = advices::queued(store, &key("till", 0x3300), "counted", at(-500)).await;
    let first = advices::put_off(store, first, Hindrance::NoConnection, at(90_000)).await;
    let second = advices::queued(store, &key("till", 0x3301), "counted", at(-400)).await;
    advices::queued(store, &key("till", 0x3302), "counted too", at(-300)).await;
    let expect = |count, oldest| Some(OpenAdvices { provider: text("counted"), count, oldest: at(oldest) });
    assert_eq!(count("counted").await, expect(2, -500), "by when it was first to be sent");
    for (open, left) in [(first, expect(1, -400)), (second, None)] {
        let end = change(&open.transaction, Event::ReversalDelivered, State::Reversed);
        recorded(store, Change { ends: Some(AdviceEnd::Delivered), ..end }).await;
        assert_eq!(count("counted").await, left);
    }
}

async fn orphans_are_counted_by_currency(store: &dyn Store) {
    let count = async |currency: Option<Currency>| {
        let mut orphans = store.tally().await.unwrap().orphans.into_iter();
        orphans.find(|orphans| orphans.currency == currency).map(|Orphans { count, value, .. }| (count, value))
    };
    let asked = |amount, code| {
        let currency = Currency::new(code).unwrap();
        Some(LedgerAmount { amount, currency, ledger_indicator: None })
    };
    let (pula, kwacha) = (Currency::new(72), Currency::new(967));
    assert_eq!((count(None).await, count(pula).await, count(kwacha).await), (None, None, None));
    let mut orphans = Vec::new();
    let amounts = [asked(700, 72), asked(50, 72), asked(i64::MAX, 967), asked(i64::MAX, 967), None];
    for (turn, asked) in (0..).zip(amounts) {
        let pending = opened(store, Intent { asked, ..intent(&key("till", 0x3400 + turn)) }).await;
        orphans.push(recorded(store, change(&pending, Event::AnswerMissing, State::Orphaned)).await);
    }
    let counted = (count(None).await, count(pula).await, count(kwacha).await);
    assert_eq!(counted, (Some((1, 0)), Some((2, 750)), Some((2, i64::MAX))));
    for orphan in orphans {
        recorded(store, change(&orphan, Event::OrphanResolved, State::Resolved)).await;
    }
    assert_eq!((count(None).await, count(pula).await, count(kwacha).await), (None, None, None));
}
