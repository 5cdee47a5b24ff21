//! What a provider's answer to an advice means: `behaviour.md` section 8, row by row.
//!
//! Only what is certain ends an advice. Whoever sends it again loses nothing, whoever stops too early may
//! leave a sale standing that nobody holds.

use std::time::Duration;

use http::header::{DATE, HeaderName, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use vouchsafe_core::advice::{Delivery, Hindrance};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::outcome::ProviderError;
use vouchsafe_core::planted::{Bug, planted};

use crate::suv::client::Answer;
use crate::suv::error::{provider_error, without_words};

/// Which of the two an advice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finaliser {
    /// The request stands.
    Confirmation,
    /// The request must not stand.
    Reversal,
}

/// Nobody is left alone for longer: a date in another century must not overflow whoever adds it to a clock.
const LONGEST_REST: Duration = Duration::from_secs(24 * 60 * 60);

/// What `answer` makes of an advice.
#[must_use]
pub fn delivery(answer: &Answer, finaliser: Finaliser) -> Delivery {
    let again = |why| Delivery::Again { why, retry_after: retry_after(&answer.headers) };
    match answer.status.as_u16() {
        200..=299 => Delivery::Taken,
        500 if planted(Bug::FailureIsTaken) => Delivery::Taken,
        401 | 403 if planted(Bug::CredentialsEndAdvice) => refusal(answer, finaliser),
        401 | 403 | 407 => again(Hindrance::Credentials),
        429 | 503 => again(Hindrance::TooMany),
        // Too slow or too early a request is no word about the advice in it.
        408 | 425 => again(Hindrance::Status),
        404 if finaliser == Finaliser::Reversal => Delivery::NotFound,
        400..=499 | 501 => refusal(answer, finaliser),
        _ => again(Hindrance::Status),
    }
}

fn refusal(answer: &Answer, finaliser: Finaliser) -> Delivery {
    let error = provider_error(answer).unwrap_or_else(|| without_words(answer.status));
    if answer.status == StatusCode::BAD_REQUEST && is_known_already(&error, finaliser) {
        return Delivery::Taken;
    }
    Delivery::Refused(error)
}

/// Whether a provider refuses an advice because it has it, or another that does the same.
fn is_known_already(error: &ProviderError, finaliser: Finaliser) -> bool {
    use ErrorType as Type;
    match finaliser {
        Finaliser::Reversal => matches!(
            error.error_type,
            Type::DuplicateRecord
                | Type::VoucherAlreadyReversed
                | Type::RedemptionAlreadyReversed
                | Type::RefundAlreadyReversed
        ),
        Finaliser::Confirmation => matches!(
            error.error_type,
            Type::DuplicateRecord
                | Type::VoucherAlreadyConfirmed
                | Type::RedemptionAlreadyConfirmed
                | Type::RefundAlreadyConfirmed
        ),
    }
}

/// How long the provider asks to be left alone: a number of seconds, or a date, which is measured from the
/// date of the answer itself, because its clock need not be ours.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let rest = if text.bytes().all(|b| b.is_ascii_digit()) {
        Duration::from_secs(text.parse().ok()?)
    } else {
        let (then, now) = (date(headers, &RETRY_AFTER)?, date(headers, &DATE)?);
        // A date that has passed asks for nothing more.
        Duration::try_from(then.duration_since(now)).unwrap_or_default()
    };
    Some(rest.min(LONGEST_REST))
}

/// The date in a header. The two forms that HTTP calls obsolete count as none.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(headers.get(name)?.to_str().ok()?.trim()).ok()
}

#[cfg(test)]
mod tests;
