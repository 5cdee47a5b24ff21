//! What a load generator reports.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::fault::Fault;

/// The longest time that is told apart, in microseconds: two minutes. What takes longer counts as that.
const LONGEST: u64 = 120_000_000;
/// How many digits of a time are kept.
const DIGITS: u8 = 3;

/// What a load generator tells on its standard output, in this order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    /// The time that counts has begun.
    Begun,
    /// The time that counts is over.
    Measured,
    /// Whatever was asked in that time is answered, or is not waited for any more.
    Settled,
    /// All there is to say.
    Report(Box<Report>),
}

/// What came of the requests of the time that counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Report {
    /// How many seconds counted.
    pub(crate) seconds: f64,
    /// How many answers had each status.
    pub(crate) statuses: BTreeMap<u16, u64>,
    /// How many requests got no answer.
    pub(crate) broken: u64,
    /// How many requests were due and never sent, because every connection was busy.
    pub(crate) unsent: u64,
    /// How long it took to be given what was asked for, in microseconds.
    pub(crate) given: Times,
    /// How long all other answers took.
    pub(crate) refused: Times,
    /// What was given in each part of the time.
    pub(crate) slices: Vec<Slice>,
}

impl Report {
    /// Whether whatever was asked for was given: what was refused or lost was not slow, and must not be overlooked.
    pub(crate) fn all_given(&self) -> Result<(), Fault> {
        let answers: u64 = self.statuses.values().sum();
        if self.broken == 0 && answers == self.given.count() {
            return Ok(());
        }
        let wrong = format!("it did not give all that was asked for: {:?}, {} broken", self.statuses, self.broken);
        Err(Fault::Nonsense { process: "the subject".to_owned(), wrong })
    }
}

/// What was given in a part of the time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Slice {
    /// When it began, in seconds.
    pub(crate) at: f64,
    /// How many.
    pub(crate) count: u64,
    /// How long they took, in milliseconds.
    pub(crate) p50: f64,
    /// The same, of the slowest in a hundred.
    pub(crate) p99: f64,
    /// The same, of the slowest.
    pub(crate) max: f64,
}

/// How long things took.
#[derive(Debug, Clone)]
pub(crate) struct Times(Histogram<u64>);

impl Times {
    /// None so far.
    pub(crate) fn none() -> Self {
        let histogram = Histogram::new_with_max(LONGEST, DIGITS);
        // The only errors are of bounds and digits, and these are constants.
        Self(histogram.unwrap_or_else(|_| unreachable!("the bounds are good")))
    }

    /// One more.
    pub(crate) fn add(&mut self, time: std::time::Duration) {
        self.0.saturating_record(u64::try_from(time.as_micros()).unwrap_or(LONGEST).max(1));
    }

    /// All of another's, too.
    pub(crate) fn add_all(&mut self, other: &Self) {
        // Both have the same bounds.
        let _ = self.0.add(&other.0);
    }

    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.len()
    }

    /// The time that this share of them did not exceed, in milliseconds.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        millis(self.0.value_at_quantile(share))
    }

    /// The longest, in milliseconds.
    pub(crate) fn max(&self) -> f64 {
        millis(self.0.max())
    }
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}

/// As pairs of a time and how many took it: whole histograms travel between processes without a form of their own.
impl Serialize for Times {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter_recorded().map(|step| (step.value_iterated_to(), step.count_at_value())))
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut times = Self::none();
        for (time, count) in Vec::<(u64, u64)>::deserialize(deserializer)? {
            times.0.saturating_record_n(time, count);
        }
        Ok(times)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn times_travel_without_loss() {
        let mut times = Times::none();
        for micros in [1, 999, 1_000, 123_456, 7_000_000, 999_000_000] {
            times.add(Duration::from_micros(micros));
        }
        let arrived: Times = serde_json::from_str(&serde_json::to_string(&times).unwrap()).unwrap();
        assert_eq!(arrived.0, times.0);
        let mut both = times.clone();
        both.add_all(&arrived);
        assert_eq!((both.count(), both.quantile(0.5)), (12, times.quantile(0.5)));
    }
}
