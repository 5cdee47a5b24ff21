//! Why a confirmation or a reversal is not accepted.

use vouchsafe_core::error_detail::ErrorType;

use super::{Case, Says, case};
use crate::openapi::kinds::Described;

/// The reversal comes too late.
pub(in crate::openapi) const fn confirmed(described: &Described) -> Case {
    case(
        described.already_confirmed,
        "The request was confirmed before, by you or in single messaging by the switch: it stands",
        "the request was confirmed before",
        Says::Whose,
    )
}

/// The reversal of nothing.
pub(in crate::openapi) const NOTHING_TO_REVERSE: Case = case(
    ErrorType::UnableToLocateRecord,
    "Your channel has sent no such request. Should it come later it is refused, and no provider is asked",
    "there is no such request to confirm or to reverse",
    Says::Whose,
);

/// The confirmation comes too late.
pub(in crate::openapi) const fn reversed(described: &Described) -> Case {
    case(
        described.already_reversed,
        "A reversal of the request was received from you, or chosen by the switch because nothing was proven. It does not stand",
        "a reversal of this request was received or chosen",
        Says::Whose,
    )
}

/// Another confirmation came first.
pub(in crate::openapi) const fn confirmed_by_another(error_type: ErrorType) -> Case {
    case(
        error_type,
        "A confirmation with another `id` came first, and stands. A repeat keeps the `id` of what it repeats",
        "another advice has confirmed this request before",
        Says::Whose,
    )
}

/// The final amount is too high.
pub(in crate::openapi) const NOT_AUTHORISED: Case = case(
    ErrorType::InvalidAmount,
    "`amounts.approvedAmount` is negative, above what the answer authorised, or in another currency",
    "the final amount is not within the authorised one",
    Says::Whose,
);

/// The confirmation of nothing.
pub(in crate::openapi) const NOTHING_TO_CONFIRM: Case = case(
    ErrorType::UnableToLocateRecord,
    "Your channel has sent no such request, it was declined, or it has no outcome yet",
    "there is no such request to confirm or to reverse",
    Says::Whose,
);

/// The advice that is not on disk.
pub(in crate::openapi) const NOT_RECORDED: Case = case(
    ErrorType::GeneralError,
    "The advice could not be recorded, or that is uncertain. Send it again: repeats do no harm",
    "the advice could not be recorded; send it again",
    Says::Whose,
);
