//! The targets: what is wanted, what was found, and whether that is enough.

use serde::Serialize;

use crate::figures::{Run, by_round, median, ratios};
use crate::subject::Kind;
use crate::table::{Table, digits};

/// What is wanted of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) enum Wanted {
    AtLeast(f64),
    AtMost(f64),
}

/// A target, and what was found in each round.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) wanted: Wanted,
    pub(crate) unit: &'static str,
    pub(crate) found: Vec<f64>,
}

impl Wanted {
    fn is_met_by(self, found: f64) -> bool {
        match self {
            Self::AtLeast(least) => found >= least,
            Self::AtMost(most) => found <= most,
        }
    }
}

impl Target {
    pub(crate) fn new(name: impl Into<String>, wanted: Wanted, unit: &'static str, found: Vec<f64>) -> Self {
        Self { name: name.into(), wanted, unit, found }
    }

    /// The cells of its row: the target holds where it did in every round.
    fn cells(&self) -> Vec<String> {
        let met = self.found.iter().filter(|found| self.wanted.is_met_by(**found)).count();
        let (sign, bound) = match self.wanted {
            Wanted::AtLeast(bound) => ('≥', bound),
            Wanted::AtMost(bound) => ('≤', bound),
        };
        let unit = self.unit;
        let verdict = if met == self.found.len() && met > 0 { "met" } else { "missed" };
        vec![
            self.name.clone(),
            format!("{sign} {}{unit}", digits(bound)),
            format!("{}{unit}", digits(median(self.found.clone()))),
            format!("{met} of {}", self.found.len()),
            verdict.to_owned(),
        ]
    }
}

/// The targets of the headline for which there are runs.
pub(crate) fn headline(runs: &[Run]) -> Vec<Target> {
    use Wanted::{AtLeast, AtMost};
    let percent = |ratios: Vec<f64>| ratios.into_iter().map(|ratio| ratio * 100.0).collect();
    let (busy, one) = (64, 1);
    let mut targets = vec![
        Target::new(
            "provisions a second, 64 connections, of the bare append's (moonshot 75 %)",
            AtLeast(60.0),
            " %",
            percent(ratios(runs, busy, |figures| figures.per_second)),
        ),
        Target::new(
            "CPU of the switch for a provision, 64 connections, of the bare append's",
            AtMost(2.0),
            " times",
            ratios(runs, busy, |figures| figures.cpu_micros),
        ),
        Target::new(
            "p99, 64 connections, of the bare append's",
            AtMost(3.0),
            " times",
            ratios(runs, busy, |figures| figures.p99),
        ),
        Target::new(
            "the longest, 64 connections",
            AtMost(100.0),
            " ms",
            by_round(runs, Kind::Switch, busy, |figures| figures.max),
        ),
        Target::new(
            "p50, one connection, of the bare append's",
            AtMost(1.5),
            " times",
            ratios(runs, one, |figures| figures.p50),
        ),
    ];
    targets.retain(|target| !target.found.is_empty());
    targets
}

/// The targets as a table.
pub(crate) fn table(targets: &[Target]) -> Table {
    let mut table = Table::new(&["target", "wanted", "found", "rounds", "verdict"]);
    targets.iter().for_each(|target| table.row(target.cells()));
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_where_it_was_in_every_round() {
        let check = |wanted, found: &[f64], expect: [&str; 2]| {
            assert_eq!(Target::new("x", wanted, "", found.to_vec()).cells()[3..], expect);
        };
        check(Wanted::AtLeast(60.0), &[60.0, 61.0], ["2 of 2", "met"]);
        check(Wanted::AtLeast(60.0), &[59.9, 61.0], ["1 of 2", "missed"]);
        check(Wanted::AtMost(2.0), &[2.0], ["1 of 1", "met"]);
        check(Wanted::AtMost(2.0), &[], ["0 of 0", "missed"]);
    }
}
