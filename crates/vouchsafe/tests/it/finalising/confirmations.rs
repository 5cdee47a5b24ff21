//! A till says that its request stands.

use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::json;
use vouchsafe_core::transaction::{Event, Kind, State};

use super::{approved, is_about, reaches, received, start, tills};
use crate::world::{CODE, ProviderStub, approve, confirmation, eventually, id, request_of, take};

#[tokio::test]
async fn a_confirmation_is_acknowledged_and_forwarded_with_what_the_till_said() {
    for kind in Kind::ALL.iter().copied() {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let request = approved(&till, kind).await;
        assert_eq!(switch.state_of(kind, "till", id(&request)).await, State::Approved, "nobody confirms for a till");
        let mut confirmation = confirmation(&request);
        confirmation["stan"] = "000777".into();
        if kind != Kind::Refund {
            confirmation["amounts"] = json!({"approvedAmount": {"amount": 4500, "currency": "710"}});
        }
        if kind == Kind::Provision {
            confirmation["tenders"] = json!([{"tenderType": "CASH", "amount": {"amount": 4500, "currency": "710"}}]);
        }
        let answer = till.confirm(kind, &confirmation).await;
        assert_eq!((answer.status, answer.json()), (202, confirmation.clone()), "an echo");
        reaches(&switch, kind, &request, State::Confirmed).await;
        let [sent] = provider.advices().try_into().unwrap();
        assert_ne!(sent["id"], confirmation["id"], "towards the provider it is the switch's own");
        for field in ["requestId", "stan", "amounts", "tenders"] {
            assert_eq!(sent[field], confirmation[field], "{kind}: {field}");
        }
        let references = sent["thirdPartyIdentifiers"].as_array().unwrap();
        assert!(references.iter().any(|reference| reference["institutionId"] == "vouchsafe"), "{references:?}");
    }
}

#[tokio::test]
async fn a_confirmation_is_consumed_where_the_provider_takes_none() {
    for kind in Kind::ALL.iter().copied() {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = start(&provider, |setup| setup.sheet.confirmations = false).await;
        let till = switch.channel("till");
        let request = approved(&till, kind).await;
        assert_eq!(till.confirm(kind, &confirmation(&request)).await.verdict(), "202");
        reaches(&switch, kind, &request, State::Confirmed).await;
        assert!(provider.advices().is_empty());
    }
}

#[tokio::test]
async fn there_is_nothing_to_confirm_before_an_approval() {
    for kind in Kind::ALL.iter().copied() {
        let declining = ProviderStub::answering(async |_| StatusCode::BAD_REQUEST.into_response()).await;
        let switch = tills(&declining).await;
        let till = switch.channel("till");
        let (never_seen, declined) = (request_of(kind, "till", CODE), request_of(kind, "till", CODE));
        till.open(kind, &declined).await;
        for request in [never_seen, declined] {
            let confirmation = confirmation(&request);
            let answer = till.confirm(kind, &confirmation).await;
            assert_eq!(answer.verdict(), "404 UNABLE_TO_LOCATE_RECORD", "{kind}");
            is_about(&answer, &confirmation);
        }
    }
}

#[tokio::test]
async fn what_is_pending_cannot_be_confirmed_yet() {
    let (provider, let_go) = ProviderStub::holding().await;
    let switch = tills(&provider).await;
    for kind in Kind::ALL.iter().copied() {
        let till = switch.channel("till");
        let request = request_of(kind, "till", CODE);
        let opening = tokio::spawn({
            let (till, request) = (till.clone(), request.clone());
            async move { till.open(kind, &request).await.verdict() }
        });
        eventually("it is asked", async || {
            provider.seen().iter().any(|seen| seen["id"] == request["id"]).then_some(())
        })
        .await;
        assert_eq!(till.confirm(kind, &confirmation(&request)).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
        let_go.send_replace(true);
        assert_eq!(opening.await.unwrap(), "201", "{kind}");
        let_go.send_replace(false);
    }
}

#[tokio::test]
async fn the_same_confirmation_again_has_no_second_effect() {
    for kind in Kind::ALL.iter().copied() {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let request = approved(&till, kind).await;
        let confirmation = confirmation(&request);
        for _ in 0..3 {
            assert_eq!(till.confirm(kind, &confirmation).await.verdict(), "202", "{kind}");
        }
        reaches(&switch, kind, &request, State::Confirmed).await;
        assert_eq!(till.confirm(kind, &confirmation).await.verdict(), "202", "{kind}, long delivered");
        assert_eq!(provider.advices().len(), 1);
        assert_eq!(received(&switch, kind, &request, Event::ConfirmationReceived).await, 1);
    }
}

#[tokio::test]
async fn a_second_confirmation_by_another_advice_is_no_error_for_a_provision_only() {
    for (kind, expect) in [
        (Kind::Provision, "202"),
        (Kind::Redemption, "400 VOUCHER_NOT_REDEEMED"),
        (Kind::Refund, "400 VOUCHER_NOT_REFUNDED"),
    ] {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let request = approved(&till, kind).await;
        assert_eq!(till.confirm(kind, &confirmation(&request)).await.verdict(), "202");
        assert_eq!(till.confirm(kind, &confirmation(&request)).await.verdict(), expect);
        reaches(&switch, kind, &request, State::Confirmed).await;
        assert_eq!(till.confirm(kind, &confirmation(&request)).await.verdict(), expect);
        assert_eq!(provider.advices().len(), 1);
    }
}

#[tokio::test]
async fn of_confirmations_at_the_same_time_one_is_chosen() {
    for kind in [Kind::Redemption, Kind::Refund] {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        for _ in 0..10 {
            let request = approved(&till, kind).await;
            let (one, other) = (confirmation(&request), confirmation(&request));
            let (one, other) = tokio::join!(till.confirm(kind, &one), till.confirm(kind, &other));
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [202, 400], "{kind}");
        }
    }
}

#[tokio::test]
async fn a_final_amount_is_within_what_was_authorised() {
    for kind in [Kind::Provision, Kind::Redemption] {
        let provider = ProviderStub::advised(approve, take).await;
        let switch = tills(&provider).await;
        let till = switch.channel("till");
        let request = approved(&till, kind).await;
        let of = |amount: i64, currency: &str| {
            let mut confirmation = confirmation(&request);
            confirmation["amounts"] = json!({"approvedAmount": {"amount": amount, "currency": currency}});
            confirmation
        };
        for refused in [of(5001, "710"), of(-1, "710"), of(5000, "840")] {
            let answer = till.confirm(kind, &refused).await;
            assert_eq!(answer.verdict(), "400 INVALID_AMOUNT", "{kind}");
            is_about(&answer, &refused);
        }
        assert_eq!(switch.state_of(kind, "till", id(&request)).await, State::Approved, "nothing was chosen");
        assert_eq!(till.confirm(kind, &of(5000, "710")).await.verdict(), "202");
    }
}
