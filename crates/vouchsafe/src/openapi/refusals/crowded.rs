//! What is refused for want of room, before a body is read.

use vouchsafe_core::error_detail::ErrorType;

use super::{Case, Says, case};

/// A sale or a lookup too many.
pub(in crate::openapi) const TOO_MANY: Case = case(
    ErrorType::GeneralError,
    "Your channel's sales and lookups are more than it may ask",
    "your channel asks more a second than it may; nothing was done",
    Says::Nothing,
);

/// A retry or an advice too many.
pub(in crate::openapi) const TOO_MANY_ADVICES: Case = case(
    ErrorType::GeneralError,
    "Your channel's retries and advices are more than it may send, or all channels' are more than the switch takes",
    "your channel sends more a second than it may; send it again",
    Says::Nothing,
);

/// A lookup when everybody asks too much.
pub(in crate::openapi) const CROWDED: Case = case(
    ErrorType::GeneralError,
    "All channels' sales and lookups are more than the switch takes; then with `Retry-After`",
    "the switch has as much to do as it takes; nothing was done",
    Says::Nothing,
);
