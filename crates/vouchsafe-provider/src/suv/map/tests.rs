//! Every row of `behaviour.md` section 4.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::message::{ProvisionRequest, Request};
use vouchsafe_core::outcome::{Decline, Doubt, Outcome, ProviderError, Unusable};
use vouchsafe_wire::{Manner, Message};

use super::{Answer, Body, outcome};

mod presented;

const ID: &str = "a1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213";

fn document(rest: &str) -> String {
    format!(
        r#"{{"id":"{ID}","time":"2026-11-23T10:00:00.000Z","client":{{"id":"us","name":"Vouchsafe"}},
        "originator":{{"institution":{{"id":"app","name":"App"}},"terminalId":"12345678","merchant":{{
        "merchantType":"5411","merchantId":"123456789012345","merchantName":
        {{"name":"Shop","city":"Durban","region":"NL","country":"ZA"}}}}}},
        "thirdPartyIdentifiers":[{{"institutionId":"app","transactionIdentifier":"A1"}}]{rest}}}"#
    )
}

fn request(rest: &str) -> Request {
    Request::Provision(ProvisionRequest::read(document(rest).as_bytes(), Manner::Strict).unwrap())
}

/// A request for 50 rand.
fn fifty_rand() -> Request {
    request(r#","amounts":{"requestAmount":{"amount":5000,"currency":"710"}}"#)
}

fn answer(status: u16, body: &str) -> Answer {
    let body = Body::Whole(Bytes::from(body.to_owned()));
    Answer { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body }
}

/// What an outcome comes to, without the provider's words.
#[derive(Debug, PartialEq)]
enum Class {
    Approved,
    Declined(ErrorType),
    OurCredentials,
    Unusable(Unusable),
}

fn class(outcome: &Outcome) -> Class {
    match outcome {
        Outcome::Approved(_) => Class::Approved,
        Outcome::Declined(Decline::ByProvider(error)) => Class::Declined(error.error_type),
        Outcome::Declined(Decline::OurCredentials) => Class::OurCredentials,
        Outcome::Unknown(Doubt::Unusable { reason, .. }) => Class::Unusable(*reason),
        other => panic!("no answer leads to {other:?}"),
    }
}

fn success(rest: &str) -> String {
    format!(r#"{{"id":"{ID}"{rest}}}"#)
}

const CODE: &str = r#","voucher":{"code":"1234-5678"}"#;

#[test]
fn the_status_decides_what_an_answer_can_be() {
    let good = success(CODE);
    for status in 200..=599 {
        let expect = match status {
            200..=202 => Class::Approved,
            401 | 403 | 407 => Class::OurCredentials,
            400..=499 | 501 => Class::Declined(ErrorType::GeneralError),
            _ => Class::Unusable(Unusable::Status),
        };
        assert_eq!(class(&outcome(&answer(status, &good), &fifty_rand())), expect, "{status}");
    }
}

#[test]
fn the_size_of_a_refusal_does_not_make_it_less_of_one() {
    for (status, expect) in [
        (201, Class::Unusable(Unusable::TooLarge)),
        (404, Class::Declined(ErrorType::GeneralError)),
        (500, Class::Unusable(Unusable::Status)),
    ] {
        let answer = Answer { body: Body::TooLarge, ..answer(status, "") };
        assert_eq!(class(&outcome(&answer, &fifty_rand())), expect, "{status}");
    }
}

#[test]
fn a_success_counts_only_when_it_is_about_what_was_asked() {
    let unusable = Class::Unusable;
    let amounts = |amounts: &str| success(&format!(r#"{CODE},"amounts":{{{amounts}}}"#));
    for (body, expect) in [
        (success(CODE), Class::Approved),
        (success(CODE).replace(ID, &ID.to_uppercase()), Class::Approved),
        (success(r#","voucher":{"code":"1","expiryDate":"2029-11-23T10:00:00Z","serialNumber":7}"#), Class::Approved),
        (success(r#","voucher":{"code":"1","expiryDate":"never"}"#), unusable(Unusable::Damaged)),
        (success(r#","voucher":{"code":"1","pin":"1234"}"#), unusable(Unusable::Damaged)),
        (success(r#","voucher":{"code":"12\u000734"}"#), unusable(Unusable::Damaged)),
        (success(r#","voucher":{"code":" \u3000 "}"#), unusable(Unusable::NoCode)),
        (success(&format!(r#"{CODE},"unheardOf":true"#)), Class::Approved),
        (String::new(), unusable(Unusable::NotJson)),
        ("<html>".to_owned(), unusable(Unusable::NotJson)),
        ("[]".to_owned(), unusable(Unusable::NotJson)),
        (success(&format!("{CODE}{CODE}")), unusable(Unusable::NotJson)),
        (format!(r#"{{"voucher":{{"code":"1"}},"idea":"{ID}"}}"#), unusable(Unusable::OtherId)),
        (success(CODE).replace("0111213", "0111214"), unusable(Unusable::OtherId)),
        (success(""), unusable(Unusable::NoCode)),
        (success(r#","voucher":{}"#), unusable(Unusable::NoCode)),
        (success(r#","voucher":{"code":""}"#), unusable(Unusable::NoCode)),
        (success(r#","voucher":{"code":null}"#), unusable(Unusable::NoCode)),
        (success(r#","voucher":"1234""#), unusable(Unusable::NoCode)),
        (amounts(r#""approvedAmount":{"amount":5000,"currency":"710"}"#), Class::Approved),
        (amounts(r#""approvedAmount":{"amount":5000,"currency":710}"#), Class::Approved),
        (amounts(r#""requestAmount":{"amount":5000,"currency":"710"}"#), Class::Approved),
        (amounts(r#""feeAmount":{"amount":1,"currency":"840"}"#), Class::Approved),
        (amounts(r#""approvedAmount":{"amount":5001,"currency":"710"}"#), unusable(Unusable::OtherAmount)),
        (amounts(r#""approvedAmount":{"amount":5000,"currency":"840"}"#), unusable(Unusable::OtherCurrency)),
        (amounts(r#""requestAmount":{"amount":0,"currency":"710"}"#), unusable(Unusable::OtherAmount)),
        (amounts(r#""approvedAmount":{"amount":"5000","currency":"710"}"#), unusable(Unusable::NotJson)),
    ] {
        assert_eq!(class(&outcome(&answer(201, &body), &fifty_rand())), expect, "{body}");
    }
}

#[test]
fn the_granted_amount_decides_over_the_echoed_one() {
    let both = |requested, approved| {
        success(&format!(
            r#"{CODE},"amounts":{{"requestAmount":{{"amount":{requested},"currency":"710"}},
            "approvedAmount":{{"amount":{approved},"currency":"710"}}}}"#
        ))
    };
    let check = |body: &str, expect| assert_eq!(class(&outcome(&answer(200, body), &fifty_rand())), expect, "{body}");
    check(&both(4000, 5000), Class::Approved);
    check(&both(5000, 4000), Class::Unusable(Unusable::OtherAmount));
    let echoed_in_dollars = both(5000, 5000).replacen("710", "840", 1);
    check(&echoed_in_dollars, Class::Unusable(Unusable::OtherCurrency));
}

#[test]
fn a_price_is_asked_for_as_much_as_an_amount() {
    let five = r#","product":{"productId":"AIRTIME","amount":{"amount":500,"currency":"710"}}"#;
    let granted =
        |amount| success(&format!(r#"{CODE},"amounts":{{"approvedAmount":{{"amount":{amount},"currency":"710"}}}}"#));
    for (asked, granted, expect) in [
        (request(five), granted(500), Class::Approved),
        (request(five), granted(501), Class::Unusable(Unusable::OtherAmount)),
        (request(""), granted(501), Class::Approved),
    ] {
        assert_eq!(class(&outcome(&answer(201, &granted), &asked)), expect, "{granted}");
    }
}

#[test]
fn a_voucher_for_another_product_is_not_the_one_asked_for() {
    let product = |id: &str| format!(r#","product":{{"productId":"{id}"}}"#);
    let airtime = request(&product("AIRTIME"));
    for (asked, sold, expect) in [
        (&airtime, product("AIRTIME"), Class::Approved),
        (&airtime, String::new(), Class::Approved),
        (&airtime, r#","product":{"name":"Airtime"}"#.to_owned(), Class::Approved),
        (&airtime, product("DATA"), Class::Unusable(Unusable::OtherProduct)),
        (&airtime, product("AIR-TIME"), Class::Unusable(Unusable::OtherProduct)),
        (&fifty_rand(), product("DATA"), Class::Approved),
    ] {
        let answer = answer(201, &success(&format!("{CODE}{sold}")));
        assert_eq!(class(&outcome(&answer, asked)), expect, "{sold}");
    }
}

#[test]
fn an_approval_holds_what_the_provider_added_and_nothing_else() {
    let body = success(
        r#","voucher":{"code":"1234","serialNumber":"S1"},"rrn":"R1","receiver":{"id":"issuer","name":"Issuer"},
        "product":{"productId":"AIRTIME"},"slipData":{"slipWidth":40},"thirdPartyIdentifiers":[
        {"institutionId":"app","transactionIdentifier":"A1"},
        {"institutionId":"app","transactionIdentifier":"P1"},
        {"institutionId":"issuer","transactionIdentifier":"I1"}]"#,
    );
    let Outcome::Approved(approval) = outcome(&answer(201, &body), &fifty_rand()) else { panic!("not approved") };
    assert_eq!(approval.code().unwrap().expose().as_str(), "1234");
    assert_eq!(approval.voucher().serial_number.as_ref().unwrap().as_str(), "S1");
    assert_eq!(approval.receiver.unwrap().id.as_str(), "issuer");
    assert_eq!(approval.product.unwrap().product_id.as_str(), "AIRTIME");
    assert_eq!(approval.slip_data.unwrap().slip_width, Some(40));
    assert_eq!(approval.rrn.unwrap().as_str(), "R1");
    let references = approval.third_party_identifiers.iter().map(|own| own.transaction_identifier.as_str());
    // The provider may be known by the name that the channel uses for itself.
    assert_eq!(references.collect::<Vec<_>>(), ["P1", "I1"]);
}

#[test]
fn the_callers_retrieval_reference_stands() {
    let asked = request(r#","rrn":"OURS""#);
    let body = success(&format!(r#"{CODE},"rrn":"THEIRS""#));
    let Outcome::Approved(approval) = outcome(&answer(201, &body), &asked) else { panic!("not approved") };
    assert_eq!(approval.rrn, None);
}

/// Type, message, provider's code and provider's words of the error in an answer.
fn words(status: u16, body: &str) -> Option<(ErrorType, String, Option<String>, Option<String>)> {
    let error = match outcome(&answer(status, body), &fifty_rand()) {
        Outcome::Declined(Decline::ByProvider(error)) => Some(error),
        Outcome::Unknown(Doubt::Unusable { error, .. }) => error,
        other => panic!("{other:?} has no words"),
    };
    error.map(|ProviderError { error_type, message, provider_code, provider_message }| {
        let text = |text: &vouchsafe_core::text::FreeText| text.as_str().to_owned();
        let (code, words) = (provider_code.as_ref().map(text), provider_message.as_ref().map(text));
        (error_type, message.as_str().to_owned(), code, words)
    })
}

#[test]
fn a_providers_error_is_kept_in_our_words_and_in_its_own() {
    use ErrorType::{DoNotHonour, GeneralError, LimitExceeded};
    let long = "x".repeat(300);
    let said = |text: &str| Some(text.to_owned());
    for (status, body, expect) in [
        (404, "", (GeneralError, "the provider declined with status 404", None, None)),
        (400, "<html>", (GeneralError, "the provider declined with status 400", None, None)),
        (501, r#"{"error":"no"}"#, (GeneralError, "the provider declined with status 501", None, None)),
        (
            404,
            r#"{"errorType":"LIMIT_EXCEEDED","errorMessage":"too much"}"#,
            (LimitExceeded, "too much", None, said("too much")),
        ),
        (
            404,
            r#"{"errorType":"LIMIT_EXCEEDED","errorMessage":"too much","providerErrorCode":"61","providerErrorMessage":"L"}"#,
            (LimitExceeded, "too much", said("61"), said("L")),
        ),
        (
            404,
            r#"{"errorType":"DO_NOT_HONOR","errorMessage":"no","providerErrorMsg":"M"}"#,
            (DoNotHonour, "no", None, said("M")),
        ),
        (
            404,
            r#"{"errorType":"OUT_OF_STOCK","errorMessage":"none left","providerErrorCode":"7"}"#,
            (GeneralError, "none left", said("OUT_OF_STOCK"), said("none left")),
        ),
        (
            429,
            r#"{"errorType":"LIMIT_EXCEEDED"}"#,
            (LimitExceeded, "the provider declined with status 429", None, None),
        ),
        (404, r#"{"errorMessage":"no"}"#, (GeneralError, "no", None, said("no"))),
        (
            404,
            &format!(r#"{{"errorType":"DO_NOT_HONOUR","errorMessage":"{long}"}}"#),
            (DoNotHonour, &long[..80], None, said(&long[..250])),
        ),
        (500, r#"{"errorType":"GENERAL_ERROR","errorMessage":"oops"}"#, (GeneralError, "oops", None, said("oops"))),
        (
            503,
            r#"{"errorType":"LIMIT_EXCEEDED"}"#,
            (LimitExceeded, "the provider answered with status 503", None, None),
        ),
        (200, r#"{"errorType":"LIMIT_EXCEEDED","errorMessage":"no"}"#, (LimitExceeded, "no", None, said("no"))),
    ] {
        let (error_type, message, code, provider_message) = expect;
        assert_eq!(
            words(status, body),
            Some((error_type, message.to_owned(), code, provider_message)),
            "{status} {body}"
        );
    }
    let code = format!(r#"{{"errorType":"LIMIT_EXCEEDED","providerErrorCode":"{long}"}}"#);
    assert_eq!(words(404, &code).unwrap().2, said(&long[..80]));
    let unheard_of = format!(r#"{{"errorType":"{long}"}}"#);
    assert_eq!(words(404, &unheard_of).unwrap().2, said(&long[..80]));
    assert_eq!(words(500, ""), None);
    assert_eq!(words(201, &success("")), None);
}
