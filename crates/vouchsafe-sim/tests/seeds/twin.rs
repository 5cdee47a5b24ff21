//! A copy behind a twin whose commit hangs, where the twin has more time than the copy: the channel's time was lowered
//! while the twin was on its way. The seeds' channels always have the same time, so that no seed leads there.

use std::collections::HashMap;
use std::future::{Future, pending};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vouchsafe::app::{App, Channel};
use vouchsafe::clock::{Clock, SteadyTime};
use vouchsafe::config::Limits;
use vouchsafe::desk::Desk;
use vouchsafe::flow::{self, Refusal};
use vouchsafe::live_catalogue::LiveCatalogue;
use vouchsafe::metrics::Metrics;
use vouchsafe::watchers::{Openings, Watchers};
use vouchsafe_core::advice::Delivery;
use vouchsafe_core::circuit::CircuitRules;
use vouchsafe_core::id::{ChannelId, ProviderId};
use vouchsafe_core::message::{BasicReversal, ProvisionRequest, Request, TenderAdvice, VoucherQuery};
use vouchsafe_core::outcome::{Lookup, NotSent, Outcome};
use vouchsafe_core::party::Institution;
use vouchsafe_core::route::Routes;
use vouchsafe_core::sheet::{Messaging, Sheet};
use vouchsafe_core::text::{FreeText, UpTo};
use vouchsafe_core::transaction::Kind;
use vouchsafe_provider::{Patience, Provider};
use vouchsafe_sim::model_store::ModelStore;
use vouchsafe_store::{StoreError, TransactionNumber};
use vouchsafe_wire::{Manner, Message as _};

#[path = "../../../vouchsafe/tests/it/world/meddled_store.rs"]
#[allow(dead_code, reason = "the tests of the service use more of it")]
mod meddled_store;

use meddled_store::{MeddledStore, Meddler, Verb};

/// The time that the twin has.
const LONG: Duration = Duration::from_secs(60);
/// The time that the copy has.
const SHORT: Duration = Duration::from_secs(4);

/// Never answers the first commit of an intent.
#[derive(Default)]
struct SilentOnce {
    has_begun: AtomicBool,
}

impl Meddler for SilentOnce {
    fn damages(&self, _: TransactionNumber) -> bool {
        false
    }

    async fn call<T: Send>(
        &self,
        verb: Verb,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        if verb == Verb::Open && !self.has_begun.swap(true, Ordering::Relaxed) { pending().await } else { call.await }
    }
}

/// A provider that nobody comes to ask.
struct Unasked;

#[async_trait]
impl Provider for Unasked {
    async fn ask(&self, _: &Request, _: Patience) -> Result<Outcome, NotSent> {
        panic!("nothing was recorded")
    }

    async fn reverse(&self, _: Kind, _: &BasicReversal, _: Instant) -> Delivery {
        panic!("nothing is owed")
    }

    async fn confirm(&self, _: Kind, _: &TenderAdvice, _: Instant) -> Delivery {
        panic!("nothing is owed")
    }

    async fn look_up(&self, _: &VoucherQuery, _: Instant) -> Lookup {
        panic!("nobody looks anything up")
    }
}

/// A clock that stands still.
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

fn app(store: Arc<MeddledStore<SilentOnce>>, provider: ProviderId) -> Arc<App> {
    let desk = Desk::new(FreeText::new("switch").unwrap(), Arc::new(Unasked), Sheet::full(), CircuitRules::default());
    Arc::new(App {
        store,
        providers: HashMap::from([(provider, desk)]),
        routes: Routes::default(),
        catalogue: LiveCatalogue::none(),
        institution: Institution { id: FreeText::new("switch").unwrap(), name: UpTo::new("The switch").unwrap() },
        limits: Limits::default(),
        clock: Arc::new(Standing),
        steady: SteadyTime::default(),
        metrics: Metrics::default(),
        watchers: Watchers::default(),
        openings: Openings::default(),
        work: TaskTracker::new(),
        stopping: CancellationToken::new(),
    })
}

fn request() -> Request {
    let body =
        br#"{"id":"b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10","time":"2026-11-23T09:30:00.000Z","originator":{"institution":
        {"id":"a","name":"A"},"terminalId":"APP00001","merchant":{"merchantType":"5411","merchantId":"000000000012345",
        "merchantName":{"name":"A","city":"B","region":"WC","country":"ZA"}}},"client":{"id":"app","name":"A"},
        "thirdPartyIdentifiers":[],"amounts":{"requestAmount":{"amount":5000,"currency":"710"}}}"#;
    ProvisionRequest::read(body, Manner::Strict).unwrap().into()
}

/// How long the copy waited for its answer, by virtual time, and what it was told.
async fn copy_behind_a_twin() -> (Duration, Refusal) {
    let store = Arc::new(MeddledStore { inner: Arc::new(ModelStore::default()), meddler: SilentOnce::default() });
    let provider = ProviderId::new("provider").unwrap();
    let app = app(Arc::clone(&store), provider.clone());
    let channel = |wait| Channel {
        id: ChannelId::new("app").unwrap(),
        messaging: Messaging::Single,
        default_provider: Some(provider.clone()),
        wait,
    };
    let sent_at = Instant::now();
    let twin = tokio::spawn(flow::transact(Arc::clone(&app), channel(LONG), request(), sent_at));
    while !store.meddler.has_begun.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
    let told = flow::transact(app, channel(SHORT), request(), sent_at).await;
    let waited = sent_at.elapsed();
    twin.abort();
    (waited, told.expect_err("its twin is at the door"))
}

/// Whether a copy is answered within its own time, whatever its twin waits for.
pub(super) fn is_a_copy_answered_in_time() -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let (waited, told) = runtime.block_on(copy_behind_a_twin());
    // Its twin may have been recorded and may not, and it cannot know.
    waited <= SHORT && told == Refusal::Unsure
}

#[test]
fn a_copy_is_answered_in_its_own_time_although_its_twin_has_more() {
    assert!(is_a_copy_answered_in_time());
}
