//! Every way in which a channel is refused: which type, when, and what the body then looks like.

use serde_json::{Value as Json, json};
use vouchsafe_core::error_detail::ErrorType;

use super::examples::{ADVICE_ID, REQUEST_ID};

/// One error type that a status may come with.
pub(super) struct Case {
    pub(super) error_type: ErrorType,
    /// When it arises, as a sentence without a full stop.
    pub(super) when: &'static str,
    pub(super) message: &'static str,
    pub(super) about: About,
}

/// What a refusal says beyond its type and message.
pub(super) enum About {
    /// Not even the request's id: the body was not read.
    Nothing,
    Request,
    /// An advice, and the request that it concerns.
    Advice,
    /// The faults of the request's form: field, message, and what stood there.
    Faults(&'static [(&'static str, &'static str, Option<&'static str>)]),
    /// The faults of a query, likewise; a query has no id.
    Query(&'static [(&'static str, &'static str, Option<&'static str>)]),
    /// The provider's own code and words.
    Provider(&'static str, &'static str),
}

impl Case {
    /// An example of the body.
    pub(super) fn example(&self) -> Json {
        let mut body = json!({ "errorType": self.error_type.name(), "errorMessage": self.message });
        match self.about {
            About::Nothing | About::Query(_) => {}
            About::Advice => (body["id"], body["originalId"]) = (ADVICE_ID.into(), REQUEST_ID.into()),
            About::Request | About::Faults(_) | About::Provider(..) => body["id"] = REQUEST_ID.into(),
        }
        match self.about {
            About::Nothing | About::Request | About::Advice => {}
            About::Faults(faults) | About::Query(faults) => {
                let faults: Vec<_> = faults.iter().map(|fault| format_error(*fault)).collect();
                body["detailMessage"] = json!({ "formatErrors": faults });
            }
            About::Provider(code, words) => {
                body["providerErrorCode"] = code.into();
                body["providerErrorMessage"] = words.into();
            }
        }
        body
    }
}

fn format_error((field, message, value): (&str, &str, Option<&str>)) -> Json {
    let mut error = json!({ "field": field, "msg": message });
    if let Some(value) = value {
        error["value"] = value.into();
    }
    error
}

const fn case(error_type: ErrorType, when: &'static str, message: &'static str, about: About) -> Case {
    Case { error_type, when, message, about }
}

/// The message is not of the agreed form.
pub(super) static FORMAT: &[Case] = &[case(
    ErrorType::FormatError,
    "The body is not JSON, or fields are missing, malformed or unknown. `detailMessage.formatErrors` names all of them, in the \
     order of the document",
    "the message has 3 format errors",
    About::Faults(&[
        ("id", "UUID must conform to the format 8-4-4-4-12 hexadecimal values", Some("order-1001")),
        ("originator.merchant.merchantName.city", "originator.merchant.merchantName.city may not be null", None),
        ("colour", "colour is not a known field", None),
    ]),
)];

/// The query is not of the agreed form.
pub(super) static QUERY: &[Case] = &[case(
    ErrorType::FormatError,
    "A parameter is unknown, malformed or given twice. `detailMessage.formatErrors` names all of them",
    "the query has format errors",
    About::Query(&[("channel", "channel is not a known field", None)]),
)];

/// There is nothing to list.
pub(super) static NO_CATALOGUE: &[Case] = &[case(
    ErrorType::FunctionNotSupported,
    "The switch is configured without a catalogue",
    "this switch has no catalogue to list",
    About::Nothing,
)];

/// The message names another client than the caller.
pub(super) static FOREIGN_CLIENT: &[Case] = &[case(
    ErrorType::AuthenticationError,
    "The credentials are good, but `client.id` is not their user name",
    "client.id is not the authenticated user name",
    About::Request,
)];

/// The reversal came first.
const BEFORE_IT: Case = case(
    ErrorType::VoucherAlreadyReversed,
    "A reversal of this request was received, before it or while it was under way. There is no voucher, and there will be none",
    "a reversal of this request was received or chosen",
    About::Request,
);

/// What a retry is refused for.
pub(super) static REFUSED_RETRY: &[Case] = &[
    case(
        ErrorType::VoucherAlreadyReversed,
        "A reversal of the request was received from you, or chosen by the switch because nothing was proven",
        "a reversal of this request was received or chosen",
        About::Request,
    ),
    case(
        ErrorType::DuplicateRecord,
        "The body is not the first request's: everything but `time` must be the same. The message names the first field that differs",
        "amounts is not as in the first request of this id",
        About::Request,
    ),
    case(
        ErrorType::InvalidAmount,
        "The request was never seen, so it is a first one, and its amount is wrong",
        "this product costs 5000 of currency 710",
        About::Request,
    ),
    case(
        ErrorType::RoutingError,
        "The request was never seen, so it is a first one, and it leads to no product or provider",
        "no such product in the catalogue",
        About::Request,
    ),
];

/// A retry that comes before the outcome.
pub(super) static STILL_OPEN: &[Case] = &[case(
    ErrorType::UpstreamUnavailable,
    "The first request has no outcome yet, or has just got none. Retry again, or reverse",
    "the provider did not answer in time",
    About::Request,
)];

/// The reversal comes too late.
pub(super) static CONFIRMED: &[Case] = &[case(
    ErrorType::VoucherAlreadyConfirmed,
    "The sale was confirmed before: it stands",
    "the voucher was confirmed before",
    About::Advice,
)];

/// The reversal of nothing.
pub(super) static NEVER_SEEN: &[Case] = &[case(
    ErrorType::UnableToLocateRecord,
    "Your channel has sent no such request. Should it come later it is refused, and no provider is asked",
    "no such request; it is refused should it come",
    About::Advice,
)];

/// The reversal that is not on disk.
pub(super) static NOT_RECORDED: &[Case] = &[case(
    ErrorType::GeneralError,
    "The reversal could not be recorded, or that is uncertain. Send it again: repeats do no harm",
    "the reversal could not be recorded; send it again",
    About::Advice,
)];

/// What the switch refuses by its own rules, before anything is sent.
pub(super) static REFUSED_PROVISION: &[Case] = &[
    case(
        ErrorType::DuplicateRecord,
        "The id was used before, whatever became of that request. For another sale take a new id",
        "this request id was used before; to repeat it use retry",
        About::Request,
    ),
    BEFORE_IT,
    case(
        ErrorType::InvalidAmount,
        "The amount is not the product's price, is outside its range, or is missing where the product has no fixed price",
        "this product costs 5000 of currency 710",
        About::Request,
    ),
    case(
        ErrorType::RoutingError,
        "The product is not in the catalogue or not sold on your channel, or no provider is configured for the request",
        "no such product in the catalogue",
        About::Request,
    ),
];

/// The caller is nobody we know.
pub(super) static NO_CREDENTIALS: &[Case] = &[case(
    ErrorType::AuthenticationError,
    "The `Authorization` header is missing, its user name or password is wrong, or its token has ended",
    "valid credentials are needed (HTTP Basic or a bearer token)",
    About::Nothing,
)];

/// The body is larger than allowed.
pub(super) static BODY_TOO_LARGE: &[Case] = &[case(
    ErrorType::FormatError,
    "The body has more bytes than the switch accepts",
    "the body is larger than 262144 bytes",
    About::Nothing,
)];

/// The body is announced as something else.
pub(super) static NOT_JSON: &[Case] = &[case(
    ErrorType::FormatError,
    "The `Content-Type` header is missing, repeated, or not `application/json` in UTF-8; or there is a `Content-Encoding`",
    "the body must be application/json in UTF-8, said once, without an encoding",
    About::Nothing,
)];

/// The provider's refusals.
pub(super) static DECLINES: &[Case] = &[
    case(
        ErrorType::TransactionDeclined,
        "The provider declined, and gives no closer reason",
        "the transaction was declined",
        About::Provider("05", "Declined by issuer"),
    ),
    case(
        ErrorType::TransactionNotSupported,
        "The provider does not sell this product, or not in this way",
        "the product is not sold here",
        About::Provider("12", "Unknown product"),
    ),
    case(
        ErrorType::FunctionNotSupported,
        "The provider does not offer this operation at all. Trying again cannot help",
        "provisions are not offered",
        About::Provider("501", "Not implemented"),
    ),
    case(
        ErrorType::InvalidAmount,
        "The provider does not sell this product for this amount",
        "the amount is not one of the denominations",
        About::Provider("13", "Invalid amount"),
    ),
    case(
        ErrorType::InsufficientAmount,
        "The amount is less than the provider sells for",
        "the amount is below the minimum",
        About::Provider("13L", "Below minimum"),
    ),
    case(
        ErrorType::LimitExceeded,
        "A limit of the merchant, the channel or the customer is reached",
        "the daily limit is reached",
        About::Provider("61", "Daily limit"),
    ),
    case(
        ErrorType::InsufficientFunds,
        "The account that the provider draws on does not hold enough",
        "the prepaid balance is too low",
        About::Provider("51", "Insufficient funds"),
    ),
    case(
        ErrorType::InvalidMerchant,
        "The provider does not know the merchant, or does not let it sell this",
        "the merchant is not registered",
        About::Provider("03", "Invalid merchant"),
    ),
    case(
        ErrorType::InvalidAccount,
        "The account or customer that the voucher is for is not known to the provider",
        "the account is not known",
        About::Provider("14", "Unknown account"),
    ),
    case(
        ErrorType::InvalidVoucher,
        "The voucher asked for by its code cannot be issued",
        "this voucher code cannot be issued",
        About::Provider("V01", "Code not available"),
    ),
    case(
        ErrorType::VoucherStatusUnknown,
        "The provider cannot tell the state of the voucher asked for",
        "the state of the voucher is not known",
        About::Provider("V02", "Status unknown"),
    ),
    case(
        ErrorType::DoNotHonour,
        "The provider refuses without saying why",
        "do not honour",
        About::Provider("05", "Do not honour"),
    ),
    case(
        ErrorType::GeneralError,
        "The provider failed, refused for a reason of its own, or answered in a way that cannot be used. What it may have \
         issued all the same, the switch reverses",
        "unusable provider answer: there is no voucher code",
        About::Request,
    ),
];

/// The switch knows that it does not know.
pub(super) static AMBIGUOUS: &[Case] = &[case(
    ErrorType::GeneralError,
    "The switch failed in the middle of the request. It settles the request by itself",
    "the outcome is not known; retry or reverse",
    About::Request,
)];

/// Nothing left the switch.
pub(super) static NOT_SENT: &[Case] = &[
    case(
        ErrorType::UpstreamUnavailable,
        "The provider cannot be reached, does not accept the switch's own credentials, or has as much to do as it takes",
        "no connection to the provider could be made",
        About::Request,
    ),
    case(
        ErrorType::GeneralError,
        "The request could not be recorded, or the switch has as much to do as it takes (then without `id`, and with \
         `Retry-After`); it was not sent",
        "the request could not be recorded; nothing was sent",
        About::Request,
    ),
];

/// Silence.
pub(super) static NO_ANSWER: &[Case] = &[case(
    ErrorType::UpstreamUnavailable,
    "The provider's time was up, or the connection to it broke after the request had left",
    "the provider did not answer in time",
    About::Request,
)];
