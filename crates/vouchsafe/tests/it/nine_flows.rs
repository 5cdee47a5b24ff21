//! The flows of the digital-channel contract, one test each, against providers of every capability.
//!
//! Stellr takes no advices and no retries, Netcare takes no retries, the others take everything. Product lookup, the
//! ninth flow, is told in `products.rs`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value as Json, json};
use tokio::sync::watch;
use vouchsafe_core::advice::BackOff;
use vouchsafe_core::sheet::{RetrySupport, Sheet};
use vouchsafe_core::transaction::State;

use crate::world::{Answer, ProviderStub, Setup, Switch, approve, eventually, id, request, reversal, take};

/// A provider by what it can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Peer {
    Full,
    Netcare,
    Stellr,
}
use Peer::{Full, Netcare, Stellr};

const PEERS: [Peer; 3] = [Full, Netcare, Stellr];

impl Peer {
    fn sheet(self) -> Sheet {
        let advices = self != Stellr;
        Sheet {
            confirmations: advices,
            reversals: advices,
            retry: if self == Full { RetrySupport::Supported } else { RetrySupport::Unsupported },
            timeout: Duration::from_millis(300),
            in_flight_horizon: Duration::from_millis(50),
            ..Sheet::full()
        }
    }

    /// Where what must not stand ends: the provider took the reversal, or takes none and somebody must look after it.
    fn undone(self) -> State {
        if self == Stellr { State::Orphaned } else { State::Reversed }
    }

    async fn switch(self, provider: &ProviderStub) -> Switch {
        Switch::start(self.setup(provider)).await
    }

    fn setup(self, provider: &ProviderStub) -> Setup {
        let mut setup = Setup::to(provider.base_url());
        setup.sheet = self.sheet();
        setup.limits.back_off = BackOff { first: Duration::from_millis(10), most: Duration::from_millis(50) };
        setup
    }
}

/// Waits until a channel's provision has reached a state.
async fn reaches(switch: &Switch, request: &Json, state: State) {
    let reached = async || (switch.state("app", id(request)).await == state).then_some(());
    eventually(&format!("{} becomes {state}", id(request)), reached).await;
}

/// A provider that sells at once but answers only when it is let go.
async fn selling_silently() -> (ProviderStub, watch::Sender<bool>) {
    let (let_go, held) = watch::channel(false);
    let answering = move |request| {
        let mut held = held.clone();
        async move {
            let _ = held.wait_for(|let_go| *let_go).await;
            approve(request).await
        }
    };
    (ProviderStub::advised(answering, take).await, let_go)
}

/// Sends a provision whose answer the channel does not wait for, and returns once the provider has it.
async fn provision_and_hang_up(switch: &Switch, provider: &ProviderStub, request: &Json) {
    let (channel, sent) = (switch.channel("app"), request.clone());
    let call = tokio::spawn(async move { channel.provision(&sent).await });
    eventually("the request at the provider", async || (!provider.seen().is_empty()).then_some(())).await;
    call.abort();
}

fn voucher(answer: &Answer) -> (Json, Json) {
    (answer.json()["voucher"].clone(), answer.json()["amounts"].clone())
}

#[tokio::test]
async fn flow_1_successful_provision() {
    for peer in PEERS {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = peer.switch(&provider).await;
        let request = request("app");
        let answer = switch.channel("app").provision(&request).await;
        assert_eq!(answer.verdict(), "201", "{peer:?}");
        assert_eq!(answer.json()["voucher"]["code"], "1234-5678-9012-3456");
        assert_eq!(switch.state("app", id(&request)).await, State::Approved);
        assert!(switch.transaction("app", id(&request)).await.unwrap().due_at.is_some(), "it will be confirmed");
        assert_eq!((provider.seen().len(), provider.advices().len()), (1, 0), "{peer:?}");
    }
}

#[tokio::test]
async fn flow_2_hard_decline_or_error_at_the_provider() {
    for peer in PEERS {
        for status in [404, 400, 501] {
            let refusing = move |_| async move {
                let body = json!({"errorType": "LIMIT_EXCEEDED", "errorMessage": "too much"}).to_string();
                (StatusCode::from_u16(status).unwrap(), body).into_response()
            };
            let provider = ProviderStub::advised(refusing, take).await;
            let switch = peer.switch(&provider).await;
            let request = request("app");
            let channel = switch.channel("app");
            assert_eq!(channel.provision(&request).await.verdict(), "404 LIMIT_EXCEEDED", "{peer:?} {status}");
            assert_eq!(switch.state("app", id(&request)).await, State::Declined);
            // Not even when the channel reverses what never was.
            assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202");
            assert_eq!(switch.state("app", id(&request)).await, State::Void);
            assert_eq!((provider.seen().len(), provider.advices().len()), (1, 0), "nothing more is sent to anybody");
        }
    }
}

#[tokio::test]
async fn flow_3_timeout_at_the_switch_and_the_reversal_is_repeated_until_it_is_answered() {
    for peer in PEERS {
        let tries = Arc::new(AtomicUsize::new(0));
        let busy_twice = {
            let tries = Arc::clone(&tries);
            move |advice: Json| {
                let busy = tries.fetch_add(1, Ordering::Relaxed) < 2;
                async move { if busy { StatusCode::SERVICE_UNAVAILABLE.into_response() } else { take(advice).await } }
            }
        };
        let provider = ProviderStub::advised(async |_| std::future::pending::<Response>().await, busy_twice).await;
        let switch = peer.switch(&provider).await;
        let request = request("app");
        let answer = switch.channel("app").provision(&request).await;
        assert_eq!(answer.verdict(), "504 UPSTREAM_UNAVAILABLE", "{peer:?}");
        reaches(&switch, &request, peer.undone()).await;
        let advices = provider.advices();
        if peer == Stellr {
            assert_eq!(advices, [] as [Json; 0], "consumed, never sent");
            continue;
        }
        assert_eq!(advices.len(), 3, "{peer:?}");
        assert!(advices.iter().all(|advice| *advice == advices[0]), "a repeat is the same to the letter");
        assert_eq!(advices[0]["requestId"], request["id"]);
        assert_eq!(advices[0]["reversalReason"], "TIMEOUT");
    }
}

#[tokio::test]
async fn flow_3_other_errors_at_the_switch_are_reversed_too() {
    for peer in PEERS {
        let failing = async |_| StatusCode::INTERNAL_SERVER_ERROR.into_response();
        let provider = ProviderStub::advised(failing, take).await;
        let switch = peer.switch(&provider).await;
        let request = request("app");
        assert_eq!(switch.channel("app").provision(&request).await.verdict(), "404 GENERAL_ERROR", "{peer:?}");
        reaches(&switch, &request, peer.undone()).await;
        assert_eq!(provider.advices().len(), usize::from(peer != Stellr), "{peer:?}");
    }
}

#[tokio::test]
async fn flow_4_timeout_at_the_channel_and_a_successful_retry() {
    for peer in PEERS {
        let (provider, let_go) = selling_silently().await;
        let mut setup = peer.setup(&provider);
        setup.sheet.timeout = Duration::from_secs(45);
        let switch = Switch::start(setup).await;
        let request = request("app");
        provision_and_hang_up(&switch, &provider, &request).await;
        let channel = switch.channel("app");
        if peer != Full {
            assert_eq!(channel.retry(&request).await.verdict(), "404 FUNCTION_NOT_SUPPORTED", "{peer:?}");
            let_go.send(true).unwrap();
            reaches(&switch, &request, State::Approved).await;
            let told = channel.retry(&request).await.verdict();
            assert_eq!(told, "404 FUNCTION_NOT_SUPPORTED", "a hard decline, whatever the original became");
            continue;
        }
        // The first retry waits for the outcome, the second finds it.
        let waiting = tokio::spawn({
            let (channel, request) = (channel.clone(), request.clone());
            async move { channel.retry(&request).await }
        });
        let_go.send(true).unwrap();
        let (first, second) = (waiting.await.unwrap(), channel.retry(&request).await);
        assert_eq!((first.verdict(), second.verdict()), ("201".to_owned(), "201".to_owned()));
        assert_eq!(first.body, second.body, "the same to the byte");
        assert_eq!(provider.seen().len(), 1, "and never a second sale");
    }
}

#[tokio::test]
async fn flow_4_a_retry_repeats_an_answer_that_was_given() {
    let provider = ProviderStub::advised(approve, take).await;
    let switch = Full.switch(&provider).await;
    let mut request = request("app");
    let first = switch.channel("app").provision(&request).await;
    request["time"] = "2026-11-23T09:45:00.000Z".into();
    let again = switch.channel("app").retry(&request).await;
    assert_eq!((again.verdict(), voucher(&again)), ("201".to_owned(), voucher(&first)));
    assert_eq!(again.body, first.body, "the same to the byte, although the retry has a time of its own");
    assert_eq!(again.header("location"), first.header("location"));
}

#[tokio::test]
async fn flow_5_timeout_at_the_channel_and_an_unsuccessful_retry() {
    for peer in PEERS {
        let refusing = async |_| {
            let body = json!({"errorType": "INVALID_ACCOUNT", "errorMessage": "closed", "providerErrorCode": "E7"});
            (StatusCode::NOT_FOUND, body.to_string()).into_response()
        };
        let provider = ProviderStub::advised(refusing, take).await;
        let switch = peer.switch(&provider).await;
        let request = request("app");
        let channel = switch.channel("app");
        let first = channel.provision(&request).await;
        let again = channel.retry(&request).await;
        let expect = if peer == Full { "404 INVALID_ACCOUNT" } else { "404 FUNCTION_NOT_SUPPORTED" };
        assert_eq!(again.verdict(), expect, "{peer:?}");
        if peer == Full {
            assert_eq!(again.body, first.body, "the same status and ErrorDetail as then");
        }
        assert_eq!(provider.seen().len(), 1);
    }
}

#[tokio::test]
async fn flow_5_a_retry_of_what_is_being_reversed_is_told_so() {
    for peer in PEERS {
        let provider = ProviderStub::advised(async |_| std::future::pending::<Response>().await, take).await;
        let switch = peer.switch(&provider).await;
        let request = request("app");
        let channel = switch.channel("app");
        assert_eq!(channel.provision(&request).await.verdict(), "504 UPSTREAM_UNAVAILABLE");
        let expect = if peer == Full { "400 VOUCHER_ALREADY_REVERSED" } else { "404 FUNCTION_NOT_SUPPORTED" };
        assert_eq!(channel.retry(&request).await.verdict(), expect, "{peer:?}");
    }
}

#[tokio::test]
async fn flow_6_a_reversal_before_its_provision() {
    for peer in PEERS {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = peer.switch(&provider).await;
        let request = request("app");
        let channel = switch.channel("app");
        let early = reversal(&request);
        let told = channel.reverse(&early).await;
        assert_eq!(told.verdict(), "404 UNABLE_TO_LOCATE_RECORD", "{peer:?}");
        assert_eq!((&told.json()["id"], &told.json()["originalId"]), (&early["id"], &request["id"]));
        assert_eq!(channel.provision(&request).await.verdict(), "400 VOUCHER_ALREADY_REVERSED");
        assert_eq!(channel.reverse(&early).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD", "and so again");
        assert_eq!((provider.seen().len(), provider.advices().len()), (0, 0), "nobody was asked");
    }
    // Whatever else is wrong with the request: nobody could be asked here.
    let provider = ProviderStub::approving().await;
    let switch = Switch::start(Setup { default_route: false, ..Setup::to(provider.base_url()) }).await;
    let (channel, request, other) = (switch.channel("app"), request("app"), request("app"));
    assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
    assert_eq!(channel.provision(&request).await.verdict(), "400 VOUCHER_ALREADY_REVERSED");
    assert_eq!(channel.provision(&other).await.verdict(), "400 ROUTING_ERROR");
}

#[tokio::test]
async fn flow_6_a_reversal_during_its_provision() {
    for peer in PEERS {
        let (provider, let_go) = selling_silently().await;
        let mut setup = peer.setup(&provider);
        setup.sheet.timeout = Duration::from_secs(45);
        let switch = Switch::start(setup).await;
        let request = request("app");
        let channel = switch.channel("app");
        let waiting = tokio::spawn({
            let (channel, request) = (channel.clone(), request.clone());
            async move { channel.provision(&request).await }
        });
        eventually("the request at the provider", async || (!provider.seen().is_empty()).then_some(())).await;
        assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202", "{peer:?}");
        assert_eq!(switch.state("app", id(&request)).await, State::Cancelled);
        assert_eq!(provider.advices().len(), 0, "not before the request leg has ended");
        let_go.send(true).unwrap();
        assert_eq!(waiting.await.unwrap().verdict(), "400 VOUCHER_ALREADY_REVERSED");
        reaches(&switch, &request, peer.undone()).await;
        assert_eq!(provider.advices().len(), usize::from(peer != Stellr), "{peer:?}");
    }
}

#[tokio::test]
async fn flow_6_a_reversal_after_the_approval_repeated_and_late() {
    for peer in PEERS {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = peer.switch(&provider).await;
        let request = request("app");
        let channel = switch.channel("app");
        assert_eq!(channel.provision(&request).await.verdict(), "201");
        let reversal = reversal(&request);
        let told = channel.reverse(&reversal).await;
        assert_eq!((told.verdict(), told.json()), ("202".to_owned(), reversal.clone()), "{peer:?}: an echo");
        assert_eq!(switch.state("app", id(&request)).await, peer.undone(), "the answer waits for the provider's");
        for _ in 0..2 {
            assert_eq!(channel.reverse(&reversal).await.verdict(), "202", "no second effect");
        }
        assert_eq!(channel.reverse(&crate::world::reversal(&request)).await.verdict(), "202", "nor of another id");
        let expect = if peer == Full { "400 VOUCHER_ALREADY_REVERSED" } else { "404 FUNCTION_NOT_SUPPORTED" };
        assert_eq!(channel.retry(&request).await.verdict(), expect);
        let advices = provider.advices();
        assert_eq!(advices.len(), usize::from(peer != Stellr), "{peer:?}");
        if let Some(advice) = advices.first() {
            assert_eq!(advice["requestId"], request["id"]);
            assert_ne!(advice["id"], reversal["id"], "the advice is the switch's own");
            let references = advice["thirdPartyIdentifiers"].as_array().unwrap();
            let parties: Vec<_> = references.iter().map(|party| party["institutionId"].as_str().unwrap()).collect();
            assert_eq!(parties, ["app", "vouchsafe", "stub"], "the references of the response");
        }
    }
}

#[tokio::test]
async fn flow_8_confirmation_after_its_time_to_a_provider_that_wants_one() {
    for peer in PEERS {
        let provider = ProviderStub::advised(approve, take).await;
        let mut setup = peer.setup(&provider);
        setup.sheet.confirm_after = Duration::ZERO;
        let switch = Switch::start(setup).await;
        let mut request = request("app");
        request["tenders"] = json!([{"tenderType": "CASH", "amount": {"amount": 5000, "currency": "710"}}]);
        let channel = switch.channel("app");
        assert_eq!(channel.provision(&request).await.verdict(), "201");
        reaches(&switch, &request, State::Confirmed).await;
        let advices = provider.advices();
        assert_eq!(advices.len(), usize::from(peer != Stellr), "{peer:?}");
        if let Some(advice) = advices.first() {
            assert_eq!((&advice["requestId"], &advice["tenders"]), (&request["id"], &request["tenders"]));
            assert_eq!(advice["reversalReason"], Json::Null);
        }
        let told = channel.reverse(&reversal(&request)).await;
        assert_eq!(told.verdict(), "400 VOUCHER_ALREADY_CONFIRMED", "too late");
        let told = channel.retry(&request).await.verdict();
        assert_eq!(told, if peer == Full { "201" } else { "404 FUNCTION_NOT_SUPPORTED" });
    }
}

#[tokio::test]
async fn flow_8_of_confirmation_and_late_reversal_one_wins_and_the_loser_is_told() {
    for peer in PEERS {
        for round in 0..10 {
            let provider = ProviderStub::advised(approve, take).await;
            let mut setup = peer.setup(&provider);
            // Due at about the time at which the reversal comes, earlier in one round and later in another.
            setup.sheet.confirm_after = Duration::from_millis(round);
            let switch = Switch::start(setup).await;
            let request = request("app");
            let channel = switch.channel("app");
            assert_eq!(channel.provision(&request).await.verdict(), "201");
            let told = channel.reverse(&reversal(&request)).await.verdict();
            let (end, reversals) = match told.as_str() {
                "202" => (peer.undone(), 1),
                "400 VOUCHER_ALREADY_CONFIRMED" => (State::Confirmed, 0),
                other => panic!("{peer:?}: {other}"),
            };
            reaches(&switch, &request, end).await;
            let advices = provider.advices();
            let sent = advices.iter().filter(|advice| advice["reversalReason"].is_string()).count();
            assert_eq!(sent, if peer == Stellr { 0 } else { reversals }, "{peer:?}: never both");
            assert_eq!(advices.len(), usize::from(peer != Stellr), "{peer:?}: exactly one finaliser");
        }
    }
}
