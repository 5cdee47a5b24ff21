//! What is put off must say until when, and a name must say what it names.

use super::source::{Breach, Source};

/// Words by which a comment puts something off.
const DEBTS: [&str; 3] = ["TODO", "FIXME", "XXX"];
/// Names that say nothing.
const EMPTY_NAMES: [&str; 7] = ["common", "helper", "helpers", "misc", "shared", "util", "utils"];

/// Debts without an issue, and an empty name.
pub(super) fn breaches(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (line, comment) in (1..).zip(source.separated.comments.lines()) {
        if let Some(word) = unpaid(comment) {
            let remedy = format!("do it now, or open an issue and write {word}(#12)");
            breaches.push(source.breach(line, format!("{word} without an issue"), remedy));
        }
    }
    let mut names = source.path.split('/').map(|part| part.trim_end_matches(".rs"));
    if let Some(name) = names.find(|name| EMPTY_NAMES.contains(name)) {
        breaches.push(source.breach(1, format!("the name {name} says nothing"), "name it for what it holds"));
    }
    breaches
}

fn unpaid(comment: &str) -> Option<&'static str> {
    DEBTS.into_iter().find(|debt| {
        comment.match_indices(debt).any(|(at, _)| {
            let in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
            let after = &comment[at + debt.len()..];
            !comment[..at].ends_with(in_word) && !after.starts_with(in_word) && !names_an_issue(after)
        })
    })
}

fn names_an_issue(after: &str) -> bool {
    let number = after.strip_prefix("(#").and_then(|rest| rest.split_once(')')).map(|(number, _)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expect: &[usize]) {
        let found: Vec<_> = breaches(&Source::new(path, text)).iter().map(|breach| breach.line).collect();
        assert_eq!(found, expect, "{path}: {text}");
    }

    #[test]
    fn a_debt_names_its_issue() {
        check("a.rs", "\n// TODO: later", &[2]);
        check("a.rs", "/* FIXME */\n/// XXX(later)\n// TODO(#) and TODO(#x)", &[1, 2, 3]);
        check("a.rs", "// TODO(#12): with issue 12", &[]);
        check("a.rs", "// TODO(#12) and TODO", &[1]);
        check("a.rs", "let s = \"TODO\"; // TODOS, XXXL", &[]);
    }

    #[test]
    fn a_name_says_what_it_names() {
        check("crates/a/src/utils.rs", "", &[1]);
        check("crates/a/src/common/money.rs", "", &[1]);
        check("crates/a/src/commonplace.rs", "", &[]);
    }
}
