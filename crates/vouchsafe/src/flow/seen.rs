//! Whether a retry is one, or a first request by another name.

use std::sync::Arc;

use tokio::time::Instant;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::transaction::Kind;
use vouchsafe_store::{Key, StoreError, Transaction};

use crate::app::{App, Channel};
use crate::flow::ask::Bounds;

/// Whether a channel's request was seen before. Where that cannot be known it counts as seen: who asks what became of a
/// sale is not to be told that there is none.
pub async fn is_seen(app: &Arc<App>, channel: &Channel, id: MessageId, arrived: Instant) -> bool {
    let key = Key { channel: channel.id.clone(), kind: Kind::Provision, id };
    !matches!(found(app, &key, Bounds::of(app, channel, arrived)).await, Ok(None))
}

/// A request as the store has it, once no copy of it is being opened: until then nobody can tell whether it was seen.
pub(super) async fn found(app: &App, key: &Key, bounds: Bounds) -> Result<Option<Transaction>, StoreError> {
    drop(bounds.within(async { Ok(app.openings.enter(key).await) }).await?);
    bounds.within(app.store.find(key)).await
}
