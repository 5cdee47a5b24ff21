//! Whether an answer is one that the description allows for what was sent.

use serde_json::Value as Json;

use super::call::{Call, Due};
use super::connection::Heard;
use crate::openapi::allowed::faults;
use crate::world::Answer;

/// What is wrong with what came back; nothing, if all is well.
pub(super) fn judged(document: &Json, call: &Call<'_>, heard: &Heard) -> Vec<String> {
    let answer = match heard {
        Heard::Answer(answer) => answer,
        // It may be HTTP/2 that was begun and is ended.
        Heard::Nothing | Heard::Nonsense(_) if call.due == Due::Broken => return Vec::new(),
        Heard::Nothing => return vec!["the connection ended without an answer".to_owned()],
        Heard::Silence => return vec!["it was never answered".to_owned()],
        Heard::Nonsense(_) => return vec!["the answer is no HTTP".to_owned()],
    };
    let mut wrong = Vec::new();
    if let Some(fault) = of_our_own(answer) {
        wrong.push(fault);
    }
    // Whoever reads HTTP refuses what is none without a word of ours.
    if call.due == Due::Broken && !answer.headers.contains_key("x-request-id") {
        return wrong;
    }
    let traces: Vec<_> = answer.headers.get_all("x-request-id").iter().collect();
    if traces.len() != 1 || traces[0].is_empty() || call.trace.as_ref().is_some_and(|trace| traces[0] != trace) {
        wrong.push(format!("X-Request-Id is {traces:?}"));
    }
    wrong.extend(match call.due {
        Due::NoOperation => undescribed(document, answer),
        Due::Broken => Vec::new(),
        _ => described(document, call, answer),
    });
    wrong.extend(due(call, answer));
    wrong
}

/// A failure that is nobody's but the switch's. What its provider did is said with words of its own.
fn of_our_own(answer: &Answer) -> Option<String> {
    let verdict = answer.verdict();
    let is_the_providers = matches!(verdict.as_str(), "503 UPSTREAM_UNAVAILABLE" | "504 UPSTREAM_UNAVAILABLE");
    (answer.status >= 500 && !is_the_providers).then(|| format!("{verdict} is a failure of the switch's own"))
}

/// The answer to what the description does not tell of.
fn undescribed(document: &Json, answer: &Answer) -> Vec<String> {
    if !matches!(answer.status, 400 | 404 | 405) {
        return vec![format!("status {} to what does not exist", answer.status)];
    }
    let schema = &document["components"]["schemas"]["ErrorDetail"];
    match serde_json::from_slice::<Json>(&answer.body) {
        Ok(body) => faults(document, schema, &body),
        Err(fault) => vec![fault.to_string()],
    }
}

/// An operation's answer: its status, its headers, what its body is said to be and what it is.
fn described(document: &Json, call: &Call<'_>, answer: &Answer) -> Vec<String> {
    let told = &call.operation.described["responses"][answer.status.to_string()];
    let mut wrong = Vec::new();
    if !told.is_object() {
        return vec![format!("status {} is not described", answer.verdict())];
    }
    for (name, _) in told["headers"].as_object().into_iter().flatten() {
        if answer.header(name).is_none() {
            wrong.push(format!("{} has no {name}", answer.verdict()));
        }
    }
    if call.is_head {
        return wrong;
    }
    let Some(content) = told.get("content") else {
        if !answer.body.is_empty() {
            wrong.push("it has a body".to_owned());
        }
        return wrong;
    };
    let content_type = answer.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default();
    let content = &content[content_type];
    if !content.is_object() {
        wrong.push(format!("{content_type:?} is not described"));
    } else if content_type == "application/json" {
        match serde_json::from_slice::<Json>(&answer.body) {
            Ok(body) => {
                wrong.extend(faults(document, &content["schema"], &body));
                let error_type = body["errorType"].as_str();
                let is_listed = error_type.is_none_or(|error_type| content["examples"][error_type].is_object());
                // Where a provider's own type is handed on, the description says so and cannot list all there are.
                if !is_listed && !told["description"].as_str().is_some_and(|told| told.contains("passed on")) {
                    wrong.push(format!("{} is not described", answer.verdict()));
                }
            }
            Err(fault) => wrong.push(fault.to_string()),
        }
    }
    wrong
}

/// Whether what must become of a call has.
fn due(call: &Call<'_>, answer: &Answer) -> Vec<String> {
    let verdict = answer.verdict();
    let mut wrong = Vec::new();
    let is_as_due = match call.due {
        Due::Sound => !matches!(answer.status, 401 | 413 | 415) && !verdict.ends_with("FORMAT_ERROR"),
        Due::Malformed => verdict == "400 FORMAT_ERROR",
        Due::TooLarge => verdict == "413 FORMAT_ERROR",
        Due::NotJson => verdict == "415 FORMAT_ERROR",
        Due::Nobody => verdict == "401 AUTHENTICATION_ERROR" || (call.is_head && answer.status == 401),
        Due::NoOperation | Due::Described | Due::Broken => true,
    };
    if !is_as_due {
        wrong.push(format!("{verdict} to what is {:?}", call.due));
    }
    if call.due == Due::Malformed && !names_a_place(answer) {
        wrong.push("no fault has a place".to_owned());
    }
    if call.due == Due::Sound && answer.status >= 400 {
        wrong.extend(unrelated(call, answer));
    }
    wrong
}

/// Whether a refusal of a message's form says where each fault is.
fn names_a_place(answer: &Answer) -> bool {
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let errors = body["detailMessage"]["formatErrors"].as_array();
    let has_a_place = |error: &Json| error["field"].is_string() && error["msg"].as_str() != Some("");
    errors.is_some_and(|errors| !errors.is_empty() && errors.iter().all(has_a_place))
}

/// What an error about a sound message does not say of whose error it is.
fn unrelated(call: &Call<'_>, answer: &Answer) -> Option<String> {
    let message = call.body.as_ref()?;
    // Whom there is no room for is told so before the message is read.
    if answer.status == 429 {
        return None;
    }
    let body: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
    let is_original = message["requestId"].is_null() || body["originalId"] == message["requestId"];
    (body["id"] != message["id"] || !is_original)
        .then(|| format!("the error is about {} and {}", body["id"], body["originalId"]))
}
