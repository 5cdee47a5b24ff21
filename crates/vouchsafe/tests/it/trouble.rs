//! Ten thousand sales through providers that lose answers and give others too late: in the end the auditor finds that
//! their ledgers, the journal and the channel tell the same story.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use vouchsafe_core::advice::BackOff;
use vouchsafe_core::circuit::CircuitRules;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::sheet::Sheet;
use vouchsafe_core::transaction::{Event, State};
use vouchsafe_provider::simulator::faults::{Faults, Rate};
use vouchsafe_provider::simulator::plays::Play;
use vouchsafe_store::sqlite::SqliteStore;

use crate::world::{
    Channel, ChannelLog, PROVIDER, Setup, Simulated, Switch, audited, id, request_for, reversal, sealer,
};

const PROVISIONS: usize = 10_000;
const CONNECTIONS: usize = 64;
/// One in so many sales is asked of a provider that takes no advices.
const WITHOUT_ADVICES: usize = 10;
/// That provider.
const STELLR: &str = "stellr";
/// How long the provider may take.
const TIMEOUT: Duration = Duration::from_millis(250);

/// What the channel makes of its provision in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    /// It has the voucher.
    Holds,
    /// It has an error and leaves the rest to the switch.
    Failed,
    /// It knows that nothing was sent.
    Refused,
    /// It was left in the dark, reversed it, and has the acknowledgement.
    Reversed,
}

fn setup(provider: &Simulated, stellr: &Simulated) -> Setup {
    let mut setup = Setup::to(&provider.base_url);
    setup.sheet = Sheet {
        timeout: TIMEOUT,
        in_flight_horizon: 2 * TIMEOUT,
        confirm_after: Duration::from_secs(3600),
        ..setup.sheet
    };
    setup.limits.back_off = BackOff { first: Duration::from_millis(10), most: Duration::from_millis(200) };
    // Whoever never answers has its turn for as long as it is listened to: far longer than the late ones need, and
    // too short for all turns to be gone.
    setup.limits.late_answer = 6 * TIMEOUT;
    // What this provider does to answers would keep its circuit open for most of the time.
    setup.limits.circuit = CircuitRules { failures: NonZeroU32::MAX, ..CircuitRules::default() };
    let sheet = Sheet { confirmations: false, reversals: false, ..setup.sheet.clone() };
    setup.others = vec![(STELLR, stellr.base_url.clone(), sheet)];
    setup.routes.settlement_entities.insert(STELLR.to_owned(), ProviderId::new(STELLR).unwrap());
    setup
}

/// Sends one provision and does what a channel does about its answer; some of those left in the dark reverse it
/// themselves, the others rely on the switch.
async fn sell(channel: &Channel, log: &ChannelLog, number: usize) -> (String, Told) {
    let mut request = request_for("app", "AIRTIME50");
    if number.is_multiple_of(WITHOUT_ADVICES) {
        request["settlementEntity"] = json!({"id": STELLR, "name": "No advices"});
    }
    let answer = log.send(channel, "/vouchers", &request).await.expect("the switch stays");
    let told = match answer.status {
        201 => Told::Holds,
        504 if number % 4 < 2 => Told::Failed,
        404 => Told::Failed,
        503 => Told::Refused,
        500 | 504 => {
            let reversal = reversal(&request);
            while log.send(channel, "/vouchers/reversals", &reversal).await.is_none_or(|answer| answer.status != 202) {}
            Told::Reversed
        }
        _ => panic!("a provision was answered {}", answer.verdict()),
    };
    (id(&request).to_owned(), told)
}

/// Sends them all, as many at a time as there are connections.
async fn sell_all(switch: &Switch, log: &Arc<ChannelLog>) -> Vec<(String, Told)> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (channel, log, next) = (switch.channel("app"), Arc::clone(log), Arc::clone(&next));
        connections.spawn(async move {
            let mut sales = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= PROVISIONS {
                    return sales;
                }
                sales.push(sell(&channel, &log, number).await);
            }
        });
    }
    connections.join_all().await.into_iter().flatten().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_lost_or_late_ledger_and_journal_agree() {
    let faults = Faults {
        drop: Rate::new(0.3).unwrap(),
        late: Rate::new(0.1).unwrap(),
        late_by: 2 * TIMEOUT,
        ..Faults::default()
    };
    let provider = Simulated::start(faults, Vec::new()).await;
    let stellr = Simulated::start(faults, vec![Play::NoAdvices, Play::NoRetries]).await;
    let switch = Switch::start(setup(&provider, &stellr)).await;
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(ChannelLog::in_folder(folder.path()));
    let sales = sell_all(&switch, &log).await;
    let providers = [(PROVIDER, &provider), (STELLR, &stellr)];
    let store = || SqliteStore::open_read_only(&switch.store_path(), sealer()).ok().map(Arc::new);
    let report = audited(store, false, &log, &providers, Vec::new()).await;
    assert!(report.is_clean(), "{report}");

    let (mut tolds, mut unanswered, mut late) = (BTreeMap::new(), 0, 0);
    for (request, told) in &sales {
        *tolds.entry(*told).or_insert(0) += 1;
        let Some(transaction) = switch.transaction("app", request).await else { continue };
        for entry in switch.app.store.journal(transaction.number).await.unwrap() {
            unanswered += u32::from(entry.event == Event::AnswerMissing);
            late += u32::from(entry.event == Event::LateApproval);
        }
    }
    #[expect(clippy::print_stdout, reason = "the counts are what is wanted")]
    {
        println!(
            "{PROVISIONS} provisions at {CONNECTIONS} connections: {unanswered} without an answer in time, of these {late} answered too late; the channel: {tolds:?}\n{report}"
        );
    }
    let ended = |state: State| report.states.get(&state).copied().unwrap_or_default();
    for state in [State::Approved, State::Reversed, State::Orphaned] {
        assert!(ended(state) > 0, "nothing ended {state}: {report}");
    }
    let never_heard = tolds.get(&Told::Refused).copied().unwrap_or_default();
    assert_eq!(sales.len(), PROVISIONS);
    let asked = provider.fates().len() + stellr.fates().len();
    assert_eq!(asked + never_heard, PROVISIONS, "the books hold what was asked, and nothing else");
    assert!(never_heard < PROVISIONS / 100, "{never_heard} were never sent");
    // A tenth and three tenths on average; far less would mean that nothing was tried.
    assert!(late > PROVISIONS as u32 / 20 && unanswered > late + PROVISIONS as u32 / 5, "{late} late of {unanswered}");
}
