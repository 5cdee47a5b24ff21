//! Unsafe code is forbidden to every crate of ours: the word stands in the workspace's manifest, and each crate takes it.

use std::fs;
use std::path::Path;

use toml::Table;

use super::source::{self, Breach};

/// What each manifest lacks for unsafe code to be forbidden everywhere.
pub(super) fn breaches(root: &Path) -> Vec<Breach> {
    let workspace = "Cargo.toml";
    let mut breaches: Vec<_> = in_workspace(&source::read(&root.join(workspace)))
        .map(|what| breach(workspace, what, "unsafe_code = \"forbid\" below [workspace.lints.rust]"))
        .into_iter()
        .collect();
    let crates = fs::read_dir(root.join("crates")).expect("the workspace has crates");
    for folder in crates {
        let name = folder.expect("nobody takes the folder away meanwhile").file_name();
        let path = format!("crates/{}/Cargo.toml", name.to_string_lossy());
        let what = in_member(&source::read(&root.join(&path)));
        breaches.extend(what.map(|what| breach(&path, what, "workspace = true below [lints]")));
    }
    breaches
}

fn breach(path: &str, what: &str, remedy: &str) -> Breach {
    Breach { path: path.to_owned(), line: 1, what: what.to_owned(), remedy: remedy.to_owned() }
}

/// A lint that is forbidden cannot be allowed again further in; one that is denied can.
fn in_workspace(manifest: &str) -> Option<&'static str> {
    let table = parsed(manifest);
    let lint = table.get("workspace").and_then(|it| it.get("lints")?.get("rust")?.get("unsafe_code"));
    (lint.and_then(toml::Value::as_str) != Some("forbid")).then_some("unsafe code is not forbidden")
}

fn in_member(manifest: &str) -> Option<&'static str> {
    let table = parsed(manifest);
    let taken = table.get("lints").and_then(|lints| lints.get("workspace")?.as_bool());
    (taken != Some(true)).then_some("the workspace's lints do not hold for this crate")
}

fn parsed(manifest: &str) -> Table {
    manifest.parse().expect("cargo has read this manifest before us")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_less_than_forbidden_will_do() {
        for (manifest, expect) in [
            ("[workspace.lints.rust]\nunsafe_code = \"forbid\"", true),
            ("[workspace.lints.rust]\nunsafe_code = \"deny\"", false),
            ("[workspace.lints.clippy]\nunsafe_code = \"forbid\"", false),
            ("[workspace]", false),
        ] {
            assert_eq!(in_workspace(manifest).is_none(), expect, "{manifest}");
        }
    }

    #[test]
    fn a_crate_takes_the_lints_of_the_workspace() {
        for (manifest, expect) in [
            ("[lints]\nworkspace = true", true),
            ("[lints]\nworkspace = false", false),
            ("[lints.rust]\nunsafe_code = \"allow\"", false),
            ("[package]", false),
        ] {
            assert_eq!(in_member(manifest).is_none(), expect, "{manifest}");
        }
    }
}
