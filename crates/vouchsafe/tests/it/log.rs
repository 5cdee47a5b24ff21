//! A log that nobody reads costs no answer, and what a caller makes up does not stand in it.

use std::io::{PipeReader, Read as _, pipe};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::world::{Channel, Sandbox, request_for};

/// Enough that what is logged of them at the finest grain overflows a pipe's 64 KiB many times over.
const MANY: usize = 100;

/// A pipe to log to, and the sandbox that does.
fn logging(data: &std::path::Path, log: &str) -> (Sandbox, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    (Sandbox::start_with(data, log, writer.into()), reader)
}

async fn everything_is_answered(sandbox: &Sandbox) {
    let channel = Channel::new(sandbox.address, "demo-app");
    let all = async {
        for _ in 0..MANY {
            assert_eq!(channel.provision(&request_for("demo-app", "AIRTIME50")).await.verdict(), "201");
        }
    };
    timeout(Duration::from_secs(120), all).await.expect("the switch froze");
}

#[tokio::test]
async fn a_log_that_is_closed_costs_no_answer() {
    let data = tempfile::tempdir().unwrap();
    let (sandbox, reader) = logging(data.path(), "trace");
    drop(reader);
    everything_is_answered(&sandbox).await;
    sandbox.stop();
}

#[tokio::test]
async fn a_log_that_is_never_read_costs_no_answer() {
    let data = tempfile::tempdir().unwrap();
    let (sandbox, mut reader) = logging(data.path(), "trace");
    everything_is_answered(&sandbox).await;
    sandbox.stop();
    let mut log = Vec::new();
    reader.read_to_end(&mut log).unwrap();
    assert!(log.len() >= 60_000, "the pipe was full: {} bytes", log.len());
}

#[tokio::test]
async fn what_was_logged_is_written_at_a_graceful_end_and_without_colours() {
    let data = tempfile::tempdir().unwrap();
    let (sandbox, mut reader) = logging(data.path(), "info");
    // Once it answers it listens for signals too.
    assert_eq!(Channel::new(sandbox.address, "demo-app").get("/health/live").await.status, 200);
    sandbox.stop();
    let mut log = String::new();
    reader.read_to_string(&mut log).unwrap();
    assert!(log.trim_end().ends_with("stopped"), "{log}");
    assert!(!log.contains('\x1b'), "{log}");
}

/// What is answered to a request without a body, head and all.
async fn answer(sandbox: &Sandbox, method: &str, id: &str) -> String {
    let mut caller = TcpStream::connect(sandbox.address).await.unwrap();
    let head =
        format!("{method} /health/live HTTP/1.1\r\nhost: switch\r\nx-request-id: {id}\r\nconnection: close\r\n\r\n");
    caller.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    caller.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn what_a_caller_makes_up_is_told_to_it_and_not_to_the_log() {
    let data = tempfile::tempdir().unwrap();
    let (sandbox, mut reader) = logging(data.path(), "info");
    let long = "a".repeat(65);
    for (method, id) in [("GET", "till-7-000123"), ("CODE1234", "pin=5678"), ("GET", &long)] {
        let answer = answer(&sandbox, method, id).await;
        assert!(answer.contains(&format!("x-request-id: {id}\r\n")), "{answer}");
    }
    sandbox.stop();
    let mut log = String::new();
    reader.read_to_string(&mut log).unwrap();
    for (told, expect) in [
        ("till-7-000123", true),
        ("method=other", true),
        ("CODE1234", false),
        ("pin=5678", false),
        (long.as_str(), false),
    ] {
        assert_eq!(log.contains(told), expect, "{told}: {log}");
    }
}
