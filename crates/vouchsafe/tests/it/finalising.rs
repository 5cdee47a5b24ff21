//! What channels say of their own requests: the rules of confirmations and reversals, for all three kinds alike.

mod confirmations;
mod reversals;

use std::time::Duration;

use serde_json::Value as Json;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::{Event, Kind, State};

use crate::world::{
    Answer, CODE, Channel, ProviderStub, Setup, Switch, approve, confirmation, eventually, id, key, new_id, request_of,
    reversal, take,
};

/// A switch whose channels are tills, before a provider.
async fn tills(provider: &ProviderStub) -> Switch {
    start(provider, |_| ()).await
}

async fn start(provider: &ProviderStub, change: impl FnOnce(&mut Setup)) -> Switch {
    let mut setup = Setup { messaging: Messaging::Dual, ..Setup::to(provider.base_url()) };
    setup.limits.back_off.first = Duration::from_millis(10);
    change(&mut setup);
    Switch::start(setup).await
}

/// A till's approved request of a kind.
async fn approved(till: &Channel, kind: Kind) -> Json {
    let request = request_of(kind, "till", CODE);
    assert_eq!(till.open(kind, &request).await.verdict(), "201", "{kind}");
    request
}

async fn reaches(switch: &Switch, kind: Kind, request: &Json, state: State) {
    eventually(&format!("the {kind} is {state}"), async || {
        (switch.state_of(kind, "till", id(request)).await == state).then_some(())
    })
    .await;
}

/// How the error types of a kind begin.
const fn prefix(kind: Kind) -> &'static str {
    match kind {
        Kind::Provision => "VOUCHER",
        Kind::Redemption => "REDEMPTION",
        Kind::Refund => "REFUND",
    }
}

/// An error about an advice names both: the advice and the request that it concerns.
fn is_about(answer: &Answer, advice: &Json) {
    let detail = answer.json();
    assert_eq!((&detail["id"], &detail["originalId"]), (&advice["id"], &advice["requestId"]), "{detail}");
}

/// How often an event stands in the journal of a till's request.
async fn received(switch: &Switch, kind: Kind, request: &Json, event: Event) -> usize {
    let key = vouchsafe_store::Key { kind, ..key("till", id(request)) };
    let transaction = switch.app.store.find(&key).await.unwrap().unwrap();
    let journal = switch.app.store.journal(transaction.number).await.unwrap();
    journal.iter().filter(|entry| entry.event == event).count()
}

#[tokio::test]
async fn what_is_reversed_is_not_confirmed_and_what_is_confirmed_is_not_reversed() {
    for kind in Kind::ALL.iter().copied() {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let (one, other) = (approved(&till, kind).await, request_of(kind, "till", CODE));
        assert_eq!(till.reverse_any(kind, &reversal(&one)).await.verdict(), "202");
        let confirmation_of_one = confirmation(&one);
        let answer = till.confirm(kind, &confirmation_of_one).await;
        assert_eq!(answer.verdict(), format!("400 {}_ALREADY_REVERSED", prefix(kind)));
        is_about(&answer, &confirmation_of_one);

        assert_eq!(till.open(kind, &other).await.verdict(), "201");
        assert_eq!(till.confirm(kind, &confirmation(&other)).await.verdict(), "202");
        let reversal_of_other = reversal(&other);
        let answer = till.reverse_any(kind, &reversal_of_other).await;
        assert_eq!(answer.verdict(), format!("400 {}_ALREADY_CONFIRMED", prefix(kind)));
        is_about(&answer, &reversal_of_other);
        reaches(&switch, kind, &one, State::Reversed).await;
        reaches(&switch, kind, &other, State::Confirmed).await;
    }
}

#[tokio::test]
async fn of_a_confirmation_and_a_reversal_at_the_same_time_one_is_chosen() {
    for kind in Kind::ALL.iter().copied() {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        for _ in 0..10 {
            let request = approved(&till, kind).await;
            let (confirmation, reversal) = (confirmation(&request), reversal(&request));
            let (confirmed, reversed) =
                tokio::join!(till.confirm(kind, &confirmation), till.reverse_any(kind, &reversal));
            let mut statuses = [confirmed.status, reversed.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [202, 400], "{kind}");
            let end = if confirmed.status == 202 { State::Confirmed } else { State::Reversed };
            reaches(&switch, kind, &request, end).await;
        }
    }
}

#[tokio::test]
async fn nobody_finalises_for_another_channel() {
    for kind in Kind::ALL.iter().copied() {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let request = approved(&switch.channel("till"), kind).await;
        let thief = switch.channel("thief");
        assert_eq!(thief.confirm(kind, &confirmation(&request)).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
        assert_eq!(thief.reverse_any(kind, &reversal(&request)).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
        assert_eq!(switch.state_of(kind, "till", id(&request)).await, State::Approved);
        let mut again = request_of(kind, "till", CODE);
        again["id"] = new_id().into();
        assert_eq!(switch.channel("till").open(kind, &again).await.verdict(), "201");
    }
}

#[tokio::test]
async fn a_till_that_says_nothing_is_listed_until_it_does() {
    let provider = ProviderStub::advised(approve, take).await;
    let switch = tills(&provider).await;
    let till = switch.channel("till");
    let mut requests = Vec::new();
    for kind in Kind::ALL.iter().copied() {
        requests.push((kind, approved(&till, kind).await));
    }
    let figure = async || {
        let text = String::from_utf8(switch.channel("till").get("/metrics").await.body.to_vec()).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("vouchsafe_unfinalised ")).unwrap().to_owned();
        line.parse::<u64>().unwrap()
    };
    for (left, (kind, request)) in (1..=3).rev().zip(&requests) {
        assert_eq!(figure().await, left);
        assert_eq!(till.confirm(*kind, &confirmation(request)).await.verdict(), "202");
    }
    assert_eq!(figure().await, 0);
}
