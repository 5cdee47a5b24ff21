//! A caller that goes away changes nothing.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vouchsafe_core::transaction::State;

use crate::world::{ProviderStub, Setup, Switch, eventually, id, request};

/// A caller that has sent a request for a voucher, which is at the provider.
async fn asking(switch: &Switch, provider: &ProviderStub, request: &serde_json::Value) -> TcpStream {
    let body = request.to_string();
    let head = format!(
        "POST /suv/v1/vouchers HTTP/1.1\r\nhost: switch\r\nauthorization: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        switch.channel("app").authorization(),
        body.len()
    );
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    caller.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    eventually("the request at the provider", async || (!provider.seen().is_empty()).then_some(())).await;
    assert_eq!(switch.state("app", id(request)).await, State::Pending);
    caller
}

#[tokio::test]
async fn a_channel_that_hangs_up_does_not_stop_the_sale_and_leaves_nothing_behind() {
    let (provider, let_go) = ProviderStub::holding().await;
    let mut setup = Setup::to(provider.base_url());
    setup.limits.connections = 1;
    let switch = Switch::start(setup).await;
    let request = request("app");
    drop(asking(&switch, &provider, &request).await);
    let_go.send(true).unwrap();
    eventually("the outcome in the store", async || {
        (switch.state("app", id(&request)).await == State::Approved).then_some(())
    })
    .await;
    let next = switch.channel("app").provision(&crate::world::request("app")).await;
    assert_eq!(next.verdict(), "201", "the place of the connection is free");
}

#[tokio::test]
async fn a_channel_that_only_closes_its_sending_half_is_answered() {
    let (provider, let_go) = ProviderStub::holding().await;
    let switch = Switch::asking(provider.base_url()).await;
    let mut caller = asking(&switch, &provider, &request("app")).await;
    caller.shutdown().await.unwrap();
    // By the time that another request was answered, the switch has seen the end of this one's.
    assert_eq!(switch.channel("app").get("/health/live").await.status, 200);
    let_go.send(true).unwrap();
    let mut answer = String::new();
    caller.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer:?}");
    assert!(answer.contains("1234-5678-9012-3456"), "{answer:?}");
}
