//! Whether a store that has grown is still fast: the same load on stores of several sizes, in turns.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::fault::Fault;
use crate::figures::median;
use crate::fill::{Filling, Stage, fill};
use crate::headline::seconds;
use crate::ids::IdKind;
use crate::load::Asked;
use crate::measure::{Figures, Load, TAIL, run};
use crate::process::{Process, progress, say};
use crate::stub::StubOrders;
use crate::subject::Subject;
use crate::switch::{Circuit, KnownProvider, Switch};
use crate::table::{Table, digits};
use crate::targets::{self, Target, Wanted};
use crate::workplace::Workplace;

/// How growth is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct GrowthArguments {
    /// How many transactions are stored, one store for each number, the smallest first. Five million take a while.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [10_000, 1_000_000])]
    pub(crate) stored: Vec<u64>,
    /// How often the stores take turns.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub(crate) rounds: u32,
    /// How many seconds of each run count.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    pub(crate) seconds: f64,
    /// How ids of requests follow one another.
    #[arg(long, value_enum, default_value = "random")]
    pub(crate) ids: IdKind,
    /// Fill the stores anew, though filled ones are there.
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Print everything as JSON instead of tables.
    #[arg(long)]
    pub(crate) json: bool,
}

/// One run on a store of one size.
#[derive(Debug, Clone, Serialize)]
struct Run {
    stored: u64,
    connections: u32,
    round: u32,
    start_seconds: f64,
    figures: Figures,
}

/// Where speed is measured, and where memory is.
const BUSY: u32 = 64;
const MANY: u32 = 256;
/// The size for which there is a bound on memory.
const MILLION: u64 = 1_000_000;

/// Measures, and tells.
pub(crate) fn growth(workplace: &Workplace, arguments: &GrowthArguments) -> Result<(), Fault> {
    let stores = arguments.stored.iter().map(|stored| {
        let folder = workplace.data.join(format!("growth-{:?}-{stored}", arguments.ids).to_lowercase());
        ready(&folder, *stored, arguments).map(|()| (*stored, folder))
    });
    let stores = stores.collect::<Result<Vec<(u64, PathBuf)>, Fault>>()?;
    let mut runs = Vec::new();
    for round in 0..arguments.rounds {
        for (stored, folder) in &stores {
            for connections in [BUSY, MANY] {
                let of = arguments.rounds;
                progress(&format!("round {} of {of}: {stored} stored, {connections} connections", round + 1));
                let (start_seconds, figures) = one(workplace, arguments, folder, connections)?;
                runs.push(Run { stored: *stored, connections, round, start_seconds, figures });
            }
        }
    }
    progress("");
    let text = if arguments.json {
        serde_json::to_string_pretty(&runs).map_err(std::io::Error::other).map_err(Fault::machine("write JSON"))?
    } else {
        let kept = stores.iter().map(|(_, folder)| folder.display().to_string()).collect::<Vec<_>>().join(", ");
        format!("{}\n{}\nThe filled stores are kept: {kept}", table(&runs), targets::table(&found(&runs)).text())
    };
    say(&text).map_err(Fault::machine("print the figures"))
}

/// Fills the store of a folder, unless that was done before.
fn ready(folder: &Path, stored: u64, arguments: &GrowthArguments) -> Result<(), Fault> {
    // Written when the store is full: one that was given up half-way is filled anew.
    let filled = folder.join("filled");
    if filled.exists() && !arguments.fresh {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(Fault::machine(format!("remove {}", folder.display())))?;
    }
    let provider = "stub".to_owned();
    fill(folder, &Filling { transactions: stored, stage: Stage::Confirmed, ids: arguments.ids, provider })?;
    fs::write(&filled, "").map_err(Fault::machine("note that the store is full"))
}

/// One run on a store that keeps what is added: how long its switch took to start, and the figures.
fn one(
    workplace: &Workplace,
    arguments: &GrowthArguments,
    folder: &Path,
    connections: u32,
) -> Result<(f64, Figures), Fault> {
    let stub = Process::part("stub", &StubOrders::default())?;
    let providers = [KnownProvider::new("stub", stub.address()?)];
    let switch = Switch::start(workplace, folder, &providers, Circuit::Default)?;
    let start = switch.start.as_secs_f64();
    let load = Load {
        connections,
        rate: None,
        asked: Asked::Sales { to: None, ids: arguments.ids },
        warm_up: seconds(arguments.seconds / 5.0),
        measured: seconds(arguments.seconds),
        patience: Duration::ZERO,
        tail: TAIL,
    };
    let (figures, _) = run(Subject::of(switch), load, folder)?;
    Ok((start, figures))
}

fn of(runs: &[Run], stored: u64, connections: u32, figure: impl Fn(&Run) -> f64) -> Vec<f64> {
    runs.iter().filter(|run| run.stored == stored && run.connections == connections).map(figure).collect()
}

fn table(runs: &[Run]) -> String {
    let heads =
        ["stored", "connections", "per second", "p50 ms", "p99 ms", "max ms", "CPU µs each", "resident MiB", "start s"];
    let mut table = Table::new(&heads);
    let figures: [fn(&Run) -> f64; 7] = [
        |run| run.figures.per_second,
        |run| run.figures.p50,
        |run| run.figures.p99,
        |run| run.figures.max,
        |run| run.figures.cpu_micros,
        |run| run.figures.resident_mib,
        |run| run.start_seconds,
    ];
    for run in runs.iter().filter(|run| run.round == 0) {
        let cells = figures.iter().map(|figure| digits(median(of(runs, run.stored, run.connections, figure))));
        table.row([run.stored.to_string(), run.connections.to_string()].into_iter().chain(cells).collect());
    }
    table.text()
}

/// Each store against the smallest, within each round.
fn found(runs: &[Run]) -> Vec<Target> {
    let mut sizes: Vec<_> = runs.iter().map(|run| run.stored).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let Some((small, larger)) = sizes.split_first() else { return Vec::new() };
    let mut targets = Vec::new();
    for stored in larger {
        let against = |figure: fn(&Run) -> f64, scale: f64| {
            let (large, small) = (of(runs, *stored, BUSY, figure), of(runs, *small, BUSY, figure));
            large.iter().zip(small).map(|(large, small)| large / small * scale).collect()
        };
        let speed = format!("provisions a second with {stored} stored, of those with {small}");
        targets.push(Target::new(speed, Wanted::AtLeast(85.0), " %", against(|run| run.figures.per_second, 100.0)));
        let p99 = format!("p99 with {stored} stored, of that with {small}");
        targets.push(Target::new(p99, Wanted::AtMost(1.3), " times", against(|run| run.figures.p99, 1.0)));
    }
    if sizes.contains(&MILLION) {
        let resident = of(runs, MILLION, MANY, |run| run.figures.resident_mib);
        let name = format!("resident memory, {MANY} connections, {MILLION} stored");
        targets.push(Target::new(name, Wanted::AtMost(100.0), " MiB", resident));
    }
    targets
}
