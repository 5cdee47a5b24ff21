//! Advices: facts that must be delivered, and what follows from each attempt to do so.

use std::time::Duration;

use crate::outcome::ProviderError;
use crate::vocabulary::vocabulary;

vocabulary! {
    /// Why a request must not stand.
    ReversalReason {
        Timeout = "TIMEOUT", Cancelled = "CANCELLED", ResponseNotFinal = "RESPONSE_NOT_FINAL",
    }
}

/// What an advice states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// The voucher was handed over and the tender taken.
    Confirmation,
    /// The request must not stand.
    Reversal(ReversalReason),
}

/// What came of one attempt to deliver an advice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The provider has it, now or since before.
    Taken,
    /// The provider does not know the request that is to be reversed: there is nothing to undo, unless the
    /// reversal has overtaken its request.
    NotFound,
    /// The provider will never take it, and says why.
    Refused(ProviderError),
    /// Nothing is decided: it is to be sent again.
    Again {
        /// Why, for an operator.
        why: Hindrance,
        /// How long the provider asks to be left alone.
        retry_after: Option<Duration>,
    },
}

vocabulary! {
    /// How an advice ended. None is ever dropped.
    AdviceEnd {
        /// The provider has it.
        Delivered = "delivered",
        /// The provider takes none, so it was never sent.
        Consumed = "consumed",
        /// The provider will never take it.
        Refused = "refused",
    }

    /// What kept an advice from being taken or refused.
    Hindrance {
        NoConnection = "no connection could be made",
        NoAnswer = "there was no answer",
        Credentials = "the provider does not accept our credentials",
        TooMany = "the provider has too much to do",
        Status = "the provider failed",
        NotFound = "the provider does not know the request",
    }
}

/// What follows from an attempt to deliver an advice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Afterwards {
    /// The advice has ended.
    Ended(AdviceEnd),
    /// It is sent again after a pause that grows.
    Again(Hindrance),
    /// It is sent once more, when no request can be under way any longer: it may have overtaken its own.
    OnceMore,
}

/// What follows from an attempt. `not_found` says whether the provider has said before that it does not know
/// the request: the second time it is believed, and a reversal of nothing is as good as delivered.
#[must_use]
pub const fn afterwards(advice: Advice, delivery: &Delivery, not_found: bool) -> Afterwards {
    match (delivery, advice) {
        (Delivery::Taken, _) => Afterwards::Ended(AdviceEnd::Delivered),
        (Delivery::NotFound, Advice::Reversal(_)) if not_found => Afterwards::Ended(AdviceEnd::Delivered),
        (Delivery::NotFound, Advice::Reversal(_)) => Afterwards::OnceMore,
        // What nobody knows cannot be confirmed.
        (Delivery::NotFound, Advice::Confirmation) | (Delivery::Refused(_), _) => Afterwards::Ended(AdviceEnd::Refused),
        (Delivery::Again { why, .. }, _) => Afterwards::Again(*why),
    }
}

/// How the pauses between attempts grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// The pause after the first attempt.
    pub first: Duration,
    /// The longest pause.
    pub most: Duration,
}

impl Default for BackOff {
    /// From one second to five minutes.
    fn default() -> Self {
        Self { first: Duration::from_secs(1), most: Duration::from_secs(300) }
    }
}

impl BackOff {
    /// The pause after so many attempts that came to nothing, the last one included: doubled each time, and
    /// then somewhere in its upper half by `draw` (any evenly spread number), so that what failed together
    /// does not come back together. What the provider asks for counts up to the longest pause.
    #[must_use]
    pub fn pause(&self, attempts: u32, draw: u64, retry_after: Option<Duration>) -> Duration {
        let doublings = attempts.saturating_sub(1).min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.most);
        let half = whole / 2;
        let spread = u64::try_from(half.as_micros()).unwrap_or(u64::MAX).saturating_add(1);
        let drawn = half + Duration::from_micros(draw % spread);
        drawn.max(retry_after.unwrap_or_default().min(self.most))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error_detail::{ErrorType, shortened};

    const BACK_OFF: BackOff = BackOff { first: Duration::from_secs(1), most: Duration::from_secs(300) };

    #[test]
    fn a_pause_doubles_up_to_the_longest_and_keeps_to_its_upper_half() {
        for (attempts, least, most) in [(1, 500, 1_000), (2, 1_000, 2_000), (5, 8_000, 16_000), (40, 150_000, 300_000)]
        {
            for draw in [0, 1, 499_999, 7_777_777_777, u64::MAX] {
                let pause = BACK_OFF.pause(attempts, draw, None).as_millis();
                assert!((least..=most).contains(&pause), "{attempts} attempts, draw {draw}: {pause} ms");
            }
        }
    }

    #[test]
    fn a_provider_that_asks_for_time_gets_it_within_bounds() {
        let asked = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(BACK_OFF.pause(1, 0, asked(30)), Duration::from_secs(30));
        assert_eq!(BACK_OFF.pause(1, 0, asked(3_600)), Duration::from_secs(300), "not longer than the longest pause");
        assert_eq!(BACK_OFF.pause(1, 0, asked(0)), Duration::from_millis(500), "not at once");
    }

    #[test]
    fn every_answer_ends_an_advice_or_sends_it_again() {
        let reversal = Advice::Reversal(ReversalReason::Timeout);
        let refused = Delivery::Refused(ProviderError {
            error_type: ErrorType::GeneralError,
            message: shortened("no"),
            provider_code: None,
            provider_message: None,
        });
        let again = Delivery::Again { why: Hindrance::NoAnswer, retry_after: None };
        use Afterwards::{Again, Ended, OnceMore};
        for (advice, delivery, not_found, expect) in [
            (reversal, Delivery::Taken, false, Ended(AdviceEnd::Delivered)),
            (Advice::Confirmation, Delivery::Taken, false, Ended(AdviceEnd::Delivered)),
            (reversal, Delivery::NotFound, false, OnceMore),
            (reversal, Delivery::NotFound, true, Ended(AdviceEnd::Delivered)),
            (Advice::Confirmation, Delivery::NotFound, true, Ended(AdviceEnd::Refused)),
            (reversal, refused.clone(), true, Ended(AdviceEnd::Refused)),
            (Advice::Confirmation, refused, false, Ended(AdviceEnd::Refused)),
            (reversal, again, true, Again(Hindrance::NoAnswer)),
        ] {
            assert_eq!(afterwards(advice, &delivery, not_found), expect, "{advice:?} {delivery:?} {not_found}");
        }
    }
}
