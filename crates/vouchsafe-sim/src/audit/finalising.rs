//! Finalising: one finaliser, nothing lost, and nothing done to what is held.

use std::collections::HashMap;

use vouchsafe_core::advice::{Advice, AdviceEnd};
use vouchsafe_core::transaction::State;

use super::{Case, Rule, is_listed, is_undone};
use crate::records::{Answer, Call, Conclusion};

pub(super) fn judge(case: &Case<'_>, tell: &mut impl FnMut(Rule, String)) {
    judge_sendings(case, tell);
    judge_holding(case, tell);
    judge_acknowledged(case, tell);
    judge_advices(case, tell);
    judge_steps(case, tell);
}

fn judge_sendings(case: &Case<'_>, tell: &mut impl FnMut(Rule, String)) {
    let all: Vec<_> = case.books.iter().flat_map(|(_, entry)| &entry.advised).collect();
    if all.iter().any(|one| one.is_confirmation) && all.iter().any(|one| !one.is_confirmation) {
        tell(Rule::OneFinaliser, "both a confirmation and a reversal were sent".to_owned());
    }
    let mut bodies = HashMap::new();
    for advised in &all {
        if *bodies.entry(advised.id).or_insert(&advised.body) != &advised.body {
            tell(Rule::AdvicesKept, format!("the advice {} was repeated with another body", advised.id));
        }
    }
    let queued: Vec<_> = case.journal().iter().filter_map(|entry| entry.advice).map(|queued| queued.id).collect();
    if let Some(stranger) = all.iter().find(|advised| !queued.contains(&advised.id)) {
        tell(Rule::AdvicesKept, format!("the advice {} was sent but never queued", stranger.id));
    }
    for (book, entry) in &case.books {
        let taken = |is_confirmation| if is_confirmation { book.sheet.confirmations } else { book.sheet.reversals };
        if entry.advised.iter().any(|one| !taken(one.is_confirmation)) {
            tell(Rule::SheetsKept, format!("{} takes no such advice and was sent one", book.provider));
        }
    }
}

fn judge_holding(case: &Case<'_>, tell: &mut impl FnMut(Rule, String)) {
    let state = case.state();
    let has_reversed = case.exchanges.iter().any(|exchange| exchange.call == Call::Reverse);
    let has_heard = case.successes().any(|(exchange, _)| exchange.heard.is_some());
    let is_reversed_there = case.books.iter().any(|(_, entry)| entry.advised.iter().any(|one| !one.is_confirmation));
    if has_heard && !has_reversed && (is_reversed_there || state.is_some_and(is_undone)) {
        tell(Rule::HeldIsKept, format!("the channel holds it and never reversed, but it is {state:?}"));
    }
    let is_not_held = matches!(case.sale.conclusion, Some(Conclusion::Failed | Conclusion::Reversed));
    let stands = case.books.iter().find(|(_, entry)| entry.stands());
    if let Some((book, _)) = stands.filter(|_| is_not_held && !state.is_some_and(is_listed)) {
        tell(Rule::NotHeldNotSold, format!("{} has sold it, the channel does not hold it: {state:?}", book.provider));
    }
}

/// What was acknowledged is durable, then and in the end.
fn judge_acknowledged(case: &Case<'_>, tell: &mut impl FnMut(Rule, String)) {
    for (exchange, told) in case.told() {
        let (holds, then) = match (exchange.call, &told.answer) {
            (Call::Confirm(_), Answer::Accepted) => {
                let holds = |state| matches!(state, State::Confirming | State::Confirmed);
                (case.state().is_some_and(holds), told.state.is_some_and(holds))
            }
            (Call::Reverse, Answer::Accepted) => {
                (case.state().is_some_and(is_undone), told.state.is_some_and(is_undone))
            }
            (Call::Reverse, Answer::NeverSeen) => {
                let asked = case.books.iter().flat_map(|(_, entry)| &entry.asked);
                (asked.clone().all(|asked| asked.at <= told.at), true)
            }
            _ => continue,
        };
        if !holds {
            let what = format!("{:?} was acknowledged at {}, and it is {:?}", exchange.call, told.at, case.state());
            tell(Rule::AdvicesKept, what);
        } else if !then {
            let what = format!("{:?} was acknowledged at {} while it was {:?}", exchange.call, told.at, told.state);
            tell(Rule::DurableFirst, what);
        }
    }
}

/// Every advice that was queued came to its end, and its provider agrees.
fn judge_advices(case: &Case<'_>, tell: &mut impl FnMut(Rule, String)) {
    let Some((transaction, journal)) = case.kept else { return };
    let mut delivered = false;
    let is_refused =
        |(_, entry): &(_, &crate::ledger::Entry)| entry.is_reversal_refused || entry.is_confirmation_refused;
    for entry in journal {
        let Some(queued) = entry.advice else { continue };
        let is_sent = case.books.iter().any(|(_, entry)| entry.advised.iter().any(|one| one.id == queued.id));
        match entry.advice_end {
            None => tell(Rule::Rest, format!("the advice {} has not ended", queued.id)),
            Some(AdviceEnd::Delivered | AdviceEnd::Refused) if !is_sent => {
                tell(Rule::AdvicesKept, format!("the advice {} ended and was never sent", queued.id));
            }
            Some(AdviceEnd::Refused) if !case.books.iter().any(is_refused) => {
                tell(Rule::AdvicesKept, format!("the advice {} ended as refused, which nobody has", queued.id));
            }
            Some(AdviceEnd::Consumed) if is_sent => {
                tell(Rule::AdvicesKept, format!("the advice {} was consumed and sent all the same", queued.id));
            }
            Some(_) => {}
        }
        delivered |= queued.advice == Advice::Confirmation && entry.advice_end == Some(AdviceEnd::Delivered);
    }
    let is_confirmed = |(_, entry): &(_, &crate::ledger::Entry)| entry.confirmed.is_some();
    if delivered && !case.books.iter().any(is_confirmed) {
        tell(Rule::AdvicesKept, "its confirmation was delivered, but its provider has none".to_owned());
    }
    let is_confirmed_here = matches!(transaction.state, State::Confirming | State::Confirmed);
    let owes = is_confirmed_here && transaction.terms.confirmations;
    let is_settled =
        |(_, entry): &(_, &crate::ledger::Entry)| entry.confirmed.is_some() || entry.is_confirmation_refused;
    if owes && !case.books.iter().any(is_settled) {
        tell(Rule::AdvicesKept, "it is confirmed, and its provider was never told".to_owned());
    }
}

/// The states that may follow one another, as the behaviour draws them.
fn may_follow(from: State) -> &'static [State] {
    use State::{
        Approved, Cancelled, Confirmed, Confirming, Declined, Orphaned, Pending, Resolved, Reversed, Reversing, Void,
    };
    match from {
        Pending => &[Pending, Cancelled, Approved, Declined, Reversing, Orphaned],
        Cancelled => &[Cancelled, Void, Reversing, Orphaned],
        Approved => &[Approved, Confirming, Confirmed, Reversing, Orphaned],
        Declined | Void => &[Void],
        Confirming => &[Confirming, Confirmed],
        Confirmed => &[Confirmed],
        Reversing => &[Reversing, Reversed, Orphaned],
        Reversed => &[Reversed, Reversing, Orphaned],
        Orphaned => &[Orphaned, Resolved],
        Resolved => &[Resolved],
    }
}

fn judge_steps(case: &Case<'_>, tell: &mut impl FnMut(Rule, String)) {
    let mut from = State::Pending;
    for entry in case.journal() {
        if !may_follow(from).contains(&entry.state) {
            tell(Rule::LegalSteps, format!("{from:?} was followed by {:?} upon {:?}", entry.state, entry.event));
        }
        from = entry.state;
    }
}
