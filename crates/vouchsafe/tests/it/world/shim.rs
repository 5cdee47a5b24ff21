//! Libraries in C that are loaded into a switch, to play what the machine does seldom.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Compiles a library out of a source of this crate's into a folder.
pub(crate) fn shim(folder: &Path, source: &str) -> PathBuf {
    let library = folder.join("shim.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(source);
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let compiled = Command::new(compiler)
        .args(["-shared", "-fPIC", "-O2", "-o"])
        .args([&library, &source])
        .status()
        .expect("a C compiler is there: the embedded engine needs one too");
    assert!(compiled.success(), "the shim is compiled");
    library
}
