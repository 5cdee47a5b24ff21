//! `vouchsafe check-config`.

use std::path::Path;

use crate::command::{Failure, assemble, say};
use crate::config::Config;

/// Reads a configuration and its catalogue as `serve` would, without starting anything.
pub(crate) fn check_config(path: &Path) -> Result<(), Failure> {
    let config = Config::load(path).map_err(Failure::unusable)?;
    let catalogue = assemble::catalogue(&config)?;
    say(&format!(
        "{} is sound: {} channels, {} providers, {}",
        path.display(),
        config.channels.len(),
        config.providers.len(),
        catalogue
            .current()
            .map_or("no catalogue".to_owned(), |catalogue| format!("{} products", catalogue.items().len())),
    ))
}
