//! What a channel is told when it asks.

use serde_json::json;

use super::{CODE, Example, example, rand, reference};

pub(in crate::openapi) fn voucher() -> Vec<Example> {
    let worth = json!({ "amount": 5000, "currency": "710", "ledgerIndicator": "CREDIT" });
    let voucher = json!({ "code": CODE, "expiryDate": "2029-11-23T09:30:00.000Z", "serialNumber": "SN00000017" });
    let known = json!({
        "voucher": voucher,
        "receiver": { "id": "kudu-mobile", "name": "Kudu Mobile" },
        "amounts": { "approvedAmount": worth },
        "product": { "productId": "AIRTIME50" },
        "thirdPartyIdentifiers": [reference("simulated-full", "sale-93")],
    });
    let mut by_number = known.clone();
    by_number["voucher"] = json!({ "expiryDate": "2029-11-23T09:30:00.000Z", "serialNumber": "SN00000017" });
    vec![
        example("known", "Asked by its code, or by the channel that sold it", known),
        example("bySerialNumber", "Asked by its serial number: the code is not told", by_number),
    ]
}

pub(in crate::openapi) fn products() -> Vec<Example> {
    let listed = json!({ "products": [
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
    ]});
    vec![example("catalogue", "A fixed price, a range, and any amount", listed)]
}
