//! Every row of `behaviour.md` section 8 that says what ends an advice.

use std::time::Duration;

use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use vouchsafe_core::advice::{Delivery, Hindrance};
use vouchsafe_core::error_detail::ErrorType;

use super::Finaliser::{self, Confirmation, Reversal};
use super::{Answer, delivery};
use crate::suv::client::Body;

fn answer(status: u16, body: &str) -> Answer {
    let body = Body::Whole(Bytes::from(body.to_owned()));
    Answer { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body }
}

/// What a delivery comes to, without the provider's words.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Class {
    Taken,
    NotFound,
    Refused(ErrorType),
    Again(Hindrance),
}

fn class(delivery: &Delivery) -> Class {
    match delivery {
        Delivery::Taken => Class::Taken,
        Delivery::NotFound => Class::NotFound,
        Delivery::Refused(error) => Class::Refused(error.error_type),
        Delivery::Again { why, .. } => Class::Again(*why),
    }
}

#[test]
fn the_status_says_what_becomes_of_an_advice() {
    for status in 100..=999 {
        let expect = |finaliser| match status {
            200..=299 => Class::Taken,
            401 | 403 | 407 => Class::Again(Hindrance::Credentials),
            429 | 503 => Class::Again(Hindrance::TooMany),
            408 | 425 => Class::Again(Hindrance::Status),
            404 if finaliser == Reversal => Class::NotFound,
            400..=499 | 501 => Class::Refused(ErrorType::GeneralError),
            _ => Class::Again(Hindrance::Status),
        };
        for finaliser in [Confirmation, Reversal] {
            let found = class(&delivery(&answer(status, ""), finaliser));
            assert_eq!(found, expect(finaliser), "{status} {finaliser:?}");
        }
    }
}

#[test]
fn what_the_provider_knows_already_is_taken_and_what_stands_against_it_is_refused() {
    use ErrorType as Type;
    let check = |status, error_type: ErrorType, finaliser: Finaliser, expect| {
        let body = format!(r#"{{"errorType":"{error_type}","errorMessage":"no"}}"#);
        let found = class(&delivery(&answer(status, &body), finaliser));
        assert_eq!(found, expect, "{status} {error_type} {finaliser:?}");
    };
    for (error_type, confirmation, reversal) in [
        (Type::DuplicateRecord, Class::Taken, Class::Taken),
        (Type::VoucherAlreadyReversed, Class::Refused(Type::VoucherAlreadyReversed), Class::Taken),
        (Type::RedemptionAlreadyReversed, Class::Refused(Type::RedemptionAlreadyReversed), Class::Taken),
        (Type::RefundAlreadyReversed, Class::Refused(Type::RefundAlreadyReversed), Class::Taken),
        (Type::VoucherAlreadyConfirmed, Class::Taken, Class::Refused(Type::VoucherAlreadyConfirmed)),
        (Type::RedemptionAlreadyConfirmed, Class::Taken, Class::Refused(Type::RedemptionAlreadyConfirmed)),
        (Type::RefundAlreadyConfirmed, Class::Taken, Class::Refused(Type::RefundAlreadyConfirmed)),
        (Type::FormatError, Class::Refused(Type::FormatError), Class::Refused(Type::FormatError)),
        (
            Type::VoucherAlreadyRedeemed,
            Class::Refused(Type::VoucherAlreadyRedeemed),
            Class::Refused(Type::VoucherAlreadyRedeemed),
        ),
    ] {
        check(400, error_type, Confirmation, confirmation);
        check(400, error_type, Reversal, reversal);
    }
    // The words count where the interface puts them.
    check(501, Type::DuplicateRecord, Reversal, Class::Refused(Type::DuplicateRecord));
    check(500, Type::DuplicateRecord, Reversal, Class::Again(Hindrance::Status));
    check(404, Type::UnableToLocateRecord, Reversal, Class::NotFound);
    check(404, Type::UnableToLocateRecord, Confirmation, Class::Refused(Type::UnableToLocateRecord));
}

#[test]
fn a_refusal_is_told_in_the_providers_words_or_else_in_ours() {
    let words = |status, body: &str| match delivery(&answer(status, body), Reversal) {
        Delivery::Refused(error) => error.message.as_str().to_owned(),
        other => panic!("{other:?} is no refusal"),
    };
    assert_eq!(words(400, r#"{"errorType":"INVALID_VOUCHER","errorMessage":"gone"}"#), "gone");
    assert_eq!(words(501, "<html>"), "the provider declined with status 501");
}

#[test]
fn a_provider_that_asks_for_rest_is_heard_in_both_forms() {
    const NOW: &str = "Mon, 23 Nov 2026 10:00:00 GMT";
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    for (after, date, expect) in [
        ("120", None, seconds(120)),
        ("0", None, seconds(0)),
        (" 7 ", None, seconds(7)),
        ("Mon, 23 Nov 2026 10:00:30 GMT", Some(NOW), seconds(30)),
        ("Mon, 23 Nov 2026 09:59:30 GMT", Some(NOW), seconds(0)),
        ("Mon, 23 Nov 2026 10:00:30 GMT", None, None),
        ("Mon, 23 Nov 2026 10:00:30 GMT", Some("yesterday"), None),
        ("Thu, 23 Nov 2126 10:00:00 GMT", Some(NOW), None),
        ("Sat, 23 Nov 2126 10:00:00 GMT", Some(NOW), seconds(86_400)),
        ("18446744073709551615", None, seconds(86_400)),
        ("18446744073709551616", None, None),
        ("-1", None, None),
        ("", None, None),
        ("soon", Some(NOW), None),
    ] {
        let mut answer = answer(503, "");
        answer.headers.insert(RETRY_AFTER, HeaderValue::from_static(after));
        if let Some(date) = date {
            answer.headers.insert(DATE, HeaderValue::from_static(date));
        }
        let Delivery::Again { retry_after, .. } = delivery(&answer, Reversal) else { panic!("{after} ended it") };
        assert_eq!(retry_after, expect, "{after:?} at {date:?}");
    }
}
