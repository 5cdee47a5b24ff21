//! Answers, the broken ones among them, as HTTP has them.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use hyper::body::Frame;
use vouchsafe_wire::Message;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html");
const HUGE: usize = 10 * 1024 * 1024;

/// A complete answer in JSON.
pub(super) fn json(status: StatusCode, message: &impl Message) -> Response {
    whole(status, JSON, message.write())
}

/// A success in a language nobody agreed on.
pub(super) fn html(status: StatusCode) -> Response {
    whole(status, HTML, b"<!doctype html><title>Welcome</title><p>Your voucher is ready.".to_vec())
}

/// A good answer with 10 MiB of white space behind it.
pub(super) fn huge(status: StatusCode, message: &impl Message) -> Response {
    let mut body = message.write();
    body.resize(HUGE, b' ');
    whole(status, JSON, body)
}

/// An answer that breaks off half-way to the length it announced.
pub(super) fn truncated(status: StatusCode, message: &impl Message) -> Response {
    let body = message.write();
    let length = body.len();
    let half = Bytes::from(body).split_to(length / 2);
    let mut response = answer(status, Body::new(Broken { sent_first: Some(half), flushed: false }));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// An answer that sends the caller elsewhere.
pub(super) fn redirect(status: StatusCode, to: &'static str) -> Response {
    let mut response = answer(status, Body::empty());
    response.headers_mut().insert(LOCATION, HeaderValue::from_static(to));
    response
}

/// No answer at all: the connection ends without a byte.
///
/// The server has to be handed some answer. The body of this one fails before anything is written, the
/// head included, and the server gives the connection up.
pub(super) fn cut() -> Response {
    answer(StatusCode::CREATED, Body::new(Broken { sent_first: None, flushed: true }))
}

fn whole(status: StatusCode, content_type: HeaderValue, body: Vec<u8>) -> Response {
    let mut response = answer(status, Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn answer(status: StatusCode, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response
}

/// A body that ends in an error, which makes the server end the connection.
struct Broken {
    /// What is sent before.
    sent_first: Option<Bytes>,
    /// Whether what was sent had its chance to leave.
    flushed: bool,
}

impl hyper::body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(first) = self.sent_first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if !self.flushed {
            // The server writes out what it has whenever a body keeps it waiting.
            self.flushed = true;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}
