//! `vouchsafe serve`.

use std::path::Path;
use std::sync::Arc;

use crate::access::{Access, KnownChannels};
use crate::command::assemble::Door;
use crate::command::{Failure, assemble, block_on, stop};
use crate::config::Config;
use crate::live_file::{self, Live};
use crate::telemetry;

/// Runs the switch of a configuration file until it is asked to stop.
pub(crate) fn serve(path: &Path) -> Result<(), Failure> {
    // It outlives the runtime, and so all that is logged there.
    let mut log = None;
    block_on(async {
        // Before all that may take its time, such as bringing a store up to date: SIGHUP must not end what is starting.
        let hangup = stop::hangup()?;
        let config = Config::load(path).map_err(Failure::unusable)?;
        log = Some(telemetry::start(config.log).map_err(Failure::failed)?);
        let catalogue = assemble::catalogue(&config)?;
        let known = Arc::new(KnownChannels::open(&config).map_err(Failure::unusable)?);
        let tls = assemble::tls(&config)?;
        let store = assemble::open_store(&config)?;
        let app = assemble::app(&config, store, catalogue)?;
        let others: Vec<Arc<dyn Live>> = tls.iter().map(|tls| Arc::clone(tls) as _).collect();
        let others = others.into_iter().chain([Arc::clone(&known) as _]).collect();
        tokio::spawn(live_file::watch(Arc::clone(&app), others, hangup));
        let listener = assemble::listen(config.listen).await?;
        let address = listener.local_addr().unwrap_or(config.listen);
        let (channels, providers, tls_is_on) = (known.count(), config.providers.len(), tls.is_some());
        let announce = || {
            tracing::info!(%address, channels, providers, tls = tls_is_on, "serving");
            Ok(())
        };
        let door = Door { listener, tls, access: Access::Known(known), base_path: &config.base_path };
        assemble::serve(door, app, announce).await
    })
}
