//! What is known of a voucher: told by its provider, and no more of it than the asker may know.

use serde_json::json;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::Kind;
use vouchsafe_provider::simulator::faults::Faults;

use crate::world::{
    CODE, Channel, ProviderStub, Setup, Simulated, Switch, id, redemption, request, request_for, reversal,
};

/// A switch before a simulated provider, and one voucher that the channel `app` has bought there.
async fn one_voucher() -> (Switch, Channel, serde_json::Value) {
    let provider = Simulated::finalised_by(Messaging::Single, Faults::default(), Vec::new()).await;
    let switch = Switch::start(Setup::to(&provider.base_url)).await;
    let channel = switch.channel("app");
    let mut sale = request_for("app", "AIRTIME50");
    sale["amounts"] = json!({"requestAmount": {"amount": 5000, "currency": "710"}});
    let sold = channel.provision(&sale).await;
    assert_eq!(sold.verdict(), "201");
    (switch, channel, sold.json())
}

#[tokio::test]
async fn a_voucher_is_found_by_its_code_its_provision_and_its_serial_number() {
    let (_switch, channel, sold) = one_voucher().await;
    let (code, number) = (sold["voucher"]["code"].as_str().unwrap(), sold["voucher"]["serialNumber"].as_str().unwrap());
    for parameters in [
        &[("voucherCode", code)][..],
        &[("provisionRequestId", id(&sold))],
        &[("voucherSerialNumber", number)],
        &[("voucherCode", code), ("provisionRequestId", id(&sold)), ("voucherSerialNumber", number)],
    ] {
        let found = channel.look_up(parameters).await;
        assert_eq!(found.verdict(), "200", "{parameters:?}");
        let found = found.json();
        assert_eq!(found["voucher"]["serialNumber"], number, "{parameters:?}");
        let worth = &found["amounts"]["approvedAmount"];
        assert_eq!((&worth["amount"], &worth["ledgerIndicator"]), (&json!(5000), &json!("CREDIT")));
    }
    let redeemed = redemption("app", code);
    assert_eq!(channel.open(Kind::Redemption, &redeemed).await.verdict(), "201");
    let found = channel.look_up(&[("voucherCode", code)]).await;
    assert_eq!((found.status, &found.json()["amounts"]["approvedAmount"]["amount"]), (200, &json!(0)), "used up");
}

#[tokio::test]
async fn what_nobody_sold_is_not_found() {
    let (_switch, channel, _) = one_voucher().await;
    for parameters in [&[("voucherCode", "no+such%20code")][..], &[("voucherSerialNumber", "none")]] {
        assert_eq!(channel.look_up(parameters).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD", "{parameters:?}");
    }
}

#[tokio::test]
async fn a_code_is_told_to_whoever_has_it_or_has_sold_it() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let (seller, other) = (switch.channel("app"), switch.channel("other"));
    let sale = request_for("app", "OURS");
    assert_eq!(seller.provision(&sale).await.verdict(), "201");
    let (by_code, by_number) = ([("voucherCode", CODE)], [("voucherSerialNumber", "SN1")]);
    for parameters in [&by_code, &by_number, &[("provisionRequestId", id(&sale))]] {
        let found = seller.look_up(parameters).await.json();
        assert_eq!((&found["voucher"]["code"], &found["product"]["productId"]), (&json!(CODE), &json!("OURS")));
    }
    let holder = other.look_up(&by_code).await.json();
    assert_eq!((&holder["voucher"]["code"], &holder["voucher"]["pin"]["pin"]), (&json!(CODE), &json!("2468")));
    let onlooker = other.look_up(&by_number).await.json();
    assert_eq!(onlooker["voucher"], json!({"serialNumber": "SN1"}), "a serial number is on the outside");
    let mistaken = other.look_up(&[("voucherCode", "another")]).await;
    assert_eq!(mistaken.verdict(), "404 GENERAL_ERROR", "the provider speaks of another voucher");
}

#[tokio::test]
async fn what_is_inside_is_not_told_to_whoever_guesses_a_code_beside_a_number() {
    let guess = [("voucherCode", "1"), ("voucherSerialNumber", "SN1")];
    let pin = json!({"type": "CLEAR_PIN", "pin": "2468"});
    // It goes by the number, whatever the code.
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    provider.tell(json!({"serialNumber": "SN1", "pin": pin}));
    assert_eq!(channel.look_up(&guess).await.json()["voucher"], json!({"serialNumber": "SN1"}));
    let told = channel.look_up(&[("voucherCode", "1")]).await.json();
    assert_eq!(told["voucher"]["pin"]["pin"], "2468", "by its code alone, which it has");
    let instructions = json!(["Dial *130*1234567890123456#"]);
    provider.tell(json!({"serialNumber": "SN1", "redeemInstructions": instructions}));
    for parameters in [&guess[..], &[("voucherSerialNumber", "SN1")]] {
        assert_eq!(channel.look_up(parameters).await.json()["voucher"], json!({"serialNumber": "SN1"}));
    }
}

#[tokio::test]
async fn a_redemption_that_its_reversal_came_before_is_told_as_it_was_refused() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let (channel, redeemed) = (switch.channel("app"), redemption("app", CODE));
    channel.reverse_any(Kind::Redemption, &reversal(&redeemed)).await;
    let refused = channel.open(Kind::Redemption, &redeemed).await.verdict();
    assert_eq!(refused, "400 REDEMPTION_ALREADY_REVERSED");
    assert_eq!(channel.look_up_redemption(id(&redeemed)).await.verdict(), refused);
    assert_eq!(channel.look_up_redemption(id(&request("app"))).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
}

#[tokio::test]
async fn the_provider_is_never_asked_about_a_provision_that_is_not_the_channels() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let (sale, mut copy) = (request("app"), request("other"));
    copy["id"] = sale["id"].clone();
    for (channel, request) in [("app", &sale), ("other", &copy)] {
        assert_eq!(switch.channel(channel).provision(request).await.verdict(), "201");
    }
    for unknown in [id(&sale), "00000000-0000-0000-0000-000000000000"] {
        let answer = switch.channel("third").look_up(&[("provisionRequestId", unknown)]).await;
        assert_eq!(answer.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
    }
    assert_eq!(switch.channel("other").look_up(&[("provisionRequestId", id(&sale))]).await.verdict(), "200");
    let upstream_id = switch.transaction("other", id(&sale)).await.unwrap().upstream_id;
    assert_eq!(provider.lookups(), [format!("provisionRequestId={upstream_id}")], "by the id that it knows");
}

#[tokio::test]
async fn a_question_that_names_no_voucher_is_refused() {
    let (_switch, channel, _) = one_voucher().await;
    for parameters in [
        &[][..],
        &[("receiverInstId", "2001")],
        &[("voucherCode", "")],
        &[("voucherCode", "1"), ("voucherCode", "2")],
        &[("code", "1")],
        &[("provisionRequestId", "17")],
    ] {
        assert_eq!(channel.look_up(parameters).await.verdict(), "400 FORMAT_ERROR", "{parameters:?}");
    }
}

#[tokio::test]
async fn a_sandbox_forgets_what_its_caller_asks_it_to_forget() {
    let (switch, channel, sold) = one_voucher().await;
    let (sale, code) = (id(&sold).to_owned(), sold["voucher"]["code"].as_str().unwrap());
    let mut again = request_for("app", "AIRTIME50");
    again["id"] = sale.as_str().into();
    assert_eq!(channel.provision(&again).await.verdict(), "400 DUPLICATE_RECORD");
    let theirs = request_for("other", "AIRTIME50");
    assert_eq!(switch.channel("other").provision(&theirs).await.verdict(), "201");
    let answer = channel.post("/suv/v1/testServerAdmin/reset", "").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"forgotten": 1})));
    let acts = switch.app.store.acts(None, 9).await.unwrap();
    let told: Vec<_> = acts.iter().map(|act| format!("{}: {}", act.act.doer, act.act.deed)).collect();
    assert_eq!(told, ["channel app: reset channel app"], "it is on record");
    assert_eq!(channel.look_up(&[("provisionRequestId", &sale)]).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
    assert_eq!(channel.provision(&again).await.verdict(), "201", "the id is free");
    assert_eq!(switch.channel("other").provision(&theirs).await.verdict(), "400 DUPLICATE_RECORD", "theirs is not");
    assert_eq!(channel.look_up(&[("voucherCode", code)]).await.verdict(), "200", "the provider has not forgotten");
}
