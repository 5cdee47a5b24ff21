//! What comes and goes beside a channel's sales, on one switch: does it slow them?
//!
//! What a machine does otherwise moves a p99 by more than what is looked for here. So everything that is compared takes
//! turns of seconds beside the same sales of the same switch, round after round. And all the time a second switch, the
//! *control*, sells as much on the same machine beside nothing: what the machine does falls on both in the same instant, and
//! so do the cores and the disk that whoever comes and goes takes. What is left between the two is what being in one switch
//! with it costs.
//!
//! How far a difference may still be chance is told with it: the rounds are drawn again and again, with some of them twice and
//! some not at all, and nine in ten of those draws lie between the two bounds (a *bootstrap*).

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use crate::audit::Audited;
use crate::fault::Fault;
use crate::figures::median;
use crate::headline::seconds;
use crate::ids::IdKind;
use crate::load::Asked;
use crate::measure::{Counted, Load, Loading};
use crate::process::{Process, progress, say};
use crate::report::{Report, Times};
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
/// How often rounds are drawn.
const DRAWS: usize = 500;
/// By how much a p99 may be moved, in percent.
const MOST: f64 = 10.0;

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
    /// How many sales a second are asked of the provider that is measured, and of the control.
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
    fn begin(&mut self, subject: &Subject, folder: &Path) -> Result<(), Fault>;
    /// It goes. Where it was answered, its answers are in a file.
    fn end(&mut self, subject: &Subject) -> Result<Option<PathBuf>, Fault>;
}

/// Nothing at all.
pub(crate) struct Nothing;

impl Beside for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn begin(&mut self, _: &Subject, _: &Path) -> Result<(), Fault> {
        Ok(())
    }

    fn end(&mut self, _: &Subject) -> Result<Option<PathBuf>, Fault> {
        Ok(None)
    }
}

/// What was measured beside one of them, turn by turn.
struct Series {
    name: &'static str,
    turns: Vec<Times>,
    /// What was measured of the control meanwhile.
    control: Vec<Times>,
    cpu_cores: Vec<f64>,
    flushes: Vec<f64>,
}

/// A new switch before one provider that answers at once.
pub(crate) struct Seller {
    pub(crate) subject: Subject,
    pub(crate) folder: Folder,
    /// Its provider, for as long as this is there.
    pub(crate) stub: Process,
}

impl Seller {
    pub(crate) fn start(workplace: &Workplace) -> Result<Self, Fault> {
        let folder = workplace.folder()?;
        let stub = Process::part("stub", &StubOrders::default())?;
        let providers = [KnownProvider::unconfirmed(MEASURED, stub.address()?)];
        let subject = Subject::of(Switch::start(workplace, folder.path(), &providers, Circuit::Default)?);
        Ok(Self { subject, folder, stub })
    }
}

/// Measures the sales of a provider beside each, in turns, kills both switches at rest, and tells what moved against which:
/// `pairs` are places in `all`, first what may move it and then what it is compared with.
pub(crate) fn take(
    workplace: &Workplace,
    mut subject: Subject,
    folder: &Path,
    arguments: &TurnArguments,
    all: &mut [Box<dyn Beside>],
    pairs: &[(usize, usize)],
) -> Result<(), Fault> {
    let mut control = Seller::start(workplace)?;
    let mut series: Vec<_> = all.iter().map(|beside| Series::none_yet(beside.name())).collect();
    let (mut answers, mut control_answers) = (Vec::new(), Vec::new());
    for round in 0..arguments.rounds {
        // Whoever comes first in one round comes last in the next.
        let first = usize::try_from(round).unwrap_or_default() % all.len();
        for place in (0..all.len()).cycle().skip(first).take(all.len()) {
            let (beside, series) = (&mut all[place], &mut series[place]);
            progress(&format!("round {} of {}: beside {}", round + 1, arguments.rounds, beside.name()));
            beside.begin(&subject, folder)?;
            let load = |of: &Subject, folder: &Path| {
                let load = arguments.load(MEASURED, arguments.sales, CONNECTIONS);
                Loading::start(load, of.address, folder.join(format!("answers-{round}-{place}")))
            };
            let (measured, beside_nothing) = (load(&subject, folder)?, load(&control.subject, control.folder.path())?);
            let counted = measured.counted(&subject)?;
            beside_nothing.over()?;
            let ((report, file), (control, control_file)) = (measured.report()?, beside_nothing.report()?);
            report.all_given().and_then(|()| control.all_given())?;
            series.add(&report, &control, &counted);
            answers.push(file);
            control_answers.push(control_file);
            answers.extend(beside.end(&subject)?);
        }
    }
    progress("");
    subject.kill().and_then(|()| control.subject.kill())?;
    let mut audited = Audited::default();
    for file in answers {
        audited = audited.and(subject.audit(folder, &file)?);
    }
    for file in control_answers {
        audited = audited.and(control.subject.audit(control.folder.path(), &file)?);
    }
    let text = format!(
        "{}\n{}\nAll {} vouchers were on disk once both switches were killed (SIGKILL).",
        figures(&series).text(),
        moved(&series, pairs).text(),
        audited.sold
    );
    say(&text).map_err(Fault::machine("print the figures"))
}

impl Series {
    const fn none_yet(name: &'static str) -> Self {
        Self { name, turns: Vec::new(), control: Vec::new(), cpu_cores: Vec::new(), flushes: Vec::new() }
    }

    fn add(&mut self, report: &Report, control: &Report, Counted { before, after, .. }: &Counted) {
        let taken = (after.at - before.at).as_secs_f64();
        let cpu = after.usage.cpu.saturating_sub(before.usage.cpu).as_secs_f64();
        self.turns.push(report.given.clone());
        self.control.push(control.given.clone());
        self.cpu_cores.push(cpu / taken);
        self.flushes.push(after.commits.saturating_sub(before.commits) as f64 / taken);
    }
}

/// Those of the turns together.
fn together(turns: &[Times], which: impl IntoIterator<Item = usize>) -> Times {
    let mut together = Times::none();
    which.into_iter().filter_map(|turn| turns.get(turn)).for_each(|times| together.add_all(times));
    together
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
        let every = |turns: &[Times]| together(turns, 0..turns.len());
        let (together, control) = (every(&series.turns), every(&series.control));
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
        row(series.name, "the control, at the same time", Moved::of(&series.turns, &series.control));
    }
    for (series, than) in pairs.iter().filter_map(|(series, than)| Some((all.get(*series)?, all.get(*than)?))) {
        row(series.name, &format!("{}, in its own turns", than.name), Moved::of(&series.turns, &than.turns));
    }
    table
}

/// By how much a p99 was moved, in percent, and between which bounds that is no chance.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Moved {
    found: f64,
    least: f64,
    most: f64,
}

impl Moved {
    fn of(turns: &[Times], than: &[Times]) -> Self {
        let rounds = turns.len().min(than.len());
        let by = |drawn: &[usize]| {
            let p99 = |turns: &[Times]| together(turns, drawn.iter().copied()).quantile(0.99);
            (p99(turns) / p99(than) - 1.0) * 100.0
        };
        let every: Vec<_> = (0..rounds).collect();
        // The same draws each time: whoever reads the same figures finds the same bounds.
        let mut random = fastrand::Rng::with_seed(1);
        let draw = |_| by(&every.iter().map(|_| random.usize(0..rounds)).collect::<Vec<_>>());
        let mut draws: Vec<_> = (0..DRAWS).map(draw).collect();
        draws.sort_by(f64::total_cmp);
        let bound = |place: usize| draws.get(place).copied().unwrap_or(f64::NAN);
        Self { found: by(&every), least: bound(DRAWS / 20), most: bound(DRAWS - 1 - DRAWS / 20) }
    }

    /// What can be said: nothing where the bounds lie on both sides of what is wanted.
    fn verdict(self) -> &'static str {
        if self.most <= MOST {
            "met"
        } else if self.least > MOST {
            "missed"
        } else {
            "not settled"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns of a thousand sales; the slowest fiftieth of each takes so many milliseconds.
    fn turns(slowest: &[u64]) -> Vec<Times> {
        let turn = |slowest: &u64| {
            let mut times = Times::none();
            (0..1000).for_each(|sale| times.add(Duration::from_millis(if sale < 20 { *slowest } else { 1 })));
            times
        };
        slowest.iter().map(turn).collect()
    }

    #[test]
    fn what_is_moved_is_told_with_how_far_that_may_be_chance() {
        let check = |slowest: &[u64], than: &[u64], found: f64, verdict: &str| {
            let moved = Moved::of(&turns(slowest), &turns(than));
            assert!((moved.found - found).abs() < 1.0, "{moved:?}");
            assert!(moved.least <= moved.found && moved.found <= moved.most, "{moved:?}");
            assert_eq!(moved.verdict(), verdict, "{moved:?}");
        };
        let steady = [100; 8];
        check(&steady, &steady, 0.0, "met");
        check(&[105; 8], &steady, 5.0, "met");
        check(&[120; 8], &steady, 20.0, "missed");
        // A few noisy rounds decide it, or do not.
        check(&[100, 100, 100, 200, 200, 200, 200, 200], &steady, 100.0, "not settled");
        // What was noisy in the same rounds of both was the machine.
        check(&[100, 900, 100, 300, 100, 900, 300, 300], &[100, 900, 100, 300, 100, 900, 300, 300], 0.0, "met");
    }
}
