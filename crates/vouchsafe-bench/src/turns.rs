//! What comes and goes beside a channel's sales, on one switch: does it slow them?
//!
//! What a machine does otherwise moves a p99 by more than what is looked for here. So two switches sell at the same time, as
//! much as each other, each with its provider and its callers on a half of the cores of its own. Turn by turn something comes
//! to one of them; the other is the *control*. What the machine and the disk do falls on both in the same instant; what
//! the switch has to do for whoever came, and what that takes of the cores, falls on one. They change places from round to
//! round, so that no half is better than the other.
//!
//! How far a difference may still be chance is told with it: the rounds are drawn again and again, with some of them twice and
//! some not at all, and nine in ten of those draws lie between the two bounds (a *bootstrap*).

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::audit::Audited;
use crate::cores::Cores;
use crate::fault::Fault;
use crate::figures::median;
use crate::headline::seconds;
use crate::ids::IdKind;
use crate::load::Asked;
use crate::measure::{Counted, Load, Loading};
use crate::moved::{Moved, Turns, together};
use crate::process::{Process, progress, say};
use crate::stub::StubOrders;
use crate::subject::Subject;
use crate::switch::{Circuit, KnownProvider, Switch};
use crate::table::{Table, digits};
use crate::workplace::{Folder, Workplace};

/// The provider whose sales are measured.
pub(crate) const MEASURED: &str = "measured";
/// How long sales may take, in seconds, before they count as lost.
const LOST: u64 = 5;
/// Over how many connections the sales come that are measured.
const CONNECTIONS: u32 = 16;
/// How turns are taken.
#[derive(Debug, Clone, Args)]
pub(crate) struct TurnArguments {
    /// How often each of them has its turn.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    pub(crate) rounds: u32,
    /// How many seconds of each turn count.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    pub(crate) seconds: f64,
    /// How many seconds of each turn come before that: long enough for sales to have failed and for their reversals to be
    /// due again.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.5)]
    pub(crate) warm_up: f64,
    /// How many sales a second are asked of the provider that is measured, and of the control's.
    #[arg(long, value_name = "NUMBER", default_value_t = 250)]
    pub(crate) sales: u32,
}

impl TurnArguments {
    /// So many sales a second for the length of a turn.
    pub(crate) fn load(&self, to: &str, rate: u32, connections: u32) -> Load {
        Load {
            connections,
            rate: Some(rate),
            asked: Asked::Sales { to: Some(to.to_owned()), ids: IdKind::Random },
            warm_up: seconds(self.warm_up),
            measured: seconds(self.seconds),
            patience: Duration::from_secs(LOST),
            tail: Duration::ZERO,
        }
    }
}

/// What takes turns. It comes when it is begun and is gone, with all that it left behind, once it has ended.
pub(crate) trait Beside {
    /// What it is called.
    fn name(&self) -> &'static str;
    /// It comes.
    fn begin(&mut self, seller: &Seller) -> Result<(), Fault>;
    /// It goes. Where it was answered, its answers are in a file.
    fn end(&mut self, seller: &Seller) -> Result<Option<PathBuf>, Fault>;
}

/// Nothing at all.
pub(crate) struct Nothing;

impl Beside for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn begin(&mut self, _: &Seller) -> Result<(), Fault> {
        Ok(())
    }

    fn end(&mut self, _: &Seller) -> Result<Option<PathBuf>, Fault> {
        Ok(None)
    }
}

/// A new switch and its providers.
pub(crate) struct Seller {
    pub(crate) subject: Subject,
    folder: Folder,
    /// Its providers, the one that is measured first.
    stubs: Vec<(KnownProvider, Process)>,
    /// Where the answers are that it gave so far.
    answers: Vec<PathBuf>,
}

impl Seller {
    /// Starts it before providers that answer at once: the one that is measured, and others.
    pub(crate) fn start(workplace: &Workplace, others: &[Another], circuit: Circuit) -> Result<Self, Fault> {
        let folder = workplace.folder()?;
        let stub = |known: &dyn Fn(SocketAddr) -> KnownProvider| -> Result<_, Fault> {
            let process = Process::part("stub", &StubOrders::default())?;
            Ok((known(process.address()?), process))
        };
        let mut stubs = vec![stub(&|address| KnownProvider::unconfirmed(MEASURED, address))?];
        for &Another { id, concurrency, timeout_seconds } in others {
            stubs.push(stub(&|address| {
                let known = KnownProvider::unconfirmed(id, address);
                KnownProvider { concurrency, timeout_seconds, ..known }
            })?);
        }
        let providers: Vec<_> = stubs.iter().map(|(known, _)| known.clone()).collect();
        let subject = Subject::of(Switch::start(workplace, folder.path(), &providers, circuit)?);
        Ok(Self { subject, folder, stubs, answers: Vec::new() })
    }

    /// Where one of its providers is.
    pub(crate) fn stub(&self, id: &str) -> Result<SocketAddr, Fault> {
        let known = self.stubs.iter().find(|(known, _)| known.id == id).map(|(known, _)| known.address);
        known.ok_or_else(|| Fault::Nonsense { process: id.to_owned(), wrong: "nobody started it".to_owned() })
    }

    /// A new file for the answers to a load of this name.
    pub(crate) fn answers(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("answers-{name}"))
    }

    /// Kills it at rest: everything that it answered must be in what it left.
    fn killed(mut self) -> Result<Audited, Fault> {
        self.subject.kill()?;
        let mut audited = Audited::default();
        for file in &self.answers {
            audited = audited.and(self.subject.audit(self.folder.path(), file)?);
        }
        Ok(audited)
    }
}

/// A provider beside the one that is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Another {
    pub(crate) id: &'static str,
    pub(crate) concurrency: u32,
    pub(crate) timeout_seconds: u32,
}

/// What was measured beside one of them, turn by turn.
struct Series {
    name: &'static str,
    turns: Turns,
    cpu_cores: Vec<f64>,
    flushes: Vec<f64>,
}

/// Measures the sales of a provider beside each, in turns, kills both switches at rest, and tells what moved against which:
/// `pairs` are places in `all`, first what may move it and then what it is compared with.
pub(crate) fn take(
    start: impl Fn() -> Result<Seller, Fault>,
    arguments: &TurnArguments,
    all: &mut [Box<dyn Beside>],
    pairs: &[(usize, usize)],
) -> Result<(), Fault> {
    let [one, other] = Cores::halves()?;
    let mut sides = [(one, one.host(&start)?), (other, other.host(&start)?)];
    let mut series: Vec<_> = all.iter().map(|beside| Series::none_yet(beside.name())).collect();
    for round in 0..arguments.rounds {
        sides.reverse();
        let [measured, control] = &mut sides;
        // Whoever comes first in one round comes last in the next.
        let first = usize::try_from(round).unwrap_or_default() % all.len();
        for place in (0..all.len()).cycle().skip(first).take(all.len()) {
            let beside = all[place].as_mut();
            progress(&format!("round {} of {}: beside {}", round + 1, arguments.rounds, beside.name()));
            series[place].turn(arguments, &format!("{round}-{place}"), beside, [measured, control])?;
        }
    }
    progress("");
    let print = |text: &str| say(text).map_err(Fault::machine("print the figures"));
    // Before the stores are looked into: what was measured for so long must not be lost with them.
    print(&format!("{}\n{}", figures(&series).text(), moved(&series, pairs).text()))?;
    let [(_, one), (_, other)] = sides;
    let sold = one.killed()?.and(other.killed()?).sold;
    print(&format!("All {sold} vouchers were on disk once both switches were killed (SIGKILL)."))
}

impl Series {
    fn none_yet(name: &'static str) -> Self {
        Self { name, turns: Turns::default(), cpu_cores: Vec::new(), flushes: Vec::new() }
    }

    /// One more turn: both switches sell, and what is looked at comes to the first.
    fn turn(
        &mut self,
        arguments: &TurnArguments,
        name: &str,
        beside: &mut dyn Beside,
        [(cores, measured), (others, control)]: [&mut (Cores, Seller); 2],
    ) -> Result<(), Fault> {
        let load = |of: &Seller| {
            let load = arguments.load(MEASURED, arguments.sales, CONNECTIONS);
            Loading::start(load, of.subject.address, of.answers(name))
        };
        let loading = cores.host(|| {
            beside.begin(measured)?;
            load(measured)
        })?;
        let control_loading = others.host(|| load(control))?;
        let counted = loading.counted(&measured.subject)?;
        control_loading.over()?;
        let ((report, file), (control_report, control_file)) = (loading.report()?, control_loading.report()?);
        report.all_given().and_then(|()| control_report.all_given())?;
        measured.answers.push(file);
        control.answers.push(control_file);
        let answers = beside.end(measured)?;
        measured.answers.extend(answers);
        self.turns.measured.push(report.given);
        self.turns.control.push(control_report.given);
        self.add_use(&counted);
        Ok(())
    }

    fn add_use(&mut self, Counted { before, after, .. }: &Counted) {
        let taken = (after.at - before.at).as_secs_f64();
        let cpu = after.usage.cpu.saturating_sub(before.usage.cpu).as_secs_f64();
        self.cpu_cores.push(cpu / taken);
        self.flushes.push(after.commits.saturating_sub(before.commits) as f64 / taken);
    }
}

fn figures(all: &[Series]) -> Table {
    let mut table = Table::new(&[
        "beside",
        "sales",
        "p50 ms",
        "p99 ms",
        "max ms",
        "control p50",
        "p99",
        "CPU, of one core",
        "flushes/s",
    ]);
    for series in all {
        let (together, control) = (together(&series.turns.measured), together(&series.turns.control));
        table.row(vec![
            series.name.to_owned(),
            digits(together.count() as f64),
            digits(together.quantile(0.5)),
            digits(together.quantile(0.99)),
            digits(together.max()),
            digits(control.quantile(0.5)),
            digits(control.quantile(0.99)),
            format!("{:.0} %", median(series.cpu_cores.clone()) * 100.0),
            digits(median(series.flushes.clone())),
        ]);
    }
    table
}

fn moved(all: &[Series], pairs: &[(usize, usize)]) -> Table {
    let mut table =
        Table::new(&["moves p99, wanted ≤ 10 %", "against", "found", "nine draws in ten between", "verdict"]);
    let mut row = |what: &str, than: &str, moved: Moved| {
        table.row(vec![
            what.to_owned(),
            than.to_owned(),
            format!("{:.0} %", moved.found),
            format!("{:.0} and {:.0} %", moved.least, moved.most),
            moved.verdict().to_owned(),
        ]);
    };
    for series in all {
        row(series.name, "the control, at the same time", Moved::of(&series.turns));
    }
    for (series, than) in pairs.iter().filter_map(|(series, than)| Some((all.get(*series)?, all.get(*than)?))) {
        row(series.name, &format!("{}, each by its control", than.name), Moved::against(&series.turns, &than.turns));
    }
    table
}
