//! Faults by chance: how often the simulated provider fails without being asked to.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::simulator::draw::Draw;
use crate::simulator::magic::{Answer, Behaviour, Denial, Manner, Receipt, Refusal, Silence};

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

/// How often requests for ordinary products, those that are not magic, and for their vouchers fail, and advices about
/// them, and how long they take.
///
/// What befalls a message depends on the seed, the request's id and how often it came: a run can be repeated,
/// and whoever repeats an advice gets through in the end.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// How often there is no answer: the connection is cut or kept open, before or after doing what was asked,
    /// all four equally often.
    pub drop: Rate,
    /// How often the answer is an error: 503 before or 500 after doing what was asked, equally often.
    pub error: Rate,
    /// How often the answer comes only after [`late_by`](Self::late_by), though all is done at once.
    pub late: Rate,
    /// How late such an answer is.
    pub late_by: Duration,
    /// The longest time that any other answer takes; each takes its own part of it.
    pub delay: Duration,
}

/// What goes wrong with one message.
enum Mishap {
    Silence(Silence, Done),
    Error(Done),
    Late(Duration),
    None,
}

/// Whether it goes wrong before or after what was asked is done.
enum Done {
    Nothing,
    All,
}

impl Faults {
    /// What happens to an ordinary request.
    pub(super) fn behaviour(&self, draw: &Draw<'_>) -> Behaviour {
        match self.mishap(draw, "") {
            Mishap::Silence(silence, Done::Nothing) => Behaviour::Drops(silence),
            Mishap::Silence(silence, Done::All) => Behaviour::Does(Answer::Silent(silence)),
            Mishap::Error(Done::Nothing) => Behaviour::Refuses(Refusal::Busy),
            Mishap::Error(Done::All) => Behaviour::Does(Answer::InternalError),
            Mishap::Late(delay) => Behaviour::Does(Answer::Late(delay)),
            Mishap::None => Behaviour::Does(Answer::Usable),
        }
    }

    /// What happens to an advice about an ordinary request; `which` is its kind and how many came before.
    pub(super) fn manner(&self, draw: &Draw<'_>, which: &str) -> Manner {
        match self.mishap(draw, which) {
            Mishap::Silence(silence, Done::Nothing) => Manner::TurnsDown(Denial::Silent(silence)),
            Mishap::Silence(silence, Done::All) => Manner::Takes(Receipt::Silent(silence)),
            Mishap::Error(Done::Nothing) => Manner::TurnsDown(Denial::Busy),
            Mishap::Error(Done::All) => Manner::Takes(Receipt::InternalError),
            Mishap::Late(delay) => Manner::Takes(Receipt::Late(delay)),
            Mishap::None => Manner::Takes(Receipt::Usual),
        }
    }

    fn mishap(&self, draw: &Draw<'_>, which: &str) -> Mishap {
        let purpose = |name: &str| format!("{name}{which}");
        let chance = draw.fraction(&purpose("fault"));
        // The same number says what goes wrong and how: within its rate, a fault is spread evenly.
        if chance < self.drop.0 {
            return match chance / self.drop.0 {
                ..0.25 => Mishap::Silence(Silence::Cut, Done::Nothing),
                ..0.5 => Mishap::Silence(Silence::Open, Done::Nothing),
                ..0.75 => Mishap::Silence(Silence::Cut, Done::All),
                _ => Mishap::Silence(Silence::Open, Done::All),
            };
        }
        let chance = chance - self.drop.0;
        if chance < self.error.0 {
            return Mishap::Error(if chance / self.error.0 < 0.5 { Done::Nothing } else { Done::All });
        }
        if chance - self.error.0 < self.late.0 {
            return Mishap::Late(self.late_by);
        }
        if self.delay.is_zero() {
            return Mishap::None;
        }
        Mishap::Late(self.delay.mul_f64(draw.fraction(&purpose("delay"))))
    }
}

#[cfg(test)]
mod tests {
    use vouchsafe_core::id::MessageId;
    use vouchsafe_core::transaction::Kind;

    use super::*;

    fn behaviours(faults: Faults, seed: u64) -> Vec<Behaviour> {
        let ids = (0..1000_u128).map(|number| MessageId::from_parts(number.to_be_bytes(), 0));
        ids.map(|id| faults.behaviour(&Draw { seed, institution: "S", client: "us", kind: Kind::Provision, id }))
            .collect()
    }

    #[test]
    fn without_faults_everything_is_done() {
        assert!(behaviours(Faults::default(), 7).iter().all(|b| *b == Behaviour::Does(Answer::Usable)));
    }

    #[test]
    fn a_fault_comes_about_as_often_as_its_rate_says_and_the_same_for_a_seed() {
        let late_by = Duration::from_secs(5);
        let faults = Faults { drop: Rate(0.2), error: Rate(0.2), late: Rate(0.1), late_by, delay: Duration::ZERO };
        let found = behaviours(faults, 7);
        assert_eq!(found, behaviours(faults, 7));
        assert_ne!(found, behaviours(faults, 8));
        for fault in [
            Behaviour::Drops(Silence::Cut),
            Behaviour::Drops(Silence::Open),
            Behaviour::Does(Answer::Silent(Silence::Cut)),
            Behaviour::Does(Answer::Silent(Silence::Open)),
        ] {
            let count = found.iter().filter(|b| **b == fault).count();
            assert!((25..=75).contains(&count), "{fault:?} {count}");
        }
        for fault in [
            Behaviour::Refuses(Refusal::Busy),
            Behaviour::Does(Answer::InternalError),
            Behaviour::Does(Answer::Late(late_by)),
        ] {
            let count = found.iter().filter(|b| **b == fault).count();
            assert!((70..=130).contains(&count), "{fault:?} {count}");
        }
    }

    #[test]
    fn an_advice_meets_the_same_faults_and_gets_through_when_it_is_repeated() {
        let faults = Faults { drop: Rate(0.3), error: Rate(0.1), ..Faults::default() };
        let mut attempts = 0;
        for number in 0..200_u128 {
            let id = MessageId::from_parts(number.to_be_bytes(), 0);
            let draw = Draw { seed: 7, institution: "S", client: "us", kind: Kind::Provision, id };
            let mut manners = (0..100).map(|before| faults.manner(&draw, &format!("reversal {before}")));
            attempts += 1 + manners.position(|manner| manner == Manner::Takes(Receipt::Usual)).unwrap();
        }
        // 40 of 100 fail: it takes 1.67 attempts on average.
        assert!((280..=390).contains(&attempts), "{attempts}");
    }

    #[test]
    fn a_delay_is_never_longer_than_the_longest() {
        let most = Duration::from_millis(40);
        for behaviour in behaviours(Faults { delay: most, ..Faults::default() }, 7) {
            assert!(matches!(behaviour, Behaviour::Does(Answer::Late(delay)) if delay <= most), "{behaviour:?}");
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
