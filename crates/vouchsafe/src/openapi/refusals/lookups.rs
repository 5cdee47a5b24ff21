//! Why there is no answer to a question.

use vouchsafe_core::error_detail::ErrorType;

use super::{Case, Says, case};

/// The query is not of the agreed form.
pub(in crate::openapi) const QUERY: Case = case(
    ErrorType::FormatError,
    "A parameter is unknown, malformed or given twice. `detailMessage.formatErrors` names all of them",
    "the query has format errors",
    Says::Asked(&[("channel", "channel is not a known field", None)]),
);

/// The query names no voucher.
pub(in crate::openapi) const VOUCHER_QUERY: Case = case(
    ErrorType::FormatError,
    "A parameter is unknown, malformed or given twice, or none of them names a voucher. `detailMessage.formatErrors` names \
     all faults",
    "the query has format errors",
    Says::Asked(&[(
        "voucherCode",
        "voucherCode may not be null unless provisionRequestId or voucherSerialNumber is given",
        None,
    )]),
);

/// The path names no redemption.
pub(in crate::openapi) const NO_ID: Case = case(
    ErrorType::FormatError,
    "What stands in the path is not the id of a request",
    "the path names no request id",
    Says::Asked(&[("requestId", "UUID must conform to the format 8-4-4-4-12 hexadecimal values", None)]),
);

/// There is nothing to list.
pub(in crate::openapi) const NO_CATALOGUE: Case = case(
    ErrorType::FunctionNotSupported,
    "The switch is configured without a catalogue",
    "this switch has no catalogue to list",
    Says::Nothing,
);

/// Nobody is there to be asked.
pub(in crate::openapi) const NO_ROUTE: Case = case(
    ErrorType::RoutingError,
    "Nothing says who is to be asked: neither the query, nor the switch's own record of the voucher, nor your channel's \
     configuration",
    "no provider is configured for this request",
    Says::Nothing,
);

/// The voucher is nobody's.
pub(in crate::openapi) const NO_VOUCHER: Case = case(
    ErrorType::UnableToLocateRecord,
    "The provider knows no such voucher, or `provisionRequestId` is no request of yours",
    "this channel has sent no such request",
    Says::Nothing,
);

/// The redemption is nobody's.
pub(in crate::openapi) const NO_REDEMPTION: Case = case(
    ErrorType::UnableToLocateRecord,
    "No channel has sent such a redemption; or it has ended, and what it brought was destroyed because its time was over",
    "this channel has sent no such request",
    Says::Whose,
);

/// The redemption is somebody else's.
pub(in crate::openapi) const NOT_YOURS: Case = case(
    ErrorType::AuthenticationError,
    "The credentials are good, but the redemption is not their channel's",
    "another channel has sent this request",
    Says::Whose,
);

/// The provider was not asked about a voucher.
pub(in crate::openapi) const NOT_ASKED: &[Case] = &[
    case(
        ErrorType::UpstreamUnavailable,
        "The provider cannot be reached, does not accept the switch's own credentials, or has as much to do as it takes; or \
         advices about the same voucher have not reached it yet",
        "no connection to the provider could be made",
        Says::Nothing,
    ),
    case(
        ErrorType::GeneralError,
        "The switch could not read its own record of the voucher, or has as much to do as it takes (then with `Retry-After`)",
        "the switch's own records could not be read; ask again",
        Says::Nothing,
    ),
];

/// The provider says nothing of a voucher.
pub(in crate::openapi) const SILENCE: Case = case(
    ErrorType::UpstreamUnavailable,
    "The provider's time was up, or the connection to it broke",
    "the provider did not answer in time",
    Says::Nothing,
);

/// The redemption was certainly not sent.
pub(in crate::openapi) const WAS_NOT_SENT: Case = case(
    ErrorType::UpstreamUnavailable,
    "The redemption was answered so: its provider could not be reached, or did not accept the switch",
    "no connection to the provider could be made",
    Says::Whose,
);

/// The switch cannot read its own record.
pub(in crate::openapi) const UNREADABLE: Case = case(
    ErrorType::GeneralError,
    "The switch could not read its own record. Ask again",
    "the switch's own records could not be read; ask again",
    Says::Whose,
);
