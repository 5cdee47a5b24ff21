//! Invariant 18: no code that the store holds stands in clear in any of the files.
//!
//! Codes are looked for as whole words: what stands between white space, quotes and brackets. That finds them in JSON,
//! in log lines and in text. Codes of fewer than six letters are not looked for: they would be found everywhere.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::report::Report;
use super::unusable::Unusable;
use super::{Code, Inputs, Invariant, Progress, Stage, lines};

/// The shortest code that is looked for.
const SHORTEST: usize = 6;

/// Looks through every file; `codes` are sorted.
pub(super) fn check(
    codes: &[Code],
    inputs: &Inputs,
    progress: Progress<'_>,
    report: &mut Report,
) -> Result<(), Unusable> {
    let lengths: BTreeSet<_> =
        codes.iter().map(|(_, _, length)| *length).filter(|length| *length >= SHORTEST).collect();
    if lengths.is_empty() {
        return Ok(());
    }
    let ledgers = inputs.provider_ledgers.iter().map(|(_, path)| path);
    let files: Vec<&PathBuf> = inputs.channel_logs.iter().chain(ledgers).chain(&inputs.texts).collect();
    for path in files {
        lines::scan(path, Stage::Codes, progress, |line, bytes, _| {
            let text = String::from_utf8_lossy(bytes);
            for word in text.split(is_between).filter(|word| lengths.contains(&word.len())) {
                let hash = inputs.hasher.hash(word);
                if let Ok(at) = codes.binary_search_by(|(code, ..)| code.cmp(&hash)) {
                    let what = format!("{}, line {line}: the code of transaction {}", path.display(), codes[at].1);
                    report.violated(Invariant::NoCodeInClear, what, String::new);
                }
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn is_between(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "\"'`,:;=()[]{}<>\\/|&?".contains(letter)
}
