//! The rows of section 4 for vouchers that are redeemed and refunded.

use vouchsafe_core::message::{RedemptionRequest, RefundRequest};

use super::*;

fn redemption(rest: &str) -> Request {
    Request::Redemption(RedemptionRequest::read(document(rest).as_bytes(), Manner::Strict).unwrap())
}

fn refund(rest: &str) -> Request {
    Request::Refund(RefundRequest::read(document(rest).as_bytes(), Manner::Strict).unwrap())
}

const PRESENTED: &str = r#","voucher":{"code":"1234-5678","serialNumber":"S1"}"#;
const TWENTY: &str = r#","amounts":{"requestAmount":{"amount":2000,"currency":"710"}}"#;

/// A redemption and a refund of the same voucher.
fn both(rest: &str) -> [Request; 2] {
    [redemption(&format!("{PRESENTED}{rest}")), refund(&format!("{PRESENTED}{rest}"))]
}

#[test]
fn the_status_decides_as_it_does_for_a_sale() {
    for asked in both("") {
        for status in 200..=599 {
            let expect = match status {
                200..=202 => Class::Approved,
                401 | 403 | 407 => Class::OurCredentials,
                400..=499 | 501 => Class::Declined(ErrorType::GeneralError),
                _ => Class::Unusable(Unusable::Status),
            };
            assert_eq!(class(&outcome(&answer(status, &success("")), &asked)), expect, "{status}");
        }
    }
}

#[test]
fn a_success_need_not_name_the_voucher_but_names_no_other() {
    for (voucher, expect) in [
        ("", Class::Approved),
        (r#","voucher":{}"#, Class::Approved),
        (r#","voucher":"1234""#, Class::Approved),
        (PRESENTED, Class::Approved),
        (r#","voucher":{"code":"1234-5678"}"#, Class::Approved),
        (r#","voucher":{"code":"1234-5678","expiryDate":"never","pin":7}"#, Class::Approved),
        (r#","voucher":{"code":"1234-5679"}"#, Class::Unusable(Unusable::OtherVoucher)),
        (r#","voucher":{"code":"1234-5679","expiryDate":"never"}"#, Class::Unusable(Unusable::OtherVoucher)),
        (r#","voucher":{"code":"1234-5678","serialNumber":"S2"}"#, Class::Unusable(Unusable::OtherVoucher)),
        (r#","voucher":{"serialNumber":"S2"}"#, Class::Unusable(Unusable::OtherVoucher)),
    ] {
        for asked in both("") {
            assert_eq!(class(&outcome(&answer(201, &success(voucher)), &asked)), expect, "{voucher}");
        }
    }
    // Nobody said which serial number it has, or which code.
    let by_code = redemption(r#","voucher":{"code":"1234-5678"}"#);
    assert_eq!(class(&outcome(&answer(201, &success(PRESENTED)), &by_code)), Class::Approved);
    let by_number = refund(r#","voucher":{"serialNumber":"S1"}"#);
    assert_eq!(class(&outcome(&answer(201, &success(PRESENTED)), &by_number)), Class::Approved);
}

#[test]
fn what_is_taken_or_given_back_is_what_was_asked_for() {
    let granted = |amount: i64, currency: &str| {
        success(&format!(r#","amounts":{{"approvedAmount":{{"amount":{amount},"currency":"{currency}"}}}}"#))
    };
    for (asked, body, expect) in [
        (TWENTY, granted(2000, "710"), Class::Approved),
        (TWENTY, success(""), Class::Approved),
        (TWENTY, granted(5000, "710"), Class::Unusable(Unusable::OtherAmount)),
        (TWENTY, granted(1999, "710"), Class::Unusable(Unusable::OtherAmount)),
        (TWENTY, granted(2000, "840"), Class::Unusable(Unusable::OtherCurrency)),
        ("", granted(5000, "710"), Class::Approved),
    ] {
        for request in both(asked) {
            assert_eq!(class(&outcome(&answer(201, &body), &request)), expect, "{body}");
        }
    }
}

#[test]
fn an_approval_holds_what_the_provider_added_and_no_product() {
    let body = success(
        r#","voucher":{"code":"1234-5678"},"rrn":"R1","product":{"productId":"AIRTIME"},"thirdPartyIdentifiers":[
        {"institutionId":"app","transactionIdentifier":"A1"},
        {"institutionId":"issuer","transactionIdentifier":"I1"}]"#,
    );
    for asked in both("") {
        let Outcome::Approved(approval) = outcome(&answer(201, &body), &asked) else { panic!("not approved") };
        let references = approval.third_party_identifiers.iter().map(|own| own.transaction_identifier.as_str());
        assert_eq!(references.collect::<Vec<_>>(), ["I1"]);
        assert_eq!(approval.code().unwrap().expose().as_str(), "1234-5678");
        assert_eq!((approval.rrn.unwrap().as_str(), approval.product), ("R1", None));
    }
}
