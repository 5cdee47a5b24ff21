//! By how much a p99 was moved, and how far that may be chance.

use crate::report::Times;

/// How often rounds are drawn.
const DRAWS: usize = 500;
/// By how much a p99 may be moved, in percent.
const MOST: f64 = 10.0;

/// What was measured turn by turn, of whoever is measured and in the same turns of the control.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    pub(crate) measured: Vec<Times>,
    pub(crate) control: Vec<Times>,
}

impl Turns {
    /// How many times the control's p99 the other's is, turn by turn, and of these turns the geometric mean: twice as slow in
    /// one and twice as fast in the next is no difference. All sales of all turns in one would be decided by the few turns in
    /// which the machine stood still.
    fn times_the_control(&self, turns: &[usize]) -> f64 {
        let turn =
            |turn: &usize| Some(self.measured.get(*turn)?.quantile(0.99) / self.control.get(*turn)?.quantile(0.99));
        let logarithms: Vec<_> = turns.iter().filter_map(turn).map(f64::ln).collect();
        (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp()
    }

    fn rounds(&self) -> usize {
        self.measured.len().min(self.control.len())
    }
}

/// All turns together.
pub(crate) fn together(turns: &[Times]) -> Times {
    let mut together = Times::none();
    turns.iter().for_each(|times| together.add_all(times));
    together
}

/// By how much a p99 was moved, in percent, and between which bounds that is no chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Moved {
    pub(crate) found: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Moved {
    /// Against the control, at the same time.
    pub(crate) fn of(turns: &Turns) -> Self {
        Self::drawn(turns.rounds(), |drawn| turns.times_the_control(drawn))
    }

    /// Against what was measured beside something else, each by what its own control did meanwhile.
    pub(crate) fn against(turns: &Turns, than: &Turns) -> Self {
        let rounds = turns.rounds().min(than.rounds());
        Self::drawn(rounds, |drawn| turns.times_the_control(drawn) / than.times_the_control(drawn))
    }

    /// From how many times as long a p99 is in some of the rounds.
    fn drawn(rounds: usize, times: impl Fn(&[usize]) -> f64) -> Self {
        let by = |drawn: &[usize]| (times(drawn) - 1.0) * 100.0;
        let every: Vec<_> = (0..rounds).collect();
        // The same draws each time: whoever reads the same figures finds the same bounds.
        let mut random = fastrand::Rng::with_seed(1);
        let draw = |_| by(&every.iter().map(|_| random.usize(0..rounds)).collect::<Vec<_>>());
        let mut draws: Vec<_> = (0..DRAWS).map(draw).collect();
        draws.sort_by(f64::total_cmp);
        let bound = |place: usize| draws.get(place).copied().unwrap_or(f64::NAN);
        Self { found: by(&every), least: bound(DRAWS / 20), most: bound(DRAWS - 1 - DRAWS / 20) }
    }

    /// What can be said: nothing where the bounds lie on both sides of what is wanted.
    pub(crate) fn verdict(self) -> &'static str {
        if self.most <= MOST {
            "met"
        } else if self.least > MOST {
            "missed"
        } else {
            "not settled"
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Turns of a thousand sales; the slowest fiftieth of each takes so many milliseconds.
    fn times(slowest: &[u64]) -> Vec<Times> {
        let turn = |slowest: &u64| {
            let mut times = Times::none();
            (0..1000).for_each(|sale| times.add(Duration::from_millis(if sale < 20 { *slowest } else { 1 })));
            times
        };
        slowest.iter().map(turn).collect()
    }

    fn turns(measured: &[u64], control: &[u64]) -> Turns {
        Turns { measured: times(measured), control: times(control) }
    }

    fn holds(moved: Moved, found: f64, verdict: &str) {
        assert!((moved.found - found).abs() < 1.0, "{moved:?}");
        assert!(moved.least <= moved.found && moved.found <= moved.most, "{moved:?}");
        assert_eq!(moved.verdict(), verdict, "{moved:?}");
    }

    #[test]
    fn what_is_moved_is_told_with_how_far_that_may_be_chance() {
        let check = |measured: &[u64], control: &[u64], found, verdict| {
            holds(Moved::of(&turns(measured, control)), found, verdict);
        };
        let steady = [100; 8];
        check(&steady, &steady, 0.0, "met");
        check(&[105; 8], &steady, 5.0, "met");
        check(&[120; 8], &steady, 20.0, "missed");
        // A few noisy rounds decide it, or do not.
        check(&[100, 100, 100, 100, 100, 200, 200, 200], &steady, 29.7, "not settled");
        check(&[50, 200, 50, 200, 50, 200, 50, 200], &steady, 0.0, "not settled");
        // What was noisy in the same rounds of both was the machine.
        check(&[100, 900, 100, 300, 100, 900, 300, 300], &[100, 900, 100, 300, 100, 900, 300, 300], 0.0, "met");
    }

    #[test]
    fn what_the_control_did_meanwhile_is_not_put_down_to_anything() {
        let check = |measured: u64, control: u64, than: u64, than_control: u64, found, verdict| {
            let (these, those) = (turns(&[measured; 8], &[control; 8]), turns(&[than; 8], &[than_control; 8]));
            holds(Moved::against(&these, &those), found, verdict);
        };
        check(100, 100, 100, 100, 0.0, "met");
        // The machine was twice as slow in these turns.
        check(200, 200, 100, 100, 0.0, "met");
        // One half of the cores is always a fifth slower.
        check(120, 100, 120, 100, 0.0, "met");
        check(240, 200, 100, 100, 20.0, "missed");
    }
}
