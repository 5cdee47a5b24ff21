//! What the provider said, what the channel is told, and where it leaves the transaction.

use std::time::Duration;

use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use vouchsafe_core::advice::{Advice, AdviceEnd, ReversalReason};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::outcome::Outcome;
use vouchsafe_core::transaction::{Event, State};

use crate::world::{PROVIDER, ProviderStub, Setup, Switch, approval, eventually, id, request};

/// A provider that answers with this status, and a body made of the request.
async fn provider(status: u16, body: impl Fn(&Json) -> String + Send + Sync + 'static) -> ProviderStub {
    let status = StatusCode::from_u16(status).unwrap();
    ProviderStub::answering(move |request: Json| {
        let body = body(&request);
        async move { (status, body).into_response() }
    })
    .await
}

async fn check(provider: ProviderStub, verdict: &str, state: State) -> Json {
    let switch = Switch::asking(provider.base_url()).await;
    let request = request("app");
    let answer = switch.channel("app").provision(&request).await;
    let asked = provider.seen();
    assert_eq!(answer.verdict(), verdict, "{asked:?}");
    assert_eq!(answer.json()["id"], request["id"]);
    assert_eq!(switch.state("app", id(&request)).await, state);
    assert_eq!(asked.len(), 1, "asked once, whatever came of it");
    let advice = switch.journal("app", id(&request)).await.pop().unwrap().advice.map(|queued| queued.advice);
    let reversal = (state == State::Reversing).then_some(Advice::Reversal(ReversalReason::ResponseNotFinal));
    assert_eq!(advice, reversal, "the reversal is in the same commit");
    answer.json()
}

fn error(error_type: &str) -> String {
    json!({"errorType": error_type, "errorMessage": "no", "providerErrorCode": "51", "providerErrorMsg": "out of stock"}).to_string()
}

#[tokio::test]
async fn a_success_with_a_usable_voucher_is_approved() {
    for status in [200, 201, 202] {
        check(provider(status, |request| approval(request).to_string()).await, "201", State::Approved).await;
    }
}

#[tokio::test]
async fn a_refusal_is_a_decline_in_the_providers_words() {
    for status in [400, 404, 409, 429, 501] {
        let told =
            check(provider(status, |_| error("LIMIT_EXCEEDED")).await, "404 LIMIT_EXCEEDED", State::Declined).await;
        assert_eq!((&told["providerErrorCode"], &told["providerErrorMessage"]), (&json!("51"), &json!("out of stock")));
        check(provider(status, |_| "<html>".to_owned()).await, "404 GENERAL_ERROR", State::Declined).await;
    }
    check(provider(404, |_| error("DO_NOT_HONOR")).await, "404 DO_NOT_HONOUR", State::Declined).await;
    let told = check(provider(404, |_| error("OUT_OF_LUCK")).await, "404 GENERAL_ERROR", State::Declined).await;
    assert_eq!(told["providerErrorCode"], "OUT_OF_LUCK");
}

#[tokio::test]
async fn a_provider_that_refuses_our_credentials_is_unavailable() {
    for status in [401, 403, 407] {
        check(provider(status, |_| error("AUTHENTICATION_ERROR")).await, "503 UPSTREAM_UNAVAILABLE", State::Declined)
            .await;
    }
}

#[tokio::test]
async fn an_answer_that_proves_nothing_is_reversed() {
    for status in [301, 307, 500, 502, 503, 504] {
        check(provider(status, |_| String::new()).await, "404 GENERAL_ERROR", State::Reversing).await;
        check(provider(status, |_| error("UPSTREAM_UNAVAILABLE")).await, "404 UPSTREAM_UNAVAILABLE", State::Reversing)
            .await;
    }
}

#[tokio::test]
async fn a_success_that_cannot_be_used_is_reversed() {
    let spoilt = |spoil: fn(&mut Json)| {
        provider(201, move |request| {
            let mut approval = approval(request);
            spoil(&mut approval);
            approval.to_string()
        })
    };
    for spoil in [
        (|a| a["voucher"]["code"] = Json::Null) as fn(&mut Json),
        |a| a["voucher"]["code"] = json!(""),
        |a| a["voucher"] = Json::Null,
        |a| a["id"] = json!("00000000-0000-0000-0000-000000000000"),
        |a| a["id"] = Json::Null,
        |a| a["amounts"]["approvedAmount"]["amount"] = json!(4999),
        |a| a["amounts"]["approvedAmount"]["currency"] = json!("840"),
        |a| a["amounts"]["approvedAmount"]["amount"] = json!("5000"),
    ] {
        check(spoilt(spoil).await, "404 GENERAL_ERROR", State::Reversing).await;
    }
    check(provider(201, |_| "<html>".to_owned()).await, "404 GENERAL_ERROR", State::Reversing).await;
    check(provider(201, |_| "x".repeat(10 << 20)).await, "404 GENERAL_ERROR", State::Reversing).await;
}

#[tokio::test]
async fn a_provider_that_cannot_be_reached_was_certainly_not_asked() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let switch = Switch::asking(format!("http://{address}/suv/v1")).await;
    let request = request("app");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "503 UPSTREAM_UNAVAILABLE");
    assert_eq!(switch.state("app", id(&request)).await, State::Declined);
    assert_eq!(switch.journal("app", id(&request)).await[0].event, Event::RequestNotSent);
}

/// A switch that waits no longer than it must, and a provider that answers when it is let go.
async fn impatient(reversals: bool) -> (Switch, ProviderStub, watch::Sender<bool>) {
    let (provider, let_go) = ProviderStub::holding().await;
    let mut setup = Setup::to(provider.base_url());
    setup.sheet.timeout = Duration::from_millis(300);
    setup.sheet.reversals = reversals;
    (Switch::start(setup).await, provider, let_go)
}

#[tokio::test]
async fn a_channel_that_waits_for_nobody_stops_no_sales_of_others() {
    // A provider of which nobody hears anything: by its own time the one, by its channel's the other.
    for (timeout, wait, is_open) in [(300, 60_000, true), (45_000, 600, false)] {
        let (provider, _let_go) = ProviderStub::holding().await;
        let mut setup = Setup::to(provider.base_url());
        setup.sheet.timeout = Duration::from_millis(timeout);
        setup.wait = Duration::from_millis(wait);
        setup.limits.circuit.failures = 1.try_into().unwrap();
        let switch = Switch::start(setup).await;
        assert_eq!(switch.channel("app").provision(&request("app")).await.verdict(), "504 UPSTREAM_UNAVAILABLE");
        assert_eq!(switch.app.providers[&ProviderId::new(PROVIDER).unwrap()].is_circuit_open(), is_open, "{wait}");
    }
}

#[tokio::test]
async fn no_answer_in_time_is_reversed_and_a_late_one_is_written_down() {
    let (switch, _provider, let_go) = impatient(true).await;
    let request = request("app");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "504 UPSTREAM_UNAVAILABLE");
    let journal = switch.journal("app", id(&request)).await;
    assert_eq!((journal[0].event, journal[0].state), (Event::AnswerMissing, State::Reversing));
    assert_eq!(journal[0].advice.unwrap().advice, Advice::Reversal(ReversalReason::Timeout));
    let_go.send(true).unwrap();
    let late = eventually("the late answer in the journal", async || {
        switch.journal("app", id(&request)).await.into_iter().nth(1)
    });
    let late = late.await;
    assert_eq!((late.event, late.state), (Event::LateApproval, State::Reversing));
    assert!(matches!(late.outcome, Some(Outcome::Approved(_))), "the voucher is kept as evidence");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "400 DUPLICATE_RECORD");
}

#[tokio::test]
async fn what_a_provider_without_reversals_may_have_sold_is_an_orphan() {
    let (switch, _provider, _let_go) = impatient(false).await;
    let request = request("app");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "504 UPSTREAM_UNAVAILABLE");
    let journal = switch.journal("app", id(&request)).await;
    assert_eq!((journal[0].state, journal[0].advice_end), (State::Orphaned, Some(AdviceEnd::Consumed)));
}
