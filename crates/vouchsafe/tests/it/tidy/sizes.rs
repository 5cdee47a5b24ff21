//! How long files and functions may be.

use super::scanner::{functions, tokens};
use super::source::{Breach, Source};

/// Longer than this, a file holds more than one thing.
const MOST_LINES_OF_A_FILE: usize = 400;
/// Longer than this, a function is not seen at a glance.
const MOST_LINES_OF_A_FUNCTION: usize = 70;

/// The file's own length and that of its functions.
pub(super) fn breaches(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    if source.lines > MOST_LINES_OF_A_FILE {
        let what = format!("the file has {} lines; {MOST_LINES_OF_A_FILE} are the most", source.lines);
        breaches.push(source.breach(MOST_LINES_OF_A_FILE + 1, what, "find the second noun in it and give that a file"));
    }
    for function in functions(&tokens(&source.separated.code)) {
        if function.lines > MOST_LINES_OF_A_FUNCTION {
            let (name, lines) = (function.name, function.lines);
            let what = format!("fn {name} has {lines} lines; {MOST_LINES_OF_A_FUNCTION} are the most");
            breaches.push(source.breach(function.line, what, "give its steps names of their own"));
        }
    }
    breaches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[usize]) {
        let found: Vec<_> = breaches(&Source::new("a.rs", text)).iter().map(|breach| breach.line).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn the_last_line_allowed_is_allowed() {
        check(&"\n".repeat(400), &[]);
        check(&"\n".repeat(401), &[401]);
        check(&format!("\nfn a() {{\n{}}}\n", "x;\n".repeat(68)), &[]);
        check(&format!("\nfn a() {{\n{}}}\n", "x;\n".repeat(69)), &[2]);
    }
}
