//! Store-and-forward: what each answer does to an advice, and who waits for whom.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use vouchsafe_core::advice::{AdviceEnd, BackOff};
use vouchsafe_core::transaction::{Event, State};

use crate::world::{ProviderStub, Setup, Switch, approve, eventually, id, request, reversal, take};

fn setup(provider: &ProviderStub) -> Setup {
    let mut setup = Setup::to(provider.base_url());
    setup.limits.back_off = BackOff { first: Duration::from_millis(10), most: Duration::from_millis(50) };
    setup.sheet.in_flight_horizon = Duration::from_millis(20);
    setup
}

/// A provider that approves, and answers the first advice with this and every other one by taking it.
async fn answering_first(status: u16, error_type: &'static str) -> ProviderStub {
    let count = Arc::new(AtomicUsize::new(0));
    let taking = move |advice: Json| {
        let first = count.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if !first {
                return take(advice).await;
            }
            let body = json!({"errorType": error_type, "errorMessage": "so it is", "providerErrorCode": "R1"});
            (StatusCode::from_u16(status).unwrap(), body.to_string()).into_response()
        }
    };
    ProviderStub::advised(approve, taking).await
}

/// A reversed sale whose reversal is answered so ends in `state` after `attempts`.
async fn check(status: u16, error_type: &'static str, state: State, attempts: usize) {
    let provider = answering_first(status, error_type).await;
    let switch = Switch::start(setup(&provider)).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    assert_eq!(channel.provision(&request).await.verdict(), "201");
    assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202");
    eventually(&format!("{status} {error_type}: {state}"), async || {
        (switch.state("app", id(&request)).await == state).then_some(())
    })
    .await;
    assert_eq!(provider.advices().len(), attempts, "{status} {error_type}");
}

#[tokio::test]
async fn every_answer_to_a_reversal_ends_it_or_sends_it_again() {
    for status in [200, 201, 202] {
        check(status, "GENERAL_ERROR", State::Reversed, 1).await;
    }
    for error_type in ["DUPLICATE_RECORD", "VOUCHER_ALREADY_REVERSED"] {
        check(400, error_type, State::Reversed, 1).await;
    }
    for (status, error_type) in [(400, "FORMAT_ERROR"), (400, "VOUCHER_ALREADY_CONFIRMED"), (409, "X"), (501, "X")] {
        check(status, error_type, State::Orphaned, 1).await;
    }
    for status in [401, 403, 429, 500, 502, 503, 504, 307] {
        check(status, "GENERAL_ERROR", State::Reversed, 2).await;
    }
    // Not found: once more, for it may have overtaken its request.
    check(404, "UNABLE_TO_LOCATE_RECORD", State::Reversed, 2).await;
}

#[tokio::test]
async fn a_reversal_that_is_not_found_twice_is_believed() {
    let unknown = async |_| StatusCode::NOT_FOUND.into_response();
    let provider = ProviderStub::advised(approve, unknown).await;
    let switch = Switch::start(setup(&provider)).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    assert_eq!(channel.provision(&request).await.verdict(), "201");
    assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202");
    eventually("reversed", async || (switch.state("app", id(&request)).await == State::Reversed).then_some(())).await;
    assert_eq!(provider.advices().len(), 2);
    let note = switch.journal("app", id(&request)).await.pop().unwrap().note.unwrap();
    assert_eq!(note.as_str(), "the provider does not know the request, though it had approved it");
}

#[tokio::test]
async fn a_reversal_that_is_not_found_twice_is_sent_again_if_it_was_sold_meanwhile() {
    let (sold, answered) = (watch::channel(false).0, watch::channel(false).0);
    let count = AtomicUsize::new(0);
    let selling = {
        let sold = sold.subscribe();
        move |request| {
            let mut sold = sold.clone();
            async move {
                let _ = sold.wait_for(|sold| *sold).await;
                approve(request).await
            }
        }
    };
    let taking = {
        let answered = answered.subscribe();
        move |advice| {
            let (nth, mut answered) = (count.fetch_add(1, Ordering::Relaxed), answered.clone());
            async move {
                match nth {
                    0 => StatusCode::NOT_FOUND.into_response(),
                    1 => {
                        // It looked before the request came, and says so long after.
                        let _ = answered.wait_for(|answered| *answered).await;
                        StatusCode::NOT_FOUND.into_response()
                    }
                    _ => take(advice).await,
                }
            }
        }
    };
    let provider = ProviderStub::advised(selling, taking).await;
    let mut setup = setup(&provider);
    // The channel is impatient, the provider's own time is long: the second reversal waits for its answer.
    setup.wait = Duration::from_millis(1500);
    let switch = Switch::start(setup).await;
    let request = request("app");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "504 UPSTREAM_UNAVAILABLE");
    eventually("the second reversal", async || (provider.advices().len() == 2).then_some(())).await;
    sold.send(true).unwrap();
    let journal = async || switch.journal("app", id(&request)).await;
    eventually("the late approval", async || {
        journal().await.iter().any(|entry| entry.event == Event::LateApproval).then_some(())
    })
    .await;
    answered.send(true).unwrap();
    eventually("reversed", async || (switch.state("app", id(&request)).await == State::Reversed).then_some(())).await;
    assert!(provider.advices().len() > 2, "what was sold is undone");
}

#[tokio::test]
async fn a_refusal_stands_in_the_journal_in_the_providers_words() {
    let provider = answering_first(400, "VOUCHER_ALREADY_REDEEMED").await;
    let switch = Switch::start(setup(&provider)).await;
    let (channel, request) = (switch.channel("app"), request("app"));
    assert_eq!(channel.provision(&request).await.verdict(), "201");
    assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202");
    let journal = switch.journal("app", id(&request)).await;
    let [_, reversed, refused] = &journal[..] else { panic!("{journal:?}") };
    assert_eq!((refused.event, refused.state), (Event::ReversalRefused, State::Orphaned));
    assert_eq!(reversed.advice_end, Some(AdviceEnd::Refused));
    let note = refused.note.as_ref().unwrap().as_str();
    assert_eq!(note, "VOUCHER_ALREADY_REDEEMED: so it is (R1)");
    let orphans = switch.app.store.orphans(vouchsafe_store::TransactionNumber(0), 10).await.unwrap();
    assert_eq!(orphans.len(), 1, "it is listed");
}

#[tokio::test]
async fn an_advice_that_is_not_taken_holds_up_no_other() {
    // The first transaction's reversal never gets through; the others' do.
    let stuck = request("app");
    let stuck_id = id(&stuck).to_owned();
    let taking = move |advice: Json| {
        let stuck = advice["requestId"] == stuck_id.as_str();
        async move { if stuck { std::future::pending::<Response>().await } else { take(advice).await } }
    };
    let provider = ProviderStub::advised(approve, taking).await;
    let mut setup = setup(&provider);
    setup.limits.reversal_sync = Duration::from_millis(10);
    setup.sheet.timeout = Duration::from_millis(200);
    let switch = Switch::start(setup).await;
    let channel = switch.channel("app");
    assert_eq!(channel.provision(&stuck).await.verdict(), "201");
    assert_eq!(channel.reverse(&reversal(&stuck)).await.verdict(), "202", "acknowledged although nobody answers");
    for _ in 0..20 {
        let request = request("app");
        assert_eq!(channel.provision(&request).await.verdict(), "201");
        assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202");
        eventually("reversed", async || (switch.state("app", id(&request)).await == State::Reversed).then_some(()))
            .await;
    }
    assert_eq!(switch.state("app", id(&stuck)).await, State::Reversing);
    let again = async || {
        let same: Vec<_> = provider.advices().into_iter().filter(|advice| advice["requestId"] == stuck["id"]).collect();
        (same.len() >= 3 && same.iter().all(|advice| *advice == same[0])).then_some(())
    };
    eventually("it is sent again and again, the same to the letter", again).await;
}

#[tokio::test]
async fn an_open_circuit_stops_sales_and_never_advices() {
    let failing = Arc::new(AtomicUsize::new(0));
    let answering = {
        let failing = Arc::clone(&failing);
        move |request: Json| {
            let ill = failing.load(Ordering::Relaxed) > 0;
            async move { if ill { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { approve(request).await } }
        }
    };
    let provider = ProviderStub::advised(answering, take).await;
    let mut setup = setup(&provider);
    setup.limits.circuit.failures = 3.try_into().unwrap();
    setup.limits.circuit.pause = Duration::from_secs(3600);
    let switch = Switch::start(setup).await;
    let channel = switch.channel("app");
    let sold = request("app");
    assert_eq!(channel.provision(&sold).await.verdict(), "201");
    failing.store(1, Ordering::Relaxed);
    for _ in 0..3 {
        assert_eq!(channel.provision(&request("app")).await.verdict(), "404 GENERAL_ERROR");
    }
    let spared = request("app");
    let told = channel.provision(&spared).await;
    assert_eq!(told.verdict(), "503 UPSTREAM_UNAVAILABLE");
    assert!(told.body.windows(16).any(|words| words == b"nothing was sent"), "{:?}", told.body);
    assert_eq!(switch.transaction("app", id(&spared)).await, None, "the id stays free");
    assert_eq!(channel.reverse(&reversal(&sold)).await.verdict(), "202");
    assert_eq!(switch.state("app", id(&sold)).await, State::Reversed, "the advice went out all the same");
}
