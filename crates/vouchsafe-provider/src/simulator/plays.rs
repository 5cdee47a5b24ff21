//! The plays of a simulated provider: what it cannot do, or does in its own way.

use std::fmt;
use std::str::FromStr;

use crate::simulator::magic::{ACKNOWLEDGES_TWICE, REVERSES_SLOWLY, REVERSES_WHEN_ASKED_TWICE, Whim};

/// One way in which a simulated provider differs from one that does everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Play {
    /// It takes no advices: each is answered 501 and written down as a breach.
    NoAdvices,
    /// It takes no request twice: each repeat is written down as a breach.
    NoRetries,
    /// It takes its time to acknowledge the first reversal of each sale.
    SlowToReverse,
    /// It does not find what it sold when a reversal comes for the first time.
    NotFoundOnce,
    /// It breaks off its first acknowledgement of each reversal, and acknowledges the repeat again.
    AcknowledgesTwice,
}

/// No such play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAPlay;

impl fmt::Display for NotAPlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a simulated provider plays one of: ")?;
        for (place, play) in Play::ALL.iter().enumerate() {
            write!(f, "{}{}", if place == 0 { "" } else { ", " }, play.name())?;
        }
        Ok(())
    }
}

impl std::error::Error for NotAPlay {}

impl Play {
    /// Every play.
    pub const ALL: &'static [Self] =
        &[Self::NoAdvices, Self::NoRetries, Self::SlowToReverse, Self::NotFoundOnce, Self::AcknowledgesTwice];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoAdvices => "no-advices",
            Self::NoRetries => "no-retries",
            Self::SlowToReverse => "slow-to-reverse",
            Self::NotFoundOnce => "not-found-once",
            Self::AcknowledgesTwice => "acknowledges-twice",
        }
    }

    /// What it makes of advices about ordinary products.
    pub(super) const fn whim(self) -> Option<Whim> {
        match self {
            Self::NoAdvices | Self::NoRetries => None,
            Self::SlowToReverse => Some(REVERSES_SLOWLY),
            Self::NotFoundOnce => Some(REVERSES_WHEN_ASKED_TWICE),
            Self::AcknowledgesTwice => Some(ACKNOWLEDGES_TWICE),
        }
    }
}

impl FromStr for Play {
    type Err = NotAPlay;

    fn from_str(name: &str) -> Result<Self, NotAPlay> {
        Self::ALL.iter().copied().find(|play| play.name() == name).ok_or(NotAPlay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_play_is_found_by_its_name() {
        for play in Play::ALL {
            assert_eq!(play.name().parse(), Ok(*play));
        }
        assert_eq!("everything".parse::<Play>(), Err(NotAPlay));
        assert!(NotAPlay.to_string().ends_with("not-found-once, acknowledges-twice"));
    }
}
