//! A function of bytes for each way in: whatever the bytes are it comes back, and what it was given holds what the
//! types promise. `cargo fuzz` makes the bytes up; what it found stands in `fuzz/corpus` and is gone through by the
//! ordinary tests, which compile this very file.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use vouchsafe::access::Credentials;
use vouchsafe::config::catalogue::{self, Form, Sources};
use vouchsafe::config::{Config, ConfigError};
use vouchsafe_core::error_detail::ErrorDetail;
use vouchsafe_core::id::{ChannelId, MessageId};
use vouchsafe_core::message::{
    BasicAdvice, BasicReversal, ProductsLookupResponse, ProvisionRequest, ProvisionResponse, RedemptionRequest,
    RedemptionResponse, RefundRequest, RefundResponse, Request, TenderAdvice, VoucherLookupResponse, VoucherQuery,
};
use vouchsafe_core::outcome::Outcome;
use vouchsafe_provider::suv::{Answer, Body, Finaliser, delivery, outcome};
use vouchsafe_wire::query::{ProductsQuery, Query as _, written};
use vouchsafe_wire::{Manner, Message};

/// What is given bytes and must come back.
pub type Target = fn(&[u8]);

/// Every target by its name, which is its corpus's, too.
pub const TARGETS: [(&str, Target); 6] = [
    ("request", request),
    ("query", query),
    ("credentials", credentials),
    ("provider_answer", provider_answer),
    ("configuration", configuration),
    ("catalogue", catalogue),
];

/// The first byte, which chooses, and the rest.
fn chosen(bytes: &[u8]) -> Option<(u8, &[u8])> {
    bytes.split_first().map(|(first, rest)| (*first, rest))
}

/// The body of a message, of the kind that the first byte chooses, in every manner of reading.
pub fn request(bytes: &[u8]) {
    let Some((kind, document)) = chosen(bytes) else { return };
    match kind % 12 {
        0 => message::<ProvisionRequest>(document),
        1 => message::<RedemptionRequest>(document),
        2 => message::<RefundRequest>(document),
        3 => message::<TenderAdvice>(document),
        4 => message::<BasicAdvice>(document),
        5 => message::<BasicReversal>(document),
        6 => message::<ProvisionResponse>(document),
        7 => message::<RedemptionResponse>(document),
        8 => message::<RefundResponse>(document),
        9 => message::<ProductsLookupResponse>(document),
        10 => message::<VoucherLookupResponse>(document),
        _ => message::<ErrorDetail>(document),
    }
}

/// What is read is written so that it is read again, and says the same; what is not has a fault.
fn message<M: Message>(document: &[u8]) {
    for manner in [Manner::Strict, Manner::Lenient, Manner::Exact] {
        match M::read(document, manner) {
            Ok(message) => {
                let written = message.write();
                let again = M::read(&written, Manner::Strict);
                let again = again.unwrap_or_else(|fault| panic!("{fault:?}: {}", written.escape_ascii()));
                assert_eq!(again.write(), written, "what is written twice differs");
            }
            Err(malformed) => assert!((1..=1000).contains(&malformed.errors.len()), "{malformed:?}"),
        }
    }
}

/// The query of an address.
pub fn query(bytes: &[u8]) {
    // The reader of HTTP lets nothing else through.
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match VoucherQuery::read(text) {
        Ok(asked) => assert_eq!(VoucherQuery::read(written(&asked).expose()).as_ref(), Ok(&asked)),
        Err(faults) => assert!(!faults.is_empty(), "a query is refused for nothing"),
    }
    if let Err(faults) = ProductsQuery::read(text) {
        assert!(!faults.is_empty(), "a query is refused for nothing");
    }
}

/// The one `Authorization` header, and the names and ids in addresses and messages.
pub fn credentials(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(Credentials::Secret(user_name, _)) = Credentials::shown(text) {
        assert!(!user_name.contains(':'), "the first colon ends the user name");
    }
    if let Ok(name) = ChannelId::new(text) {
        assert_eq!(name.as_str(), text);
    }
    if let Ok(id) = MessageId::parse(text) {
        assert_eq!(id.to_string(), text, "an id is echoed as sent");
    }
}

/// A provider's answer: two bytes of status, one that chooses who asked and what else is said, and the body.
pub fn provider_answer(bytes: &[u8]) {
    let Some((&[high, low, choice], body)) = bytes.split_first_chunk() else { return };
    let Ok(status) = StatusCode::from_u16(100 + (u16::from(high) << 8 | u16::from(low)) % 900) else { return };
    let mut headers = HeaderMap::new();
    let end = body.iter().position(|byte| *byte == b'\n').unwrap_or(0);
    if choice & 4 != 0
        && let Ok(value) = HeaderValue::from_bytes(&body[..end])
    {
        headers.insert(header::RETRY_AFTER, value.clone());
        headers.insert(header::DATE, value);
    }
    let whole = Body::Whole(Bytes::copy_from_slice(body));
    let answer = Answer { status, headers, body: if choice & 8 == 0 { whole } else { Body::TooLarge } };
    let asked = &asked()[usize::from(choice % 4).min(2)];
    if matches!(outcome(&answer, asked), Outcome::Approved(_)) {
        assert!(matches!(status.as_u16(), 200..=202), "{status} is no approval");
    }
    for finaliser in [Finaliser::Confirmation, Finaliser::Reversal] {
        // Every answer means something; that it comes back is what is tried.
        let _ = delivery(&answer, finaliser);
    }
}

/// A request of each kind, to which the provider answers.
fn asked() -> [Request; 3] {
    let body = br#"{"id":"b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10","time":"2026-11-23T09:30:00.000Z","originator":{"institution":
        {"id":"a","name":"A"},"terminalId":"APP00001","merchant":{"merchantType":"5411","merchantId":"000000000012345",
        "merchantName":{"name":"A","city":"B","region":"WC","country":"ZA"}}},"client":{"id":"a","name":"A"},
        "thirdPartyIdentifiers":[],"amounts":{"requestAmount":{"amount":5000,"currency":"710"}},"voucher":{"code":"1"}}"#;
    fn read<M: Message + Into<Request>>(body: &[u8]) -> Request {
        M::read(body, Manner::Strict).unwrap_or_else(|fault| panic!("the example is sound: {fault:?}")).into()
    }
    [read::<ProvisionRequest>(body), read::<RedemptionRequest>(body), read::<RefundRequest>(body)]
}

/// A configuration file. Files that it names are not looked for where there are any.
pub fn configuration(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let environment = |name: &str| name.len().is_multiple_of(2).then(|| "a password".to_owned());
    if let Err(error) = Config::parse(text, Path::new("/nonexistent"), &environment) {
        assert!(matches!(&error, ConfigError::Faulty { faults, .. } if !faults.is_empty()), "{error:?}");
        assert!(!error.to_string().is_empty());
    }
}

/// A catalogue's file, in the form that the first byte chooses.
pub fn catalogue(bytes: &[u8]) {
    let Some((form, text)) = chosen(bytes) else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let form = if form.is_multiple_of(2) { Form::Toml } else { Form::Csv };
    match catalogue::parse(text, form, Sources::Any) {
        Ok(catalogue) => assert!(!catalogue.items().is_empty(), "a catalogue of nothing"),
        Err(error) => {
            assert!(matches!(&error, ConfigError::Faulty { faults, .. } if !faults.is_empty()), "{error:?}");
            assert!(!error.to_string().is_empty());
        }
    }
}
