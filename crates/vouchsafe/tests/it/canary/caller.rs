//! Whoever calls the switch: over TLS or in clear, in HTTP of either version, or in bytes that are no HTTP at all.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value as Json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Longer than any of the switch's times here.
const EVER: Duration = Duration::from_secs(60);

/// How the switch is reached.
#[derive(Clone)]
pub(super) struct Way {
    pub(super) address: SocketAddr,
    /// For HTTP/1.1 and for HTTP/2.
    pub(super) tls: Option<[TlsConnector; 2]>,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

enum Line {
    One(http1::SendRequest<Full<Bytes>>),
    Two(http2::SendRequest<Full<Bytes>>),
}

/// One who calls over one connection, which is made anew where it has ended.
pub(super) struct Caller {
    way: Way,
    is_http_2: bool,
    line: Option<Line>,
    pub(super) user_name: String,
    pub(super) secret: String,
}

impl Way {
    async fn stream(&self, is_http_2: bool) -> Box<dyn Stream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        match &self.tls {
            None => Box::new(stream),
            Some(tls) => {
                Box::new(tls[usize::from(is_http_2)].connect("localhost".try_into().unwrap(), stream).await.unwrap())
            }
        }
    }

    /// Says these bytes and hangs up once the switch has answered or hung up; `waits` for that, or does not.
    pub(super) async fn say(&self, bytes: &str, waits: bool) {
        let mut stream = self.stream(false).await;
        // The switch may hang up before it has heard all.
        let _ = stream.write_all(bytes.as_bytes()).await;
        let _ = stream.flush().await;
        if waits {
            let _ = timeout(EVER, stream.read(&mut [0; 1024])).await.expect("the switch is silent");
        }
    }
}

impl Caller {
    pub(super) fn new(way: &Way, user_name: &str, secret: &str, is_http_2: bool) -> Self {
        let way = way.clone();
        Self { way, is_http_2, line: None, user_name: user_name.to_owned(), secret: secret.to_owned() }
    }

    pub(super) fn basic(&self) -> String {
        basic(&self.user_name, &self.secret)
    }

    /// `POST` of JSON with the caller's credentials.
    pub(super) async fn post(&mut self, path: &str, body: &Json) -> Answer {
        self.post_text(path, &body.to_string()).await
    }

    pub(super) async fn post_text(&mut self, path: &str, body: &str) -> Answer {
        let authorization = self.basic();
        self.send("POST", path, &[("authorization", &authorization), ("content-type", "application/json")], body).await
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        let authorization = self.basic();
        self.send("GET", path, &[("authorization", &authorization)], "").await
    }

    /// `POST` of a form.
    pub(super) async fn form(&mut self, path: &str, authorization: Option<&str>, form: &str) -> Answer {
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        headers.extend(authorization.map(|authorization| ("authorization", authorization)));
        self.send("POST", path, &headers, form).await
    }

    /// Sends what HTTP allows; whatever answer there is.
    pub(super) async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let scheme = if self.way.tls.is_some() { "https" } else { "http" };
        let uri = if self.is_http_2 { format!("{scheme}://localhost{path}") } else { path.to_owned() };
        let mut request = Request::builder().method(method).uri(uri.parse::<Uri>().unwrap());
        if !self.is_http_2 {
            request = request.header("host", "localhost");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_owned())).unwrap();
        let answer = match self.line().await {
            Line::One(line) => line.send_request(request).await,
            Line::Two(line) => line.send_request(request).await,
        };
        let Ok(answer) = answer else { return Answer::default() };
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.map(|body| body.to_bytes().to_vec()).unwrap_or_default();
        Answer { status, body }
    }

    async fn line(&mut self) -> &mut Line {
        let is_usable = match &mut self.line {
            None => false,
            Some(Line::One(line)) => line.ready().await.is_ok(),
            Some(Line::Two(line)) => line.ready().await.is_ok(),
        };
        if !is_usable {
            let io = TokioIo::new(self.way.stream(self.is_http_2).await);
            self.line = Some(if self.is_http_2 {
                let (line, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
                tokio::spawn(connection);
                Line::Two(line)
            } else {
                let (line, connection) = http1::handshake(io).await.unwrap();
                tokio::spawn(connection);
                Line::One(line)
            });
        }
        self.line.as_mut().expect("it was just made")
    }
}

/// What was answered; nothing at all where the connection broke.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|fault| panic!("{fault}: {self:?}"))
    }
}

pub(super) fn basic(user_name: &str, secret: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user_name}:{secret}")))
}
