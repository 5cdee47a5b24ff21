//! Every door, tried by everybody whom it must not let through, and every channel's things, tried by another channel.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use serde_json::Value as Json;
use vouchsafe::access::{Access, KnownChannels};
use vouchsafe::config::{self, CertificateName};
use vouchsafe_core::transaction::State;

use crate::world::{Answer, ProviderStub, Setup, Switch, approval, eventually, id, known, request, reversal};

/// Every operation of the interface, served already or not.
const OPERATIONS: [(Method, &str); 13] = [
    (Method::POST, "/vouchers"),
    (Method::POST, "/vouchers/{id}/retry"),
    (Method::POST, "/vouchers/reversals"),
    (Method::POST, "/vouchers/confirmations"),
    (Method::GET, "/products"),
    (Method::GET, "/vouchers?provisionRequestId={id}"),
    (Method::POST, "/redemptions"),
    (Method::POST, "/redemptions/confirmations"),
    (Method::POST, "/redemptions/reversals"),
    (Method::GET, "/redemptions/{id}"),
    (Method::POST, "/refunds"),
    (Method::POST, "/refunds/confirmations"),
    (Method::POST, "/refunds/reversals"),
];

/// A provider that gives every request a voucher of its own.
async fn provider() -> ProviderStub {
    let next = Arc::new(AtomicU32::new(1));
    ProviderStub::answering(move |request| {
        let number = next.fetch_add(1, Ordering::Relaxed);
        async move {
            let mut approval = approval(&request);
            approval["voucher"]["code"] = format!("CODE-{number}").into();
            (StatusCode::CREATED, approval.to_string()).into_response()
        }
    })
    .await
}

async fn switch(provider: &ProviderStub, token: Duration) -> Switch {
    let channels = [
        known("app"),
        known("other"),
        config::Channel { disabled: true, ..known("disabled") },
        config::Channel { addresses: vec!["192.0.2.0/24".parse().unwrap()], ..known("elsewhere") },
        config::Channel { certificates: vec![CertificateName::Dns("app.example".to_owned())], ..known("bound") },
    ];
    let access = Some(Access::Known(Arc::new(KnownChannels::fixed(&channels))));
    let mut setup = Setup { access, ..Setup::to(provider.base_url()) };
    setup.limits.token = token;
    Switch::start(setup).await
}

/// Asks for an operation with these `Authorization` headers.
async fn ask(switch: &Switch, method: &Method, path: &str, authorizations: &[String], body: &Json) -> Answer {
    let path = path.replace("{id}", id(body));
    let mut request = Request::builder()
        .method(method)
        .uri(format!("http://{}/suv/v1{path}", switch.address))
        .header("content-type", "application/json");
    for authorization in authorizations {
        request = request.header("authorization", authorization);
    }
    let body = if *method == Method::GET { String::new() } else { body.to_string() };
    switch.channel("app").send(request.body(Full::<Bytes>::from(body)).unwrap()).await.unwrap()
}

fn basic(user_name: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user_name}:{secret}")))
}

#[tokio::test]
async fn no_operation_is_open_to_whoever_has_no_good_credentials() {
    let provider = provider().await;
    let (switch, fleeting) =
        (switch(&provider, Duration::from_secs(900)).await, switch(&provider, Duration::from_millis(1)).await);
    let mut app = switch.channel("app");
    let sale = request("app");
    assert_eq!(app.provision(&sale).await.status, 201);
    app.take_token().await;
    let revoked = app.token.clone().unwrap();
    assert_eq!(app.form("/oauth/revoke", Some(&basic("app", "secret")), &format!("token={revoked}")).await.status, 200);
    let mut late = fleeting.channel("app");
    late.take_token().await;
    eventually("the token's end", async || (late.products("").await.status == 401).then_some(())).await;
    let ended = late.token.unwrap();
    let asked = provider.seen().len();
    let nobody = |what, authorizations: &[String]| (what, authorizations.to_vec(), &switch);
    let callers = [
        nobody("without", &[]),
        nobody("a wrong secret", &[basic("app", "wrong")]),
        nobody("no secret", &[basic("app", "")]),
        nobody("an unknown user", &[basic("nobody", "secret")]),
        nobody("a channel that is kept out", &[basic("disabled", "secret")]),
        nobody("a channel from elsewhere", &[basic("elsewhere", "secret")]),
        nobody("a channel without its certificate", &[basic("bound", "secret")]),
        nobody("good and bad at once", &[basic("app", "secret"), basic("app", "wrong")]),
        nobody("good twice", &[basic("app", "secret"), basic("app", "secret")]),
        nobody("a token that is none", &["Bearer abc".to_owned()]),
        nobody("a revoked token", &[format!("Bearer {revoked}")]),
        nobody("a token of another switch", &[format!("Bearer {ended}")]),
        ("a token that has ended", vec![format!("Bearer {ended}")], &fleeting),
        nobody("another scheme", &["Digest username=\"app\"".to_owned()]),
    ];
    let mut told = Vec::new();
    for (method, path) in &OPERATIONS {
        for (what, authorizations, switch) in &callers {
            let answer = ask(switch, method, path, authorizations, &sale).await;
            assert_eq!(answer.verdict(), "401 AUTHENTICATION_ERROR", "{what}: {method} {path}");
            assert!(answer.header("www-authenticate").is_some(), "{what}: {method} {path}");
            told.push(answer.body);
        }
    }
    assert!(told.iter().all(|body| body == &told[0]), "all are told the same");
    assert_eq!(provider.seen().len(), asked, "and no provider is asked");
    assert_eq!(switch.state("app", id(&sale)).await, State::Approved);
}

#[tokio::test]
async fn no_operation_shows_or_touches_what_is_another_channels() {
    let provider = provider().await;
    let switch = switch(&provider, Duration::from_secs(900)).await;
    let app = switch.channel("app");
    let sale = request("app");
    let sold = app.provision(&sale).await.json();
    let code = sold["voucher"]["code"].as_str().unwrap().to_owned();
    let undo = reversal(&sale);
    // The other channel's own request of the same id, and the first channel's as it stands.
    let mut own = sale.clone();
    own["client"]["id"] = "other".into();
    let mut token = switch.channel("other");
    token.take_token().await;
    for authorization in [basic("other", "secret"), token.authorization()] {
        for (method, path) in &OPERATIONS {
            for body in [&sale, &undo] {
                let answer = ask(&switch, method, path, std::slice::from_ref(&authorization), body).await;
                let (status, told) = (answer.status, String::from_utf8_lossy(&answer.body).into_owned());
                assert!([400, 401, 403, 404, 501].contains(&status), "{method} {path}: {status} {told}");
                assert!(!told.contains(&code) && !told.contains("order-1"), "{method} {path}: {told}");
                assert_eq!(switch.state("app", id(&sale)).await, State::Approved, "{method} {path}");
            }
        }
    }
    // Of the same id there may be one in each channel, and neither is in the other's way.
    let other = switch.channel("other");
    assert_eq!(other.retry(&own).await.verdict(), "400 VOUCHER_ALREADY_REVERSED", "its own reversals came first");
    assert_eq!(app.retry(&sale).await.json()["voucher"]["code"], code.as_str(), "the first channel has what it bought");
    assert_eq!(app.reverse(&undo).await.status, 202, "and nobody else has reversed it");
}

#[tokio::test]
async fn the_same_id_in_two_channels_is_two_sales() {
    let provider = provider().await;
    let switch = switch(&provider, Duration::from_secs(900)).await;
    let (app, other) = (switch.channel("app"), switch.channel("other"));
    let sale = request("app");
    let mut own = sale.clone();
    own["client"]["id"] = "other".into();
    let (one, two) = (app.provision(&sale).await.json(), other.retry(&own).await.json());
    assert_ne!(one["voucher"]["code"], two["voucher"]["code"]);
    assert_eq!(other.reverse(&reversal(&own)).await.status, 202);
    assert_eq!(app.retry(&sale).await.json()["voucher"]["code"], one["voucher"]["code"]);
}
