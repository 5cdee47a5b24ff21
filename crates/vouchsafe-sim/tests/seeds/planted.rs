//! The tests of the tests: every bug that is planted must be found within so many seeds, or by a test of
//! its own.
#![cfg(feature = "planted-bugs")]

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use vouchsafe_core::planted::{Bug, plant};

use super::{PINNED, live_through_all, twin};

/// Within so many seeds each bug must show, those included that are pinned.
const ENOUGH: u64 = 400;

/// Says whether a promise holds.
type Holds = fn() -> bool;

/// Planted, but no day of the simulation leads there: copies of a request wait for a turn before the door and not behind
/// their twin, and a channel's time is the same all day. Each has a test of its own, which must fail with it.
const NOTICED_APART: &[(Bug, Holds)] = &[(Bug::TwinWaitedFor, twin::is_a_copy_answered_in_time)];

/// One test for all, because a bug is alive in the whole process. The other tests must not run beside it: whoever builds
/// with bugs names this test and no other.
#[test]
fn every_planted_bug_is_found() {
    let mut unfound = Vec::new();
    for bug in Bug::ALL.iter().copied() {
        plant(bug);
        if let Some((_, holds)) = NOTICED_APART.iter().find(|(apart, _)| *apart == bug) {
            let is_noticed = !holds();
            eprintln!("{bug:?}: {} by its own test", if is_noticed { "found" } else { "NOT FOUND" });
            if !is_noticed {
                unfound.push(bug);
            }
            continue;
        }
        let sum =
            live_through_all(PINNED.iter().copied().chain(1..ENOUGH), |sum| !sum.failed.lock().unwrap().is_empty());
        let failed = sum.failed.lock().unwrap();
        let seeds = sum.seeds.load(Ordering::Relaxed);
        let which: Vec<_> = failed.iter().map(|(seed, ..)| seed).collect();
        let rules: BTreeSet<_> = failed.iter().flat_map(|(_, found, _)| found).map(|breach| breach.rule).collect();
        let found = if failed.is_empty() { "NOT FOUND" } else { "found" };
        eprintln!("{bug:?}: {found} within {seeds} seeds: {which:?} {rules:?}");
        if failed.is_empty() {
            unfound.push(bug);
        }
    }
    plant(Bug::None);
    assert_eq!(unfound, [], "of {} bugs", Bug::ALL.len());
}
