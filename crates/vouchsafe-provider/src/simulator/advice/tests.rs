//! What an advice does and what it is told, case by case.

use super::*;
use crate::simulator::magic::Silence;

const KINDS: [(Kind, ErrorType, ErrorType); 3] = [
    (Kind::Provision, ErrorType::VoucherAlreadyReversed, ErrorType::VoucherAlreadyConfirmed),
    (Kind::Redemption, ErrorType::RedemptionAlreadyReversed, ErrorType::RedemptionAlreadyConfirmed),
    (Kind::Refund, ErrorType::RefundAlreadyReversed, ErrorType::RefundAlreadyConfirmed),
];

#[test]
fn a_request_is_finalised_once_and_a_repeat_is_told_the_same() {
    use Effect::{Confirms, Forestalls, Nothing, Reverses};
    for (kind, reversed, confirmed) in KINDS {
        let (reversed, confirmed) = (refused(reversed), refused(confirmed));
        for (standing, reversal, confirmation) in [
            (Standing::Unheard, (Forestalls, NOT_FOUND), (Nothing, NOT_FOUND)),
            (Standing::Dropped, (Nothing, NOT_FOUND), (Nothing, NOT_FOUND)),
            (Standing::Refused, (Nothing, Answer::Accepted), (Nothing, NOT_FOUND)),
            (Standing::Done, (Reverses, Answer::Accepted), (Confirms, Answer::Accepted)),
            (Standing::Reversed, (Nothing, Answer::Accepted), (Nothing, reversed)),
            (Standing::Confirmed, (Nothing, confirmed), (Nothing, Answer::Accepted)),
            (Standing::Forestalled, (Nothing, NOT_FOUND), (Nothing, reversed)),
        ] {
            let due = |finaliser| due(Case { finaliser, kind, standing, undo: Ok(()) });
            assert_eq!(due(Finaliser::Reversal), reversal, "{kind} {standing:?}");
            assert_eq!(due(Finaliser::Confirmation), confirmation, "{kind} {standing:?}");
        }
    }
}

#[test]
fn what_was_used_since_is_not_reversed_but_can_be_confirmed() {
    let undo = Err(ErrorType::VoucherAlreadyRedeemed);
    let due = |finaliser, standing| due(Case { finaliser, kind: Kind::Provision, standing, undo });
    let used = refused(ErrorType::VoucherAlreadyRedeemed);
    assert_eq!(due(Finaliser::Reversal, Standing::Done), (Effect::Nothing, used));
    assert_eq!(due(Finaliser::Confirmation, Standing::Done), (Effect::Confirms, Answer::Accepted));
    // What was never done has nothing to do with it.
    assert_eq!(due(Finaliser::Reversal, Standing::Refused), (Effect::Nothing, Answer::Accepted));
}

#[test]
fn what_is_turned_down_does_nothing_and_what_is_lost_later_does_all() {
    for (manner, effect, status) in [
        (Manner::Takes(Receipt::Usual), Effect::Reverses, None),
        (Manner::Takes(Receipt::Silent(Silence::Cut)), Effect::Reverses, None),
        (Manner::Takes(Receipt::InternalError), Effect::Reverses, None),
        (Manner::TurnsDown(Denial::NotFound), Effect::Nothing, Some(404)),
        (Manner::TurnsDown(Denial::Refused), Effect::Nothing, Some(400)),
        (Manner::TurnsDown(Denial::Busy), Effect::Nothing, Some(503)),
        (Manner::TurnsDown(Denial::Silent(Silence::Open)), Effect::Nothing, None),
    ] {
        let finaliser = Finaliser::Reversal;
        let case = Case { finaliser, kind: Kind::Provision, standing: Standing::Done, undo: Ok(()) };
        let verdict = verdict(case, manner);
        assert_eq!(verdict.effect, effect, "{manner:?}");
        match event(verdict, finaliser, MessageId::from_parts([1; 16], 0)) {
            Event::Advised { status: found, .. } => assert_eq!(found, status, "{manner:?}"),
            other => assert!(matches!(other, Event::Reversed { .. }), "{manner:?}"),
        }
    }
}
