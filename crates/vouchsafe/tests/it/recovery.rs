//! What a time in which nobody could reach the switch owes to those who tried.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;
use vouchsafe::clock::{Clock, MachineClock};
use vouchsafe_core::transaction::{Event, State};
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Store as _, Transaction};

use crate::world::{
    Channel, ProviderStub, Setup, Switch, approve, eventually, id, key, request, reversal, sealer, serve, take,
};

/// A switch over the store in a folder, whose provider wants its confirmations so long after the sale, and by then.
async fn life(
    folder: &Path,
    provider: &ProviderStub,
    after: Duration,
    by: Option<Duration>,
) -> (Channel, impl AsyncFnOnce()) {
    let mut setup = Setup::to(provider.base_url());
    setup.sheet.confirm_after = after;
    setup.sheet.confirm_by = by;
    let store = SqliteStore::open(&folder.join("store.db"), sealer()).unwrap();
    let (address, app, serving) = serve(setup, Arc::new(store)).await;
    let stop = async move || {
        app.stopping.cancel();
        serving.await.unwrap();
        // Nobody else holds the store for long: what looks for due work sees that the switch is stopping.
        eventually("the store is closed", async || (Arc::strong_count(&app) == 1).then_some(())).await;
    };
    (Channel::new(address, "app"), stop)
}

#[tokio::test]
async fn a_confirmation_that_was_missed_waits_for_the_reversals_that_could_not_come() {
    let folder = tempfile::tempdir().unwrap();
    let provider = ProviderStub::advised(approve, take).await;
    let (channel, stop) = life(folder.path(), &provider, Duration::from_secs(2), None).await;
    let (kept, reversed) = (request("app"), request("app"));
    assert_eq!(channel.provision(&kept).await.verdict(), "201");
    assert_eq!(channel.provision(&reversed).await.verdict(), "201");
    stop().await;
    let path = folder.path().join("store.db");
    let due = found(&path, &reversed).await.due_at.unwrap();
    eventually("its time has passed", async || (MachineClock.now() > due).then_some(())).await;

    let (channel, stop) = life(folder.path(), &provider, Duration::from_secs(900), None).await;
    assert_eq!(channel.reverse(&reversal(&reversed)).await.verdict(), "202", "the channel gets its chance");
    let later = eventually("the other is put off", async || {
        Some(found(&path, &kept).await).filter(|waiting| waiting.due_at > Some(due))
    })
    .await;
    stop().await;
    assert_eq!(found(&path, &reversed).await.state, State::Reversed);
    assert_eq!(later.state, State::Approved);
    let journal = open(&path).journal(later.number).await.unwrap();
    assert_eq!(journal.last().map(|entry| entry.event), Some(Event::ConfirmationPutOff), "as its journal says");
    let confirmations = provider.advices().iter().filter(|advice| advice["reversalReason"].is_null()).count();
    assert_eq!(confirmations, 0, "nothing was confirmed meanwhile");
}

/// A wall clock that is ahead of the machine's.
struct Ahead(AtomicU64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        MachineClock.now() + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }

    fn fill(&self, bytes: &mut [u8]) {
        MachineClock.fill(bytes);
    }
}

#[tokio::test]
async fn a_wall_clock_that_is_put_back_makes_nothing_due_too_early() {
    const DAY: u64 = 24 * 60 * 60;
    for confirm_by in [None, Some(Duration::from_secs(600))] {
        let clock = Arc::new(Ahead(AtomicU64::new(DAY)));
        let (provider, let_go) = ProviderStub::holding().await;
        let mut setup = Setup::to(provider.base_url());
        setup.sheet.confirm_by = confirm_by;
        setup.limits.back_off.first = Duration::from_millis(10);
        setup.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        let switch = Switch::start(setup).await;
        let (before, after) = (request("app"), request("app"));
        let ask = |request: &Json| {
            let (channel, request) = (switch.channel("app"), request.clone());
            tokio::spawn(async move { channel.provision(&request).await })
        };
        let first = ask(&before);
        eventually("the first at the provider", async || (provider.seen().len() == 1).then_some(())).await;
        clock.0.store(0, Ordering::Relaxed);
        let second = ask(&after);
        eventually("both at the provider", async || (provider.seen().len() == 2).then_some(())).await;
        let due = async |request| switch.transaction("app", id(request)).await.unwrap().due_at.unwrap();
        // By the clock that judges it, which does not go back.
        assert!(due(&after).await >= due(&before).await, "an answer is waited for as long as ever");
        let_go.send(true).unwrap();
        for sale in [first, second] {
            assert_eq!(sale.await.unwrap().verdict(), "201");
        }
        let apart = due(&after).await.duration_since(due(&before).await).unsigned_abs();
        assert!(apart < Duration::from_secs(60), "{confirm_by:?}: {apart:?}");
    }
}

fn open(store: &Path) -> SqliteStore {
    SqliteStore::open_read_only(store, sealer()).unwrap()
}

/// How a channel's provision stands.
async fn found(store: &Path, request: &Json) -> Transaction {
    open(store).find(&key("app", id(request))).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_confirmation_that_was_missed_is_sent_at_once_where_the_provider_waits_no_longer() {
    let folder = tempfile::tempdir().unwrap();
    let provider = ProviderStub::advised(approve, take).await;
    let (channel, stop) = life(folder.path(), &provider, Duration::from_secs(1), None).await;
    let request = request("app");
    assert_eq!(channel.provision(&request).await.verdict(), "201");
    stop().await;
    let sold = MachineClock.now();
    eventually("its time has passed", async || (MachineClock.now() > sold + Duration::from_secs(1)).then_some(()))
        .await;
    let by = Some(Duration::from_secs(1));
    let (channel, stop) = life(folder.path(), &provider, Duration::from_secs(900), by).await;
    eventually("the confirmation at the provider", async || (!provider.advices().is_empty()).then_some(())).await;
    assert_eq!(channel.reverse(&reversal(&request)).await.verdict(), "400 VOUCHER_ALREADY_CONFIRMED");
    stop().await;
}
