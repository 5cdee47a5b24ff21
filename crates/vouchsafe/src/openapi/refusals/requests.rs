//! Why a request is refused by the switch itself, or has no answer.

use vouchsafe_core::error_detail::ErrorType;

use super::{Case, Says, case};
use crate::openapi::kinds::Described;

/// The message names another client than the caller.
pub(in crate::openapi) const FOREIGN_CLIENT: Case = case(
    ErrorType::AuthenticationError,
    "The credentials are good, but `client.id` is not their user name",
    "client.id is not the authenticated user name",
    Says::Whose,
);

/// The id is taken.
pub(in crate::openapi) const USED_BEFORE: Case = case(
    ErrorType::DuplicateRecord,
    "The id was used before for a request of this kind. This says nothing of what became of that one: find out or reverse it. \
     For another request take a new id",
    "this request id was used before; to repeat it use retry",
    Says::Whose,
);

/// The reversal came first.
pub(in crate::openapi) const fn reversed(described: &Described) -> Case {
    case(
        described.already_reversed,
        "A reversal of this request was received, before it or while it was under way. It does not stand, and never will",
        "a reversal of this request was received or chosen",
        Says::Whose,
    )
}

/// What is not sold, or not in this way.
pub(in crate::openapi) const NOT_FOR_SALE: &[Case] = &[
    case(
        ErrorType::InvalidAmount,
        "The amount is not the product's price, is outside its range, or is missing where the product has no fixed price",
        "this product costs 5000 of currency 710",
        Says::Whose,
    ),
    case(
        ErrorType::RoutingError,
        "The product is not in the catalogue or not sold on your channel, or no provider is configured for the request",
        "no such product in the catalogue",
        Says::Whose,
    ),
];

/// Nobody is there to be asked.
pub(in crate::openapi) const NO_ROUTE: &[Case] = &[case(
    ErrorType::RoutingError,
    "Nothing says who is to be asked: neither the request, nor the switch's own record of the voucher, nor your channel's \
     configuration",
    "no provider is configured for this request",
    Says::Whose,
)];

/// What a retry is refused for.
pub(in crate::openapi) const REFUSED_RETRY: &[Case] = &[
    case(
        ErrorType::VoucherAlreadyReversed,
        "A reversal of the request was received from you, or chosen by the switch because nothing was proven",
        "a reversal of this request was received or chosen",
        Says::Whose,
    ),
    case(
        ErrorType::DuplicateRecord,
        "The body is not the first request's: everything but `time` must be the same. The message names the first field that \
         differs",
        "amounts is not as in the first request of this id",
        Says::Whose,
    ),
    case(
        ErrorType::InvalidAmount,
        "The request was never seen, so it is a first one, and its amount is wrong",
        "this product costs 5000 of currency 710",
        Says::Whose,
    ),
    case(
        ErrorType::RoutingError,
        "The request was never seen, so it is a first one, and it leads to no product or provider",
        "no such product in the catalogue",
        Says::Whose,
    ),
];

/// A retry that comes before the outcome.
pub(in crate::openapi) const STILL_OPEN: Case = case(
    ErrorType::UpstreamUnavailable,
    "The first request has no outcome yet, or has just got none. Retry again, or reverse",
    "the provider did not answer in time",
    Says::Whose,
);

/// Its time is over.
pub(in crate::openapi) const KEPT_NO_LONGER: Case = case(
    ErrorType::UnableToLocateRecord,
    "The request has ended, and what it brought was destroyed: it is kept for as long as the switch's configuration says",
    "this request has ended long ago, and what it brought is kept no longer",
    Says::Whose,
);

/// The switch knows that it does not know.
pub(in crate::openapi) const AMBIGUOUS: Case = case(
    ErrorType::GeneralError,
    "The switch failed in the middle of the request. It settles the request by itself",
    "the outcome is not known; retry or reverse",
    Says::Whose,
);

/// Nothing could be written down.
const NOT_RECORDED: Case = case(
    ErrorType::GeneralError,
    "The request could not be recorded, or the switch has as much to do as it takes (then without `id`, and with \
     `Retry-After`); it was not sent",
    "the request could not be recorded; nothing was sent",
    Says::Whose,
);

/// Nothing left the switch.
pub(in crate::openapi) const NOT_SENT: &[Case] = &[
    case(
        ErrorType::UpstreamUnavailable,
        "The provider cannot be reached, does not accept the switch's own credentials, or has as much to do as it takes",
        "no connection to the provider could be made",
        Says::Whose,
    ),
    NOT_RECORDED,
];

/// Nothing left the switch about a voucher that exists.
pub(in crate::openapi) const NOT_SENT_OF_A_VOUCHER: &[Case] = &[
    case(
        ErrorType::UpstreamUnavailable,
        "The provider cannot be reached, does not accept the switch's own credentials, or has as much to do as it takes; or \
         advices about the same voucher have not reached it yet",
        "advices for this voucher wait for its provider; nothing was sent",
        Says::Whose,
    ),
    NOT_RECORDED,
];

/// Silence.
pub(in crate::openapi) const NO_ANSWER: Case = case(
    ErrorType::UpstreamUnavailable,
    "The provider's time was up, or the connection to it broke after the request had left",
    "the provider did not answer in time",
    Says::Whose,
);
