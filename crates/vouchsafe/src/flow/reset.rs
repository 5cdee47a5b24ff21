//! A channel of a sandbox begins anew.

use std::sync::Arc;

use vouchsafe_core::id::ChannelId;
use vouchsafe_core::text::{Form, Text};
use vouchsafe_store::{Act, Deed, Doer, StoreError};

use crate::app::{App, Channel};
use crate::clock::new_id;

/// Forgets every transaction of a channel, as far as the channel can tell: its ids are free again. What was sold goes
/// by another channel's name from now on, and what is owed to providers is still delivered. Returns how many there were.
///
/// # Errors
/// The store did not take it.
pub async fn reset(app: Arc<App>, channel: Channel) -> Result<usize, StoreError> {
    let name = |beginning: &str| format!("{beginning} before {}", new_id(app.clock.as_ref()));
    let under = ChannelId::new(name(channel.id.as_str())).or_else(|_| ChannelId::new(name("a channel")));
    // 61 letters of ours are a channel's id.
    let under = under.unwrap_or_else(|_| unreachable!("a short name is a channel's id"));
    let act = Act {
        at: app.clock.now(),
        doer: Doer::Channel(channel.id.clone()),
        deed: Deed::ResetChannel(channel.id.clone()),
        reason: words("it asked for that"),
        before: words("its transactions were its own"),
        after: words(under.as_str()),
    };
    app.store.set_aside(channel.id, under, act).await
}

/// Words of ours that are short enough for wherever they stand.
fn words<F: Form, const LEAST: usize, const MOST: usize>(text: &str) -> Text<F, LEAST, MOST> {
    Text::new(text).unwrap_or_else(|_| unreachable!("these words are short enough"))
}
