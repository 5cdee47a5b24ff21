//! A provider that puts a canary into everything that it says, and says most of it wrongly.

use std::convert::Infallible;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::crypto::ring;
use serde_json::{Value as Json, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vouchsafe_provider::pem::Identity;

use super::roll::{Rest, Roll};
use crate::world::Pair;

/// The manners of an answer to a request, each named in the request by its `basketRef`.
pub(super) const WRONG: [&str; 17] = [
    "decline",
    "error-500",
    "busy-503",
    "credentials-401",
    "broken-json",
    "code-too-long",
    "other-amount",
    "other-id",
    "no-code",
    "not-json",
    "huge",
    "cut",
    "redirect",
    "unknown-field",
    "bad-pin",
    "an-array",
    "encrypted-pin",
];
/// An advice in so many is answered with an error first.
const ADVICES_TO_A_FAULT: usize = 10;

/// The provider.
pub(super) struct Provider {
    pub(super) address: SocketAddr,
    stall: Arc<Stall>,
    connections: CancellationToken,
    open: TaskTracker,
}

struct Stall {
    roll: Arc<Roll>,
    /// The file that makes the next draw of chance in the switch fail.
    trip: PathBuf,
    /// How many of the answers that wait to be let go wait, and how often that was done.
    held: watch::Sender<usize>,
    let_go: watch::Sender<usize>,
    advices: AtomicUsize,
}

impl Provider {
    pub(super) async fn open(roll: Arc<Roll>, trip: PathBuf, shown: Option<&Pair>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (held, let_go) = (watch::Sender::new(0), watch::Sender::new(0));
        let stall = Arc::new(Stall { roll, trip, held, let_go, advices: AtomicUsize::new(0) });
        let (connections, open) = (CancellationToken::new(), TaskTracker::new());
        let acceptor = shown.map(acceptor);
        let provider =
            Self { address, stall: Arc::clone(&stall), connections: connections.clone(), open: open.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (stall, acceptor) = (Arc::clone(&stall), acceptor.clone());
                let serving = async move { serve(stall, acceptor, stream).await };
                open.spawn(connections.clone().run_until_cancelled_owned(serving));
            }
        });
        provider
    }

    /// Waits until so many answers are held back.
    pub(super) async fn holds(&self, count: usize) {
        let mut held = self.stall.held.subscribe();
        held.wait_for(|held| *held >= count).await.unwrap();
    }

    /// Gives the answers that were held back.
    pub(super) fn let_go(&self) {
        self.stall.held.send_replace(0);
        self.stall.let_go.send_modify(|times| *times += 1);
    }

    /// Ends every connection that there is.
    pub(super) async fn hang_up(&self) {
        self.connections.cancel();
        self.open.close();
        self.open.wait().await;
    }
}

fn acceptor(shown: &Pair) -> TlsAcceptor {
    let identity = Identity::parse(shown.certificate.pem().as_bytes(), shown.key.as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(identity.chain(), identity.expose_key())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(stall: Arc<Stall>, acceptor: Option<TlsAcceptor>, stream: TcpStream) {
    let service = service_fn(move |request| {
        let stall = Arc::clone(&stall);
        async move { Ok::<_, Infallible>(stall.answer(request).await) }
    });
    let server = auto::Builder::new(TokioExecutor::new());
    // A connection that breaks is the switch's business, and this test's purpose.
    let _ = match acceptor {
        None => server.serve_connection(TokioIo::new(stream), service).await,
        Some(acceptor) => {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            server.serve_connection(TokioIo::new(stream), service).await
        }
    };
}

impl Stall {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or_default().to_owned());
        let Ok(body) = request.into_body().collect().await else { return told(400, "") };
        let Ok(body) = serde_json::from_slice::<Json>(&body.to_bytes()) else { return self.looked_up(&query) };
        if path.ends_with("/reversals") || path.ends_with("/confirmations") {
            return self.advised(&body);
        }
        let manner = body["basketRef"].as_str().unwrap_or_default();
        match manner {
            "late" | "held" => {
                let mut let_go = self.let_go.subscribe();
                let_go.mark_unchanged();
                self.held.send_modify(|held| *held += 1);
                let _ = let_go.changed().await;
            }
            "panic" => fs::write(&self.trip, "").unwrap(),
            _ => {}
        }
        self.requested(manner, &body)
    }

    fn requested(&self, manner: &str, request: &Json) -> Response<Full<Bytes>> {
        let code = |path| self.roll.plant(path);
        let fault = |error_type: &str| self.fault(request, error_type);
        let mut approval = self.approval(request);
        match manner {
            "decline" => return told(404, &fault("DO_NOT_HONOUR")),
            "error-500" => return told(500, &fault("GENERAL_ERROR")),
            "busy-503" => return told(503, &fault("UPSTREAM_UNAVAILABLE")),
            "credentials-401" => return told(401, &fault("AUTHENTICATION_ERROR")),
            "broken-json" => {
                return told(
                    201,
                    &format!("{{\"voucher\":{{\"code\":\"{}\"}},\"id\":", code("answer that is not JSON")),
                );
            }
            "not-json" => return told(201, &format!("<p>Your code: {}</p>", code("answer that is HTML"))),
            "an-array" => return told(201, &json!([approval]).to_string()),
            "huge" => approval["basketRef"] = "x".repeat(2 * 1024 * 1024).into(),
            "cut" => {
                let mut cut = told(201, &approval.to_string());
                cut.headers_mut().insert("content-length", 1_000_000.into());
                return cut;
            }
            "redirect" => {
                let place = format!("/suv/v1/vouchers?voucherCode={}", code("redirect"));
                return Response::builder().status(307).header("location", place).body(Full::default()).unwrap();
            }
            "code-too-long" => {
                let long = format!("{}{}{}", code("code too long"), code("code too long"), code("code too long"));
                approval["voucher"]["code"] = long.into();
            }
            "other-amount" => approval["amounts"]["approvedAmount"]["amount"] = 1.into(),
            "other-id" => approval["id"] = crate::world::new_id().into(),
            "no-code" => approval["voucher"] = json!({"pin": approval["voucher"]["pin"]}),
            "encrypted-pin" => approval["voucher"]["pin"] = self.encrypted_pin(),
            "unknown-field" => approval["voucher"]["secretWord"] = code("unknown field of an answer").into(),
            "bad-pin" => approval["voucher"]["pin"] = json!({"type": "ENCRYPTED_PIN", "pinBlock": code("bad PIN")}),
            _ => {}
        }
        let mut answer = told(201, &approval.to_string());
        let header = code("header of an answer").try_into().unwrap();
        answer.headers_mut().insert("x-voucher-code", header);
        answer
    }

    /// A yes with a code and a PIN that nobody else has.
    fn approval(&self, request: &Json) -> Json {
        let mut approval = crate::world::approval(request);
        approval["voucher"]["code"] = match request["voucher"]["code"].as_str() {
            Some(code) => code.into(),
            None => self.roll.plant("code of an approval").into(),
        };
        approval["voucher"]["pin"] = json!({"type": "CLEAR_PIN", "pin": self.roll.plant("PIN of an approval")});
        let slip = format!("Your code is {}", self.roll.plant("slip of an approval"));
        approval["slipData"] = json!({"messageLines": [{"text": slip}]});
        approval
    }

    fn encrypted_pin(&self) -> Json {
        let block = self.roll.plant_digits("PIN block of an answer", 8, Rest::Nowhere);
        let parameters = json!({"pinBlockFormat": "ISO_9564_FORMAT_0", "accountNumber": "123456789012", "keyIndex": 1});
        json!({"type": "ENCRYPTED_PIN", "pinBlock": block, "encryptionParameters": parameters})
    }

    /// A no, or no answer at all, that repeats a code in every text of its own.
    fn fault(&self, request: &Json, error_type: &str) -> String {
        let code = || self.roll.plant("words of a provider's error");
        json!({
            "id": request["id"],
            "errorType": error_type,
            "errorMessage": format!("no voucher {}", code()),
            "providerErrorCode": code(),
            "providerErrorMessage": format!("code {} is taken", code()),
            "detailMessage": {"code": code(), code(): 1},
        })
        .to_string()
    }

    fn advised(&self, advice: &Json) -> Response<Full<Bytes>> {
        if self.advices.fetch_add(1, Ordering::Relaxed).is_multiple_of(ADVICES_TO_A_FAULT) {
            return told(500, &self.fault(advice, "GENERAL_ERROR"));
        }
        told(202, &advice.to_string())
    }

    /// An answer to a lookup, whose `receiverInstId` names the manner.
    fn looked_up(&self, query: &str) -> Response<Full<Bytes>> {
        let code = || self.roll.plant("answer to a lookup");
        if query.contains("receiverInstId=decline") {
            return told(404, &self.fault(&Json::Null, "UNABLE_TO_LOCATE_RECORD"));
        }
        let pin = json!({"type": "CLEAR_PIN", "pin": code()});
        let body = json!({"voucher": {"code": code(), "pin": pin}, "thirdPartyIdentifiers": []}).to_string();
        let told_of = if query.contains("receiverInstId=broken") { &body[..body.len() - 3] } else { &body };
        told(200, told_of)
    }
}

fn told(status: u16, body: &str) -> Response<Full<Bytes>> {
    let response = Response::builder().status(status).header("content-type", "application/json");
    response.body(Full::from(body.to_owned())).unwrap()
}
