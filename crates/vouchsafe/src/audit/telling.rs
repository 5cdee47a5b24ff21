//! A transaction's whole story out of all three records, for people. No code stands in it.

use jiff::Timestamp;
use vouchsafe_core::message::Request;
use vouchsafe_store::{Entry, Transaction};

use super::case::Case;
use super::channel_log::{Operation, Said};
use super::names::{Name, Names};
use super::provider_ledger::{Event, Heard, Noted};
use crate::story::{story, time};

/// What all three tell.
pub(super) fn of_all(case: &Case<'_>) -> String {
    let frame = case.frame;
    let mut lines = vec![of_the_switch(case.transaction, case.request, case.journal)];
    lines.extend(of_the_channel(case.said, frame.names));
    lines.extend(of_the_providers(case.noted, frame.names, frame.ledgers));
    lines.join("\n")
}

/// What the switch holds.
pub(super) fn of_the_switch(transaction: &Transaction, request: &Request, journal: &[Entry]) -> String {
    story(transaction, Some(request), journal)
}

/// What the channel says.
pub(super) fn of_the_channel(said: &[Said], names: &Names) -> Vec<String> {
    if said.is_empty() {
        return vec!["  the channel's log says nothing".to_owned()];
    }
    let line = |said: &Said| {
        let what = match said.operation {
            Operation::Request => "request",
            Operation::Retry => "retry",
            Operation::Reversal => "reversal",
            Operation::Confirmation => "confirmation",
            Operation::Lookup => "lookup",
        };
        let advice = said.advice.map_or_else(String::new, |id| format!(" {id}"));
        let heard = said.heard.map_or_else(
            || "nothing came back".to_owned(),
            |heard| {
                let error = heard.error.map_or_else(String::new, |error| format!(" {}", shown(names.word(error))));
                let code = if heard.code.is_some() { " with a code" } else { "" };
                format!("{} at {}{error}{code}", heard.status, at(heard.at))
            },
        );
        format!("  {}  the channel sent its {what}{advice} (line {}): {heard}", at(said.sent_at), said.line)
    };
    said.iter().map(line).collect()
}

/// What the providers say.
pub(super) fn of_the_providers(noted: &[Noted], names: &Names, ledgers: &[Name]) -> Vec<String> {
    if noted.is_empty() {
        return vec!["  the providers' ledgers say nothing".to_owned()];
    }
    let line = |noted: &Noted| {
        let provider = ledgers.get(usize::from(noted.ledger)).map_or("", |provider| names.word(*provider));
        let heard = match noted.heard {
            Heard::Request => "request",
            Heard::Reversal => "reversal",
            Heard::Confirmation => "confirmation",
        };
        let did = match noted.event {
            Event::Sold => "sold",
            Event::Redeemed => "redeemed",
            Event::Refunded => "refunded",
            Event::Refused => "refused",
            Event::Dropped => "dropped without a word",
            Event::Reversed => "reversed",
            Event::Confirmed => "confirmed",
            Event::Forestalled => "remembered for a request that has not come",
            Event::Advised => "taken note of",
            Event::Breach => "not taken here",
        };
        let advice = noted.advice.map_or_else(String::new, |id| format!(" {id}"));
        let status = noted.status.map_or_else(String::new, |status| format!(", answered {status}"));
        let provider = shown(provider);
        format!("  {}  {provider} heard a {heard}{advice} (line {}): {did}{status}", at(noted.at), noted.line)
    };
    noted.iter().map(line).collect()
}

/// Somebody else's word without what a terminal would obey.
pub(super) fn shown(word: &str) -> String {
    word.chars().map(|letter| if letter.is_control() { char::REPLACEMENT_CHARACTER } else { letter }).collect()
}

fn at(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).map_or_else(|_| "at no time".to_owned(), time)
}
