//! What a channel says of its requests.

use serde_json::{Value as Json, json};
use vouchsafe_core::transaction::Kind;

use super::{Example, example, rand};
use crate::openapi::kinds::Described;

const CONFIRMATION_ID: &str = "7e92c5b8-1a04-4d3f-b6c1-94d8f3075a2e";
const REVERSAL_ID: &str = "0d6f6a4e-7d1b-4c39-8a57-1c0f9be7a2d4";

/// Confirmations of what the first example request was answered.
pub(in crate::openapi) fn confirmations(described: &Described) -> Vec<Example> {
    let confirmation = advice(&first((described.responses)()), CONFIRMATION_ID);
    let mut of_less = confirmation.clone();
    of_less["amounts"] = json!({ "approvedAmount": rand(4500) });
    let lesser = example("finalAmount", "For less than was authorised", of_less);
    let whole = match described.kind {
        Kind::Provision => {
            let mut paid = confirmation;
            paid["tenders"] = json!([{ "tenderType": "CASH", "amount": rand(5000) }]);
            example("paid", "Handed over, and paid in cash", paid)
        }
        Kind::Redemption | Kind::Refund => example("done", "For the whole amount", confirmation),
    };
    vec![whole, lesser]
}

/// Reversals of the first example request.
pub(in crate::openapi) fn reversals(described: &Described) -> Vec<Example> {
    let reversal = |message: &Json, reason: &str| {
        let mut reversal = advice(message, REVERSAL_ID);
        reversal["reversalReason"] = reason.into();
        reversal
    };
    let (request, response) = (first((described.requests)()), first((described.responses)()));
    vec![
        example("noAnswer", "There was no answer in time", reversal(&request, "TIMEOUT")),
        example("cancelled", "The customer has changed their mind", reversal(&response, "CANCELLED")),
    ]
}

/// What every advice about a request has: the references of its response, or its own if there was none.
fn advice(message: &Json, id: &str) -> Json {
    json!({
        "id": id,
        "requestId": message["id"],
        "time": "2026-11-26T12:00:00.000+02:00",
        "thirdPartyIdentifiers": message["thirdPartyIdentifiers"],
    })
}

fn first(examples: Vec<Example>) -> Json {
    examples.into_iter().next().map(|example| example.value).unwrap_or_default()
}
