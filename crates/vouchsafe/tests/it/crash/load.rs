//! Kills at random under load: several channels of both messaging styles, providers that lose and delay, and the real
//! binary, killed again and again; every third time the power goes with it, and what was not flushed is lost. In the end
//! the auditor reads the three records.
//!
//! `VOUCHSAFE_KILLS` says how often it is killed (20 where it says nothing), `VOUCHSAFE_SEED` what the choices follow
//! from. Real processes race, so that the same seed gives the same mix and not the same run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::State;
use vouchsafe_provider::simulator::faults::{Faults, Rate};
use vouchsafe_provider::simulator::plays::Play;

use super::binary::{APPS, Binary, DRY, FULL, TILLS};
use super::customers::{Chance, Street};
use crate::world::{ChannelLog, Simulated, audited, eventually};

/// How many sell at once for each channel.
const CUSTOMERS: u64 = 4;
/// The most answers that a life gives before it is killed.
const ANSWERS: u64 = 40;

/// A number that the environment chooses, or its default.
fn chosen(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn faults() -> Faults {
    let rate = |rate| Rate::new(rate).unwrap();
    Faults {
        drop: rate(0.08),
        error: rate(0.04),
        late: rate(0.04),
        late_by: Duration::from_millis(1_300),
        delay: Duration::from_millis(20),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_the_binary_is_killed_under_load_the_records_agree() {
    let (kills, seed) = (chosen("VOUCHSAFE_KILLS", 20), chosen("VOUCHSAFE_SEED", 1));
    let full = Simulated::finalised_by(Messaging::Dual, faults(), Vec::new()).await;
    let dry = Simulated::start(faults(), vec![Play::NoAdvices, Play::NoRetries]).await;
    let mut binary = Binary::configured(&full, &dry);
    let log = ChannelLog::in_folder(binary.folder());
    let street = Arc::new(Street {
        address: binary.address,
        log,
        answers: AtomicU64::new(0),
        unanswered: AtomicU64::new(0),
        is_closed: AtomicBool::new(false),
    });
    binary.start().await;
    let mut customers = JoinSet::new();
    for number in 0..CUSTOMERS {
        for (place, name) in (0..).zip(APPS) {
            customers.spawn(Arc::clone(&street).shops(name, Chance::new(seed, 100 * number + place)));
        }
        for (place, name) in (50..).zip(TILLS) {
            customers.spawn(Arc::clone(&street).keeps_a_till(name, Chance::new(seed, 100 * number + place)));
        }
    }
    let mut chance = Chance::new(seed, u64::MAX);
    let (mut power_cuts, mut lost) = (0, 0);
    for _ in 0..kills {
        let enough = street.answers.load(Ordering::Relaxed) + chance.below(ANSWERS);
        eventually("there are answers", async || (street.answers.load(Ordering::Relaxed) >= enough).then_some(()))
            .await;
        // Not a wait for anything: it moves the kill away from the answer that was counted.
        tokio::time::sleep(Duration::from_micros(chance.below(20_000))).await;
        if chance.below(3) == 0 {
            power_cuts += 1;
            lost += binary.lose_power();
        } else {
            binary.kill();
        }
        binary.start().await;
    }
    street.is_closed.store(true, Ordering::Relaxed);
    while let Some(ended) = customers.join_next().await {
        ended.unwrap();
    }
    let providers = [(FULL, &full), (DRY, &dry)];
    let report = audited(|| binary.store(), true, &street.log, &providers, vec![binary.log()]).await;
    #[expect(clippy::print_stdout, reason = "the figures are what is wanted")]
    {
        println!(
            "killed {kills} times with seed {seed}, {power_cuts} times by a power cut that took {lost} bytes: {} messages were answered and {} were not\n{report}",
            street.answers.load(Ordering::Relaxed),
            street.unanswered.load(Ordering::Relaxed)
        );
    }
    assert!(report.is_clean(), "killed {kills} times with seed {seed}; see above");
    assert!(street.unanswered.load(Ordering::Relaxed) > 0, "nobody noticed that anything was killed");
    for state in [State::Confirmed, State::Reversed, State::Orphaned] {
        assert!(report.states.get(&state).is_some_and(|count| *count > 0), "nothing ended {state}");
    }
}
