//! Every path on one page.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use axum::{Router, body::Bytes};
use http::StatusCode;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};

use crate::api::auth::Access;
use crate::api::error::answer;
use crate::api::{docs, health, trace, vouchers};
use crate::app::App;
use crate::openapi;

/// What the handlers share: the switch, and what only the public side needs.
pub(crate) struct Service {
    pub(crate) app: Arc<App>,
    pub(crate) access: Access,
    pub(crate) base_path: String,
    pub(crate) openapi: Bytes,
    pub(crate) docs: String,
}

/// The service of a switch, its operations below `base_path` (which has no slash at its end).
pub fn router(app: Arc<App>, access: Access, base_path: &str) -> Router {
    let description = openapi::document(base_path);
    let service = Arc::new(Service {
        app,
        access,
        base_path: base_path.to_owned(),
        openapi: description.to_string().into(),
        docs: openapi::page(&description),
    });
    let operation = |name: &str| format!("{base_path}{name}");
    let mut router = Router::new();
    for (path, methods) in [
        (operation("/vouchers"), post(vouchers::provision)),
        (operation("/vouchers/{provisionId}/retry"), post(vouchers::retry)),
        (operation("/vouchers/reversals"), post(vouchers::reverse)),
        ("/health/live".to_owned(), get(health::live)),
        ("/health/ready".to_owned(), get(health::ready)),
        ("/openapi.json".to_owned(), get(docs::openapi)),
        ("/docs".to_owned(), get(docs::page)),
    ] {
        router = with_and_without_slash(router, &path, methods);
    }
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(Arc::clone(&service), trace::trace))
        .with_state(service)
}

/// A trailing slash is accepted on every path.
fn with_and_without_slash(
    router: Router<Arc<Service>>,
    path: &str,
    methods: MethodRouter<Arc<Service>>,
) -> Router<Arc<Service>> {
    router.route(&format!("{path}/"), methods.clone()).route(path, methods)
}

async fn no_such_path(request: Request) -> Response {
    let message = format!("no such path: {}", request.uri().path());
    answer(StatusCode::NOT_FOUND, &ErrorDetail::new(ErrorType::FormatError, &message))
}

async fn no_such_method(request: Request) -> Response {
    let message = format!("{} is not served on this path", request.method());
    answer(StatusCode::METHOD_NOT_ALLOWED, &ErrorDetail::new(ErrorType::FormatError, &message))
}
