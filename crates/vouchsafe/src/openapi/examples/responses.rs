//! What a channel is answered, each to the first example of its request.

use serde_json::{Value as Json, json};

use super::requests::{product_with_a_fixed_price, whole_redemption, whole_refund};
use super::{CODE, Example, example, rand, reference};

pub(in crate::openapi) fn provision_responses() -> Vec<Example> {
    vec![example("sold", "The answer to the first example request", sold())]
}

pub(in crate::openapi) fn redemption_responses() -> Vec<Example> {
    vec![example("redeemed", "The answer to the first example request", redeemed())]
}

pub(in crate::openapi) fn refund_responses() -> Vec<Example> {
    vec![example("refunded", "The answer to the first example request", refunded())]
}

/// A request as it is answered: with the references of switch and provider, and the amount that the provider granted.
fn answered(mut request: Json, time: &str, number: &str, provider_reference: &str) -> Json {
    request["time"] = time.into();
    if let Some(references) = request["thirdPartyIdentifiers"].as_array_mut() {
        references.push(reference("vouchsafe", number));
        references.push(reference("simulated-full", provider_reference));
    }
    request["amounts"] = json!({ "approvedAmount": rand(5000) });
    request
}

fn sold() -> Json {
    let mut response = answered(product_with_a_fixed_price(), "2026-11-23T09:30:00.412Z", "17", "sale-93");
    response["voucher"] = json!({
        "code": CODE,
        "expiryDate": "2029-11-23T09:30:00.000Z",
        "redeemInstructions": ["Dial *130*123# and enter the code"],
        "serialNumber": "SN00000017",
    });
    response
}

fn redeemed() -> Json {
    let mut response = answered(whole_redemption(), "2026-11-25T14:04:00.287Z", "31", "redemption-40");
    response["amounts"]["balanceAmount"] = rand(0);
    response["voucher"]["serialNumber"] = "SN00000017".into();
    response
}

fn refunded() -> Json {
    let mut response = answered(whole_refund(), "2026-11-26T07:15:00.305Z", "38", "refund-6");
    if let Some(fields) = response.as_object_mut() {
        // The one field of a request that its response does not repeat.
        fields.remove("redemptionId");
    }
    response
}
