//! Retries: every row of the table, and what a retry must be to be one.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::time::Instant;
use vouchsafe::app;
use vouchsafe::flow::{self, Refusal, Seen};
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::State;
use vouchsafe_wire::{Manner, Message as _};

use crate::world::{ProviderStub, Setup, Switch, approve, eventually, id, new_id, request, reversal, take};

#[tokio::test]
async fn a_retry_must_be_the_request_that_it_repeats() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    let original = request("app");
    assert_eq!(channel.provision(&original).await.verdict(), "201");
    let check = async |field: &str, spoil: fn(&mut Json)| {
        let mut repeat = original.clone();
        spoil(&mut repeat);
        let told = channel.retry(&repeat).await;
        assert_eq!(told.verdict(), "400 DUPLICATE_RECORD", "{field}");
        let message = told.json()["errorMessage"].as_str().unwrap().to_owned();
        assert!(message.starts_with(field), "{message} does not name {field}");
    };
    check("amounts", |repeat| repeat["amounts"]["requestAmount"]["amount"] = 5001.into()).await;
    check("originator", |repeat| repeat["originator"]["terminalId"] = "APP00002".into()).await;
    check("product", |repeat| repeat["product"] = json!({"productId": "A"})).await;
    check("tranType", |repeat| repeat["tranType"] = "NON_CASH".into()).await;
    check("recipient", |repeat| repeat["recipient"] = json!({"firstName": "Thandi"})).await;
    check("thirdPartyIdentifiers", |repeat| repeat["thirdPartyIdentifiers"] = json!([])).await;

    let mut shouted = original.clone();
    shouted["id"] = id(&original).to_uppercase().into();
    shouted["time"] = "2027-01-01T00:00:00Z".into();
    assert_eq!(
        channel.retry(&shouted).await.verdict(),
        "201",
        "an id is the same in any case, and time does not count"
    );
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn the_path_and_the_body_name_the_same_request() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let request = request("app");
    for path in [new_id(), "nonsense".to_owned(), "%ff".to_owned()] {
        let told = switch.channel("app").post(&format!("/suv/v1/vouchers/{path}/retry"), request.to_string()).await;
        assert_eq!(told.verdict(), "400 FORMAT_ERROR");
        assert_eq!(told.json()["detailMessage"]["formatErrors"][0]["field"], "id");
    }
    assert_eq!(provider.seen().len(), 0);
}

#[tokio::test]
async fn a_retry_of_what_was_never_seen_is_a_first_provision_however_many_come_at_once() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    let retry = || channel.retry(&request);
    let (a, b, c, d) = tokio::join!(retry(), retry(), retry(), retry());
    for told in [&a, &b, &c, &d] {
        assert_eq!((told.verdict(), &told.body), ("201".to_owned(), &a.body));
    }
    assert_eq!(provider.seen().len(), 1, "sold once");
}

#[tokio::test]
async fn a_retry_of_what_is_under_way_waits_no_longer_than_its_channel() {
    let (provider, let_go) = ProviderStub::holding().await;
    let mut setup = Setup::to(provider.base_url());
    setup.wait = Duration::from_secs(2);
    setup.sheet.timeout = Duration::from_secs(45);
    let switch = Switch::start(setup).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    let first = tokio::spawn({
        let (channel, request) = (channel.clone(), request.clone());
        async move { channel.provision(&request).await }
    });
    eventually("the request at the provider", async || (!provider.seen().is_empty()).then_some(())).await;
    // The retry began later and so gives up later: by then the first has given up and is reversed.
    let told = channel.retry(&request).await.verdict();
    assert!(["504 UPSTREAM_UNAVAILABLE", "400 VOUCHER_ALREADY_REVERSED"].contains(&told.as_str()), "{told}");
    assert_eq!(first.await.unwrap().verdict(), "504 UPSTREAM_UNAVAILABLE");
    drop(let_go);
    assert_eq!(provider.seen().len(), 1, "the provider is not asked again");
}

/// A retry that looked at its request and only then got to answer.
async fn delayed_retry(switch: &Switch, request: &Json, meanwhile: impl AsyncFnOnce()) -> (Seen, Result<(), Refusal>) {
    let channel = app::Channel {
        id: ChannelId::new("app").unwrap(),
        messaging: Messaging::Single,
        default_provider: None,
        wait: Duration::from_secs(60),
    };
    let request = ProvisionRequest::read(request.to_string().as_bytes(), Manner::Strict).unwrap();
    let seen = flow::seen(&switch.app, &channel, request.header.id, Instant::now()).await;
    meanwhile().await;
    let answer = flow::retry(Arc::clone(&switch.app), channel, request, Instant::now(), seen.clone()).await;
    (seen, answer.map(drop))
}

#[tokio::test]
async fn a_reversal_that_comes_between_a_retrys_look_and_its_answer_counts() {
    let provider = ProviderStub::advised(approve, take).await;
    let switch = Switch::asking(provider.base_url()).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    assert_eq!(channel.provision(&request).await.verdict(), "201");
    let (seen, answer) = delayed_retry(&switch, &request, async || {
        assert_eq!(channel.reverse(&reversal(&request)).await.status, 202);
    })
    .await;
    assert!(matches!(seen, Seen::Before(transaction) if transaction.state == State::Approved));
    assert_eq!(answer, Err(Refusal::AlreadyReversed));
}

#[tokio::test]
async fn an_outcome_that_comes_between_a_retrys_look_and_its_answer_is_told() {
    let (provider, let_go) = ProviderStub::holding().await;
    let switch = Switch::asking(provider.base_url()).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    let first = tokio::spawn({
        let (channel, request) = (channel.clone(), request.clone());
        async move { channel.provision(&request).await }
    });
    eventually("the request at the provider", async || (!provider.seen().is_empty()).then_some(())).await;
    let (seen, answer) = delayed_retry(&switch, &request, async || {
        drop(let_go);
        assert_eq!(first.await.unwrap().verdict(), "201");
    })
    .await;
    assert!(matches!(seen, Seen::Before(transaction) if transaction.state == State::Pending));
    assert_eq!(answer, Ok(()));
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn one_channel_cannot_retry_or_reverse_anothers_request() {
    let provider = ProviderStub::advised(approve, take).await;
    let switch = Switch::asking(provider.base_url()).await;
    let mut request = request("app");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "201");
    request["client"]["id"] = "thief".into();
    let thief = switch.channel("thief");
    assert_eq!(thief.reverse(&reversal(&request)).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
    assert_eq!(thief.retry(&request).await.verdict(), "400 VOUCHER_ALREADY_REVERSED", "its own, which it reversed");
    assert_eq!(switch.state("app", id(&request)).await, State::Approved);
    assert_eq!((provider.seen().len(), provider.advices().len()), (1, 0));
}

#[tokio::test]
async fn a_copy_of_what_is_being_sold_is_a_duplicate_even_where_there_is_no_room() {
    let (provider, let_go) = ProviderStub::holding().await;
    let mut setup = Setup::to(provider.base_url());
    setup.sheet.concurrency = std::num::NonZeroU32::MIN;
    setup.limits.turn = Duration::from_millis(1);
    let switch = Switch::start(setup).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    let copies: Vec<_> = (0..6)
        .map(|_| {
            let (channel, request) = (channel.clone(), request.clone());
            tokio::spawn(async move { channel.provision(&request).await })
        })
        .collect();
    eventually("all but one are answered", async || {
        (copies.iter().filter(|copy| copy.is_finished()).count() == 5).then_some(())
    })
    .await;
    let_go.send(true).unwrap();
    let mut verdicts = Vec::new();
    for copy in copies {
        verdicts.push(copy.await.unwrap().verdict());
    }
    verdicts.sort();
    assert_eq!(verdicts[0], "201");
    assert!(verdicts[1..].iter().all(|verdict| verdict == "400 DUPLICATE_RECORD"), "{verdicts:?}");
}
