//! The corpora of the fuzz targets, gone through without a fuzzer: what was found once is never found again.

#[path = "../../../../fuzz/src/targets.rs"]
#[allow(unreachable_pub, reason = "the fuzzer's own crate offers them")]
mod targets;

use std::fs;
use std::path::Path;

#[test]
fn every_input_of_every_corpus_is_taken() {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let mut count = 0;
        for file in fs::read_dir(corpora.join(name)).unwrap() {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            let taken = std::panic::catch_unwind(|| target(&bytes));
            assert!(taken.is_ok(), "{} is not taken; see above", path.display());
            count += 1;
        }
        assert!(count > 0, "{name} has no corpus");
    }
}

#[test]
fn every_target_can_be_run() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/Cargo.toml")).unwrap();
    for (name, _) in targets::TARGETS {
        assert!(manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")), "{name} has no program");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), targets::TARGETS.len());
}
