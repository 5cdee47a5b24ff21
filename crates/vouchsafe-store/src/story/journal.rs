//! Changes: all or nothing, on the version that was seen, and told in order.

use vouchsafe_core::advice::{Advice, AdviceEnd, ReversalReason};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::{Event, State, Terms};

use super::{approval, at, change, intent, key, opened, recorded, sample, text};
use crate::{Attempts, Change, Dossier, Entry, QueuedAdvice, Recorded, Reroute, Store, Transaction, TransactionNumber};

pub(super) async fn tell(store: &dyn Store) {
    a_change_moves_its_transaction(store).await;
    a_change_on_another_version_writes_nothing(store).await;
    of_changes_at_the_same_time_one_is_done(store).await;
    a_journal_tells_everything_in_order(store).await;
    another_provider_takes_over_with_its_terms(store).await;
}

async fn a_change_moves_its_transaction(store: &dyn Store) {
    let key = key("till", 0x70);
    let pending = opened(store, intent(&key)).await;
    let change = Change { due_at: Some(at(900_000)), ..approval(&pending) };
    assert_eq!(store.record(change).await, Ok(Recorded::Done));
    let approved = Transaction { version: 1, state: State::Approved, due_at: Some(at(900_000)), ..pending };
    assert_eq!(store.find(&key).await, Ok(Some(approved.clone())));
    let change =
        Change { state: State::Confirmed, event: Event::ConfirmationDue, outcome: None, ..approval(&approved) };
    assert_eq!(store.record(change).await, Ok(Recorded::Done));
    let confirmed = Transaction { version: 2, state: State::Confirmed, due_at: None, ..approved };
    assert_eq!(store.find(&key).await, Ok(Some(confirmed)));
}

async fn a_change_on_another_version_writes_nothing(store: &dyn Store) {
    let key = key("till", 0x80);
    let pending = opened(store, intent(&key)).await;
    let change = approval(&pending);
    assert_eq!(store.record(change.clone()).await, Ok(Recorded::Done));
    let (found, journal) = (store.find(&key).await, store.journal(pending.number).await);
    for stale in [
        change.clone(),
        Change { seen: 2, ..change.clone() },
        Change { number: TransactionNumber(999_999), seen: 0, ..change.clone() },
        Change { key: self::key("shop", 0x80), seen: 1, ..change },
    ] {
        assert_eq!(store.record(stale).await, Ok(Recorded::Stale));
    }
    assert_eq!(store.find(&key).await, found);
    assert_eq!(store.journal(pending.number).await, journal);
}

async fn of_changes_at_the_same_time_one_is_done(store: &dyn Store) {
    let pending = opened(store, intent(&key("till", 0x90))).await;
    let approve = approval(&pending);
    let cancel = Change { event: Event::ReversalReceived, state: State::Cancelled, outcome: None, ..approve.clone() };
    let (approved, cancelled) = tokio::join!(store.record(approve), store.record(cancel));
    let mut both = [approved.unwrap(), cancelled.unwrap()];
    both.sort_by_key(|recorded| *recorded == Recorded::Stale);
    assert_eq!(both, [Recorded::Done, Recorded::Stale]);
    assert_eq!(store.journal(pending.number).await.unwrap().len(), 1);
}

async fn a_journal_tells_everything_in_order(store: &dyn Store) {
    let key = key("till", 0xa0);
    let pending = opened(store, intent(&key)).await;
    assert_eq!(store.journal(pending.number).await, Ok(Vec::new()));
    let expect = fill_journal(store, &pending).await;
    assert_eq!(store.journal(pending.number).await.as_ref(), Ok(&expect));
    let request = sample::request_of(key.kind, key.id);
    assert_eq!(store.dossier(pending.number).await, Ok(Dossier { request, journal: expect }), "both in one reading");
}

/// Records every event, every state, every sample outcome and every advice in turn, and returns the journal
/// that they must have made.
pub(super) async fn fill_journal(store: &dyn Store, pending: &Transaction) -> Vec<Entry> {
    let mut outcomes: Vec<Option<Outcome>> = sample::outcomes().into_iter().map(Some).collect();
    outcomes.push(None);
    let advices = [
        None,
        Some(Advice::Confirmation),
        Some(Advice::Reversal(ReversalReason::Timeout)),
        Some(Advice::Reversal(ReversalReason::Cancelled)),
        Some(Advice::Reversal(ReversalReason::ResponseNotFinal)),
    ];
    let mut journal = Vec::new();
    for (seen, event) in (0..).zip(Event::ALL.iter().copied()) {
        let turn = seen as usize;
        let advice = advices[turn % advices.len()].map(|advice| QueuedAdvice {
            id: MessageId::from_parts([seen as u8; 16], 0b1010),
            advice,
            due_at: at(10_000 + i64::from(seen)),
        });
        let entry = Entry {
            version: seen + 1,
            at: at(1_000 + i64::from(seen)),
            event,
            state: State::ALL[turn % State::ALL.len()],
            outcome: outcomes[turn % outcomes.len()].clone(),
            advice,
            advice_end: advice.map(|_| AdviceEnd::ALL[turn % AdviceEnd::ALL.len()]),
            attempts: Attempts::default(),
            advised: (!turn.is_multiple_of(3)).then(|| sample::channel_advices()[turn % 3 - 1].clone()),
            note: turn.is_multiple_of(2).then(|| text(sample::NOTE)),
            is_destroyed: false,
        };
        journal.push(entry.clone());
        let Entry { at, event, state, outcome, advice, advice_end: ends, advised, note, .. } = entry;
        let (number, key) = (pending.number, pending.key.clone());
        let change = Change {
            number,
            key,
            seen,
            at,
            event,
            state,
            due_at: None,
            outcome,
            advice,
            ends,
            advised,
            note,
            reroute: None,
            act: None,
        };
        assert_eq!(store.record(change).await, Ok(Recorded::Done));
    }
    journal
}

async fn another_provider_takes_over_with_its_terms(store: &dyn Store) {
    let key = key("till", 0xc0);
    let pending = opened(store, intent(&key)).await;
    let terms = Terms { messaging: Messaging::Single, confirmations: false, reversals: true };
    let reroute = Some(Reroute { provider: text("netcare"), terms });
    let rerouted = Change { due_at: Some(at(50_000)), reroute, ..change(&pending, Event::Rerouted, State::Pending) };
    assert_eq!(store.record(Change { seen: 7, ..rerouted.clone() }).await, Ok(Recorded::Stale));
    assert_eq!(store.find(&key).await.unwrap().as_ref(), Some(&pending), "what is stale writes nothing");
    let expect =
        Transaction { version: 1, provider: text("netcare"), terms, due_at: Some(at(50_000)), ..pending.clone() };
    assert_eq!(recorded(store, rerouted.clone()).await, expect);
    assert_eq!(store.record(rerouted).await, Ok(Recorded::Stale), "a repeat writes nothing");
    let approved = recorded(store, approval(&expect)).await;
    assert_eq!((approved.provider, approved.terms), (expect.provider, terms), "what follows leaves it so");
}
