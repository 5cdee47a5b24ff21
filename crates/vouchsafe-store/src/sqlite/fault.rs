//! What can go wrong with the file and with what is in it.

use std::fmt;
use std::io;

use rusqlite::ErrorCode;

use crate::Cause;
use crate::record::Damaged;

/// Why a store could not be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OpenError {
    /// Another switch has it open.
    InUse,
    /// The file is something else.
    NotAStore,
    /// A newer version of the switch has written it.
    Newer {
        /// The version of its schema.
        found: i64,
        /// The newest one that this switch knows.
        known: i64,
    },
    /// An older version of the switch has written it, and it was opened beside a switch, or for reading only.
    Older {
        /// The version of its schema.
        found: i64,
        /// The one that this switch needs.
        known: i64,
    },
    /// It was sealed with another key.
    OtherKey,
    /// The operating system refused, in its own words.
    File(String),
    /// The engine refused, in its own words.
    Engine(String),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse => f.write_str("another switch has this store open"),
            Self::NotAStore => f.write_str("this file is not a Vouchsafe store"),
            Self::Newer { found, known } => {
                write!(f, "a newer version has written this store: its schema is {found}, the newest known is {known}")
            }
            Self::Older { found, known } => {
                write!(
                    f,
                    "this store must be opened by `serve` first: its schema is {found}, the one needed is {known}"
                )
            }
            Self::OtherKey => f.write_str("this store was sealed with another key"),
            Self::File(words) => write!(f, "the store's file cannot be used: {words}"),
            Self::Engine(words) => write!(f, "the engine refused to open the store: {words}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAStore,
            _ => Self::Engine(error.to_string()),
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::File(error.to_string())
    }
}

/// Why a command or a reading failed.
#[derive(Debug)]
pub(super) enum Fault {
    Engine(rusqlite::Error),
    Damaged(Damaged),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Damaged> for Fault {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged)
    }
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Engine(error) => Self::Engine(error.to_string()),
            Fault::Damaged(damaged) => damaged.into(),
        }
    }
}
