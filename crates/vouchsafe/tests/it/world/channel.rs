//! A channel: whoever sells vouchers and calls the switch.

use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value as Json;
use vouchsafe_core::transaction::Kind;

/// A channel with its credentials.
#[derive(Clone)]
pub(crate) struct Channel {
    pub(crate) address: SocketAddr,
    pub(crate) user_name: String,
    pub(crate) secret: String,
    /// A bearer token that it shows in place of its secret.
    pub(crate) token: Option<String>,
    pub(crate) client: Client<HttpConnector, Full<Bytes>>,
}

/// What a channel is told.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|fault| panic!("{fault}: {:?}", self.body))
    }

    /// Status and error type, as in `400 DUPLICATE_RECORD`; the status alone where there is no error.
    pub(crate) fn verdict(&self) -> String {
        match serde_json::from_slice::<Json>(&self.body)
            .ok()
            .and_then(|body| body["errorType"].as_str().map(str::to_owned))
        {
            Some(error_type) => format!("{} {error_type}", self.status),
            None => self.status.to_string(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Channel {
    pub(crate) fn new(address: SocketAddr, user_name: &str) -> Self {
        Self::over(HttpConnector::new(), address, user_name)
    }

    /// A channel whose connections come from an address of this machine's other than the usual one.
    pub(crate) fn calling_from(from: Ipv4Addr, address: SocketAddr, user_name: &str) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_local_address(Some(from.into()));
        Self::over(connector, address, user_name)
    }

    fn over(connector: HttpConnector, address: SocketAddr, user_name: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Self { address, user_name: user_name.to_owned(), secret: "secret".to_owned(), token: None, client }
    }

    pub(crate) fn authorization(&self) -> String {
        if let Some(token) = &self.token {
            return format!("Bearer {token}");
        }
        format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", self.user_name, self.secret)))
    }

    /// `POST /vouchers` with a JSON body.
    pub(crate) async fn provision(&self, request: &Json) -> Answer {
        self.open(Kind::Provision, request).await
    }

    /// `POST /vouchers/{provisionId}/retry` with the same body again.
    pub(crate) async fn retry(&self, request: &Json) -> Answer {
        let id = request["id"].as_str().expect("a request has an id");
        self.post(&format!("/suv/v1/vouchers/{id}/retry"), request.to_string()).await
    }

    /// `POST /vouchers/reversals`.
    pub(crate) async fn reverse(&self, reversal: &Json) -> Answer {
        self.reverse_any(Kind::Provision, reversal).await
    }

    /// `POST /vouchers`, `/redemptions` or `/refunds`.
    pub(crate) async fn open(&self, kind: Kind, request: &Json) -> Answer {
        self.post(&format!("/suv/v1/{}", path(kind)), request.to_string()).await
    }

    /// `POST` of a confirmation of a request of a kind.
    pub(crate) async fn confirm(&self, kind: Kind, confirmation: &Json) -> Answer {
        self.post(&format!("/suv/v1/{}/confirmations", path(kind)), confirmation.to_string()).await
    }

    /// `POST` of a reversal of a request of a kind.
    pub(crate) async fn reverse_any(&self, kind: Kind, reversal: &Json) -> Answer {
        self.post(&format!("/suv/v1/{}/reversals", path(kind)), reversal.to_string()).await
    }

    /// `GET /redemptions/{requestId}`.
    pub(crate) async fn look_up_redemption(&self, id: &str) -> Answer {
        self.get_own(&format!("/suv/v1/redemptions/{id}")).await
    }

    /// `GET /vouchers` with these parameters.
    pub(crate) async fn look_up(&self, parameters: &[(&str, &str)]) -> Answer {
        let pairs: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.get_own(&format!("/suv/v1/vouchers?{}", pairs.join("&"))).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Answer {
        let request = Request::post(format!("http://{}{path}", self.address))
            .header("authorization", self.authorization())
            .header("content-type", "application/json");
        self.send(request.body(Full::new(body.into())).unwrap())
            .await
            .unwrap_or_else(|fault| panic!("no answer: {fault}"))
    }

    /// `GET /products` with a query, which begins with its question mark, or none.
    pub(crate) async fn products(&self, query: &str) -> Answer {
        self.get_own(&format!("/suv/v1/products{query}")).await
    }

    /// `GET` with the channel's credentials.
    pub(crate) async fn get_own(&self, path: &str) -> Answer {
        let request =
            Request::get(format!("http://{}{path}", self.address)).header("authorization", self.authorization());
        self.send(request.body(Full::default()).unwrap()).await.unwrap_or_else(|fault| panic!("no answer: {fault}"))
    }

    /// `POST` with a form, and an `Authorization` header if there is any.
    pub(crate) async fn form(&self, path: &str, authorization: Option<&str>, form: &str) -> Answer {
        let mut request = Request::post(format!("http://{}{path}", self.address))
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let request = request.body(Full::from(form.to_owned())).unwrap();
        self.send(request).await.unwrap_or_else(|fault| panic!("no answer: {fault}"))
    }

    /// Gets a token by its secret and shows it from now on.
    pub(crate) async fn take_token(&mut self) {
        let answer = self.form("/oauth/token", Some(&self.authorization()), "grant_type=client_credentials").await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.token = Some(answer.json()["access_token"].as_str().unwrap().to_owned());
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let request = Request::get(format!("http://{}{path}", self.address)).body(Full::default()).unwrap();
        self.send(request).await.unwrap_or_else(|fault| panic!("no answer: {fault}"))
    }

    /// Sends a request as it is; `None` for an answer means that the connection broke.
    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Result<Answer, String> {
        let response = self.client.request(request).await.map_err(|fault| fault.to_string())?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|fault| fault.to_string())?.to_bytes();
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }
}

/// Where the requests of a kind are sent, below the base path.
pub(crate) const fn path(kind: Kind) -> &'static str {
    match kind {
        Kind::Provision => "vouchers",
        Kind::Redemption => "redemptions",
        Kind::Refund => "refunds",
    }
}
