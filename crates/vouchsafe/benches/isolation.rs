//! Whether one provider that never answers slows the sales of another: figures, not a test.
//!
//! `cargo bench -p vouchsafe --bench isolation -- --help`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a measurement that fails is none")]
#![allow(clippy::print_stdout, reason = "the figures are what is wanted")]

#[allow(dead_code, unused_imports, reason = "the cast of the integration tests; not everybody has a part here")]
#[path = "../tests/it/world/mod.rs"]
mod world;

use std::collections::BTreeMap;
use std::future::pending;
use std::num::NonZeroU32;
use std::time::Duration;

use clap::Parser;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, interval_at};
use vouchsafe_core::circuit::CircuitRules;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::sheet::Sheet;

use world::{Channel, PROVIDER, ProviderStub, Setup, Switch, approve, request, take};

/// Measures the sales of a provider that answers at once: alone, beside one that answers at once too, and beside
/// one that takes requests and advices and never answers: its sales wait for their deadline, and their reversals are
/// sent without end. The three take turns, each on a new switch, so that what
/// the machine does otherwise falls on all of them alike.
#[derive(Debug, Clone, Copy, Parser)]
struct Measure {
    /// How often each of the three has its turn.
    #[arg(long, default_value_t = 8)]
    rounds: u32,
    /// How long a turn takes, in seconds.
    #[arg(long, default_value_t = 3)]
    seconds: u32,
    /// How many sales a second are asked of the provider that is measured.
    #[arg(long, default_value_t = 400)]
    sales: u32,
    /// How many sales a second are asked of the other provider, each over a connection of its own.
    #[arg(long, default_value_t = 100)]
    others: u32,
    /// Over how many connections it is asked.
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// How many requests may be under way at the other provider.
    #[arg(long, default_value_t = NonZeroU32::new(64).expect("is not zero"))]
    cap: NonZeroU32,
    /// After how many failures in a row the other provider's circuit opens; by default it never does.
    #[arg(long, default_value_t = NonZeroU32::MAX)]
    circuit: NonZeroU32,
    /// Cargo adds this; it means nothing here.
    #[arg(long, hide = true)]
    bench: bool,
}

/// What goes on beside the sales that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Beside {
    Nothing,
    Answering,
    Silent,
}

/// The name of the other provider, and of its settlement entity.
const OTHER: &str = "other";
/// How long it is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() {
    let measure = Measure::parse();
    let mut times = BTreeMap::<Beside, Vec<Duration>>::new();
    let mut rounds = BTreeMap::<Beside, Vec<Duration>>::new();
    for round in 0..measure.rounds {
        for beside in [Beside::Nothing, Beside::Answering, Beside::Silent] {
            let mut taken = turn(measure, beside).await;
            taken.sort_unstable();
            println!("round {round}, beside {beside:?}: {}", figures(&taken));
            rounds.entry(beside).or_default().push(quantile(&taken, 0.99));
            times.entry(beside).or_default().extend(taken);
        }
    }
    println!("\nall rounds together, and the median of the rounds' p99:");
    let mut medians = BTreeMap::new();
    for (beside, taken) in &mut times {
        taken.sort_unstable();
        let p99s = rounds.get_mut(beside).expect("every turn was taken");
        p99s.sort_unstable();
        medians.insert(*beside, quantile(p99s, 0.5));
        println!("beside {beside:?}: {}, median p99 {:.2} ms", figures(taken), millis(medians[beside]));
    }
    for than in [Beside::Nothing, Beside::Answering] {
        let change = |silent: Duration, base: Duration| (millis(silent) / millis(base) - 1.0) * 100.0;
        println!(
            "silence moves p99 by {:+.1} % against {than:?} (pooled {:+.1} %)",
            change(medians[&Beside::Silent], medians[&than]),
            change(quantile(&times[&Beside::Silent], 0.99), quantile(&times[&than], 0.99)),
        );
    }
}

/// One turn: how long each sale took.
async fn turn(measure: Measure, beside: Beside) -> Vec<Duration> {
    let measured = ProviderStub::approving().await;
    let other = match beside {
        Beside::Nothing | Beside::Answering => ProviderStub::advised(approve, take).await,
        Beside::Silent => ProviderStub::advised(async |_| pending().await, async |_| pending().await).await,
    };
    let mut setup = Setup::to(measured.base_url());
    setup.limits.circuit = CircuitRules { failures: measure.circuit, ..CircuitRules::default() };
    let sheet = Sheet { timeout: PATIENCE, concurrency: measure.cap, ..Sheet::full() };
    setup.others = vec![(OTHER, other.base_url(), sheet)];
    setup.routes.settlement_entities.insert(OTHER.to_owned(), ProviderId::new(OTHER).unwrap());
    let switch = Switch::start(setup).await;
    let until = Instant::now() + Duration::from_secs(measure.seconds.into());
    let others = if beside == Beside::Nothing { 0 } else { measure.others };
    let (sales, _) = tokio::join!(
        sell(&switch, PROVIDER, measure.sales, measure.connections, until),
        sell(&switch, OTHER, others, others, until),
    );
    // Not waited for: what is under way at the silent one would end with its deadline only.
    switch.app.stopping.cancel();
    sales
}

/// Asks for so many sales a second until it is time, and says how long each took.
async fn sell(switch: &Switch, provider: &'static str, rate: u32, connections: u32, until: Instant) -> Vec<Duration> {
    let mut asking = JoinSet::new();
    if rate > 0 {
        let period = Duration::from_secs(connections.into()) / rate;
        for connection in 0..connections {
            // Spread over the first period, so that they do not come all at once in each.
            let due = interval_at(Instant::now() + period * connection / connections, period);
            asking.spawn(ask(switch.channel("app"), provider, due, until));
        }
    }
    asking.join_all().await.into_iter().flatten().collect()
}

/// One connection: a sale in each period, or as soon as the one before is over.
async fn ask(channel: Channel, provider: &'static str, mut due: Interval, until: Instant) -> Vec<Duration> {
    let mut times = Vec::new();
    while Instant::now() < until {
        due.tick().await;
        let mut request = request("app");
        request["settlementEntity"] = json!({"id": provider, "name": "A provider"});
        let begun = Instant::now();
        let answer = channel.provision(&request).await;
        if provider == PROVIDER {
            assert_eq!(answer.status, 201, "{}", answer.verdict());
            times.push(begun.elapsed());
        }
    }
    times
}

fn quantile(sorted: &[Duration], quantile: f64) -> Duration {
    #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let place = ((sorted.len() as f64 - 1.0) * quantile).round() as usize;
    sorted[place]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn figures(sorted: &[Duration]) -> String {
    let (p50, p99) = (millis(quantile(sorted, 0.5)), millis(quantile(sorted, 0.99)));
    format!("{} sales, p50 {p50:.2} ms, p99 {p99:.2} ms", sorted.len())
}
