//! What each message to a provider passes on its way, within the switch's own process: it knows how far a send has
//! come, and dies there if it is to.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http::Uri;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::point::{Killer, Moment};

/// Begins to relay to the provider at a URL, and says where it is to be asked instead.
pub(super) async fn begin(provider_url: &str, killer: Arc<Killer>) -> String {
    let url: Uri = provider_url.parse().unwrap();
    let provider: SocketAddr = url.authority().unwrap().as_str().parse().unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (switch, _) = listener.accept().await.unwrap();
            // A connection that breaks is the business of whoever is at its ends: closing both tells them.
            tokio::spawn(carry(switch, provider, Arc::clone(&killer)));
        }
    });
    format!("http://{address}{}", url.path())
}

/// Carries one connection's messages there and their answers back.
async fn carry(mut switch: TcpStream, provider: SocketAddr, killer: Arc<Killer>) -> io::Result<()> {
    let mut provider = TcpStream::connect(provider).await?;
    switch.set_nodelay(true)?;
    provider.set_nodelay(true)?;
    let (mut message, mut answer) = (Vec::new(), Vec::new());
    let mut unanswered = None;
    loop {
        tokio::select! {
            read = switch.read_buf(&mut message) => {
                if read? == 0 {
                    return Ok(());
                }
                if is_whole(&message) {
                    let number = killer.send();
                    killer.reach(number, Moment::Leaving);
                    provider.write_all(&message).await?;
                    killer.reach(number, Moment::Left);
                    unanswered = Some(number);
                    message.clear();
                }
            }
            read = provider.read_buf(&mut answer) => {
                if let Some(number) = unanswered.take() {
                    killer.reach(number, Moment::Answered);
                }
                if read? == 0 {
                    return Ok(());
                }
                switch.write_all(&answer).await?;
                answer.clear();
            }
        }
    }
}

/// Whether a message of HTTP/1.1 that says its length has come to its end.
fn is_whole(message: &[u8]) -> bool {
    const GAP: &[u8] = b"\r\n\r\n";
    let Some(end) = message.windows(GAP.len()).position(|bytes| bytes == GAP) else { return false };
    let head = String::from_utf8_lossy(&message[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    let length: usize = length.expect("whatever is sent says how long it is");
    message.len() >= end + GAP.len() + length
}
