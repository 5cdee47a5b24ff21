//! Whether the switch is alive, and whether it should be sent work.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;

use crate::api::router::Service;

/// Alive: the process answers.
pub(crate) async fn live() -> (StatusCode, &'static str) {
    (StatusCode::OK, "live\n")
}

/// Ready: the store takes durable writes and nobody asked the switch to stop.
pub(crate) async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    if service.app.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match service.app.store.check().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "the store is not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not take writes\n")
        }
    }
}
