//! A server that does, byte by byte, what a test tells it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

/// Somewhere to connect to.
pub(crate) struct Peer {
    listener: TcpListener,
}

impl Peer {
    pub(crate) async fn listening() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.unwrap() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    pub(crate) async fn connection(&self) -> Connection {
        Connection { stream: self.listener.accept().await.unwrap().0 }
    }

    /// A connection over TLS, if the caller and we come to terms.
    pub(crate) async fn tls(&self, config: ServerConfig) -> io::Result<Connection<TlsStream<TcpStream>>> {
        let stream = self.listener.accept().await.unwrap().0;
        Ok(Connection { stream: TlsAcceptor::from(Arc::new(config)).accept(stream).await? })
    }
}

/// A voucher for the request in `body`.
pub(crate) fn approval(body: &str) -> String {
    let id = &body[body.find(r#""id":""#).unwrap() + 6..][..36];
    format!(r#"{{"id":"{id}","voucher":{{"code":"1234-5678"}}}}"#)
}

/// One connection, seen from the server.
pub(crate) struct Connection<S = TcpStream> {
    pub(crate) stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Reads one request and returns its head and body, or `None` where the connection ends before one.
    pub(crate) async fn request(&mut self) -> Option<(String, String)> {
        let mut bytes = Vec::new();
        loop {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                if body.len() == length.map_or(0, |length| length.parse::<usize>().unwrap()) {
                    return Some((head.to_owned(), body.to_owned()));
                }
            }
            if self.stream.read_buf(&mut bytes).await.unwrap() == 0 {
                return None;
            }
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Answers 201 with a voucher for the request in `body`.
    pub(crate) async fn approve(&mut self, body: &str) {
        let answer = approval(body);
        let length = answer.len();
        self.send(format!("HTTP/1.1 201 Created\r\ncontent-length: {length}\r\n\r\n{answer}")).await;
    }

    /// Closes our half and waits until the caller has noticed and closed its own.
    pub(crate) async fn close(mut self) {
        self.stream.shutdown().await.unwrap();
        assert!(self.request().await.is_none(), "a request came after the end");
    }

    /// Waits until the caller has closed the connection.
    pub(crate) async fn closed(mut self) {
        assert!(self.request().await.is_none(), "another request came");
    }
}
