//! A provider that takes everything of the interface and does what it is told.

use std::future::pending;
use std::net::Ipv4Addr;

use axum::body::Bytes;
use axum::response::{IntoResponse as _, Response};
use http::{Method, StatusCode, Uri};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;

/// The code of a voucher, or the `basketRef` of a request, that is declined.
pub(super) const DECLINED: &str = "DECLINED";
/// Likewise, that fails the provider.
pub(super) const FAILING: &str = "FAILING";
/// Likewise, that is never answered.
pub(super) const SILENT: &str = "SILENT";

/// The type with which it declines everything.
const TYPE: &str = "VOUCHER_STATUS_UNKNOWN";

/// Where it listens from now on.
pub(super) async fn obedient() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let base_url = format!("http://{}/suv/v1", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    base_url
}

async fn answer(method: Method, uri: Uri, body: Bytes) -> Response {
    if method == Method::GET {
        let known = json!({
            "voucher": {"serialNumber": "SN1"},
            "amounts": {"approvedAmount": {"amount": 5000, "currency": "710", "ledgerIndicator": "CREDIT"}},
        });
        return told(uri.query().unwrap_or_default(), StatusCode::OK, known).await;
    }
    let message: Json = serde_json::from_slice(&body).unwrap();
    if message["requestId"].is_string() {
        return (StatusCode::ACCEPTED, message.to_string()).into_response();
    }
    let mut approval = message.clone();
    if uri.path().ends_with("/vouchers") {
        approval["voucher"] = json!({"code": "1234-5678-9012-3456"});
    }
    told(message["basketRef"].as_str().unwrap_or_default(), StatusCode::CREATED, approval).await
}

/// What it was told to answer, else the success.
async fn told(words: &str, status: StatusCode, success: Json) -> Response {
    if words.contains(SILENT) {
        return pending().await;
    }
    let no = || json!({"errorType": TYPE, "errorMessage": "told to"});
    let (status, body) = if words.contains(DECLINED) {
        (StatusCode::BAD_REQUEST, no())
    } else if words.contains(FAILING) {
        (StatusCode::INTERNAL_SERVER_ERROR, Json::Null)
    } else {
        (status, success)
    };
    (status, body.to_string()).into_response()
}
