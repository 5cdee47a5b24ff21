//! Puts a switch together from its configuration: the only place that names an engine or an adapter.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::text::FreeText;
use vouchsafe_provider::suv::{SuvConfig, SuvProvider};
use vouchsafe_store::sqlite::{OpenError, SqliteStore};

use crate::access::Access;
use crate::api;
use crate::app::App;
use crate::clock::{MachineClock, SteadyTime};
use crate::command::{Failure, descriptors, sealing_key, stop};
use crate::config::{Config, StoreUri};
use crate::desk::Desk;
use crate::live_catalogue::LiveCatalogue;
use crate::metrics::Metrics;
use crate::tls::LiveTls;
use crate::watchers::{Openings, Watchers};
use crate::{forward, recover, retention};

/// The catalogue that a configuration names, checked against its providers.
pub(crate) fn catalogue(config: &Config) -> Result<LiveCatalogue, Failure> {
    let Some(path) = &config.catalogue else { return Ok(LiveCatalogue::none()) };
    LiveCatalogue::open(path, provider_ids(config), Instant::now()).map_err(Failure::unusable)
}

/// TLS as a configuration names it, if it does.
pub(crate) fn tls(config: &Config) -> Result<Option<Arc<LiveTls>>, Failure> {
    let open = |files| LiveTls::open(files).map(Arc::new).map_err(Failure::unusable);
    config.tls.as_ref().map(open).transpose()
}

/// The providers that a configuration names.
pub(crate) fn provider_ids(config: &Config) -> Vec<ProviderId> {
    config.providers.iter().map(|provider| provider.id.clone()).collect()
}

/// Opens the store that a configuration names.
pub(crate) fn open_store(config: &Config) -> Result<SqliteStore, Failure> {
    let StoreUri::Sqlite(path) = &config.store;
    let sealer = sealing_key::sealer(&config.sealing_key, path)?;
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    SqliteStore::open(path, sealer).map_err(|error| {
        let sentence = format!("cannot open {}: {error}", path.display());
        match error {
            OpenError::OtherKey => Failure::unusable(format!("{sentence}; put back the key that it was written with")),
            _ => Failure::failed(sentence),
        }
    })
}

/// Makes a folder and those above it.
pub(crate) fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::failed(format!("cannot make the folder {}: {error}", folder.display())))
}

/// The switch of a configuration, over a store.
pub(crate) fn app(config: &Config, store: SqliteStore, catalogue: LiveCatalogue) -> Result<Arc<App>, Failure> {
    let mut providers = HashMap::new();
    for provider in &config.providers {
        let unusable = |why: &dyn std::fmt::Display| Failure::unusable(format!("provider {}: {why}", provider.id));
        let suv = SuvProvider::new(&SuvConfig {
            base_url: provider.base_url.clone(),
            user_name: provider.user_name.clone(),
            password: provider.password.clone(),
            authorities: provider.tls.authorities.clone(),
            identity: provider.tls.identity.clone(),
            max_idle_connections: usize::try_from(provider.sheet.concurrency.get()).unwrap_or(usize::MAX),
            // The configuration was asked already whether that may be.
            clear_text: true,
        })
        .map_err(|fault| unusable(&fault))?;
        let user_name = FreeText::new(provider.user_name.as_str()).map_err(|fault| unusable(&fault))?;
        providers.insert(
            provider.id.clone(),
            Desk::new(user_name, Arc::new(suv), provider.sheet.clone(), config.limits.circuit),
        );
    }
    Ok(Arc::new(App {
        store: Arc::new(store),
        providers,
        routes: config.routes.clone(),
        catalogue,
        institution: config.institution.clone(),
        limits: descriptors::within(&config.limits, config.providers.iter().map(|provider| &provider.sheet)),
        clock: Arc::new(MachineClock),
        steady: SteadyTime::default(),
        metrics: Metrics::default(),
        watchers: Watchers::default(),
        openings: Openings::default(),
        work: TaskTracker::new(),
        stopping: CancellationToken::new(),
    }))
}

/// Refuses to have something that lets anybody in listen where other machines can reach it, unless a person says so.
pub(crate) fn only_here(listen: SocketAddr, insecure: bool, what: &str) -> Result<(), Failure> {
    if listen.ip().is_loopback() || insecure {
        return Ok(());
    }
    Err(Failure::unusable(format!(
        "the {what} lets anybody in, and {listen} can be reached from other machines; \
         listen on 127.0.0.1, or say --insecure if that is what you want"
    )))
}

/// Listens at an address.
pub(crate) async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address).await.map_err(|error| Failure::failed(format!("cannot listen on {address}: {error}")))
}

/// Where channels come in.
pub(crate) struct Door<'a> {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Arc<LiveTls>>,
    pub(crate) access: Access,
    pub(crate) base_path: &'a str,
}

/// Settles what the last run left open, says that it serves, and serves until a signal asks to stop; then until what
/// is in flight has finished.
pub(crate) async fn serve(
    door: Door<'_>,
    app: Arc<App>,
    announce: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    // Before anybody is told that it serves: whoever is told may ask it to stop.
    let stop = stop::requested()?;
    let count = recover::leftovers(&app)
        .await
        .map_err(|error| Failure::failed(format!("what the last run left open could not be settled: {error}")))?;
    if count > 0 {
        tracing::warn!(count, "requests that the last run left without an outcome are reversed");
    }
    recover::start(&app);
    forward::start(&app);
    retention::start(&app);
    announce()?;
    let router: Router = api::router(Arc::clone(&app), door.access, door.base_path);
    let stopping = app.stopping.clone();
    tokio::spawn(async move {
        stop.await;
        tracing::info!("stopping: no new work; what is in flight finishes");
        stopping.cancel();
    });
    // Where requests are answered, and not on the thread that waits for the end: to be woken over there for each connection
    // costs more than to take it.
    let serving = tokio::spawn(api::serve(door.listener, door.tls, router, app));
    serving.await.map_err(|error| Failure::failed(format!("connections could not be served any more: {error}")))?;
    tracing::info!("stopped");
    Ok(())
}
