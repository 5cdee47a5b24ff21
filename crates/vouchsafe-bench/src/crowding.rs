//! Whether callers that mean no good slow the sales of a channel.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::crowd::{CrowdOrders, Rudeness};
use crate::fault::Fault;
use crate::process::Process;
use crate::subject::Subject;
use crate::turns::{Beside, Nothing, Seller, TurnArguments, take};
use crate::workplace::Workplace;

/// How crowding is measured: the sales of a channel alone, and beside callers from another address that mean no good, each
/// kind in its turn. A turn is longer than the switch waits for a head or a body (10 s), so that whoever is slow is turned
/// out within it, and comes again.
#[derive(Debug, Clone, Args)]
pub(crate) struct CrowdingArguments {
    #[command(flatten)]
    turns: TurnArguments,
}

/// What is compared with the first, nothing.
const PAIRS: [(usize, usize); 4] = [(1, 0), (2, 0), (3, 0), (4, 0)];

/// Measures, and tells.
pub(crate) fn crowding(workplace: &Workplace, arguments: &CrowdingArguments) -> Result<(), Fault> {
    let Seller { subject, folder, stub: _stub } = Seller::start(workplace)?;
    let mut all: Vec<Box<dyn Beside>> = vec![Box::new(Nothing)];
    for rudeness in [Rudeness::SlowHeads, Rudeness::SlowBodies, Rudeness::HugeHeads, Rudeness::Flood] {
        all.push(Box::new(Crowd { rudeness, process: None }));
    }
    take(workplace, subject, folder.path(), &arguments.turns, &mut all, &PAIRS)
}

/// A crowd, which is a process while it is there.
struct Crowd {
    rudeness: Rudeness,
    process: Option<Process>,
}

impl Beside for Crowd {
    fn name(&self) -> &'static str {
        match self.rudeness {
            Rudeness::SlowHeads => "heads without an end",
            Rudeness::SlowBodies => "bodies without an end",
            Rudeness::HugeHeads => "heads of 256 KiB",
            Rudeness::Flood => "a flood of connections",
        }
    }

    fn begin(&mut self, subject: &Subject, _: &Path) -> Result<(), Fault> {
        let process = Process::part("crowd", &CrowdOrders { to: subject.address, rudeness: self.rudeness })?;
        process.address()?;
        self.process = Some(process);
        Ok(())
    }

    fn end(&mut self, _: &Subject) -> Result<Option<PathBuf>, Fault> {
        // Its connections end with it.
        self.process = None;
        Ok(None)
    }
}
