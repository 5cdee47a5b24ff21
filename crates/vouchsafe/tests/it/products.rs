//! A channel asks what it may sell.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::Instant;
use vouchsafe::config::Limits;
use vouchsafe::config::catalogue;
use vouchsafe::live_catalogue::LiveCatalogue;
use vouchsafe::live_file;
use vouchsafe_core::id::ProviderId;

use crate::world::{Channel, PROVIDER, ProviderStub, Setup, Switch, eventually, request_for};

const CATALOGUE: &str = r#"
[[product]]
id = "FIXED"
name = "Fixed"
description = "Always R50"
barcode = "2000000000015"
price = 5000
issuer = { id = "i", name = "I" }
sources = [{ provider = "provider", product = "UPSTREAMFIXED", weight = 7 }]
[[product]]
id = "RANGE"
name = "Range"
from = 500
to = 1000
listings = [{ channel = "app", name = "For the app", category = "C", order = 1, id = "17" }, { channel = "till" }]
[[product]]
id = "OPEN"
name = "Open"
open = true
listings = [{ channel = "till", name = "For the till" }]
"#;

/// A switch whose catalogue is the file at `path`.
async fn switch(path: &Path, file_check: Duration) -> Switch {
    let providers = vec![ProviderId::new(PROVIDER).unwrap()];
    let catalogue = LiveCatalogue::open(path, providers, Instant::now()).unwrap();
    let limits = Limits { file_check, ..Limits::default() };
    Switch::start(Setup { catalogue, limits, ..Setup::to("http://127.0.0.1:9") }).await
}

/// The ids of what a channel may sell.
async fn ids(channel: &Channel, query: &str) -> Vec<String> {
    let answer = channel.products(query).await;
    assert_eq!(answer.status, 200, "{}", answer.verdict());
    let products = answer.json()["products"].as_array().unwrap().clone();
    products.iter().map(|product| product["productId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_channel_is_told_what_it_may_sell_and_what_that_costs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.toml");
    fs::write(&path, CATALOGUE).unwrap();
    let switch = switch(&path, Duration::from_secs(60)).await;
    let answer = switch.channel("app").products("").await;
    assert_eq!(answer.status, 200);
    let rand = |amount: i64| json!({"amount": amount, "currency": "710"});
    let expect = json!({"products": [
        {
            "productId": "FIXED", "barcode": "2000000000015", "name": "Fixed", "description": "Always R50",
            "amount": rand(5000), "isFixedValue": true, "receiver": {"id": "i", "name": "I"},
        },
        {
            "productId": "RANGE", "name": "Range", "minAmount": rand(500), "maxAmount": rand(1000), "isFixedValue": false,
            "channelProductListings": [{
                "channelName": "app", "productDisplayName": "For the app", "productDisplayCategory": "C",
                "productDisplaySortOrder": 1, "channelProductIdentifier": "17",
            }],
        },
    ]});
    assert_eq!(answer.json(), expect);
    assert_eq!(answer.header("x-catalogue-stale"), Some("false"));
    assert!(answer.header("x-catalogue-age").unwrap().parse::<u64>().is_ok());
    let told = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(!told.contains("UPSTREAM") && !told.contains("weight"), "where it comes from is nobody's business: {told}");
}

#[tokio::test]
async fn a_channel_is_told_of_no_other_channels_products() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.toml");
    fs::write(&path, CATALOGUE).unwrap();
    let switch = switch(&path, Duration::from_secs(60)).await;
    for (channel, query, expect) in [
        ("app", "", &["FIXED", "RANGE"][..]),
        ("app", "?channelName=app", &["FIXED", "RANGE"]),
        ("app", "?channelName=till", &[]),
        ("till", "", &["FIXED", "RANGE", "OPEN"]),
        ("till", "/?channelName=till", &["FIXED", "RANGE", "OPEN"]),
        ("other", "", &["FIXED"]),
    ] {
        assert_eq!(ids(&switch.channel(channel), query).await, expect, "{channel} {query}");
    }
    let told = String::from_utf8(switch.channel("app").products("").await.body.to_vec()).unwrap();
    assert!(!told.contains("till"), "{told}");
}

#[tokio::test]
async fn the_last_good_copy_stays_in_use_and_says_so() {
    let provider = ProviderStub::approving().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("catalogue.toml");
    fs::write(&path, CATALOGUE).unwrap();
    let providers = vec![ProviderId::new(PROVIDER).unwrap()];
    let setup = Setup {
        catalogue: LiveCatalogue::open(&path, providers, Instant::now()).unwrap(),
        limits: Limits { file_check: Duration::from_millis(5), ..Limits::default() },
        ..Setup::to(provider.base_url())
    };
    let switch = Switch::start(setup).await;
    let channel = switch.channel("app");
    let watching = live_file::watch(Arc::clone(&switch.app), Vec::new(), signal(SignalKind::hangup()).unwrap());
    let watching = tokio::spawn(watching);

    fs::write(&path, CATALOGUE.replace("from = 500", "from = 5000")).unwrap();
    let answer = eventually("the faulty catalogue is noticed", async || {
        let answer = channel.products("").await;
        (answer.header("x-catalogue-stale") == Some("true")).then_some(answer)
    })
    .await;
    assert_eq!(answer.json()["products"].as_array().unwrap().len(), 2);
    assert_eq!(channel.provision(&request_for("app", "FIXED")).await.verdict(), "201");

    fs::write(&path, CATALOGUE.replace("\"FIXED\"", "\"FIXED2\"")).unwrap();
    eventually("the mended catalogue is taken over", async || {
        (ids(&channel, "").await == ["FIXED2", "RANGE"]).then_some(())
    })
    .await;
    assert_eq!(channel.products("").await.header("x-catalogue-stale"), Some("false"));
    assert_eq!(channel.provision(&request_for("app", "FIXED")).await.verdict(), "400 ROUTING_ERROR");
    assert_eq!(channel.provision(&request_for("app", "FIXED2")).await.verdict(), "201");
    switch.stop().await;
    watching.await.unwrap();
}

#[tokio::test]
async fn without_a_catalogue_nothing_can_be_listed() {
    let switch = Switch::asking("http://127.0.0.1:9").await;
    assert_eq!(switch.channel("app").products("").await.verdict(), "501 FUNCTION_NOT_SUPPORTED");
}

#[tokio::test]
async fn a_lookup_that_is_not_as_agreed_is_told_every_fault() {
    let switch =
        Switch::start(Setup { catalogue: LiveCatalogue::fixed(catalogue::demo()), ..Setup::to("http://127.0.0.1:9") })
            .await;
    let channel = switch.channel("app");
    let answer = channel.products("?colour=red&channelName=").await;
    assert_eq!(answer.verdict(), "400 FORMAT_ERROR");
    let faults = [("colour", "colour is not a known field"), ("channelName", "channelName may not be empty")];
    let faults = faults.map(|(field, msg)| json!({"field": field, "msg": msg}));
    assert_eq!(answer.json()["detailMessage"], json!({"formatErrors": faults}));
    assert_eq!(channel.get("/suv/v1/products").await.verdict(), "401 AUTHENTICATION_ERROR");
    assert_eq!(channel.post("/suv/v1/products", "{}").await.status, 405);
    assert_eq!(ids(&channel, "").await.len(), catalogue::demo().products_for(&ProviderId::new("app").unwrap()).len());
}
