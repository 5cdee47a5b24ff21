//! What channels say of their requests: confirmations and reversals.

use http::StatusCode;

use super::{posting, refusal, too_many_advices, unauthorized, unread};
use crate::openapi::descriptions::{CONFIRMATION, REVERSAL};
use crate::openapi::examples;
use crate::openapi::kinds::{Described, Told};
use crate::openapi::operation::{Answer, Body, Message, Operation};
use crate::openapi::refusals::advices::{
    NOT_AUTHORISED, NOT_RECORDED, NOTHING_TO_CONFIRM, NOTHING_TO_REVERSE, confirmed, confirmed_by_another, reversed,
};
use crate::openapi::refusals::{Case, FORMAT_OF_AN_ADVICE};

/// The two advices about a kind of request.
pub(super) fn of(described: &Described) -> [Operation; 2] {
    [confirm(described), reverse(described)]
}

fn confirm(described: &Described) -> Operation {
    let by_another = described.confirmed_by_another.map(confirmed_by_another);
    let refused = [FORMAT_OF_AN_ADVICE, reversed(described), NOT_AUTHORISED].into_iter().chain(by_another);
    let advice = Message { schema: described.confirmation, examples: examples::confirmations(described) };
    let answers = Taken {
        accepted: "the confirmation is on record, now or since before, and is delivered to the provider however often that \
                   takes, where the provider takes any. The body repeats it.",
        refused: ("the message is malformed, or the request cannot be confirmed in this way.", refused.collect()),
        not_found: ("there is nothing to confirm: the request does not stand. Hand nothing over.", NOTHING_TO_CONFIRM),
        not_recorded: "the confirmation may not be on record. Send it again.",
    };
    advising(described, &described.confirming, "/confirmations", CONFIRMATION, advice, answers)
}

fn reverse(described: &Described) -> Operation {
    let advice = Message { schema: "BasicReversal", examples: examples::reversals(described) };
    let answers = Taken {
        accepted: "the reversal is on record, now or since before, and is delivered to the provider however often that \
                   takes; where the provider takes none, an operator is left to settle the matter. The body repeats it.",
        refused: (
            "the message is malformed, or the request was confirmed and stands.",
            vec![FORMAT_OF_AN_ADVICE, confirmed(described)],
        ),
        not_found: (
            "there is nothing to undo, and that is as good as done: do not send the reversal again.",
            NOTHING_TO_REVERSE,
        ),
        not_recorded: "the reversal may not be on record. Send it again.",
    };
    advising(described, &described.reversing, "/reversals", REVERSAL, advice, answers)
}

/// What an advice may be answered, besides what every message may.
struct Taken {
    accepted: &'static str,
    refused: (&'static str, Vec<Case>),
    not_found: (&'static str, Case),
    not_recorded: &'static str,
}

fn advising(
    described: &Described,
    told: &Told,
    below: &str,
    about_all: &str,
    advice: Message,
    taken: Taken,
) -> Operation {
    let accepted = Answer {
        status: StatusCode::ACCEPTED,
        meaning: taken.accepted,
        headers: &[],
        body: Body::Message(advice.clone()),
    };
    let mut answers = vec![
        accepted,
        refusal(StatusCode::BAD_REQUEST, taken.refused.0, taken.refused.1),
        unauthorized(),
        refusal(StatusCode::NOT_FOUND, taken.not_found.0, vec![taken.not_found.1]),
    ];
    answers.extend(unread());
    answers.push(too_many_advices());
    answers.push(refusal(StatusCode::INTERNAL_SERVER_ERROR, taken.not_recorded, vec![NOT_RECORDED]));
    let operation = posting(described, told, below, advice, answers);
    Operation { description: format!("{}\n\n{about_all}", told.description), ..operation }
}
