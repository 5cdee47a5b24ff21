//! The operations that the switch serves, and what several of them share. The files are cut as those of `api` are.

mod advices;
mod lookups;
mod requests;
mod service;

use http::{Method, StatusCode};
use serde_json::Map;

use super::kinds::{Described, PROVISION, REDEMPTION, REFUND, Told};
use super::operation::{Answer, Body, Message, Operation};
use super::refusals::crowded::{TOO_MANY, TOO_MANY_ADVICES};
use super::refusals::{BODY_TOO_LARGE, Case, NO_CREDENTIALS, NOT_JSON};

/// Every operation, in the order in which it is told.
pub(super) fn operations() -> Vec<Operation> {
    let mut operations = vec![requests::ask(&PROVISION), requests::retry()];
    operations.extend(advices::of(&PROVISION));
    operations.push(lookups::voucher());
    operations.push(requests::ask(&REDEMPTION));
    operations.extend(advices::of(&REDEMPTION));
    operations.push(lookups::redemption());
    operations.push(requests::ask(&REFUND));
    operations.extend(advices::of(&REFUND));
    operations.push(lookups::products());
    operations.extend(service::operations());
    operations
}

/// An operation that posts a message about a kind of request.
fn posting(described: &Described, told: &Told, below: &str, message: Message, answers: Vec<Answer>) -> Operation {
    Operation {
        id: told.id,
        topic: described.topic,
        method: Method::POST,
        path: format!("{}{below}", described.path),
        summary: told.summary,
        description: told.description.to_owned(),
        query: Map::new(),
        request: Some(message),
        answers,
    }
}

/// An answer that is one of these errors.
fn refusal(status: StatusCode, meaning: &'static str, cases: Vec<Case>) -> Answer {
    Answer { status, meaning, headers: &[], body: Body::Refusal(cases) }
}

fn unauthorized() -> Answer {
    Answer {
        headers: &["WWW-Authenticate"],
        ..refusal(
            StatusCode::UNAUTHORIZED,
            "the credentials are missing or wrong. Nothing else was looked at.",
            vec![NO_CREDENTIALS],
        )
    }
}

/// A sale or a lookup too many.
fn too_many() -> Answer {
    Answer {
        headers: &["Retry-After"],
        ..refusal(
            StatusCode::TOO_MANY_REQUESTS,
            "your channel asks more at once, or a second, than it may. Nothing was done, and an id stays free: ask again after \
             the seconds of `Retry-After`.",
            vec![TOO_MANY],
        )
    }
}

/// A retry or an advice too many.
fn too_many_advices() -> Answer {
    Answer {
        headers: &["Retry-After"],
        ..refusal(
            StatusCode::TOO_MANY_REQUESTS,
            "this was not looked at, and says nothing of the request that it is about: send it again after the seconds of \
             `Retry-After`. Retries and advices have a larger room of their own, whatever you ask.",
            vec![TOO_MANY_ADVICES],
        )
    }
}

/// What a body is refused for before it is read.
fn unread() -> [Answer; 2] {
    [
        refusal(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than the switch accepts.", vec![BODY_TOO_LARGE]),
        refusal(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "the body is not announced as plain JSON in UTF-8.",
            vec![NOT_JSON],
        ),
    ]
}
