//! Every magic product, asked for by the adapter over a real connection.

use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::outcome::{Decline, Doubt, NotSent, Outcome, Unusable};
use vouchsafe_provider::Provider;
use vouchsafe_provider::simulator::ledger::Event;
use vouchsafe_provider::simulator::magic;

use crate::simulator::Running;
use crate::{in_a_while, let_the_time_pass, request};

/// What the adapter is to make of a product.
#[derive(Debug, PartialEq)]
enum Expect {
    Approved,
    Declined(ErrorType),
    OurCredentials,
    Unusable(Unusable),
    NoAnswer,
}

fn expectation(found: &Result<Outcome, NotSent>) -> Expect {
    match found {
        Ok(Outcome::Approved(_)) => Expect::Approved,
        Ok(Outcome::Declined(Decline::ByProvider(error))) => Expect::Declined(error.error_type),
        Ok(Outcome::Declined(Decline::OurCredentials)) => Expect::OurCredentials,
        Ok(Outcome::Unknown(Doubt::Unusable { reason, .. })) => Expect::Unusable(*reason),
        Ok(Outcome::Unknown(Doubt::NoAnswer)) => Expect::NoAnswer,
        other => panic!("no magic product leads to {other:?}"),
    }
}

/// Product, outcome, and what the books say.
const TABLE: &[(&str, Expect, &str)] = &[
    ("AIRTIME", Expect::Approved, "sold"),
    ("DECLINEINVALIDVOUCHER", Expect::Declined(ErrorType::InvalidVoucher), "refused"),
    ("DECLINEINVALIDMERCHANT", Expect::Declined(ErrorType::InvalidMerchant), "refused"),
    ("DECLINEINVALIDAMOUNT", Expect::Declined(ErrorType::InvalidAmount), "refused"),
    ("DECLINEINSUFFICIENTAMOUNT", Expect::Declined(ErrorType::InsufficientAmount), "refused"),
    ("DECLINEDONOTHONOUR", Expect::Declined(ErrorType::DoNotHonour), "refused"),
    ("DECLINELIMITEXCEEDED", Expect::Declined(ErrorType::LimitExceeded), "refused"),
    ("DECLINEINSUFFICIENTFUNDS", Expect::Declined(ErrorType::InsufficientFunds), "refused"),
    ("DECLINEINVALIDACCOUNT", Expect::Declined(ErrorType::InvalidAccount), "refused"),
    ("DECLINETRANSACTIONDECLINED", Expect::Declined(ErrorType::TransactionDeclined), "refused"),
    ("DECLINETRANSACTIONNOTSUPPORTED", Expect::Declined(ErrorType::TransactionNotSupported), "refused"),
    ("DECLINEVOUCHERSTATUSUNKNOWN", Expect::Declined(ErrorType::VoucherStatusUnknown), "refused"),
    ("DECLINEFUNCTIONNOTSUPPORTED", Expect::Declined(ErrorType::FunctionNotSupported), "refused"),
    ("DECLINEGENERALERROR", Expect::Declined(ErrorType::GeneralError), "refused"),
    ("SLOW500", Expect::Approved, "sold"),
    ("NEVERANSWERS", Expect::NoAnswer, "dropped"),
    ("SELLSTHENSILENT", Expect::NoAnswer, "sold"),
    ("CUTS", Expect::NoAnswer, "dropped"),
    ("SELLSTHENCUTS", Expect::NoAnswer, "sold"),
    ("SELLSTHEN500", Expect::Unusable(Unusable::Status), "sold"),
    ("BUSY503", Expect::Unusable(Unusable::Status), "refused"),
    ("WRONGCREDENTIALS", Expect::OurCredentials, "refused"),
    ("REDIRECTS", Expect::Unusable(Unusable::Status), "refused"),
    ("NOCODE", Expect::Unusable(Unusable::NoCode), "sold"),
    ("OTHERID", Expect::Unusable(Unusable::OtherId), "sold"),
    ("OTHERAMOUNT", Expect::Unusable(Unusable::OtherAmount), "sold"),
    ("OTHERCURRENCY", Expect::Unusable(Unusable::OtherCurrency), "sold"),
    ("NOTJSON", Expect::Unusable(Unusable::NotJson), "sold"),
    ("HUGE", Expect::Unusable(Unusable::TooLarge), "sold"),
    ("TRUNCATED", Expect::NoAnswer, "sold"),
    ("REVERSESLOWLY", Expect::Approved, "sold"),
    ("REVERSENOTFOUNDONCE", Expect::Approved, "sold"),
    ("REVERSETWICE", Expect::Approved, "sold"),
    ("REVERSEREFUSED", Expect::Approved, "sold"),
    ("REVERSE503ONCE", Expect::Approved, "sold"),
    ("CONFIRMREFUSED", Expect::Approved, "sold"),
    ("CONFIRM503ONCE", Expect::Approved, "sold"),
    ("REDEEMSTHENSILENT", Expect::Approved, "sold"),
    ("REFUNDSTHENSILENT", Expect::Approved, "sold"),
];

#[tokio::test]
async fn every_magic_product_does_what_it_promises_and_the_books_tell_the_truth() {
    let simulator = Running::start().await;
    let provider = simulator.provider();
    for (number, (product, expect, _)) in TABLE.iter().enumerate() {
        let asked = request(number as u128, product);
        let silence = async {
            if matches!(*product, "NEVERANSWERS" | "SELLSTHENSILENT") {
                simulator.booked(number + 1).await;
                let_the_time_pass().await;
            }
        };
        let (found, ()) = tokio::join!(provider.ask(&asked, in_a_while()), silence);
        assert_eq!(expectation(&found), *expect, "{product}");
    }
    let entries = simulator.stop().await;
    let booked = entries.iter().map(|entry| {
        let event = match entry.event {
            Event::Sold { .. } => "sold",
            Event::Refused { .. } => "refused",
            Event::Dropped => "dropped",
            ref other => panic!("nobody sent what {other:?} says"),
        };
        (entry.product.as_deref().unwrap(), event)
    });
    let expected = TABLE.iter().map(|(product, _, event)| (*product, *event));
    assert_eq!(booked.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
}

#[test]
fn the_table_names_every_magic_product() {
    let magic = magic::products().map(|product| product.id.into_owned());
    let table = TABLE.iter().map(|(product, ..)| (*product).to_owned()).filter(|product| product != "AIRTIME");
    assert_eq!(magic.collect::<Vec<_>>(), table.collect::<Vec<_>>());
}
