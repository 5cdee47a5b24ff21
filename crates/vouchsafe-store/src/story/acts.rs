//! What people do by hand: recorded with what it does, or before it and after it.

use vouchsafe_core::advice::Hindrance;
use vouchsafe_core::transaction::{Event, State};

use super::{advices, approval, at, change, intent, key, opened, recorded, text};
use crate::{
    Act, ActEnd, ActNumber, Cause, Change, Deed, Doer, Operator, Recorded, RecordedAct, Store, StoreError, Transaction,
    TransactionNumber,
};

/// How many acts a story never has.
const ALL: usize = 10_000;

pub(super) async fn tell(store: &dyn Store) {
    acts_are_listed_with_the_newest_last(store).await;
    what_was_intended_ends_once(store).await;
    an_act_is_on_record_exactly_where_its_change_is(store).await;
    an_act_is_on_record_exactly_where_something_was_redriven(store).await;
    what_is_set_aside_leaves_an_act(store).await;
}

/// An act of a person's at a terminal.
pub fn act(deed: Deed) -> Act {
    let operator = Operator { user: Some(text("root")), sudo_user: Some(text("thandi")), named: None };
    Act {
        at: at(2_000),
        doer: Doer::Operator(operator),
        deed,
        reason: text("the provider's night shift says so"),
        before: text("as it was"),
        after: text("as it is to be"),
    }
}

/// Every deed that there is, done to a transaction, a channel or a key where it is done to one.
pub fn deeds(number: TransactionNumber) -> Vec<Deed> {
    vec![
        Deed::ResolveOrphan(number),
        Deed::RedriveAdvice(number),
        Deed::RedriveAdvices,
        Deed::AddChannel(text("till 7")),
        Deed::RotateChannel(text("till 7")),
        Deed::ReplaceSecrets(text("till 7")),
        Deed::FinishRotation(text("till 7")),
        Deed::DisableChannel(text("till 7")),
        Deed::EnableChannel(text("till 7")),
        Deed::RotateKeys(u16::MAX),
        Deed::RewrapKeys,
        Deed::ResetChannel(text("till 7")),
        Deed::TakeBackRotation(text("till 7")),
    ]
}

async fn all(store: &dyn Store) -> Vec<RecordedAct> {
    store.acts(None, ALL).await.unwrap()
}

/// The acts that came since there were `before` of them, and how each ended.
async fn since(store: &dyn Store, before: usize) -> Vec<(Act, Option<ActEnd>)> {
    let acts = all(store).await.split_off(before);
    acts.into_iter().map(|recorded| (recorded.act, recorded.ended.map(|(_, end)| end))).collect()
}

async fn acts_are_listed_with_the_newest_last(store: &dyn Store) {
    let before = all(store).await.len();
    let till = Doer::Channel(text("till 7"));
    let named = Operator { user: None, sudo_user: None, named: Some(text("Thandi, on call")) };
    let mut written = Vec::new();
    for (turn, deed) in deeds(TransactionNumber(u64::MAX)).into_iter().enumerate() {
        let doer = [till.clone(), Doer::Operator(named.clone()), act(deed.clone()).doer][turn % 3].clone();
        let act = Act { doer, at: at(3_000 + turn as i64), ..act(deed) };
        let number = store.intend(act.clone()).await.unwrap();
        assert_eq!(number, ActNumber((before + turn + 1) as u64), "counted from 1 and without a gap");
        written.push(RecordedAct { number, act, ended: None });
    }
    assert_eq!(all(store).await.split_off(before), written);
    assert_eq!(store.acts(None, 2).await.as_deref(), Ok(&written[written.len() - 2..]), "the newest of them");
    assert_eq!(store.acts(None, 0).await, Ok(Vec::new()));
    let of_one = store.acts(Some(TransactionNumber(u64::MAX)), ALL).await;
    assert_eq!(of_one.as_deref(), Ok(&written[..2]), "those that are done to that transaction");
    assert_eq!(store.acts(Some(TransactionNumber(u64::MAX)), 1).await.as_deref(), Ok(&written[1..2]));
}

async fn what_was_intended_ends_once(store: &dyn Store) {
    let before = all(store).await.len();
    let failed = ActEnd::Failed(text("the disk was full"));
    let mut written = Vec::new();
    for end in [ActEnd::Done, failed.clone()] {
        let act = act(Deed::RewrapKeys);
        let number = store.intend(act.clone()).await.unwrap();
        assert_eq!(store.end_act(number, end.clone(), at(2_500)).await, Ok(()));
        written.push(RecordedAct { number, act, ended: Some((at(2_500), end)) });
    }
    let done = act(Deed::ResetChannel(text("nobody")));
    assert_eq!(store.set_aside(text("nobody"), text("nobody, before"), done).await, Ok(0));
    let done = all(store).await.pop().unwrap();
    let never = ActNumber(done.number.0 + 1);
    for number in [written[0].number, written[1].number, done.number, never] {
        for end in [ActEnd::Done, failed.clone()] {
            let refused = store.end_act(number, end, at(2_600)).await;
            assert!(matches!(refused, Err(StoreError::Determinate(Cause::Damaged(_)))), "{number}: {refused:?}");
        }
    }
    written.push(done);
    assert_eq!(all(store).await.split_off(before), written, "and nothing was written");
}

async fn orphaned(store: &dyn Store, id: u128) -> Transaction {
    let approved = recorded(store, approval(&opened(store, intent(&key("till", id))).await)).await;
    recorded(store, change(&approved, Event::LateApproval, State::Orphaned)).await
}

async fn an_act_is_on_record_exactly_where_its_change_is(store: &dyn Store) {
    let before = all(store).await.len();
    let orphan = orphaned(store, 0x7000).await;
    let resolve = act(Deed::ResolveOrphan(orphan.number));
    let resolved = Change { act: Some(resolve.clone()), ..change(&orphan, Event::OrphanResolved, State::Resolved) };
    let stale = Change { seen: 0, ..resolved.clone() };
    assert_eq!(store.record(stale).await, Ok(Recorded::Stale));
    assert_eq!(since(store, before).await, [], "nothing was done");
    assert_eq!(store.record(resolved.clone()).await, Ok(Recorded::Done));
    assert_eq!(store.record(resolved).await, Ok(Recorded::Stale));
    assert_eq!(since(store, before).await, [(resolve, Some(ActEnd::Done))]);
    let of_it = store.acts(Some(orphan.number), ALL).await.unwrap();
    assert_eq!(of_it.iter().map(|act| act.ended.clone()).collect::<Vec<_>>(), [Some((at(2_000), ActEnd::Done))]);
}

async fn an_act_is_on_record_exactly_where_something_was_redriven(store: &dyn Store) {
    let before = all(store).await.len();
    let queued = advices::queued(store, &key("till", 0x7001), "driven by hand", at(100)).await;
    let open = advices::put_off(store, queued, Hindrance::NoAnswer, at(900_000)).await;
    let number = open.transaction.number;
    let redrive = act(Deed::RedriveAdvice(number));
    for (expect, why) in [(1, "it waits"), (0, "it is due already")] {
        let count = store.redrive(Some(number), at(500), 9, Some(redrive.clone())).await;
        assert_eq!(count, Ok(expect), "{why}");
        assert_eq!(since(store, before).await, [(redrive.clone(), Some(ActEnd::Done))], "{why}");
    }
}

async fn what_is_set_aside_leaves_an_act(store: &dyn Store) {
    let before = all(store).await.len();
    let reset = Act { doer: Doer::Channel(text("anew")), ..act(Deed::ResetChannel(text("anew"))) };
    opened(store, intent(&key("anew", 0x7002))).await;
    assert_eq!(store.set_aside(text("anew"), text("anew, before"), reset.clone()).await, Ok(1));
    assert_eq!(since(store, before).await, [(reset, Some(ActEnd::Done))]);
}
