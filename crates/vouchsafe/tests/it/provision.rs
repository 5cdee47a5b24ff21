//! One provision: what the channel is told, what the provider is asked, what the store holds.

use axum::response::IntoResponse as _;
use serde_json::json;
use vouchsafe_core::transaction::State;

use crate::world::{Answer, ProviderStub, Setup, Switch, approval, id, new_id, request, request_for};

#[tokio::test]
async fn a_voucher_is_sold() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let mut request = request("app");
    request["basketRef"] = json!("BASKET-7");
    request["recipient"] = json!({"firstName": "Thandi"});
    let answer = switch.channel("app").provision(&request).await;

    assert_eq!(answer.status, 201);
    let location = format!("/suv/v1/vouchers?provisionRequestId={}", id(&request));
    assert_eq!(answer.header("location"), Some(location.as_str()));
    assert!(answer.header("x-request-id").is_some());
    let response = answer.json();
    for repeated in ["id", "originator", "client", "basketRef", "recipient"] {
        assert_eq!(response[repeated], request[repeated], "{repeated}");
    }
    assert_ne!(response["time"], request["time"], "a response has the responder's time");
    assert_eq!(response["voucher"], approval(&request)["voucher"]);
    assert_eq!(response["amounts"]["approvedAmount"], request["amounts"]["requestAmount"]);
    let transaction = switch.transaction("app", id(&request)).await.unwrap();
    assert_eq!(
        response["thirdPartyIdentifiers"],
        json!([
            {"institutionId": "app", "transactionIdentifier": "order-1"},
            {"institutionId": "vouchsafe", "transactionIdentifier": transaction.number.to_string()},
            {"institutionId": "stub", "transactionIdentifier": "S-1"},
        ]),
        "the caller's, then ours, then the provider's"
    );
    assert_eq!(transaction.state, State::Approved);
}

#[tokio::test]
async fn the_provider_is_asked_in_our_name_with_the_channels_id() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let request = request("app");
    switch.channel("app").provision(&request).await;

    let [asked] = provider.seen().try_into().unwrap();
    assert_eq!(asked["id"], request["id"]);
    assert_eq!(asked["client"], json!({"id": "switch", "name": "Vouchsafe"}));
    assert_eq!(asked["originator"], request["originator"]);
    let references = asked["thirdPartyIdentifiers"].as_array().unwrap();
    assert_eq!((references.len(), &references[0]), (2, &request["thirdPartyIdentifiers"][0]));
}

#[tokio::test]
async fn the_same_id_again_is_a_duplicate() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    let mut request = request("app");
    assert_eq!(channel.provision(&request).await.verdict(), "201");
    let again = channel.provision(&request).await;
    assert_eq!(again.verdict(), "400 DUPLICATE_RECORD");
    assert_eq!(again.json()["id"], request["id"]);
    request["id"] = json!(id(&request).to_uppercase());
    let shouted = channel.provision(&request).await;
    assert_eq!(shouted.verdict(), "400 DUPLICATE_RECORD", "ids are compared without regard to case");
    assert_eq!(shouted.json()["id"], request["id"], "and echoed as sent");
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn a_known_id_is_a_duplicate_whatever_else_is_wrong() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    let mut request = request("app");
    channel.provision(&request).await;
    request["amounts"]["requestAmount"]["amount"] = json!(-1);
    assert_eq!(channel.provision(&request).await.verdict(), "400 DUPLICATE_RECORD");
    request["id"] = json!(new_id());
    assert_eq!(channel.provision(&request).await.verdict(), "400 INVALID_AMOUNT");
}

#[tokio::test]
async fn of_many_copies_at_once_exactly_one_is_asked() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let request = request("app");
    let copies = (0..30).map(|_| {
        let (channel, request) = (switch.channel("app"), request.clone());
        tokio::spawn(async move { channel.provision(&request).await.verdict() })
    });
    let mut verdicts = Vec::new();
    for copy in copies.collect::<Vec<_>>() {
        verdicts.push(copy.await.unwrap());
    }
    verdicts.sort();
    assert_eq!(verdicts[0], "201");
    assert!(verdicts[1..].iter().all(|verdict| verdict == "400 DUPLICATE_RECORD"), "{verdicts:?}");
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn the_same_id_from_two_channels_is_two_transactions() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let first = request("app");
    let mut second = request("shop");
    second["id"] = first["id"].clone();
    assert_eq!(switch.channel("app").provision(&first).await.verdict(), "201");
    let answer = switch.channel("shop").provision(&second).await;
    assert_eq!(answer.verdict(), "201");
    assert_eq!(answer.json()["id"], first["id"], "each channel sees its own id");
    let asked: Vec<_> = provider.seen().iter().map(|asked| asked["id"].clone()).collect();
    assert_eq!(asked[0], first["id"]);
    assert_ne!(asked[0], asked[1], "the provider can tell them apart");
}

#[tokio::test]
async fn a_request_that_nobody_can_issue_is_a_routing_error() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::start(Setup { default_route: false, ..Setup::to(provider.base_url()) }).await;
    let request = request("app");
    let answer = switch.channel("app").provision(&request).await;
    assert_eq!(answer.verdict(), "400 ROUTING_ERROR");
    assert_eq!(switch.transaction("app", id(&request)).await, None, "the id stays free");
}

#[tokio::test]
async fn beyond_a_providers_concurrency_a_request_is_refused_and_its_id_stays_free() {
    let (provider, let_go) = ProviderStub::holding().await;
    let mut setup = Setup::to(provider.base_url());
    setup.sheet.concurrency = std::num::NonZeroU32::MIN;
    setup.limits.turn = std::time::Duration::from_millis(1);
    let switch = Switch::start(setup).await;
    let (first, second) = (request("app"), request("app"));
    let channel = switch.channel("app");
    let under_way = tokio::spawn({
        let (channel, first) = (channel.clone(), first.clone());
        async move { channel.provision(&first).await }
    });
    crate::world::eventually("the first request at the provider", async || (!provider.seen().is_empty()).then_some(()))
        .await;
    assert_eq!(channel.provision(&second).await.verdict(), "503 UPSTREAM_UNAVAILABLE");
    assert_eq!(channel.provision(&first).await.verdict(), "400 DUPLICATE_RECORD", "the id comes before the room");
    let_go.send(true).unwrap();
    assert_eq!(under_way.await.unwrap().verdict(), "201");
    assert_eq!(channel.provision(&second).await.verdict(), "201", "the id stayed free");
}

#[tokio::test]
async fn a_burst_beyond_a_providers_concurrency_is_served_in_turn() {
    let provider = ProviderStub::approving().await;
    let mut setup = Setup::to(provider.base_url());
    setup.sheet.concurrency = std::num::NonZeroU32::MIN;
    setup.limits.turn = std::time::Duration::from_secs(60);
    let switch = Switch::start(setup).await;
    let mut burst = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let channel = switch.channel("app");
        burst.spawn(async move { channel.provision(&request("app")).await.verdict() });
    }
    assert_eq!(burst.join_all().await, vec!["201"; 20]);
}

#[tokio::test]
async fn a_switch_that_is_asked_to_stop_finishes_what_is_in_flight() {
    let (provider, let_go) = ProviderStub::holding().await;
    let switch = Switch::asking(provider.base_url()).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    let late = switch.channel("app");
    let under_way: tokio::task::JoinHandle<Answer> = tokio::spawn(async move { channel.provision(&request).await });
    crate::world::eventually("the request at the provider", async || (!provider.seen().is_empty()).then_some(())).await;
    let stopping = tokio::spawn(switch.stop());
    crate::world::eventually("the listener to close", async || {
        tokio::net::TcpStream::connect(late.address).await.is_err().then_some(())
    })
    .await;
    let_go.send(true).unwrap();
    assert_eq!(under_way.await.unwrap().verdict(), "201");
    stopping.await.unwrap();
}

#[tokio::test]
async fn what_was_approved_is_said_by_the_provider_alone() {
    let provider = ProviderStub::answering(async |request| {
        let mut response = approval(&request);
        response["amounts"] = serde_json::Value::Null;
        (http::StatusCode::CREATED, response.to_string()).into_response()
    })
    .await;
    let switch = Switch::asking(provider.base_url()).await;
    let mut request = request("app");
    let money = |amount: i64| json!({"amount": amount, "currency": "710"});
    request["amounts"]["approvedAmount"] = money(1);
    request["amounts"]["feeAmount"] = money(2);
    request["amounts"]["balanceAmount"] = money(3);
    let response = switch.channel("app").provision(&request).await.json();
    assert_eq!(response["amounts"], json!({"requestAmount": money(5000), "approvedAmount": money(5000)}));
    assert_eq!(provider.seen()[0]["amounts"], json!({"requestAmount": money(5000)}), "nor is the provider told");
}

#[tokio::test]
async fn a_channel_that_names_another_price_than_the_catalogue_is_refused() {
    let provider = ProviderStub::approving().await;
    let mut setup = Setup::to(provider.base_url());
    setup.catalogue = crate::routing::catalogue();
    let switch = Switch::start(setup).await;
    let mut request = request_for("app", "AIRTIME50");
    request["product"]["amount"] = json!({"amount": 4999, "currency": "710"});
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "400 INVALID_AMOUNT");
    request["product"]["amount"] = json!({"amount": 5000, "currency": "710"});
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "201");
    assert_eq!(provider.seen().len(), 1);
}
