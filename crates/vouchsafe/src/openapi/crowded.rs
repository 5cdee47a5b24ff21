//! What is answered for want of room, before a body is read.

use http::StatusCode;
use vouchsafe_core::error_detail::ErrorType;

use super::operations::{Answer, Body};
use super::refusals::{About, Case};

/// A sale or a lookup too many.
pub(super) const TOO_MANY: Answer = Answer {
    status: StatusCode::TOO_MANY_REQUESTS,
    meaning: "your channel asks more at once, or a second, than it may. Nothing was done, and the id stays free: ask again \
              after the seconds of `Retry-After`.",
    headers: &["Retry-After"],
    body: Body::Refusal(&[&[Case {
        error_type: ErrorType::GeneralError,
        when: "Your channel's sales and lookups are more than it may ask",
        message: "your channel asks more a second than it may; nothing was done",
        about: About::Nothing,
    }]]),
};

/// A retry or an advice too many.
pub(super) const TOO_MANY_ADVICES: Answer = Answer {
    status: StatusCode::TOO_MANY_REQUESTS,
    meaning: "this was not looked at, and says nothing of the sale that it is about: send it again after the seconds of \
              `Retry-After`. Retries and advices have a larger room of their own, whatever you sell.",
    headers: &["Retry-After"],
    body: Body::Refusal(&[&[Case {
        error_type: ErrorType::GeneralError,
        when: "Your channel's retries and advices are more than it may send, or all channels' are more than the switch takes",
        message: "your channel sends more a second than it may; send it again",
        about: About::Nothing,
    }]]),
};

/// A lookup when everybody asks too much.
pub(super) const CROWDED: Answer = Answer {
    status: StatusCode::SERVICE_UNAVAILABLE,
    meaning: "the switch has as much to do as it takes. Ask again after the seconds of `Retry-After`.",
    headers: &["Retry-After"],
    body: Body::Refusal(&[&[Case {
        error_type: ErrorType::GeneralError,
        when: "All channels' sales and lookups are more than the switch takes",
        message: "the switch has as much to do as it takes; nothing was done",
        about: About::Nothing,
    }]]),
};
