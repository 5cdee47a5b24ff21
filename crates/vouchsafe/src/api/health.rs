//! Whether the switch is alive, whether it should be sent work, and its figures.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};

use crate::api::router::Service;
use crate::metrics;

/// The form that Prometheus reads.
const METRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Alive: the process answers.
pub(crate) async fn live() -> (StatusCode, &'static str) {
    (StatusCode::OK, "live\n")
}

/// For how long a switch that took a durable write counts as ready: each look is one more commit of the store.
pub(crate) const READINESS_KEEPS: Duration = Duration::from_millis(200);

/// How long the store is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Ready: the store takes durable writes and nobody asked the switch to stop.
pub(crate) async fn ready(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    if service.app.stopping.is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    let app = Arc::clone(&service.app);
    let is_ready = service.readiness.outcome(async move {
        let checked = app.store.check().await;
        checked.inspect_err(|error| tracing::error!(%error, "the store is not ready")).is_ok()
    });
    match is_ready.await {
        Some(true) => (StatusCode::OK, "ready\n"),
        Some(false) | None => (StatusCode::SERVICE_UNAVAILABLE, "the store does not take writes\n"),
    }
}

/// The figures, for Prometheus.
pub(crate) async fn metrics(State(service): State<Arc<Service>>) -> Response {
    let app = Arc::clone(&service.app);
    let figures = service.figures.outcome(async move {
        let text = metrics::text(&app).await;
        text.inspect_err(|error| tracing::error!(%error, "what is owed could not be counted")).ok().map(Bytes::from)
    });
    match figures.await.flatten() {
        Some(text) => ([(header::CONTENT_TYPE, METRICS)], text).into_response(),
        None => (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response(),
    }
}
