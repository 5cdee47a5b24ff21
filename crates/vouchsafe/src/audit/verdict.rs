//! What an answer says of its transaction, as the interface and `behaviour.md` define it.

use super::channel_log::{Operation, Said};
use super::names::Names;

/// What a channel knows once it has an answer to a request, a retry or a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It stands.
    Success,
    /// It must not stand: a reversal was received or chosen.
    Reversed,
    /// It does not stand.
    Failed,
    /// There was no room, and nothing was done.
    Crowded,
    /// Nothing about the transaction, or nothing came.
    Nothing,
}

impl Verdict {
    /// What the answer to a message says.
    pub(super) fn of(said: &Said, names: &Names) -> Self {
        let Some(heard) = said.heard else { return Self::Nothing };
        let error = heard.error.map_or("", |error| names.word(error));
        match (said.operation, heard.status, error) {
            (Operation::Reversal | Operation::Confirmation, ..) => Self::Nothing,
            (_, 200 | 201, _) => Self::Success,
            (_, 400, error) if error.ends_with("_ALREADY_REVERSED") => Self::Reversed,
            // These are about the message, or about a provider that repeats nothing; the request may stand or not.
            (_, 400, "DUPLICATE_RECORD" | "FORMAT_ERROR" | "AUTHENTICATION_ERROR")
            | (Operation::Retry, _, "FUNCTION_NOT_SUPPORTED")
            | (Operation::Lookup, 404 | 429 | 503, _) => Self::Nothing,
            (_, 400 | 404 | 501, _) | (_, 503, "UPSTREAM_UNAVAILABLE") => Self::Failed,
            (_, 429 | 503, _) => Self::Crowded,
            _ => Self::Nothing,
        }
    }
}

/// Whether an advice was taken over.
pub(super) fn is_accepted(said: &Said) -> bool {
    said.heard.is_some_and(|heard| heard.status == 202)
}

/// Whether a reversal was told that its request never came: it is remembered for good then.
pub(super) fn is_forestalling(said: &Said, names: &Names) -> bool {
    said.operation == Operation::Reversal
        && said.heard.is_some_and(|heard| {
            heard.status == 404 && heard.error.is_some_and(|error| names.word(error) == "UNABLE_TO_LOCATE_RECORD")
        })
}

/// Where a channel stands with its request after all it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It has a success and has not reversed it.
    Holds,
    /// It was told that nothing stands.
    Failed,
    /// Its reversal was taken over.
    Reversed,
    /// It does not know.
    Unknown,
}

/// Where a channel stands after these messages about one request, in the order of sending.
pub(super) fn standing(said: &[Said], names: &Names) -> Standing {
    let mut standing = Standing::Unknown;
    for message in said {
        standing = match (message.operation, standing) {
            (_, Standing::Reversed) => Standing::Reversed,
            (Operation::Reversal, _) if is_accepted(message) || is_forestalling(message, names) => Standing::Reversed,
            // Without an answer it may have been taken over; turned down, nothing has changed.
            (Operation::Reversal, _) if is_open(message) => Standing::Unknown,
            (Operation::Reversal | Operation::Confirmation, before) => before,
            (Operation::Request | Operation::Retry | Operation::Lookup, before) => {
                match (Verdict::of(message, names), before) {
                    (Verdict::Success, _) => Standing::Holds,
                    (Verdict::Reversed | Verdict::Failed, _) => Standing::Failed,
                    // What was told before stands, but a failure may have left the id free.
                    (Verdict::Nothing, Standing::Failed) if is_open(message) => Standing::Unknown,
                    (Verdict::Nothing | Verdict::Crowded, before) => before,
                }
            }
        };
    }
    standing
}

/// Whether a message came to nothing that its sender could rely on.
fn is_open(said: &Said) -> bool {
    said.heard.is_none_or(|heard| heard.status >= 500)
}
