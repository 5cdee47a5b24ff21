//! The operations of the interface that are not served yet.

use axum::response::Response;
use axum::routing::MethodFilter;
use http::StatusCode;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};

use crate::api::auth::Caller;
use crate::api::error::json;

/// Every one of them, below the base path. A row goes when its operation arrives; the router refuses to have both.
pub(crate) const UNSERVED: [(MethodFilter, &str); 9] = [
    (MethodFilter::POST, "/vouchers/confirmations"),
    (MethodFilter::GET, "/vouchers"),
    (MethodFilter::POST, "/redemptions"),
    (MethodFilter::POST, "/redemptions/confirmations"),
    (MethodFilter::POST, "/redemptions/reversals"),
    (MethodFilter::GET, "/redemptions/{requestId}"),
    (MethodFilter::POST, "/refunds"),
    (MethodFilter::POST, "/refunds/confirmations"),
    (MethodFilter::POST, "/refunds/reversals"),
];

/// Says so. Never with 404, which a channel reads as success for a reversal.
pub(crate) async fn unserved(_: Caller) -> Response {
    let detail = ErrorDetail::new(ErrorType::FunctionNotSupported, "this switch does not serve this operation yet");
    json(StatusCode::NOT_IMPLEMENTED, &detail)
}
