//! What the adapter makes of connections that fail: sent, certainly not sent, or in doubt.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::Instant;
use vouchsafe_core::outcome::{Doubt, NotSent, Outcome, Unusable};
use vouchsafe_provider::{Patience, Provider};

use crate::peer::Peer;
use crate::{at, in_a_while, let_pass, let_the_time_pass, provider, request};

const NO_ANSWER: Result<Outcome, NotSent> = Ok(Outcome::Unknown(Doubt::NoAnswer));

fn is_approved(found: &Result<Outcome, NotSent>) -> bool {
    matches!(found, Ok(Outcome::Approved(_)))
}

#[tokio::test]
async fn the_request_is_the_interfaces_own() {
    let peer = Peer::listening().await;
    let (provider, asked) = (at(peer.address()), request(1, "AIRTIME"));
    let serve = async {
        let mut connection = peer.connection().await;
        let (head, body) = connection.request().await.unwrap();
        connection.approve(&body).await;
        (head, body)
    };
    let (found, (head, body)) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
    assert!(is_approved(&found), "{found:?}");
    assert!(head.starts_with("POST /suv/v1/vouchers HTTP/1.1\r\n"), "{head}");
    for line in
        ["authorization: Basic dXM6b3BlbiBzZXNhbWU=", "content-type: application/json", "accept: application/json"]
    {
        assert!(head.lines().any(|found| found == line), "{line} is missing from {head}");
    }
    assert!(!head.contains("accept-encoding"), "{head}");
    assert!(body.contains(r#""productId":"AIRTIME""#), "{body}");
}

#[tokio::test]
async fn a_refused_connection_is_certainly_not_sent() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let found = at(address).ask(&request(1, "AIRTIME"), in_a_while()).await;
    assert_eq!(found, Err(NotSent::NoConnection));
}

#[tokio::test]
async fn a_name_that_nobody_has_is_certainly_not_sent() {
    let provider = provider("http://vouchers.invalid/suv/v1".to_owned());
    let found = provider.ask(&request(1, "AIRTIME"), in_a_while()).await;
    assert_eq!(found, Err(NotSent::NoConnection));
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_never_sees_the_request() {
    let peer = Peer::listening().await;
    let provider = provider(format!("https://{}/suv/v1", peer.address()));
    let asked = request(1, "AIRTIME");
    let serve = async {
        let mut connection = peer.connection().await;
        connection.send("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        connection
    };
    let (found, _) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
    assert_eq!(found, Err(NotSent::NoConnection));
}

#[tokio::test]
async fn a_handshake_that_takes_all_the_time_is_certainly_not_sent() {
    // Whoever waits has given up first, or whoever connects.
    for (seconds, expect) in [(5, NotSent::NoTime), (60, NotSent::NoConnection)] {
        let peer = Peer::listening().await;
        let provider = provider(format!("https://{}/suv/v1", peer.address()));
        let asked = request(1, "AIRTIME");
        let then = Instant::now() + Duration::from_secs(seconds);
        let serve = async {
            let connection = peer.connection().await;
            let_pass(Duration::from_secs(seconds.min(11))).await;
            connection
        };
        let (found, _) = tokio::join!(provider.ask(&asked, Patience { send_by: then, listen_until: then }), serve);
        assert_eq!(found, Err(expect), "{seconds} seconds");
    }
}

#[tokio::test]
async fn without_time_nothing_is_sent() {
    let peer = Peer::listening().await;
    let provider = at(peer.address());
    let too_late = Patience { send_by: Instant::now(), ..in_a_while() };
    let found = provider.ask(&request(1, "AIRTIME"), too_late).await;
    assert_eq!(found, Err(NotSent::NoTime));
    // The first thing that arrives is the second request.
    let asked = request(2, "AIRTIME");
    let serve = async {
        let (_, body) = peer.connection().await.request().await.unwrap();
        assert!(body.contains("000000000002"), "{body}");
    };
    let (found, ()) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
    assert_eq!(found, NO_ANSWER);
}

#[tokio::test]
async fn a_connection_that_ends_without_a_whole_answer_leaves_doubt() {
    for sent in [
        "",
        "HTTP/1.1",
        "HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n",
        "HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"id\":",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 100\r\n\r\n{\"errorType\":",
        "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n",
        "not even HTTP\r\n\r\n",
    ] {
        let peer = Peer::listening().await;
        let (provider, asked) = (at(peer.address()), request(1, "AIRTIME"));
        let serve = async {
            let mut connection = peer.connection().await;
            connection.request().await.unwrap();
            connection.send(sent).await;
        };
        let (found, ()) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
        assert_eq!(found, NO_ANSWER, "{sent:?}");
    }
}

#[tokio::test]
async fn a_connection_closed_at_once_is_never_taken_for_an_answer() {
    let peer = Peer::listening().await;
    let (provider, asked) = (at(peer.address()), request(1, "AIRTIME"));
    let serve = async { drop(peer.connection().await) };
    let (found, ()) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
    // Whether the request was on its way is a race, and both truths may be told.
    assert!(found == NO_ANSWER || found == Err(NotSent::NoConnection), "{found:?}");
}

#[tokio::test]
async fn silence_ends_at_the_deadline_wherever_it_begins() {
    for sent in ["", "HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{"] {
        let peer = Peer::listening().await;
        let (provider, asked) = (at(peer.address()), request(1, "AIRTIME"));
        let serve = async {
            let mut connection = peer.connection().await;
            connection.request().await.unwrap();
            connection.send(sent).await;
            let_the_time_pass().await;
            // The connection is given up with the answer: what comes late meets nobody else's request.
            connection.closed().await;
        };
        let (found, ()) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
        assert_eq!(found, NO_ANSWER, "{sent:?}");
    }
}

#[tokio::test]
async fn what_was_sent_in_time_is_listened_to_for_longer() {
    let peer = Peer::listening().await;
    let (provider, asked) = (at(peer.address()), request(1, "AIRTIME"));
    let serve = async {
        let mut connection = peer.connection().await;
        connection.request().await.unwrap();
        let_the_time_pass().await;
        connection.send("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").await;
    };
    let patience = in_a_while();
    let patience = Patience { listen_until: patience.send_by + Duration::from_secs(60), ..patience };
    let (found, ()) = tokio::join!(provider.ask(&asked, patience), serve);
    assert!(matches!(found, Ok(Outcome::Declined(_))), "{found:?}");
}

#[tokio::test]
async fn an_answer_without_end_is_too_large() {
    let peer = Peer::listening().await;
    let (provider, asked) = (at(peer.address()), request(1, "AIRTIME"));
    let serve = async {
        let mut connection = peer.connection().await;
        connection.request().await.unwrap();
        let megabyte = format!("100000\r\n{}\r\n", " ".repeat(0x10_0000));
        connection
            .send(format!("HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n{megabyte}1\r\n \r\n"))
            .await;
        connection.closed().await;
    };
    let (found, ()) = tokio::join!(provider.ask(&asked, in_a_while()), serve);
    assert_eq!(found, Ok(Outcome::Unknown(Doubt::Unusable { reason: Unusable::TooLarge, error: None })));
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let peer = Peer::listening().await;
    let (provider, one, two) = (at(peer.address()), request(1, "AIRTIME"), request(2, "AIRTIME"));
    let serve = async {
        let mut connection = peer.connection().await;
        for _ in 0..2 {
            let (_, body) = connection.request().await.unwrap();
            connection.approve(&body).await;
        }
    };
    let ask = async { (provider.ask(&one, in_a_while()).await, provider.ask(&two, in_a_while()).await) };
    let ((first, second), ()) = tokio::join!(ask, serve);
    assert!(is_approved(&first) && is_approved(&second), "{first:?} {second:?}");
}

#[tokio::test]
async fn after_an_idle_connection_was_closed_the_next_request_is_sent_once_and_anew() {
    let peer = Peer::listening().await;
    let (provider, one, two) = (at(peer.address()), request(1, "AIRTIME"), request(2, "AIRTIME"));
    let first = async {
        let mut connection = peer.connection().await;
        let (_, body) = connection.request().await.unwrap();
        connection.approve(&body).await;
        connection.close().await;
    };
    let (found, ()) = tokio::join!(provider.ask(&one, in_a_while()), first);
    assert!(is_approved(&found), "{found:?}");

    let second = async {
        let mut connection = peer.connection().await;
        let (_, body) = connection.request().await.unwrap();
        connection.approve(&body).await;
        connection
    };
    let (found, connection) = tokio::join!(provider.ask(&two, in_a_while()), second);
    assert!(is_approved(&found), "{found:?}");
    drop(provider);
    connection.closed().await;
}

#[tokio::test]
async fn a_request_lost_on_a_used_connection_is_not_sent_again() {
    let peer = Peer::listening().await;
    let (provider, one, two) = (at(peer.address()), request(1, "AIRTIME"), request(2, "AIRTIME"));
    let serve = async {
        let mut connection = peer.connection().await;
        let (_, body) = connection.request().await.unwrap();
        connection.approve(&body).await;
        connection.request().await.unwrap();
    };
    let ask = async {
        let first = provider.ask(&one, in_a_while()).await;
        (first, provider.ask(&two, in_a_while()).await)
    };
    let ((first, second), ()) = tokio::join!(ask, serve);
    assert!(is_approved(&first), "{first:?}");
    assert_eq!(second, NO_ANSWER);

    // Had it been sent again, it would be waiting here before the third.
    let three = request(3, "AIRTIME");
    let serve = async {
        let mut connection = peer.connection().await;
        let (_, body) = connection.request().await.unwrap();
        assert!(body.contains("000000000003"), "{body}");
        connection.approve(&body).await;
    };
    let (third, ()) = tokio::join!(provider.ask(&three, in_a_while()), serve);
    assert!(is_approved(&third), "{third:?}");
}
