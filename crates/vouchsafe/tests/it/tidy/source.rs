//! The workspace's source files, and how a breach of a rule is told.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use super::scanner::{self, Separated};

/// One source file, taken apart.
pub(super) struct Source {
    /// From the workspace's root, with `/` between the parts.
    pub(super) path: String,
    pub(super) lines: usize,
    pub(super) separated: Separated,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self { path: path.to_owned(), lines: text.lines().count(), separated: scanner::separate(text) }
    }

    /// A rule broken in this file.
    pub(super) fn breach(&self, line: usize, what: String, remedy: impl Into<String>) -> Breach {
        Breach { path: self.path.clone(), line, what, remedy: remedy.into() }
    }
}

/// A rule broken somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Breach {
    pub(super) path: String,
    /// The first line is 1.
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) remedy: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    remedy: {}", self.path, self.line, self.what, self.remedy)
    }
}

/// Fails with every breach and its remedy.
pub(super) fn assert_none(breaches: &[Breach]) {
    let told: Vec<_> = breaches.iter().map(Breach::to_string).collect();
    assert!(told.is_empty(), "\n{}\n", told.join("\n"));
}

/// The folder that holds the workspace.
pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Every Rust file of the workspace's crates, in the order of their paths.
pub(super) fn sources() -> Vec<Source> {
    let root = root();
    let mut paths = Vec::new();
    collect(&root.join("crates"), &mut paths);
    paths.sort();
    let relative = |path: &Path| {
        let below = path.strip_prefix(&root).expect("the walk began at the root");
        let parts: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/")
    };
    paths.iter().map(|path| Source::new(&relative(path), &read(path))).collect()
}

/// A file's text.
pub(super) fn read(path: &Path) -> String {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()));
    text.expect("every file a rule asks for is there to be read")
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder was listed by its parent") {
        let path = entry.expect("nobody takes the folder away meanwhile").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}
