//! Messages as a channel's developer will first send and see them.

use serde_json::{Value as Json, json};

use super::operations::Example;

/// The id of the request in every example.
pub(super) const REQUEST_ID: &str = "b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10";

pub(super) static PROVISION_REQUESTS: &[Example] = &[
    Example {
        name: "fixedPrice",
        summary: "A product of the catalogue with a fixed price",
        value: product_with_a_fixed_price,
    },
    Example {
        name: "chosenAmount",
        summary: "A product of any amount, paid in cash, for a customer",
        value: product_of_a_chosen_amount,
    },
    Example {
        name: "namedProvider",
        summary: "No product: the provider named knows what to sell for this amount",
        value: amount_from_a_named_provider,
    },
];

pub(super) static PROVISION_RESPONSES: &[Example] =
    &[Example { name: "sold", summary: "The answer to the first example request", value: sold }];

pub(super) static PRODUCTS_LOOKUP_RESPONSES: &[Example] =
    &[Example { name: "catalogue", summary: "A fixed price, a range, and any amount", value: listed_products }];
pub(super) static REVERSALS: &[Example] = &[
    Example { name: "noAnswer", summary: "There was no answer in time", value: reversal_after_silence },
    Example { name: "cancelled", summary: "The customer has changed their mind", value: cancellation },
];

/// The id of the advice in every example.
pub(super) const ADVICE_ID: &str = "0d6f6a4e-7d1b-4c39-8a57-1c0f9be7a2d4";

fn reversal_after_silence() -> Json {
    reversal("TIMEOUT")
}

fn cancellation() -> Json {
    reversal("CANCELLED")
}

fn reversal(reason: &str) -> Json {
    json!({
        "id": ADVICE_ID,
        "requestId": REQUEST_ID,
        "time": "2026-11-23T11:31:00.000+02:00",
        "thirdPartyIdentifiers": [
            { "institutionId": "demo-app", "transactionIdentifier": "order-1001" },
        ],
        "reversalReason": reason,
    })
}

/// What every request must have.
fn request() -> Json {
    json!({
        "id": REQUEST_ID,
        "time": "2026-11-23T11:30:00.000+02:00",
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
        "thirdPartyIdentifiers": [
            { "institutionId": "demo-app", "transactionIdentifier": "order-1001" },
        ],
    })
}

fn rand(minor_units: i64) -> Json {
    json!({ "amount": minor_units, "currency": "710" })
}

fn product_with_a_fixed_price() -> Json {
    let mut request = request();
    request["product"] = json!({ "productId": "AIRTIME50" });
    request
}

fn product_of_a_chosen_amount() -> Json {
    let mut request = request();
    request["product"] = json!({ "productId": "ELECTRICITY" });
    request["amounts"] = json!({ "requestAmount": rand(7500) });
    request["tenders"] = json!([{ "tenderType": "CASH", "amount": rand(7500) }]);
    request["recipient"] = json!({ "firstName": "Thandi", "msisdn": "+27821234567" });
    request
}

fn amount_from_a_named_provider() -> Json {
    let mut request = request();
    request["settlementEntity"] = json!({ "id": "simulated-full", "name": "Simulated provider" });
    request["amounts"] = json!({ "requestAmount": rand(10_000) });
    request
}

fn sold() -> Json {
    let mut response = product_with_a_fixed_price();
    response["time"] = "2026-11-23T09:30:00.412Z".into();
    response["thirdPartyIdentifiers"] = json!([
        { "institutionId": "demo-app", "transactionIdentifier": "order-1001" },
        { "institutionId": "vouchsafe", "transactionIdentifier": "17" },
        { "institutionId": "simulated-full", "transactionIdentifier": "sale-93" },
    ]);
    response["amounts"] = json!({ "approvedAmount": rand(5000) });
    response["voucher"] = json!({
        "code": "1234-5678-9012-3456",
        "expiryDate": "2029-11-23T09:30:00.000Z",
        "redeemInstructions": ["Dial *130*123# and enter the code"],
        "serialNumber": "SN00000017",
    });
    response
}

fn listed_products() -> Json {
    json!({ "products": [
        {
            "productId": "AIRTIME50",
            "barcode": "2000000000022",
            "name": "Kudu Mobile airtime R50",
            "amount": rand(5000),
            "isFixedValue": true,
            "channelProductListings": [
                { "channelName": "demo-app", "productDisplayName": "R50 airtime", "productDisplayCategory": "Airtime" },
            ],
            "receiver": { "id": "kudu-mobile", "name": "Kudu Mobile" },
        },
        { "productId": "AIRTIME", "minAmount": rand(500), "maxAmount": rand(100_000), "isFixedValue": false },
        { "productId": "ELECTRICITY", "isFixedValue": false },
    ]})
}
