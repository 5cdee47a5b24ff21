//! How long a switch takes to be ready when the last one left much to do.

use std::time::Duration;

use clap::Args;

use crate::fault::Fault;
use crate::figures::median;
use crate::fill::{Filling, Stage, fill};
use crate::ids::IdKind;
use crate::measure::mib;
use crate::process::{Process, progress, say};
use crate::stub::StubOrders;
use crate::switch::{Circuit, KnownProvider, Switch};
use crate::table::{Table, digits};
use crate::targets::{self, Target, Wanted};
use crate::workplace::Workplace;

/// How restarting is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct RestartArguments {
    /// How many transactions are open.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000_000)]
    pub(crate) open: u64,
    /// What is open about them; one after the other. Pending ones are many only in theory: they are what was under way
    /// when the switch died.
    #[arg(long, value_enum, value_name = "LIST", value_delimiter = ',', default_values_t = [Stage::Approved, Stage::Reversing, Stage::Pending])]
    pub(crate) stages: Vec<Stage>,
    /// How often the switch is started on each store.
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    pub(crate) rounds: u32,
}

/// Measures, and tells.
pub(crate) fn restart(workplace: &Workplace, arguments: &RestartArguments) -> Result<(), Fault> {
    let mut table = Table::new(&["open transactions", "start s, each time", "resident MiB"]);
    let mut targets = Vec::new();
    for stage in arguments.stages.iter().copied() {
        let folder = workplace.folder()?;
        let open = arguments.open;
        // They are another provider's, and nobody is there: whatever is due stays due.
        let filling = Filling { transactions: open, stage, ids: IdKind::Random, provider: "other".to_owned() };
        fill(folder.path(), &filling)?;
        let (mut starts, mut resident) = (Vec::new(), 0.0);
        for round in 0..arguments.rounds {
            progress(&format!("round {} of {}: {stage:?}", round + 1, arguments.rounds));
            let stub = Process::part("stub", &StubOrders::default())?;
            let silent = Process::part("stub", &StubOrders { silent_to_advices: true, ..StubOrders::default() })?;
            let providers =
                [KnownProvider::new("stub", stub.address()?), KnownProvider::new("other", silent.address()?)];
            let mut switch = Switch::start(workplace, folder.path(), &providers, Circuit::Default)?;
            starts.push(switch.start.as_secs_f64());
            std::thread::sleep(Duration::from_secs(1));
            resident = mib(switch.process.usage()?.resident);
            switch.process.kill()?;
        }
        progress("");
        let each: Vec<_> = starts.iter().map(|start| digits(*start)).collect();
        let name = format!("{open} {}", format!("{stage:?}").to_lowercase());
        table.row(vec![name.clone(), each.join(", "), digits(resident)]);
        // The first start settles what is pending; the others find it settled.
        let first = if stage == Stage::Pending { starts[..1].to_vec() } else { starts };
        targets.push(Target::new(format!("ready with {name}"), Wanted::AtMost(2.0), " s", vec![median(first)]));
    }
    say(&format!("{}\n{}", table.text(), targets::table(&targets).text())).map_err(Fault::machine("print the figures"))
}
