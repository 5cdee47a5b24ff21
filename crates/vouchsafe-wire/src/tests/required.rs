//! What every message insists on, walked from its published schema.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use vouchsafe_core::error_detail::ErrorDetail;
use vouchsafe_core::message::{
    BasicAdvice, BasicReversal, ProductsLookupResponse, ProvisionRequest, ProvisionResponse, RedemptionRequest,
    RedemptionResponse, RefundRequest, RefundResponse, TenderAdvice, VoucherLookupResponse,
};

use crate::{Manner, Message, schemas};

type Schemas = BTreeMap<&'static str, Json>;

/// Reads a document and writes it again, or says every fault in it.
type Echo = fn(&[u8]) -> Result<Vec<u8>, Vec<String>>;

fn echo<M: Message>(document: &[u8]) -> Result<Vec<u8>, Vec<String>> {
    let read = M::read(document, Manner::Strict);
    read.map(|message| message.write())
        .map_err(|malformed| malformed.errors.into_iter().map(|fault| fault.message).collect())
}

macro_rules! messages {
    ($($message:ident),* $(,)?) => { [$((stringify!($message), echo::<$message> as Echo)),*] };
}

/// Every message that a channel sends or receives.
const MESSAGES: [(&str, Echo); 12] = messages![
    BasicAdvice,
    BasicReversal,
    ErrorDetail,
    ProductsLookupResponse,
    ProvisionRequest,
    ProvisionResponse,
    RedemptionRequest,
    RedemptionResponse,
    RefundRequest,
    RefundResponse,
    TenderAdvice,
    VoucherLookupResponse,
];

/// A message with every field of its schema filled in.
fn full(name: &str) -> Json {
    schemas()[name]["examples"][0].clone()
}

#[test]
fn a_message_in_full_is_written_as_it_was_read() {
    for (name, echo) in MESSAGES {
        let full = full(name);
        let written = echo(full.to_string().as_bytes()).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        assert_eq!(serde_json::from_slice::<Json>(&written).unwrap(), full, "{name}");
    }
}

/// What `interface.md` marks as required, section by section, written down here without a look at our own tables.
#[test]
fn what_the_interface_requires_is_required_and_nothing_else() {
    let schemas = schemas();
    let header = ["client", "id", "originator", "thirdPartyIdentifiers", "time"];
    let with = |more: &[&'static str]| [&header[..], more].concat();
    let advice = vec!["id", "requestId", "thirdPartyIdentifiers", "time"];
    let marked = BTreeMap::from([
        ("Originator", vec!["institution", "terminalId", "merchant"]),
        ("Merchant", vec!["merchantType", "merchantId", "merchantName"]),
        ("MerchantName", vec!["name", "city", "region", "country"]),
        ("Institution", vec!["id", "name"]),
        ("ThirdPartyIdentifier", vec!["institutionId", "transactionIdentifier"]),
        ("TransactionLabel", vec!["name", "value"]),
        ("LedgerAmount", vec!["amount", "currency"]),
        ("Product", vec!["productId"]),
        ("ChannelProductListing", vec!["channelName"]),
        ("Tender", vec!["tenderType", "amount"]),
        ("SlipLine", vec!["text"]),
        ("Barcode", vec!["data", "encoding"]),
        ("EntryMode", vec!["panEntryMode", "pinEntryCapability"]),
        ("ProvisionRequest", with(&[])),
        ("ProvisionResponse", with(&["voucher"])),
        ("PresentedVoucher", vec!["code"]),
        ("RedemptionRequest", with(&["voucher"])),
        ("RedemptionResponse", with(&[])),
        ("RefundRequest", with(&["voucher"])),
        ("RefundResponse", with(&[])),
        ("BasicReversal", [&advice[..], &["reversalReason"]].concat()),
        ("TenderAdvice", advice.clone()),
        ("BasicAdvice", advice),
        ("ProductsLookupResponse", vec!["products"]),
        ("VoucherLookupResponse", vec!["voucher"]),
        ("ErrorDetail", vec!["errorType", "errorMessage"]),
        ("FormatError", vec!["field", "msg"]),
        // Of a PIN the interface marks nothing: all that makes it one is required.
        ("ClearPin", vec!["type", "pin"]),
        ("EncryptedPin", vec!["type", "pinBlock", "encryptionParameters"]),
        ("EncryptionParameters", vec!["pinBlockFormat", "accountNumber", "keyIndex"]),
        ("HashedPin", vec!["type", "hash"]),
        ("HashedPinParameters", vec!["name"]),
    ]);
    for name in schemas.keys() {
        let mut expect = marked.get(name).cloned().unwrap_or_default();
        let mut required: Vec<_> =
            schemas[name]["required"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        required.sort_unstable();
        expect.sort_unstable();
        assert_eq!(required, expect, "{name}");
    }
}

#[test]
fn every_required_field_that_is_missing_may_not_be_null() {
    let schemas = schemas();
    for (name, echo) in MESSAGES {
        let (full, mut seen) = (full(name), Vec::new());
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        required_fields(&schemas, &schema, &full, "", "", &mut |path, pointer| {
            let (parent, field) = pointer.rsplit_once('/').unwrap();
            let mut missing = full.clone();
            missing.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(field);
            let mut null = full.clone();
            *null.pointer_mut(pointer).unwrap() = Json::Null;
            for document in [missing, null] {
                let faults = echo(document.to_string().as_bytes()).unwrap_err();
                assert_eq!(faults, [format!("{path} may not be null")], "{name}");
            }
            seen.push(path.to_owned());
        });
        for field in schemas[name]["required"].as_array().unwrap() {
            assert!(seen.iter().any(|path| *field == path.as_str()), "{name}.{field} was not tried");
        }
    }
}

#[test]
fn every_message_of_the_interface_is_tried() {
    // Whatever is a message stands in no other schema: it is never a part of anything.
    let (schemas, mut parts) = (schemas(), Vec::new());
    schemas.values().for_each(|schema| references(schema, &mut parts));
    let whole = schemas.keys().copied().filter(|name| !parts.iter().any(|part| part == name));
    assert_eq!(whole.collect::<Vec<_>>(), MESSAGES.map(|(name, _)| name));
}

/// The names of all that a schema refers to.
fn references(schema: &Json, found: &mut Vec<String>) {
    match schema {
        Json::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Json::as_str) {
                found.extend(reference.rsplit('/').next().map(str::to_owned));
            }
            fields.values().for_each(|field| references(field, found));
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Calls its argument with the path and the pointer of every required field.
type Visit<'v> = &'v mut dyn FnMut(&str, &str);

/// Walks a schema beside its example.
fn required_fields(schemas: &Schemas, schema: &Json, example: &Json, path: &str, pointer: &str, visit: Visit<'_>) {
    let named = |schema: &Json| match schema.get("$ref").and_then(Json::as_str) {
        Some(reference) => schemas[reference.rsplit('/').next().unwrap()].clone(),
        None => schema.clone(),
    };
    let mut schema = named(schema);
    if let Some(first) = schema.get("oneOf").and_then(|one_of| one_of.get(0)) {
        schema = named(first);
    }
    for name in schema.get("required").and_then(Json::as_array).into_iter().flatten() {
        let name = name.as_str().unwrap();
        visit(format!("{path}.{name}").trim_start_matches('.'), &format!("{pointer}/{name}"));
    }
    for (name, field) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
        let (field, example, deeper) = (named(field), &example[name], format!("{pointer}/{name}"));
        let path = format!("{path}.{name}");
        let path = path.trim_start_matches('.');
        match (field.get("items"), field.get("additionalProperties").filter(|values| values.is_object())) {
            (Some(items), _) => {
                required_fields(schemas, items, &example[0], &format!("{path}[0]"), &format!("{deeper}/0"), visit);
            }
            // A map by names of the sender's own choice: the example chooses them.
            (None, Some(values)) => {
                for (key, example) in example.as_object().unwrap() {
                    let (path, deeper) = (format!("{path}.{key}"), format!("{deeper}/{key}"));
                    required_fields(schemas, values, example, &path, &deeper, visit);
                }
            }
            (None, None) => required_fields(schemas, &field, example, path, &deeper, visit),
        }
    }
}
