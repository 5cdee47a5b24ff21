//! A provider that answers as a test tells it to, and remembers what it was asked.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, Uri};
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::sync::watch;

type Answering = dyn Fn(Json) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync;

/// A provider under a test's control.
pub(crate) struct ProviderStub {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Json>>>,
    advices: Arc<Mutex<Vec<Json>>>,
    lookups: Lookups,
}

/// What was asked about vouchers, and what is told of each.
#[derive(Clone)]
struct Lookups {
    asked: Arc<Mutex<Vec<String>>>,
    voucher: Arc<Mutex<Json>>,
}

impl ProviderStub {
    /// A provider that answers every request with what `answering` makes of it, and knows no advices: to those it
    /// answers 404.
    pub(crate) async fn answering<F: Future<Output = Response> + Send + 'static>(
        answering: impl Fn(Json) -> F + Send + Sync + 'static,
    ) -> Self {
        Self::advised(answering, async |_| StatusCode::NOT_FOUND.into_response()).await
    }

    /// A provider that answers every request with what `answering` makes of it, and every advice with what `taking`
    /// makes of it.
    pub(crate) async fn advised<
        F: Future<Output = Response> + Send + 'static,
        G: Future<Output = Response> + Send + 'static,
    >(
        answering: impl Fn(Json) -> F + Send + Sync + 'static,
        taking: impl Fn(Json) -> G + Send + Sync + 'static,
    ) -> Self {
        let (seen, advices) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
        let answering: Arc<Answering> = Arc::new(move |request| Box::pin(answering(request)));
        let taking: Arc<Answering> = Arc::new(move |advice| Box::pin(taking(advice)));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Desk { seen: Arc::clone(&seen), answering });
        let taken = Arc::new(Desk { seen: Arc::clone(&advices), answering: taking });
        let pin = json!({"type": "CLEAR_PIN", "pin": "2468"});
        let voucher = json!({"code": CODE, "serialNumber": "SN1", "pin": pin});
        let lookups = Lookups { asked: Arc::default(), voucher: Arc::new(Mutex::new(voucher)) };
        let mut router = axum::Router::new().route("/suv/v1/vouchers", get(looked_up).with_state(lookups.clone()));
        for kind in ["vouchers", "redemptions", "refunds"] {
            router = router
                .route(&format!("/suv/v1/{kind}"), post(asked).with_state(Arc::clone(&requests)))
                .route(&format!("/suv/v1/{kind}/reversals"), post(asked).with_state(Arc::clone(&taken)))
                .route(&format!("/suv/v1/{kind}/confirmations"), post(asked).with_state(Arc::clone(&taken)));
        }
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { address, seen, advices, lookups }
    }

    /// A provider that approves everything.
    pub(crate) async fn approving() -> Self {
        Self::answering(approve).await
    }

    /// A provider that approves everything, once it is let go.
    pub(crate) async fn holding() -> (Self, watch::Sender<bool>) {
        let (let_go, held) = watch::channel(false);
        let provider = Self::answering(move |request| {
            let mut held = held.clone();
            async move {
                let _ = held.wait_for(|let_go| *let_go).await;
                approve(request).await
            }
        });
        (provider.await, let_go)
    }

    /// Every request it was asked, in order.
    pub(crate) fn seen(&self) -> Vec<Json> {
        self.seen.lock().unwrap().clone()
    }

    /// Every advice it was sent, in order, as often as it was sent.
    pub(crate) fn advices(&self) -> Vec<Json> {
        self.advices.lock().unwrap().clone()
    }

    /// Every question about a voucher that it was asked, in order.
    pub(crate) fn lookups(&self) -> Vec<String> {
        self.lookups.asked.lock().unwrap().clone()
    }

    /// From now on it tells this of every voucher, whoever asks for whichever.
    pub(crate) fn tell(&self, voucher: Json) {
        *self.lookups.voucher.lock().unwrap() = voucher;
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

/// Tells everything of the voucher that it issues by itself, unless it is told otherwise, whoever asks for whichever.
async fn looked_up(State(lookups): State<Lookups>, uri: Uri) -> Response {
    lookups.asked.lock().unwrap().push(uri.query().unwrap_or_default().to_owned());
    let voucher = lookups.voucher.lock().unwrap().clone();
    let body = json!({"voucher": voucher, "thirdPartyIdentifiers": [], "product": {"productId": "THEIRS"}});
    (StatusCode::OK, body.to_string()).into_response()
}

/// Approves a request.
pub(crate) async fn approve(request: Json) -> Response {
    (StatusCode::CREATED, approval(&request).to_string()).into_response()
}

/// Takes an advice.
pub(crate) async fn take(advice: Json) -> Response {
    (StatusCode::ACCEPTED, advice.to_string()).into_response()
}

/// The code of every voucher that it issues by itself.
pub(crate) const CODE: &str = "1234-5678-9012-3456";

/// The answer of a provider that approves a request.
pub(crate) fn approval(request: &Json) -> Json {
    let mut response = request.clone();
    if response["voucher"].is_null() {
        response["voucher"] = json!({
            "code": CODE, "serialNumber": "SN1", "expiryDate": "2029-11-23T00:00:00.000Z",
            "redeemInstructions": ["Dial and enter"],
        });
    }
    let references = response["thirdPartyIdentifiers"].as_array_mut().unwrap();
    references.push(json!({"institutionId": "stub", "transactionIdentifier": "S-1"}));
    response["amounts"]["approvedAmount"] = request["amounts"]["requestAmount"].clone();
    response
}
