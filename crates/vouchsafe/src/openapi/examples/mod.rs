//! Messages as a channel's developer will first send and see them: one voucher from its sale to its refund.

mod advices;
mod lookups;
mod requests;
mod responses;

use serde_json::{Value as Json, json};

pub(super) use advices::{confirmations, reversals};
pub(super) use lookups::{products, voucher};
pub(super) use requests::{provision_requests, redemption_requests, refund_requests};
pub(super) use responses::{provision_responses, redemption_responses, refund_responses};

/// One example of a message.
#[derive(Clone)]
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) value: Json,
}

/// The id of the sale in every example.
pub(super) const PROVISION_ID: &str = "b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10";

/// The id of the redemption in every example.
pub(super) const REDEMPTION_ID: &str = "5f0c7a1e-93b4-4f27-8d6b-e21a40c9b7d3";

/// The id of the refund in every example.
const REFUND_ID: &str = "c41d9e83-27fa-4b60-b1c5-7a0e6d58f294";

/// The code of the voucher in every example.
const CODE: &str = "1234-5678-9012-3456";

const fn example(name: &'static str, summary: &'static str, value: Json) -> Example {
    Example { name, summary, value }
}

fn rand(minor_units: i64) -> Json {
    json!({ "amount": minor_units, "currency": "710" })
}

/// A party's own reference.
fn reference(institution: &str, own: &str) -> Json {
    json!({ "institutionId": institution, "transactionIdentifier": own })
}
