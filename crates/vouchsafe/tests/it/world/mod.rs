//! Who takes part in a test: a switch, the channels that call it, the provider that it calls.

mod audited;
mod certificates;
mod channel;
mod channel_log;
mod frames;
mod meddled_store;
mod provider_stub;
mod sandbox;
mod shim;
mod simulated;
mod switch;
mod unreliable;

use std::time::Duration;

use serde_json::{Value as Json, json};
use vouchsafe::config::{self, Allowance, SecretHash};
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::Kind;

pub(crate) use audited::{audited, is_settled};
pub(crate) use certificates::{Authority, Pair, TlsFolder, connect};
pub(crate) use channel::{Answer, Channel, path};
pub(crate) use channel_log::ChannelLog;
pub(crate) use frames::{
    DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, frame, next_frame, only_answer_pings,
};
pub(crate) use meddled_store::{MeddledStore, Meddler, Verb};
pub(crate) use provider_stub::{CODE, ProviderStub, approval, approve, take};
pub(crate) use sandbox::Sandbox;
pub(crate) use shim::shim;
pub(crate) use simulated::Simulated;
pub(crate) use switch::{PROVIDER, Setup, Switch, key, sealer, serve};
pub(crate) use unreliable::{Fault, Faults};

/// Waits until `condition` holds; a test that waits for what never comes fails loudly.
pub(crate) async fn eventually<T>(what: &str, mut condition: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..2000 {
        if let Some(value) = condition().await {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never came: {what}");
}

/// A channel as a configuration says it, with the secret "secret".
pub(crate) fn known(id: &str) -> config::Channel {
    config::Channel {
        id: ChannelId::new(id).unwrap(),
        messaging: Messaging::Single,
        secrets: vec![SecretHash::of("secret")],
        disabled: false,
        certificates: Vec::new(),
        addresses: Vec::new(),
        allowance: Allowance::default(),
        default_provider: Some(ProviderId::new(PROVIDER).unwrap()),
        wait: Duration::from_secs(60),
    }
}

/// A new request id.
pub(crate) fn new_id() -> String {
    vouchsafe::clock::new_id(&vouchsafe::clock::MachineClock).to_string()
}

/// A request by a channel for R50 of something, with an id of its own.
pub(crate) fn request(channel: &str) -> Json {
    json!({
        "id": new_id(),
        "time": "2026-11-23T09:30:00.000Z",
        "originator": {
            "institution": {"id": "shop", "name": "Corner Shop"},
            "terminalId": "APP00001",
            "merchant": {
                "merchantType": "5411",
                "merchantId": "000000000012345",
                "merchantName": {"name": "Corner Shop", "city": "Cape Town", "region": "WC", "country": "ZA"},
            },
        },
        "client": {"id": channel, "name": "A channel"},
        "thirdPartyIdentifiers": [{"institutionId": channel, "transactionIdentifier": "order-1"}],
        "amounts": {"requestAmount": {"amount": 5000, "currency": "710"}},
    })
}

/// A channel's reversal of its request.
pub(crate) fn reversal(request: &Json) -> Json {
    json!({
        "id": new_id(),
        "requestId": request["id"],
        "time": "2026-11-23T09:31:00.000Z",
        "thirdPartyIdentifiers": request["thirdPartyIdentifiers"],
        "reversalReason": "TIMEOUT",
    })
}

/// A channel's confirmation of its request.
pub(crate) fn confirmation(request: &Json) -> Json {
    json!({
        "id": new_id(),
        "requestId": request["id"],
        "time": "2026-11-23T09:31:00.000Z",
        "thirdPartyIdentifiers": request["thirdPartyIdentifiers"],
    })
}

/// A request by a channel to redeem R50 of the voucher of a code.
pub(crate) fn redemption(channel: &str, code: &str) -> Json {
    let mut request = request(channel);
    request["voucher"] = json!({"code": code});
    request
}

/// A request by a channel to give a redeemed voucher its worth back.
pub(crate) fn refund(channel: &str, code: &str) -> Json {
    let mut request = redemption(channel, code);
    request["amounts"] = Json::Null;
    request
}

/// A request of a kind by a channel, for a voucher of this code where the kind has to do with one.
pub(crate) fn request_of(kind: Kind, channel: &str, code: &str) -> Json {
    match kind {
        Kind::Provision => request(channel),
        Kind::Redemption => redemption(channel, code),
        Kind::Refund => refund(channel, code),
    }
}

/// `request` for a product of a fixed price.
pub(crate) fn request_for(channel: &str, product: &str) -> Json {
    let mut request = request(channel);
    request["amounts"] = Json::Null;
    request["product"] = json!({"productId": product});
    request
}

/// The id of a request.
pub(crate) fn id(request: &Json) -> &str {
    request["id"].as_str().expect("a request has an id")
}
