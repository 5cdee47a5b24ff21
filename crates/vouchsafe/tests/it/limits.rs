//! From where a channel may call and how much it may ask; what is beyond that is refused before anything is done.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vouchsafe::access::{Access, KnownChannels};
use vouchsafe::config::{self, Allowance};

use crate::world::{Answer, Channel, ProviderStub, Setup, Switch, eventually, id, known, request, reversal};

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn with(id: &str, allowance: Allowance) -> config::Channel {
    config::Channel { allowance, ..known(id) }
}

async fn switch(provider: &ProviderStub, channels: &[config::Channel], change: impl FnOnce(&mut Setup)) -> Switch {
    let access = Some(Access::Known(Arc::new(KnownChannels::fixed(channels))));
    let mut setup = Setup { access, ..Setup::to(provider.base_url()) };
    setup.limits.reversal_sync = Duration::from_millis(10);
    change(&mut setup);
    Switch::start(setup).await
}

#[tokio::test]
async fn a_channel_calls_from_its_own_networks_only() {
    let provider = ProviderStub::approving().await;
    let near = config::Channel { addresses: vec!["127.0.0.2".parse::<IpAddr>().unwrap().into()], ..known("near") };
    let wide = config::Channel { addresses: vec!["127.0.0.0/8".parse().unwrap()], ..known("wide") };
    let far = config::Channel { addresses: vec!["192.0.2.0/24".parse().unwrap()], ..known("far") };
    let switch = switch(&provider, &[near, wide, far, known("free")], |_| {}).await;
    let (here, there) = (Ipv4Addr::new(127, 0, 0, 1), Ipv4Addr::new(127, 0, 0, 2));
    for (channel, from, expect) in [
        ("near", here, 401),
        ("near", there, 201),
        ("wide", here, 201),
        ("wide", there, 201),
        ("far", here, 401),
        ("free", there, 201),
    ] {
        let caller = Channel::calling_from(from, switch.address, channel);
        assert_eq!(caller.provision(&request(channel)).await.status, expect, "{channel} from {from}");
    }
    let elsewhere = switch.channel("far").provision(&request("far")).await;
    let mut wrong = switch.channel("far");
    wrong.secret = "wrong".to_owned();
    assert_eq!(elsewhere.body, wrong.provision(&request("far")).await.body, "nobody learns what was missing");
    for header in ["x-forwarded-for", "forwarded", "x-real-ip"] {
        let value = if header == "forwarded" { "for=192.0.2.7" } else { "192.0.2.7" };
        let sale = Request::post(format!("http://{}/suv/v1/vouchers", switch.address))
            .header("authorization", switch.channel("far").authorization())
            .header("content-type", "application/json")
            .header(header, value);
        let sale = sale.body(Full::<Bytes>::from(request("far").to_string())).unwrap();
        assert_eq!(switch.channel("far").send(sale).await.unwrap().status, 401, "{header} is believed");
    }
}

fn check_full(answer: &Answer, status: u16) {
    assert_eq!(answer.verdict(), format!("{status} GENERAL_ERROR"), "{answer:?}");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

/// A sale under way at a provider that has been asked and does not answer before it is let go.
async fn under_way(switch: &Switch, provider: &ProviderStub, channel: &str) -> (serde_json::Value, Pending) {
    let (caller, sale) = (switch.channel(channel), request(channel));
    let seen = provider.seen().len();
    let pending = tokio::spawn({
        let sale = sale.clone();
        async move { caller.provision(&sale).await }
    });
    eventually("the sale at the provider", async || (provider.seen().len() > seen).then_some(())).await;
    (sale, pending)
}

type Pending = tokio::task::JoinHandle<Answer>;

#[tokio::test]
async fn a_channel_that_has_as_much_under_way_as_it_may_is_refused_and_can_still_undo() {
    let (provider, let_go) = ProviderStub::holding().await;
    let one = Allowance { concurrency: number(1), ..Allowance::default() };
    let switch = switch(&provider, &[with("app", one), known("till")], |_| {}).await;
    let (first, pending) = under_way(&switch, &provider, "app").await;
    let app = switch.channel("app");
    let second = request("app");
    check_full(&app.provision(&second).await, 429);
    check_full(&app.products("").await, 429);
    assert_eq!(switch.transaction("app", id(&second)).await, None, "nothing was recorded");
    assert_eq!(provider.seen().len(), 1);
    let (_, other) = under_way(&switch, &provider, "till").await;
    assert_eq!(app.reverse(&reversal(&first)).await.status, 202, "what puts a sale right gets in");
    let_go.send(true).unwrap();
    assert_eq!(pending.await.unwrap().verdict(), "400 VOUCHER_ALREADY_REVERSED");
    assert_eq!(other.await.unwrap().status, 201);
    assert_eq!(app.provision(&second).await.verdict(), "201", "the id stayed free");
}

#[tokio::test]
async fn nobody_sells_by_retries_what_there_is_no_room_for() {
    let (provider, let_go) = ProviderStub::holding().await;
    let one = Allowance { concurrency: number(1), ..Allowance::default() };
    let switch = switch(&provider, &[with("app", one)], |_| {}).await;
    let (first, pending) = under_way(&switch, &provider, "app").await;
    let app = switch.channel("app");
    let second = request("app");
    check_full(&app.retry(&second).await, 429);
    assert_eq!(switch.transaction("app", id(&second)).await, None);
    let again = tokio::spawn({
        let (app, first) = (app.clone(), first.clone());
        async move { app.retry(&first).await }
    });
    let_go.send(true).unwrap();
    assert_eq!(pending.await.unwrap().status, 201);
    assert_eq!(again.await.unwrap().status, 201, "a retry of what was seen needs no room for sales");
    assert_eq!(app.retry(&second).await.verdict(), "201");
}

#[tokio::test]
async fn a_switch_that_has_as_much_to_do_as_it_takes_refuses_sales_and_no_advices() {
    let (provider, let_go) = ProviderStub::holding().await;
    let switch = switch(&provider, &[known("app"), known("till")], |setup| setup.limits.requests = 1).await;
    let (first, pending) = under_way(&switch, &provider, "app").await;
    let till = switch.channel("till");
    let second = request("till");
    check_full(&till.provision(&second).await, 503);
    assert_eq!(switch.transaction("till", id(&second)).await, None);
    assert_eq!(till.reverse(&reversal(&request("till"))).await.verdict(), "404 UNABLE_TO_LOCATE_RECORD");
    assert_eq!(switch.channel("app").reverse(&reversal(&first)).await.status, 202);
    let_go.send(true).unwrap();
    pending.await.unwrap();
    assert_eq!(till.provision(&second).await.verdict(), "201");
}

#[tokio::test]
async fn advices_have_bounds_of_their_own_and_none_says_that_a_sale_failed_for_certain() {
    let (provider, let_go) = ProviderStub::holding().await;
    let one = Allowance { advice_concurrency: number(1), ..Allowance::default() };
    let switch = switch(&provider, &[with("app", one), known("till")], |setup| setup.limits.advices = 2).await;
    let waiting = async |channel: &str| {
        let (sale, _pending) = under_way(&switch, &provider, channel).await;
        let caller = switch.channel(channel);
        tokio::spawn({
            let sale = sale.clone();
            async move { caller.retry(&sale).await }
        });
        sale
    };
    let refused = async |channel: &str, sale: &serde_json::Value| {
        let caller = switch.channel(channel);
        eventually("no more room", async || {
            let answer = caller.reverse(&reversal(&request(channel))).await;
            (answer.status != 404).then(|| check_full(&answer, 429))
        })
        .await;
        check_full(&caller.retry(sale).await, 429);
    };
    let sale = waiting("app").await;
    refused("app", &sale).await;
    let sale = waiting("till").await;
    refused("till", &sale).await;
    let_go.send(true).unwrap();
    eventually("room again", async || (switch.channel("app").retry(&sale).await.status != 429).then_some(())).await;
}

/// The answers to many requests at once.
async fn many<A: Future<Output = Answer> + Send + 'static>(
    channel: &Channel,
    ask: impl Fn(Channel) -> A,
) -> Vec<Answer> {
    let mut asking = JoinSet::new();
    for _ in 0..20 {
        asking.spawn(ask(channel.clone()));
    }
    asking.join_all().await
}

#[tokio::test]
async fn a_rate_is_kept_and_advices_are_not_counted_with_sales() {
    let provider = ProviderStub::approving().await;
    let slow = Allowance { rate: Some(number(1)), ..Allowance::default() };
    let careful = Allowance { advice_rate: Some(number(1)), ..Allowance::default() };
    let switch = switch(&provider, &[with("slow", slow), with("careful", careful)], |_| {}).await;
    let sell = |channel: Channel| async move { channel.provision(&request(&channel.user_name)).await };
    let undo = |channel: Channel| async move { channel.reverse(&reversal(&request(&channel.user_name))).await };
    let (slow, careful) = (switch.channel("slow"), switch.channel("careful"));

    let sales = many(&slow, sell).await;
    assert!(sales.iter().any(|answer| answer.status == 201) && sales.iter().any(|answer| answer.status == 429));
    sales.iter().filter(|answer| answer.status != 201).for_each(|answer| check_full(answer, 429));
    assert!(many(&slow, undo).await.iter().all(|answer| answer.status == 404), "none of the advices is lost");

    assert!(many(&careful, sell).await.iter().all(|answer| answer.status == 201));
    let undone = many(&careful, undo).await;
    assert!(undone.iter().any(|answer| answer.status == 404) && undone.iter().any(|answer| answer.status == 429));
    let repeated = reversal(&request("careful"));
    eventually("a repeat", async || (careful.reverse(&repeated).await.status == 404).then_some(())).await;
}

#[tokio::test]
async fn a_caller_that_hangs_up_has_its_work_under_way_all_the_same() {
    let (provider, let_go) = ProviderStub::holding().await;
    let one = Allowance { concurrency: number(1), ..Allowance::default() };
    let switch = switch(&provider, &[with("app", one)], |_| {}).await;
    let (_, pending) = under_way(&switch, &provider, "app").await;
    pending.abort();
    let app = switch.channel("app");
    for _ in 0..20 {
        check_full(&app.provision(&request("app")).await, 429);
    }
    let_go.send(true).unwrap();
    eventually("room again", async || (app.provision(&request("app")).await.status == 201).then_some(())).await;
}

#[tokio::test]
async fn whoever_is_refused_for_want_of_room_need_not_send_a_body() {
    let (provider, let_go): (_, watch::Sender<bool>) = ProviderStub::holding().await;
    let one = Allowance { concurrency: number(1), ..Allowance::default() };
    let switch = switch(&provider, &[with("app", one)], |_| {}).await;
    let (_, pending) = under_way(&switch, &provider, "app").await;
    let mut caller = TcpStream::connect(switch.address).await.unwrap();
    let head = format!(
        "POST /suv/v1/vouchers HTTP/1.1\r\nhost: switch\r\nauthorization: {}\r\ncontent-type: application/json\r\n\
         content-length: 1000\r\nexpect: 100-continue\r\n\r\n",
        switch.channel("app").authorization()
    );
    caller.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    caller.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
    let_go.send(true).unwrap();
    assert_eq!(pending.await.unwrap().status, 201);
}
