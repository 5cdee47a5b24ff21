//! Faults by chance: how often the simulated provider fails without being asked to.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::simulator::draw::Draw;
use crate::simulator::magic::{Answer, Behaviour, Refusal, Silence};

/// A probability, from 0 (never) to 1 (always).
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Rate(f64);

/// A probability is a number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotARate;

impl fmt::Display for NotARate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a rate is a number from 0 to 1")
    }
}

impl std::error::Error for NotARate {}

impl Rate {
    /// A probability.
    ///
    /// # Errors
    /// [`NotARate`] outside 0 to 1.
    pub fn new(rate: f64) -> Result<Self, NotARate> {
        if (0.0..=1.0).contains(&rate) { Ok(Self(rate)) } else { Err(NotARate) }
    }
}

impl FromStr for Rate {
    type Err = NotARate;

    fn from_str(text: &str) -> Result<Self, NotARate> {
        text.parse().map_err(|_| NotARate).and_then(Self::new)
    }
}

/// How often ordinary products, those that are not magic, fail, and how long they take.
///
/// What befalls a request depends on the seed and the request's id alone, so that a run can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// How often there is no answer: the connection is cut or kept open, before or after selling, all four
    /// equally often.
    pub drop: Rate,
    /// How often the answer is an error: 503 before or 500 after selling, equally often.
    pub error: Rate,
    /// The longest time that an answer takes; each takes its own part of it.
    pub delay: Duration,
}

impl Faults {
    /// What happens to an ordinary request.
    pub(super) fn behaviour(&self, draw: &Draw<'_>) -> Behaviour {
        let chance = draw.fraction("fault");
        // The same number says what goes wrong and how: within its rate, a fault is spread evenly.
        if chance < self.drop.0 {
            return match chance / self.drop.0 {
                ..0.25 => Behaviour::Drops(Silence::Cut),
                ..0.5 => Behaviour::Drops(Silence::Open),
                ..0.75 => Behaviour::Sells(Answer::Silent(Silence::Cut)),
                _ => Behaviour::Sells(Answer::Silent(Silence::Open)),
            };
        }
        if chance < self.drop.0 + self.error.0 {
            return match (chance - self.drop.0) / self.error.0 {
                ..0.5 => Behaviour::Refuses(Refusal::Busy),
                _ => Behaviour::Sells(Answer::InternalError),
            };
        }
        if self.delay.is_zero() {
            return Behaviour::Sells(Answer::Usable);
        }
        Behaviour::Sells(Answer::Late(self.delay.mul_f64(draw.fraction("delay"))))
    }
}

#[cfg(test)]
mod tests {
    use vouchsafe_core::id::MessageId;

    use super::*;

    fn behaviours(faults: Faults, seed: u64) -> Vec<Behaviour> {
        let ids = (0..1000_u128).map(|number| MessageId::from_parts(number.to_be_bytes(), 0));
        ids.map(|id| faults.behaviour(&Draw { seed, institution: "S", client: "us", id })).collect()
    }

    #[test]
    fn without_faults_everything_is_sold() {
        assert!(behaviours(Faults::default(), 7).iter().all(|b| *b == Behaviour::Sells(Answer::Usable)));
    }

    #[test]
    fn a_fault_comes_about_as_often_as_its_rate_says_and_the_same_for_a_seed() {
        let faults = Faults { drop: Rate(0.2), error: Rate(0.2), delay: Duration::ZERO };
        let found = behaviours(faults, 7);
        assert_eq!(found, behaviours(faults, 7));
        assert_ne!(found, behaviours(faults, 8));
        for fault in [
            Behaviour::Drops(Silence::Cut),
            Behaviour::Drops(Silence::Open),
            Behaviour::Sells(Answer::Silent(Silence::Cut)),
            Behaviour::Sells(Answer::Silent(Silence::Open)),
        ] {
            let count = found.iter().filter(|b| **b == fault).count();
            assert!((25..=75).contains(&count), "{fault:?} {count}");
        }
        for fault in [Behaviour::Refuses(Refusal::Busy), Behaviour::Sells(Answer::InternalError)] {
            let count = found.iter().filter(|b| **b == fault).count();
            assert!((70..=130).contains(&count), "{fault:?} {count}");
        }
    }

    #[test]
    fn a_delay_is_never_longer_than_the_longest() {
        let most = Duration::from_millis(40);
        for behaviour in behaviours(Faults { delay: most, ..Faults::default() }, 7) {
            assert!(matches!(behaviour, Behaviour::Sells(Answer::Late(delay)) if delay <= most), "{behaviour:?}");
        }
    }

    #[test]
    fn a_rate_is_a_number_from_0_to_1() {
        for (text, expect) in [("0", true), ("0.1", true), ("1", true), ("1.1", false), ("-0.1", false), ("NaN", false)]
        {
            assert_eq!(text.parse::<Rate>().is_ok(), expect, "{text}");
        }
    }
}
