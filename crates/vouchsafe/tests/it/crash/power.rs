//! Whether a power cut is worth anything as a test: what a missing flush costs must be found.

use vouchsafe_provider::simulator::faults::Faults;

use super::binary::{APPS, Binary, DRY, FULL};
use crate::world::{Channel, ChannelLog, Simulated, audited, request_for};

/// One sale that was acknowledged, and then the power goes; says what the auditor finds.
async fn sells_and_loses_power(is_lied_to: bool) -> vouchsafe::audit::Report {
    let full = Simulated::start(Faults::default(), Vec::new()).await;
    let dry = Simulated::start(Faults::default(), Vec::new()).await;
    let mut binary = Binary::configured(&full, &dry);
    binary.is_lied_to = is_lied_to;
    let log = ChannelLog::in_folder(binary.folder());
    binary.start().await;
    let channel = Channel::new(binary.address, APPS[0]);
    let answer = log.send(&channel, "/vouchers", &request_for(APPS[0], "AIRTIME50")).await;
    assert_eq!(answer.map(|answer| answer.status), Some(201));
    binary.lose_power();
    binary.start().await;
    audited(|| binary.store(), true, &log, &[(FULL, &full), (DRY, &dry)], Vec::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sale_that_was_acknowledged_survives_a_power_cut() {
    let report = sells_and_loses_power(false).await;
    assert!(report.is_clean(), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flush_that_is_not_made_costs_a_sale_and_is_found() {
    let report = sells_and_loses_power(true).await;
    assert!(!report.is_clean(), "{report}");
}
