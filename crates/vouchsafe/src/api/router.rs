//! Every path on one page.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use http::{HeaderMap, StatusCode};
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::message::{BasicAdvice, ProvisionRequest, RedemptionRequest, RefundRequest, TenderAdvice};
use vouchsafe_core::transaction::Kind;
use vouchsafe_wire::Message;

use crate::access::{Access, Gate};
use crate::api::auth::Caller;
use crate::api::error::json;
use crate::api::joint::Joint;
use crate::api::shelves::Shelves;
use crate::api::{advices, docs, drain, health, lookups, oauth, requests, reset, trace};
use crate::app::App;
use crate::openapi;

/// What the handlers share: the switch, and what only the public side needs.
pub(crate) struct Service {
    pub(crate) app: Arc<App>,
    pub(crate) gate: Gate,
    pub(crate) base_path: String,
    pub(crate) shelves: Shelves,
    /// The interface's description and its page, as bytes that all answers share: whoever asks often and takes nothing in
    /// must not fill the memory.
    pub(crate) openapi: Bytes,
    pub(crate) docs: Bytes,
    /// What strangers may ask for, and what costs more than to answer.
    pub(crate) readiness: Joint<bool>,
    pub(crate) figures: Joint<Option<Bytes>>,
}

/// The service of a switch, its operations below `base_path` (which has no slash at its end).
pub fn router(app: Arc<App>, access: Access, base_path: &str) -> Router {
    let is_sandbox = matches!(access, Access::Anybody { .. });
    let description = openapi::document(base_path);
    let gate = Gate::new(access, app.clock.as_ref(), &app.limits);
    let service = Arc::new(Service {
        app,
        gate,
        base_path: base_path.to_owned(),
        shelves: Shelves::default(),
        openapi: description.to_string().into(),
        docs: openapi::page(&description).into(),
        readiness: Joint::new(health::READINESS_KEEPS, health::PATIENCE),
        // Whoever reads figures wants those of now.
        figures: Joint::new(Duration::ZERO, health::PATIENCE),
    });
    let operation = |name: &str| format!("{base_path}{name}");
    let mut router = Router::new();
    for (path, methods) in [
        (operation("/vouchers"), post(requests::open::<ProvisionRequest>).get(lookups::voucher)),
        (operation("/vouchers/{provisionId}/retry"), post(requests::retry)),
        (operation("/vouchers/confirmations"), confirmations::<TenderAdvice>(Kind::Provision)),
        (operation("/vouchers/reversals"), reversals(Kind::Provision)),
        (operation("/products"), get(lookups::products)),
        (operation("/redemptions"), post(requests::open::<RedemptionRequest>)),
        (operation("/redemptions/{requestId}"), get(lookups::redemption)),
        (operation("/redemptions/confirmations"), confirmations::<BasicAdvice>(Kind::Redemption)),
        (operation("/redemptions/reversals"), reversals(Kind::Redemption)),
        (operation("/refunds"), post(requests::open::<RefundRequest>)),
        (operation("/refunds/confirmations"), confirmations::<BasicAdvice>(Kind::Refund)),
        (operation("/refunds/reversals"), reversals(Kind::Refund)),
        ("/oauth/token".to_owned(), post(oauth::token)),
        ("/oauth/revoke".to_owned(), post(oauth::revoke)),
        ("/health/live".to_owned(), get(health::live)),
        ("/health/ready".to_owned(), get(health::ready)),
        ("/metrics".to_owned(), get(health::metrics)),
        ("/openapi.json".to_owned(), get(docs::openapi)),
        ("/docs".to_owned(), get(docs::page)),
    ] {
        router = with_and_without_slash(router, &path, methods);
    }
    if is_sandbox {
        router = with_and_without_slash(router, &operation("/testServerAdmin/reset"), post(reset::reset));
    }
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(Arc::clone(&service), drain::drain))
        .layer(from_fn_with_state(Arc::clone(&service), trace::trace))
        .with_state(service)
}

fn confirmations<M: Message + Clone + Into<TenderAdvice> + Send + Sync + 'static>(
    kind: Kind,
) -> MethodRouter<Arc<Service>> {
    post(move |service: State<Arc<Service>>, caller: Caller, headers: HeaderMap, body: Body| {
        advices::confirm::<M>(kind, service, caller, headers, body)
    })
}

fn reversals(kind: Kind) -> MethodRouter<Arc<Service>> {
    post(move |service: State<Arc<Service>>, caller: Caller, headers: HeaderMap, body: Body| {
        advices::reverse(kind, service, caller, headers, body)
    })
}

/// A trailing slash is accepted on every path.
fn with_and_without_slash(
    router: Router<Arc<Service>>,
    path: &str,
    methods: MethodRouter<Arc<Service>>,
) -> Router<Arc<Service>> {
    router.route(&format!("{path}/"), methods.clone()).route(path, methods)
}

/// Below the base path it is a fault of the request, not a 404: a channel reads that as success for a reversal. The path is
/// not repeated: whoever mistakes it may have written a voucher's code there.
async fn no_such_path(State(service): State<Arc<Service>>, request: Request) -> Response {
    let path = request.uri().path();
    let is_ours = path.strip_prefix(&service.base_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let status = if is_ours { StatusCode::BAD_REQUEST } else { StatusCode::NOT_FOUND };
    json(status, &ErrorDetail::new(ErrorType::FormatError, "no such path"))
}

async fn no_such_method(request: Request) -> Response {
    let message = format!("{} is not served on this path", request.method());
    json(StatusCode::METHOD_NOT_ALLOWED, &ErrorDetail::new(ErrorType::FormatError, &message))
}
