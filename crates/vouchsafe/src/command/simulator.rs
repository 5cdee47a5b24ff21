//! `vouchsafe simulator`.

use std::path::Path;
use std::time::Duration;

use vouchsafe_core::party::Institution;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::text::{FreeText, UpTo};
use vouchsafe_provider::simulator::faults::Faults;
use vouchsafe_provider::simulator::ledger::Ledger;
use vouchsafe_provider::simulator::{self, BASE_PATH, Simulator};

use crate::clock::{Clock as _, MachineClock};
use crate::command::{Failure, SimulatorArguments, assemble, block_on, say, stop};
use crate::config::LogFormat;
use crate::telemetry;

/// Runs a simulated provider until it is asked to stop.
pub(crate) fn simulator(arguments: &SimulatorArguments) -> Result<(), Failure> {
    assemble::only_here(arguments.listen, arguments.insecure, "simulator")?;
    let _log = telemetry::start(LogFormat::Text).map_err(Failure::failed)?;
    let faults = Faults {
        drop: arguments.drop,
        error: arguments.error,
        late: arguments.late,
        late_by: Duration::from_millis(arguments.late_by),
        delay: Duration::from_millis(arguments.delay),
    };
    let mut simulator = simulated("simulator", arguments.seed, faults, ledger(arguments.ledger.as_deref())?)?;
    simulator.plays.clone_from(&arguments.plays);
    simulator.messaging = arguments.messaging;
    block_on(async {
        let stop = stop::requested()?;
        let listener = assemble::listen(arguments.listen).await?;
        let address = listener.local_addr().unwrap_or(arguments.listen);
        say(&format!(
            "A simulated provider serves at http://{address}{BASE_PATH}\n\
             ANYBODY IS LET IN: any user name and any password will do."
        ))?;
        simulator::serve(listener, simulator, stop).await.map_err(Failure::failed)
    })
}

/// A simulated provider of a name, whose answered successes count as confirmed.
pub(crate) fn simulated(name: &str, seed: u64, faults: Faults, ledger: Ledger) -> Result<Simulator, Failure> {
    let id = FreeText::new(name).map_err(Failure::unusable)?;
    let name = UpTo::new(name).map_err(Failure::unusable)?;
    let clock = Box::new(|| MachineClock.now());
    let institution = Institution { id, name };
    Ok(Simulator { institution, seed, faults, plays: Vec::new(), messaging: Messaging::Single, ledger, clock })
}

/// The books of a simulated provider: in a file, or only in memory.
pub(crate) fn ledger(path: Option<&Path>) -> Result<Ledger, Failure> {
    let Some(path) = path else { return Ok(Ledger::in_memory()) };
    Ledger::open(path).map_err(|fault| Failure::failed(format!("{}: {fault}", path.display())))
}
