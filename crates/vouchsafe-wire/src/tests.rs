mod required;

use serde_json::{Value as Json, json};
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType, FormatError};
use vouchsafe_core::message::{ProvisionRequest, RedemptionRequest, VoucherLookupResponse};

use crate::{ApprovalAnswer, ErrorAnswer, IssuedVoucher, Malformed, Manner, Message, SoldProduct, schemas};

/// A provision request with every field of the schema filled in from its example.
fn full_request() -> Json {
    schemas()["ProvisionRequest"]["examples"][0].clone()
}

/// The request without its optional fields.
fn least_request() -> Json {
    let full = full_request();
    let required = ["id", "time", "originator", "client", "thirdPartyIdentifiers"];
    Json::Object(required.iter().map(|name| ((*name).to_owned(), full[*name].clone())).collect())
}

fn faults(document: &[u8]) -> Vec<FormatError> {
    match ProvisionRequest::read(document, Manner::Strict) {
        Ok(_) => Vec::new(),
        Err(Malformed { errors, .. }) => errors,
    }
}

fn messages(document: &Json) -> Vec<String> {
    faults(document.to_string().as_bytes()).into_iter().map(|fault| fault.message).collect()
}

/// The least request with the value at `pointer` replaced.
fn check(pointer: &str, value: Json, expect: &[&str]) {
    let mut request = least_request();
    match request.pointer_mut(pointer) {
        Some(place) => *place = value,
        None => request[pointer.trim_start_matches('/')] = value,
    }
    assert_eq!(messages(&request), expect, "{pointer}");
}

#[test]
fn a_message_is_written_as_it_was_read() {
    for request in [full_request(), least_request()] {
        let read = ProvisionRequest::read(request.to_string().as_bytes(), Manner::Strict).unwrap();
        assert_eq!(serde_json::from_slice::<Json>(&read.write()).unwrap(), request);
    }
}

#[test]
fn a_voucher_is_redeemed_by_its_code_only() {
    let mut request = schemas()["RedemptionRequest"]["examples"][0].clone();
    request["voucher"] = json!({ "serialNumber": "SN1" });
    let malformed = RedemptionRequest::read(request.to_string().as_bytes(), Manner::Strict).unwrap_err();
    assert_eq!(malformed.errors[0].message, "voucher.code may not be null");
}

#[test]
fn a_voucher_of_which_the_amount_cannot_be_read_is_not_taken_for_worthless() {
    let read = |amounts: &str| {
        let document =
            format!(r#"{{"voucher":{{"code":"1","new":1}},"rrn":7,"amounts":{{"approvedAmount":{amounts}}}}}"#);
        VoucherLookupResponse::read(document.as_bytes(), Manner::Lenient)
    };
    let found = read(r#"{"amount":5,"currency":"710"}"#).unwrap();
    assert_eq!((found.rrn, found.amounts.unwrap().approved_amount.unwrap().amount), (None, 5));
    assert!(read(r#"{"amount":"5","currency":"710"}"#).is_err());
}

#[test]
fn every_fault_is_reported_in_document_order() {
    let text = r#"{"time":"noon","extra":1,"id":"x","client":{"id":"c","name":7},"thirdPartyIdentifiers":[{}],"originator":3}"#;
    let found: Vec<_> = faults(text.as_bytes()).into_iter().map(|fault| (fault.field, fault.message)).collect();
    let expect = [
        ("time", "time must be a date-time with an offset, such as 2026-11-23T09:30:00.000Z"),
        ("extra", "extra is not a known field"),
        ("id", "UUID must conform to the format 8-4-4-4-12 hexadecimal values"),
        ("client.name", "client.name must be a string"),
        ("thirdPartyIdentifiers[0].institutionId", "thirdPartyIdentifiers[0].institutionId may not be null"),
        (
            "thirdPartyIdentifiers[0].transactionIdentifier",
            "thirdPartyIdentifiers[0].transactionIdentifier may not be null",
        ),
        ("originator", "originator must be an object"),
    ];
    assert_eq!(found, expect.map(|(field, message)| (field.to_owned(), message.to_owned())));
}

#[test]
fn a_field_is_refused_for_what_is_wrong_with_it() {
    let long = "x".repeat(41);
    check("/client/name", json!(long), &["client.name must have at most 40 characters"]);
    check("/client/name", json!("a\u{0}b"), &["client.name may not contain NUL"]);
    check("/originator/terminalId", json!("1234567"), &["originator.terminalId must have at least 8 characters"]);
    check(
        "/originator/merchant/merchantType",
        json!("54a1"),
        &["originator.merchant.merchantType must match ^[0-9]*$"],
    );
    check("/tranType", json!("GIFT"), &[&format!("tranType must be one of {}", tran_types())]);
    check(
        "/amounts",
        json!({"requestAmount": {"amount": 1.5, "currency": "710"}}),
        &["amounts.requestAmount.amount must be a whole number of at most 64 bits"],
    );
    check(
        "/amounts",
        json!({"requestAmount": {"amount": 9_223_372_036_854_775_808_u64, "currency": "71"}}),
        &[
            "amounts.requestAmount.amount must be a whole number of at most 64 bits",
            "amounts.requestAmount.currency must be an ISO 4217 numeric code, such as \"710\"",
        ],
    );
    check("/tenders", json!({}), &["tenders must be a list"]);
    check("/product", json!({"productId": "A-1"}), &["product.productId must match ^[0-9A-Za-z]*$"]);
    check("/client", json!({"id": "c", "name": "n", "nmae": "m"}), &["client.nmae is not a known field"]);
}

fn tran_types() -> String {
    let names: Vec<_> = vouchsafe_core::message::TranType::ALL.iter().map(|word| word.name()).collect();
    names.join(", ")
}

#[test]
fn what_is_not_json_is_one_fault_of_the_body() {
    let deep = "[".repeat(100_000);
    for text in
        ["", "{", "nonsense", "{\"id\":}", "{} {}", "{\"id\":\"\\ud800\"}", "{\"id\":1e999}", "\u{feff}{}", &deep]
    {
        let found = faults(text.as_bytes());
        assert_eq!(found.len(), 1, "{text:.20}");
        assert_eq!(found[0].field, "body");
        assert!(found[0].message.starts_with("body is not JSON: "), "{}", found[0].message);
    }
    assert_eq!(faults(b"{\"id\":\"\xff\"}").len(), 1, "not UTF-8");
    assert_eq!(faults(b"[1]")[0].message, "body must be an object");
}

#[test]
fn a_repeated_field_is_refused() {
    let twice = least_request().to_string().replacen('{', "{\"time\":\"2026-11-23T09:30:00Z\",", 1);
    assert_eq!(faults(twice.as_bytes())[0].message, "time appears more than once");
}

#[test]
fn a_message_of_nothing_but_faults_is_answered_with_a_thousand() {
    let many: Vec<_> = (0..50_000).map(|n| format!("\"x{n}\":1")).collect();
    assert_eq!(faults(format!("{{{}}}", many.join(",")).as_bytes()).len(), 1000);
}

#[test]
fn no_small_message_makes_a_large_list_of_faults() {
    let members = |key: &str, count| vec![format!("{key:?}:{{}}"); count].join(",");
    let (long, wide) = ("x".repeat(100_000), "\u{10348}".repeat(80));
    for (what, document) in [
        ("a long name before many others", format!("{{{long:?}:1,{}}}", members("a", 5000))),
        ("names that are all long", format!("{{{}}}", members(&long[..400], 2000))),
        (
            "many faults below one long name",
            format!(r#"{{"amounts":{{"additionalAmounts":{{{long:?}:{{{}}}}}}}}}"#, members("a", 5000)),
        ),
        ("letters of many bytes", format!("{{{}}}", members(&wide, 2000))),
    ] {
        let faults = faults(document.as_bytes());
        assert!(faults.len() > 50, "{what}: {}", faults.len());
        let answer = ErrorDetail { format_errors: faults, ..ErrorDetail::new(ErrorType::FormatError, "") }.write();
        assert!(answer.len() <= 128 * 1024, "{what}: {} bytes", answer.len());
    }
}

#[test]
fn a_name_of_the_senders_own_choice_is_cut_at_80_characters() {
    let faults = |length| {
        let faults = faults(format!("{{{:?}:1}}", "é".repeat(length)).as_bytes());
        faults.into_iter().map(|fault| fault.field).find(|field| field.starts_with('é')).unwrap()
    };
    assert_eq!([faults(80), faults(81)], ["é".repeat(80), "é".repeat(80)]);
}

#[test]
fn no_secret_is_repeated_in_a_fault() {
    let mut request = full_request();
    let planted = "PLANTED-SECRET-".repeat(4);
    request["voucher"]["code"] = json!(planted);
    request["voucher"]["pin"]["pin"] = json!(planted);
    request["recipient"]["addressDetails"]["country"] = json!(planted);
    request["voucherCode"] = json!(planted);
    let found = faults(request.to_string().as_bytes());
    assert_eq!(found.len(), 4);
    assert!(!format!("{found:?}").contains("PLANTED"));
}

#[test]
fn the_id_of_a_malformed_message_is_found_where_it_has_one() {
    let id_of =
        |text: &str| ProvisionRequest::read(text.as_bytes(), Manner::Strict).unwrap_err().id.map(|id| id.to_string());
    let id = "B8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10";
    assert_eq!(id_of(&format!("{{\"id\":\"{id}\"}}")).as_deref(), Some(id));
    assert_eq!(id_of("{\"id\":\"x\"}"), None);
    assert_eq!(id_of(&format!("{{\"id\":\"{id}\",\"id\":\"{id}\"}}")), None);
    assert_eq!(id_of("{"), None);
}

#[test]
fn a_number_is_accepted_for_a_currency_and_written_as_text() {
    let mut request = full_request();
    request["amounts"]["requestAmount"]["currency"] = json!(36);
    let read = ProvisionRequest::read(request.to_string().as_bytes(), Manner::Strict).unwrap();
    let written: Json = serde_json::from_slice(&read.write()).unwrap();
    assert_eq!(written["amounts"]["requestAmount"]["currency"], "036");
}

#[test]
fn a_provider_is_understood_wherever_it_can_be() {
    let answer = |text: &str| ApprovalAnswer::read(text.as_bytes(), Manner::Lenient);
    let understood = answer(
        r#"{"id":"b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10","new":1,"voucher":{"code":"1","serialNumber":7},"product":{}}"#,
    );
    let understood = understood.unwrap();
    assert!(understood.id.is_some());
    assert_eq!(understood.product, Some(SoldProduct::default()));
    let Some(IssuedVoucher::Whole(voucher)) = understood.voucher else { panic!("the voucher has all it needs") };
    assert!(voucher.code.is_some() && voucher.serial_number.is_none());
    assert!(
        answer(r#"{"amounts":{"approvedAmount":{"amount":"5","currency":"710"}}}"#).is_err(),
        "an unreadable amount"
    );
    assert!(answer(r#"{"amounts":{"new":1,"approvedAmount":{"amount":5,"currency":"710"}}}"#).is_ok());
    assert!(answer("<html>").is_err());

    let error =
        ErrorAnswer::read(br#"{"errorType":"DO_NOT_HONOR","errorMessage":7,"providerErrorMsg":"no"}"#, Manner::Lenient);
    let error = error.unwrap();
    assert_eq!(error.error_type.unwrap().as_str(), "DO_NOT_HONOR");
    assert_eq!((error.error_message.unwrap().as_str(), error.provider_error_msg.unwrap().as_str()), ("7", "no"));

    let nul = br#"{"errorType":"LIMIT\u0000_EXCEEDED","errorMessage":"too\u0000 much","providerErrorCode":true}"#;
    let error = ErrorAnswer::read(nul, Manner::Lenient).unwrap();
    assert_eq!(error.error_type.unwrap().as_str(), "LIMIT_EXCEEDED");
    assert_eq!((error.error_message.unwrap().as_str(), error.provider_error_code), ("too much", None));
}

#[test]
fn a_voucher_whose_pin_or_expiry_cannot_be_read_is_damaged_and_a_product_keeps_its_name() {
    let answer = |text: &str| ApprovalAnswer::read(text.as_bytes(), Manner::Lenient).unwrap();
    for (parts, is_whole) in [
        (r#""pin":{"type":"CLEAR_PIN","pin":"1234"}"#, true),
        (r#""pin":{"type":"CLEAR_PIN","pin":"1234","new":1},"serialNumber":[]"#, true),
        (r#""pin":null,"expiryDate":null"#, true),
        (r#""pin":"1234""#, false),
        (r#""pin":{"type":"CLEAR_PIN","pin":"123456789012345678901"}"#, false),
        (r#""pin":{"type":"SMALL_PIN","pin":"1"}"#, false),
        (r#""expiryDate":"2029-11-23T10:00:00Z""#, true),
        (r#""expiryDate":"2029-11-23""#, false),
        (r#""expiryDate":"99999-01-01T00:00:00Z""#, false),
        (r#""expiryDate":1"#, false),
    ] {
        let read = answer(&format!(r#"{{"voucher":{{"code":"1",{parts}}}}}"#));
        assert_eq!(matches!(read.voucher, Some(IssuedVoucher::Whole(_))), is_whole, "{parts}");
        assert_eq!(matches!(read.voucher, Some(IssuedVoucher::Damaged(_))), !is_whole, "{parts}");
    }
    for (product, id, is_well_formed) in [
        (r#"{"productId":"AIRTIME"}"#, Some("AIRTIME"), true),
        (r#"{"productId":"AIR-TIME"}"#, Some("AIR-TIME"), false),
        (r#"{"productId":7}"#, None, false),
    ] {
        let sold = answer(&format!(r#"{{"product":{product}}}"#)).product.unwrap();
        assert_eq!(sold.id.as_ref().map(|id| id.as_str()), id, "{product}");
        assert_eq!(sold.product.is_some(), is_well_formed, "{product}");
    }
    assert_eq!(answer(r#"{"product":"AIRTIME"}"#).product, None);
}

#[test]
fn an_error_puts_its_faults_into_the_detail_message() {
    let mut error = ErrorDetail::new(ErrorType::FormatError, "the message has 1 format error");
    let plain: Json = serde_json::from_slice(&error.write()).unwrap();
    assert_eq!(plain, json!({"errorType": "FORMAT_ERROR", "errorMessage": "the message has 1 format error"}));
    error.format_errors =
        vec![FormatError { field: "id".to_owned(), message: "id may not be null".to_owned(), value: None }];
    let written: Json = serde_json::from_slice(&error.write()).unwrap();
    assert_eq!(written["detailMessage"], json!({"formatErrors": [{"field": "id", "msg": "id may not be null"}]}));
    assert_eq!(ErrorDetail::read(&error.write(), Manner::Strict), Ok(error));
}

#[test]
fn a_form_of_pin_is_described_with_the_one_word_that_tells_it() {
    for (name, word) in [("ClearPin", "CLEAR_PIN"), ("EncryptedPin", "ENCRYPTED_PIN"), ("HashedPin", "HASHED_PIN")] {
        assert_eq!(schemas()[name]["properties"]["type"]["enum"], json!([word]), "{name}");
    }
}

#[test]
fn every_schema_has_a_description_or_words_and_an_example() {
    for (name, schema) in schemas() {
        assert!(schema.get("description").or_else(|| schema.get("enum")).is_some(), "{name}");
        assert!(schema["examples"][0] != Json::Null, "{name}");
        for (field, schema) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
            let self_evident = schema.get("$ref").is_some() || schema["type"] == "array" || schema["type"] == "object";
            assert!(self_evident || schema.get("examples").is_some(), "{name}.{field} has no example");
        }
    }
}
