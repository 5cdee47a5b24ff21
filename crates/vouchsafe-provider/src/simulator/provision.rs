//! A request for a voucher: sold, refused or left without an answer.

use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{ProvisionRequest, ProvisionResponse};
use vouchsafe_core::money::{Currency, LedgerAmount};
use vouchsafe_core::text::FreeText;

use crate::simulator::draw::Draw;
use crate::simulator::ledger::{Entry, Event, Heard, Standing};
use crate::simulator::magic::{Answer, Behaviour, Refusal};
use crate::simulator::plays::Play;
use crate::simulator::sale::Sale;
use crate::simulator::{Desk, Simulator, magic, reply, sale, unauthorised, unwritable};

/// Where a redirected request would come in again.
const BACK_HERE: &str = "/suv/v1/vouchers/";

impl Desk {
    pub(super) async fn provision(&self, request: &ProvisionRequest) -> Response {
        let Simulator { institution, seed, faults, plays, ledger, clock } = &self.simulator;
        let (id, client) = (request.header.id, request.header.client.id.as_str());
        let draw = Draw { seed: *seed, institution: institution.id.as_str(), client, id };
        let product = request.product.as_ref().map(|product| product.product_id.as_str());
        let now = clock();
        let sale = Sale::of(&draw);
        let (behaviour, written) = ledger.record(client, id, |fate| {
            let behaviour = match fate.standing {
                Standing::Unheard => product.and_then(magic::behaviour).unwrap_or_else(|| faults.behaviour(&draw)),
                Standing::Forestalled => Behaviour::Refuses(Refusal::Forestalled),
                Standing::Dropped | Standing::Refused | Standing::Sold | Standing::Reversed | Standing::Confirmed => {
                    Behaviour::Refuses(Refusal::Duplicate)
                }
            };
            let event = match behaviour {
                _ if fate.requests > 0 && plays.contains(&Play::NoRetries) => {
                    Event::Breach { heard: Heard::Request, advice_id: None }
                }
                Behaviour::Sells(_) => sale.event(),
                Behaviour::Refuses(refusal) => refused(refusal),
                Behaviour::Drops(_) => Event::Dropped,
            };
            (behaviour, entry(event, request, now))
        });
        if written.await.is_err() {
            return unwritable(id);
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
                self.wait(delay).await;
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
}

/// What a refusal says: its status and, where it has a body, the error type and message in it.
fn said(refusal: Refusal) -> (StatusCode, Option<(ErrorType, &'static str)>) {
    match refusal {
        Refusal::Decline(error_type) => {
            (StatusCode::NOT_FOUND, Some((error_type, "declined by request of its product id")))
        }
        Refusal::Duplicate => (StatusCode::BAD_REQUEST, Some((ErrorType::DuplicateRecord, "this id was used before"))),
        Refusal::Forestalled => {
            (StatusCode::BAD_REQUEST, Some((ErrorType::VoucherAlreadyReversed, "its reversal came before it")))
        }
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
        Refusal::Duplicate | Refusal::Forestalled | Refusal::Busy | Refusal::Redirect => {}
    }
    reply::json(status, &detail)
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
