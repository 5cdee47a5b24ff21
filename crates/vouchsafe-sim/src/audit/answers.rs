//! Answers: true when they are given, the same every time, and in time.

use vouchsafe_core::transaction::State;

use super::{Case, Rule, is_undone};
use crate::records::{Answer, Call, Records};

pub(super) fn judge(case: &Case<'_>, records: &Records, tell: &mut impl FnMut(Rule, String)) {
    let undone_at = undone_at(case, records);
    let mut no: Option<&str> = None;
    for (exchange, told) in case.told() {
        let arrived = exchange.arrived.map_or(exchange.sent, |(at, _)| at);
        if told.at > arrived + case.till.wait {
            tell(Rule::InTime, format!("{:?} came at {arrived} and was answered at {}", exchange.call, told.at));
        }
        let is_true = |holds: fn(State) -> bool| told.state.is_some_and(holds);
        match &told.answer {
            Answer::Approved(_) => {
                if undone_at.is_some_and(|at| arrived > at) {
                    let what = format!("it was undone, and then asked about at {arrived} and told as a success");
                    tell(Rule::NoSuccessAfterReverse, what);
                }
                if no.is_some() {
                    tell(Rule::LegalSteps, format!("it was declined, and then told as a success at {}", told.at));
                }
            }
            Answer::Declined(why) => {
                if !is_true(|state| matches!(state, State::Declined | State::Void)) {
                    tell(Rule::NotHeldNotSold, format!("a no was told while it was {:?}", told.state));
                }
                if no.is_some_and(|no| no != why) || case.successes().next().is_some() {
                    tell(Rule::SameOutcome, format!("the no at {} is not what was told before or after", told.at));
                }
                no = Some(why);
            }
            Answer::NotSold(why) if sold_at(case, records).is_some_and(|at| at < arrived) && !is_true(is_undone) => {
                tell(
                    Rule::NotHeldNotSold,
                    format!("nothing was sent, it was told at {} ({why}), yet it was sold", told.at),
                );
            }
            Answer::Unproven if !is_true(is_undone) => {
                tell(Rule::NotHeldNotSold, format!("a failure was told while it was {:?}", told.state));
            }
            Answer::Silent if exchange.call == Call::Request && !is_true(is_undone) => {
                tell(Rule::NotHeldNotSold, format!("silence was told while it was {:?}", told.state));
            }
            // Of a request that was forestalled nothing is on record but that.
            Answer::Reversed if !told.state.map_or_else(|| has_reversed(case), is_undone) => {
                tell(Rule::Sense, format!("it was said to be reversed while it was {:?}", told.state));
            }
            Answer::Strange(what) => tell(Rule::Sense, format!("{:?} was answered {what}", exchange.call)),
            _ => {}
        }
    }
    if case.exchanges.iter().any(|exchange| exchange.panicked) {
        tell(Rule::Sense, "the work for it panicked".to_owned());
    }
}

/// Whether the channel has ever said that it must not stand.
fn has_reversed(case: &Case<'_>) -> bool {
    case.exchanges.iter().any(|exchange| exchange.call == Call::Reverse)
}

/// Since when a reversal of it is durable.
fn undone_at(case: &Case<'_>, records: &Records) -> Option<u64> {
    since(case, records, is_undone)
}

/// Since when its approval is durable.
fn sold_at(case: &Case<'_>, records: &Records) -> Option<u64> {
    since(case, records, |state| state == State::Approved)
}

fn since(case: &Case<'_>, records: &Records, is_it: impl Fn(State) -> bool) -> Option<u64> {
    let (transaction, journal) = case.kept?;
    let version = journal.iter().find(|entry| is_it(entry.state))?.version;
    let commit = records.commits.iter().find(|it| it.number == transaction.number && it.version == version)?;
    Some(commit.at)
}
