//! One run: a subject, a load, and what came of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use crate::audit::{Audited, none_mixed_up};
use crate::fault::Fault;
use crate::load::{Asked, LoadOrders};
use crate::process::Process;
use crate::report::{Report, Slice, Told};
use crate::subject::{Kind, Snapshot, Subject};

/// How a subject is loaded.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    /// Over how many connections.
    pub(crate) connections: u32,
    /// How many requests a second; as many as are answered where it is not said.
    pub(crate) rate: Option<u32>,
    /// For what it is asked.
    pub(crate) asked: Asked,
    /// How long it is loaded before that counts.
    pub(crate) warm_up: Duration,
    /// How long it counts.
    pub(crate) measured: Duration,
    /// How long answers are waited for afterwards.
    pub(crate) patience: Duration,
    /// How long it is loaded after that; not at all, or for `TAIL`.
    pub(crate) tail: Duration,
}

/// How long a load goes on after what counts, so that whoever is killed is killed at work.
pub(crate) const TAIL: Duration = Duration::from_secs(30);
/// How long a load may take to write down what it has.
const REPORT: Duration = Duration::from_secs(120);

/// The figures of one run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figures {
    /// Of what was asked for, a second: vouchers for the most part.
    pub(crate) per_second: f64,
    /// How long each took, in milliseconds: half of them less, and so on.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    pub(crate) max: f64,
    /// The CPU time of the subject's process for each answer, in microseconds.
    pub(crate) cpu_micros: f64,
    /// The memory that it held at the end, and at most, in MiB.
    pub(crate) resident_mib: f64,
    pub(crate) peak_mib: f64,
    /// How often it flushed in a second.
    pub(crate) flushes: f64,
    /// How much of one core the load generator took: at the whole of it, it was measured and not the subject.
    pub(crate) generator_cores: f64,
    /// What was given over time.
    pub(crate) slices: Vec<Slice>,
}

/// A load at work.
pub(crate) struct Loading {
    process: Process,
    orders: LoadOrders,
}

impl Loading {
    /// Starts to load whoever listens at an address.
    pub(crate) fn start(load: Load, to: std::net::SocketAddr, answers: PathBuf) -> Result<Self, Fault> {
        let orders = LoadOrders {
            to,
            asked: load.asked,
            connections: load.connections,
            rate: load.rate,
            warm_up: load.warm_up,
            measured: load.measured,
            patience: load.patience,
            tail: load.tail,
            answers,
        };
        Ok(Self { process: Process::part("load", &orders)?, orders })
    }

    /// Waits until the time that counts is over and whatever counts is answered: what was used meanwhile.
    pub(crate) fn counted(&self, subject: &Subject) -> Result<Counted, Fault> {
        self.begun()?;
        let (before, generator_before) = (subject.snapshot()?, self.process.usage()?);
        self.measured()?;
        let (after, generator_after) = (subject.snapshot()?, self.process.usage()?);
        self.settled()?;
        Ok(Counted { before, after, generator: generator_after.cpu.saturating_sub(generator_before.cpu) })
    }

    /// Waits until the time that counts begins.
    pub(crate) fn begun(&self) -> Result<(), Fault> {
        self.told("beginning", |told| matches!(told, Told::Begun).then_some(()))
    }

    /// Waits until the time that counts is over.
    pub(crate) fn measured(&self) -> Result<(), Fault> {
        self.told("measuring", |told| matches!(told, Told::Measured).then_some(()))
    }

    /// Waits until all is answered that counts.
    pub(crate) fn settled(&self) -> Result<(), Fault> {
        self.told("settling", |told| matches!(told, Told::Settled).then_some(()))
    }

    /// Waits until all of that is over, where nobody wants to know what was used meanwhile.
    pub(crate) fn over(&self) -> Result<(), Fault> {
        self.begun()?;
        self.measured()?;
        self.settled()
    }

    /// What came of it, once its subject is gone, and where its answers are.
    pub(crate) fn report(self) -> Result<(Report, PathBuf), Fault> {
        let told = |told| if let Told::Report(report) = told { Some(*report) } else { None };
        let report = self.told("reporting", told)?;
        none_mixed_up(&report.statuses)?;
        Ok((report, self.orders.answers))
    }

    fn told<T>(&self, awaited: &'static str, wanted: impl FnOnce(Told) -> Option<T>) -> Result<T, Fault> {
        let told = self.process.told(self.orders.longest() + REPORT, awaited)?;
        let silent = || Fault::Silent { process: self.process.name().to_owned(), awaited };
        wanted(told).ok_or_else(silent)
    }
}

/// Loads a subject, kills it at work, and makes sure that what it answered is on disk.
pub(crate) fn run(mut subject: Subject, load: Load, folder: &Path) -> Result<(Figures, Audited), Fault> {
    let loading = Loading::start(load, subject.address, folder.join("answers"))?;
    let counted = loading.counted(&subject)?;
    subject.kill()?;
    let (report, answers) = loading.report()?;
    let audited = subject.audit(folder, &answers)?;
    Ok((figures(&report, &counted), audited))
}

/// What had been used when the time that counts began and when it ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counted {
    /// By the subject.
    pub(crate) before: Snapshot,
    pub(crate) after: Snapshot,
    /// The CPU time that the load generator took in between.
    pub(crate) generator: Duration,
}

/// The figures of a load and of its subject.
pub(crate) fn figures(report: &Report, counted: &Counted) -> Figures {
    let Counted { before, after, generator } = *counted;
    let answers: u64 = report.statuses.values().sum();
    let seconds = (after.at - before.at).as_secs_f64();
    let used = after.usage.cpu.saturating_sub(before.usage.cpu).as_secs_f64();
    // The two instants lie a little beside the time that counts; a rate does not mind.
    let answered = answers as f64 / report.seconds * seconds;
    Figures {
        per_second: report.given.count() as f64 / report.seconds,
        p50: report.given.quantile(0.5),
        p99: report.given.quantile(0.99),
        p999: report.given.quantile(0.999),
        max: report.given.max(),
        cpu_micros: used * 1e6 / answered.max(1.0),
        resident_mib: mib(after.usage.resident),
        peak_mib: mib(after.usage.peak),
        flushes: after.commits.saturating_sub(before.commits) as f64 / seconds,
        generator_cores: generator.as_secs_f64() / seconds,
        slices: report.slices.clone(),
    }
}

pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// The name of a subject's kind in a sentence about how far things are.
pub(crate) fn said(kind: Kind, connections: u32, round: u32, rounds: u32) -> String {
    format!("round {} of {rounds}: {}, {connections} connections", round + 1, kind.name())
}
