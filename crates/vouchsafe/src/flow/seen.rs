//! Whether a retry is one, or a first request by another name.

use std::sync::Arc;

use tokio::time::Instant;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;
use vouchsafe_store::{Key, StoreError, Transaction};

use crate::app::{App, Channel};
use crate::flow::ask::Bounds;

/// What is known of a request when its retry comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It was never seen.
    Never,
    /// It was, and stood like this a moment ago.
    Before(Transaction),
    /// Nobody has looked, or it cannot be known. It counts as seen: who asks what became of a sale is not to be told that
    /// there is none.
    Unclear,
}

/// Whether a channel's request was seen before.
pub async fn seen(app: &Arc<App>, channel: &Channel, id: MessageId, arrived: Instant) -> Seen {
    let key = Key { channel: channel.id.clone(), kind: Kind::Provision, id };
    match found(app, &key, Bounds::of(app, channel, arrived)).await {
        Ok(None) => Seen::Never,
        Ok(Some(transaction)) => Seen::Before(transaction),
        Err(_) => Seen::Unclear,
    }
}

/// A request as the store has it, once no copy of it is being opened: until then nobody can tell whether it was seen.
pub(super) async fn found(app: &App, key: &Key, bounds: Bounds) -> Result<Option<Transaction>, StoreError> {
    drop(bounds.within(async { Ok(app.openings.enter(key).await) }).await?);
    bounds.within(app.store.find(key)).await
}
