//! Makes the OpenAPI document of the table of operations and the schemas of the wire.

use http::StatusCode;
use serde_json::{Map, Value as Json, json};
use vouchsafe_wire::schemas;

use super::examples::{Example, PROVISION_ID, REDEMPTION_ID};
use super::operation::{Answer, Body, Message, Operation, Topic};
use super::operations::operations;
use super::parameters;
use super::refusals::{Case, Subject};

/// What a channel may conclude from a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// What was asked for has happened.
    Success,
    /// It has not, or will be undone.
    Failed,
    /// What was sent about an earlier request was refused itself, which says nothing of that request.
    Refused,
    /// It may have.
    Unknown,
}

impl Reading {
    /// How a channel reads a status of the operation on a path.
    pub(super) fn of(status: StatusCode, path: &str) -> Self {
        let is_about_another = ["/retry", "/confirmations", "/reversals"].iter().any(|end| path.ends_with(end));
        match status {
            _ if status.is_success() => Self::Success,
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::GATEWAY_TIMEOUT => Self::Unknown,
            // A retry's 503 and everybody's 404 are about the request.
            StatusCode::NOT_FOUND | StatusCode::SERVICE_UNAVAILABLE => Self::Failed,
            _ if is_about_another => Self::Refused,
            _ => Self::Failed,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::Refused => "Refused",
            Self::Unknown => "Unknown",
        }
    }
}

/// The OpenAPI 3.1 description of the service, its operations below `base_path` (which has no slash at its end).
#[must_use]
pub fn document(base_path: &str) -> Json {
    let operations = operations();
    let topics: Vec<_> =
        Topic::ALL.iter().map(|topic| json!({ "name": topic.name(), "description": topic.description() })).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Vouchsafe, a digital-voucher switch",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "One durable answer for every voucher sold",
            "description": include_str!("overview.md"),
            "license": { "name": "Apache License 2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "The switch that serves this description" }],
        "security": [{ "basic": [] }, { "token": [] }],
        "tags": topics,
        "paths": paths(&operations, base_path),
        "components": {
            "securitySchemes": {
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "The user name is the channel's id, which is also the `client.id` of its requests.",
                },
                "token": {
                    "type": "oauth2",
                    "description": "A bearer token, got with the user name and the secret. There are no scopes: a token \
                                    allows what its channel may do. `/oauth/revoke` takes one back (RFC 7009).",
                    "flows": {
                        "clientCredentials": { "tokenUrl": "/oauth/token", "scopes": {} },
                        "password": { "tokenUrl": "/oauth/token", "scopes": {} },
                    },
                },
            },
            "parameters": parameters::parameters(&operations),
            "headers": headers(base_path),
            "schemas": schemas(),
        },
    })
}

/// Every header that an answer may carry.
fn headers(base_path: &str) -> Json {
    json!({
        "X-Request-Id": {
            "description": "The name of this call: the caller's own, or one that the switch made up.",
            "required": true,
            "schema": { "type": "string" },
            "example": "till-7-000123",
        },
        "Location": {
            "description": "Where to ask about it later: a voucher by the id of its provision, a redemption by its own. That \
                            of a refund only names it; refunds are not looked up.",
            "schema": { "type": "string", "format": "uri-reference" },
            "example": format!("{base_path}/vouchers?provisionRequestId={PROVISION_ID}"),
        },
        "X-Catalogue-Age": {
            "description": "How many seconds ago the catalogue's file was last found to say what is listed here.",
            "schema": { "type": "integer", "minimum": 0 },
            "example": 3,
        },
        "X-Catalogue-Stale": {
            "description": "Whether the catalogue's file says something else by now, which cannot be used.",
            "schema": { "type": "boolean" },
            "example": false,
        },
        "Retry-After": {
            "description": "After how many seconds to ask again.",
            "schema": { "type": "integer", "minimum": 0 },
            "example": 1,
        },
        "WWW-Authenticate": {
            "description": "How to say who you are.",
            "schema": { "type": "string" },
            "example": "Basic realm=\"vouchsafe\", charset=\"UTF-8\"",
        },
    })
}

/// The operations, by path and method.
fn paths(operations: &[Operation], base_path: &str) -> Json {
    let mut paths = Map::new();
    for described in operations {
        let base_path = if described.topic.is_for_channels() { base_path } else { "" };
        let methods = paths.entry(format!("{base_path}{}", described.path)).or_insert_with(|| json!({}));
        methods[described.method.as_str().to_ascii_lowercase()] = operation(described);
    }
    paths.into()
}

fn operation(described: &Operation) -> Json {
    let mut operation = json!({
        "operationId": described.id,
        "tags": [described.topic.name()],
        "summary": described.summary,
        "description": described.description,
    });
    if !described.topic.is_for_channels() {
        operation["security"] = json!([]);
    }
    let reference = |name: &str| json!({ "$ref": format!("#/components/parameters/{name}") });
    operation["parameters"] = parameters::names(described).map(reference).collect();
    if let Some(request) = &described.request {
        operation["requestBody"] = json!({ "required": true, "content": message(request) });
    }
    let mut responses = Map::new();
    let subject = subject(described);
    for answered in &described.answers {
        responses.insert(answered.status.as_str().to_owned(), answer(answered, described, &subject));
    }
    operation["responses"] = responses.into();
    operation
}

/// What the examples of an operation's refusals are about: its own first example.
fn subject(described: &Operation) -> Subject {
    let Some(message) = described.request.as_ref().and_then(|request| request.examples.first()) else {
        let names_one = described.path.ends_with("/{requestId}");
        return Subject { id: names_one.then(|| REDEMPTION_ID.into()), original_id: None };
    };
    Subject { id: message.value.get("id").cloned(), original_id: message.value.get("requestId").cloned() }
}

fn answer(answered: &Answer, described: &Operation, subject: &Subject) -> Json {
    let mut headers = Map::new();
    for name in answered.headers.iter().copied().chain(["X-Request-Id"]) {
        headers.insert(name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    }
    let description = if described.topic.is_for_channels() {
        format!("{}: {}", Reading::of(answered.status, &described.path).name(), answered.meaning)
    } else {
        answered.meaning.to_owned()
    };
    let mut answer = json!({ "description": description, "headers": headers });
    if let Some(content) = content(&answered.body, subject) {
        answer["content"] = content;
    }
    answer
}

fn content(body: &Body, subject: &Subject) -> Option<Json> {
    Some(match body {
        Body::Nothing => return None,
        Body::Message(described) => message(described),
        Body::Refusal(cases) => refusal(cases, subject),
        Body::Text(texts) => {
            let examples: Map<_, _> =
                texts.iter().map(|text| (text.trim_end().replace(' ', "-"), json!({ "value": text }))).collect();
            json!({ "text/plain": { "schema": { "type": "string" }, "examples": examples } })
        }
        Body::Description => json!({ "application/json": { "schema": { "type": "object" } } }),
        Body::Figures => json!({ "application/openmetrics-text": { "schema": { "type": "string" } } }),
        Body::Page => json!({ "text/html": { "schema": { "type": "string" } } }),
    })
}

fn message(described: &Message) -> Json {
    let example =
        |example: &Example| (example.name.to_owned(), json!({ "summary": example.summary, "value": example.value }));
    let examples: Map<_, _> = described.examples.iter().map(example).collect();
    json_of(described.schema, examples)
}

/// The error body, with an example for each type that it may have here.
fn refusal(cases: &[Case], subject: &Subject) -> Json {
    let example = |case: &Case| {
        (case.error_type.name().to_owned(), json!({ "summary": case.when, "value": case.example(subject) }))
    };
    json_of("ErrorDetail", cases.iter().map(example).collect())
}

fn json_of(schema: &str, examples: Map<String, Json>) -> Json {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "application/json": { "schema": schema, "examples": examples } })
}
