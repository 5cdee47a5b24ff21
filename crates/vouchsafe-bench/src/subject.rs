//! What is measured: the switch, or the yardstick in its place.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::audit::{self, Audited};
use crate::fault::Fault;
use crate::process::{Process, page};
use crate::switch::{Circuit, KnownProvider, Switch};
use crate::usage::Usage;
use crate::workplace::Workplace;
use crate::yardstick::plain::PlainOrders;
use crate::yardstick::{self, YardstickOrders};

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// The program that is shipped.
    Switch,
    /// The bare append.
    Yardstick,
}

impl Kind {
    /// Its name in tables and charts.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::Yardstick => "bare append",
        }
    }
}

/// What is measured, running.
pub(crate) struct Subject {
    /// Which of the two; neither for a plain server that answers lookups and keeps nothing.
    kind: Option<Kind>,
    process: Process,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

/// What a subject had used and done at an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Snapshot {
    pub(crate) at: Instant,
    pub(crate) usage: Usage,
    /// How often it had made a commit: one flush each.
    pub(crate) commits: u64,
}

/// The file of the yardstick in its folder.
const APPENDED: &str = "appended";
/// The name of the switch's own figure.
const COMMITS: &str = "vouchsafe_store_commits_total";

impl Subject {
    /// Starts it in a folder, before the provider at an address.
    pub(crate) fn start(kind: Kind, workplace: &Workplace, folder: &Path, provider: SocketAddr) -> Result<Self, Fault> {
        match kind {
            Kind::Switch => {
                let providers = [KnownProvider::new("stub", provider)];
                Ok(Self::of(Switch::start(workplace, folder, &providers, Circuit::Default)?))
            }
            Kind::Yardstick => {
                let orders = YardstickOrders { file: folder.join(APPENDED), provider };
                let process = Process::part("yardstick", &orders)?;
                Ok(Self { kind: Some(kind), address: process.address()?, process })
            }
        }
    }

    /// Starts a plain server that has one answer: what is in a file.
    pub(crate) fn plain(file: PathBuf, content_type: String) -> Result<Self, Fault> {
        let process = Process::part("plain", &PlainOrders { file, content_type })?;
        Ok(Self { kind: None, address: process.address()?, process })
    }

    /// A switch that runs already.
    pub(crate) fn of(Switch { process, address, .. }: Switch) -> Self {
        Self { kind: Some(Kind::Switch), process, address }
    }

    /// What it has used and done so far.
    pub(crate) fn snapshot(&self) -> Result<Snapshot, Fault> {
        let usage = self.process.usage()?;
        let at = Instant::now();
        let name = match self.kind {
            Some(Kind::Switch) => COMMITS,
            Some(Kind::Yardstick) => yardstick::COMMITS,
            None => return Ok(Snapshot { at, usage, commits: 0 }),
        };
        Ok(Snapshot { at, usage, commits: self.figure(name)? })
    }

    /// One of the figures that it tells.
    pub(crate) fn figure(&self, name: &str) -> Result<u64, Fault> {
        let metrics = page(self.address, "/metrics").map_err(Fault::machine("read the figures of the subject"))?;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.and_then(|value| value.trim().parse().ok()).ok_or_else(|| Fault::Nonsense {
            process: self.process.name().to_owned(),
            wrong: format!("its figures have no {name}"),
        })
    }

    /// Ends it as a power cut would end it, but for the disk's own cache.
    pub(crate) fn kill(&mut self) -> Result<(), Fault> {
        self.process.kill()
    }

    /// Whether everything that it answered is in its file, now that it is dead.
    pub(crate) fn audit(&self, folder: &Path, answers: &Path) -> Result<Audited, Fault> {
        let answers = audit::answers(answers)?;
        match self.kind {
            Some(Kind::Switch) => audit::switch(folder, &answers),
            Some(Kind::Yardstick) => audit::yardstick(&folder.join(APPENDED), &answers),
            None => Ok(Audited::default()),
        }
    }
}
