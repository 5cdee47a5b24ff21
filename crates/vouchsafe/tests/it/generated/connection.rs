//! A connection that sends whatever bytes it is given and reads what comes back: no client would send most of them.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::call::{Call, Due};
use crate::world::Answer;

/// Longer than the switch lets any channel wait: what is not answered then never will be.
const PATIENCE: Duration = Duration::from_secs(100);

/// What came back.
pub(super) enum Heard {
    Answer(Answer),
    /// The connection was ended without an answer.
    Nothing,
    /// Nothing came in all that time, and the connection is still there.
    Silence,
    /// What came is no HTTP.
    Nonsense(Vec<u8>),
}

/// A connection, or none yet.
pub(super) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
}

impl Connection {
    pub(super) const fn to(address: SocketAddr) -> Self {
        Self { address, stream: None }
    }

    /// Sends a call and reads the answer. After what is no HTTP nothing more will come, so that the switch cannot wait
    /// for it.
    pub(super) async fn exchange(&mut self, call: &Call<'_>) -> Heard {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => TcpStream::connect(self.address).await.expect("the switch takes connections"),
        };
        // Whoever is refused early may see the connection end before everything is sent; what was said counts.
        let sent = stream.write_all(&call.bytes).await;
        if call.due == Due::Broken {
            let _ = stream.shutdown().await;
        }
        let heard = timeout(PATIENCE, read(&mut stream, call.is_head)).await.unwrap_or(Heard::Silence);
        if let Heard::Answer(answer) = &heard
            && !call.is_last
            && sent.is_ok()
            && answer.header("connection").is_none_or(|word| !word.eq_ignore_ascii_case("close"))
        {
            self.stream = Some(stream);
        }
        heard
    }
}

/// Reads one answer, passing over those that only say to go on.
async fn read(stream: &mut TcpStream, is_head: bool) -> Heard {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        match response.parse(&bytes) {
            Ok(httparse::Status::Complete(end)) => {
                let status = response.code.expect("a whole head has a status");
                let headers = copied(response.headers);
                bytes.drain(..end);
                if status < 200 {
                    continue;
                }
                return body(stream, bytes, status, headers, is_head).await;
            }
            Ok(httparse::Status::Partial) => {}
            Err(_) => return Heard::Nonsense(bytes),
        }
        // A connection that is reset has ended, too.
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return if bytes.is_empty() { Heard::Nothing } else { Heard::Nonsense(bytes) };
        }
    }
}

fn copied(headers: &[httparse::Header<'_>]) -> HeaderMap {
    let copied = |header: &httparse::Header<'_>| {
        let name = HeaderName::from_bytes(header.name.as_bytes()).expect("the parser took it");
        (name, HeaderValue::from_bytes(header.value).expect("the parser took it"))
    };
    headers.iter().map(copied).collect()
}

/// Reads the rest of an answer whose head was read, and a part of its body with it.
async fn body(stream: &mut TcpStream, mut bytes: Vec<u8>, status: u16, headers: HeaderMap, is_head: bool) -> Heard {
    let length = headers.get("content-length").and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let wanted = match length {
        _ if is_head => 0,
        Some(length) => length,
        None if headers.contains_key("transfer-encoding") => {
            panic!("the switch sends no pieces; teach this to read them")
        }
        // To the end of the connection.
        None => usize::MAX,
    };
    while bytes.len() < wanted {
        match stream.read_buf(&mut bytes).await {
            Ok(0) if wanted == usize::MAX => break,
            Ok(0) | Err(_) => return Heard::Nonsense(bytes),
            Ok(_) => {}
        }
    }
    if wanted < bytes.len() {
        return Heard::Nonsense(bytes);
    }
    Heard::Answer(Answer { status, headers, body: Bytes::from(bytes) })
}
