//! Why an audit cannot be made: what was given cannot be used.

use std::fmt;
use std::io;
use std::path::PathBuf;

use vouchsafe_store::{Cause, StoreError};

/// What was given cannot be used, with what to do about it.
#[derive(Debug)]
pub enum Unusable {
    /// A file cannot be opened or read.
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        fault: io::Error,
    },
    /// A line is not what the format says; the first line is 1.
    Line {
        /// In which file.
        path: PathBuf,
        /// Which line.
        line: u32,
        /// What is wrong with it.
        fault: String,
    },
    /// A record in the store cannot be read.
    Store(StoreError),
    /// The key for the hashes of codes is too short to keep them safe.
    ShortKey {
        /// Where it stands.
        path: PathBuf,
    },
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, fault } => {
                write!(f, "{}: {fault}; name a file that can be read", path.display())
            }
            Self::Line { path, line, fault } => {
                write!(
                    f,
                    "{}, line {line}: {fault}; docs/audit.md shows what each line must be: mend it or take it out",
                    path.display()
                )
            }
            Self::Store(error) => match error.cause() {
                Cause::Damaged(what) => {
                    write!(f, "the store cannot be read: {what}; `vouchsafe verify` tells all that is broken")
                }
                cause => write!(f, "the store cannot be read: {cause}"),
            },
            Self::ShortKey { path } => {
                write!(f, "{}: a key for hashes of codes has at least 16 bytes; take a longer one", path.display())
            }
        }
    }
}

impl std::error::Error for Unusable {}

impl From<StoreError> for Unusable {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
