//! Redemptions and refunds: who is asked, and only once what is owed for the same voucher is delivered.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value as Json, json};
use vouchsafe_core::advice::BackOff;
use vouchsafe_core::route::Routes;
use vouchsafe_core::sheet::{Messaging, Sheet};
use vouchsafe_core::transaction::Kind;

use crate::world::{
    CODE, ProviderStub, Setup, Switch, approve, confirmation, id, redemption, refund, request, request_of, reversal,
    take,
};

/// A provider that takes an advice at the fifth attempt, and until then sells but redeems and refunds nothing.
async fn slow_to_take() -> ProviderStub {
    let (attempts, taken) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let told = Arc::clone(&taken);
    let asking = move |request: Json| {
        let may = request["voucher"].is_null() || told.load(Ordering::SeqCst) > 0;
        async move { if may { approve(request).await } else { declined("VOUCHER_NOT_REDEEMABLE") } }
    };
    let taking = move |advice: Json| {
        let is_fifth = attempts.fetch_add(1, Ordering::SeqCst) == 4;
        taken.fetch_add(usize::from(is_fifth), Ordering::SeqCst);
        async move { if is_fifth { take(advice).await } else { StatusCode::BAD_GATEWAY.into_response() } }
    };
    ProviderStub::advised(asking, taking).await
}

fn declined(error_type: &str) -> Response {
    (StatusCode::BAD_REQUEST, json!({"errorType": error_type, "errorMessage": "no"}).to_string()).into_response()
}

fn setup(provider: &ProviderStub) -> Setup {
    let mut setup = Setup { messaging: Messaging::Dual, ..Setup::to(provider.base_url()) };
    setup.limits.back_off = BackOff { first: Duration::from_millis(10), most: Duration::from_millis(20) };
    setup
}

#[tokio::test]
async fn a_confirmation_that_was_acknowledged_a_moment_ago_reaches_the_provider_first() {
    for kind in [Kind::Redemption, Kind::Refund] {
        let provider = slow_to_take().await;
        let switch = Switch::start(setup(&provider)).await;
        let till = switch.channel("till");
        let sale = request("till");
        assert_eq!(till.provision(&sale).await.verdict(), "201");
        assert_eq!(till.confirm(Kind::Provision, &confirmation(&sale)).await.verdict(), "202");
        // Whoever holds the code may redeem it, whichever channel it is.
        let other = switch.channel("partner");
        assert_eq!(other.open(kind, &request_of(kind, "partner", CODE)).await.verdict(), "201", "{kind}");
    }
}

#[tokio::test]
async fn what_cannot_be_delivered_in_time_leaves_the_request_unsent_and_its_id_free() {
    let well = Arc::new(AtomicUsize::new(0));
    let taking = {
        let well = Arc::clone(&well);
        move |advice: Json| {
            let is_well = well.load(Ordering::SeqCst) > 0;
            async move { if is_well { take(advice).await } else { StatusCode::BAD_GATEWAY.into_response() } }
        }
    };
    let provider = ProviderStub::advised(approve, taking).await;
    let switch = Switch::start(Setup { wait: Duration::from_secs(1), ..setup(&provider) }).await;
    let till = switch.channel("till");
    let sale = request("till");
    assert_eq!(till.provision(&sale).await.verdict(), "201");
    assert_eq!(till.confirm(Kind::Provision, &confirmation(&sale)).await.verdict(), "202");
    let redemption = redemption("till", CODE);
    assert_eq!(till.open(Kind::Redemption, &redemption).await.verdict(), "503 UPSTREAM_UNAVAILABLE");
    assert_eq!(till.look_up(&[("voucherCode", CODE)]).await.verdict(), "503 UPSTREAM_UNAVAILABLE");
    assert_eq!(provider.seen().len(), 1, "only the sale was asked");
    // Another voucher has nothing to wait for.
    assert_eq!(till.open(Kind::Redemption, &self::redemption("till", "7777")).await.verdict(), "201");
    well.store(1, Ordering::SeqCst);
    assert_eq!(till.open(Kind::Redemption, &redemption).await.verdict(), "201", "the id is free");
    assert_eq!(till.open(Kind::Redemption, &redemption).await.verdict(), "400 DUPLICATE_RECORD");
}

#[tokio::test]
async fn a_refund_waits_for_what_is_owed_for_the_redemption_that_it_names() {
    let provider = slow_to_take().await;
    let switch = Switch::start(setup(&provider)).await;
    let till = switch.channel("till");
    // Sold elsewhere: of this voucher the switch knows the redemption alone, and that has to be approved first.
    let redeemed = redemption("till", "SOLD-ELSEWHERE");
    assert_eq!(till.open(Kind::Redemption, &redeemed).await.verdict(), "400 VOUCHER_NOT_REDEEMABLE");
    let sale = request("till");
    assert_eq!(till.provision(&sale).await.verdict(), "201");
    assert_eq!(till.reverse(&reversal(&sale)).await.verdict(), "202");
    let redeemed = redemption("till", CODE);
    assert_eq!(till.open(Kind::Redemption, &redeemed).await.verdict(), "201");
    let mut refund = refund("till", CODE);
    refund["voucher"] = json!({"serialNumber": "SN1"});
    refund["redemptionId"] = redeemed["id"].clone();
    assert_eq!(till.open(Kind::Refund, &refund).await.verdict(), "201");
    assert_eq!(provider.seen().last().unwrap()["redemptionId"], redeemed["id"]);
}

#[tokio::test]
async fn a_refund_names_a_redemption_of_its_own_channel_by_the_id_that_the_provider_knows() {
    let provider = ProviderStub::advised(approve, take).await;
    let switch = Switch::start(setup(&provider)).await;
    let (till, shop) = (switch.channel("till"), switch.channel("shop"));
    let first = redemption("till", "1111");
    let mut second = redemption("shop", "2222");
    second["id"] = first["id"].clone();
    assert_eq!(till.open(Kind::Redemption, &first).await.verdict(), "201");
    assert_eq!(shop.open(Kind::Redemption, &second).await.verdict(), "201");
    let of = |channel, code, redemption: &Json| {
        let mut refund = refund(channel, code);
        refund["redemptionId"] = redemption["id"].clone();
        refund
    };
    assert_eq!(shop.open(Kind::Refund, &of("shop", "2222", &second)).await.verdict(), "201");
    let seen = provider.seen();
    assert_ne!(seen[1]["id"], first["id"], "two redemptions to the provider");
    assert_eq!(seen[2]["redemptionId"], seen[1]["id"]);
    // The redemption of another channel, and one that nobody made.
    for (channel, redemption) in [("thief", &first), ("till", &request("till"))] {
        let answer = switch.channel(channel).open(Kind::Refund, &of(channel, "1111", redemption)).await;
        assert_eq!(answer.verdict(), "400 VOUCHER_NOT_REDEEMED");
    }
    assert_eq!(provider.seen().len(), 3);
}

#[tokio::test]
async fn a_voucher_goes_back_to_whoever_issued_it() {
    let (main, issuer) = (ProviderStub::advised(approve, take).await, ProviderStub::advised(approve, take).await);
    let mut setup = setup(&main);
    setup.others = vec![("issuer", issuer.base_url(), Sheet::full())];
    let by_name = |name: &str| vouchsafe_core::id::ProviderId::new(name).unwrap();
    setup.routes = Routes {
        settlement_entities: [("1001".to_owned(), by_name("issuer"))].into(),
        receivers: [("2001".to_owned(), by_name("provider"))].into(),
    };
    let switch = Switch::start(setup).await;
    let till = switch.channel("till");
    let mut sale = request("till");
    sale["settlementEntity"] = json!({"id": "1001", "name": "The issuer"});
    assert_eq!(till.provision(&sale).await.verdict(), "201");
    assert_eq!((main.seen().len(), issuer.seen().len()), (0, 1));
    for kind in [Kind::Redemption, Kind::Refund] {
        assert_eq!(till.open(kind, &request_of(kind, "till", CODE)).await.verdict(), "201");
    }
    assert_eq!((main.seen().len(), issuer.seen().len()), (0, 3), "by our own record of who issued it");
    let mut redemption = redemption("till", CODE);
    redemption["receiver"] = json!({"id": "2001", "name": "Another"});
    assert_eq!(till.open(Kind::Redemption, &redemption).await.verdict(), "201");
    assert_eq!((main.seen().len(), issuer.seen().len()), (1, 3), "what the request says comes first");
    assert_eq!(till.open(Kind::Redemption, &self::redemption("till", "unheard of")).await.verdict(), "201");
    assert_eq!((main.seen().len(), issuer.seen().len()), (2, 3), "the channel's default comes last");
}

#[tokio::test]
async fn a_provider_is_asked_for_nothing_that_it_does_not_offer() {
    let provider = ProviderStub::advised(approve, take).await;
    let mut setup = setup(&provider);
    (setup.sheet.redemptions, setup.sheet.refunds, setup.sheet.lookup) = (false, false, false);
    let switch = Switch::start(setup).await;
    let till = switch.channel("till");
    for kind in [Kind::Redemption, Kind::Refund] {
        let request = request_of(kind, "till", CODE);
        assert_eq!(till.open(kind, &request).await.verdict(), "400 FUNCTION_NOT_SUPPORTED");
        let key = vouchsafe_store::Key { kind, ..crate::world::key("till", id(&request)) };
        assert_eq!(switch.app.store.find(&key).await, Ok(None), "nothing was recorded");
    }
    assert_eq!(till.look_up(&[("voucherCode", CODE)]).await.verdict(), "404 FUNCTION_NOT_SUPPORTED");
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_redemption_is_found_again_by_its_id() {
    let (holding, let_go) = ProviderStub::holding().await;
    let switch = Switch::start(setup(&holding)).await;
    let (till, other) = (switch.channel("till"), switch.channel("other"));
    let redeemed = redemption("till", CODE);
    let opening = tokio::spawn({
        let (till, redeemed) = (till.clone(), redeemed.clone());
        async move { till.open(Kind::Redemption, &redeemed).await }
    });
    crate::world::eventually("it is asked", async || (!holding.seen().is_empty()).then_some(())).await;
    let open = till.look_up_redemption(id(&redeemed)).await;
    assert_eq!((open.status, open.body.len()), (202, 0), "nothing is known yet");
    let_go.send_replace(true);
    let answer = opening.await.unwrap();
    assert_eq!(answer.header("location"), Some(format!("/suv/v1/redemptions/{}", id(&redeemed)).as_str()));
    let found = till.look_up_redemption(&id(&redeemed).to_uppercase()).await;
    assert_eq!((found.status, found.body), (200, answer.body), "the same to the byte");

    assert_eq!(other.look_up_redemption(id(&redeemed)).await.verdict(), "403 AUTHENTICATION_ERROR");
    assert_eq!(till.look_up_redemption(id(&request("till"))).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
    assert_eq!(till.look_up_redemption("17").await.verdict(), "400 FORMAT_ERROR");
    assert_eq!(till.reverse_any(Kind::Redemption, &reversal(&redeemed)).await.verdict(), "202");
    assert_eq!(till.look_up_redemption(id(&redeemed)).await.verdict(), "400 REDEMPTION_ALREADY_REVERSED");
}

#[tokio::test]
async fn a_redemption_that_was_declined_is_told_as_it_was_told_first() {
    let provider = ProviderStub::answering(async |_| declined("VOUCHER_ALREADY_REDEEMED")).await;
    let switch = Switch::start(setup(&provider)).await;
    let till = switch.channel("till");
    let redeemed = redemption("till", CODE);
    let answer = till.open(Kind::Redemption, &redeemed).await;
    assert_eq!(answer.verdict(), "400 VOUCHER_ALREADY_REDEEMED", "a redemption's decline is 400");
    let again = till.look_up_redemption(id(&redeemed)).await;
    assert_eq!((again.status, again.body), (answer.status, answer.body));
}

#[tokio::test]
async fn a_redemption_that_was_reversed_while_under_way_is_undone_before_the_next() {
    let (let_go, held) = tokio::sync::watch::channel(false);
    let undone = Arc::new(AtomicUsize::new(0));
    let is_undone = Arc::clone(&undone);
    let asked = Arc::new(AtomicUsize::new(0));
    let asking = move |request: Json| {
        let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        let (mut held, is_undone) = (held.clone(), Arc::clone(&is_undone));
        async move {
            if is_first {
                let _ = held.wait_for(|let_go| *let_go).await;
            } else if is_undone.load(Ordering::SeqCst) == 0 {
                return declined("VOUCHER_ALREADY_REDEEMED");
            }
            approve(request).await
        }
    };
    let taking = move |advice: Json| {
        undone.fetch_add(1, Ordering::SeqCst);
        take(advice)
    };
    let provider = ProviderStub::advised(asking, taking).await;
    let switch = Switch::start(setup(&provider)).await;
    let till = switch.channel("till");
    let first = redemption("till", CODE);
    let opening = tokio::spawn({
        let (till, first) = (till.clone(), first.clone());
        async move { till.open(Kind::Redemption, &first).await }
    });
    crate::world::eventually("it is asked", async || (!provider.seen().is_empty()).then_some(())).await;
    assert_eq!(till.reverse_any(Kind::Redemption, &reversal(&first)).await.verdict(), "202");
    let again = tokio::spawn({
        let till = till.clone();
        async move { till.open(Kind::Redemption, &redemption("till", CODE)).await }
    });
    // Given the time to be asked too early, where nothing holds it up.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let_go.send_replace(true);
    assert_eq!(opening.await.unwrap().verdict(), "400 REDEMPTION_ALREADY_REVERSED");
    assert_eq!(again.await.unwrap().verdict(), "201", "its reversal was acknowledged");
}
