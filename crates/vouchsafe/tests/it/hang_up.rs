//! A caller that goes away changes nothing.

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use vouchsafe_core::transaction::State;

use crate::world::{ProviderStub, Switch, eventually, id, request};

#[tokio::test]
async fn a_channel_that_hangs_up_does_not_stop_the_sale() {
    let (provider, let_go) = ProviderStub::holding().await;
    let switch = Switch::asking(provider.base_url()).await;
    let request = request("app");
    let body = request.to_string();
    let head = format!(
        "POST /suv/v1/vouchers HTTP/1.1\r\nhost: switch\r\nauthorization: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        switch.channel("app").authorization(),
        body.len()
    );
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    caller.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    eventually("the request at the provider", async || (!provider.seen().is_empty()).then_some(())).await;
    assert_eq!(switch.state("app", id(&request)).await, State::Pending);
    drop(caller);
    let_go.send(true).unwrap();
    eventually("the outcome in the store", async || {
        (switch.state("app", id(&request)).await == State::Approved).then_some(())
    })
    .await;
}
