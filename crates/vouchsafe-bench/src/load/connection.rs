//! One connection of a channel.

use std::net::SocketAddr;

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::spawn_local;

use crate::message::credentials;

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

/// There is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The request may have been heard.
    Lost,
    /// Nobody takes connections any more.
    Refused,
}

/// A connection that is made when it is needed.
pub(super) struct Connection {
    to: SocketAddr,
    sender: Option<SendRequest<Full<Bytes>>>,
    headers: [(header::HeaderName, HeaderValue); 3],
}

impl Connection {
    pub(super) fn new(to: SocketAddr) -> Self {
        let value = |text: &str| HeaderValue::from_str(text);
        // Digits, letters and a few signs are header values.
        let fallback = |value: Result<HeaderValue, _>| value.unwrap_or(HeaderValue::from_static(""));
        let headers = [
            (header::HOST, fallback(value(&to.to_string()))),
            (header::AUTHORIZATION, fallback(value(&credentials()))),
            (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ];
        Self { to, sender: None, headers }
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn send(&mut self, mut request: Request<Full<Bytes>>) -> Result<Answer, Broken> {
        request.headers_mut().extend(self.headers.iter().cloned());
        let sender = match &mut self.sender {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.sender.insert(connect(self.to).await?),
        };
        sender.ready().await.map_err(|_| Broken::Lost)?;
        let answer = sender.send_request(request).await.map_err(|_| Broken::Lost)?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.map_err(|_| Broken::Lost)?.to_bytes();
        Ok(Answer { status, body })
    }
}

async fn connect(to: SocketAddr) -> Result<SendRequest<Full<Bytes>>, Broken> {
    let stream = TcpStream::connect(to).await.map_err(|_| Broken::Refused)?;
    stream.set_nodelay(true).map_err(|_| Broken::Lost)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(|_| Broken::Lost)?;
    spawn_local(connection);
    Ok(sender)
}
