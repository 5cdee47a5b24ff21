//! What is healthy while something else fails: how much is sold, how long that takes, what it costs in memory.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use clap::Args;
use vouchsafe_store::Store as _;

use crate::audit::Audited;
use crate::fault::Fault;
use crate::fill::{Filling, Stage, fill};
use crate::headline::seconds;
use crate::ids::IdKind;
use crate::load::Asked;
use crate::measure::{Counted, Load, Loading, TAIL, mib, run};
use crate::process::{Process, progress, say};
use crate::report::Report;
use crate::stub::StubOrders;
use crate::subject::{Kind, Subject};
use crate::switch::{Circuit, KnownProvider, Switch};
use crate::table::{Table, digits};
use crate::workplace::{Workplace, block_on, read_store};

/// How trouble is measured. All loads are open loops: requests come whether or not there is trouble.
#[derive(Debug, Clone, Args)]
pub(crate) struct TroubleArguments {
    /// How much of the sustainable rate is asked for while something fails, in percent.
    #[arg(long, value_name = "PERCENT", default_value_t = 30)]
    pub(crate) share: u32,
    /// How many times the sustainable rate is asked for in the end.
    #[arg(long, value_name = "NUMBER", default_value_t = 5)]
    pub(crate) times: u32,
    /// How many reversals are queued to the other provider.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    pub(crate) queued: u64,
    /// How many seconds of each run count.
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    pub(crate) seconds: f64,
    /// How many seconds of each run come before that: long enough for what fails to have failed for a while.
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0)]
    pub(crate) warm_up: f64,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// Nothing: to compare with.
    None,
    /// One sale in ten is never answered.
    Timeouts,
    /// As many sales again are asked of a provider that nobody can connect to.
    Dead,
    /// As many reversals as were asked for wait for a provider that takes none.
    Queued,
    /// More is asked for than can be done.
    TooMuch,
}

impl Trouble {
    fn name(self, arguments: &TroubleArguments) -> String {
        match self {
            Self::None => "none".to_owned(),
            Self::Timeouts => "10 % of the sales never answered".to_owned(),
            Self::Dead => "another provider dead, as many sales".to_owned(),
            Self::Queued => format!("{} reversals queued to another", arguments.queued),
            Self::TooMuch => format!("{} times the sustainable rate", arguments.times),
        }
    }
}

/// How long the provider may take, in seconds.
const PATIENCE: u32 = 1;
/// Over how many connections: enough for those that wait in vain.
const CONNECTIONS: u32 = 512;
/// How many sales may be under way at a provider by default.
const CAP: u32 = 64;

/// Measures, and tells.
pub(crate) fn trouble(workplace: &Workplace, arguments: &TroubleArguments) -> Result<(), Fault> {
    progress("how much can be sustained");
    let sustainable = sustainable(workplace, arguments)?;
    let heads = [
        "trouble",
        "asked/s",
        "vouchers/s",
        "refused/s",
        "unknown/s",
        "unsent/s",
        "p50 ms",
        "p99 ms",
        "p99 ms of refusals",
        "resident MiB",
        "peak MiB",
        "flushes/s",
    ];
    let mut table = Table::new(&heads);
    let mut audited = Audited::default();
    for trouble in [Trouble::None, Trouble::Timeouts, Trouble::Dead, Trouble::Queued, Trouble::TooMuch] {
        let name = trouble.name(arguments);
        progress(&name);
        let (row, found) = one(workplace, arguments, trouble, sustainable)?;
        audited = audited.and(found);
        table.row(std::iter::once(name).chain(row).collect());
    }
    progress("");
    let Audited { sold, unknown, refused } = audited;
    let text = format!(
        "Sustainable: {sustainable} vouchers a second (closed loop, {CAP} connections).\n\n{}\nAfter each run the switch was \
         killed at work (SIGKILL). Its store agrees with all that its channels were told: {sold} vouchers, {unknown} unknown \
         outcomes, each with its reversal, and {refused} refusals; no queued reversal is missing.",
        table.text()
    );
    say(&text).map_err(Fault::machine("print the figures"))
}

/// How many vouchers a second a closed loop gets.
fn sustainable(workplace: &Workplace, arguments: &TroubleArguments) -> Result<u32, Fault> {
    let folder = workplace.folder()?;
    let stub = Process::part("stub", &StubOrders::default())?;
    let subject = Subject::start(Kind::Switch, workplace, folder.path(), stub.address()?)?;
    let load = Load { connections: CAP, rate: None, patience: Duration::ZERO, ..load(arguments, 0, None) };
    let (figures, _) = run(subject, load, folder.path())?;
    Ok(figures.per_second as u32)
}

fn load(arguments: &TroubleArguments, rate: u32, to: Option<&str>) -> Load {
    Load {
        connections: CONNECTIONS,
        rate: Some(rate),
        asked: Asked::Sales { to: to.map(str::to_owned), ids: IdKind::Random },
        warm_up: seconds(arguments.warm_up),
        measured: seconds(arguments.seconds),
        patience: Duration::from_secs(5),
        tail: TAIL,
    }
}

/// One run: its row of the table, and what was found in the store.
fn one(
    workplace: &Workplace,
    arguments: &TroubleArguments,
    trouble: Trouble,
    sustainable: u32,
) -> Result<(Vec<String>, Audited), Fault> {
    let folder = workplace.folder()?;
    let folder = folder.path();
    if trouble == Trouble::Queued {
        let provider = "other".to_owned();
        fill(
            folder,
            &Filling { transactions: arguments.queued, stage: Stage::Reversing, ids: IdKind::Random, provider },
        )?;
        progress(&trouble.name(arguments));
    }
    let silent_per_mille = if trouble == Trouble::Timeouts { 100 } else { 0 };
    let stub = Process::part("stub", &StubOrders { silent_per_mille, ..StubOrders::default() })?;
    let silent = Process::part("stub", &StubOrders { silent_to_advices: true, ..StubOrders::default() })?;
    let other = if trouble == Trouble::Dead { nobody()? } else { silent.address()? };
    let known = |id, address| KnownProvider { timeout_seconds: PATIENCE, ..KnownProvider::new(id, address) };
    let healthy = known("stub", stub.address()?);
    let providers = [
        KnownProvider { concurrency: if trouble == Trouble::TooMuch { CAP } else { healthy.concurrency }, ..healthy },
        KnownProvider { concurrency: CAP, ..known("other", other) },
    ];
    let mut subject = Subject::of(Switch::start(workplace, folder, &providers, Circuit::Default)?);
    let rate = match trouble {
        Trouble::TooMuch => sustainable.saturating_mul(arguments.times),
        _ => sustainable / 100 * arguments.share,
    };
    let beside = match trouble {
        Trouble::Dead => {
            let answers = folder.join("other-answers");
            Some(Loading::start(load(arguments, rate, Some("other")), subject.address, answers)?)
        }
        _ => None,
    };
    let loading = Loading::start(load(arguments, rate, Some("stub")), subject.address, folder.join("answers"))?;
    let Counted { before, after, .. } = loading.counted(&subject)?;
    subject.kill()?;
    let (report, answers) = loading.report()?;
    let mut audited = subject.audit(folder, &answers)?;
    if let Some(beside) = beside {
        beside.over()?;
        let (_, answers) = beside.report()?;
        audited = audited.and(subject.audit(folder, &answers)?);
    }
    if trouble == Trouble::Queued {
        none_dropped(folder, arguments.queued)?;
    }
    let flushes = (after.commits - before.commits) as f64 / (after.at - before.at).as_secs_f64();
    let mut row = row(rate, &report);
    row.extend([mib(after.usage.resident), mib(after.usage.peak), flushes].map(digits));
    Ok((row, audited))
}

/// What came of the requests, by kind.
fn row(rate: u32, report: &Report) -> Vec<String> {
    let each_second = |count: u64| count as f64 / report.seconds;
    let with = |wanted: fn(u16) -> bool| -> u64 {
        report.statuses.iter().filter(|(status, _)| wanted(**status)).map(|(_, count)| count).sum()
    };
    let refused = with(|status| matches!(status, 429 | 503));
    let unknown = with(|status| !matches!(status, 201 | 429 | 503)) + report.broken;
    let counts = [report.given.count(), refused, unknown, report.unsent].map(|count| digits(each_second(count)));
    let of_refusals = if report.refused.count() == 0 { f64::NAN } else { report.refused.quantile(0.99) };
    let times = [report.given.quantile(0.5), report.given.quantile(0.99), of_refusals].map(digits);
    std::iter::once(digits(f64::from(rate))).chain(counts).chain(times).collect()
}

/// An address at which nobody listens.
fn nobody() -> Result<SocketAddr, Fault> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    listener.and_then(|listener| listener.local_addr()).map_err(Fault::machine("find a free port"))
}

/// Whether all reversals that were queued still are: nobody took any.
fn none_dropped(folder: &Path, queued: u64) -> Result<(), Fault> {
    block_on(async {
        let store = read_store(folder)?;
        let tally = store.tally().await.map_err(|error| Fault::Store(error.to_string()))?;
        let open = tally.open_advices.iter().find(|owed| owed.provider.as_str() == "other");
        match open.map_or(0, |owed| owed.count) {
            found if found == queued => Ok(()),
            found => {
                let missing = usize::try_from(queued.abs_diff(found)).unwrap_or(usize::MAX);
                let first = format!("{queued} reversals were queued, {found} are open");
                Err(Fault::Broken { subject: "switch", count: missing, first })
            }
        }
    })
}
