//! Whoever takes in nothing of what it is answered, or only answers pings, has no connection for ever and holds up no stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::world::{
    END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, Setup, Switch, frame, next_frame, only_answer_pings,
};

/// Short enough to wait for.
const SHORT: Duration = Duration::from_secs(1);
/// Longer than whatever ends something here, and shorter than what must not be waited for.
const EVER: Duration = Duration::from_secs(30);
/// More answers than fit into the buffers between switch and caller.
const MANY: usize = 40;

/// A switch without a provider, which has one place.
async fn switch(idle: Duration) -> Switch {
    let mut setup = Setup::to("http://127.0.0.1:1/suv/v1");
    setup.limits.connections = 1;
    (setup.limits.header, setup.limits.idle) = (SHORT, idle);
    Switch::start(setup).await
}

/// A caller with hardly any room for what it is answered.
async fn cramped(to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

/// A caller that has been answered over HTTP/1.1 and takes nothing in.
async fn unread_over_http_1(switch: &Switch) -> TcpStream {
    let mut caller = cramped(switch.address).await;
    let asked = "GET /openapi.json HTTP/1.1\r\nhost: switch\r\n\r\n".repeat(MANY);
    caller.write_all(asked.as_bytes()).await.unwrap();
    timeout(EVER, caller.readable()).await.expect("the beginning of an answer").unwrap();
    caller
}

/// A caller that has been answered over HTTP/2 and has no window for any of it.
async fn unread_over_http_2(switch: &Switch) -> TcpStream {
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    // The setting of the window that each stream begins with, and its value.
    let no_window = [0, 4, 0, 0, 0, 0];
    // Method GET, scheme http, path and authority, as HPACK writes them without a table of its own.
    let head = b"\x82\x86\x04\x05/docs\x01\x06switch";
    let mut begun = [PREFACE.as_bytes(), &frame(SETTINGS, 0, 0, &no_window)].concat();
    for stream in [1, 3, 5] {
        begun.extend(frame(HEADERS, END_HEADERS | END_STREAM, stream, head));
    }
    caller.write_all(&begun).await.unwrap();
    timeout(EVER, only_answer_pings(&mut caller, Some(HEADERS))).await.expect("the beginning of an answer");
    caller
}

/// Whether somebody else is answered, for which there must be a place.
async fn check_there_is_a_place(switch: &Switch, what: &str) {
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    caller.write_all(b"GET /health/live HTTP/1.1\r\nhost: switch\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    let read = timeout(EVER, caller.read_to_string(&mut answer)).await;
    assert!(read.is_ok() && answer.ends_with("live\n"), "{what}: the place is still taken: {answer}");
}

#[tokio::test]
async fn answers_that_nobody_takes_in_take_up_no_place_for_ever() {
    let switch = switch(SHORT).await;
    let caller = unread_over_http_1(&switch).await;
    check_there_is_a_place(&switch, "HTTP/1.1").await;
    drop(caller);
    let mut caller = unread_over_http_2(&switch).await;
    let pings = tokio::spawn(async move { only_answer_pings(&mut caller, None).await });
    check_there_is_a_place(&switch, "HTTP/2").await;
    timeout(EVER, pings).await.expect("the end of the connection").unwrap();
}

#[tokio::test]
async fn who_only_answers_pings_is_idle() {
    let switch = switch(SHORT).await;
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    caller.write_all(&[PREFACE.as_bytes(), &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
    timeout(EVER, only_answer_pings(&mut caller, None)).await.expect("the connection is still open");
}

#[tokio::test]
async fn a_graceful_stop_does_not_wait_until_answers_are_taken_in() {
    // An idle connection would outlive the test, and so would the stop.
    let cramped = switch(10 * EVER).await;
    let caller = unread_over_http_1(&cramped).await;
    timeout(EVER, cramped.stop()).await.expect("HTTP/1.1: the stop waits for an answer to be taken in");
    drop(caller);
    let windowless = switch(10 * EVER).await;
    let mut caller = unread_over_http_2(&windowless).await;
    let pings = tokio::spawn(async move { only_answer_pings(&mut caller, None).await });
    timeout(EVER, windowless.stop()).await.expect("HTTP/2: the stop waits for an answer to be taken in");
    timeout(EVER, pings).await.expect("the end of the connection").unwrap();
}

#[tokio::test]
async fn it_is_said_how_many_requests_may_be_under_way_on_one_connection() {
    let switch = switch(SHORT).await;
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    caller.write_all(&[PREFACE.as_bytes(), &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
    let ((kind, ..), settings) = timeout(EVER, next_frame(&mut caller)).await.expect("a frame").expect("settings");
    assert_eq!(kind, SETTINGS);
    // The setting's number, and its value.
    assert!(settings.chunks(6).any(|setting| setting == [0, 3, 0, 0, 0, 100]), "{settings:?}");
}
