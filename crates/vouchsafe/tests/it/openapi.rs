//! The description: fresh, whole, true to what the switch answers, and readable.

mod allowed;
mod page;

use std::collections::BTreeSet;
use std::path::Path;

use http::Request;
use http_body_util::Full;
use serde_json::{Value as Json, json};
use vouchsafe::live_catalogue::LiveCatalogue;
use vouchsafe::openapi;
use vouchsafe_core::error_detail::ErrorDetail;
use vouchsafe_core::message::{BasicReversal, ProductsLookupResponse, ProvisionRequest, ProvisionResponse};
use vouchsafe_wire::{Manner, Message};

use crate::world::{Answer, ProviderStub, Setup, Switch, request, reversal};
use allowed::faults;

fn document() -> Json {
    openapi::document("/suv/v1")
}

/// Every operation of a document, with its path and method.
fn operations(document: &Json) -> impl Iterator<Item = (&str, &str, &Json)> {
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
        let told = match schema["$ref"].as_str().unwrap().rsplit('/').next().unwrap() {
            "ProvisionRequest" => read::<ProvisionRequest>(&body),
            "ProvisionResponse" => read::<ProvisionResponse>(&body),
            "ProductsLookupResponse" => read::<ProductsLookupResponse>(&body),
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
fn the_base_path_is_the_configured_one() {
    let document = openapi::document("/switch/v9");
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "/switch/v9/vouchers",
            "/switch/v9/vouchers/{provisionId}/retry",
            "/switch/v9/vouchers/reversals",
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

/// Whether an answer is one that an operation is described to give.
fn check(operation: &Json, answer: &Answer) {
    let document = document();
    let described = &operation["responses"][answer.status.to_string()];
    assert!(described.is_object(), "{} is not described", answer.status);
    for (name, _) in described["headers"].as_object().unwrap() {
        assert!(answer.header(name).is_some(), "{} has no {name}", answer.status);
    }
    let content_type = answer.header("content-type").unwrap().split(';').next().unwrap();
    let content = &described["content"][content_type];
    assert!(content.is_object(), "{} as {content_type} is not described", answer.status);
    if content_type == "application/json" {
        assert_eq!(faults(&document, &content["schema"], &answer.json()), [""; 0], "{}", answer.status);
    }
}

#[tokio::test]
async fn what_the_switch_answers_is_as_described() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    let document = document();
    let provision = &document["paths"]["/suv/v1/vouchers"]["post"];
    let sale = request("app");
    let mut elsewhere = request("app");
    elsewhere["client"]["id"] = json!("other");
    let nonsense = json!({"colour": "red"});
    for (body, status) in [(&sale, 201), (&sale, 400), (&elsewhere, 400), (&nonsense, 400)] {
        let answer = channel.provision(body).await;
        assert_eq!(answer.status, status);
        check(provision, &answer);
    }
    let lookup = &document["paths"]["/suv/v1/products"]["get"];
    for (query, status) in [("", 501), ("?colour=red", 400)] {
        let answer = channel.products(query).await;
        assert_eq!(answer.status, status);
        check(lookup, &answer);
    }
    let mut crowded = Setup::to(provider.base_url());
    (crowded.limits.requests, crowded.limits.advices) = (0, 0);
    let crowded = Switch::start(crowded).await;
    let crowded = crowded.channel("app");
    for (operation, answer, status) in [
        (lookup, crowded.products("").await, 503),
        (provision, crowded.provision(&sale).await, 503),
        (&document["paths"]["/suv/v1/vouchers/{provisionId}/retry"]["post"], crowded.retry(&sale).await, 429),
        (&document["paths"]["/suv/v1/vouchers/reversals"]["post"], crowded.reverse(&reversal(&sale)).await, 429),
    ] {
        assert_eq!(answer.status, status);
        check(operation, &answer);
    }
    let catalogue = LiveCatalogue::fixed(vouchsafe::config::catalogue::demo());
    let selling = Switch::start(Setup { catalogue, ..Setup::to(provider.base_url()) }).await;
    let listed = selling.channel("app").products("").await;
    assert_eq!(listed.status, 200);
    check(lookup, &listed);
    let huge = channel.post("/suv/v1/vouchers", vec![b' '; 1 << 20]).await;
    assert_eq!(huge.status, 413);
    check(provision, &huge);
    let anonymous = Request::post(format!("http://{}/suv/v1/vouchers", switch.address)).body(Full::default()).unwrap();
    let anonymous = channel.send(anonymous).await.unwrap();
    assert_eq!(anonymous.status, 401);
    check(provision, &anonymous);
    let retry = &document["paths"]["/suv/v1/vouchers/{provisionId}/retry"]["post"];
    let mut other = sale.clone();
    other["basketRef"] = json!("another");
    for (body, status) in [(&sale, 201), (&other, 400)] {
        let answer = channel.retry(body).await;
        assert_eq!(answer.status, status);
        check(retry, &answer);
    }
    let reverse = &document["paths"]["/suv/v1/vouchers/reversals"]["post"];
    for (body, status) in [(reversal(&sale), 202), (reversal(&request("app")), 404), (nonsense, 400)] {
        let answer = channel.reverse(&body).await;
        assert_eq!(answer.status, status);
        check(reverse, &answer);
    }
    for (path, method, operation) in operations(&document) {
        if method == "get" && operation["security"] == json!([]) {
            check(operation, &channel.get(path).await);
        }
    }
}
