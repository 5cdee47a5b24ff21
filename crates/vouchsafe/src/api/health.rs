//! Whether the switch is alive, whether it should be sent work, and its figures.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};

use crate::api::router::Service;
use crate::metrics;

/// The form that Prometheus reads.
const METRICS: HeaderValue = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

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

/// The figures, for Prometheus.
pub(crate) async fn metrics(State(service): State<Arc<Service>>) -> Response {
    match metrics::text(&service.app).await {
        Ok(text) => ([(header::CONTENT_TYPE, METRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "what is owed could not be counted");
            (StatusCode::SERVICE_UNAVAILABLE, "the store cannot be read\n").into_response()
        }
    }
}
