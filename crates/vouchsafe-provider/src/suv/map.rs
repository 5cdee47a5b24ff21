//! What a provider's answer proves: `behaviour.md` section 4, row by row.
//!
//! Pure functions of a complete answer and the request it belongs to. Only a usable success is an
//! approval and only a refusal is a decline; everything else proves nothing.

use http::StatusCode;
use vouchsafe_core::message::Request;
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::outcome::{Approval, Decline, Doubt, Outcome, Unusable};
use vouchsafe_core::planted::{Bug, planted};
use vouchsafe_core::text::UpTo;
use vouchsafe_core::voucher::{Voucher, VoucherCode};
use vouchsafe_wire::{ApprovalAnswer, IssuedVoucher, Manner, Message, SoldProduct};

use crate::suv::client::{Answer, Body};
use crate::suv::error::{Question, provider_error, relayed, without_words};

/// What a status says before the body is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Success,
    Refusal,
    CredentialsRefused,
    Nothing,
}

impl Verdict {
    pub(super) fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            200..=202 => Self::Success,
            401 | 403 | 407 => Self::CredentialsRefused,
            // Too many requests or too slow a request is a no like every other: nothing was done.
            400..=499 | 501 => Self::Refusal,
            500 if planted(Bug::FailureIsRefusal) => Self::Refusal,
            _ => Self::Nothing,
        }
    }
}

/// What `answer` proves about `request`.
#[must_use]
pub fn outcome(answer: &Answer, request: &Request) -> Outcome {
    let question = Question::Request(request.kind());
    match Verdict::of(answer.status) {
        Verdict::Success => match usable(&answer.body, request) {
            Ok(approval) => Outcome::Approved(Box::new(approval)),
            Err(reason) => Outcome::Unknown(unusable(reason, answer, question)),
        },
        Verdict::CredentialsRefused => Outcome::Declined(Decline::OurCredentials),
        Verdict::Refusal => Outcome::Declined(refusal(answer, question)),
        Verdict::Nothing => Outcome::Unknown(unusable(Unusable::Status, answer, question)),
    }
}

/// A no, in the provider's words where it has any.
pub(super) fn refusal(answer: &Answer, question: Question) -> Decline {
    let error = provider_error(answer).map_or_else(|| without_words(answer.status), |error| relayed(error, question));
    Decline::ByProvider(error)
}

/// An answer that proves nothing, for this reason.
pub(super) fn unusable(reason: Unusable, answer: &Answer, question: Question) -> Doubt {
    Doubt::Unusable { reason, error: provider_error(answer).map(|error| relayed(error, question)) }
}

/// The approval in the body of a success, or what is wrong with it.
fn usable(body: &Body, request: &Request) -> Result<Approval, Unusable> {
    let Body::Whole(body) = body else { return Err(Unusable::TooLarge) };
    let answer = ApprovalAnswer::read(body, Manner::Lenient).map_err(|_| Unusable::NotJson)?;
    let header = request.header();
    if answer.id != Some(header.id) {
        return Err(Unusable::OtherId);
    }
    let mut approval = match request {
        Request::Provision(_) => issued(answer.voucher)?,
        Request::Redemption(_) | Request::Refund(_) => accepted(answer.voucher, request)?,
    };
    agreed(answer.amounts.as_ref(), request.asked())?;
    if let Request::Provision(request) = request {
        let SoldProduct { id: sold, product } = answer.product.unwrap_or_default();
        if let (Some(asked), Some(sold)) = (&request.product, sold)
            && asked.product_id.as_str() != sold.as_str()
        {
            return Err(Unusable::OtherProduct);
        }
        approval.product = product;
    }
    approval.third_party_identifiers = answer.third_party_identifiers;
    // What we sent comes back with what is new; two parties may use the same institution's name.
    approval.third_party_identifiers.retain(|own| !header.third_party_identifiers.contains(own));
    approval.amounts = answer.amounts;
    approval.receiver = answer.receiver;
    approval.slip_data = answer.slip_data;
    approval.rrn = answer.rrn.filter(|_| header.rrn.is_none());
    Ok(approval)
}

/// The approval of a provision. A code the channel asked for binds nobody: the provider's own is the one that was sold.
fn issued(voucher: Option<IssuedVoucher>) -> Result<Approval, Unusable> {
    let approval = match voucher.ok_or(Unusable::NoCode)? {
        IssuedVoucher::Whole(voucher) => Approval::issued(voucher).map_err(|_| Unusable::NoCode)?,
        IssuedVoucher::Damaged(_) => return Err(Unusable::Damaged),
    };
    approval.code().ok_or(Unusable::NoCode).and_then(typed_in)?;
    Ok(approval)
}

/// The approval of a redemption or a refund, which need not speak of the voucher. What cannot be read of it is no
/// loss: whoever presented the voucher has it in hand.
fn accepted(voucher: Option<IssuedVoucher>, request: &Request) -> Result<Approval, Unusable> {
    let voucher = voucher.map_or_else(Voucher::default, |answered| {
        let (IssuedVoucher::Whole(voucher) | IssuedVoucher::Damaged(voucher)) = answered;
        voucher
    });
    same_voucher(&voucher, request.presented_code(), request.presented_serial_number())?;
    Ok(Approval::accepted(voucher))
}

/// Whether a voucher in an answer is the one that was asked about, as far as both sides name it.
pub(super) fn same_voucher(
    answered: &Voucher,
    code: Option<&VoucherCode>,
    serial_number: Option<&UpTo<40>>,
) -> Result<(), Unusable> {
    let is_another_code = answered.code.as_ref().zip(code).is_some_and(|(answered, asked)| answered != asked);
    let is_another_number =
        answered.serial_number.as_ref().zip(serial_number).is_some_and(|(answered, asked)| answered != asked);
    if is_another_code || is_another_number { Err(Unusable::OtherVoucher) } else { Ok(()) }
}

/// Whether a customer can type a code in.
fn typed_in(code: &VoucherCode) -> Result<(), Unusable> {
    let code = code.expose().as_str();
    if code.trim().is_empty() {
        return Err(Unusable::NoCode);
    }
    if code.contains(char::is_control) { Err(Unusable::Damaged) } else { Ok(()) }
}

/// Whether the amounts of an answer are what was asked for. Amounts of which none was asked for contradict
/// nothing.
fn agreed(amounts: Option<&Amounts>, asked: Option<LedgerAmount>) -> Result<(), Unusable> {
    let (Some(amounts), Some(asked)) = (amounts, asked) else { return Ok(()) };
    // The amount of the echo may be old news where another was granted, but a second currency is never right.
    if [amounts.approved_amount, amounts.request_amount].iter().flatten().any(|said| said.currency != asked.currency) {
        return Err(Unusable::OtherCurrency);
    }
    match granted(amounts) {
        Some(_) if planted(Bug::OtherAmountAccepted) => Ok(()),
        Some(granted) if granted.amount != asked.amount => Err(Unusable::OtherAmount),
        _ => Ok(()),
    }
}

/// What an answer says was granted. One that says nothing contradicts nothing: existing providers leave
/// the amounts out for products of a fixed price, and the code they hand over is worth that price.
fn granted(amounts: &Amounts) -> Option<LedgerAmount> {
    amounts.approved_amount.or(amounts.request_amount)
}

#[cfg(test)]
mod tests;
