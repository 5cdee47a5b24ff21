//! `vouchsafe openapi`.

use std::path::Path;

use crate::command::{Failure, say};

/// Writes the OpenAPI description to a file, or to the standard output for `-`.
pub(crate) fn openapi(output: &Path) -> Result<(), Failure> {
    let text = crate::openapi::text();
    if output == Path::new("-") {
        return say(text.trim_end());
    }
    std::fs::write(output, text)
        .map_err(|error| Failure::failed(format!("cannot write {}: {error}", output.display())))?;
    say(&format!("wrote {}", output.display()))
}
