//! Files of JSON Lines, read one line at a time.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde::de::DeserializeOwned;

use super::unusable::Unusable;
use super::{Progress, Stage};

/// Reads every whole line of a file and hands it on with its number. A last line without an end is still being written,
/// or was when its writer died: nobody was promised anything about it, so it is left out.
///
/// # Errors
/// [`Unusable`] where the file cannot be read, or at the first line that is not what it should be.
pub(super) fn read<T: DeserializeOwned>(
    path: &Path,
    stage: Stage,
    progress: Progress<'_>,
    mut each: impl FnMut(u32, T) -> Result<(), String>,
) -> Result<(), Unusable> {
    scan(path, stage, progress, |line, bytes, is_whole| {
        if !is_whole {
            return Ok(());
        }
        let read = serde_json::from_slice(bytes).map_err(|fault| fault.to_string());
        read.and_then(|read| each(line, read)).map_err(|fault| Unusable::Line { path: path.to_owned(), line, fault })
    })
}

/// Hands on every line of a file as it is, and whether it has an end; empty lines are none.
///
/// # Errors
/// [`Unusable`] where the file cannot be read, or what `each` says.
pub(super) fn scan(
    path: &Path,
    stage: Stage,
    progress: Progress<'_>,
    mut each: impl FnMut(u32, &[u8], bool) -> Result<(), Unusable>,
) -> Result<(), Unusable> {
    let unreadable = |fault| Unusable::File { path: path.to_owned(), fault };
    let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        reader.read_until(b'\n', &mut bytes).map_err(unreadable)?;
        let is_whole = bytes.last() == Some(&b'\n');
        let text = bytes.trim_ascii();
        if !text.is_empty() {
            each(line, text, is_whole)?;
        }
        if !is_whole {
            break;
        }
        progress(stage, u64::from(line));
    }
    Ok(())
}
