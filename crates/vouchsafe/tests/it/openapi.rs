//! The description: fresh, whole, true to what the switch answers, and readable.

pub(crate) mod allowed;
mod answers;
mod obedient;
mod page;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value as Json;
use vouchsafe::openapi;
use vouchsafe_core::error_detail::ErrorDetail;
use vouchsafe_core::message::{
    BasicAdvice, BasicReversal, ProductsLookupResponse, ProvisionRequest, ProvisionResponse, RedemptionRequest,
    RedemptionResponse, RefundRequest, RefundResponse, TenderAdvice, VoucherLookupResponse,
};
use vouchsafe_wire::{Manner, Message};

use allowed::faults;

fn document() -> Json {
    openapi::document("/suv/v1")
}

/// Every operation of a document, with its path and method.
pub(crate) fn operations(document: &Json) -> impl Iterator<Item = (&str, &str, &Json)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, methods)| {
        methods.as_object().unwrap().iter().map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Calls `visit` with every object in a document.
fn walk<'a>(json: &'a Json, visit: &mut impl FnMut(&'a Json)) {
    match json {
        Json::Object(members) => {
            visit(json);
            members.values().for_each(|member| walk(member, visit));
        }
        Json::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        _ => {}
    }
}

#[test]
fn the_checked_in_description_is_fresh() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json");
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == openapi::text(),
        "openapi.json at the root of the repository is stale; make it anew: cargo run -- openapi --output openapi.json"
    );
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut count = 0;
    walk(&document, &mut |object| {
        let Some(reference) = object["$ref"].as_str() else { return };
        let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
        assert!(target.is_some(), "{reference} leads nowhere");
        count += 1;
    });
    assert!(count > 0);
}

#[test]
fn every_schema_has_an_example_that_it_allows() {
    let document = document();
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let examples = schema["examples"].as_array().map_or(&[][..], Vec::as_slice);
        assert!(!examples.is_empty(), "{name} has no example");
        for example in examples {
            assert_eq!(faults(&document, schema, example), [""; 0], "{name}");
        }
    }
    walk(&document, &mut |object| {
        if object["type"].is_string() {
            for example in object["examples"].as_array().into_iter().flatten() {
                assert_eq!(faults(&document, object, example), [""; 0]);
            }
        }
    });
}

/// The examples of all JSON bodies of a document, with their schemas.
fn bodies(document: &Json) -> Vec<(&Json, &Json)> {
    let mut bodies = Vec::new();
    walk(document, &mut |object| {
        let content = &object["content"]["application/json"];
        for example in content["examples"].as_object().into_iter().flatten().map(|(_, example)| example) {
            bodies.push((&content["schema"], &example["value"]));
        }
    });
    bodies
}

#[test]
fn every_example_body_is_allowed_and_is_read_by_the_switch_itself() {
    fn read<M: Message>(body: &[u8]) -> Vec<String> {
        let told = M::read(body, Manner::Strict).err().map_or_else(Vec::new, |malformed| malformed.errors);
        told.into_iter().map(|error| error.message).collect()
    }
    let document = document();
    let bodies = bodies(&document);
    assert!(!bodies.is_empty());
    for (schema, example) in bodies {
        assert_eq!(faults(&document, schema, example), [""; 0], "{example}");
        let body = example.to_string().into_bytes();
        let told = match referred(schema) {
            "ProvisionRequest" => read::<ProvisionRequest>(&body),
            "ProvisionResponse" => read::<ProvisionResponse>(&body),
            "RedemptionRequest" => read::<RedemptionRequest>(&body),
            "RedemptionResponse" => read::<RedemptionResponse>(&body),
            "RefundRequest" => read::<RefundRequest>(&body),
            "RefundResponse" => read::<RefundResponse>(&body),
            "ProductsLookupResponse" => read::<ProductsLookupResponse>(&body),
            "VoucherLookupResponse" => read::<VoucherLookupResponse>(&body),
            "TenderAdvice" => read::<TenderAdvice>(&body),
            "BasicAdvice" => read::<BasicAdvice>(&body),
            "BasicReversal" => read::<BasicReversal>(&body),
            "ErrorDetail" => read::<ErrorDetail>(&body),
            other => panic!("nothing here reads {other}: add it"),
        };
        assert_eq!(told, [""; 0], "{example}");
    }
}

#[test]
fn operations_have_names_of_their_own() {
    let document = document();
    let names: Vec<_> =
        operations(&document).map(|(_, _, operation)| operation["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
}

#[test]
fn every_parameter_is_described_with_an_example_that_it_allows() {
    let document = document();
    let parameters = document["components"]["parameters"].as_object().unwrap();
    for (path, _, operation) in operations(&document) {
        let names: Vec<_> = operation["parameters"].as_array().unwrap().iter().map(referred).collect();
        for in_path in path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')) {
            assert!(names.contains(&in_path), "{path}");
        }
    }
    for (name, parameter) in parameters {
        assert!(!parameter["description"].as_str().unwrap().is_empty(), "{name} is not described");
        let schema = &parameter["schema"];
        let example = parameter.get("example").unwrap_or(&schema["examples"][0]);
        assert_eq!(faults(&document, schema, example), [""; 0], "{name}");
    }
}

/// The name to which a reference leads.
fn referred(reference: &Json) -> &str {
    reference["$ref"].as_str().unwrap().rsplit('/').next().unwrap()
}

#[test]
fn the_base_path_is_the_configured_one() {
    let document = openapi::document("/switch/v9");
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "/switch/v9/vouchers",
            "/switch/v9/vouchers/{provisionId}/retry",
            "/switch/v9/vouchers/confirmations",
            "/switch/v9/vouchers/reversals",
            "/switch/v9/redemptions",
            "/switch/v9/redemptions/confirmations",
            "/switch/v9/redemptions/reversals",
            "/switch/v9/redemptions/{requestId}",
            "/switch/v9/refunds",
            "/switch/v9/refunds/confirmations",
            "/switch/v9/refunds/reversals",
            "/switch/v9/products",
            "/health/live",
            "/health/ready",
            "/metrics",
            "/openapi.json",
            "/docs"
        ]
    );
    assert!(!document.to_string().contains("/suv/v1"), "no other base path is told");
}
