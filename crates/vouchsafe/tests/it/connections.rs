//! Connections: how long they may say nothing, how many there are, and how they end.

use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::{PREFACE, Setup, Switch, eventually};

const HALF_A_HEAD: &str = "POST /suv/v1/vouchers HTTP/1.1\r\nhost:";
/// Short enough to wait for, and long enough that no caller here misses it by being slow.
const SHORT: Duration = Duration::from_secs(1);
/// Longer than any limit set here; who waits that long waits for ever.
const EVER: Duration = Duration::from_secs(30);

/// A switch without a provider.
async fn switch(change: impl FnOnce(&mut Setup)) -> Switch {
    let mut setup = Setup::to("http://127.0.0.1:1/suv/v1");
    change(&mut setup);
    Switch::start(setup).await
}

/// A connection on which so much was sent.
async fn connection(switch: &Switch, sent: &str) -> TcpStream {
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    caller.write_all(sent.as_bytes()).await.unwrap();
    caller
}

async fn until_it_ends(caller: &mut TcpStream, what: &str) {
    let mut answer = Vec::new();
    let ended = timeout(EVER, caller.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the connection is still open: {what:?}");
}

async fn ask(caller: &mut TcpStream) {
    caller.write_all(b"GET /health/live HTTP/1.1\r\nhost: switch\r\n\r\n").await.unwrap();
}

async fn hear(caller: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"live\n") {
        let read = timeout(EVER, caller.read_buf(&mut answer)).await.expect("an answer").unwrap();
        assert!(read > 0, "{:?}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn a_connection_on_which_nothing_is_asked_ends() {
    let switch = switch(|setup| setup.limits.header = Duration::from_millis(200)).await;
    for sent in ["", "P", "GET", &PREFACE[..16], PREFACE, HALF_A_HEAD] {
        until_it_ends(&mut connection(&switch, sent).await, sent).await;
    }
}

#[tokio::test]
async fn an_idle_connection_outlives_the_time_for_a_head_but_not_its_own() {
    let switch = switch(|setup| setup.limits.header = SHORT).await;
    let mut idle = connection(&switch, "").await;
    ask(&mut idle).await;
    hear(&mut idle).await;
    // As long as this takes, the other is idle.
    until_it_ends(&mut connection(&switch, "").await, "").await;
    ask(&mut idle).await;
    hear(&mut idle).await;

    let switch = self::switch(|setup| {
        setup.limits.header = SHORT;
        setup.limits.idle = SHORT;
    })
    .await;
    for sent in ["", HALF_A_HEAD] {
        let mut idle = connection(&switch, "").await;
        ask(&mut idle).await;
        hear(&mut idle).await;
        idle.write_all(sent.as_bytes()).await.unwrap();
        until_it_ends(&mut idle, sent).await;
    }
}

#[tokio::test]
async fn there_are_never_more_connections_than_allowed() {
    let switch = switch(|setup| setup.limits.connections = 1).await;
    let mut first = connection(&switch, "").await;
    ask(&mut first).await;
    hear(&mut first).await;
    let mut second = connection(&switch, "").await;
    ask(&mut second).await;
    for _ in 0..20 {
        ask(&mut first).await;
        hear(&mut first).await;
    }
    let early = second.try_read(&mut [0; 100]).map_err(|error| error.kind());
    assert_eq!(early, Err(ErrorKind::WouldBlock), "the second connection waits for its place");
    drop(first);
    hear(&mut second).await;
}

#[tokio::test]
async fn a_graceful_stop_waits_for_no_connection_on_which_nothing_is_asked() {
    let switch = switch(|setup| setup.limits.header = SHORT).await;
    let mut connections = Vec::new();
    for sent in ["", "P", PREFACE, HALF_A_HEAD] {
        connections.push(connection(&switch, sent).await);
    }
    for sent in ["", HALF_A_HEAD] {
        let mut kept_alive = connection(&switch, "").await;
        ask(&mut kept_alive).await;
        hear(&mut kept_alive).await;
        kept_alive.write_all(sent.as_bytes()).await.unwrap();
        connections.push(kept_alive);
    }
    let address = switch.address;
    timeout(EVER, switch.stop()).await.expect("the stop waits for a connection");
    eventually("a closed door", async || TcpStream::connect(address).await.is_err().then_some(())).await;
}
