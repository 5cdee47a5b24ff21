//! HTTP/2 as frames, for callers that do what no client's library does.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What every HTTP/2 connection begins with.
pub(crate) const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The kinds of frames that a test names.
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
/// Flags of frames.
const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags, 0, 0, 0, stream], payload].concat()
}

/// Kind, flags and stream of the next frame, and what is in it; none once the connection has ended.
pub(crate) async fn next_frame(caller: &mut TcpStream) -> Option<((u8, u8, u8), Vec<u8>)> {
    let mut head = [0; 9];
    caller.read_exact(&mut head).await.ok()?;
    let mut payload = vec![0; usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2])];
    caller.read_exact(&mut payload).await.ok()?;
    Some(((head[3], head[4], head[8]), payload))
}

/// Answers pings, and does nothing else, until a frame of such a kind has come or the connection has ended.
pub(crate) async fn only_answer_pings(caller: &mut TcpStream, until: Option<u8>) {
    while let Some(((kind, flags, _), payload)) = next_frame(caller).await {
        if kind == PING && flags & ACK == 0 {
            // If that fails, the connection has ended.
            let _ = caller.write_all(&frame(PING, ACK, 0, &payload)).await;
        }
        if Some(kind) == until {
            return;
        }
    }
}
