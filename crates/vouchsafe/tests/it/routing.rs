//! The next provider is asked only when it is certain that nothing was sent to the one before.

use std::num::NonZeroU32;
use std::time::Duration;

use axum::response::Response;
use serde_json::json;
use vouchsafe::live_catalogue::LiveCatalogue;
use vouchsafe_core::catalogue::{Catalogue, Item, Price, Source};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::money::{Currency, LedgerAmount};
use vouchsafe_core::product::{Product, ProductId};
use vouchsafe_core::sheet::Sheet;
use vouchsafe_core::transaction::{Event, State};

use crate::world::{PROVIDER, ProviderStub, Setup, Switch, approve, eventually, id, request_for, reversal, take};

/// A catalogue with one product that the main provider issues, and nearly never the spare one as long as both can.
pub(crate) fn catalogue() -> LiveCatalogue {
    let source = |provider: &str, product_id: &str, weight| Source {
        provider: ProviderId::new(provider).unwrap(),
        product_id: ProductId::new(product_id).unwrap(),
        weight: NonZeroU32::new(weight).unwrap(),
    };
    let price = LedgerAmount { amount: 5000, currency: Currency::ZAR, ledger_indicator: None };
    let product = Product::named(ProductId::new("AIRTIME50").unwrap());
    let sources = vec![source(PROVIDER, "MAIN50", u32::MAX), source("spare", "SPARE50", 1)];
    LiveCatalogue::fixed(Catalogue::new(vec![Item { product, price: Price::Fixed(price), sources }]).unwrap())
}

/// A switch with two providers, the main one at this address.
async fn switch(main: String, spare: &ProviderStub, concurrency: u32) -> Switch {
    let mut setup = Setup::to(main);
    setup.catalogue = catalogue();
    setup.sheet.concurrency = NonZeroU32::new(concurrency).unwrap();
    setup.sheet.timeout = Duration::from_millis(300);
    setup.limits.back_off.first = Duration::from_millis(10);
    let sheet = Sheet { reversals: false, confirmations: false, ..Sheet::full() };
    setup.others = vec![("spare", spare.base_url(), sheet)];
    Switch::start(setup).await
}

/// An address at which nobody listens.
fn nobody() -> String {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}/suv/v1", nobody.local_addr().unwrap())
}

#[tokio::test]
async fn what_certainly_was_not_sent_goes_to_the_next_provider() {
    let spare = ProviderStub::advised(approve, take).await;
    let switch = switch(nobody(), &spare, 10).await;
    let (channel, request) = (switch.channel("app"), request_for("app", "AIRTIME50"));
    let told = channel.provision(&request).await;
    assert_eq!((told.verdict(), &told.json()["product"]["productId"]), ("201".to_owned(), &json!("AIRTIME50")));
    let seen = spare.seen();
    assert_eq!((seen.len(), &seen[0]["product"]["productId"]), (1, &json!("SPARE50")), "in the spare one's words");
    let events: Vec<_> = switch.journal("app", id(&request)).await.iter().map(|entry| entry.event).collect();
    assert_eq!(events, [Event::Rerouted, Event::ProviderApproved]);
    assert_eq!(channel.retry(&request).await.body, told.body, "and a retry tells the same");
    // From now on the spare one's sheet counts, and it takes no advices.
    assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "202");
    assert_eq!(switch.state("app", id(&request)).await, State::Orphaned);
    assert_eq!(spare.advices().len(), 0);
}

#[tokio::test]
async fn what_may_have_been_sent_goes_nowhere_else() {
    let main = ProviderStub::advised(async |_| std::future::pending::<Response>().await, take).await;
    let spare = ProviderStub::approving().await;
    let switch = switch(main.base_url(), &spare, 10).await;
    let request = request_for("app", "AIRTIME50");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "504 UPSTREAM_UNAVAILABLE");
    eventually("reversed", async || (switch.state("app", id(&request)).await == State::Reversed).then_some(())).await;
    assert_eq!((main.seen().len(), main.advices().len(), spare.seen().len()), (1, 1, 0));
}

#[tokio::test]
async fn a_provider_without_room_leaves_the_sale_to_the_next() {
    let (main, let_go) = ProviderStub::holding().await;
    let spare = ProviderStub::approving().await;
    let switch = switch(main.base_url(), &spare, 1).await;
    let channel = switch.channel("app");
    let held = tokio::spawn({
        let (channel, request) = (channel.clone(), request_for("app", "AIRTIME50"));
        async move { channel.provision(&request).await }
    });
    eventually("the request at the main provider", async || (!main.seen().is_empty()).then_some(())).await;
    let second = request_for("app", "AIRTIME50");
    assert_eq!(channel.provision(&second).await.verdict(), "201");
    assert_eq!(switch.journal("app", id(&second)).await.len(), 1, "it never was the main one's");
    assert_eq!((main.seen().len(), spare.seen().len()), (1, 1));
    drop((held, let_go));
}

#[tokio::test]
async fn nobody_to_ask_is_a_decline_of_which_nothing_was_sent() {
    let provider = ProviderStub::approving().await;
    let mut setup = Setup::to(nobody());
    setup.catalogue = catalogue();
    setup.others = vec![("spare", nobody(), Sheet::full())];
    let switch = Switch::start(setup).await;
    let request = request_for("app", "AIRTIME50");
    assert_eq!(switch.channel("app").provision(&request).await.verdict(), "503 UPSTREAM_UNAVAILABLE");
    assert_eq!(switch.state("app", id(&request)).await, State::Declined);
    assert_eq!(switch.channel("app").retry(&request).await.verdict(), "503 UPSTREAM_UNAVAILABLE");
    assert_eq!(provider.seen().len(), 0);
}
