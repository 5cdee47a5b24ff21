//! The simulated provider: a real HTTP server that speaks the interface and keeps honest books.
//!
//! What it does with a request or an advice is chosen by the product's id ([`magic`]), else by what
//! it plays ([`plays`]), else by chance ([`faults`]), and chance follows from a seed: the same requests meet
//! the same fate at every run. Whatever it answers, or does not, its [`ledger`] tells the truth and tells it
//! first.

mod advice;
mod draw;
pub mod faults;
pub mod ledger;
pub mod magic;
pub mod plays;
mod provision;
mod reply;
mod sale;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::post;
use axum::serve::ListenerExt;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{BasicReversal, ProvisionRequest, TenderAdvice};
use vouchsafe_core::party::Institution;
use vouchsafe_wire::{Manner, Message};

use crate::simulator::advice::Advice;
use crate::simulator::faults::Faults;
use crate::simulator::ledger::Ledger;
use crate::simulator::magic::Silence;
use crate::simulator::plays::Play;

/// Where the interface begins on a simulated provider.
pub const BASE_PATH: &str = "/suv/v1";
/// The largest request that is read.
const MOST_OF_A_REQUEST: usize = 256 * 1024;

/// One simulated provider.
pub struct Simulator {
    /// Who it is: its references and its receipts carry this name.
    pub institution: Institution,
    /// What its vouchers and its faults follow from.
    pub seed: u64,
    /// How often ordinary products fail.
    pub faults: Faults,
    /// What it cannot do, or does in its own way; empty where it does everything as it should.
    pub plays: Vec<Play>,
    /// Where it writes down what it did.
    pub ledger: Ledger,
    /// What time it is.
    pub clock: Box<dyn Fn() -> Timestamp + Send + Sync>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator")
            .field("institution", &self.institution)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Serves `simulator` until `shutdown` resolves, then until the requests under way are answered. Those that
/// would wait, or would wait for ever, are ended then.
///
/// # Errors
/// None in practice: a failed accept is tried again.
pub async fn serve(
    listener: TcpListener,
    simulator: Simulator,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let closing = CancellationToken::new();
    let desk = Arc::new(Desk { simulator, closing: closing.clone() });
    let router = Router::new()
        .route(&format!("{BASE_PATH}/vouchers"), post(provision))
        .route(&format!("{BASE_PATH}/vouchers/"), post(provision))
        .route(&format!("{BASE_PATH}/vouchers/reversals"), post(advise::<BasicReversal>))
        .route(&format!("{BASE_PATH}/vouchers/reversals/"), post(advise::<BasicReversal>))
        .route(&format!("{BASE_PATH}/vouchers/confirmations"), post(advise::<TenderAdvice>))
        .route(&format!("{BASE_PATH}/vouchers/confirmations/"), post(advise::<TenderAdvice>))
        .fallback(nothing_here)
        .layer(DefaultBodyLimit::max(MOST_OF_A_REQUEST))
        .with_state(desk);
    let listener = listener.tap_io(|connection| {
        // Without it an answer may wait 40 ms for company; a connection that refuses still works.
        let _ = connection.set_nodelay(true);
    });
    let stop = async move {
        shutdown.await;
        closing.cancel();
    };
    axum::serve(listener, router).with_graceful_shutdown(stop).await
}

/// A simulated provider while it serves.
struct Desk {
    simulator: Simulator,
    closing: CancellationToken,
}

async fn nothing_here() -> Response {
    let detail = ErrorDetail::new(ErrorType::FunctionNotSupported, "the simulated provider does not offer this");
    reply::json(StatusCode::NOT_FOUND, &detail)
}

async fn provision(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Result<Bytes, BytesRejection>) -> Response {
    match received::<ProvisionRequest>(&headers, body) {
        Ok((_, request)) => desk.provision(&request).await,
        Err(refusal) => refusal,
    }
}

async fn advise<M: Advice>(
    State(desk): State<Arc<Desk>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match received::<M>(&headers, body) {
        Ok((user_name, message)) => desk.advise(&user_name, &message).await,
        Err(refusal) => refusal,
    }
}

/// Who sends a message, and the message; or the answer to something that is none.
#[expect(clippy::result_large_err, reason = "an answer is passed on once and not carried about")]
fn received<M: Message>(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<(String, M), Response> {
    let user_name = headers
        .get(AUTHORIZATION)
        .and_then(user_name)
        .ok_or_else(|| unauthorised(&ErrorDetail::new(ErrorType::AuthenticationError, "credentials are missing")))?;
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

/// The user name in basic credentials.
fn user_name(authorization: &HeaderValue) -> Option<String> {
    let (scheme, credentials) = authorization.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    credentials.split_once(':').map(|(user_name, _)| user_name.to_owned())
}

impl Desk {
    /// Lets the time pass; whoever stops the simulator does not want to wait for the slowest of its answers.
    async fn wait(&self, time: Duration) {
        let _ = self.closing.run_until_cancelled(tokio::time::sleep(time)).await;
    }

    /// Ends without an answer. The server drops this future when the caller hangs up.
    async fn say_nothing(&self, silence: Silence) -> Response {
        if silence == Silence::Open {
            self.closing.cancelled().await;
        }
        reply::cut()
    }
}

/// What is said when nothing can be promised any more.
fn unwritable(id: MessageId) -> Response {
    let detail = ErrorDetail::new(ErrorType::GeneralError, "the ledger cannot be written");
    reply::json(StatusCode::INTERNAL_SERVER_ERROR, &detail.about(id))
}

fn unauthorised(detail: &ErrorDetail) -> Response {
    let mut response = reply::json(StatusCode::UNAUTHORIZED, detail);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"vouchers\""));
    response
}
