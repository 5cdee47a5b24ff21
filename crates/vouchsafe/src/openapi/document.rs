//! Makes the OpenAPI document of the table of operations and the schemas of the wire.

use http::StatusCode;
use serde_json::{Map, Value as Json, json};
use vouchsafe_wire::schemas;

use super::examples::REQUEST_ID;
use super::operations::{Answer, Body, Example, Message, OPERATIONS, Operation, Topic};
use super::refusals::Case;

/// What a channel may conclude from a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// What was asked for has happened.
    Success,
    /// It has not, or will be undone.
    Failed,
    /// It may have.
    Unknown,
}

impl Reading {
    /// How a channel reads a status.
    pub(super) fn of(status: StatusCode) -> Self {
        match status {
            _ if status.is_success() => Self::Success,
            StatusCode::INTERNAL_SERVER_ERROR | StatusCode::GATEWAY_TIMEOUT => Self::Unknown,
            _ => Self::Failed,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }
}

/// The OpenAPI 3.1 description of the service, its operations below `base_path` (which has no slash at its end).
#[must_use]
pub fn document(base_path: &str) -> Json {
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
        "paths": paths(base_path),
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
            "parameters": parameters(),
            "headers": headers(base_path),
            "schemas": schemas(),
        },
    })
}

/// Everything that may stand beside a request's body.
fn parameters() -> Json {
    json!({
        "X-Request-Id": {
            "name": "X-Request-Id",
            "in": "header",
            "description": "The caller's own name for this call, repeated in the answer and in the switch's log: up to 100 \
                            visible ASCII characters. The switch makes one up where there is none, or none that is sound.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$" },
            "example": "till-7-000123",
        },
        "provisionId": {
            "name": "provisionId",
            "in": "path",
            "required": true,
            "description": "The `id` of the first request, which is also the body's.",
            "schema": { "type": "string", "minLength": 36, "maxLength": 36 },
            "example": REQUEST_ID,
        },
        "channelName": {
            "name": "channelName",
            "in": "query",
            "description": "Your channel's own name; products are listed for no other.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 50 },
            "example": "demo-app",
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
            "description": "Where the voucher is looked up, once the switch serves lookups.",
            "schema": { "type": "string", "format": "uri-reference" },
            "example": format!("{base_path}/vouchers?provisionRequestId={REQUEST_ID}"),
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
fn paths(base_path: &str) -> Json {
    let mut paths = Map::new();
    for described in OPERATIONS {
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
    let parameters = described.parameters.iter().copied().chain(["X-Request-Id"]);
    let parameters: Vec<_> =
        parameters.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })).collect();
    operation["parameters"] = parameters.into();
    if let Some(request) = &described.request {
        operation["requestBody"] = json!({ "required": true, "content": message(request) });
    }
    let mut responses = Map::new();
    for answered in described.answers {
        responses.insert(answered.status.as_str().to_owned(), answer(answered, described.topic));
    }
    operation["responses"] = responses.into();
    operation
}

fn answer(answered: &Answer, topic: Topic) -> Json {
    let mut headers = Map::new();
    for name in answered.headers.iter().copied().chain(["X-Request-Id"]) {
        headers.insert(name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }));
    }
    let description = if topic.is_for_channels() {
        format!("{}: {}", Reading::of(answered.status).name(), answered.meaning)
    } else {
        answered.meaning.to_owned()
    };
    json!({ "description": description, "headers": headers, "content": content(&answered.body) })
}

fn content(body: &Body) -> Json {
    match body {
        Body::Message(described) => message(described),
        Body::Refusal(cases) => refusal(cases.iter().copied().flatten()),
        Body::Text(texts) => {
            let examples: Map<_, _> =
                texts.iter().map(|text| (text.trim_end().replace(' ', "-"), json!({ "value": text }))).collect();
            json!({ "text/plain": { "schema": { "type": "string" }, "examples": examples } })
        }
        Body::Description => json!({ "application/json": { "schema": { "type": "object" } } }),
        Body::Figures => json!({ "application/openmetrics-text": { "schema": { "type": "string" } } }),
        Body::Page => json!({ "text/html": { "schema": { "type": "string" } } }),
    }
}

fn message(described: &Message) -> Json {
    let example = |example: &Example| {
        (example.name.to_owned(), json!({ "summary": example.summary, "value": (example.value)() }))
    };
    let examples: Map<_, _> = described.examples.iter().map(example).collect();
    json_of(described.schema, examples)
}

/// The error body, with an example for each type that it may have here.
fn refusal<'a>(cases: impl Iterator<Item = &'a Case>) -> Json {
    let example =
        |case: &Case| (case.error_type.name().to_owned(), json!({ "summary": case.when, "value": case.example() }));
    json_of("ErrorDetail", cases.map(example).collect())
}

fn json_of(schema: &str, examples: Map<String, Json>) -> Json {
    let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
    json!({ "application/json": { "schema": schema, "examples": examples } })
}
