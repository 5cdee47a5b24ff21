//! The interface's own description, for machines and for people.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{Html, IntoResponse as _, Response};
use http::{HeaderValue, header};

use crate::api::router::Service;

/// The OpenAPI document.
pub(crate) async fn openapi(State(service): State<Arc<Service>>) -> Response {
    let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    ([content_type], service.openapi.clone()).into_response()
}

/// The same as a page that loads nothing from anywhere.
pub(crate) async fn page(State(service): State<Arc<Service>>) -> Response {
    Html(service.docs.clone()).into_response()
}
