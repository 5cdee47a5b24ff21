//! What a provider's answer says of a voucher.
//!
//! A lookup moves nothing: what cannot be used is told to whoever asked, and nothing has to be put right.

use vouchsafe_core::message::{VoucherLookupResponse, VoucherQuery};
use vouchsafe_core::outcome::{Decline, Lookup, Unusable};
use vouchsafe_wire::{ApprovalAnswer, IssuedVoucher, Manner, Message};

use crate::suv::client::{Answer, Body};
use crate::suv::error::Question;
use crate::suv::map::{Verdict, refusal, same_voucher, unusable};

/// What `answer` says of the voucher in `query`.
pub(super) fn lookup(answer: &Answer, query: &VoucherQuery) -> Lookup {
    match Verdict::of(answer.status) {
        Verdict::Success => match usable(&answer.body, query) {
            Ok(found) => Lookup::Found(Box::new(found)),
            Err(reason) => Lookup::Unknown(unusable(reason, answer, Question::Lookup)),
        },
        Verdict::CredentialsRefused => Lookup::Declined(Decline::OurCredentials),
        Verdict::Refusal => Lookup::Declined(refusal(answer, Question::Lookup)),
        Verdict::Nothing => Lookup::Unknown(unusable(Unusable::Status, answer, Question::Lookup)),
    }
}

/// What the body of a success says, or what is wrong with it.
fn usable(body: &Body, query: &VoucherQuery) -> Result<VoucherLookupResponse, Unusable> {
    let Body::Whole(body) = body else { return Err(Unusable::TooLarge) };
    let found = VoucherLookupResponse::read(body, Manner::Lenient).map_err(|_| Unusable::NotJson)?;
    // A voucher whose expiry date cannot be read must not look like one that is good for ever.
    let answer = ApprovalAnswer::read(body, Manner::Lenient).map_err(|_| Unusable::NotJson)?;
    if let Some(IssuedVoucher::Damaged(_)) = answer.voucher {
        return Err(Unusable::Damaged);
    }
    same_voucher(&found.voucher, query.voucher_code.as_ref(), query.voucher_serial_number.as_ref())?;
    Ok(found)
}

#[cfg(test)]
mod tests;
