use std::fmt::Write as _;

use super::*;

const ALL_TERMS: [Terms; 8] = {
    let mut all = [Terms { messaging: Messaging::Single, confirmations: false, reversals: false }; 8];
    let mut at = 0;
    while at < 8 {
        all[at] = Terms {
            messaging: if at & 1 == 0 { Messaging::Single } else { Messaging::Dual },
            confirmations: at & 2 == 0,
            reversals: at & 4 == 0,
        };
        at += 1;
    }
    all
};

fn spelled(result: Result<Step, Refusal>) -> String {
    match result {
        Ok(Step { state, effect: None }) => state.to_string(),
        Ok(Step { state, effect: Some(Effect::ConfirmLater) }) => format!("{state}, confirm later"),
        Ok(Step { state, effect: Some(Effect::Queue(advice)) }) => format!("{state}, queue {}", named(advice)),
        Ok(Step { state, effect: Some(Effect::Consume(advice)) }) => format!("{state}, consume {}", named(advice)),
        Err(refusal) => format!("refused: {refusal}"),
    }
}

fn named(advice: Advice) -> String {
    match advice {
        Advice::Confirmation => "confirmation".to_owned(),
        Advice::Reversal(reason) => format!("reversal {reason}"),
    }
}

/// One line for every pair of state and event, or one for each case where the terms matter.
fn table() -> String {
    let mut table =
        String::from("# Every transition, written by `transaction::tests::the_table_is_what_the_code_does`.\n");
    for &state in State::ALL {
        let _ = writeln!(table, "\n{state}");
        for &event in Event::ALL {
            let mut cases: Vec<(String, Vec<String>)> = Vec::new();
            for terms in ALL_TERMS {
                let named = format!(
                    "{}{}{}",
                    terms.messaging,
                    if terms.confirmations { " confirmations" } else { "" },
                    if terms.reversals { " reversals" } else { "" }
                );
                let result = spelled(next(state, event, terms));
                match cases.iter_mut().find(|(known, _)| *known == result) {
                    Some((_, terms)) => terms.push(named),
                    None => cases.push((result, vec![named])),
                }
            }
            for (result, terms) in &cases {
                let when = if cases.len() == 1 { String::new() } else { format!("   [{}]", terms.join("; ")) };
                let _ = writeln!(table, "  {:<24} -> {result}{when}", event.name());
            }
        }
    }
    table
}

#[test]
fn the_table_is_what_the_code_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/transitions.txt");
    let table = table();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &table).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == table, "transitions.txt is stale: run the tests with UPDATE=1 and read the difference");
}

fn check(state: State, event: Event, expect: &str) {
    let terms = Terms { messaging: Messaging::Single, confirmations: true, reversals: true };
    assert_eq!(spelled(next(state, event, terms)), expect, "{state} + {event}");
}

#[test]
fn an_unknown_outcome_chooses_reverse_in_the_same_step() {
    for state in [State::Pending, State::Cancelled] {
        for event in [Event::AnswerMissing, Event::AnswerUnusable, Event::AnswerLost] {
            for terms in ALL_TERMS {
                let step = next(state, event, terms).unwrap();
                let expect = if terms.reversals { State::Reversing } else { State::Orphaned };
                assert_eq!(step.state, expect);
                let queued = matches!(step.effect, Some(Effect::Queue(Advice::Reversal(_))));
                let consumed = matches!(step.effect, Some(Effect::Consume(Advice::Reversal(_))));
                assert_eq!((queued, consumed), (terms.reversals, !terms.reversals), "sent exactly where one is taken");
            }
        }
    }
}

#[test]
fn confirm_and_reverse_are_never_both_chosen() {
    for terms in ALL_TERMS {
        for chosen in [State::Confirming, State::Confirmed] {
            assert_eq!(next(chosen, Event::ReversalReceived, terms), Err(Refusal::AlreadyConfirmed));
        }
        for chosen in [State::Cancelled, State::Reversing, State::Reversed, State::Orphaned, State::Void] {
            assert_eq!(next(chosen, Event::ConfirmationReceived, terms), Err(Refusal::AlreadyReversed));
            assert_eq!(next(chosen, Event::ConfirmationDue, terms), Err(Refusal::Impossible));
        }
    }
}

#[test]
fn a_decline_is_final() {
    for &event in Event::ALL {
        for terms in ALL_TERMS {
            if let Ok(step) = next(State::Declined, event, terms) {
                assert_eq!((step.state, step.effect), (State::Void, None), "{event}");
            }
        }
    }
}

#[test]
fn a_reversal_that_overtook_its_request_is_sent_again() {
    check(State::Reversed, Event::LateApproval, "reversing, queue reversal TIMEOUT");
    check(State::Reversing, Event::LateApproval, "reversing");
    check(State::Orphaned, Event::LateApproval, "orphaned");
}

#[test]
fn a_reversal_during_the_request_waits_for_its_end() {
    check(State::Pending, Event::ReversalReceived, "cancelled");
    check(State::Cancelled, Event::ProviderApproved, "reversing, queue reversal CANCELLED");
    check(State::Cancelled, Event::ProviderDeclined, "void");
}
