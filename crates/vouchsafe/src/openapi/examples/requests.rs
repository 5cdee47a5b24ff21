//! What a channel asks for.

use serde_json::{Value as Json, json};

use super::{CODE, Example, PROVISION_ID, REDEMPTION_ID, REFUND_ID, example, rand, reference};

pub(in crate::openapi) fn provision_requests() -> Vec<Example> {
    vec![
        example("fixedPrice", "A product of the catalogue with a fixed price", product_with_a_fixed_price()),
        example("chosenAmount", "A product of any amount, paid in cash, for a customer", product_of_a_chosen_amount()),
        example(
            "namedProvider",
            "No product: the provider named knows what to sell for this amount",
            amount_from_a_named_provider(),
        ),
    ]
}

pub(in crate::openapi) fn redemption_requests() -> Vec<Example> {
    vec![
        example("whole", "All that the voucher is worth", whole_redemption()),
        example("part", "A part of it, typed in for a customer at a till", part_of_a_voucher()),
    ]
}

pub(in crate::openapi) fn refund_requests() -> Vec<Example> {
    vec![
        example("whole", "All that the redemption took", whole_refund()),
        example("part", "A part of it", part_of_a_redemption()),
    ]
}

/// What every request must have. `order` is the channel's own reference.
fn request(id: &str, time: &str, order: &str) -> Json {
    json!({
        "id": id,
        "time": time,
        "originator": {
            "institution": { "id": "demo-app", "name": "Demo App" },
            "terminalId": "APP00001",
            "merchant": {
                "merchantType": "5411",
                "merchantId": "000000000012345",
                "merchantName": { "name": "Corner Shop", "city": "Cape Town", "region": "WC", "country": "ZA" },
            },
        },
        "client": { "id": "demo-app", "name": "Demo App" },
        "thirdPartyIdentifiers": [reference("demo-app", order)],
    })
}

fn provision() -> Json {
    request(PROVISION_ID, "2026-11-23T11:30:00.000+02:00", "order-1001")
}

pub(super) fn product_with_a_fixed_price() -> Json {
    let mut request = provision();
    request["product"] = json!({ "productId": "AIRTIME50" });
    request
}

fn product_of_a_chosen_amount() -> Json {
    let mut request = provision();
    request["product"] = json!({ "productId": "ELECTRICITY" });
    request["amounts"] = json!({ "requestAmount": rand(7500) });
    request["tenders"] = json!([{ "tenderType": "CASH", "amount": rand(7500) }]);
    request["recipient"] = json!({ "firstName": "Thandi", "msisdn": "+27821234567" });
    request
}

fn amount_from_a_named_provider() -> Json {
    let mut request = provision();
    request["settlementEntity"] = json!({ "id": "simulated-full", "name": "Simulated provider" });
    request["amounts"] = json!({ "requestAmount": rand(10_000) });
    request
}

pub(super) fn whole_redemption() -> Json {
    let mut request = request(REDEMPTION_ID, "2026-11-25T16:04:00.000+02:00", "basket-88");
    request["voucher"] = json!({ "code": CODE });
    request
}

fn part_of_a_voucher() -> Json {
    let mut request = whole_redemption();
    request["amounts"] = json!({ "requestAmount": rand(3000) });
    request["posInfo"] = json!({ "entryMode": { "panEntryMode": "MANUAL", "pinEntryCapability": "CANNOT_ACCEPT" } });
    request["customer"] = json!({ "firstName": "Thandi" });
    request
}

pub(super) fn whole_refund() -> Json {
    let mut request = request(REFUND_ID, "2026-11-26T09:15:00.000+02:00", "return-12");
    request["voucher"] = json!({ "code": CODE });
    request["redemptionId"] = REDEMPTION_ID.into();
    request
}

fn part_of_a_redemption() -> Json {
    let mut request = whole_refund();
    request["amounts"] = json!({ "requestAmount": rand(2000) });
    request
}
