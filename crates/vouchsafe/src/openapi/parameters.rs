//! Everything that may stand beside a request's body.

use serde_json::{Map, Value as Json, json};
use vouchsafe_core::message::VoucherQuery;
use vouchsafe_wire::query::Query;

use super::examples::{PROVISION_ID, REDEMPTION_ID};
use super::operation::Operation;

/// The name of the one that stands beside every request.
pub(super) const REQUEST_ID: &str = "X-Request-Id";

/// The parameters of all operations, by the names under which these refer to them. One that has an example of its own
/// is part of the command that the page shows.
pub(super) fn parameters(operations: &[Operation]) -> Json {
    let mut parameters = Map::new();
    parameters.insert(REQUEST_ID.to_owned(), request_id());
    for operation in operations {
        for name in in_path(&operation.path) {
            parameters.insert(name.to_owned(), path_parameter(name));
        }
        for (name, schema) in &operation.query {
            parameters.insert(name.clone(), query_parameter(name, schema));
        }
    }
    parameters.into()
}

/// The names of an operation's parameters: those of its path, of its query, and of every request.
pub(super) fn names(operation: &Operation) -> impl Iterator<Item = &str> {
    let query = operation.query.keys().map(String::as_str);
    in_path(&operation.path).chain(query).chain([REQUEST_ID])
}

/// What stands in a path in braces.
fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn request_id() -> Json {
    json!({
        "name": REQUEST_ID,
        "in": "header",
        "description": "The caller's own name for this call, repeated in the answer and in the switch's log: up to 100 \
                        visible ASCII characters. The switch makes one up where there is none, or none that is sound.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]+$" },
        "example": "till-7-000123",
    })
}

/// All that stands in paths are ids of requests.
fn path_parameter(name: &str) -> Json {
    let (description, example) = match name {
        "provisionId" => ("The `id` of the first request, which is also the body's.", PROVISION_ID),
        "requestId" => ("The `id` of the redemption.", REDEMPTION_ID),
        // A test sees that every parameter is described.
        _ => ("", ""),
    };
    json!({
        "name": name,
        "in": "path",
        "required": true,
        "description": description,
        "schema": VoucherQuery::parameters()["provisionRequestId"],
        "example": example,
    })
}

fn query_parameter(name: &str, schema: &Json) -> Json {
    let (description, example) = match name {
        "channelName" => ("Your channel's own name; products are listed for no other.", None),
        "voucherCode" => ("The code that the customer holds.", None),
        "provisionRequestId" => ("The `id` of the request by which your channel sold it.", Some(PROVISION_ID)),
        "voucherSerialNumber" => ("The number that stands on its outside.", None),
        "receiverInstId" => ("Who issued it, if you know: helps to find whom to ask.", None),
        "settlementEntityInstId" => ("With whom its sale is settled, if you know: decides whom to ask.", None),
        // As above.
        _ => ("", None),
    };
    let mut parameter = json!({ "name": name, "in": "query", "description": description, "schema": schema });
    if let Some(example) = example {
        parameter["example"] = example.into();
    }
    parameter
}
