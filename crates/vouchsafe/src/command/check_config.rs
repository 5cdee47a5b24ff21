//! `vouchsafe check-config`.

use std::path::Path;

use crate::access::KnownChannels;
use crate::command::{Failure, assemble, say};
use crate::config::Config;

/// Reads a configuration and the files of catalogue, channels and TLS as `serve` would, without starting anything.
pub(crate) fn check_config(path: &Path) -> Result<(), Failure> {
    let config = Config::load(path).map_err(Failure::unusable)?;
    let catalogue = assemble::catalogue(&config)?;
    let channels = KnownChannels::open(&config).map_err(Failure::unusable)?;
    assemble::tls(&config)?;
    say(&format!(
        "{} is sound: {} channels, {} providers, {}",
        path.display(),
        channels.count(),
        config.providers.len(),
        catalogue
            .current()
            .map_or("no catalogue".to_owned(), |catalogue| format!("{} products", catalogue.items().len())),
    ))
}
