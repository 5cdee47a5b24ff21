//! Why there are no figures.

use std::fmt;
use std::io;

/// Why a measurement was given up. Slowness is never among the reasons.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The machine did not do what was asked of it: a file, a socket, a process.
    Machine {
        /// What was to be done.
        what: String,
        /// Why it was not.
        error: io::Error,
    },
    /// A process ended, or did not say in time what it was to say.
    Silent {
        /// Which.
        process: String,
        /// What was waited for.
        awaited: &'static str,
    },
    /// A process said or answered what it should not.
    Nonsense {
        /// Which.
        process: String,
        /// What is wrong.
        wrong: String,
    },
    /// The store could not be opened, read or written.
    Store(String),
    /// Something that was answered is not on disk as it was answered: the promise that everything else rests on.
    Broken {
        /// Whose record it should be in.
        subject: &'static str,
        /// How many such answers there are.
        count: usize,
        /// The first of them, in words.
        first: String,
    },
}

impl Fault {
    /// A fault of the machine, while `what` was to be done.
    pub(crate) fn machine(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        |error| Self::Machine { what, error }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Machine { what, error } => write!(f, "cannot {what}: {error}"),
            Self::Silent { process, awaited } => write!(f, "{process} ended or kept silent instead of {awaited}"),
            Self::Nonsense { process, wrong } => write!(f, "{process}: {wrong}"),
            Self::Store(error) => write!(f, "the store: {error}"),
            Self::Broken { subject, count, first } => {
                write!(f, "DURABILITY BROKEN: {count} answers of the {subject} are not on disk as told; {first}")
            }
        }
    }
}

impl std::error::Error for Fault {}
