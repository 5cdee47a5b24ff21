//! `vouchsafe catalogue`.

use std::path::Path;

use crate::command::{Failure, assemble, say};
use crate::config::Config;
use crate::config::catalogue::{self, Sources};

/// Reads a catalogue as `serve` would, and names every fault. Without a configuration its sources may be anybody's.
pub(crate) fn check(path: &Path, config: Option<&Path>) -> Result<(), Failure> {
    let config = config.map(Config::load).transpose().map_err(Failure::unusable)?;
    let providers = config.as_ref().map(assemble::provider_ids);
    let sources = providers.as_deref().map_or(Sources::Any, Sources::Of);
    let catalogue = catalogue::load(path, sources).map_err(Failure::unusable)?;
    let compared = if config.is_some() { "" } else { "; its providers were not compared with a configuration" };
    say(&format!("{} is sound: {} products{compared}", path.display(), catalogue.items().len()))
}
