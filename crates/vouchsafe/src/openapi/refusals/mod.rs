//! Every way in which a channel is refused: which type, when, and what the body then looks like.
//!
//! What depends on the kind of the request is a function of its row in `kinds.rs`.

pub(super) mod advices;
pub(super) mod crowded;
pub(super) mod declines;
pub(super) mod lookups;
pub(super) mod requests;

use serde_json::{Value as Json, json};
use vouchsafe_core::error_detail::ErrorType;

/// One error type that a status may come with.
#[derive(Clone, Copy)]
pub(super) struct Case {
    pub(super) error_type: ErrorType,
    /// When it arises, as a sentence without a full stop.
    pub(super) when: &'static str,
    message: &'static str,
    says: Says,
}

/// What a refusal says beyond its type and message.
#[derive(Clone, Copy)]
enum Says {
    /// Not even whose it is: the message was not read.
    Nothing,
    /// Which message it is about.
    Whose,
    /// That, and the faults of the message's form: field, message, and what stood there.
    Faults(&'static [Fault]),
    /// The faults of a query or a path, likewise; these have no id.
    Asked(&'static [Fault]),
    /// Which message it is about, and the provider's own code and words.
    Provider(&'static str, &'static str),
}

type Fault = (&'static str, &'static str, Option<&'static str>);

/// The message that an example of a refusal is about.
#[derive(Default)]
pub(super) struct Subject {
    /// Its id.
    pub(super) id: Option<Json>,
    /// For an advice, the id of the request that it is about.
    pub(super) original_id: Option<Json>,
}

impl Case {
    /// An example of the body.
    pub(super) fn example(&self, subject: &Subject) -> Json {
        let mut body = json!({ "errorType": self.error_type.name(), "errorMessage": self.message });
        let mut about = |name: &str, id: &Option<Json>| {
            if let Some(id) = id {
                body[name] = id.clone();
            }
        };
        match self.says {
            Says::Nothing | Says::Asked(_) => {}
            // A damaged id is not repeated.
            Says::Faults(faults) if faults.iter().any(|(field, ..)| *field == "id") => {}
            // The form is looked at before what the message is about.
            Says::Faults(_) => about("id", &subject.id),
            Says::Whose | Says::Provider(..) => {
                about("id", &subject.id);
                about("originalId", &subject.original_id);
            }
        }
        match self.says {
            Says::Nothing | Says::Whose => {}
            Says::Faults(faults) | Says::Asked(faults) => {
                let faults: Vec<_> = faults.iter().map(|fault| format_error(*fault)).collect();
                body["detailMessage"] = json!({ "formatErrors": faults });
            }
            Says::Provider(code, words) => {
                body["providerErrorCode"] = code.into();
                body["providerErrorMessage"] = words.into();
            }
        }
        body
    }
}

fn format_error((field, message, value): Fault) -> Json {
    let mut error = json!({ "field": field, "msg": message });
    if let Some(value) = value {
        error["value"] = value.into();
    }
    error
}

const fn case(error_type: ErrorType, when: &'static str, message: &'static str, says: Says) -> Case {
    Case { error_type, when, message, says }
}

/// The message is not of the agreed form.
pub(super) const FORMAT: Case = case(
    ErrorType::FormatError,
    "The body is not JSON, or fields are missing, malformed or unknown. `detailMessage.formatErrors` names all of them, in the \
     order of the document",
    "the message has 3 format errors",
    Says::Faults(&[
        ("id", "UUID must conform to the format 8-4-4-4-12 hexadecimal values", Some("order-1001")),
        ("originator.merchant.merchantName.city", "originator.merchant.merchantName.city may not be null", None),
        ("colour", "colour is not a known field", None),
    ]),
);

/// An advice is not of the agreed form.
pub(super) const FORMAT_OF_AN_ADVICE: Case = case(
    ErrorType::FormatError,
    "The body is not JSON, or fields are missing, malformed or unknown. `detailMessage.formatErrors` names all of them, in the \
     order of the document",
    "the message has 1 format error",
    Says::Faults(&[("requestId", "requestId may not be null", None)]),
);

/// The caller is nobody we know.
pub(super) const NO_CREDENTIALS: Case = case(
    ErrorType::AuthenticationError,
    "The `Authorization` header is missing, its user name or password is wrong, or its token has ended",
    "valid credentials are needed (HTTP Basic or a bearer token)",
    Says::Nothing,
);

/// The body is larger than allowed.
pub(super) const BODY_TOO_LARGE: Case = case(
    ErrorType::FormatError,
    "The body has more bytes than the switch accepts",
    "the body is larger than 262144 bytes",
    Says::Nothing,
);

/// The body is announced as something else.
pub(super) const NOT_JSON: Case = case(
    ErrorType::FormatError,
    "The `Content-Type` header is missing, repeated, or not `application/json` in UTF-8; or there is a `Content-Encoding`",
    "the body must be application/json in UTF-8, said once, without an encoding",
    Says::Nothing,
);
