//! Figures of several rounds: their medians, and the ratios within each round.

use serde::Serialize;

use crate::measure::Figures;
use crate::subject::Kind;

/// A run of the headline.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Run {
    pub(crate) subject: Kind,
    pub(crate) connections: u32,
    pub(crate) round: u32,
    pub(crate) figures: Figures,
}

/// One of the figures.
pub(crate) type Figure = fn(&Figures) -> f64;

/// The middle one of some values; of two middle ones, what lies between them.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len() % 2) {
        (None, _) => f64::NAN,
        (Some(value), 1) => *value,
        (Some(value), _) => f64::midpoint(*value, values[middle - 1]),
    }
}

/// A figure of a subject at so many connections, round by round.
pub(crate) fn by_round(runs: &[Run], subject: Kind, connections: u32, figure: Figure) -> Vec<f64> {
    let runs = runs.iter().filter(|run| run.subject == subject && run.connections == connections);
    runs.map(|run| figure(&run.figures)).collect()
}

/// How many times the yardstick's figure the switch's was, round by round: only within a round were both on the same
/// machine on the same day.
pub(crate) fn ratios(runs: &[Run], connections: u32, figure: Figure) -> Vec<f64> {
    let switch = by_round(runs, Kind::Switch, connections, figure);
    let yardstick = by_round(runs, Kind::Yardstick, connections, figure);
    switch.iter().zip(yardstick).map(|(switch, yardstick)| switch / yardstick).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (values, expect) in [(vec![3.0], 3.0), (vec![9.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0, 2.0, 9.0], 3.0)] {
            assert!((median(values) - expect).abs() < 1e-9);
        }
        assert!(median(Vec::new()).is_nan());
    }
}
