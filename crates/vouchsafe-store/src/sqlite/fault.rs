//! What can go wrong with the file and with what is in it.

use std::fmt;
use std::io;

use rusqlite::ErrorCode;

use crate::act::ActNumber;
use crate::record::Damaged;
use crate::{Cause, TransactionNumber};

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
    /// It is sealed already with the key that was to replace its own.
    SameKey,
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
            Self::SameKey => f.write_str("this store is sealed with that key already: name a new one"),
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

/// A record that is not as it was written, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) number: TransactionNumber,
    /// The event that led to this version; 0 is the request. Nothing where it is the row itself.
    pub(super) version: Option<u32>,
    pub(super) what: Damaged,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            None => write!(f, "transaction {}: {}", self.number, self.what),
            Some(0) => write!(f, "the request of transaction {}: {}", self.number, self.what),
            Some(version) => write!(f, "event {version} of transaction {}: {}", self.number, self.what),
        }
    }
}

/// Why a command or a reading failed.
#[derive(Debug)]
pub(super) enum Fault {
    Engine(rusqlite::Error),
    Damaged(Damaged),
    Broken(Broken),
    /// An act is not as it was written.
    BrokenAct {
        number: ActNumber,
        what: Damaged,
    },
    /// What is asked for was destroyed, as it was to be.
    Destroyed,
    /// Records of an early version are sealed with the key from the configuration, so it cannot be changed yet.
    ByConfigured,
}

impl Fault {
    /// Whether it is a record that is at fault, and not the engine or the disk under it.
    pub(super) const fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) | Self::Broken(_) | Self::BrokenAct { .. } => true,
            // What the engine hands over is not of the kind that its column holds.
            Self::Engine(error) => !matches!(error, rusqlite::Error::SqliteFailure(..)),
            Self::Destroyed | Self::ByConfigured => false,
        }
    }

    /// Whether the engine finds the file itself torn at the place where it was asked to read.
    pub(super) fn is_torn_page(&self) -> bool {
        let Self::Engine(error) = self else { return false };
        matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    /// What is wrong, in words.
    pub(super) fn words(self) -> String {
        match Cause::from(self) {
            Cause::Damaged(words) => words,
            cause => cause.to_string(),
        }
    }

    /// The same of a transaction, which the words name.
    pub(super) fn of(self, number: TransactionNumber) -> String {
        match self.at(number, None) {
            fault @ (Self::Broken(_) | Self::BrokenAct { .. }) => fault.words(),
            fault => format!("transaction {number}: {}", fault.words()),
        }
    }

    /// The same fault, with the place of the record that is at fault.
    pub(super) fn at(self, number: TransactionNumber, version: Option<u32>) -> Self {
        match self {
            Self::Damaged(what) => Self::Broken(Broken { number, version, what }),
            Self::Engine(_) | Self::Broken(_) | Self::BrokenAct { .. } | Self::Destroyed | Self::ByConfigured => self,
        }
    }
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

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<Fault> for Cause {
    fn from(fault: Fault) -> Self {
        match fault {
            // It is this record that cannot be had; those on other pages can.
            Fault::Engine(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
                Self::Damaged(error.to_string())
            }
            Fault::Engine(error) => Self::Engine(error.to_string()),
            Fault::Damaged(damaged) => damaged.into(),
            Fault::Broken(broken) => Self::Damaged(broken.to_string()),
            Fault::BrokenAct { number, what } => Self::Damaged(format!("act {number}: {what}")),
            Fault::Destroyed => Self::Destroyed,
            Fault::ByConfigured => Self::Engine(
                "records of an earlier version are still sealed with the old key itself: run `vouchsafe keys rotate` first"
                    .to_owned(),
            ),
        }
    }
}
