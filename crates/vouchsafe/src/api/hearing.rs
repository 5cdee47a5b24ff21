//! How a connection begins to be heard: at once if what it says is whole, else when it is its turn.

use std::io;
use std::pin::pin;
use std::time::Duration;

use futures_util::FutureExt as _;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::api::crowd::Member;

/// How much is looked at to see whether it is whole: more than what any client of the interface begins with.
const LOOK: usize = 4096;
/// How long after the first look there is another, at connections whose turn it is not. Each time it is doubled, so nobody
/// waits for more than as long again as it took to say the whole.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
/// Nothing more can come. Elsewhere than on Linux that is known only of those that are reset.
#[cfg(target_os = "linux")]
const NO_MORE: PollFlags = PollFlags::RDHUP;
#[cfg(not(target_os = "linux"))]
const NO_MORE: PollFlags = PollFlags::empty();
/// What a record of a TLS handshake begins with; after that come two bytes of version and two of length.
const HANDSHAKE: u8 = 22;

/// What has been said on a connection, and not yet been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// Nothing that could still become a request: it has ended before.
    Nothing,
    /// More is to come.
    Part,
    /// A request's head, or what a handshake begins with.
    Whole,
}

/// A connection that something has come on, once that is whole or may be heard although it is not; nothing if it has ended
/// without a word.
///
/// One that must wait is not watched meanwhile, but looked at now and then: to be told of every byte that drips in would cost
/// as much as to read it. Whoever says all of a head at once that fits into a look never waits, however many others of its
/// address do.
pub(super) async fn begun(stream: TcpStream, member: &Member) -> io::Result<Option<TcpStream>> {
    let said = loop {
        stream.readable().await?;
        if let Some(said) = look(&stream) {
            break said?;
        }
    };
    match said {
        Said::Nothing => return Ok(None),
        Said::Whole => return Ok(Some(stream)),
        Said::Part if member.be_heard().now_or_never().is_some() => return Ok(Some(stream)),
        Said::Part => {}
    }
    let unwatched = stream.into_std()?;
    let (mut turn, mut pause) = (pin!(member.be_heard()), FIRST_PAUSE);
    while timeout(pause, &mut turn).await.is_err() {
        match look_unwatched(&unwatched)? {
            Said::Nothing => return Ok(None),
            Said::Whole => break,
            Said::Part => pause *= 2,
        }
    }
    TcpStream::from_std(unwatched).map(Some)
}

/// What has been said, if anything. Its room is not part of what waits: there may be thousands who say nothing.
fn look(stream: &TcpStream) -> Option<io::Result<Said>> {
    let mut bytes = [0; LOOK];
    let length = stream.peek(&mut bytes).now_or_never()?;
    Some(length.map(|length| said(&bytes[..length])))
}

fn look_unwatched(stream: &std::net::TcpStream) -> io::Result<Said> {
    let mut bytes = [0; LOOK];
    let length = stream.peek(&mut bytes)?;
    let said = said(&bytes[..length]);
    if said != Said::Part {
        return Ok(said);
    }
    // Bytes that nobody reads hide the end behind them. What fills the look may be whole.
    let ends = if length < LOOK { NO_MORE } else { PollFlags::empty() };
    let mut polled = [PollFd::new(stream, ends)];
    poll(&mut polled, Some(&Timespec::default()))?;
    let has_ended = polled[0].revents().intersects(ends | PollFlags::HUP | PollFlags::ERR);
    Ok(if has_ended { Said::Nothing } else { Said::Part })
}

fn said(bytes: &[u8]) -> Said {
    // Empty lines before a request are no part of it.
    let begun = bytes.trim_ascii_start();
    let has_end = |end: &[u8]| begun.windows(end.len()).any(|window| window == end);
    match *bytes {
        [] => Said::Nothing,
        [HANDSHAKE, _, _, high, low, ref hello @ ..] if hello.len() >= usize::from(u16::from_be_bytes([high, low])) => {
            Said::Whole
        }
        [HANDSHAKE, ..] => Said::Part,
        _ if has_end(b"\n\r\n") || has_end(b"\n\n") => Said::Whole,
        _ => Said::Part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_whole_with_its_empty_line_and_a_hello_with_its_last_byte() {
        for (bytes, expect) in [
            (&b""[..], Said::Nothing),
            (b"G", Said::Part),
            (b"GET / HTTP/1.1\r\nhost: switch\r\n", Said::Part),
            (b"GET / HTTP/1.1\r\nhost: switch\r\n\r\n", Said::Whole),
            (b"GET / HTTP/1.1\nhost: switch\n\n", Said::Whole),
            (b"POST / HTTP/1.1\r\nhost: switch\r\n\r\n{", Said::Whole),
            (b"\r\n\r\n", Said::Part),
            (b"\r\n\r\nGET / HTTP/1.1\r\n", Said::Part),
            (b"\r\n\r\nGET / HTTP/1.1\r\n\r\n", Said::Whole),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Said::Whole),
            (&[22], Said::Part),
            (&[22, 3, 1, 1, 0, 1], Said::Part),
            (&[22, 3, 1, 0, 2, 1], Said::Part),
            (&[22, 3, 1, 0, 2, 1, 0], Said::Whole),
        ] {
            assert_eq!(said(bytes), expect, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
