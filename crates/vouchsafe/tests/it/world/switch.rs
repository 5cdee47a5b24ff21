//! A switch under test: the real one, on a port of its own, over a store in a folder of its own.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vouchsafe::access::Access;
use vouchsafe::api;
use vouchsafe::app::App;
use vouchsafe::clock::{Clock, MachineClock, SteadyTime};
use vouchsafe::config::Limits;
use vouchsafe::desk::Desk;
use vouchsafe::live_catalogue::LiveCatalogue;
use vouchsafe::metrics::Metrics;
use vouchsafe::tls::LiveTls;
use vouchsafe::watchers::{Openings, Watchers};
use vouchsafe::{forward, recover};
use vouchsafe_core::id::{ChannelId, MessageId, ProviderId};
use vouchsafe_core::party::Institution;
use vouchsafe_core::route::Routes;
use vouchsafe_core::secret::Secret;
use vouchsafe_core::sheet::{Messaging, Sheet};
use vouchsafe_core::text::{FreeText, UpTo};
use vouchsafe_core::transaction::{Kind, State};
use vouchsafe_provider::suv::{SuvConfig, SuvProvider};
use vouchsafe_store::seal::{Sealer, SealingKey};
use vouchsafe_store::sqlite::SqliteStore;
use vouchsafe_store::{Entry, Key, Store, Transaction};

use super::channel::Channel;
use super::meddled_store::MeddledStore;
use super::unreliable::Faults;

/// What a test can choose about its switch.
pub(crate) struct Setup {
    pub(crate) provider_url: String,
    pub(crate) sheet: Sheet,
    pub(crate) limits: Limits,
    pub(crate) catalogue: LiveCatalogue,
    pub(crate) routes: Routes,
    /// Whether the one provider is every channel's default.
    pub(crate) default_route: bool,
    pub(crate) wait: Duration,
    /// Who finalises, where anybody is let in.
    pub(crate) messaging: Messaging,
    /// Who is let in; anybody where it is not said.
    pub(crate) access: Option<Access>,
    /// TLS towards channels, if there is any.
    pub(crate) tls: Option<Arc<LiveTls>>,
    /// Further providers, each with its name, its address and its sheet.
    pub(crate) others: Vec<(&'static str, String, Sheet)>,
    /// How its store fails, if it does.
    pub(crate) faults: Option<Faults>,
    /// Its wall clock, and where its chance comes from.
    pub(crate) clock: Arc<dyn Clock>,
}

impl Setup {
    pub(crate) fn to(provider_url: impl Into<String>) -> Self {
        Self {
            provider_url: provider_url.into(),
            sheet: Sheet { concurrency: NonZeroU32::new(1000).unwrap(), ..Sheet::full() },
            limits: Limits::default(),
            catalogue: LiveCatalogue::none(),
            routes: Routes::default(),
            default_route: true,
            wait: Duration::from_secs(60),
            messaging: Messaging::Single,
            access: None,
            tls: None,
            others: Vec::new(),
            faults: None,
            clock: Arc::new(MachineClock),
        }
    }
}

/// The switch's one provider.
pub(crate) const PROVIDER: &str = "provider";
/// The switch's user name there.
pub(crate) const USER_NAME: &str = "switch";

pub(crate) struct Switch {
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    folder: TempDir,
    serving: JoinHandle<()>,
}

/// The sealer of every test's store.
pub(crate) fn sealer() -> Sealer {
    Sealer::new(SealingKey::from_bytes([7; 32]), |random| MachineClock.fill(random))
}

impl Switch {
    /// A switch that asks the provider at `provider_url` for everything.
    pub(crate) async fn asking(provider_url: impl Into<String>) -> Self {
        Self::start(Setup::to(provider_url)).await
    }

    pub(crate) async fn start(setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store.db"), sealer()).unwrap();
        let store: Arc<dyn Store> = match setup.faults.clone() {
            Some(faults) => Arc::new(MeddledStore { inner: Arc::new(store), meddler: faults }),
            None => Arc::new(store),
        };
        let (address, app, serving) = serve(setup, store).await;
        Self { address, app, folder, serving }
    }

    pub(crate) fn channel(&self, id: &str) -> Channel {
        Channel::new(self.address, id)
    }

    pub(crate) fn store_path(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    /// Asks the switch to stop and waits until it has.
    pub(crate) async fn stop(self) {
        self.app.stopping.cancel();
        self.serving.await.unwrap();
    }

    /// The same, and the folder of its store, for as long as that is kept.
    pub(crate) async fn stop_and_leave(self) -> TempDir {
        let store = self.store_path();
        self.app.stopping.cancel();
        self.serving.await.unwrap();
        drop(self.app);
        // The store is closed with the last who has it, and everybody lets go once the switch is stopping. To let go is
        // the beginning of that: it is over once somebody else may have the store.
        crate::world::eventually("the store is closed", async || SqliteStore::open(&store, sealer()).ok()).await;
        self.folder
    }

    /// How a channel's provision stands in the store.
    pub(crate) async fn transaction(&self, channel: &str, id: &str) -> Option<Transaction> {
        self.app.store.find(&key(channel, id)).await.unwrap()
    }

    /// The state of a channel's request of any kind, which must exist.
    pub(crate) async fn state_of(&self, kind: Kind, channel: &str, id: &str) -> State {
        let key = Key { kind, ..key(channel, id) };
        self.app.store.find(&key).await.unwrap().unwrap_or_else(|| panic!("{channel} has no {kind} {id}")).state
    }

    /// The state of a channel's provision, which must exist.
    pub(crate) async fn state(&self, channel: &str, id: &str) -> State {
        self.transaction(channel, id).await.unwrap_or_else(|| panic!("{channel} has no {id}")).state
    }

    /// The journal of a channel's provision, which must exist.
    pub(crate) async fn journal(&self, channel: &str, id: &str) -> Vec<Entry> {
        let transaction = self.transaction(channel, id).await.unwrap();
        self.app.store.journal(transaction.number).await.unwrap()
    }
}

/// A provider at an address, as the switch knows it.
fn desk(base_url: String, sheet: Sheet, limits: &Limits) -> Desk {
    let suv = SuvProvider::new(&SuvConfig {
        base_url,
        user_name: ChannelId::new(USER_NAME).unwrap(),
        password: Secret::new("password".to_owned()),
        authorities: None,
        identity: None,
        max_idle_connections: 100,
        clear_text: true,
    });
    Desk::new(FreeText::new(USER_NAME).unwrap(), Arc::new(suv.unwrap()), sheet, limits.circuit)
}

/// A switch over a store that may hold what another has left: it settles that first, as the program does.
pub(crate) async fn serve(setup: Setup, store: Arc<dyn Store>) -> (SocketAddr, Arc<App>, JoinHandle<()>) {
    let provider = ProviderId::new(PROVIDER).unwrap();
    let mut providers = HashMap::from([(provider.clone(), desk(setup.provider_url, setup.sheet, &setup.limits))]);
    for (name, url, sheet) in setup.others {
        providers.insert(ProviderId::new(name).unwrap(), desk(url, sheet, &setup.limits));
    }
    let app = Arc::new(App {
        store,
        providers,
        routes: setup.routes,
        catalogue: setup.catalogue,
        institution: Institution { id: FreeText::new("vouchsafe").unwrap(), name: UpTo::new("Vouchsafe").unwrap() },
        limits: setup.limits,
        clock: setup.clock,
        steady: SteadyTime::default(),
        metrics: Metrics::default(),
        watchers: Watchers::default(),
        openings: Openings::default(),
        work: TaskTracker::new(),
        stopping: CancellationToken::new(),
    });
    recover::leftovers(&app).await.unwrap();
    recover::start(&app);
    forward::start(&app);
    let default_provider = if setup.default_route { provider } else { ProviderId::new("nobody").unwrap() };
    let access =
        setup.access.unwrap_or(Access::Anybody { messaging: setup.messaging, default_provider, wait: setup.wait });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = api::router(Arc::clone(&app), access, "/suv/v1");
    let serving = tokio::spawn(api::serve(listener, setup.tls, router, Arc::clone(&app)));
    (address, app, serving)
}

/// The name of a channel's provision.
pub(crate) fn key(channel: &str, id: &str) -> Key {
    Key { channel: ChannelId::new(channel).unwrap(), kind: Kind::Provision, id: MessageId::parse(id).unwrap() }
}
