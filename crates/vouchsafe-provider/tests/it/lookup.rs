//! How the adapter asks about a voucher and about its redemption and refund, over the wire.

use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::message::VoucherQuery;
use vouchsafe_core::outcome::{Decline, Doubt, Lookup, NotSent, Outcome};
use vouchsafe_core::secret::Secret;
use vouchsafe_core::text::{FreeText, Text};
use vouchsafe_provider::Provider;

use crate::peer::{Connection, Peer};
use crate::{at, in_a_while, let_the_time_pass, redemption, refund};

fn query(code: &str) -> VoucherQuery {
    VoucherQuery {
        voucher_code: Some(Secret::new(Text::new(code).unwrap())),
        receiver_inst_id: FreeText::new("an issuer").ok(),
        ..VoucherQuery::default()
    }
}

/// Hears one request and answers it.
async fn hear(peer: &Peer, status: &str, body: &str) -> (String, Connection) {
    let mut connection = peer.connection().await;
    let (head, sent) = connection.request().await.unwrap();
    assert_eq!(sent, "", "a question has no body");
    let length = body.len();
    connection.send(&format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}")).await;
    (head, connection)
}

#[tokio::test]
async fn a_question_is_asked_in_the_address_and_answered_in_the_body() {
    let peer = Peer::listening().await;
    let (provider, by) = (at(peer.address()), in_a_while().listen_until);
    let known = r#"{"voucher":{"code":"12 34&5"},"product":{"productId":"AIRTIME"}}"#;
    let asked = query("12 34&5");
    let (found, (head, _)) = tokio::join!(provider.look_up(&asked, by), hear(&peer, "200 OK", known));
    let Lookup::Found(found) = found else { panic!("{found:?}") };
    assert_eq!(found.product.unwrap().product_id.as_str(), "AIRTIME");
    let first = "GET /suv/v1/vouchers?voucherCode=12%2034%265&receiverInstId=an%20issuer HTTP/1.1";
    assert_eq!(head.lines().next(), Some(first));
    for line in ["authorization: Basic dXM6b3BlbiBzZXNhbWU=", "accept: application/json"] {
        assert!(head.lines().any(|found| found == line), "{line} is missing from {head}");
    }
}

#[tokio::test]
async fn a_voucher_that_the_provider_does_not_know_is_told_so() {
    let peer = Peer::listening().await;
    let (provider, by, asked) = (at(peer.address()), in_a_while().listen_until, query("1"));
    let unknown = r#"{"errorType":"UNABLE_TO_LOCATE_RECORD","errorMessage":"no such voucher"}"#;
    let (found, _) = tokio::join!(provider.look_up(&asked, by), hear(&peer, "404 Not Found", unknown));
    let Lookup::Declined(Decline::ByProvider(error)) = found else { panic!("{found:?}") };
    assert_eq!((error.error_type, error.message.as_str()), (ErrorType::UnableToLocateRecord, "no such voucher"));
}

#[tokio::test]
async fn without_a_connection_nobody_was_asked_and_without_an_answer_nothing_is_known() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let by = in_a_while().listen_until;
    let found = at(address).look_up(&query("1"), by).await;
    assert_eq!(found, Lookup::Declined(Decline::NotSent(NotSent::NoConnection)));

    let peer = Peer::listening().await;
    let (provider, asked) = (at(peer.address()), query("1"));
    let silent = async {
        let mut connection = peer.connection().await;
        connection.request().await.unwrap();
        let_the_time_pass().await;
        connection.closed().await;
    };
    let (found, ()) = tokio::join!(provider.look_up(&asked, by), silent);
    assert_eq!(found, Lookup::Unknown(Doubt::NoAnswer));
}

#[tokio::test]
async fn redemptions_and_refunds_go_to_addresses_of_their_own() {
    let presented = r#""voucher":{"code":"1234-5678"}"#;
    for (asked, path) in [(redemption(1, presented), "redemptions"), (refund(1, presented), "refunds")] {
        let peer = Peer::listening().await;
        let provider = at(peer.address());
        let serve = async {
            let mut connection = peer.connection().await;
            let heard = connection.request().await.unwrap();
            connection.approve(&heard.1).await;
            heard
        };
        let (found, (head, body)) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
        assert!(matches!(found, Ok(Outcome::Approved(_))), "{found:?}");
        assert!(head.starts_with(&format!("POST /suv/v1/{path} HTTP/1.1\r\n")), "{head}");
        assert!(body.contains(presented), "{body}");
    }
}

/// Everything that is logged, on whichever level, while this is alive.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_code_in_a_question_is_in_no_log_whatever_comes_of_it() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    // For all threads: whoever else is the first to come by a line, in a thread that nobody listens to, would have it
    // remembered that nobody wants that line.
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    let asked = query("PLANTED-CODE");
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", "not even HTTP\r\n\r\n"] {
        let peer = Peer::listening().await;
        let (provider, by) = (at(peer.address()), in_a_while().listen_until);
        let serve = async {
            let mut connection = peer.connection().await;
            let (head, _) = connection.request().await.unwrap();
            assert!(head.contains("PLANTED-CODE"), "{head}");
            connection.send(answer).await;
        };
        let (found, ()) = tokio::join!(provider.look_up(&asked, by), serve);
        assert_eq!(found, Lookup::Unknown(Doubt::NoAnswer), "{answer:?}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    at(nobody).look_up(&asked, in_a_while().listen_until).await;
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("a provider did not answer"), "{logged}");
    assert!(!logged.contains("PLANTED"), "{logged}");
}
