//! The intent is durable before the provider sees a byte; the outcome before the channel does.

use std::sync::{Arc, OnceLock};

use axum::response::IntoResponse as _;
use http::StatusCode;
use vouchsafe_core::transaction::State;
use vouchsafe_store::Store as _;
use vouchsafe_store::sqlite::SqliteStore;

use crate::world::{ProviderStub, Switch, approval, id, key, request, sealer};

#[tokio::test]
async fn the_intent_is_on_disk_before_the_provider_is_asked() {
    let place = Arc::new(OnceLock::<std::path::PathBuf>::new());
    let provider = ProviderStub::answering({
        let place = Arc::clone(&place);
        move |request| {
            let place = Arc::clone(&place);
            async move {
                // The provider looks into the store as another process would: it sees only what is committed.
                let store = SqliteStore::open_read_only(place.get().unwrap(), sealer()).unwrap();
                let found = store.find(&key("app", id(&request))).await.unwrap();
                let status = match found.map(|transaction| transaction.state) {
                    Some(State::Pending) => StatusCode::CREATED,
                    other => panic!("the provider was asked while the store said {other:?}"),
                };
                (status, approval(&request).to_string()).into_response()
            }
        }
    })
    .await;
    let switch = Switch::asking(provider.base_url()).await;
    place.set(switch.store_path()).unwrap();
    for _ in 0..10 {
        let request = request("app");
        assert_eq!(switch.channel("app").provision(&request).await.verdict(), "201");
        let store = SqliteStore::open_read_only(&switch.store_path(), sealer()).unwrap();
        let transaction = store.find(&key("app", id(&request))).await.unwrap().unwrap();
        assert_eq!(transaction.state, State::Approved, "the outcome is on disk before the answer");
    }
}
