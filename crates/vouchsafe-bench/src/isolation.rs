//! Whether one provider that never answers slows the sales of another, and whether callers that mean no good slow those of
//! a channel.

use std::time::Duration;

use clap::Args;

use crate::crowd::{CrowdOrders, Rudeness};
use crate::fault::Fault;
use crate::figures::median;
use crate::headline::seconds;
use crate::ids::IdKind;
use crate::load::Asked;
use crate::measure::{Counted, Load, Loading, TAIL};
use crate::process::{Process, progress, say};
use crate::report::Times;
use crate::stub::StubOrders;
use crate::subject::Subject;
use crate::switch::{Circuit, KnownProvider, Switch};
use crate::table::{Table, digits};
use crate::targets::{self, Target, Wanted};
use crate::workplace::Workplace;

/// How isolation is measured: the sales of a provider that answers at once, alone, beside another provider that answers
/// at once too, and beside one that takes requests and reversals and never answers. They are measured in turns, each on a new
/// switch, so that what the machine does otherwise falls on all of them alike.
#[derive(Debug, Clone, Args)]
pub(crate) struct IsolationArguments {
    /// How often each of the three is measured.
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    pub(crate) rounds: u32,
    /// How many seconds of each run count.
    #[arg(long, value_name = "SECONDS", default_value_t = 4.0)]
    pub(crate) seconds: f64,
    /// How many seconds of each run come before that: long enough for sales to have failed and for their reversals to be
    /// due again.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.5)]
    pub(crate) warm_up: f64,
    /// How many sales a second are asked of the provider that is measured.
    #[arg(long, value_name = "NUMBER", default_value_t = 400)]
    pub(crate) sales: u32,
    /// How many sales a second are asked of the other provider.
    #[arg(long, value_name = "NUMBER", default_value_t = 100)]
    pub(crate) others: u32,
    /// How many requests may be under way at the other provider.
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    pub(crate) cap: u32,
    /// Let the other provider's circuit open as it does by default; otherwise it never does.
    #[arg(long)]
    pub(crate) circuit: bool,
}

/// What goes on beside the sales that are measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    Nothing,
    Answering,
    Silent,
    Crowd(Rudeness),
}

/// Beside other providers.
pub(crate) const PROVIDERS: [Beside; 3] = [Beside::Nothing, Beside::Answering, Beside::Silent];
/// Beside callers that mean no good.
pub(crate) const CROWDS: [Beside; 5] = [
    Beside::Nothing,
    Beside::Crowd(Rudeness::SlowHeads),
    Beside::Crowd(Rudeness::SlowBodies),
    Beside::Crowd(Rudeness::HugeHeads),
    Beside::Crowd(Rudeness::Flood),
];

impl Beside {
    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Answering => "one that answers",
            Self::Silent => "one that never does",
            Self::Crowd(Rudeness::SlowHeads) => "heads without an end",
            Self::Crowd(Rudeness::SlowBodies) => "bodies without an end",
            Self::Crowd(Rudeness::HugeHeads) => "heads of 256 KiB",
            Self::Crowd(Rudeness::Flood) => "a flood of connections",
        }
    }
}

/// How long the silent one is waited for, in seconds.
const PATIENCE: u32 = 1;

/// What was measured beside one of the three, round by round and together.
struct Series {
    beside: Beside,
    p50: Vec<f64>,
    p99: Vec<f64>,
    all: Times,
    cpu_seconds: Vec<f64>,
    flushes: Vec<f64>,
}

/// Measures, and tells.
pub(crate) fn isolation(workplace: &Workplace, arguments: &IsolationArguments, beside: &[Beside]) -> Result<(), Fault> {
    let none_yet = |beside: &Beside| Series {
        beside: *beside,
        p50: Vec::new(),
        p99: Vec::new(),
        all: Times::none(),
        cpu_seconds: Vec::new(),
        flushes: Vec::new(),
    };
    let mut all: Vec<_> = beside.iter().map(none_yet).collect();
    for round in 0..arguments.rounds {
        // Whoever comes first in one round comes last in the next.
        let first = usize::try_from(round).unwrap_or_default() % all.len();
        for place in (0..all.len()).cycle().skip(first).take(all.len()) {
            let series = &mut all[place];
            let (rounds, beside) = (arguments.rounds, series.beside.name());
            progress(&format!("round {} of {rounds}: beside {beside}", round + 1));
            one(workplace, arguments, series)?;
        }
    }
    progress("");
    let text = tell(&all);
    say(&text).map_err(Fault::machine("print the figures"))
}

/// One run on a new switch.
fn one(workplace: &Workplace, arguments: &IsolationArguments, series: &mut Series) -> Result<(), Fault> {
    let folder = workplace.folder()?;
    let stub = Process::part("stub", &StubOrders::default())?;
    let silent = series.beside == Beside::Silent;
    let orders = StubOrders {
        silent_per_mille: if silent { 1000 } else { 0 },
        silent_to_advices: silent,
        ..StubOrders::default()
    };
    let other = Process::part("stub", &orders)?;
    let providers = [
        KnownProvider::new("measured", stub.address()?),
        KnownProvider {
            concurrency: arguments.cap,
            timeout_seconds: PATIENCE,
            ..KnownProvider::new("other", other.address()?)
        },
    ];
    let circuit = if arguments.circuit { Circuit::Default } else { Circuit::Never };
    let mut subject = Subject::of(Switch::start(workplace, folder.path(), &providers, circuit)?);
    let load = |to: &str, rate, connections| Load {
        connections,
        rate: Some(rate),
        asked: Asked::Sales { to: Some(to.to_owned()), ids: IdKind::Random },
        warm_up: seconds(arguments.warm_up),
        measured: seconds(arguments.seconds),
        patience: Duration::from_secs(2),
        tail: TAIL,
    };
    let beside = match series.beside {
        Beside::Nothing | Beside::Crowd(_) => None,
        // Each of its sales may wait to its end, and no more of them are under way than it takes.
        Beside::Answering | Beside::Silent => {
            let load = load("other", arguments.others, arguments.others * PATIENCE * 2);
            Some(Loading::start(load, subject.address, folder.path().join("other-answers"))?)
        }
    };
    let _crowd = match series.beside {
        Beside::Crowd(rudeness) => {
            let crowd = Process::part("crowd", &CrowdOrders { to: subject.address, rudeness })?;
            crowd.address()?;
            Some(crowd)
        }
        Beside::Nothing | Beside::Answering | Beside::Silent => None,
    };
    let measured =
        Loading::start(load("measured", arguments.sales, 16), subject.address, folder.path().join("answers"))?;
    let Counted { before, after, .. } = measured.counted(&subject)?;
    subject.kill()?;
    let (report, answers) = measured.report()?;
    report.all_given()?;
    subject.audit(folder.path(), &answers)?;
    if let Some(beside) = beside {
        beside.begun().and_then(|()| beside.measured()).and_then(|()| beside.settled())?;
        let (_, answers) = beside.report()?;
        subject.audit(folder.path(), &answers)?;
    }
    let taken = (after.at - before.at).as_secs_f64();
    let cpu = after.usage.cpu.saturating_sub(before.usage.cpu).as_secs_f64();
    series.p50.push(report.given.quantile(0.5));
    series.p99.push(report.given.quantile(0.99));
    series.all.add_all(&report.given);
    series.cpu_seconds.push(cpu / taken);
    series.flushes.push((after.commits - before.commits) as f64 / taken);
    Ok(())
}

fn tell(all: &[Series]) -> String {
    let heads =
        ["beside", "sales", "p50 ms", "p99 ms, median", "p99 ms, pooled", "max ms", "CPU, of one core", "flushes/s"];
    let mut table = Table::new(&heads);
    for series in all {
        let sales = series.all.count() as f64;
        table.row(vec![
            series.beside.name().to_owned(),
            digits(sales),
            digits(median(series.p50.clone())),
            digits(median(series.p99.clone())),
            digits(series.all.quantile(0.99)),
            digits(series.all.max()),
            format!("{:.0} %", median(series.cpu_seconds.clone()) * 100.0),
            digits(median(series.flushes.clone())),
        ]);
    }
    let moved = |(series, than): (&Series, &Series)| {
        let by_median = median(series.p99.clone()) / median(than.p99.clone());
        let pooled = series.all.quantile(0.99) / than.all.quantile(0.99);
        let (name, than) = (series.beside.name(), than.beside.name());
        [(by_median, "median"), (pooled, "pooled")].map(|(ratio, how)| {
            let what = format!("{name}: moves p99, against {than}, {how}");
            Target::new(what, Wanted::AtMost(10.0), " %", vec![(ratio - 1.0) * 100.0])
        })
    };
    // Against nothing, and what is silent against as much that is not.
    let (Some(nothing), others) = (all.first(), all.get(1..).unwrap_or_default()) else { return table.text() };
    let of = |beside| others.iter().find(|series| series.beside == beside);
    let pairs = others.iter().filter(|series| series.beside != Beside::Answering).map(|series| (series, nothing));
    let targets: Vec<_> = pairs.chain(of(Beside::Silent).zip(of(Beside::Answering))).flat_map(moved).collect();
    format!("{}\n{}", table.text(), targets::table(&targets).text())
}
