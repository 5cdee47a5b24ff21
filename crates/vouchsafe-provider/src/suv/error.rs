//! What a provider says when it does not do what it was asked, in our words and in its own.

use http::StatusCode;
use vouchsafe_core::error_detail::{ErrorType, shortened};
use vouchsafe_core::outcome::ProviderError;
use vouchsafe_core::text::{FreeText, UpTo};
use vouchsafe_core::transaction::Kind;
use vouchsafe_wire::{ErrorAnswer, Manner, Message};

use crate::suv::client::{Answer, Body};

/// As much of a provider's code and of its words as is kept and passed on, in characters.
const MOST_OF_A_CODE: usize = 80;
const MOST_OF_A_MESSAGE: usize = 250;

/// The error in an answer's body, where there is one.
pub(super) fn provider_error(answer: &Answer) -> Option<ProviderError> {
    let Body::Whole(body) = &answer.body else { return None };
    let error = ErrorAnswer::read(body, Manner::Lenient).ok()?;
    if error == ErrorAnswer::default() {
        return None;
    }
    let (error_type, provider_code) = match error.error_type {
        None => (ErrorType::GeneralError, error.provider_error_code),
        Some(word) => match known(word.as_str()) {
            Some(error_type) => (error_type, error.provider_error_code),
            // Its word tells an operator more than a code whose table is at the provider's.
            None => (ErrorType::GeneralError, Some(word)),
        },
    };
    let said = error.error_message.filter(|message| !message.as_str().is_empty());
    let message = said.as_ref().map_or_else(|| silent(answer.status), |said| shortened(said.as_str()));
    let provider_message = error.provider_error_message.or(error.provider_error_msg).or(said);
    Some(ProviderError {
        error_type,
        message,
        provider_code: provider_code.and_then(|code| cut(code.as_str(), MOST_OF_A_CODE)),
        provider_message: provider_message.and_then(|message| cut(message.as_str(), MOST_OF_A_MESSAGE)),
    })
}

/// What a provider was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// A request of this kind.
    Request(Kind),
    /// What is known of a voucher.
    Lookup,
}

/// The same error in an answer to the channel. What a provider says of its dealings with us says nothing of
/// the channel's dealings with us, and a channel that took it so would act on it. What it says of the voucher is
/// as true for the channel.
pub(super) fn relayed(error: ProviderError, question: Question) -> ProviderError {
    if !concerns_us(error.error_type, question) {
        return error;
    }
    let code = error.provider_code.filter(|code| !code.as_str().is_empty());
    let provider_code = code.or_else(|| cut(error.error_type.name(), MOST_OF_A_CODE));
    ProviderError { error_type: ErrorType::GeneralError, provider_code, ..error }
}

/// Whether an error is about the messages between the provider and us.
fn concerns_us(error_type: ErrorType, question: Question) -> bool {
    use ErrorType as Type;
    match (error_type, question) {
        (Type::FormatError | Type::AuthenticationError | Type::DuplicateRecord | Type::RoutingError, _) => true,
        // A voucher that nobody knows is an answer to a lookup, and to nothing else.
        (Type::UnableToLocateRecord, question) => question != Question::Lookup,
        // That the very request is confirmed or reversed already: by an advice of ours.
        (Type::VoucherAlreadyReversed | Type::VoucherAlreadyConfirmed, Question::Request(Kind::Provision))
        | (Type::RedemptionAlreadyReversed | Type::RedemptionAlreadyConfirmed, Question::Request(Kind::Redemption))
        | (Type::RefundAlreadyReversed | Type::RefundAlreadyConfirmed, Question::Request(Kind::Refund)) => true,
        _ => false,
    }
}

/// The longest beginning of `words` of at most so many characters.
fn cut(words: &str, most: usize) -> Option<FreeText> {
    FreeText::new(words.chars().take(most).collect::<String>()).ok()
}

/// Our word for a provider's error type. Honour is also spelled the American way.
fn known(word: &str) -> Option<ErrorType> {
    if word == "DO_NOT_HONOR" { Some(ErrorType::DoNotHonour) } else { ErrorType::from_name(word) }
}

/// The error of a provider that gave none.
pub(super) fn without_words(status: StatusCode) -> ProviderError {
    ProviderError {
        error_type: ErrorType::GeneralError,
        message: silent(status),
        provider_code: None,
        provider_message: None,
    }
}

/// What is said of a provider that said nothing itself.
fn silent(status: StatusCode) -> UpTo<80> {
    let did = if status.is_client_error() || status == StatusCode::NOT_IMPLEMENTED { "declined" } else { "answered" };
    shortened(&format!("the provider {did} with status {}", status.as_u16()))
}

#[cfg(test)]
mod tests;
