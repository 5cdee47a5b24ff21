//! A request's body that leaves in time or not at all.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::Instant;

/// A body that is handed out before an instant, or never.
///
/// The client may be handed a request back by a connection that was closing, and has it wait for another. It must not leave
/// then when nobody waits for it any more and its reversal is on its way: without its body it is no request. A question has
/// none, may leave late and changes nothing.
#[derive(Debug)]
pub(super) struct Timely {
    /// None once it is handed out, or where there is nothing to hand out.
    bytes: Option<Bytes>,
    by: Instant,
}

impl Timely {
    pub(super) fn new(bytes: Bytes, by: Instant) -> Self {
        Self { bytes: Some(bytes).filter(|bytes| !bytes.is_empty()), by }
    }
}

/// The body's time was over before it left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooLate;

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request did not leave in time")
    }
}

impl std::error::Error for TooLate {}

impl Body for Timely {
    type Data = Bytes;
    type Error = TooLate;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, TooLate>>> {
        let is_late = Instant::now() >= self.by;
        Poll::Ready(self.bytes.take().map(|bytes| if is_late { Err(TooLate) } else { Ok(Frame::data(bytes)) }))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Request;
    use hyper::client::conn::http1::handshake;
    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, duplex};

    use super::*;

    /// What a provider receives of a request whose body must have left by then.
    async fn received(by: Instant) -> String {
        let (ours, mut theirs) = duplex(4096);
        let (mut sender, connection) = handshake(TokioIo::new(ours)).await.unwrap();
        let connection = tokio::spawn(connection);
        let request = Request::post("/vouchers").body(Timely::new(Bytes::from_static(b"{\"id\":1}"), by)).unwrap();
        let sending = tokio::spawn(async move { sender.send_request(request).await.map(drop) });
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"}") && theirs.read_buf(&mut bytes).await.unwrap() > 0 {}
        drop(theirs);
        assert!(sending.await.unwrap().is_err(), "nobody answered");
        // It ends with an error or without, as the other end was closed before or after it.
        let _ = connection.await.unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[tokio::test]
    async fn what_is_late_does_not_leave() {
        let now = Instant::now();
        let in_time = received(now + Duration::from_secs(3600)).await;
        assert!(in_time.contains("content-length: 8") && in_time.ends_with("{\"id\":1}"), "{in_time}");
        let late = received(now).await;
        assert!(!late.contains("id"), "{late}");
    }
}
