//! `POST /testServerAdmin/reset`: in a sandbox, a channel begins anew.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};

use crate::api::auth::Caller;
use crate::api::error::json;
use crate::api::router::Service;
use crate::flow;

/// Forgets the caller's transactions and says how many there were. Nothing in the request's body counts.
pub(crate) async fn reset(State(service): State<Arc<Service>>, Caller(channel, place): Caller) -> Response {
    match service.app.work.spawn(place.during(flow::reset(Arc::clone(&service.app), channel))).await {
        Ok(Ok(count)) => {
            let content_type = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            ([content_type], format!("{{\"forgotten\":{count}}}")).into_response()
        }
        fault => {
            tracing::error!(?fault, "a sandbox could not forget a channel's transactions");
            let detail =
                ErrorDetail::new(ErrorType::GeneralError, "the transactions could not be forgotten; try again");
            json(StatusCode::INTERNAL_SERVER_ERROR, &detail)
        }
    }
}
