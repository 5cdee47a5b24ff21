//! `vouchsafe serve`.

use std::path::Path;
use std::sync::Arc;

use crate::api::{Access, KnownChannels};
use crate::app::Channel;
use crate::command::{Failure, assemble, block_on, stop};
use crate::config::Config;
use crate::live_catalogue;
use crate::telemetry;

/// Runs the switch of a configuration file until it is asked to stop.
pub(crate) fn serve(path: &Path) -> Result<(), Failure> {
    let config = Config::load(path).map_err(Failure::unusable)?;
    let _log = telemetry::start(config.log).map_err(Failure::failed)?;
    let catalogue = assemble::catalogue(&config)?;
    let store = assemble::open_store(&config)?;
    block_on(async {
        let app = assemble::app(&config, store, catalogue)?;
        tokio::spawn(live_catalogue::watch(Arc::clone(&app), stop::hangup()?));
        let channels = config.channels.iter().map(|channel| {
            let known = Channel {
                id: channel.id.clone(),
                messaging: channel.messaging,
                default_provider: channel.default_provider.clone(),
                wait: channel.wait,
            };
            (known, channel.secrets.clone())
        });
        let access = Access::Known(KnownChannels::new(channels));
        let listener = assemble::listen(config.listen).await?;
        let address = listener.local_addr().unwrap_or(config.listen);
        let (channels, providers) = (config.channels.len(), config.providers.len());
        let announce = || {
            tracing::info!(%address, channels, providers, "serving");
            Ok(())
        };
        assemble::serve(listener, app, access, &config.base_path, announce).await
    })
}
