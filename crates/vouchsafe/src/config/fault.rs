//! What can be wrong with a configuration, and what to do about it.

mod access;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::DeValue;
use vouchsafe_core::text::TextFault;

pub use self::access::AccessWrong;

/// Why a configuration or a catalogue cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigError {
    /// The file cannot be read.
    Unreadable {
        /// Which file.
        file: PathBuf,
        /// Why not.
        reason: io::ErrorKind,
    },
    /// The file was read and has faults.
    Faulty {
        /// Which file; `None` for a text that came from none.
        file: Option<PathBuf>,
        /// Every fault, by line; at least one.
        faults: Vec<Fault>,
    },
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, counted from one; `None` for what the file lacks as a whole.
    pub line: Option<usize>,
    /// The keys that lead to it, joined by dots; empty where the file is not TOML.
    pub key: String,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a setting. It never holds the setting's value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// The file is not TOML; in the parser's words.
    Syntax(String),
    /// There is no such setting.
    UnknownKey {
        /// The settings that there are.
        known: Vec<&'static str>,
    },
    /// The setting has no default and is absent.
    Missing,
    /// The value is of another kind.
    Kind {
        /// What it must be.
        wanted: Kind,
        /// What it is.
        found: Kind,
    },
    /// The text breaks a rule on its length or characters.
    Text(TextFault),
    /// The number is too small or too large.
    Range {
        /// The least number allowed.
        least: i64,
        /// The greatest number allowed.
        most: i64,
    },
    /// The text is none of these words.
    Word {
        /// The words.
        words: Vec<&'static str>,
    },
    /// Another table of the same kind has this value.
    Twice {
        /// The line where it stands first.
        first: usize,
    },
    /// No table of this kind.
    Nothing,
    /// Neither or both of two settings of which one is needed.
    OneOf {
        /// The setting that can stand in its place.
        other: &'static str,
    },
    /// It is no IP address with a port.
    Address,
    /// It is no path that a request could begin with.
    BasePath,
    /// It names no store.
    Store,
    /// No secret, or more than two.
    SecretCount,
    /// It is no hash of a secret.
    SecretHash,
    /// It cannot be the user name of HTTP Basic.
    UserName,
    /// The environment variable is absent, empty or not Unicode.
    Variable,
    /// The command of a secret did not give one.
    SecretCommand {
        /// What went wrong with it.
        why: String,
    },
    /// The file of a secret cannot be read.
    SecretFile {
        /// Which file.
        file: PathBuf,
        /// Why not.
        reason: io::ErrorKind,
    },
    /// The secret is empty or has control characters.
    Secret,
    /// It is no `http` or `https` URL of host, port and path.
    BaseUrl,
    /// Credentials and vouchers would cross a network in clear text.
    PlainHttp,
    /// No provider has this id.
    UnknownProvider {
        /// The ids that there are.
        known: Vec<String>,
    },
    /// No sheet of this id is shipped.
    UnknownSheet {
        /// The ids that there are.
        known: Vec<String>,
    },
    /// It would be confirmed when the provider takes no confirmation any more.
    ConfirmedTooLate,
    /// A request would be taken for one that never came while it is still waited for.
    HorizonBeforeTimeout,
    /// The margin leaves nothing of the channel's time.
    Margin,
    /// It is no ISO 4217 numeric code.
    Currency,
    /// No price, or more than one.
    Price,
    /// The range of prices ends where it begins, or before.
    PriceRange,
    /// It is no number that can be passed on.
    Number,
    /// The rows of a CSV file are at fault.
    Rows(RowsWrong),
    /// A setting that says who gets in is at fault.
    Access(AccessWrong),
}

/// What is wrong with the form of a CSV file's rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowsWrong {
    /// There is no first row.
    NoHeads {
        /// The columns that there are.
        known: Vec<&'static str>,
    },
    /// There is no such column.
    UnknownColumn {
        /// The columns that there are.
        known: Vec<&'static str>,
    },
    /// A row has more or fewer cells than there are columns.
    Cells {
        /// How many columns there are.
        wanted: usize,
        /// How many cells the row has.
        found: usize,
    },
    /// A cell holds a line break or another control character.
    CellOfLines,
}

/// The kinds of TOML values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `"text"`.
    Text,
    /// `5`.
    Integer,
    /// `5.0`.
    Float,
    /// `true`.
    Flag,
    /// `2026-01-31`.
    Date,
    /// `[ ... ]`.
    List,
    /// `[key]`.
    Table,
    /// `[[key]]`, once or more.
    Tables,
}

impl ConfigError {
    /// The same, with the name of the file that the text came from.
    pub(crate) fn in_file(self, path: &Path) -> Self {
        match self {
            Self::Faulty { faults, .. } => Self::Faulty { file: Some(path.to_owned()), faults },
            unreadable @ Self::Unreadable { .. } => unreadable,
        }
    }
}

impl Wrong {
    /// A value of another kind than `wanted`.
    pub(super) fn kind(wanted: Kind, found: &DeValue<'_>) -> Self {
        Self::Kind { wanted, found: Kind::of(found) }
    }
}

impl Kind {
    fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(_) => Self::Text,
            DeValue::Integer(_) => Self::Integer,
            DeValue::Float(_) => Self::Float,
            DeValue::Boolean(_) => Self::Flag,
            DeValue::Datetime(_) => Self::Date,
            DeValue::Array(_) => Self::List,
            DeValue::Table(_) => Self::Table,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "text in quotes",
            Self::Integer => "a whole number",
            Self::Float => "a fraction",
            Self::Flag => "true or false",
            Self::Date => "a date or time",
            Self::List => "a list in brackets",
            Self::Table => "a table",
            Self::Tables => "a table in double brackets",
        })
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, reason } => write!(f, "{} {}", file.display(), why_unread(*reason)),
            Self::Faulty { file, faults } => {
                for (place, fault) in faults.iter().enumerate() {
                    if place > 0 {
                        f.write_str("\n")?;
                    }
                    match (file, fault.line) {
                        (Some(file), Some(line)) => write!(f, "{}:{line}: {fault}", file.display())?,
                        (Some(file), None) => write!(f, "{}: {fault}", file.display())?,
                        (None, Some(line)) => write!(f, "line {line}: {fault}")?,
                        (None, None) => write!(f, "{fault}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for ConfigError {}

/// Why a file cannot be read, after its name, in plain words.
fn why_unread(reason: io::ErrorKind) -> String {
    match reason {
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
        io::ErrorKind::IsADirectory => "is a folder, not a file".to_owned(),
        io::ErrorKind::InvalidData => "is not text in UTF-8".to_owned(),
        io::ErrorKind::Unsupported => "is a pipe or a device, not a file".to_owned(),
        io::ErrorKind::FileTooLarge => "is larger than 64 MiB".to_owned(),
        other => format!("cannot be read: {other}"),
    }
}

/// The fault without its line.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.key.is_empty() {
            write!(f, "{} ", self.key)?;
        }
        self.wrong.fmt(f)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(message) => write!(f, "not TOML: {message}"),
            Self::UnknownKey { known } => write!(f, "is no setting; there are {}", known.join(", ")),
            Self::Missing => f.write_str("is missing and has no default"),
            Self::Kind { wanted, found } => write!(f, "must be {wanted}, not {found}"),
            Self::Text(fault) => fault.fmt(f),
            Self::Range { least, most } => write!(f, "must be from {least} to {most}"),
            Self::Word { words } => write!(f, "must be \"{}\"", words.join("\" or \"")),
            Self::Twice { first } => write!(f, "is the same as on line {first}; each must be its own"),
            Self::Nothing => f.write_str("is needed at least once, as a table in double brackets"),
            Self::OneOf { other } => write!(f, "is needed, or {other} in its place, and not both"),
            Self::Address => f.write_str("must be an IP address and a port, such as \"127.0.0.1:8080\""),
            Self::BasePath => f.write_str(
                "must be a path such as \"/suv/v1\": a slash before each part, none at the end, \
                 and in the parts letters, digits, '.', '_', '~' and '-' only",
            ),
            Self::Store => {
                f.write_str("must be \"sqlite:\" and the path of a database file, such as \"sqlite:vouchsafe.db\"")
            }
            Self::SecretCount => {
                f.write_str("must list one secret's hash, or two while a new secret takes over from the old")
            }
            Self::SecretHash => f.write_str(
                "must be \"sha256:\" and 64 hexadecimal digits; \
                 `vouchsafe channel new-secret` prints a secret and its hash",
            ),
            Self::UserName => {
                f.write_str("may not contain a colon or a control character: HTTP Basic could not carry it")
            }
            Self::Variable => {
                f.write_str("names an environment variable that is not set or is empty; set it before the start")
            }
            Self::SecretCommand { why } => write!(f, "names a command that {why}"),
            Self::SecretFile { file, reason: io::ErrorKind::NotFound } => {
                f.write_str("names a file that does not exist; as the user that runs vouchsafe, make it with ")?;
                write!(f, "`(umask 077; printf %s 'THE SECRET' > {})`", file.display())
            }
            Self::SecretFile { file, reason } => write!(f, "names {}, which {}", file.display(), why_unread(*reason)),
            Self::Secret => {
                f.write_str("leads to a secret that is empty or has a control character in it; write one line of text")
            }
            Self::BaseUrl => f.write_str("must look like \"https://host/path\", without user, query or fragment"),
            Self::PlainHttp => f.write_str(
                "would send credentials and vouchers in clear text; use https, or set allow_plain_http = true \
                 where the way there is safe by other means",
            ),
            Self::UnknownProvider { known } => {
                write!(f, "names no configured provider; there are {}", known.join(", "))
            }
            Self::UnknownSheet { known } => write!(f, "names no shipped sheet; there are {}", known.join(", ")),
            Self::ConfirmedTooLate => {
                f.write_str("is later than confirm_by_seconds, when the provider takes no confirmation any more")
            }
            Self::HorizonBeforeTimeout => {
                f.write_str("is less than timeout_seconds, for which a request may be under way")
            }
            Self::Margin => {
                f.write_str("must be longer than limits.answer_margin_milliseconds, or no time is left to ask in")
            }
            Self::Currency => f.write_str("must be the three digits of ISO 4217 in quotes, such as \"710\""),
            Self::Price => {
                f.write_str("must be one of price = 5000, from = 500 with to = 100000, and open = true; in minor units")
            }
            Self::PriceRange => f.write_str("must be above from; one amount alone is a price"),
            Self::Number => f.write_str("must be a number"),
            Self::Rows(wrong) => wrong.fmt(f),
            Self::Access(wrong) => wrong.fmt(f),
        }
    }
}

impl fmt::Display for RowsWrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHeads { known } => {
                write!(f, "the first line must name the columns; there are {}", known.join(", "))
            }
            Self::UnknownColumn { known } => write!(f, "is no column; there are {}", known.join(", ")),
            Self::Cells { wanted, found } => {
                write!(
                    f,
                    "this row has {found} cells where the first line has {wanted}; text with a comma needs quotes"
                )
            }
            Self::CellOfLines => {
                f.write_str("may not contain a line break or another control character; is a closing quote missing?")
            }
        }
    }
}
