//! Bad input gets a clear error, at once, and leaves nothing behind.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{Answer, Channel, ProviderStub, Setup, Switch, key, request, reversal};

struct Call<'a> {
    method: Method,
    path: &'a str,
    content_type: Option<&'a str>,
    body: Bytes,
}

impl Call<'_> {
    async fn by(self, channel: &Channel) -> Answer {
        let mut request = Request::builder()
            .method(self.method)
            .uri(format!("http://{}{}", channel.address, self.path))
            .header("authorization", channel.authorization());
        if let Some(content_type) = self.content_type {
            request = request.header("content-type", content_type);
        }
        channel.send(request.body(Full::new(self.body)).unwrap()).await.unwrap()
    }
}

fn post(body: impl Into<Bytes>) -> Call<'static> {
    Call { method: Method::POST, path: "/suv/v1/vouchers", content_type: Some("application/json"), body: body.into() }
}

#[tokio::test]
async fn every_malformed_message_is_a_format_error_that_names_the_place() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    let good = request("app");
    let (good_id, good) = (good["id"].as_str().unwrap().to_owned(), good.to_string());
    let table: Vec<(&str, Bytes, &str)> = vec![
        ("no body", Bytes::new(), "body"),
        ("not JSON", "nonsense".into(), "body"),
        ("cut off", good[..good.len() - 1].to_owned().into(), "body"),
        ("something after it", format!("{good}x").into(), "body"),
        ("not an object", "[]".into(), "body"),
        ("nested too deep", "[".repeat(100_000).into(), "body"),
        ("a lone surrogate", good.replace("Corner Shop", "\\ud800").into(), "body"),
        ("a number out of range", good.replace("5000", "1e999").into(), "body"),
        ("not UTF-8", [good.as_bytes(), b"\xff"].concat().into(), "body"),
        (
            "an amount beyond 64 bits",
            good.replace("5000", "9223372036854775808").into(),
            "amounts.requestAmount.amount",
        ),
        ("NUL", good.replace("APP00001", "APP0000\\u0000").into(), "originator.terminalId"),
        ("a repeated field", good.replacen('{', "{\"client\":{},", 1).into(), "client"),
        ("an unknown field", good.replacen('{', "{\"voucherCode\":\"1\",", 1).into(), "voucherCode"),
        ("an id in braces", good.replacen("\"id\":\"0", "\"id\":\"{0", 1).into(), "id"),
    ];
    for (what, body, field) in table {
        let answer = post(body).by(&channel).await;
        assert_eq!(answer.verdict(), "400 FORMAT_ERROR", "{what}");
        let told = answer.json();
        let fields: Vec<_> =
            told["detailMessage"]["formatErrors"].as_array().unwrap().iter().map(|e| &e["field"]).collect();
        assert!(fields.contains(&&json!(field)), "{what}: {fields:?}");
    }
    assert!(provider.seen().is_empty(), "nothing was sent");
    assert_eq!(switch.app.store.find(&key("app", &good_id)).await, Ok(None), "nothing was stored");
}

#[tokio::test]
async fn a_request_is_refused_before_its_body_is_read_where_it_can_be() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    let good = || Bytes::from(request("app").to_string());
    let table = [
        ("too large", post(vec![b' '; 1 << 20]), "413 FORMAT_ERROR"),
        ("no content type", Call { content_type: None, ..post(good()) }, "415 FORMAT_ERROR"),
        ("another content type", Call { content_type: Some("text/plain"), ..post(good()) }, "415 FORMAT_ERROR"),
        ("a method of another path", Call { method: Method::DELETE, ..post(good()) }, "405 FORMAT_ERROR"),
        ("a path of nobody", Call { path: "/suv/v1/voucher", ..post(good()) }, "400 FORMAT_ERROR"),
        ("the base path", Call { path: "/suv/v1", ..post(good()) }, "400 FORMAT_ERROR"),
        ("a path outside of it", Call { path: "/suv/v12/vouchers", ..post(good()) }, "404 FORMAT_ERROR"),
        (
            "a content type with parameters",
            Call { content_type: Some("Application/JSON; charset=utf-8"), ..post(good()) },
            "201",
        ),
        ("a trailing slash", Call { path: "/suv/v1/vouchers/", ..post(good()) }, "201"),
    ];
    for (what, call, verdict) in table {
        assert_eq!(call.by(&channel).await.verdict(), verdict, "{what}");
    }
}

#[tokio::test]
async fn a_code_in_the_wrong_place_is_not_repeated() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    let code = "1234-5678-9012-3456";
    let path = format!("/suv/v1/vouchers/{code}");
    let told = Call { method: Method::GET, path: &path, ..post("") }.by(&channel).await;
    assert_eq!(told.verdict(), "400 FORMAT_ERROR");
    let body = String::from_utf8_lossy(&told.body);
    assert!(!body.contains(code), "{body}");
    let mut sale = request("app");
    sale["voucher"] = code.into();
    let told = channel.provision(&sale).await;
    let faults = json!([{"field": "voucher", "msg": "voucher must be an object"}]);
    assert_eq!(told.json()["detailMessage"]["formatErrors"], faults);
}

#[tokio::test]
async fn what_is_wrong_with_an_advice_is_told_with_both_ids() {
    let switch = Switch::asking("http://127.0.0.1:1/suv/v1").await;
    let (channel, sale) = (switch.channel("app"), request("app"));
    let mut advice = reversal(&sale);
    advice["reversalReason"] = "BORED".into();
    let told = channel.reverse(&advice).await;
    assert_eq!(told.verdict(), "400 FORMAT_ERROR");
    assert_eq!((&told.json()["id"], &told.json()["originalId"]), (&advice["id"], &sale["id"]));
    let mut sale = sale;
    sale["requestId"] = advice["id"].clone();
    let told = channel.provision(&sale).await.json();
    assert_eq!((&told["id"], &told["originalId"]), (&sale["id"], &Json::Null), "a request is about no other");
}

#[tokio::test]
async fn every_operation_wants_credentials_its_own_method_and_a_whole_question() {
    let switch = Switch::asking("http://127.0.0.1:1/suv/v1").await;
    let (known, unknown) = (switch.channel("app"), switch.channel(""));
    for (method, path, expect) in [
        (Method::POST, "/suv/v1/vouchers/", "400 FORMAT_ERROR"),
        (Method::POST, "/suv/v1/vouchers/00000000-0000-0000-0000-000000000000/retry", "400 FORMAT_ERROR"),
        (Method::POST, "/suv/v1/vouchers/confirmations/", "400 FORMAT_ERROR"),
        (Method::POST, "/suv/v1/vouchers/reversals", "400 FORMAT_ERROR"),
        (Method::GET, "/suv/v1/vouchers", "400 FORMAT_ERROR"),
        (Method::GET, "/suv/v1/products?channel=app", "400 FORMAT_ERROR"),
        (Method::POST, "/suv/v1/redemptions", "400 FORMAT_ERROR"),
        (Method::POST, "/suv/v1/redemptions/confirmations", "400 FORMAT_ERROR"),
        (Method::POST, "/suv/v1/redemptions/reversals/", "400 FORMAT_ERROR"),
        (Method::GET, "/suv/v1/redemptions/17", "400 FORMAT_ERROR"),
        (Method::GET, "/suv/v1/redemptions/00000000-0000-0000-0000-000000000000/", "404 UNABLE_TO_LOCATE_RECORD"),
        (Method::POST, "/suv/v1/refunds", "400 FORMAT_ERROR"),
        (Method::POST, "/suv/v1/refunds/confirmations", "400 FORMAT_ERROR"),
        (Method::POST, "/suv/v1/refunds/reversals", "400 FORMAT_ERROR"),
    ] {
        let call = || Call { method: method.clone(), path, ..post("{}") };
        assert_eq!(call().by(&known).await.verdict(), expect, "{path}");
        assert_eq!(call().by(&unknown).await.verdict(), "401 AUTHENTICATION_ERROR", "{path}");
        let wrong = Call { method: Method::DELETE, ..call() };
        assert_eq!(wrong.by(&known).await.verdict(), "405 FORMAT_ERROR", "{path}");
    }
}

#[tokio::test]
async fn what_is_said_twice_or_in_another_encoding_is_refused() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    let other = switch.channel("other").authorization();
    for (name, value, verdict) in [
        ("authorization", other.as_str(), "401 AUTHENTICATION_ERROR"),
        ("content-type", "application/json", "415 FORMAT_ERROR"),
        ("content-encoding", "gzip", "415 FORMAT_ERROR"),
        ("content-encoding", "identity", "201"),
    ] {
        let call = Request::post(format!("http://{}/suv/v1/vouchers", channel.address))
            .header("authorization", channel.authorization())
            .header("content-type", "application/json; charset=UTF-8")
            .header(name, value)
            .body(Full::new(Bytes::from(request("app").to_string())));
        assert_eq!(channel.send(call.unwrap()).await.unwrap().verdict(), verdict, "{name}: {value}");
    }
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_read() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let mut body = request("app").to_string();
    body.extend(std::iter::repeat_n(' ', switch.app.limits.body_bytes - body.len()));
    assert_eq!(post(body.clone()).by(&switch.channel("app")).await.verdict(), "201");
    body.push(' ');
    assert_eq!(post(body).by(&switch.channel("app")).await.verdict(), "413 FORMAT_ERROR");
}

/// Sends the beginning of a request and nothing more, and reads the answer to the connection's end.
async fn stalled(switch: &Switch, content_length: Option<usize>) -> String {
    let framing =
        content_length.map_or("transfer-encoding: chunked".to_owned(), |length| format!("content-length: {length}"));
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    let authorization = switch.channel("app").authorization();
    let head = format!(
        "POST /suv/v1/vouchers HTTP/1.1\r\nhost: switch\r\nauthorization: {authorization}\r\ncontent-type: application/json\r\n{framing}\r\n\r\n"
    );
    caller.write_all(head.as_bytes()).await.unwrap();
    if content_length.is_some() {
        caller.write_all(b"{\"id\":").await.unwrap();
    }
    let mut answer = String::new();
    caller.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_slow_body_is_refused_when_its_time_is_over_and_the_connection_ends() {
    let provider = ProviderStub::approving().await;
    let mut setup = Setup::to(provider.base_url());
    setup.limits.body = Duration::from_millis(200);
    let switch = Switch::start(setup).await;
    for content_length in [Some(100), None] {
        let answer = stalled(&switch, content_length).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("FORMAT_ERROR") && answer.contains("not complete within"), "{answer}");
    }
    let answer = stalled(&switch, Some(1 << 20)).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "an announced size is refused for its size: {answer}");
}

#[tokio::test]
async fn http_2_is_spoken_too() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
    let request = Request::post(format!("http://{}/suv/v1/vouchers", switch.address))
        .header("authorization", channel.authorization())
        .header("content-type", "application/json")
        .body(Full::new(Bytes::from(request("app").to_string())));
    let response = client.request(request.unwrap()).await.unwrap();
    assert_eq!((response.status().as_u16(), response.version()), (201, http::Version::HTTP_2));
}

#[tokio::test]
async fn health_says_whether_to_send_work() {
    let provider = ProviderStub::approving().await;
    let switch = Switch::asking(provider.base_url()).await;
    let channel = switch.channel("app");
    assert_eq!(channel.get("/health/live").await.status, 200);
    assert_eq!(channel.get("/health/ready/").await.status, 200);
    assert_eq!(channel.get("/openapi.json").await.json()["openapi"], "3.1.0");
    let page = channel.get("/docs").await;
    assert_eq!(page.status, 200);
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(page.contains("provisionVoucher") || page.contains("/vouchers"), "the page describes the operation");
    assert!(!page.contains("src=\"http") && !page.contains("url(http"), "the page loads nothing from the network");
}
