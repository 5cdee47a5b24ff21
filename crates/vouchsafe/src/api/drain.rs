//! Around every request: an answer that comes before the body was read waits for the rest of it.
//!
//! A caller that is still sending when its answer is complete may never see the answer: HTTP/2 ends its stream, and
//! under HTTP/1.1 the connection is reset. So the rest of a body is taken and thrown away first, within bounds.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderValue, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use crate::api::router::Service;

/// The most bytes that are thrown away for one request. Whoever sends more may miss the answer.
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// Answers a request once its body has come to an end, or the time for it is over. If the body did not end, the
/// connection does: what follows on it could not be told from the body.
pub(crate) async fn drain(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let until = Instant::now() + service.app.limits.body;
    let version = request.version();
    // Such a caller sends nothing before it is asked to: it is answered at once.
    let is_asked_first = version < Version::HTTP_2 && request.headers().contains_key(header::EXPECT);
    let (give_back, mut rest) = oneshot::channel();
    let request = request.map(|body| Body::new(Lent { body, was_asked: false, give_back: Some(give_back) }));
    let mut response = next.run(request).await;
    let Ok(rest) = rest.try_recv() else { return response };
    let is_drained = (rest.was_asked || !is_asked_first) && timeout_at(until, drained(rest.body)).await == Ok(true);
    // Over HTTP/2 only the stream ends, and that header is not allowed.
    if !is_drained && version < Version::HTTP_2 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Reads the rest of a body; whether it came to its end.
async fn drained(mut body: Body) -> bool {
    let mut taken = 0;
    while taken + body.size_hint().lower() <= MOST_BYTES {
        match body.frame().await {
            Some(Ok(frame)) => taken += frame.data_ref().map_or(0, |data| data.len() as u64),
            Some(Err(_)) => return false,
            None => return true,
        }
    }
    false
}

/// A body that comes back if it is not read to its end.
struct Lent {
    body: Body,
    was_asked: bool,
    give_back: Option<oneshot::Sender<Rest>>,
}

/// What is left of a body.
struct Rest {
    body: Body,
    /// Whether anybody began to read it.
    was_asked: bool,
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.was_asked = true;
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() {
            self.give_back = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.body.is_end_stream() {
            return;
        }
        if let Some(give_back) = self.give_back.take() {
            let body = std::mem::take(&mut self.body);
            // If nobody takes it back, its caller has gone.
            let _ = give_back.send(Rest { body, was_asked: self.was_asked });
        }
    }
}
