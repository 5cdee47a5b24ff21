//! Whether everything can be measured at all. How fast it was is nobody's business here.

use std::process::Command;

/// The switch that is measured is the one beside the benchmark: `cargo test --workspace` builds both.
#[test]
fn every_measurement_can_be_made() {
    let mut bench = Command::new(env!("CARGO_BIN_EXE_vouchsafe-bench"));
    let done = bench.args(["smoke", "--data", concat!(env!("CARGO_TARGET_TMPDIR"), "/smoke")]).output().unwrap();
    let (told, fault) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{fault}\n{told}");
    // The headline, growth, restart, trouble, isolation, answers and crowding each end with what was found on disk or with
    // targets.
    assert_eq!(told.matches("| verdict |").count(), 6, "{told}");
    assert_eq!(told.matches("was killed at work").count(), 3, "{told}");
}
