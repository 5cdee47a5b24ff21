//! Whether a provider that keeps failing is asked for more sales.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::outcome::{Doubt, NotSent, Outcome, Unusable};

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitRules {
    /// After so many failures in a row.
    pub failures: NonZeroU32,
    /// How long nothing is asked then, and between the trials after that.
    pub pause: Duration,
}

/// How many failures in a row are no accident any more.
const DEFAULT_FAILURES: NonZeroU32 = match NonZeroU32::new(10) {
    Some(many) => many,
    None => NonZeroU32::MIN,
};

impl Default for CircuitRules {
    fn default() -> Self {
        Self { failures: DEFAULT_FAILURES, pause: Duration::from_secs(5) }
    }
}

/// How a sale may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admitted {
    /// As one of many: the circuit is closed.
    Freely,
    /// As the one in this pause, of a circuit that is open.
    OnTrial,
}

/// The circuit of a provider's sales: open, it spares the channels a wait that ends in nothing, and the provider
/// a crowd at its recovery. Advices do not ask it: they must be delivered whatever it takes.
#[derive(Debug, Clone)]
pub struct Circuit {
    rules: CircuitRules,
    failures: u32,
    /// Set while the circuit is open: when the next trial may be made.
    trial_at: Option<Duration>,
}

impl Circuit {
    /// A closed circuit.
    #[must_use]
    pub const fn new(rules: CircuitRules) -> Self {
        Self { rules, failures: 0, trial_at: None }
    }

    /// Whether a sale may be asked for at `now`, a monotonic time since any fixed instant. While the circuit
    /// is open, one may in each pause: a trial, whether or not anything is ever heard of it.
    pub fn admit(&mut self, now: Duration) -> Option<Admitted> {
        match self.trial_at {
            None => Some(Admitted::Freely),
            Some(at) if now < at => None,
            Some(_) => {
                self.trial_at = Some(now + self.rules.pause);
                Some(Admitted::OnTrial)
            }
        }
    }

    /// What was admitted on trial was not asked after all: a trial may be made at once.
    pub const fn untried(&mut self) {
        if self.trial_at.is_some() {
            self.trial_at = Some(Duration::ZERO);
        }
    }

    /// The provider answered, whatever it said: the circuit is closed.
    pub const fn heard(&mut self) {
        self.failures = 0;
        self.trial_at = None;
    }

    /// The provider could not be reached, did not answer or failed.
    pub fn failed(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= self.rules.failures.get() {
            self.trial_at = Some(now + self.rules.pause);
        }
    }

    /// Whether it is open.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.trial_at.is_some()
    }
}

/// How a provider is, as far as one request tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It answered, whatever it said.
    Well,
    /// It could not be reached, did not answer or failed.
    Ill,
    /// Nothing is known: what went wrong was not its doing.
    Unsaid,
}

/// How long a provider was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// How long it may take by its sheet.
    pub timeout: Duration,
    /// How long it was given: less, where the channel had less time left.
    pub given: Duration,
    /// How long it took until it was heard or given up.
    pub taken: Duration,
}

/// A provider that was given this part of its time, one in so many, and said nothing is not well. Less is too little to
/// tell, and all of it is too much to ask: where every channel waits a little less than that, no circuit would open.
const FAIR_PART: u32 = 3;

impl Wait {
    /// Whether it ended because the channel could wait no longer, and so early that silence says nothing.
    fn is_cut_short(self) -> bool {
        self.taken >= self.given && self.given.saturating_mul(FAIR_PART) < self.timeout
    }
}

impl Health {
    /// What an answer, or its absence after such a wait, says of a provider. All channels share its circuit, so one that
    /// is impatient must not speak for them; nor does it tell of the provider what this machine could not do.
    #[must_use]
    pub fn told_by(answer: &Result<Outcome, NotSent>, wait: Wait) -> Self {
        match answer {
            Err(NotSent::NoDescriptor) => Self::Unsaid,
            Err(NotSent::NoTime) | Ok(Outcome::Unknown(Doubt::NoAnswer)) if wait.is_cut_short() => Self::Unsaid,
            Err(NotSent::NoTime | NotSent::NoConnection) | Ok(Outcome::Unknown(Doubt::NoAnswer)) => Self::Ill,
            Ok(Outcome::Unknown(Doubt::Unusable { reason: Unusable::Status, .. })) => Self::Ill,
            Ok(
                Outcome::Approved(_) | Outcome::Declined(_) | Outcome::Unknown(Doubt::Unusable { .. } | Doubt::Lost),
            ) => Self::Well,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Decline;

    const fn second(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    fn broken_at(now: Duration) -> Circuit {
        let rules = CircuitRules { failures: NonZeroU32::new(3).unwrap(), pause: second(5) };
        let mut circuit = Circuit::new(rules);
        for _ in 0..3 {
            assert_eq!(circuit.admit(now), Some(Admitted::Freely));
            circuit.failed(now);
        }
        circuit
    }

    #[test]
    fn failures_in_a_row_open_it_and_nothing_else_does() {
        let mut circuit = Circuit::new(CircuitRules { failures: NonZeroU32::new(3).unwrap(), pause: second(5) });
        for _ in 0..9 {
            circuit.failed(second(1));
            circuit.failed(second(1));
            circuit.heard();
        }
        assert!(circuit.admit(second(1)).is_some() && !circuit.is_open());
        assert!(broken_at(second(1)).is_open());
    }

    #[test]
    fn an_open_circuit_lets_one_trial_through_in_each_pause() {
        let mut circuit = broken_at(second(10));
        assert!(circuit.admit(second(14)).is_none());
        assert_eq!(circuit.admit(second(15)), Some(Admitted::OnTrial));
        assert!(circuit.admit(second(15)).is_none(), "and only one");
        assert!(circuit.admit(second(20)).is_some(), "a trial that was never heard of does not block the next");
    }

    #[test]
    fn a_trial_that_was_not_made_is_not_lost() {
        let mut circuit = broken_at(second(10));
        assert!(circuit.admit(second(15)).is_some());
        circuit.untried();
        assert!(circuit.admit(second(15)).is_some() && circuit.admit(second(15)).is_none() && circuit.is_open());
        let mut closed = Circuit::new(CircuitRules::default());
        closed.untried();
        assert!(!closed.is_open());
    }

    #[test]
    fn a_trial_that_is_answered_closes_it_and_one_that_fails_does_not() {
        let mut circuit = broken_at(second(10));
        assert!(circuit.admit(second(15)).is_some());
        circuit.failed(second(16));
        assert!(circuit.admit(second(20)).is_none());
        assert!(circuit.admit(second(21)).is_some());
        circuit.heard();
        assert!(circuit.admit(second(21)).is_some() && circuit.admit(second(21)).is_some() && !circuit.is_open());
    }

    #[test]
    fn silence_is_illness_only_after_a_fair_part_of_the_providers_time() {
        const NO_ANSWER: Result<Outcome, NotSent> = Ok(Outcome::Unknown(Doubt::NoAnswer));
        let check = |answer: Result<Outcome, NotSent>, (timeout, given, taken), expect| {
            let wait = Wait { timeout: second(timeout), given: second(given), taken: second(taken) };
            assert_eq!(Health::told_by(&answer, wait), expect, "{answer:?} {wait:?}");
        };
        for silence in [NO_ANSWER, Err(NotSent::NoTime)] {
            check(silence.clone(), (45, 45, 45), Health::Ill);
            check(silence.clone(), (45, 15, 15), Health::Ill);
            check(silence.clone(), (45, 14, 14), Health::Unsaid);
            check(silence.clone(), (45, 14, 15), Health::Unsaid);
            check(silence.clone(), (45, 0, 0), Health::Unsaid);
            // A connection that broke off was not ended by us.
            check(silence, (45, 14, 13), Health::Ill);
        }
    }

    #[test]
    fn whatever_else_comes_of_a_request_tells_the_same_however_short_the_wait() {
        let unusable = |reason| Ok(Outcome::Unknown(Doubt::Unusable { reason, error: None }));
        for (answer, expect) in [
            (Ok(Outcome::Declined(Decline::OurCredentials)), Health::Well),
            (Ok(Outcome::Unknown(Doubt::Lost)), Health::Well),
            (unusable(Unusable::NotJson), Health::Well),
            (unusable(Unusable::Status), Health::Ill),
            (Err(NotSent::NoConnection), Health::Ill),
            (Err(NotSent::NoDescriptor), Health::Unsaid),
        ] {
            for given in [second(1), second(45)] {
                let wait = Wait { timeout: second(45), given, taken: given };
                assert_eq!(Health::told_by(&answer, wait), expect, "{answer:?}");
            }
        }
    }
}
