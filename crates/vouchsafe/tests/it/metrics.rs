//! The figures that an operator watches, read from a running switch.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value as Json, json};
use vouchsafe::access::{Access, KnownChannels};
use vouchsafe_core::transaction::State;

use crate::world::{ProviderStub, Setup, Switch, approve, eventually, id, known, request, reversal};

/// A provider that does what the amount asks for: each of 1 to 4 minor units is a kind of answer.
async fn moody(request: Json) -> Response {
    let no = json!({"errorType": "DO_NOT_HONOUR", "errorMessage": "no"}).to_string();
    match request["amounts"]["requestAmount"]["amount"].as_i64() {
        Some(1) => (StatusCode::NOT_FOUND, no).into_response(),
        Some(2) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(3) => StatusCode::UNAUTHORIZED.into_response(),
        _ => approve(request).await,
    }
}

/// A provider of all moods that never takes an advice.
async fn provider() -> ProviderStub {
    ProviderStub::advised(moody, async |_: Json| StatusCode::SERVICE_UNAVAILABLE.into_response()).await
}

fn sale(amount: i64) -> Json {
    let mut sale = request("app");
    sale["amounts"]["requestAmount"]["amount"] = json!(amount);
    sale
}

async fn figures(switch: &Switch) -> String {
    let answer = switch.channel("app").get("/metrics").await;
    assert_eq!(answer.status, 200);
    String::from_utf8(answer.body.to_vec()).unwrap()
}

/// The value of the one series that begins so.
fn value(figures: &str, series: &str) -> Option<f64> {
    let line = figures.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

#[tokio::test]
async fn declines_provider_faults_and_own_faults_are_told_apart() {
    let provider = provider().await;
    let switch = Switch::asking(provider.base_url()).await;
    let unused = figures(&switch).await;
    for series in [
        "advices_ended_total{provider=\"provider\",end=\"refused\"}",
        "turned_away_total{channel=\"none\",reason=\"credentials\"}",
    ] {
        assert_eq!(value(&unused, &format!("vouchsafe_{series}")), Some(0.0), "{series} in {unused}");
    }
    let sold = sale(5000);
    for (sale, verdict) in [
        (&sold, "201"),
        (&sale(1), "404 DO_NOT_HONOUR"),
        (&sale(2), "404 GENERAL_ERROR"),
        (&sale(3), "503 UPSTREAM_UNAVAILABLE"),
        (&sold, "400 DUPLICATE_RECORD"),
    ] {
        assert_eq!(switch.channel("app").provision(sale).await.verdict(), verdict);
    }
    assert_eq!(switch.channel("app").retry(&sold).await.verdict(), "201");
    assert_eq!(provider.seen().len(), 4, "neither the duplicate nor the retry is asked of anybody");
    let figures = figures(&switch).await;
    for (operation, provider, outcome) in [
        ("provision", "provider", "approved"),
        ("provision", "provider", "declined"),
        ("provision", "provider", "provider_fault"),
        ("provision", "provider", "own_fault"),
        ("provision", "none", "refused"),
        ("retry", "provider", "approved"),
    ] {
        let series = format!(
            "vouchsafe_requests_total{{operation=\"{operation}\",channel=\"app\",provider=\"{provider}\",outcome=\"{outcome}\"}}"
        );
        assert_eq!(value(&figures, &series), Some(1.0), "{series} in {figures}");
    }
    assert_eq!(value(&figures, "vouchsafe_provider_answer_seconds_count{provider=\"provider\"}"), Some(4.0));
    assert_eq!(value(&figures, "vouchsafe_circuit_open{provider=\"provider\"}"), Some(0.0));
    assert!(value(&figures, "vouchsafe_store_commits_total").unwrap() > 0.0);
    for secret in ["1234-5678-9012-3456", id(&sold)] {
        assert!(!figures.contains(secret), "{secret} is in {figures}");
    }
    // A measured time may have any four digits in a row, so the end of the code is looked for in the names only.
    let mut names = figures.lines().filter_map(|series| series.rsplit_once(' ')).map(|(name, _)| name);
    assert!(names.all(|name| !name.contains("3456")), "the end of the code is in {figures}");
}

#[tokio::test]
async fn who_is_turned_away_is_counted_by_the_reason() {
    let mut setup = Setup::to(provider().await.base_url());
    (setup.limits.requests, setup.access) = (0, Some(Access::Known(Arc::new(KnownChannels::fixed([&known("app")])))));
    let switch = Switch::start(setup).await;
    let mut app = switch.channel("app");
    assert_eq!(app.provision(&sale(5000)).await.verdict(), "503 GENERAL_ERROR");
    app.secret = "wrong".to_owned();
    assert_eq!(app.provision(&sale(5000)).await.verdict(), "401 AUTHENTICATION_ERROR");
    let form = "grant_type=client_credentials&client_id=app&client_secret=wrong";
    assert_eq!(app.form("/oauth/token", None, form).await.status, 401);
    let figures = figures(&switch).await;
    for (channel, reason, times) in [("app", "switch", 1.0), ("none", "credentials", 2.0)] {
        let series = format!("vouchsafe_turned_away_total{{channel=\"{channel}\",reason=\"{reason}\"}}");
        assert_eq!(value(&figures, &series), Some(times), "{series} in {figures}");
    }
}

#[tokio::test]
async fn an_open_advice_shows_with_its_age_and_an_ended_one_with_its_end() {
    const OPEN: &str = "vouchsafe_advices_open{provider=\"provider\"}";
    let switch = Switch::asking(provider().await.base_url()).await;
    assert_eq!(value(&figures(&switch).await, OPEN), Some(0.0), "nothing owed is a number too");
    let sold = sale(5000);
    assert_eq!(switch.channel("app").provision(&sold).await.verdict(), "201");
    assert_eq!(switch.channel("app").reverse(&reversal(&sold)).await.verdict(), "202");
    assert_eq!(value(&figures(&switch).await, OPEN), Some(1.0));
    eventually("an age of the open advice", async || {
        let figures = figures(&switch).await;
        value(&figures, "vouchsafe_advices_oldest_age_seconds{provider=\"provider\"}").filter(|age| *age > 0.0)
    })
    .await;

    let taking = ProviderStub::advised(approve, crate::world::take).await;
    let switch = Switch::asking(taking.base_url()).await;
    assert_eq!(switch.channel("app").provision(&sold).await.verdict(), "201");
    assert_eq!(switch.channel("app").reverse(&reversal(&sold)).await.verdict(), "202");
    eventually("the reversal is delivered", async || {
        (switch.state("app", id(&sold)).await == State::Reversed).then_some(())
    })
    .await;
    assert_eq!(taking.advices().len(), 1);
    let figures = figures(&switch).await;
    assert_eq!(value(&figures, OPEN), Some(0.0));
    assert_eq!(
        value(&figures, "vouchsafe_advices_ended_total{provider=\"provider\",end=\"delivered\"}"),
        Some(1.0),
        "{figures}"
    );
}

#[tokio::test]
async fn orphans_show_with_their_value() {
    let mut setup = Setup::to(provider().await.base_url());
    setup.sheet.reversals = false;
    let switch = Switch::start(setup).await;
    for _ in 0..2 {
        assert_eq!(switch.channel("app").provision(&sale(2)).await.verdict(), "404 GENERAL_ERROR");
    }
    let figures = figures(&switch).await;
    assert_eq!(value(&figures, "vouchsafe_orphans{currency=\"710\"}"), Some(2.0), "{figures}");
    assert_eq!(value(&figures, "vouchsafe_orphans_value_minor_units{currency=\"710\"}"), Some(4.0));
    assert_eq!(
        value(&figures, "vouchsafe_advices_ended_total{provider=\"provider\",end=\"consumed\"}"),
        Some(2.0),
        "{figures}"
    );
}
