//! Where secrets come from: a file or an environment variable, never the configuration itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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
    /// What this command writes on its standard output: the program and its arguments, without a shell.
    Command(Vec<String>),
}

impl KeySource {
    /// Fetches the secret: one line of text, without the line's end. `environment` gives the value of a variable.
    ///
    /// # Errors
    /// [`Wrong::Variable`], [`Wrong::SecretFile`], [`Wrong::SecretCommand`] or [`Wrong::Secret`].
    pub fn fetch(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<Secret<String>, Wrong> {
        let text = match self {
            Self::Environment(name) => environment(name).filter(|text| !text.is_empty()).ok_or(Wrong::Variable)?,
            Self::File(file) => fs::read_to_string(file)
                .map_err(|error| Wrong::SecretFile { file: file.clone(), reason: error.kind() })?,
            Self::Command(words) => output(words)?,
        };
        let line = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
        if line.is_empty() || line.contains(char::is_control) {
            return Err(Wrong::Secret);
        }
        Ok(Secret::new(line.to_owned()))
    }
}

/// What a command says. What it complains of goes where our own complaints go.
fn output(words: &[String]) -> Result<String, Wrong> {
    let failed = |why: String| Wrong::SecretCommand { why };
    let Some((program, arguments)) = words.split_first() else { return Err(failed("is empty".to_owned())) };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| failed(format!("cannot be run: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed: {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| Wrong::Secret)
}

/// Reads where the sealing key is found: one of three settings says it.
pub(super) fn read_sealing_key(section: &mut Section<'_, '_>, folder: &Path) -> Result<KeySource, Told> {
    let words = section.optional_list("command", |value| value::some_text(value).map(str::to_owned))?;
    let Some(words) = words else { return read(section, "file", "env", folder) };
    let file = section.optional("file", value::path(folder))?;
    let variable = section.optional("env", |value| value::some_text(value).map(str::to_owned))?;
    if file.is_some() || variable.is_some() || words.is_empty() {
        return Err(section.fault("command", Wrong::OneOf { other: "file" }));
    }
    Ok(KeySource::Command(words))
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
