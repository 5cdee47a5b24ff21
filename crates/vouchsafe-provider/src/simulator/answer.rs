//! The answer to what was done, well or badly.

use axum::response::Response;
use http::StatusCode;
use vouchsafe_core::error_detail::{ErrorDetail, ErrorType};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{Header, ProvisionResponse, RedemptionResponse, RefundResponse};
use vouchsafe_core::money::{Amounts, Currency, LedgerAmount};
use vouchsafe_core::voucher::Voucher;
use vouchsafe_wire::Message;

use crate::simulator::magic::Answer;
use crate::simulator::{Desk, reply};

/// A response, and the parts of it that can be got wrong.
pub(super) trait Success: Message {
    fn parts(&mut self) -> (&mut Header, &mut Option<Amounts>, Option<&mut Voucher>);
}

impl Success for ProvisionResponse {
    fn parts(&mut self) -> (&mut Header, &mut Option<Amounts>, Option<&mut Voucher>) {
        (&mut self.header, &mut self.amounts, Some(&mut self.voucher))
    }
}

impl Success for RedemptionResponse {
    fn parts(&mut self) -> (&mut Header, &mut Option<Amounts>, Option<&mut Voucher>) {
        (&mut self.header, &mut self.amounts, self.voucher.as_mut())
    }
}

impl Success for RefundResponse {
    fn parts(&mut self) -> (&mut Header, &mut Option<Amounts>, Option<&mut Voucher>) {
        (&mut self.header, &mut self.amounts, self.voucher.as_mut())
    }
}

impl Desk {
    /// Answers once all is done, in this way.
    pub(super) async fn succeed(&self, answer: Answer, mut response: impl Success) -> Response {
        let (header, amounts, voucher) = response.parts();
        match answer {
            Answer::Usable => {}
            Answer::Late(delay) => {
                self.wait(delay).await;
            }
            Answer::Silent(silence) => return self.say_nothing(silence).await,
            Answer::InternalError => {
                let detail = ErrorDetail::new(ErrorType::GeneralError, "something went wrong here");
                return reply::json(StatusCode::INTERNAL_SERVER_ERROR, &detail.about(header.id));
            }
            Answer::NoCode => {
                if let Some(voucher) = voucher {
                    voucher.code = None;
                }
            }
            Answer::OtherId => header.id = other_id(header.id),
            Answer::OtherAmount => grant(amounts, |was| LedgerAmount { amount: was.amount ^ 1, ..was }),
            Answer::OtherCurrency => grant(amounts, in_another_currency),
            Answer::NotJson => return reply::html(StatusCode::CREATED),
            Answer::Huge => return reply::huge(StatusCode::CREATED, &response),
            Answer::Truncated => return reply::truncated(StatusCode::CREATED, &response),
        }
        reply::json(StatusCode::CREATED, &response)
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
fn grant(amounts: &mut Option<Amounts>, other: impl FnOnce(LedgerAmount) -> LedgerAmount) {
    let nothing = LedgerAmount { amount: 0, currency: Currency::ZAR, ledger_indicator: None };
    let amounts = amounts.get_or_insert_default();
    amounts.approved_amount = Some(other(amounts.approved_amount.unwrap_or(nothing)));
}

/// The same figure in dollars, or in rand if it was dollars.
fn in_another_currency(was: LedgerAmount) -> LedgerAmount {
    const DOLLAR: u16 = 840;
    let currency = Currency::new(DOLLAR).filter(|dollar| *dollar != was.currency).unwrap_or(Currency::ZAR);
    LedgerAmount { currency, ..was }
}
