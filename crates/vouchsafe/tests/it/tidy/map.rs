//! The pages that name files must name files that are there.

use super::source::Breach;

/// Every code span of a page that begins like a path of the workspace and names nothing that `exists`.
///
/// Spans with `*`, `{` or `<` are patterns, not paths; fenced blocks are examples.
pub(super) fn breaches(page: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let mut fenced = false;
    for (line, words) in (1..).zip(text.lines()) {
        if words.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            // Between the first and the second backtick, the third and the fourth, and so on.
            let spans = words.split('`').skip(1).step_by(2);
            let missing = spans.filter(|span| is_path(span) && !exists(span));
            breaches.extend(missing.map(|span| Breach {
                path: page.to_owned(),
                line,
                what: format!("there is no {span}"),
                remedy: "name what is there now, or put it back".to_owned(),
            }));
        }
    }
    breaches
}

fn is_path(span: &str) -> bool {
    (span.starts_with("crates/") || span.starts_with("docs/")) && !span.contains(['*', '{', '<', ' '])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expect: &[usize]) {
        let exists = |path: &str| matches!(path, "crates/a/src/b.rs" | "docs/");
        let found: Vec<_> = breaches("PAGE.md", text, exists).iter().map(|breach| breach.line).collect();
        assert_eq!(found, expect, "{text}");
    }

    #[test]
    fn a_path_on_a_page_leads_somewhere() {
        check("see `crates/a/src/b.rs` and `docs/`", &[]);
        check("see `crates/a/src/b.rs` and `crates/a/src/c.rs`", &[1]);
        check("crates/a/src/c.rs, `cargo test`, `crates/*`, `src/c.rs`", &[]);
        check("```\n`docs/none.md`\n```\n`docs/none.md`", &[4]);
    }
}
