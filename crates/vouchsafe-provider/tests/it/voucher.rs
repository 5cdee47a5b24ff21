//! A voucher's life at the simulated provider: sold, confirmed, redeemed, refunded, and looked up in between.

use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::message::VoucherQuery;
use vouchsafe_core::money::LedgerIndicator;
use vouchsafe_core::outcome::{Doubt, Outcome};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::UpTo;
use vouchsafe_core::transaction::Kind::{Provision, Redemption, Refund};
use vouchsafe_provider::Provider;
use vouchsafe_provider::simulator::faults::{Faults, Rate};
use vouchsafe_provider::simulator::ledger::Standing;
use vouchsafe_provider::simulator::plays::Play;
use vouchsafe_provider::suv::SuvProvider;

use crate::advice::confirmation;
use crate::caller::{Caller, granted, said, single, started, taken};
use crate::simulator::{Running, approval};
use crate::{in_a_while, let_the_time_pass, provision, redemption, refund, request};

#[tokio::test]
async fn a_voucher_is_sold_confirmed_redeemed_refunded_and_redeemed_again_also_across_restarts() {
    use ErrorType as Type;
    let simulator = Running::start().await;
    let caller = Caller::buying(&simulator, "AIRTIME").await;
    assert_eq!(caller.redeem(2, "").await, Err(Type::VoucherNotRedeemable));
    assert_eq!(caller.refund(2, "").await, Err(Type::VoucherNotRedeemed));
    assert_eq!(caller.confirm(Provision, 1).await, Ok(()));
    assert_eq!(caller.refund(3, "").await, Err(Type::VoucherNotRedeemed));

    let simulator = Running::start_in(simulator.end().await, |_| ()).await;
    let caller = caller.at(&simulator);
    let redeemed = caller.redeem(4, "").await.unwrap();
    assert_eq!(granted(&redeemed), 5000, "all that it is worth");
    assert_eq!(redeemed.voucher().serial_number, caller.voucher.serial_number);
    assert_eq!(redeemed.third_party_identifiers.len(), 1);
    assert_eq!(caller.redeem(5, "").await, Err(Type::VoucherAlreadyRedeemed));
    assert_eq!(caller.redeem(4, "").await, Err(Type::DuplicateRecord));
    assert_eq!(caller.refund(5, "").await, Err(Type::RedemptionNotConfirmed));
    assert_eq!(caller.reverse(Provision, 1).await, Err(Type::VoucherAlreadyConfirmed));

    let simulator = Running::start_in(simulator.end().await, |_| ()).await;
    let caller = caller.at(&simulator);
    assert_eq!(caller.confirm(Redemption, 4).await, Ok(()));
    assert_eq!(granted(&caller.refund(6, "").await.unwrap()), 5000);
    assert_eq!(caller.refund(7, "").await, Err(Type::VoucherAlreadyRefunded));
    assert_eq!(caller.redeem(8, "").await, Err(Type::VoucherNotRedeemable));
    assert_eq!(caller.reverse(Redemption, 4).await, Err(Type::RedemptionAlreadyConfirmed));

    let simulator = Running::start_in(simulator.end().await, |_| ()).await;
    let caller = caller.at(&simulator);
    assert_eq!(caller.confirm(Refund, 6).await, Ok(()));
    assert_eq!(caller.reverse(Refund, 6).await, Err(Type::RefundAlreadyConfirmed));
    assert_eq!(caller.refund(9, "").await, Err(Type::VoucherAlreadyRefunded));
    assert_eq!(granted(&caller.redeem(10, "").await.unwrap()), 5000);

    for (kind, number, standing) in [
        (Provision, 1, Standing::Confirmed),
        (Redemption, 2, Standing::Refused),
        (Redemption, 4, Standing::Confirmed),
        (Refund, 6, Standing::Confirmed),
        (Redemption, 10, Standing::Done),
    ] {
        assert_eq!(simulator.fate_of(kind, number).standing, standing, "{kind} {number}");
    }
    let (code, folder) = (caller.code().to_owned(), simulator.end().await);
    let text = std::fs::read_to_string(folder.path().join("ledger.jsonl")).unwrap();
    assert!(!text.contains(&code) && !text.contains(&code.replace('-', "")), "{text}");
}

#[tokio::test]
async fn what_is_reversed_leaves_the_voucher_as_it_was_before() {
    use ErrorType as Type;
    let simulator = Running::start().await;
    let caller = Caller::buying(&simulator, "AIRTIME").await;
    caller.confirm(Provision, 1).await.unwrap();
    caller.redeem(2, "").await.unwrap();
    assert_eq!(caller.reverse(Redemption, 2).await, Ok(()));
    assert_eq!(caller.reverse(Redemption, 2).await, Ok(()), "a repeat is told the same");
    assert_eq!(caller.confirm(Redemption, 2).await, Err(Type::RedemptionAlreadyReversed));

    caller.redeem(3, "").await.unwrap();
    caller.confirm(Redemption, 3).await.unwrap();
    caller.refund(4, "").await.unwrap();
    assert_eq!(caller.reverse(Refund, 4).await, Ok(()));
    assert_eq!(caller.redeem(5, "").await, Err(Type::VoucherAlreadyRedeemed), "it stays redeemed");
    assert_eq!(granted(&caller.refund(6, "").await.unwrap()), 5000);

    let simulator = Running::start().await;
    let caller = Caller::buying(&simulator, "AIRTIME").await;
    assert_eq!(caller.reverse(Provision, 1).await, Ok(()));
    assert_eq!(caller.redeem(2, "").await, Err(Type::VoucherNotRedeemable));
    assert_eq!(caller.look_up(&caller.by_code()).await, Err(Type::UnableToLocateRecord));
}

#[tokio::test]
async fn in_single_messaging_a_good_answer_is_as_good_as_its_confirmation() {
    use ErrorType as Type;
    let simulator = single().await;
    let caller = Caller::buying(&simulator, "AIRTIME").await;
    caller.redeem(2, "").await.unwrap();
    assert_eq!(caller.reverse(Provision, 1).await, Err(Type::VoucherAlreadyRedeemed));
    caller.refund(3, "").await.unwrap();
    assert_eq!(caller.reverse(Redemption, 2).await, Err(Type::VoucherAlreadyRefunded));

    let simulator = Running::start_in(simulator.end().await, |simulator| simulator.messaging = Messaging::Single).await;
    let caller = caller.at(&simulator);
    caller.redeem(4, "").await.unwrap();
    assert_eq!(caller.reverse(Refund, 3).await, Err(Type::VoucherAlreadyRedeemed));
    assert_eq!(caller.confirm(Refund, 3).await, Ok(()), "what was used since can be confirmed");
    // Until it is used or confirmed, what was answered can still be reversed: the channel may never have heard it.
    assert_eq!(caller.reverse(Redemption, 4).await, Ok(()));
    assert_eq!(granted(&caller.redeem(5, "").await.unwrap()), 5000);
}

#[tokio::test]
async fn what_nobody_heard_of_is_not_good_for_use_without_its_confirmation() {
    let simulator = single().await;
    let provider = simulator.provider();
    let rest = r#""voucher":{"code":"1234"},"product":{"productId":"SELLSTHEN500"}"#;
    let found = provider.ask(&provision(1, rest), in_a_while()).await;
    assert!(matches!(found, Ok(Outcome::Unknown(_))), "{found:?}");
    let presented = r#""voucher":{"code":"1234"}"#;
    let found = said(provider.ask(&redemption(2, presented), in_a_while()).await);
    assert_eq!(found, Err(ErrorType::VoucherNotRedeemable));
    let confirmed = provider.confirm(Provision, &confirmation(1), in_a_while().listen_until).await;
    assert_eq!(taken(confirmed), Ok(()));
    assert!(said(provider.ask(&redemption(3, presented), in_a_while()).await).is_ok());
}

#[tokio::test]
async fn without_advices_nobody_can_confirm_and_nobody_has_to() {
    let simulator = started(|simulator| simulator.plays = vec![Play::NoAdvices, Play::NoRetries]).await;
    let caller = Caller::buying(&simulator, "AIRTIME").await;
    caller.redeem(2, "").await.unwrap();
    for delivered in [caller.reverse(Redemption, 2).await, caller.confirm(Redemption, 2).await] {
        assert_eq!(delivered, Err(ErrorType::FunctionNotSupported));
    }
    assert_eq!(caller.redeem(2, "").await, Err(ErrorType::DuplicateRecord));
    let fate = simulator.fate_of(Redemption, 2);
    assert_eq!((fate.standing, fate.requests, fate.breaches), (Standing::Done, 2, 3));
}

#[tokio::test]
async fn an_advice_that_comes_first_or_about_nothing_is_told_so() {
    use ErrorType as Type;
    let simulator = single().await;
    let caller = Caller::buying(&simulator, "AIRTIME").await;
    for (kind, reversed) in [(Redemption, Type::RedemptionAlreadyReversed), (Refund, Type::RefundAlreadyReversed)] {
        assert_eq!(caller.confirm(kind, 2).await, Err(Type::UnableToLocateRecord));
        assert_eq!(caller.reverse(kind, 2).await, Err(Type::UnableToLocateRecord));
        let found = if kind == Redemption { caller.redeem(2, "").await } else { caller.refund(2, "").await };
        assert_eq!(found, Err(reversed));
        assert_eq!(simulator.fate_of(kind, 2).standing, Standing::Forestalled);
    }
    // Ids are their kind's own.
    assert_eq!(caller.confirm(Redemption, 1).await, Err(Type::UnableToLocateRecord));
    // What was refused needs no undoing.
    assert_eq!(caller.refund(3, "").await, Err(Type::VoucherNotRedeemed));
    assert_eq!(caller.reverse(Refund, 3).await, Ok(()));
}

#[tokio::test]
async fn a_part_can_be_taken_once_and_given_back() {
    use ErrorType as Type;
    let amounts = |amount: i64, currency: &str| {
        format!(r#","amounts":{{"requestAmount":{{"amount":{amount},"currency":"{currency}"}}}}"#)
    };
    let simulator = single().await;
    let caller = Caller::buying(&simulator, "AIRTIME").await;
    assert_eq!(caller.redeem(2, &amounts(5001, "710")).await, Err(Type::InsufficientFunds));
    assert_eq!(caller.redeem(3, &amounts(0, "710")).await, Err(Type::InvalidAmount));
    assert_eq!(caller.redeem(4, &amounts(5000, "840")).await, Err(Type::InvalidAmount));
    assert_eq!(granted(&caller.redeem(5, &amounts(2000, "710")).await.unwrap()), 2000);
    assert_eq!(caller.redeem(6, &amounts(3000, "710")).await, Err(Type::VoucherAlreadyRedeemed), "single use");
    assert_eq!(caller.refund(7, &amounts(2001, "710")).await, Err(Type::InvalidAmount));
    assert_eq!(granted(&caller.refund(8, &amounts(500, "710")).await.unwrap()), 500);
    assert_eq!(granted(&caller.redeem(9, "").await.unwrap()), 3500, "what was left and what came back");
}

#[tokio::test]
async fn a_refund_goes_by_the_code_the_serial_number_or_the_redemption() {
    let serial_number = |caller: &Caller| caller.voucher.serial_number.as_ref().unwrap().as_str().to_owned();
    let id = request(2, "AIRTIME").header().id;
    let other = request(9, "AIRTIME").header().id;
    for (voucher, more, expect) in [
        (r#"{"code":"CODE"}"#, String::new(), None),
        (r#"{"serialNumber":"NUMBER"}"#, String::new(), None),
        (r#"{"code":"CODE","serialNumber":"NUMBER"}"#, format!(r#","redemptionId":"{id}""#), None),
        ("{}", format!(r#","redemptionId":"{id}""#), None),
        ("{}", String::new(), Some(ErrorType::VoucherNotRedeemed)),
        (r#"{"code":"9999"}"#, String::new(), Some(ErrorType::VoucherNotRedeemed)),
        (r#"{"code":"CODE","serialNumber":"SV0"}"#, String::new(), Some(ErrorType::VoucherNotRedeemed)),
        (r#"{"code":"CODE"}"#, format!(r#","redemptionId":"{other}""#), Some(ErrorType::VoucherNotRedeemed)),
    ] {
        let simulator = single().await;
        let caller = Caller::buying(&simulator, "AIRTIME").await;
        caller.redeem(2, "").await.unwrap();
        let voucher = voucher.replace("CODE", caller.code()).replace("NUMBER", &serial_number(&caller));
        let asked = refund(3, &format!(r#""voucher":{voucher}{more}"#));
        let found = said(caller.provider.ask(&asked, in_a_while()).await);
        assert_eq!(found.err(), expect, "{voucher}{more}");
    }
}

#[tokio::test]
async fn a_code_that_is_asked_for_is_kept_and_never_issued_twice() {
    let buy = async |provider: &SuvProvider, number: u128| {
        let rest = r#""voucher":{"code":"MY-OWN CODE"},"amounts":{"requestAmount":{"amount":700,"currency":"710"}}"#;
        said(provider.ask(&provision(number, rest), in_a_while()).await)
    };
    let simulator = single().await;
    let provider = simulator.provider();
    let sold = buy(&provider, 1).await.unwrap();
    assert_eq!(sold.code().unwrap().expose().as_str(), "MY-OWN CODE");
    assert_eq!(buy(&provider, 2).await, Err(ErrorType::VoucherAlreadyProvisioned));

    let simulator = Running::start_in(simulator.end().await, |simulator| simulator.messaging = Messaging::Single).await;
    let caller = Caller { provider: simulator.provider(), voucher: sold.voucher().clone() };
    assert_eq!(buy(&caller.provider, 3).await, Err(ErrorType::VoucherAlreadyProvisioned));
    assert_eq!(granted(&caller.redeem(4, "").await.unwrap()), 700);
    caller.reverse(Redemption, 4).await.unwrap();
    caller.reverse(Provision, 1).await.unwrap();
    assert!(buy(&caller.provider, 5).await.is_ok(), "a voucher that was reversed leaves its code free");
}

#[tokio::test]
async fn a_lookup_tells_what_a_voucher_is_worth_and_no_code_to_whoever_does_not_know_it() {
    let simulator = single().await;
    let caller = Caller::buying(&simulator, "AIRTIME").await;
    let by_number =
        VoucherQuery { voucher_serial_number: caller.voucher.serial_number.clone(), ..VoucherQuery::default() };
    let by_request =
        VoucherQuery { provision_request_id: Some(request(1, "AIRTIME").header().id), ..VoucherQuery::default() };
    let simulator = Running::start_in(simulator.end().await, |simulator| simulator.messaging = Messaging::Single).await;
    let caller = caller.at(&simulator);
    for query in [caller.by_code(), by_number.clone(), by_request.clone()] {
        let found = caller.look_up(&query).await.unwrap();
        assert_eq!(found.voucher.code, query.voucher_code);
        assert_eq!(found.voucher.serial_number, caller.voucher.serial_number);
        assert_eq!(found.voucher.expiry_date, caller.voucher.expiry_date);
        assert_eq!(found.product.unwrap().product_id.as_str(), "AIRTIME");
        let value = found.amounts.unwrap().approved_amount.unwrap();
        assert_eq!(
            (value.amount, value.currency.code(), value.ledger_indicator),
            (5000, 710, Some(LedgerIndicator::Credit))
        );
    }
    let contradiction = VoucherQuery { voucher_serial_number: UpTo::new("SV0").ok(), ..caller.by_code() };
    let unknown = VoucherQuery { provision_request_id: Some(request(9, "AIRTIME").header().id), ..by_request };
    for query in [contradiction, unknown] {
        assert_eq!(caller.look_up(&query).await, Err(ErrorType::UnableToLocateRecord));
    }
    caller.redeem(2, "").await.unwrap();
    let value = caller.look_up(&by_number).await.unwrap().amounts.unwrap().approved_amount.unwrap();
    assert_eq!(value.amount, 0, "it is used up");
    assert_eq!(simulator.stop().await.len(), 2, "a question leaves no trace in the books");
}

#[tokio::test]
async fn two_products_fall_silent_once_they_have_redeemed_or_refunded() {
    for (product, silent) in [("REDEEMSTHENSILENT", Redemption), ("REFUNDSTHENSILENT", Refund)] {
        let simulator = Running::start().await;
        let caller = Caller::buying(&simulator, product).await;
        caller.confirm(Provision, 1).await.unwrap();
        if silent == Refund {
            caller.redeem(2, "").await.unwrap();
            caller.confirm(Redemption, 2).await.unwrap();
        }
        let asked = match silent {
            Redemption => redemption(3, &caller.presented()),
            _ => refund(3, &caller.presented()),
        };
        let booked = if silent == Refund { 5 } else { 3 };
        let silence = async {
            simulator.booked(booked).await;
            let_the_time_pass().await;
        };
        let (found, ()) = tokio::join!(caller.provider.ask(&asked, in_a_while()), silence);
        assert_eq!(found, Ok(Outcome::Unknown(Doubt::NoAnswer)), "{product}");
        assert_eq!(simulator.fate_of(silent, 3).standing, Standing::Done, "{product}");
        assert_eq!(caller.reverse(silent, 3).await, Ok(()), "{product}");
    }
}

#[tokio::test]
async fn what_a_product_makes_of_advices_it_makes_of_those_about_its_voucher_too() {
    let simulator = single().await;
    let caller = Caller::buying(&simulator, "REVERSENOTFOUNDONCE").await;
    caller.redeem(2, "").await.unwrap();
    assert_eq!(caller.reverse(Redemption, 2).await, Err(ErrorType::UnableToLocateRecord));
    assert_eq!(simulator.fate_of(Redemption, 2).standing, Standing::Done);
    assert_eq!(caller.reverse(Redemption, 2).await, Ok(()));

    let simulator = single().await;
    let caller = Caller::buying(&simulator, "CONFIRMREFUSED").await;
    caller.redeem(2, "").await.unwrap();
    assert_eq!(caller.confirm(Redemption, 2).await, Err(ErrorType::TransactionDeclined));
}

#[tokio::test]
async fn chance_befalls_redemptions_as_it_does_sales() {
    const MANY: u128 = 16;
    let faults = Faults { drop: Rate::new(1.0).unwrap(), ..Faults::default() };
    let sound = single().await;
    let mut callers = Vec::new();
    for number in 0..MANY {
        let provider = sound.provider();
        let sold = approval(provider.ask(&request(number, "AIRTIME"), in_a_while()).await);
        callers.push(Caller { provider, voucher: sold.voucher().clone() });
    }
    let simulator = Running::start_in(sound.end().await, |simulator| simulator.faults = faults).await;
    for (number, caller) in callers.into_iter().enumerate() {
        let caller = caller.at(&simulator);
        let asked = redemption(number as u128, &caller.presented());
        let silence = async {
            simulator.booked(MANY as usize + number + 1).await;
            let_the_time_pass().await;
        };
        let (found, ()) = tokio::join!(caller.provider.ask(&asked, in_a_while()), silence);
        assert_eq!(found, Ok(Outcome::Unknown(Doubt::NoAnswer)));
    }
    let standing = |number| simulator.fate_of(Redemption, number).standing;
    let done = (0..MANY).filter(|number| standing(*number) == Standing::Done).count();
    let dropped = (0..MANY).filter(|number| standing(*number) == Standing::Dropped).count();
    assert_eq!((done + dropped, done > 0 && dropped > 0), (MANY as usize, true), "{done} {dropped}");
}

#[tokio::test]
async fn of_many_redemptions_at_once_one_takes_the_voucher() {
    let simulator = single().await;
    let caller = std::sync::Arc::new(Caller::buying(&simulator, "AIRTIME").await);
    let copies = (10..26).map(|number| {
        let caller = caller.clone();
        tokio::spawn(async move { caller.redeem(number, "").await })
    });
    let mut taken = 0;
    for copy in copies.collect::<Vec<_>>() {
        match copy.await.unwrap() {
            Ok(_) => taken += 1,
            Err(error_type) => assert_eq!(error_type, ErrorType::VoucherAlreadyRedeemed),
        }
    }
    assert_eq!(taken, 1);
}
