//! The table that counts: the switch beside the bare append, in turns.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::audit::Audited;
use crate::chart::{Frame, Line, draw};
use crate::fault::Fault;
use crate::figures::{Figure, Run, by_round, median, ratios};
use crate::ids::IdKind;
use crate::load::Asked;
use crate::measure::{Figures, Load, TAIL, run, said};
use crate::process::{Process, progress, say};
use crate::report::Slice;
use crate::stub::StubOrders;
use crate::subject::{Kind, Subject};
use crate::table::{Table, digits};
use crate::targets::{self, Target};
use crate::workplace::Workplace;

/// How the headline is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct HeadlineArguments {
    /// Over how many connections; one after the other.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_values_t = [1, 64, 256])]
    connections: Vec<u32>,
    /// How often the switch and the yardstick take turns.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    rounds: u32,
    /// How many seconds of each run count.
    #[arg(long, value_name = "SECONDS", default_value_t = 5.0)]
    seconds: f64,
    /// How many seconds of each run come before that.
    #[arg(long, value_name = "SECONDS", default_value_t = 1.5)]
    warm_up: f64,
    /// How ids of requests follow one another.
    #[arg(long, value_enum, default_value = "random")]
    ids: IdKind,
    /// Print everything as JSON instead of tables.
    #[arg(long)]
    json: bool,
    /// Where to draw the charts.
    #[arg(long, value_name = "DIR")]
    charts: Option<PathBuf>,
}

/// Everything that was measured.
#[derive(Serialize)]
struct Measured<'a> {
    runs: &'a [Run],
    targets: &'a [Target],
    /// How many vouchers were found on disk after their subject had been killed.
    vouchers_found: usize,
}

/// A duration of so many seconds; none where that is nonsense.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

/// Measures, and tells.
pub(crate) fn headline(workplace: &Workplace, arguments: &HeadlineArguments) -> Result<(), Fault> {
    let (mut runs, mut audited) = (Vec::new(), Audited::default());
    for round in 0..arguments.rounds {
        for connections in arguments.connections.iter().copied() {
            let mut subjects = [Kind::Switch, Kind::Yardstick];
            // Whoever comes second finds the machine warmer.
            subjects.rotate_left(usize::from(round % 2 == 1));
            for subject in subjects {
                progress(&said(subject, connections, round, arguments.rounds));
                let (figures, found) = one(workplace, arguments, subject, connections)?;
                audited = audited.and(found);
                runs.push(Run { subject, connections, round, figures });
            }
        }
    }
    progress("");
    let targets = targets::headline(&runs);
    if let Some(folder) = &arguments.charts {
        charts(folder, &runs, &arguments.connections)?;
    }
    let text = if arguments.json {
        let measured = Measured { runs: &runs, targets: &targets, vouchers_found: audited.sold };
        serde_json::to_string_pretty(&measured).map_err(std::io::Error::other).map_err(Fault::machine("write JSON"))?
    } else {
        let (tables, targets) = (tables(&runs, &arguments.connections), targets::table(&targets).text());
        let sold = digits(audited.sold as f64);
        format!(
            "{tables}\n{targets}\nAfter each run its subject was killed at work (SIGKILL): all {sold} vouchers that it had \
             handed out were on disk."
        )
    };
    say(&text).map_err(Fault::machine("print the figures"))
}

/// One run of one subject, on a store of its own.
fn one(
    workplace: &Workplace,
    arguments: &HeadlineArguments,
    subject: Kind,
    connections: u32,
) -> Result<(Figures, Audited), Fault> {
    let folder = workplace.folder()?;
    let stub = Process::part("stub", &StubOrders::default())?;
    let subject = Subject::start(subject, workplace, folder.path(), stub.address()?)?;
    let load = Load {
        connections,
        rate: None,
        asked: Asked::Sales { to: None, ids: arguments.ids },
        warm_up: seconds(arguments.warm_up),
        measured: seconds(arguments.seconds),
        patience: Duration::ZERO,
        tail: TAIL,
    };
    run(subject, load, folder.path())
}

/// The columns of the table.
const COLUMNS: [(&str, Figure); 8] = [
    ("per second", |figures| figures.per_second),
    ("p50 ms", |figures| figures.p50),
    ("p99 ms", |figures| figures.p99),
    ("p99.9 ms", |figures| figures.p999),
    ("max ms", |figures| figures.max),
    ("CPU µs each", |figures| figures.cpu_micros),
    ("resident MiB", |figures| figures.resident_mib),
    ("flushes/s", |figures| figures.flushes),
];

/// The figures of each subject, and how they compare: medians of the rounds.
fn tables(runs: &[Run], connections: &[u32]) -> String {
    let heads: Vec<_> = std::iter::once("").chain(COLUMNS.iter().map(|(head, _)| *head)).collect();
    let mut table = Table::new(&heads);
    for connections in connections.iter().copied() {
        let many = format!("{connections} connection{}", if connections == 1 { "" } else { "s" });
        let mut row = |name: String, values: &dyn Fn(Figure) -> Vec<f64>| {
            let cells = COLUMNS.iter().map(|(_, figure)| digits(median(values(*figure))));
            table.row(std::iter::once(name).chain(cells).collect());
        };
        for subject in [Kind::Switch, Kind::Yardstick] {
            row(format!("{many}: {}", subject.name()), &|figure| by_round(runs, subject, connections, figure));
        }
        row(format!("{many}: ratio"), &|figure| ratios(runs, connections, figure));
    }
    table.text()
}

/// Latency over time at the middle number of connections, and vouchers a second by connections.
fn charts(folder: &std::path::Path, runs: &[Run], connections: &[u32]) -> Result<(), Fault> {
    std::fs::create_dir_all(folder).map_err(Fault::machine(format!("make the folder {}", folder.display())))?;
    let subjects = [Kind::Switch, Kind::Yardstick];
    let mut throughput = Vec::new();
    for (colour, subject) in subjects.into_iter().enumerate() {
        let per_second = |connections: &u32| {
            (f64::from(*connections), median(by_round(runs, subject, *connections, |figures| figures.per_second)))
        };
        let points = connections.iter().map(per_second).collect();
        throughput.push(Line { name: subject.name().to_owned(), colour, points });
    }
    let frame = Frame { title: "Vouchers a second".to_owned(), across: "connections", up: "vouchers a second" };
    draw(&folder.join("throughput.svg"), &frame, &throughput)?;

    let busy = connections.get(connections.len() / 2).copied().unwrap_or(1);
    let mut latency = Vec::new();
    for (place, quantile) in ["p99", "p50"].into_iter().enumerate() {
        let value = |slice: &Slice| if quantile == "p99" { slice.p99 } else { slice.p50 };
        for (colour, subject) in subjects.into_iter().enumerate() {
            // The last round's: one run, as it went.
            let runs = runs.iter().rev();
            let run = runs.clone().find(|run| run.subject == subject && run.connections == busy);
            let slices = run.map(|run| run.figures.slices.as_slice()).unwrap_or_default();
            let points = slices.iter().map(|slice| (slice.at, value(slice))).collect();
            latency.push(Line { name: format!("{} {quantile}", subject.name()), colour: colour + 2 * place, points });
        }
    }
    let title = format!("How long a voucher takes, {busy} connections");
    draw(&folder.join("latency.svg"), &Frame { title, across: "seconds", up: "milliseconds" }, &latency)
}
