use vouchsafe_core::id::MessageId;

use super::*;

const ID: &str = "b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10";

fn messages<Q: Query>(query: &str) -> Vec<String> {
    let faults = Q::read(query).err().unwrap_or_default();
    faults.into_iter().map(|fault| fault.message).collect()
}

#[test]
fn a_query_for_products_names_a_channel_or_nothing() {
    let check = |query: &str, expect: Option<&str>| {
        let found = ProductsQuery::read(query).unwrap().channel_name;
        assert_eq!(found.as_ref().map(Text::as_str), expect, "{query}");
    };
    check("", None);
    check("&", None);
    check("channelName=app", Some("app"));
    check("channel%4Eame=my+app%20%C3%A9", Some("my app é"));
    let refused = |query: &str, expect: &[&str]| assert_eq!(messages::<ProductsQuery>(query), expect, "{query}");
    refused("channelName=", &["channelName may not be empty"]);
    refused("channelName", &["channelName may not be empty"]);
    refused("channelName=%FF", &["channelName must be UTF-8"]);
    refused("channelName=a%00b", &["channelName may not contain NUL"]);
    refused(&format!("channelName={}", "é".repeat(51)), &["channelName must have at most 50 characters"]);
    refused(
        "channelname=%FF&channelName=a&channelName=b&%FF=",
        &["channelname is not a known field", "channelName appears more than once", "\u{fffd} is not a known field"],
    );
}

#[test]
fn a_voucher_is_named_by_its_code_its_provision_or_its_serial_number() {
    for query in ["voucherCode=1234-5678", &format!("provisionRequestId={ID}"), "voucherSerialNumber=SN1"] {
        assert!(VoucherQuery::read(query).is_ok(), "{query}");
    }
    let nameless = "voucherCode may not be null unless provisionRequestId or voucherSerialNumber is given";
    let check = |query: &str, expect: &[&str]| assert_eq!(messages::<VoucherQuery>(query), expect, "{query}");
    check("", &[nameless]);
    check("receiverInstId=issuer", &[nameless]);
    check("vouchercode=1234", &["vouchercode is not a known field", nameless]);
    check("provisionRequestId=7", &["UUID must conform to the format 8-4-4-4-12 hexadecimal values"]);
    check(
        "voucherCode=&voucherCode=1&voucherSerialNumber&receiverInstId=%80&colour=red",
        &[
            "voucherCode may not be empty",
            "voucherCode appears more than once",
            "voucherSerialNumber may not be empty",
            "receiverInstId must be UTF-8",
            "colour is not a known field",
        ],
    );
    let long = "9".repeat(41);
    check(
        &format!("voucherSerialNumber={long}&voucherCode={long}&settlementEntityInstId=a%00"),
        &[
            "voucherSerialNumber must have at most 40 characters",
            "voucherCode must have at most 40 characters",
            "settlementEntityInstId may not contain NUL",
        ],
    );
}

#[test]
fn no_code_is_repeated_in_a_fault() {
    let planted = "PLANTED-SECRET-".repeat(4);
    for query in [
        format!("voucherCode={planted}"),
        format!("vouchercode={planted}"),
        format!("voucherCode=1&voucherCode={planted}"),
        format!("voucherCode={planted}%FF"),
    ] {
        let faults = VoucherQuery::read(&query).unwrap_err();
        assert!(!format!("{faults:?}").contains("PLANTED"), "{faults:?}");
    }
    // What is no secret is shown to whoever sent it.
    assert_eq!(ProductsQuery::read("channelName=a%00").unwrap_err()[0].value.as_deref(), Some("a\0"));
}

#[test]
fn a_query_is_read_as_it_was_written() {
    let full = VoucherQuery {
        voucher_code: Text::new("4 %&=+#?é/\"").ok().map(Secret::new),
        provision_request_id: MessageId::parse(&ID.to_uppercase()).ok(),
        voucher_serial_number: Text::new("SN~1.a_b-c").ok(),
        receiver_inst_id: Text::new("an issuer").ok(),
        settlement_entity_inst_id: Text::new("a=b&c").ok(),
    };
    let text = written(&full);
    let expect = format!(
        "voucherCode=4%20%25%26%3D%2B%23%3F%C3%A9%2F%22&provisionRequestId={}&voucherSerialNumber=SN~1.a_b-c\
        &receiverInstId=an%20issuer&settlementEntityInstId=a%3Db%26c",
        ID.to_uppercase()
    );
    assert_eq!(text.expose(), &expect);
    assert_eq!(VoucherQuery::read(text.expose()), Ok(full));
    assert_eq!(format!("{text:?}"), "***");

    let only = VoucherQuery { voucher_serial_number: Text::new("1").ok(), ..VoucherQuery::default() };
    assert_eq!(written(&only).expose(), "voucherSerialNumber=1");
}

#[test]
fn every_parameter_is_described_and_its_example_is_good() {
    let described = VoucherQuery::parameters();
    let pairs = described.iter().map(|(name, schema)| format!("{name}={}", schema["examples"][0].as_str().unwrap()));
    let query = VoucherQuery::read(&pairs.collect::<Vec<_>>().join("&")).unwrap();
    assert_eq!(described.len(), 5);
    assert_eq!(written(&query).expose().matches('=').count(), 5);
    assert_eq!(ProductsQuery::parameters()["channelName"]["maxLength"], 50);
}

#[test]
fn what_is_refused_for_being_empty_is_described_so() {
    for (name, schema) in ProductsQuery::parameters().into_iter().chain(VoucherQuery::parameters()) {
        assert!(schema["minLength"] == 1 || schema["pattern"].is_string(), "{name}: {schema}");
    }
}
