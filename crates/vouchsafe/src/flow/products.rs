//! A channel asks what it may sell.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use vouchsafe_core::catalogue::Catalogue;

use crate::app::{App, Channel};

/// What a channel may sell, and how far that can be relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Products {
    /// The copy of the catalogue of which the channel is shown its own products; none where it is shown no product.
    pub shown: Option<Arc<Catalogue>>,
    /// How long ago the catalogue's file was last found to say this.
    pub age: Duration,
    /// Whether the file says something else by now, which cannot be used.
    pub is_stale: bool,
}

/// What `channel` may sell, from memory; `None` for a switch without a catalogue. Only the channel's own listings are
/// told, and no name but its own has any: asking by another `channel_name` finds nothing.
#[must_use]
pub fn products(app: &App, channel: &Channel, channel_name: Option<&str>) -> Option<Products> {
    let catalogue = app.catalogue.current()?;
    let is_own = channel_name.is_none_or(|name| name == channel.id.as_str());
    Some(Products {
        shown: is_own.then_some(catalogue),
        age: app.catalogue.age(Instant::now())?,
        is_stale: app.catalogue.is_stale(),
    })
}
