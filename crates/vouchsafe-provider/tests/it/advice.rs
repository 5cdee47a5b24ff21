//! What the adapter makes of an advice: how it leaves, and what is decided when no answer comes back.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;
use vouchsafe_core::advice::{Delivery, Hindrance};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::message::{BasicReversal, TenderAdvice};
use vouchsafe_core::transaction::Kind;
use vouchsafe_provider::Provider;
use vouchsafe_wire::{Manner, Message};

use crate::peer::Peer;
use crate::{at, in_a_while, let_the_time_pass};

/// The advice `number`, as JSON without its end, about the request of that number.
fn begun(number: u128) -> String {
    format!(
        r#"{{"id":"aaaaaaaa-0000-0000-0000-{number:012x}","requestId":"00000000-0000-0000-0000-{number:012x}",
        "time":"2026-11-23T10:00:02.000Z","thirdPartyIdentifiers":[]"#
    )
}

pub(crate) fn reversal(number: u128) -> BasicReversal {
    let document = format!(r#"{},"reversalReason":"TIMEOUT"}}"#, begun(number));
    BasicReversal::read(document.as_bytes(), Manner::Strict).unwrap()
}

pub(crate) fn confirmation(number: u128) -> TenderAdvice {
    TenderAdvice::read(format!("{}}}", begun(number)).as_bytes(), Manner::Strict).unwrap()
}

fn by() -> Instant {
    in_a_while().listen_until
}

/// Hears one request, sends `answer` and ends the connection.
async fn hear(peer: &Peer, answer: &str) -> (String, String) {
    let mut connection = peer.connection().await;
    let heard = connection.request().await.unwrap();
    connection.send(answer).await;
    heard
}

const ACCEPTED: &str = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";

#[tokio::test]
async fn each_advice_goes_to_its_own_address_and_a_repeat_is_the_same_to_the_byte() {
    let peer = Peer::listening().await;
    let provider = at(peer.address());
    let (reversal, confirmation) = (reversal(1), confirmation(1));
    let mut heard = Vec::new();
    for _ in 0..2 {
        let (found, request) = tokio::join!(provider.reverse(Kind::Provision, &reversal, by()), hear(&peer, ACCEPTED));
        assert_eq!(found, Delivery::Taken);
        heard.push(request);
    }
    assert!(heard[0].0.starts_with("POST /suv/v1/vouchers/reversals HTTP/1.1\r\n"), "{}", heard[0].0);
    assert!(heard[0].0.contains("authorization: Basic dXM6b3BlbiBzZXNhbWU="), "{}", heard[0].0);
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0].1.as_bytes(), reversal.write());

    let (found, (head, body)) =
        tokio::join!(provider.confirm(Kind::Provision, &confirmation, by()), hear(&peer, ACCEPTED));
    assert_eq!(found, Delivery::Taken);
    assert!(head.starts_with("POST /suv/v1/vouchers/confirmations HTTP/1.1\r\n"), "{head}");
    assert_eq!(body.as_bytes(), confirmation.write());
}

#[tokio::test]
async fn the_confirmation_of_a_redemption_or_a_refund_says_nothing_of_tenders() {
    let peer = Peer::listening().await;
    let provider = at(peer.address());
    let paid = r#","tenders":[{"tenderType":"CASH","amount":{"amount":5000,"currency":"710"}}]}"#;
    let confirmation = TenderAdvice::read(format!("{}{paid}", begun(1)).as_bytes(), Manner::Strict).unwrap();
    for (kind, path) in [(Kind::Redemption, "redemptions"), (Kind::Refund, "refunds")] {
        let (found, (head, body)) = tokio::join!(provider.confirm(kind, &confirmation, by()), hear(&peer, ACCEPTED));
        assert_eq!(found, Delivery::Taken);
        assert!(head.starts_with(&format!("POST /suv/v1/{path}/confirmations HTTP/1.1\r\n")), "{head}");
        assert_eq!(body.as_bytes(), confirmation.advice.write());

        let reversal = reversal(1);
        let (found, (head, body)) = tokio::join!(provider.reverse(kind, &reversal, by()), hear(&peer, ACCEPTED));
        assert_eq!(found, Delivery::Taken);
        assert!(head.starts_with(&format!("POST /suv/v1/{path}/reversals HTTP/1.1\r\n")), "{head}");
        assert_eq!(body.as_bytes(), reversal.write());
    }
}

#[tokio::test]
async fn an_answer_is_heard_over_the_wire_with_the_rest_that_it_asks_for() {
    let busy = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n";
    let again = Delivery::Again { why: Hindrance::TooMany, retry_after: Some(Duration::from_secs(9)) };
    for (answer, expect) in [(busy, again), ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", Delivery::NotFound)]
    {
        let peer = Peer::listening().await;
        let (provider, reversal) = (at(peer.address()), reversal(1));
        let (found, _) = tokio::join!(provider.reverse(Kind::Provision, &reversal, by()), hear(&peer, answer));
        assert_eq!(found, expect);
    }
    let peer = Peer::listening().await;
    let (provider, confirmation) = (at(peer.address()), confirmation(1));
    let refused = r#"{"errorType":"VOUCHER_ALREADY_REVERSED","errorMessage":"late"}"#;
    let answer = format!("HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{refused}", refused.len());
    let (found, _) = tokio::join!(provider.confirm(Kind::Provision, &confirmation, by()), hear(&peer, &answer));
    let Delivery::Refused(error) = found else { panic!("{found:?}") };
    assert_eq!((error.error_type, error.message.as_str()), (ErrorType::VoucherAlreadyReversed, "late"));
}

#[tokio::test]
async fn without_a_connection_or_a_whole_answer_it_is_to_be_sent_again() {
    let again = |why| Delivery::Again { why, retry_after: None };
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(at(address).reverse(Kind::Provision, &reversal(1), by()).await, again(Hindrance::NoConnection));

    for answer in ["", "HTTP/1.1 202 Acc", "HTTP/1.1 400 Bad Request\r\ncontent-length: 9\r\n\r\n{"] {
        let peer = Peer::listening().await;
        let (provider, reversal) = (at(peer.address()), reversal(1));
        let (found, _) = tokio::join!(provider.reverse(Kind::Provision, &reversal, by()), hear(&peer, answer));
        assert_eq!(found, again(Hindrance::NoAnswer), "{answer:?}");
    }

    let peer = Peer::listening().await;
    let (provider, reversal) = (at(peer.address()), reversal(1));
    let silent = async {
        let mut connection = peer.connection().await;
        connection.request().await.unwrap();
        let_the_time_pass().await;
        connection.closed().await;
    };
    let (found, ()) = tokio::join!(provider.reverse(Kind::Provision, &reversal, by()), silent);
    assert_eq!(found, again(Hindrance::NoAnswer));
}
