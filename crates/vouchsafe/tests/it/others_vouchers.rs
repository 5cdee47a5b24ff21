//! Vouchers of others: a name that is no secret, and an order that is odd, lead to nothing that is not the asker's.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value as Json, json};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::route::Routes;
use vouchsafe_core::sheet::{Messaging, Sheet};
use vouchsafe_core::transaction::{Kind, State};

use crate::world::{
    CODE, ProviderStub, Setup, Switch, approval, approve, confirmation, id, redemption, refund, request, reversal, take,
};

const OWN: &str = "7777-7777";

/// A provider that sells the voucher `OWN` of this serial number, and when it is asked about any tells of `CODE`.
async fn selling(serial_number: &'static str) -> ProviderStub {
    let answering = move |request: Json| async move {
        let mut sold = approval(&request);
        sold["voucher"] = json!({"code": OWN, "serialNumber": serial_number});
        (StatusCode::CREATED, sold.to_string()).into_response()
    };
    ProviderStub::advised(answering, take).await
}

/// A switch before `main`, and before `issuer` for whoever names the settlement entity 1001.
async fn between(main: &ProviderStub, issuer: &ProviderStub) -> Switch {
    let mut setup = Setup { messaging: Messaging::Dual, ..Setup::to(main.base_url()) };
    setup.others = vec![("issuer", issuer.base_url(), Sheet::full())];
    let settlement_entities = [("1001".to_owned(), ProviderId::new("issuer").unwrap())].into();
    setup.routes = Routes { settlement_entities, ..Routes::default() };
    Switch::start(setup).await
}

fn at_issuer(mut request: Json) -> Json {
    request["settlementEntity"] = json!({"id": "1001", "name": "The issuer"});
    request
}

fn declined(error_type: &str) -> Response {
    (StatusCode::BAD_REQUEST, json!({"errorType": error_type, "errorMessage": "no"}).to_string()).into_response()
}

#[tokio::test]
async fn whoever_sold_one_voucher_is_not_told_the_code_of_another() {
    // Serial numbers are counted by each provider for itself.
    let (main, issuer) = (selling("SN1").await, ProviderStub::approving().await);
    let switch = between(&main, &issuer).await;
    let app = switch.channel("app");
    let sale = request("app");
    assert_eq!(app.provision(&sale).await.verdict(), "201");
    let elsewhere = [("voucherSerialNumber", "SN1"), ("settlementEntityInstId", "1001")];
    let both = [("provisionRequestId", id(&sale)), ("voucherSerialNumber", "SN1")];
    for parameters in [&elsewhere[..], &both] {
        let found = app.look_up(parameters).await;
        assert_eq!((found.status, &found.json()["voucher"]), (200, &json!({"serialNumber": "SN1"})), "{parameters:?}");
    }
}

#[tokio::test]
async fn a_lookup_hands_over_no_voucher_that_is_being_reversed() {
    let failing = async |_| StatusCode::INTERNAL_SERVER_ERROR.into_response();
    let provider = ProviderStub::advised(failing, async |_| StatusCode::BAD_GATEWAY.into_response()).await;
    let switch = Switch::asking(provider.base_url()).await;
    let app = switch.channel("app");
    let sale = request("app");
    assert_eq!(app.provision(&sale).await.verdict(), "404 GENERAL_ERROR");
    assert_eq!(switch.state("app", id(&sale)).await, State::Reversing);
    let found = app.look_up(&[("provisionRequestId", id(&sale))]).await;
    assert_eq!(found.verdict(), "400 VOUCHER_ALREADY_REVERSED", "as a retry would be told");
    assert!(provider.lookups().is_empty());
}

#[tokio::test]
async fn a_refund_by_serial_number_brings_no_code() {
    let answering = async |request: Json| {
        let mut done = approval(&request);
        done["voucher"] = json!({"code": CODE, "serialNumber": "SN1", "pin": {"type": "CLEAR_PIN", "pin": "2468"}});
        done["slipData"] = json!({"messageLines": [{"text": CODE}]});
        (StatusCode::CREATED, done.to_string()).into_response()
    };
    let provider = ProviderStub::advised(answering, take).await;
    let switch = Switch::asking(provider.base_url()).await;
    let mut by_number = refund("stranger", CODE);
    by_number["voucher"] = json!({"serialNumber": "SN1"});
    let answer = switch.channel("stranger").open(Kind::Refund, &by_number).await;
    assert_eq!((answer.status, &answer.json()["voucher"]), (201, &json!({"serialNumber": "SN1"})));
    assert_eq!(answer.json().get("slipData"), None, "a slip is printed with the code");
}

#[tokio::test]
async fn nobody_gives_back_what_another_channel_has_taken() {
    let provider = ProviderStub::advised(approve, take).await;
    let switch = Switch::start(Setup { messaging: Messaging::Dual, ..Setup::to(provider.base_url()) }).await;
    let (shop, thief) = (switch.channel("shop"), switch.channel("thief"));
    let taken = redemption("shop", CODE);
    assert_eq!(shop.open(Kind::Redemption, &taken).await.verdict(), "201");
    assert_eq!(shop.confirm(Kind::Redemption, &confirmation(&taken)).await.verdict(), "202");
    // Without the redemption's id, and with one of its own that was about another voucher.
    assert_eq!(thief.open(Kind::Refund, &refund("thief", CODE)).await.verdict(), "400 VOUCHER_NOT_REDEEMED");
    let other = redemption("thief", "another");
    assert_eq!(thief.open(Kind::Redemption, &other).await.verdict(), "201");
    let mut crossed = refund("thief", CODE);
    crossed["redemptionId"] = other["id"].clone();
    assert_eq!(thief.open(Kind::Refund, &crossed).await.verdict(), "400 VOUCHER_NOT_REDEEMED");
    assert_eq!(shop.open(Kind::Refund, &refund("shop", CODE)).await.verdict(), "201", "it may itself");
    // What was redeemed elsewhere is its provider's business.
    assert_eq!(thief.open(Kind::Refund, &refund("thief", "unheard of")).await.verdict(), "201");
    // Once its redemption is undone the voucher is nobody's.
    let undone = redemption("shop", "undone");
    assert_eq!(shop.open(Kind::Redemption, &undone).await.verdict(), "201");
    assert_eq!(shop.reverse_any(Kind::Redemption, &reversal(&undone)).await.verdict(), "202");
    assert_eq!(thief.open(Kind::Refund, &refund("thief", "undone")).await.verdict(), "201");
}

#[tokio::test]
async fn who_declined_a_voucher_is_not_taken_for_its_issuer() {
    let main = ProviderStub::advised(approve, take).await;
    let issuer = ProviderStub::answering(async |_| declined("VOUCHER_NOT_REDEEMABLE")).await;
    let switch = between(&main, &issuer).await;
    let till = switch.channel("till");
    let mistaken = at_issuer(redemption("till", "SOLD-ELSEWHERE"));
    assert_eq!(till.open(Kind::Redemption, &mistaken).await.verdict(), "400 VOUCHER_NOT_REDEEMABLE");
    assert_eq!(till.open(Kind::Redemption, &redemption("till", "SOLD-ELSEWHERE")).await.verdict(), "201");
    assert_eq!(main.seen().len(), 1, "the channel's default");
}

#[tokio::test]
async fn what_is_owed_to_one_provider_holds_up_no_voucher_of_another() {
    let main = ProviderStub::advised(approve, take).await;
    let failing = async |_| StatusCode::INTERNAL_SERVER_ERROR.into_response();
    let down = ProviderStub::advised(failing, async |_| StatusCode::BAD_GATEWAY.into_response()).await;
    let mut setup = Setup { messaging: Messaging::Dual, wait: Duration::from_secs(2), ..Setup::to(main.base_url()) };
    setup.others = vec![("issuer", down.base_url(), Sheet::full())];
    let settlement_entities = [("1001".to_owned(), ProviderId::new("issuer").unwrap())].into();
    setup.routes = Routes { settlement_entities, ..Routes::default() };
    let switch = Switch::start(setup).await;
    let till = switch.channel("till");
    assert_eq!(till.provision(&request("till")).await.verdict(), "201");
    let mistaken = at_issuer(redemption("till", CODE));
    assert_eq!(till.open(Kind::Redemption, &mistaken).await.verdict(), "404 GENERAL_ERROR");
    assert_eq!(till.open(Kind::Redemption, &redemption("till", CODE)).await.verdict(), "201");
    assert_eq!(till.look_up(&[("voucherCode", CODE)]).await.verdict(), "200");
}

#[tokio::test]
async fn questions_that_fail_stop_no_sales() {
    let failing = async || StatusCode::INTERNAL_SERVER_ERROR;
    let selling = async |body: axum::body::Bytes| approve(serde_json::from_slice(&body).unwrap()).await;
    let router = axum::Router::new().route("/suv/v1/vouchers", axum::routing::get(failing).post(selling));
    let listener = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let switch = Switch::asking(format!("http://{address}/suv/v1")).await;
    for _ in 0..20 {
        let found = switch.channel("curious").look_up(&[("voucherCode", "nonsense")]).await;
        assert_eq!(found.verdict(), "404 GENERAL_ERROR");
    }
    assert_eq!(switch.channel("app").provision(&request("app")).await.verdict(), "201");
}
