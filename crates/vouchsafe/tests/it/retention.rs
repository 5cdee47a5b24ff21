//! Vouchers are destroyed once their time is over, and nothing is ever sold again because of it.

use std::time::Duration;

use vouchsafe::retention;
use vouchsafe_core::transaction::{Kind, State};

use crate::back_office::Operator;
use crate::world::{CODE, ProviderStub, Setup, Switch, approve, eventually, id, request, request_of, take};

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_long_ago_is_told_of_without_its_voucher_and_never_sold_again() {
    let provider = ProviderStub::advised(approve, take).await;
    let mut setup = Setup::to(provider.base_url());
    setup.sheet.confirm_after = Duration::from_millis(1);
    let switch = Switch::start(setup).await;
    let channel = switch.channel("app");
    let (sale, redemption) = (request("app"), request_of(Kind::Redemption, "app", CODE));
    assert_eq!(channel.provision(&sale).await.verdict(), "201");
    assert_eq!(channel.open(Kind::Redemption, &redemption).await.verdict(), "201");
    for (kind, request) in [(Kind::Provision, &sale), (Kind::Redemption, &redemption)] {
        let confirmed = async || (switch.state_of(kind, "app", id(request)).await == State::Confirmed).then_some(());
        eventually("confirmed", confirmed).await;
    }
    let asked = provider.seen().len();
    assert_eq!(retention::destroy(&switch.app, Duration::from_secs(3600)).await, Ok(0), "not before its time");
    assert_eq!(channel.retry(&sale).await.verdict(), "201");
    assert_eq!(retention::destroy(&switch.app, Duration::ZERO).await, Ok(2));

    assert_eq!(channel.retry(&sale).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
    assert_eq!(channel.provision(&sale).await.verdict(), "400 DUPLICATE_RECORD");
    assert_eq!(channel.look_up_redemption(id(&redemption)).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
    let mut refund = request_of(Kind::Refund, "app", CODE);
    refund["redemptionId"] = redemption["id"].clone();
    assert_eq!(channel.open(Kind::Refund, &refund).await.verdict(), "400 VOUCHER_NOT_REDEEMED");
    assert_eq!(provider.seen().len(), asked, "the provider heard nothing of it");
    let operator = Operator::of(&switch);
    operator.types(&["show", id(&sale)]).says(0, &["R50.00", "what was said is kept no longer", "confirmed"]);
    operator.types(&["verify"]).says(0, &["Nothing was altered"]);
}
