//! What a provider's answer proves: `behaviour.md` section 4, row by row.
//!
//! Pure functions of a complete answer and the request it belongs to. Only a usable success is an
//! approval and only a refusal is a decline; everything else proves nothing.

use http::StatusCode;
use vouchsafe_core::message::ProvisionRequest;
use vouchsafe_core::money::{Amounts, LedgerAmount};
use vouchsafe_core::outcome::{Approval, Decline, Doubt, Outcome, Unusable};
use vouchsafe_wire::{IssuedVoucher, Manner, Message, ProvisionAnswer, SoldProduct};

use crate::suv::client::{Answer, Body};
use crate::suv::error::{provider_error, relayed, without_words};

/// What a status says before the body is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Success,
    Refusal,
    CredentialsRefused,
    Nothing,
}

impl Verdict {
    fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            200..=202 => Self::Success,
            401 | 403 | 407 => Self::CredentialsRefused,
            // Too many requests or too slow a request is a no like every other: nothing was sold.
            400..=499 | 501 => Self::Refusal,
            _ => Self::Nothing,
        }
    }
}

/// What `answer` proves about `request`.
pub(super) fn outcome(answer: &Answer, request: &ProvisionRequest) -> Outcome {
    match Verdict::of(answer.status) {
        Verdict::Success => match usable(&answer.body, request) {
            Ok(approval) => Outcome::Approved(Box::new(approval)),
            Err(reason) => unusable(reason, answer),
        },
        Verdict::CredentialsRefused => Outcome::Declined(Decline::OurCredentials),
        Verdict::Refusal => {
            let error = provider_error(answer).map_or_else(|| without_words(answer.status), relayed);
            Outcome::Declined(Decline::ByProvider(error))
        }
        Verdict::Nothing => unusable(Unusable::Status, answer),
    }
}

fn unusable(reason: Unusable, answer: &Answer) -> Outcome {
    Outcome::Unknown(Doubt::Unusable { reason, error: provider_error(answer).map(relayed) })
}

/// The approval in the body of a success, or what is wrong with it.
fn usable(body: &Body, request: &ProvisionRequest) -> Result<Approval, Unusable> {
    let Body::Whole(body) = body else { return Err(Unusable::TooLarge) };
    let answer = ProvisionAnswer::read(body, Manner::Lenient).map_err(|_| Unusable::NotJson)?;
    if answer.id != Some(request.header.id) {
        return Err(Unusable::OtherId);
    }
    // A code the channel asked for binds nobody: the provider's own is the one that was sold.
    let mut approval = match answer.voucher.ok_or(Unusable::NoCode)? {
        IssuedVoucher::Whole(voucher) => Approval::new(voucher).map_err(|_| Unusable::NoCode)?,
        IssuedVoucher::Damaged => return Err(Unusable::Damaged),
    };
    typed_in(approval.code().expose().as_str())?;
    agreed(answer.amounts.as_ref(), asked(request))?;
    let SoldProduct { id: sold, product } = answer.product.unwrap_or_default();
    if let (Some(asked), Some(sold)) = (&request.product, sold)
        && asked.product_id.as_str() != sold.as_str()
    {
        return Err(Unusable::OtherProduct);
    }
    approval.third_party_identifiers = answer.third_party_identifiers;
    // What we sent comes back with what is new; two parties may use the same institution's name.
    approval.third_party_identifiers.retain(|own| !request.header.third_party_identifiers.contains(own));
    approval.amounts = answer.amounts;
    approval.receiver = answer.receiver;
    approval.product = product;
    approval.slip_data = answer.slip_data;
    approval.rrn = answer.rrn.filter(|_| request.header.rrn.is_none());
    Ok(approval)
}

/// Whether a customer can type a code in.
fn typed_in(code: &str) -> Result<(), Unusable> {
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
        Some(granted) if granted.amount != asked.amount => Err(Unusable::OtherAmount),
        _ => Ok(()),
    }
}

/// What was asked for: the request's amount, else its product's price.
fn asked(request: &ProvisionRequest) -> Option<LedgerAmount> {
    let named = request.amounts.as_ref().and_then(|amounts| amounts.request_amount);
    named.or_else(|| request.product.as_ref().and_then(|product| product.amount))
}

/// What an answer says was granted. One that says nothing contradicts nothing: existing providers leave
/// the amounts out for products of a fixed price, and the code they hand over is worth that price.
fn granted(amounts: &Amounts) -> Option<LedgerAmount> {
    amounts.approved_amount.or(amounts.request_amount)
}

#[cfg(test)]
mod tests;
