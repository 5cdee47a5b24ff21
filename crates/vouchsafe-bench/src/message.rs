//! What is said in a measurement: a sale as an app asks for it, and the voucher that answers it.
//!
//! Messages are made once. For each sale only the id and the voucher's code are put in their places, so that neither
//! the load generator nor the stub takes time from whoever is measured.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Uri;
use serde_json::{Value as Json, json};

/// The user name of the channel that is measured.
pub(crate) const CHANNEL: &str = "bench";
/// Another channel, whose callers mean no good.
pub(crate) const CROWD: &str = "crowd";
/// The secret of both. It guards nothing: whatever it opens listens on this machine for some seconds.
pub(crate) const SECRET: &str = "a secret for benchmarks";
/// Where the interface begins, at the switch and at the provider.
pub(crate) const BASE_PATH: &str = "/suv/v1";

/// Where vouchers are sold.
pub(crate) const PROVISION: &str = "/suv/v1/vouchers";
/// Where products are listed.
pub(crate) const PRODUCTS: &str = "/suv/v1/products";
const _: () = assert!(PROVISION.len() == BASE_PATH.len() + "/vouchers".len());

/// How many bytes an id takes in JSON.
const ID_LENGTH: usize = 36;
/// Every message begins with its id: the switch writes it first, and so do we.
const BEFORE_ID: &str = r#"{"id":""#;
/// How many digits a voucher's code has.
const CODE_LENGTH: usize = 16;
/// What stands where an id and a code will.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";
const NO_CODE: &str = "0000000000000000";

/// A document with a place for the id.
pub(crate) struct Template {
    text: Vec<u8>,
    /// Where the code begins, in a document that has one.
    code_at: Option<usize>,
}

impl Template {
    /// What a channel sends, in 1.5 KB; to the provider that a settlement entity is routed to, where one is named.
    pub(crate) fn request(settlement_entity: Option<&str>) -> Self {
        let mut request = request();
        if let Some(id) = settlement_entity {
            request["settlementEntity"]["id"] = json!(id);
        }
        Self { text: request.to_string().into_bytes(), code_at: None }
    }

    /// What a provider answers, in 1.2 KB.
    pub(crate) fn answer() -> Self {
        let text = answer().to_string();
        let code_at = text.find(NO_CODE);
        Self { text: text.into_bytes(), code_at }
    }

    /// The document about one sale.
    pub(crate) fn fill(&self, id: &[u8; ID_LENGTH]) -> Vec<u8> {
        let mut text = self.text.clone();
        text[BEFORE_ID.len()..][..ID_LENGTH].copy_from_slice(id);
        if let Some(at) = self.code_at {
            text[at..][..CODE_LENGTH].copy_from_slice(&code(id));
        }
        text
    }
}

/// The id of a message in JSON.
pub(crate) fn id(document: &[u8]) -> Option<&[u8; ID_LENGTH]> {
    document.strip_prefix(BEFORE_ID.as_bytes())?.first_chunk()
}

/// The code of the voucher that is sold for an id: no id has another's, so that a mix-up shows.
pub(crate) fn code(id: &[u8; ID_LENGTH]) -> [u8; CODE_LENGTH] {
    // FNV-1a, because it is four lines; the code only has to follow from the id.
    let hash = id
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let mut code = [b'0'; CODE_LENGTH];
    let mut rest = hash;
    for digit in code.iter_mut().rev() {
        *digit += u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
    }
    code
}

/// Whether a document tells of the voucher that is sold for an id.
pub(crate) fn has_code(document: &[u8], id: &[u8; ID_LENGTH]) -> bool {
    let code = code(id);
    let at = document.array_windows().position(|digits| *digits == code);
    at.is_some_and(|at| document[..at].ends_with(br#""code":""#) && document[at + CODE_LENGTH..].starts_with(b"\""))
}

/// Where the sale of an id is asked for again; there is no such place for what is no id.
pub(crate) fn retry(id: &[u8; ID_LENGTH]) -> Option<Uri> {
    format!("{PROVISION}/{}/retry", std::str::from_utf8(id).ok()?).parse().ok()
}

/// How the channel says who it is.
pub(crate) fn credentials() -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{CHANNEL}:{SECRET}")))
}

fn request() -> Json {
    json!({
        "id": NO_ID,
        "time": "2026-11-23T09:30:00.000Z",
        "originator": {
            "institution": {"id": "60001", "name": "Corner Shop Holdings"},
            "terminalId": "APP00001",
            "merchant": {
                "merchantType": "5411",
                "merchantId": "000000000012345",
                "merchantName": {"name": "Corner Shop", "city": "Cape Town", "region": "WC", "country": "ZA"},
            },
            "operatorId": "operator-0017",
            "channelId": "mobile-app",
        },
        "client": {"id": CHANNEL, "name": "The app of a bank"},
        "settlementEntity": {"id": "none", "name": "A service provider"},
        "receiver": {"id": "kudu-mobile", "name": "Kudu Mobile"},
        "thirdPartyIdentifiers": [
            {"institutionId": "60001", "transactionIdentifier": "ORDER-2026-11-23-000017"},
            {"institutionId": CHANNEL, "transactionIdentifier": "9b2d6c1f04"},
        ],
        "basketRef": "basket-2026-11-23-0001",
        "tranType": "GOODS_AND_SERVICES",
        "srcAccType": "SAVINGS",
        "destAccType": "DEFAULT",
        "stan": "000123",
        "rrn": "000000000456",
        "transactionLabels": [{"name": "campaign", "value": "november"}, {"name": "store", "value": "cpt-17"}],
        "amounts": {"requestAmount": {"amount": 5000, "currency": "710", "ledgerIndicator": "DEBIT"}},
        "tenders": [{
            "tenderType": "DEBIT_CARD",
            "amount": {"amount": 5000, "currency": "710"},
            "accountType": "SAVINGS",
            "cardNumber": "541333******1234",
            "reference": "T-000000000456",
        }],
        "product": {"productId": "KUDU50", "barcode": "6001234567890", "name": "Kudu Mobile R50"},
        "posInfo": {
            "entryMode": {"panEntryMode": "CONTACTLESS_ICC", "pinEntryCapability": "CAN_ACCEPT"},
            "posConditionCode": "CUSTOMER_IDENTITY_VERIFIED",
        },
        "recipient": {"firstName": "Nomvula", "lastName": "Dlamini", "msisdn": "+27821234567"},
    })
}

fn answer() -> Json {
    let mut answer = request();
    if let Json::Object(members) = &mut answer {
        for left_out in [
            "settlementEntity",
            "basketRef",
            "tranType",
            "srcAccType",
            "destAccType",
            "stan",
            "transactionLabels",
            "tenders",
            "posInfo",
            "recipient",
        ] {
            members.shift_remove(left_out);
        }
    }
    answer["amounts"]["approvedAmount"] = json!({"amount": 5000, "currency": "710"});
    if let Some(references) = answer["thirdPartyIdentifiers"].as_array_mut() {
        references.push(json!({"institutionId": "stub", "transactionIdentifier": "S-000000778"}));
    }
    answer["slipData"] = json!({
        "messageLines": [
            {"text": "Kudu Mobile R50"},
            {"text": "Dial *130*83# and enter the code"},
        ],
        "issuerReference": "KUDU20261123",
    });
    answer["voucher"] = json!({
        "code": NO_CODE,
        "expiryDate": "2029-11-23T00:00:00.000Z",
        "redeemInstructions": ["Dial *130*83#", "Enter the code and press call"],
        "serialNumber": "KM-000000000456",
    });
    answer
}

#[cfg(test)]
mod tests {
    use vouchsafe_core::message::ProvisionRequest;
    use vouchsafe_wire::{ApprovalAnswer, Manner, Message as _};

    use super::*;

    const ID: &[u8; ID_LENGTH] = b"a1b2c3d4-e5f6-4a0b-8c0d-0e0f10111213";

    #[test]
    fn a_request_is_one_that_the_switch_takes_in_a_kilobyte_and_a_half() {
        for settlement_entity in [None, Some("other")] {
            let text = Template::request(settlement_entity).fill(ID);
            let request = ProvisionRequest::read(&text, Manner::Strict).unwrap();
            assert_eq!(request.header.id.to_string().as_bytes(), ID);
            assert_eq!(id(&text), Some(ID));
            assert!((1400..1600).contains(&text.len()), "{}", text.len());
        }
    }

    #[test]
    fn an_answer_is_a_voucher_in_a_kilobyte_and_a_fifth() {
        let text = Template::answer().fill(ID);
        let answer = ApprovalAnswer::read(&text, Manner::Lenient).unwrap();
        assert_eq!(answer.id.unwrap().to_string().as_bytes(), ID);
        assert!(answer.voucher.is_some() && answer.amounts.is_some(), "{}", String::from_utf8_lossy(&text));
        assert!((1100..1300).contains(&text.len()), "{}", text.len());
    }
}
