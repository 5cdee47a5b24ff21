//! A provider that means harm: where it sends us, and what it wants us to unpack.

use vouchsafe_core::outcome::{Doubt, Outcome, Unusable};
use vouchsafe_provider::Provider;

use tokio::net::TcpStream;

use crate::peer::Peer;
use crate::{at, in_a_while, request};

fn unusable(reason: Unusable) -> Outcome {
    Outcome::Unknown(Doubt::Unusable { reason, error: None })
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Moved"] {
        let (peer, elsewhere) = (Peer::listening().await, Peer::listening().await);
        let (provider, asked) = (at(peer.address()), request(1, "AIRTIME"));
        let location = format!("http://{}/suv/v1/vouchers", elsewhere.address());
        let serve = async {
            let mut connection = peer.connection().await;
            connection.request().await.unwrap();
            connection.send(format!("HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")).await;
        };
        let (found, ()) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
        assert_eq!(found, Ok(unusable(Unusable::Status)), "{status}");
        // The first who comes there is us.
        let ours = TcpStream::connect(elsewhere.address()).await.unwrap();
        let first = elsewhere.connection().await;
        assert_eq!(first.stream.peer_addr().unwrap(), ours.local_addr().unwrap(), "{status}");
    }
}

#[tokio::test]
async fn a_packed_answer_is_not_unpacked() {
    let approval = br#"{"id":"00000000-0000-0000-0000-000000000001","voucher":{"code":"1234-5678"}}"#;
    for (encoding, body, expect) in [
        ("identity", approval.to_vec(), None),
        ("gzip", gzip(approval), Some(Unusable::NotJson)),
        // Packed or not, it is read as it stands.
        ("gzip", approval.to_vec(), None),
    ] {
        let peer = Peer::listening().await;
        let (provider, asked) = (at(peer.address()), request(1, "AIRTIME"));
        let serve = async {
            let mut connection = peer.connection().await;
            connection.request().await.unwrap();
            let length = body.len();
            let head =
                format!("HTTP/1.1 201 Created\r\ncontent-encoding: {encoding}\r\ncontent-length: {length}\r\n\r\n");
            connection.send([head.as_bytes(), &body].concat()).await;
        };
        let (found, ()) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
        match expect {
            Some(reason) => assert_eq!(found, Ok(unusable(reason)), "{encoding}"),
            None => assert!(matches!(found, Ok(Outcome::Approved(_))), "{encoding}: {found:?}"),
        }
    }
}

/// The bytes as a gzip file (RFC 1952) that holds them in one stored block.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let checksum = !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(sum & 1)))
    });
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    file.extend(length.to_le_bytes());
    file.extend((!length).to_le_bytes());
    file.extend(bytes);
    file.extend(checksum.to_le_bytes());
    file.extend(u32::from(length).to_le_bytes());
    file
}
