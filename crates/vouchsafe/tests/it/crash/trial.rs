//! One sale through one crash: a simulated provider, a switch that dies at its points, and a channel.

use std::path::PathBuf;

use tempfile::TempDir;
use vouchsafe_provider::simulator::faults::Faults;
use vouchsafe_provider::simulator::ledger::Standing;
use vouchsafe_provider::simulator::plays::Play;

use super::point::CrashPoint;
use super::process::{Lives, Orders, Plan, opened};
use super::till::{Heard, Till};
use crate::world::{PROVIDER, Simulated, audited, eventually, id, is_settled};

/// What is tried: what the provider can do and does, and what the channel does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) plan: Plan,
    /// A product by which the provider is told what to do.
    pub(super) product: &'static str,
    /// When the switch confirms; where it does not say, long after the test.
    pub(super) confirms_after_milliseconds: Option<u64>,
    pub(super) act: Act,
    /// How much there is at least when nothing is killed.
    pub(super) least: Least,
}

/// How much a flow does at least.
#[derive(Debug, Clone, Copy)]
pub(super) struct Least {
    /// Durable steps.
    pub(super) steps: usize,
    /// Requests and advices to the provider.
    pub(super) sends: usize,
}

/// What the channel does before it makes certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// It waits for its answer.
    Waits,
    /// It hangs up once the provider was asked, and sends a retry.
    Retries,
    /// It sends the reversal before the request.
    ReversesFirst,
    /// It hangs up while the provider is being asked, and sends the reversal.
    ReversesMeanwhile,
    /// It has its voucher, and sends a reversal.
    ReversesAfterwards,
}

/// Far longer than the test.
pub(super) const NEVER: u64 = 3_600_000;

/// One trial's provider, and the folder of its switch.
struct Trial {
    folder: TempDir,
    provider: Simulated,
}

impl Trial {
    async fn begin(plan: Plan) -> Self {
        let plays = match plan {
            Plan::Full => Vec::new(),
            Plan::NoRetries => vec![Play::NoRetries],
            Plan::NoAdvices => vec![Play::NoRetries, Play::NoAdvices],
        };
        let provider = Simulated::start(Faults::default(), plays).await;
        Self { folder: tempfile::tempdir().unwrap(), provider }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store.db")
    }

    /// Waits until the provider was asked.
    async fn asked(&self, request: &str) {
        eventually("the provider is asked", async || (self.provider.fate(request).requests > 0).then_some(())).await;
    }

    /// Waits until nothing is owed to anybody any more.
    async fn settled(&self, confirms: bool) {
        // Between two lives there may be nothing to be read.
        eventually("everything settles", async || is_settled(&*opened(&self.store())?, confirms).await).await;
    }
}

/// Plays a scenario through lives that end at these points, checks what came of it, and says how many were killed.
pub(super) async fn play(scenario: &Scenario, points: Vec<CrashPoint>) -> usize {
    let trial = Trial::begin(scenario.plan).await;
    let orders = Orders {
        store: trial.store(),
        provider_url: trial.provider.base_url.clone(),
        plan: scenario.plan,
        confirm_after_milliseconds: scenario.confirms_after_milliseconds.unwrap_or(NEVER),
        is_dual: false,
        point: None,
    };
    let lives = Lives::begin(orders, points.clone());
    let mut till = Till::new(&lives, scenario.product);
    act(scenario.act, &trial, &mut till).await;
    let confirms = scenario.confirms_after_milliseconds.is_some();
    trial.settled(confirms).await;
    ask_again(scenario, &mut till).await;
    let context = format!("{}, killed at {points:?}", scenario.name);
    audit(&context, scenario, &trial, &till, &lives).await;
    drop(till);
    lives.end().await
}

async fn act(act: Act, trial: &Trial, till: &mut Till<'_>) {
    let request = id(&till.request).to_owned();
    match act {
        Act::Waits => {
            let heard = till.provision().await;
            till.make_certain(heard).await;
        }
        Act::Retries => {
            till.provision_until(trial.asked(&request)).await;
            till.make_certain(Heard::Nothing).await;
        }
        Act::ReversesMeanwhile => {
            till.provision_until(trial.asked(&request)).await;
            till.reverse().await;
        }
        Act::ReversesFirst => {
            till.reverse().await;
            let heard = till.provision().await;
            till.make_certain(heard).await;
        }
        Act::ReversesAfterwards => {
            let heard = till.provision().await;
            till.make_certain(heard).await;
            till.reverse().await;
        }
    }
}

/// Whatever became of it, one more retry is told the same.
async fn ask_again(scenario: &Scenario, till: &mut Till<'_>) {
    let held = till.holds;
    let mut heard = Heard::Nothing;
    for _ in 0..5 {
        if heard == Heard::Nothing {
            heard = till.retry().await;
        }
    }
    let fits = match (&heard, scenario.plan) {
        (Heard::Failed(verdict), Plan::NoRetries | Plan::NoAdvices) => verdict == "404 FUNCTION_NOT_SUPPORTED",
        (Heard::Voucher, Plan::Full) => held,
        (Heard::Failed(_), Plan::Full) => !held,
        _ => false,
    };
    assert!(fits, "{}: a channel that holds a voucher ({held}) is told {heard:?} once more", scenario.name);
}

/// Has the auditor compare what the channel, the switch and the provider hold true.
async fn audit(context: &str, scenario: &Scenario, trial: &Trial, till: &Till<'_>, lives: &Lives) {
    let confirms = scenario.confirms_after_milliseconds.is_some();
    let open = || opened(&trial.store());
    let report = audited(open, confirms, &lives.log, &[(PROVIDER, &trial.provider)], Vec::new()).await;
    assert!(report.is_clean(), "{context}: {report}");
    // What no record shows: whether a voucher was the same to the last byte, and that the switch confirms in the end.
    assert!(till.vouchers.windows(2).all(|two| two[0] == two[1]), "{context}: not always the same voucher");
    if till.holds {
        let expect = if confirms && scenario.plan != Plan::NoAdvices { Standing::Confirmed } else { Standing::Done };
        assert_eq!(trial.provider.fate(id(&till.request)).standing, expect, "{context}: the channel holds it");
    }
}
