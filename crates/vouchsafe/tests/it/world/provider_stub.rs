//! A provider that answers as a test tells it to, and remembers what it was asked.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

type Answering = dyn Fn(Json) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync;

/// A provider under a test's control.
pub(crate) struct ProviderStub {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Json>>>,
}

impl ProviderStub {
    /// A provider that answers every request with what `answering` makes of it.
    pub(crate) async fn answering<F: Future<Output = Response> + Send + 'static>(
        answering: impl Fn(Json) -> F + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answering: Arc<Answering> = Arc::new(move |request| Box::pin(answering(request)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Desk { seen: Arc::clone(&seen), answering });
        let router = axum::Router::new().route("/suv/v1/vouchers", post(asked)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, seen }
    }

    /// A provider that approves everything.
    pub(crate) async fn approving() -> Self {
        Self::answering(async |request| (http::StatusCode::CREATED, approval(&request).to_string()).into_response())
            .await
    }

    /// A provider that approves everything, once it is let go.
    pub(crate) async fn holding() -> (Self, watch::Sender<bool>) {
        let (let_go, held) = watch::channel(false);
        let provider = Self::answering(move |request| {
            let mut held = held.clone();
            async move {
                let _ = held.wait_for(|let_go| *let_go).await;
                (http::StatusCode::CREATED, approval(&request).to_string()).into_response()
            }
        });
        (provider.await, let_go)
    }

    /// Every request it was asked, in order.
    pub(crate) fn seen(&self) -> Vec<Json> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/suv/v1", self.address)
    }
}

struct Desk {
    seen: Arc<Mutex<Vec<Json>>>,
    answering: Arc<Answering>,
}

async fn asked(State(desk): State<Arc<Desk>>, body: Bytes) -> Response {
    let request: Json = serde_json::from_slice(&body).unwrap();
    desk.seen.lock().unwrap().push(request.clone());
    (desk.answering)(request).await
}

/// The answer of a provider that approves a request.
pub(crate) fn approval(request: &Json) -> Json {
    let mut response = request.clone();
    response["voucher"] = json!({
        "code": "1234-5678-9012-3456", "serialNumber": "SN1", "expiryDate": "2029-11-23T00:00:00.000Z",
        "redeemInstructions": ["Dial and enter"],
    });
    let references = response["thirdPartyIdentifiers"].as_array_mut().unwrap();
    references.push(json!({"institutionId": "stub", "transactionIdentifier": "S-1"}));
    response["amounts"]["approvedAmount"] = request["amounts"]["requestAmount"].clone();
    response
}
