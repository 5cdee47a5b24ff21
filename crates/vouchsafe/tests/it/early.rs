//! An answer that needs no body reaches a caller that is still sending one.

use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{
    DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, RST_STREAM, SETTINGS, Switch, frame, next_frame,
};

/// More than fits into the buffers between caller and switch.
const LARGE: usize = 6 * 1024 * 1024;
/// Often enough that a race is lost at least once.
const TIMES: usize = 10;

/// As large as a body may be.
const ALLOWED: usize = 256 * 1024;

/// What is wrong with a request: its path, its content type, its body's size, whether it has credentials; and the answer.
const TABLE: [(&str, &str, &str, usize, bool, u16); 5] = [
    ("no credentials", "/suv/v1/vouchers", "application/json", LARGE, false, 401),
    ("too large", "/suv/v1/vouchers", "application/json", LARGE, true, 413),
    ("another content type", "/suv/v1/vouchers", "text/plain", ALLOWED, true, 415),
    ("a path of nobody", "/suv/v1/voucher", "application/json", LARGE, true, 400),
    ("a method of another path", "/health/live", "application/json", LARGE, true, 405),
];

#[tokio::test(flavor = "multi_thread")]
async fn an_early_answer_to_a_large_body_arrives() {
    let switch = Switch::asking("http://127.0.0.1:1/suv/v1").await;
    let authorization = switch.channel("app").authorization();
    for version in [Version::HTTP_11, Version::HTTP_2] {
        let client = Client::builder(TokioExecutor::new()).http2_only(version == Version::HTTP_2).build_http();
        for (what, path, content_type, size, is_known, status) in TABLE {
            for _ in 0..TIMES {
                let mut request = Request::post(format!("http://{}{path}", switch.address));
                if is_known {
                    request = request.header("authorization", &authorization);
                }
                let request = request.header("content-type", content_type);
                let request = request.body(Full::new(Bytes::from(vec![b' '; size]))).unwrap();
                let response = client.request(request).await;
                let response = response.unwrap_or_else(|fault| panic!("{version:?}, {what}: {fault:?}"));
                assert_eq!((response.status().as_u16(), response.version()), (status, version), "{what}");
                assert!(!response.headers().contains_key("connection"), "{version:?}, {what}");
                let body = response.into_body().collect().await;
                let body = body.unwrap_or_else(|fault| panic!("{version:?}, {what}: {fault:?}")).to_bytes();
                assert!(body.ends_with(b"}"), "{version:?}, {what}: {body:?}");
            }
        }
    }
}

#[tokio::test]
async fn who_reads_only_after_it_has_sent_everything_reads_the_answer_and_may_ask_again() {
    let switch = Switch::asking("http://127.0.0.1:1/suv/v1").await;
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    let head = format!("POST /suv/v1/vouchers HTTP/1.1\r\nhost: switch\r\ncontent-length: {LARGE}\r\n\r\n");
    for _ in 0..2 {
        caller.write_all(head.as_bytes()).await.unwrap();
        caller.write_all(&vec![b' '; LARGE]).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            assert!(caller.read_buf(&mut answer).await.unwrap() > 0, "the answer is cut off");
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
        assert!(!answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn who_asks_first_whether_to_send_a_body_is_refused_at_once() {
    let switch = Switch::asking("http://127.0.0.1:1/suv/v1").await;
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    let head = format!(
        "POST /suv/v1/vouchers HTTP/1.1\r\nhost: switch\r\nexpect: 100-continue\r\ncontent-length: {LARGE}\r\n\r\n"
    );
    caller.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    caller.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test]
async fn no_stream_is_reset_while_its_body_is_still_being_sent() {
    let switch = Switch::asking("http://127.0.0.1:1/suv/v1").await;
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    // Method POST, scheme http, path and authority, as HPACK writes them without a table of its own.
    let head = [b"\x83\x86\x04\x10".as_slice(), b"/suv/v1/vouchers", b"\x01\x06switch"].concat();
    let begun = [
        PREFACE.as_bytes().to_vec(),
        frame(SETTINGS, 0, 0, &[]),
        frame(HEADERS, END_HEADERS, 1, &head),
        frame(DATA, 0, 1, &[b' '; 1000]),
    ];
    caller.write_all(&begun.concat()).await.unwrap();
    let mut seen: Vec<(u8, u8, u8)> = Vec::new();
    // Each round trip gives the switch time to be wrong.
    for trip in 1..=20 {
        caller.write_all(&frame(PING, 0, 0, &[0; 8])).await.unwrap();
        while seen.iter().filter(|(kind, ..)| *kind == PING).count() < trip {
            seen.push(next_frame(&mut caller).await.unwrap().0);
        }
    }
    let is_reset = |seen: &[(u8, u8, u8)]| seen.iter().any(|(kind, ..)| *kind == RST_STREAM);
    assert!(!is_reset(&seen), "{seen:?}");
    caller.write_all(&frame(DATA, END_STREAM, 1, &[])).await.unwrap();
    while seen.last().is_none_or(|(_, flags, stream)| (*flags & END_STREAM, *stream) != (END_STREAM, 1)) {
        seen.push(next_frame(&mut caller).await.unwrap().0);
    }
    assert!(!is_reset(&seen), "{seen:?}");
}
