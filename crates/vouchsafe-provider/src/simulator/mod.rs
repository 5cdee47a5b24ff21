//! The simulated provider: a real HTTP server that speaks the interface and keeps honest books.
//!
//! What it does with a request is chosen by the product's id ([`magic`]), else by chance ([`faults`]), and
//! chance follows from a seed: the same requests meet the same fate at every run. Whatever it answers, or
//! does not, its [`ledger`] tells the truth and tells it first.

mod draw;
pub mod faults;
pub mod ledger;
pub mod magic;
mod reply;
mod sale;

use std::fmt;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::post;
use axum::serve::ListenerExt;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{ProvisionRequest, ProvisionResponse};
use vouchsafe_core::money::{Currency, LedgerAmount};
use vouchsafe_core::party::Institution;
use vouchsafe_core::text::FreeText;
use vouchsafe_wire::{Manner, Message};

use crate::simulator::draw::Draw;
use crate::simulator::faults::Faults;
use crate::simulator::ledger::{Entry, Event, Ledger};
use crate::simulator::magic::{Answer, Behaviour, Refusal, Silence};
use crate::simulator::sale::Sale;

/// Where the interface begins on a simulated provider.
pub const BASE_PATH: &str = "/suv/v1";
/// Where a redirected request would come in again.
const BACK_HERE: &str = "/suv/v1/vouchers/";
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
    let basic = |value: &HeaderValue| value.as_bytes().get(..6).is_some_and(|b| b.eq_ignore_ascii_case(b"basic "));
    if !headers.get(AUTHORIZATION).is_some_and(basic) {
        return unauthorised(&ErrorDetail::new(ErrorType::AuthenticationError, "credentials are missing"));
    }
    let body = match body {
        Ok(body) => body,
        Err(refused) => {
            let detail = ErrorDetail::new(ErrorType::FormatError, &refused.body_text());
            return reply::json(refused.status(), &detail);
        }
    };
    match ProvisionRequest::read(&body, Manner::Strict) {
        Ok(request) => desk.provision(&request).await,
        Err(malformed) => {
            let mut detail = ErrorDetail::new(ErrorType::FormatError, "the request is malformed");
            detail.id = malformed.id;
            detail.format_errors = malformed.errors;
            reply::json(StatusCode::BAD_REQUEST, &detail)
        }
    }
}

impl Desk {
    async fn provision(&self, request: &ProvisionRequest) -> Response {
        let Simulator { institution, seed, faults, ledger, clock } = &self.simulator;
        let (id, client) = (request.header.id, request.header.client.id.as_str());
        let draw = Draw { seed: *seed, institution: institution.id.as_str(), client, id };
        let product = request.product.as_ref().map(|product| product.product_id.as_str());
        let behaviour = if ledger.admit(client, id) {
            product.and_then(magic::behaviour).unwrap_or_else(|| faults.behaviour(&draw))
        } else {
            Behaviour::Refuses(Refusal::Duplicate)
        };
        let now = clock();
        let sale = Sale::of(&draw);
        let event = match behaviour {
            Behaviour::Sells(_) => sale.event(),
            Behaviour::Refuses(refusal) => refused(refusal),
            Behaviour::Drops(_) => Event::Dropped,
        };
        if ledger.append(&entry(event, request, now)).await.is_err() {
            let detail = ErrorDetail::new(ErrorType::GeneralError, "the ledger cannot be written");
            return reply::json(StatusCode::INTERNAL_SERVER_ERROR, &detail.about(id));
        }
        match behaviour {
            Behaviour::Sells(answer) => self.hand_over(answer, sale.response(request, institution, now)).await,
            Behaviour::Refuses(refusal) => refuse(refusal, id),
            Behaviour::Drops(silence) => self.say_nothing(silence).await,
        }
    }

    /// Answers after a sale, well or badly.
    async fn hand_over(&self, answer: Answer, mut response: ProvisionResponse) -> Response {
        match answer {
            Answer::Usable => {}
            Answer::Late(delay) => {
                // Whoever stops the simulator does not want to wait for the slowest of its answers.
                let _ = self.closing.run_until_cancelled(tokio::time::sleep(delay)).await;
            }
            Answer::Silent(silence) => return self.say_nothing(silence).await,
            Answer::InternalError => {
                let detail = ErrorDetail::new(ErrorType::GeneralError, "something went wrong here");
                return reply::json(StatusCode::INTERNAL_SERVER_ERROR, &detail.about(response.header.id));
            }
            Answer::NoCode => response.voucher.code = None,
            Answer::OtherId => response.header.id = other_id(response.header.id),
            Answer::OtherAmount => grant(&mut response, |was| LedgerAmount { amount: was.amount ^ 1, ..was }),
            Answer::OtherCurrency => grant(&mut response, in_another_currency),
            Answer::NotJson => return reply::html(StatusCode::CREATED),
            Answer::Huge => return reply::huge(StatusCode::CREATED, &response),
            Answer::Truncated => return reply::truncated(StatusCode::CREATED, &response),
        }
        reply::json(StatusCode::CREATED, &response)
    }

    /// Ends without an answer. The server drops this future when the caller hangs up.
    async fn say_nothing(&self, silence: Silence) -> Response {
        if silence == Silence::Open {
            self.closing.cancelled().await;
        }
        reply::cut()
    }
}

/// What a refusal says: its status and, where it has a body, the error type and message in it.
fn said(refusal: Refusal) -> (StatusCode, Option<(ErrorType, &'static str)>) {
    match refusal {
        Refusal::Decline(error_type) => {
            (StatusCode::NOT_FOUND, Some((error_type, "declined by request of its product id")))
        }
        Refusal::Duplicate => (StatusCode::BAD_REQUEST, Some((ErrorType::DuplicateRecord, "this id was used before"))),
        Refusal::Busy => {
            (StatusCode::SERVICE_UNAVAILABLE, Some((ErrorType::UpstreamUnavailable, "too busy, try later")))
        }
        Refusal::Credentials => (StatusCode::UNAUTHORIZED, Some((ErrorType::AuthenticationError, "wrong credentials"))),
        Refusal::Redirect => (StatusCode::TEMPORARY_REDIRECT, None),
    }
}

fn refused(refusal: Refusal) -> Event {
    let (status, words) = said(refusal);
    Event::Refused { status: status.as_u16(), error_type: words.map(|(error_type, _)| error_type.name().to_owned()) }
}

fn refuse(refusal: Refusal, id: MessageId) -> Response {
    let (status, words) = said(refusal);
    let Some((error_type, message)) = words else { return reply::redirect(status, BACK_HERE) };
    let mut detail = ErrorDetail::new(error_type, message).about(id);
    match refusal {
        Refusal::Credentials => return unauthorised(&detail),
        Refusal::Decline(_) => detail.provider_error_code = FreeText::new("SIM-1").ok(),
        Refusal::Duplicate | Refusal::Busy | Refusal::Redirect => {}
    }
    reply::json(status, &detail)
}

fn unauthorised(detail: &ErrorDetail) -> Response {
    let mut response = reply::json(StatusCode::UNAUTHORIZED, detail);
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"vouchers\""));
    response
}

/// A line of the books about a request.
fn entry(event: Event, request: &ProvisionRequest, at: Timestamp) -> Entry {
    let asked = sale::asked(request);
    Entry {
        at,
        event,
        id: request.header.id.to_string(),
        client: request.header.client.id.as_str().to_owned(),
        product: request.product.as_ref().map(|product| product.product_id.as_str().to_owned()),
        amount: asked.map(|asked| asked.amount),
        currency: asked.map(|asked| asked.currency.to_string()),
    }
}

/// An id that differs from the given one in its last digit.
fn other_id(id: MessageId) -> MessageId {
    let mut bytes = *id.as_bytes();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    MessageId::from_parts(bytes, id.capitals())
}

/// Answers with other money than was asked for; a request that asked for none is granted one cent.
fn grant(response: &mut ProvisionResponse, other: impl FnOnce(LedgerAmount) -> LedgerAmount) {
    let nothing = LedgerAmount { amount: 0, currency: Currency::ZAR, ledger_indicator: None };
    let amounts = response.amounts.get_or_insert_default();
    amounts.approved_amount = Some(other(amounts.approved_amount.unwrap_or(nothing)));
}

/// The same figure in dollars, or in rand if it was dollars.
fn in_another_currency(was: LedgerAmount) -> LedgerAmount {
    const DOLLAR: u16 = 840;
    let currency = Currency::new(DOLLAR).filter(|dollar| *dollar != was.currency).unwrap_or(Currency::ZAR);
    LedgerAmount { currency, ..was }
}
