//! What is believed of a voucher, and what is not.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::outcome::Doubt;
use vouchsafe_core::secret::Secret;
use vouchsafe_core::text::Text;

use super::*;

fn answer(status: u16, body: &str) -> Answer {
    let body = Body::Whole(Bytes::from(body.to_owned()));
    Answer { status: StatusCode::from_u16(status).unwrap(), headers: HeaderMap::new(), body }
}

fn by_code() -> VoucherQuery {
    VoucherQuery { voucher_code: Text::new("1234-5678").ok().map(Secret::new), ..VoucherQuery::default() }
}

fn by_serial_number() -> VoucherQuery {
    VoucherQuery { voucher_serial_number: Text::new("S1").ok(), ..VoucherQuery::default() }
}

/// What a lookup comes to, without the provider's words.
#[derive(Debug, PartialEq)]
enum Class {
    Found,
    Declined(ErrorType),
    OurCredentials,
    Unusable(Unusable),
}

fn class(found: &Lookup) -> Class {
    match found {
        Lookup::Found(_) => Class::Found,
        Lookup::Declined(Decline::ByProvider(error)) => Class::Declined(error.error_type),
        Lookup::Declined(Decline::OurCredentials) => Class::OurCredentials,
        Lookup::Unknown(Doubt::Unusable { reason, .. }) => Class::Unusable(*reason),
        other => panic!("no answer leads to {other:?}"),
    }
}

const KNOWN: &str = r#"{"voucher":{"code":"1234-5678","serialNumber":"S1"},"new":1}"#;

#[test]
fn the_status_decides_what_an_answer_can_be() {
    for status in 200..=599 {
        let expect = match status {
            200..=202 => Class::Found,
            401 | 403 | 407 => Class::OurCredentials,
            400..=499 | 501 => Class::Declined(ErrorType::GeneralError),
            _ => Class::Unusable(Unusable::Status),
        };
        assert_eq!(class(&lookup(&answer(status, KNOWN), &by_code())), expect, "{status}");
    }
}

#[test]
fn a_no_is_told_in_the_providers_own_word_where_it_is_about_the_voucher() {
    for (status, said, expect) in [
        (404, "UNABLE_TO_LOCATE_RECORD", ErrorType::UnableToLocateRecord),
        (501, "FUNCTION_NOT_SUPPORTED", ErrorType::FunctionNotSupported),
        (404, "INVALID_VOUCHER", ErrorType::InvalidVoucher),
        (400, "FORMAT_ERROR", ErrorType::GeneralError),
        (400, "AUTHENTICATION_ERROR", ErrorType::GeneralError),
    ] {
        let found = lookup(&answer(status, &format!(r#"{{"errorType":"{said}"}}"#)), &by_code());
        assert_eq!(class(&found), Class::Declined(expect), "{said}");
    }
}

#[test]
fn what_is_told_is_about_the_voucher_that_was_asked_about() {
    let unusable = Class::Unusable;
    for (query, body, expect) in [
        (by_code(), KNOWN, Class::Found),
        (by_serial_number(), KNOWN, Class::Found),
        (VoucherQuery::default(), KNOWN, Class::Found),
        (by_code(), r#"{"voucher":{}}"#, Class::Found),
        (by_code(), r#"{"voucher":{"code":"1234-5679"}}"#, unusable(Unusable::OtherVoucher)),
        (by_serial_number(), r#"{"voucher":{"serialNumber":"S2"}}"#, unusable(Unusable::OtherVoucher)),
        (by_code(), r#"{"voucher":{"code":"1234-5678","expiryDate":"never"}}"#, unusable(Unusable::Damaged)),
        (by_code(), r#"{"voucher":{},"amounts":{"approvedAmount":"50"}}"#, unusable(Unusable::NotJson)),
        (by_code(), "{}", unusable(Unusable::NotJson)),
        (by_code(), "<html>", unusable(Unusable::NotJson)),
    ] {
        assert_eq!(class(&lookup(&answer(200, body), &query)), expect, "{body}");
    }
    let endless = Answer { body: Body::TooLarge, ..answer(200, "") };
    assert_eq!(class(&lookup(&endless, &by_code())), unusable(Unusable::TooLarge));
}
