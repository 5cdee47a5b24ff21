//! One connection for all requests: what becomes of them when it dies, with a word and without.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::version::TLS13;
use tokio_rustls::server::TlsStream;
use vouchsafe_core::outcome::{Doubt, NotSent, Outcome};
use vouchsafe_provider::suv::{SuvConfig, SuvProvider};
use vouchsafe_provider::{Patience, Provider as _};

use crate::peer::approval;
use crate::tls::{Authority, is_approved, server};
use crate::{config, in_a_while, request};

const NO_ANSWER: Result<Outcome, NotSent> = Ok(Outcome::Unknown(Doubt::NoAnswer));
/// The product that is asked for in vain.
const SILENCE: &str = "SILENCE";

/// How the first connection ends.
#[derive(Debug, Clone, Copy)]
enum End {
    /// Nobody reads it, writes to it or closes it any more.
    Silent,
    /// It is closed, whatever is under way.
    Cut,
}

/// A request that came to the server: on which connection, and its body.
type Came = (usize, String);

/// A provider that speaks HTTP/2, and the adapter that asks it.
struct Server {
    adapter: Arc<SuvProvider>,
    came: UnboundedReceiver<Came>,
    /// Ends the first connection, and hears that it has ended.
    ending: Option<(oneshot::Sender<End>, oneshot::Receiver<()>)>,
}

impl Server {
    async fn start() -> Self {
        let authority = Authority::new();
        let mut tls = server(&authority.identity("localhost"), None, &TLS13);
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("https://localhost:{}/suv/v1", listener.local_addr().unwrap().port());
        let config = SuvConfig { authorities: Some(authority.authorities()), ..config(base_url) };
        let ((say, came), (end, ended_by), (ended, has_ended)) =
            (unbounded_channel(), oneshot::channel(), oneshot::channel());
        tokio::spawn(async move {
            let tls = TlsAcceptor::from(Arc::new(tls));
            let accept = async || tls.accept(listener.accept().await.unwrap().0).await.unwrap();
            tokio::spawn(first(accept().await, say.clone(), ended_by, ended));
            for number in 1.. {
                tokio::spawn(serve(accept().await, number, say.clone()));
            }
        });
        Self { adapter: Arc::new(SuvProvider::new(&config).unwrap()), came, ending: Some((end, has_ended)) }
    }

    async fn ask(&self, number: u128, product: &str) -> Result<Outcome, NotSent> {
        self.adapter.ask(&request(number, product), in_a_while()).await
    }

    async fn end(&mut self, how: End) {
        let (end, has_ended) = self.ending.take().unwrap();
        end.send(how).unwrap();
        has_ended.await.unwrap();
    }

    /// The next request that came is this one, on this connection.
    async fn saw(&mut self, number: u128, on: usize) {
        let (connection, body) = self.came.recv().await.unwrap();
        assert!(body.contains(&format!("{number:012x}")) && connection == on, "{body} on {connection}");
    }
}

/// Serves the first connection until it is to end.
async fn first(
    stream: TlsStream<TcpStream>,
    say: UnboundedSender<Came>,
    ended_by: oneshot::Receiver<End>,
    ended: oneshot::Sender<()>,
) {
    let mut serving = Box::pin(serve(stream, 0, say));
    let end = tokio::select! {
        () = &mut serving => return,
        end = ended_by => end,
    };
    let _held = match end {
        Ok(End::Silent) => Some(serving),
        Ok(End::Cut) => {
            drop(serving);
            None
        }
        // The test is over.
        Err(_) => return,
    };
    ended.send(()).unwrap();
    pending().await
}

/// Approves whatever comes on a connection, and says that it came.
async fn serve(stream: TlsStream<TcpStream>, number: usize, say: UnboundedSender<Came>) {
    let service = service_fn(move |request: Request<Incoming>| {
        let say = say.clone();
        async move {
            let body = request.into_body().collect().await.unwrap().to_bytes();
            let body = String::from_utf8(body.to_vec()).unwrap();
            let answer = Response::builder().status(201).body(Full::new(Bytes::from(approval(&body)))).unwrap();
            let is_silent = body.contains(SILENCE);
            say.send((number, body)).unwrap();
            if is_silent { pending().await } else { Ok::<_, Infallible>(answer) }
        }
    });
    let _ = http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
}

#[tokio::test]
async fn a_connection_that_dies_under_a_request_takes_no_other_with_it() {
    let mut server = Server::start().await;
    assert!(is_approved(&server.ask(1, "AIRTIME").await));
    server.saw(1, 0).await;
    server.end(End::Silent).await;
    // From here on the clock goes on whenever nothing else does.
    tokio::time::pause();
    // Less than an idle connection is kept: one sale after the other would keep it for good.
    let then = Instant::now() + Duration::from_secs(20);
    let patience = Patience { send_by: then, listen_until: then };
    assert_eq!(server.adapter.ask(&request(2, "AIRTIME"), patience).await, NO_ANSWER);
    tokio::time::resume();
    let third = server.ask(3, "AIRTIME").await;
    assert!(is_approved(&third), "{third:?}");
    server.saw(3, 1).await;
}

#[tokio::test]
async fn a_connection_that_dies_between_two_requests_costs_neither() {
    let mut server = Server::start().await;
    assert!(is_approved(&server.ask(1, "AIRTIME").await));
    server.saw(1, 0).await;
    server.end(End::Silent).await;
    tokio::time::pause();
    // No longer than an idle connection is kept.
    tokio::time::sleep(Duration::from_secs(20)).await;
    tokio::time::resume();
    let second = server.ask(2, "AIRTIME").await;
    assert!(is_approved(&second), "{second:?}");
    server.saw(2, 1).await;
}

#[tokio::test]
async fn a_provider_that_is_slow_but_there_is_waited_for() {
    let mut server = Server::start().await;
    let patience = in_a_while();
    let asked = request(1, SILENCE);
    let found = async {
        let found = server.adapter.ask(&asked, patience).await;
        (found, Instant::now() >= patience.listen_until)
    };
    let time = async {
        let came = server.came.recv().await;
        // What the two ends say to each other takes real time, so the clock goes on in steps that leave it.
        for _ in 0..61 {
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(1)).await;
            tokio::time::resume();
            for _ in 0..50 {
                tokio::task::yield_now().await;
            }
        }
        came
    };
    let (found, _) = tokio::join!(found, time);
    assert_eq!(found, (NO_ANSWER, true), "at the deadline, and not before");
}

#[tokio::test]
async fn a_request_lost_with_its_connection_is_not_sent_again() {
    let mut server = Server::start().await;
    assert!(is_approved(&server.ask(1, "AIRTIME").await));
    server.saw(1, 0).await;
    let asked = request(2, SILENCE);
    let (adapter, patience) = (Arc::clone(&server.adapter), in_a_while());
    let cut = async {
        server.saw(2, 0).await;
        server.end(End::Cut).await;
    };
    let (second, ()) = tokio::join!(adapter.ask(&asked, patience), cut);
    assert_eq!(second, NO_ANSWER);
    // Had it been sent again, it would be seen before the third.
    assert!(is_approved(&server.ask(3, "AIRTIME").await));
    server.saw(3, 1).await;
}
