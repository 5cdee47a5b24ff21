//! The adapter and the simulated provider against each other and against sockets that misbehave.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on stops")]

mod advice;
mod caller;
mod client;
mod hostile;
mod http2;
mod lookup;
mod magic;
mod peer;
mod sheets;
mod simulator;
mod tls;
mod voucher;

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::message::{ProvisionRequest, RedemptionRequest, RefundRequest, Request};
use vouchsafe_core::secret::Secret;
use vouchsafe_provider::Patience;
use vouchsafe_provider::suv::{SuvConfig, SuvProvider};
use vouchsafe_wire::{Manner, Message};

/// How the adapter asks at this address.
fn config(base_url: String) -> SuvConfig {
    SuvConfig {
        base_url,
        user_name: ChannelId::new("us").unwrap(),
        password: Secret::new("open sesame".to_owned()),
        authorities: None,
        identity: None,
        max_idle_connections: 8,
        clear_text: true,
    }
}

/// The adapter, asking at this address.
fn provider(base_url: String) -> SuvProvider {
    SuvProvider::new(&config(base_url)).unwrap()
}

fn at(address: SocketAddr) -> SuvProvider {
    provider(format!("http://{address}/suv/v1"))
}

/// A request for 50 rand's worth of a product.
fn request(number: u128, product: &str) -> Request {
    let rest = format!(
        r#""amounts":{{"requestAmount":{{"amount":5000,"currency":"710"}}}},"product":{{"productId":"{product}"}}"#
    );
    provision(number, &rest)
}

/// A request for a voucher.
fn provision(number: u128, rest: &str) -> Request {
    Request::Provision(ProvisionRequest::read(document(number, rest).as_bytes(), Manner::Strict).unwrap())
}

/// A request that a voucher be redeemed.
fn redemption(number: u128, rest: &str) -> Request {
    Request::Redemption(RedemptionRequest::read(document(number, rest).as_bytes(), Manner::Strict).unwrap())
}

/// A request that a redemption be refunded.
fn refund(number: u128, rest: &str) -> Request {
    Request::Refund(RefundRequest::read(document(number, rest).as_bytes(), Manner::Strict).unwrap())
}

/// A request as JSON: what all kinds begin with, and the rest.
fn document(number: u128, rest: &str) -> String {
    let id = format!("{:08x}-0000-0000-0000-{:012x}", number >> 64, number & 0xffff_ffff_ffff);
    format!(
        r#"{{"id":"{id}","time":"2026-11-23T10:00:00.000Z","client":{{"id":"us","name":"Vouchsafe"}},
        "originator":{{"institution":{{"id":"app","name":"App"}},"terminalId":"12345678","merchant":{{
        "merchantType":"5411","merchantId":"123456789012345","merchantName":
        {{"name":"Shop","city":"Durban","region":"NL","country":"ZA"}}}}}},"thirdPartyIdentifiers":[],
        {rest}}}"#
    )
}

/// Longer than anything takes that is meant to end by itself.
fn in_a_while() -> Patience {
    let then = Instant::now() + Duration::from_secs(60);
    Patience { send_by: then, listen_until: then }
}

/// Moves the clock past every deadline, without waiting for it.
async fn let_the_time_pass() {
    let_pass(Duration::from_secs(61)).await;
}

/// Moves the clock, without waiting for it.
async fn let_pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}
