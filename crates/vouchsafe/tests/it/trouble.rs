//! Ten thousand sales through providers that lose answers and give others too late: in the end their ledgers, the
//! journal and the channel tell the same story.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tokio::task::JoinSet;
use vouchsafe_core::advice::BackOff;
use vouchsafe_core::circuit::CircuitRules;
use vouchsafe_core::id::{MessageId, ProviderId};
use vouchsafe_core::sheet::Sheet;
use vouchsafe_core::transaction::{Event, State};
use vouchsafe_provider::simulator::faults::{Faults, Rate};
use vouchsafe_provider::simulator::ledger::{Fate, Standing};
use vouchsafe_provider::simulator::plays::Play;
use vouchsafe_store::TransactionNumber;

use crate::world::{Channel, Setup, Simulated, Switch, eventually, id, request_for, reversal};

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

/// Who agrees about a sale that ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    SoldAndHeld,
    Reversed,
    NeverSold,
    NeverSent,
    Orphan,
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
async fn sell(channel: &Channel, number: usize) -> (String, Told) {
    let mut request = request_for("app", "AIRTIME50");
    if number.is_multiple_of(WITHOUT_ADVICES) {
        request["settlementEntity"] = json!({"id": STELLR, "name": "No advices"});
    }
    let answer = channel.provision(&request).await;
    let told = match answer.status {
        201 => Told::Holds,
        504 if number % 4 < 2 => Told::Failed,
        404 => Told::Failed,
        503 => Told::Refused,
        500 | 504 => {
            let reversal = reversal(&request);
            while channel.reverse(&reversal).await.status != 202 {}
            Told::Reversed
        }
        _ => panic!("a provision was answered {}", answer.verdict()),
    };
    (id(&request).to_owned(), told)
}

/// Sends them all, as many at a time as there are connections.
async fn sell_all(switch: &Switch) -> Vec<(String, Told)> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (channel, next) = (switch.channel("app"), Arc::clone(&next));
        connections.spawn(async move {
            let mut sales = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= PROVISIONS {
                    return sales;
                }
                sales.push(sell(&channel, number).await);
            }
        });
    }
    connections.join_all().await.into_iter().flatten().collect()
}

/// Waits until the switch owes nothing to the provider any more.
async fn settled(switch: &Switch) {
    let store = &switch.app.store;
    eventually("everything settles", async || {
        let open = store.tally().await.unwrap().open_advices.iter().map(|open| open.count).sum::<u64>();
        (open == 0 && store.unanswered(Timestamp::MAX, 1).await.unwrap().is_empty()).then_some(())
    })
    .await;
}

/// In which of the ways that are right a sale ended; there is no other.
fn kind(told: Told, state: Option<State>, fate: Fate, listed: bool) -> Kind {
    let never_sent = matches!(state, None | Some(State::Declined));
    match (told, state, fate.standing) {
        (Told::Holds, Some(State::Approved), Standing::Done) => Kind::SoldAndHeld,
        (Told::Failed | Told::Reversed, Some(State::Reversed), Standing::Reversed) => Kind::Reversed,
        (Told::Refused, _, Standing::Unheard) if never_sent => Kind::NeverSent,
        // The request was lost on its way; its reversal found nothing.
        (Told::Failed | Told::Reversed, Some(State::Reversed), Standing::Dropped | Standing::Forestalled) => {
            Kind::NeverSold
        }
        (Told::Failed | Told::Reversed, Some(State::Orphaned), _) if listed => Kind::Orphan,
        other => panic!("a fourth kind: {other:?}, listed as an orphan: {listed}"),
    }
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
    let sales = sell_all(&switch).await;
    settled(&switch).await;

    let mut fates = provider.fates();
    let at_one = fates.len();
    fates.extend(stellr.fates());
    assert_eq!(fates.len(), at_one + stellr.fates().len(), "nothing was asked of both");
    let orphans = switch.app.store.orphans(TransactionNumber(0), PROVISIONS).await.unwrap();
    let (mut kinds, mut unanswered, mut late) = (BTreeMap::new(), 0, 0);
    for (request, told) in &sales {
        let transaction = switch.transaction("app", request).await;
        let fate = fates.get(&MessageId::parse(request).unwrap()).copied().unwrap_or_default();
        let is_listed = |number| orphans.iter().any(|orphan| orphan.number == number);
        let listed = transaction.as_ref().is_some_and(|transaction| is_listed(transaction.number));
        let state = transaction.as_ref().map(|transaction| transaction.state);
        *kinds.entry((kind(*told, state, fate, listed), *told)).or_insert(0) += 1;
        assert!(fate.requests <= 1, "{request} was asked {} times", fate.requests);
        assert_eq!((fate.confirmations, fate.breaches), (0, 0), "{request} got an advice that was not due");
        let Some(transaction) = transaction else { continue };
        for entry in switch.app.store.journal(transaction.number).await.unwrap() {
            unanswered += u32::from(entry.event == Event::AnswerMissing);
            late += u32::from(entry.event == Event::LateApproval);
        }
    }
    #[expect(clippy::print_stdout, reason = "the counts are what is wanted")]
    {
        println!(
            "{PROVISIONS} provisions at {CONNECTIONS} connections: {unanswered} without an answer in time, of these {late} answered too late"
        );
        for ((kind, told), count) in &kinds {
            println!("{count:>6} {kind:?}; the channel: {told:?}");
        }
    }
    assert!(kinds.keys().any(|(kind, _)| *kind == Kind::Orphan), "no orphan was tried");
    let never_heard = sales.iter().filter(|(_, told)| *told == Told::Refused).count();
    assert_eq!(sales.len(), PROVISIONS);
    assert_eq!(fates.len() + never_heard, PROVISIONS, "the books hold what was asked, and nothing else");
    assert!(never_heard < PROVISIONS / 100, "{never_heard} were never sent");
    // A tenth and three tenths on average; far less would mean that nothing was tried.
    assert!(late > PROVISIONS as u32 / 20 && unanswered > late + PROVISIONS as u32 / 5, "{late} late of {unanswered}");
}
