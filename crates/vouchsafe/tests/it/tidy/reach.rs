//! Which files the compiler reads: those that a `mod` line reaches from a crate's root.

use std::collections::BTreeSet;

use super::scanner::tokens;
use super::source::{Breach, Source};

/// Every file that no `mod` line reaches.
pub(super) fn breaches(sources: &[Source]) -> Vec<Breach> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<_> = sources.iter().filter(|source| is_root(&source.path)).collect();
    while let Some(source) = ahead.pop() {
        if reached.insert(source.path.as_str()) {
            let children = children(source);
            ahead.extend(sources.iter().filter(|source| children.contains(&source.path)));
        }
    }
    let dead = sources.iter().filter(|source| !reached.contains(source.path.as_str()));
    let what = "no mod line reaches this file: it is never compiled";
    dead.map(|source| source.breach(1, what.to_owned(), "declare it in its parent, or delete it")).collect()
}

/// Whether cargo itself begins to read here.
fn is_root(path: &str) -> bool {
    let parts: Vec<_> = path.split('/').skip(2).collect();
    matches!(
        parts.as_slice(),
        ["build.rs"]
            | ["src", "lib.rs" | "main.rs"]
            | ["src", "bin", _]
            | ["src", "bin", _, "main.rs"]
            | ["tests" | "benches" | "examples", _]
            | ["tests" | "benches" | "examples", _, "main.rs"]
    )
}

/// Where the modules may be that a file declares in lines of their own.
fn children(source: &Source) -> Vec<String> {
    let (folder, file) = source.path.rsplit_once('/').unwrap_or(("", &source.path));
    let stem = file.trim_end_matches(".rs");
    let inside = if is_root(&source.path) || stem == "mod" { folder.to_owned() } else { format!("{folder}/{stem}") };
    let tokens = tokens(&source.separated.code);
    let declared = tokens.windows(3).filter(|three| three[0].text == "mod" && three[2].text == ";");
    declared
        .flat_map(|three| [format!("{inside}/{}.rs", three[1].text), format!("{inside}/{}/mod.rs", three[1].text)])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expect: &[&str]) {
        let sources: Vec<_> = files.iter().map(|(path, text)| Source::new(&format!("crates/a/{path}"), text)).collect();
        let dead: Vec<_> = breaches(&sources).into_iter().map(|breach| breach.path).collect();
        let expect: Vec<_> = expect.iter().map(|path| format!("crates/a/{path}")).collect();
        assert_eq!(dead, expect, "{files:?}");
    }

    #[test]
    fn a_file_lives_while_a_mod_line_reaches_it() {
        check(&[("src/lib.rs", "pub mod b;"), ("src/b.rs", "mod c;"), ("src/b/c.rs", "")], &[]);
        check(&[("src/lib.rs", "mod b;"), ("src/b/mod.rs", "mod c;"), ("src/b/c.rs", "")], &[]);
        check(&[("src/lib.rs", ""), ("src/main.rs", "mod b;"), ("src/b.rs", "")], &[]);
        check(&[("src/lib.rs", "// mod b;"), ("src/b.rs", "")], &["src/b.rs"]);
        check(&[("src/lib.rs", "mod b { fn c() {} }"), ("src/b.rs", "")], &["src/b.rs"]);
        check(&[("src/lib.rs", "mod c;"), ("src/b.rs", "mod c;"), ("src/b/c.rs", "")], &["src/b.rs", "src/b/c.rs"]);
        check(&[("tests/it/main.rs", "mod b;"), ("tests/it/b.rs", ""), ("tests/it/c.rs", "")], &["tests/it/c.rs"]);
    }
}
