//! What a provider says when it does not do what it was asked, in our words and in its own.

use http::StatusCode;
use vouchsafe_core::error_detail::{ErrorType, shortened};
use vouchsafe_core::outcome::ProviderError;
use vouchsafe_core::text::UpTo;
use vouchsafe_wire::{ErrorAnswer, Manner, Message};

use crate::suv::client::{Answer, Body};

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
    Some(ProviderError { error_type, message, provider_code, provider_message })
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
