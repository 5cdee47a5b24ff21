//! What the simulated provider is asked, and where.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{MethodRouter, post};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::message::{BasicAdvice, BasicReversal, Request, TenderAdvice, VoucherQuery};
use vouchsafe_core::transaction::Kind;
use vouchsafe_wire::query::Query;
use vouchsafe_wire::{Manner, Message};

use crate::simulator::advice::Advice;
use crate::simulator::presented::{self, Naming};
use crate::simulator::{BASE_PATH, Desk, Simulator, reply};

/// The largest request that is read.
const MOST_OF_A_REQUEST: usize = 256 * 1024;

/// Every operation, with or without a slash at the end.
pub(super) fn router(desk: Arc<Desk>) -> Router {
    let operations: [(&str, MethodRouter<Arc<Desk>>); 9] = [
        ("vouchers", requests(Request::Provision).get(look_up)),
        ("vouchers/reversals", advices::<BasicReversal>(Kind::Provision)),
        ("vouchers/confirmations", advices::<TenderAdvice>(Kind::Provision)),
        ("redemptions", requests(Request::Redemption)),
        ("redemptions/reversals", advices::<BasicReversal>(Kind::Redemption)),
        ("redemptions/confirmations", advices::<BasicAdvice>(Kind::Redemption)),
        ("refunds", requests(Request::Refund)),
        ("refunds/reversals", advices::<BasicReversal>(Kind::Refund)),
        ("refunds/confirmations", advices::<BasicAdvice>(Kind::Refund)),
    ];
    let routes = operations.into_iter().fold(Router::new(), |router, (path, operation)| {
        router
            .route(&format!("{BASE_PATH}/{path}"), operation.clone())
            .route(&format!("{BASE_PATH}/{path}/"), operation)
    });
    routes.fallback(nothing_here).layer(DefaultBodyLimit::max(MOST_OF_A_REQUEST)).with_state(desk)
}

async fn nothing_here() -> Response {
    let detail = ErrorDetail::new(ErrorType::FunctionNotSupported, "the simulated provider does not offer this");
    reply::json(StatusCode::NOT_FOUND, &detail)
}

/// Takes requests of one kind.
fn requests<M: Message + Send + 'static>(kind: fn(M) -> Request) -> MethodRouter<Arc<Desk>> {
    post(async move |State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Result<Bytes, BytesRejection>| {
        match received::<M>(&headers, body) {
            Ok((_, message)) => desk.ask(&kind(message)).await,
            Err(refusal) => refusal,
        }
    })
}

/// Takes advices about requests of one kind.
fn advices<M: Advice + 'static>(kind: Kind) -> MethodRouter<Arc<Desk>> {
    post(async move |State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Result<Bytes, BytesRejection>| {
        match received::<M>(&headers, body) {
            Ok((user_name, message)) => desk.advise(kind, &user_name, &message).await,
            Err(refusal) => refusal,
        }
    })
}

async fn look_up(State(desk): State<Arc<Desk>>, headers: HeaderMap, uri: Uri) -> Response {
    let client = match caller(&headers) {
        Ok(client) => client,
        Err(refusal) => return refusal,
    };
    let query = match VoucherQuery::read(uri.query().unwrap_or_default()) {
        Ok(query) => query,
        Err(format_errors) => {
            let detail = ErrorDetail::new(ErrorType::FormatError, "the query is malformed");
            return reply::json(StatusCode::BAD_REQUEST, &ErrorDetail { format_errors, ..detail });
        }
    };
    let Simulator { institution, seed, ledger, .. } = &desk.simulator;
    let names = Naming { seed: *seed, institution: institution.id.as_str() }.in_query(&query, &client);
    let told = ledger.read(|books| books.voucher(&names).map(|voucher| presented::told(voucher, &query, institution)));
    match told {
        Some(told) => reply::json(StatusCode::OK, &told),
        None => {
            let detail = ErrorDetail::new(ErrorType::UnableToLocateRecord, "there is no such voucher");
            reply::json(StatusCode::NOT_FOUND, &detail)
        }
    }
}

/// Who sends a message, and the message; or the answer to something that is none.
#[expect(clippy::result_large_err, reason = "an answer is passed on once and not carried about")]
fn received<M: Message>(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<(String, M), Response> {
    let user_name = caller(headers)?;
    let body = body.map_err(|refused| {
        reply::json(refused.status(), &ErrorDetail::new(ErrorType::FormatError, &refused.body_text()))
    })?;
    let message = M::read(&body, Manner::Strict).map_err(|malformed| {
        let mut detail = ErrorDetail::new(ErrorType::FormatError, "the request is malformed");
        detail.id = malformed.id;
        detail.format_errors = malformed.errors;
        reply::json(StatusCode::BAD_REQUEST, &detail)
    })?;
    Ok((user_name, message))
}

/// Who is calling, or the answer to nobody in particular.
#[expect(clippy::result_large_err, reason = "an answer is passed on once and not carried about")]
fn caller(headers: &HeaderMap) -> Result<String, Response> {
    headers
        .get(AUTHORIZATION)
        .and_then(user_name)
        .ok_or_else(|| unauthorised(&ErrorDetail::new(ErrorType::AuthenticationError, "credentials are missing")))
}

/// The user name in basic credentials.
fn user_name(authorization: &HeaderValue) -> Option<String> {
    let (scheme, credentials) = authorization.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    credentials.split_once(':').map(|(user_name, _)| user_name.to_owned())
}

pub(super) fn unauthorised(detail: &ErrorDetail) -> Response {
    let mut response = reply::json(StatusCode::UNAUTHORIZED, detail);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"vouchers\""));
    response
}
