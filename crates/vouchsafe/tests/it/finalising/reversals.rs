//! A till says that its request must not stand.

use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::json;
use vouchsafe_core::transaction::{Event, Kind, State};

use super::{approved, is_about, prefix, reaches, received, start, tills};
use crate::world::{CODE, ProviderStub, approve, eventually, id, request_of, reversal, take};

#[tokio::test]
async fn a_reversal_that_comes_first_is_remembered_for_its_own_kind() {
    for kind in Kind::ALL.iter().copied() {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let request = request_of(kind, "till", CODE);
        let reversal = reversal(&request);
        for _ in 0..2 {
            let answer = till.reverse_any(kind, &reversal).await;
            assert_eq!(answer.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
            is_about(&answer, &reversal);
        }
        let expect = format!("400 {}_ALREADY_REVERSED", prefix(kind));
        assert_eq!(till.open(kind, &request).await.verdict(), expect);
        assert!(provider.seen().is_empty(), "the provider is not asked");
        for other in Kind::ALL.iter().copied().filter(|other| *other != kind) {
            let mut request = request_of(other, "till", CODE);
            request["id"] = reversal["requestId"].clone();
            assert_eq!(till.open(other, &request).await.verdict(), "201", "an id is a kind's own");
        }
    }
}

#[tokio::test]
async fn a_reversal_while_the_provider_is_asked_waits_for_its_answer() {
    for kind in Kind::ALL.iter().copied() {
        let (provider, let_go) = ProviderStub::holding().await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let request = request_of(kind, "till", CODE);
        let opening = tokio::spawn({
            let (till, request) = (till.clone(), request.clone());
            async move { till.open(kind, &request).await.verdict() }
        });
        eventually("it is asked", async || (!provider.seen().is_empty()).then_some(())).await;
        assert_eq!(till.reverse_any(kind, &reversal(&request)).await.verdict(), "202");
        assert!(provider.advices().is_empty(), "no reversal overtakes its request");
        let_go.send_replace(true);
        assert_eq!(opening.await.unwrap(), format!("400 {}_ALREADY_REVERSED", prefix(kind)));
        eventually("the reversal is sent", async || (!provider.advices().is_empty()).then_some(())).await;
    }
}

#[tokio::test]
async fn a_reversal_goes_on_with_the_reason_that_the_channel_gave() {
    for kind in Kind::ALL.iter().copied() {
        for reason in ["TIMEOUT", "CANCELLED", "RESPONSE_NOT_FINAL"] {
            let provider = ProviderStub::advised(approve, take).await;
            let switch = tills(&provider).await;
            let till = switch.channel("till");
            let request = approved(&till, kind).await;
            let mut reversal = reversal(&request);
            reversal["reversalReason"] = reason.into();
            let answer = till.reverse_any(kind, &reversal).await;
            assert_eq!((answer.status, answer.json()), (202, reversal), "an echo");
            reaches(&switch, kind, &request, State::Reversed).await;
            let [sent] = provider.advices().try_into().unwrap();
            assert_eq!((&sent["reversalReason"], &sent["requestId"]), (&json!(reason), &request["id"]), "{kind}");
        }
    }
}

#[tokio::test]
async fn a_reversal_is_passed_on_with_no_more_than_was_authorised() {
    for (amount, currency, is_passed_on) in
        [(5000, "710", true), (1, "710", true), (5001, "710", false), (-1, "710", false), (5000, "840", false)]
    {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let request = approved(&till, Kind::Provision).await;
        let mut reversal = reversal(&request);
        reversal["amounts"] = json!({"approvedAmount": {"amount": amount, "currency": currency}});
        assert_eq!(till.reverse_any(Kind::Provision, &reversal).await.verdict(), "202", "none is refused");
        reaches(&switch, Kind::Provision, &request, State::Reversed).await;
        let [sent] = provider.advices().try_into().unwrap();
        let expect = is_passed_on.then_some(&reversal["amounts"]);
        assert_eq!(sent.get("amounts"), expect, "{amount} of {currency}");
    }
}

#[tokio::test]
async fn a_reversal_of_what_was_declined_has_nothing_to_send() {
    for kind in Kind::ALL.iter().copied() {
        let answering = async |_| StatusCode::BAD_REQUEST.into_response();
        let provider = ProviderStub::advised(answering, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let request = request_of(kind, "till", CODE);
        till.open(kind, &request).await;
        for _ in 0..2 {
            assert_eq!(till.reverse_any(kind, &reversal(&request)).await.verdict(), "202", "{kind}");
        }
        assert_eq!(switch.state_of(kind, "till", id(&request)).await, State::Void);
        assert!(provider.advices().is_empty());
    }
}

#[tokio::test]
async fn a_repeated_reversal_has_no_second_effect() {
    for kind in Kind::ALL.iter().copied() {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let request = approved(&till, kind).await;
        for _ in 0..3 {
            assert_eq!(till.reverse_any(kind, &reversal(&request)).await.verdict(), "202");
        }
        reaches(&switch, kind, &request, State::Reversed).await;
        assert_eq!(
            (provider.advices().len(), received(&switch, kind, &request, Event::ReversalReceived).await),
            (1, 1)
        );
    }
}

#[tokio::test]
async fn a_reversal_is_consumed_where_the_provider_takes_none_and_leaves_an_orphan() {
    for kind in Kind::ALL.iter().copied() {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = start(&provider, |setup| setup.sheet.reversals = false).await;
        let till = switch.channel("till");
        let request = approved(&till, kind).await;
        assert_eq!(till.reverse_any(kind, &reversal(&request)).await.verdict(), "202");
        assert_eq!(switch.state_of(kind, "till", id(&request)).await, State::Orphaned);
        assert!(provider.advices().is_empty());
    }
}
