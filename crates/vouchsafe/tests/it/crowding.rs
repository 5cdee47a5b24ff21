//! One caller that crowds the door does not keep others out.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use vouchsafe::access::{Access, KnownChannels};
use vouchsafe::config::{self, Allowance};

use crate::world::{PREFACE, ProviderStub, Setup, Switch, eventually, known, request};

const HERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const THERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Longer than any limit that ends something here; shorter than those that must not.
const EVER: Duration = Duration::from_secs(30);

async fn switch(provider: &ProviderStub, change: impl FnOnce(&mut Setup)) -> Switch {
    let two = Allowance { concurrency: 2.try_into().unwrap(), ..Allowance::default() };
    let channels = [config::Channel { allowance: two, ..known("slow") }, known("app")];
    let access = Some(Access::Known(Arc::new(KnownChannels::fixed(&channels))));
    let mut setup = Setup { access, ..Setup::to(provider.base_url()) };
    // Whoever is slow here is so for the whole test.
    (setup.limits.header, setup.limits.body, setup.limits.idle) = (EVER * 10, EVER * 10, EVER * 10);
    change(&mut setup);
    Switch::start(setup).await
}

async fn connection(from: Ipv4Addr, to: SocketAddr, sent: &str) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let mut stream = socket.connect(to).await?;
    stream.write_all(sent.as_bytes()).await?;
    Ok(stream)
}

/// Whether a channel sells.
async fn check_sells(switch: &Switch, channel: &str) {
    let caller = switch.channel(channel);
    let answer = timeout(EVER, caller.provision(&request(channel))).await;
    assert_eq!(answer.unwrap_or_else(|_| panic!("{channel} waits for others")).verdict(), "201");
}

#[tokio::test]
async fn a_flood_of_connections_from_one_place_leaves_room_for_others() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |setup| {
        setup.limits.connections = 8;
        setup.limits.connections_per_address = 4;
    })
    .await;
    let mut flood = Vec::new();
    for _ in 0..40 {
        flood.push(connection(THERE, switch.address, "").await);
    }
    check_sells(&switch, "app").await;
    // Those that found no room are closed, and the others are what they were.
    let mut open: Vec<_> = flood.into_iter().flatten().collect();
    eventually("the end of all that found no room", async || {
        let is_open = |stream: &mut TcpStream| {
            matches!(stream.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
        };
        open.retain_mut(is_open);
        (open.len() <= 4).then_some(())
    })
    .await;
    assert_eq!(open.len(), 4);
}

#[tokio::test]
async fn slow_heads_and_slow_bodies_hold_up_nobody_else() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |setup| setup.limits.connections_per_address = 64).await;
    let mut slow = Vec::new();
    let head = |authorization: &str| {
        format!(
            "POST /suv/v1/vouchers HTTP/1.1\r\nhost: switch\r\nauthorization: {authorization}\r\n\
             content-type: application/json\r\ncontent-length: 1000\r\n\r\n{{"
        )
    };
    let (known, unknown) = (switch.channel("slow").authorization(), "Basic bm9ib2R5OnNlY3JldA==".to_owned());
    for sent in ["P".to_owned(), "POST /suv/v1/vouchers HTTP/1.1\r\nhost:".to_owned(), head(&unknown), head(&known)] {
        for _ in 0..8 {
            slow.push(connection(THERE, switch.address, &sent).await.unwrap());
        }
    }
    check_sells(&switch, "app").await;
    // A connection of the slow channel's own waits for what it lacks, and takes no room from others.
    check_sells(&switch, "app").await;
    drop(slow);
}

/// Asks whether the switch lives, and keeps the connection.
const ASKS: &str = "GET /health/live HTTP/1.1\r\nhost: switch\r\n\r\n";

async fn is_answered(caller: &mut TcpStream) {
    let mut answer = Vec::new();
    while !answer.ends_with(b"live\n") {
        let read = timeout(EVER, caller.read_buf(&mut answer)).await.expect("an answer").unwrap();
        assert!(read > 0, "{:?}", String::from_utf8_lossy(&answer));
    }
}

#[tokio::test]
async fn heads_in_parts_from_one_place_are_heard_in_turns_and_whole_ones_at_once() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |setup| {
        (setup.limits.first_heads_per_address, setup.limits.header_bytes) = (1, 8192);
    })
    .await;
    let part = "GET /health/live HTTP/1.1\r\nx-slow: ";
    let slow = connection(THERE, switch.address, part).await.unwrap();
    // Many times as long as it takes to begin to hear somebody.
    for _ in 0..20 {
        check_sells(&switch, "app").await;
    }
    // What is too large to be looked at whole is in parts, too.
    let huge = format!("{part}{}\r\n\r\n", "a".repeat(8192));
    let mut huge = connection(THERE, switch.address, &huge).await.unwrap();
    let mut completed = connection(THERE, switch.address, part).await.unwrap();
    is_answered(&mut connection(THERE, switch.address, ASKS).await.unwrap()).await;
    completed.write_all(b"no more\r\n\r\n").await.unwrap();
    is_answered(&mut completed).await;
    for _ in 0..20 {
        check_sells(&switch, "app").await;
    }
    let early = huge.try_read(&mut [0; 100]).map_err(|error| error.kind());
    assert_eq!(early, Err(io::ErrorKind::WouldBlock), "it waits for the slow one");
    drop(slow);
    let mut answer = [0; 12];
    timeout(EVER, huge.read_exact(&mut answer)).await.expect("an answer").unwrap();
    assert_eq!(answer, *b"HTTP/1.1 431");
}

#[tokio::test]
async fn whoever_says_nothing_or_was_understood_keeps_nobody_from_being_heard() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |setup| setup.limits.first_heads_per_address = 1).await;
    // Too large to be looked at whole: it is answered only once it is heard.
    let asks = ASKS.replace("host", &format!("x-large: {}\r\nhost", "a".repeat(5000)));
    let mut opened_ahead = Vec::new();
    for _ in 0..8 {
        opened_ahead.push(connection(THERE, switch.address, "").await.unwrap());
        drop(connection(THERE, switch.address, "").await.unwrap());
    }
    for whole in [PREFACE, &asks] {
        let (begun, rest) = whole.split_at(12);
        let mut in_parts = connection(THERE, switch.address, begun).await.unwrap();
        for _ in 0..20 {
            check_sells(&switch, "app").await;
        }
        in_parts.write_all(rest.as_bytes()).await.unwrap();
        opened_ahead.push(in_parts);
        is_answered(&mut connection(THERE, switch.address, &asks).await.unwrap()).await;
    }
    let first = &mut opened_ahead[0];
    first.write_all(asks.as_bytes()).await.unwrap();
    is_answered(first).await;
}

#[tokio::test]
async fn whoever_goes_away_while_it_waits_to_be_heard_leaves_its_place() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |setup| {
        setup.limits.first_heads_per_address = 1;
        setup.limits.connections_per_address = 2;
    })
    .await;
    let slow = connection(THERE, switch.address, "G").await.unwrap();
    for _ in 0..20 {
        check_sells(&switch, "app").await;
    }
    drop(connection(THERE, switch.address, "G").await.unwrap());
    eventually("a place", async || {
        let mut caller = connection(THERE, switch.address, ASKS).await.ok()?;
        // One that has found no place is closed without an answer.
        caller.read_exact(&mut [0; 12]).await.ok()
    })
    .await;
    drop(slow);
}

#[tokio::test]
async fn a_huge_head_is_refused_and_reads_nothing_of_the_rest() {
    let provider = ProviderStub::approving().await;
    let switch = switch(&provider, |setup| setup.limits.header_bytes = 8192).await;
    for (what, head) in [
        (
            "one long header",
            format!("GET /health/live HTTP/1.1\r\nhost: switch\r\nx-long: {}\r\n\r\n", "a".repeat(1 << 20)),
        ),
        (
            "many headers",
            format!("GET /health/live HTTP/1.1\r\nhost: switch\r\n{}\r\n", "x-many: a\r\n".repeat(10_000)),
        ),
        ("a long path", format!("GET /{} HTTP/1.1\r\nhost: switch\r\n\r\n", "a".repeat(1 << 20))),
    ] {
        let mut caller = connection(HERE, switch.address, "").await.unwrap();
        // The switch may close the connection before all of it is sent.
        let _ = caller.write_all(head.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(EVER, caller.read_to_end(&mut answer)).await.unwrap_or_else(|_| panic!("{what}: still open"));
        let answer = String::from_utf8_lossy(&answer);
        let is_refused =
            ["HTTP/1.1 431 ", "HTTP/1.1 414 ", "HTTP/1.1 400 "].iter().any(|begin| answer.starts_with(begin));
        assert!(answer.is_empty() || is_refused, "{what}: {answer}");
        check_sells(&switch, "app").await;
    }
}
