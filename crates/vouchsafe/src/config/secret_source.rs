//! Where secrets come from: a file or an environment variable, never the configuration itself.

use std::fs;
use std::path::{Path, PathBuf};

use vouchsafe_core::secret::Secret;

use super::document::{Section, Told};
use super::fault::Wrong;
use super::value;

/// Where a secret is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// The one line of this file.
    File(PathBuf),
    /// The environment variable of this name.
    Environment(String),
}

impl KeySource {
    /// Fetches the secret: one line of text, without the line's end. `environment` gives the value of a variable.
    ///
    /// # Errors
    /// [`Wrong::Variable`], [`Wrong::SecretFile`] or [`Wrong::Secret`].
    pub fn fetch(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<Secret<String>, Wrong> {
        let text = match self {
            Self::Environment(name) => environment(name).filter(|text| !text.is_empty()).ok_or(Wrong::Variable)?,
            Self::File(file) => fs::read_to_string(file)
                .map_err(|error| Wrong::SecretFile { file: file.clone(), reason: error.kind() })?,
        };
        let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        if line.is_empty() || line.contains(char::is_control) {
            return Err(Wrong::Secret);
        }
        Ok(Secret::new(line.to_owned()))
    }
}

/// Reads where a secret is found: one of two settings says it.
pub(super) fn read(
    section: &mut Section<'_, '_>,
    file: &'static str,
    variable: &'static str,
    folder: &Path,
) -> Result<KeySource, Told> {
    let path = section.optional(file, value::path(folder));
    let name = section.optional(variable, |value| value::some_text(value).map(str::to_owned));
    match (path?, name?) {
        (Some(path), None) => Ok(KeySource::File(path)),
        (None, Some(name)) => Ok(KeySource::Environment(name)),
        _ => Err(section.fault(file, Wrong::OneOf { other: variable })),
    }
}
