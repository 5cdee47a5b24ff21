//! `./bench`: how fast the switch is, beside the least that durability costs.
//!
//! Everything that takes part in a measurement is a process of its own, so that CPU time and memory are put down to
//! whoever used them: the load generator, the provider stub, and either the switch (the program that is shipped) or the
//! yardstick. The last is the *bare append*: the same HTTP in and out and both records in one file, and nothing else.
//! `docs/performance/README.md` says how to read the figures.

mod answers;
mod audit;
mod chart;
mod command;
mod cores;
mod crowd;
mod crowding;
mod fault;
mod figures;
mod fill;
mod growth;
mod headline;
mod ids;
mod isolation;
mod load;
mod measure;
mod message;
mod moved;
mod process;
mod report;
mod restart;
mod shelf;
mod smoke;
mod stub;
mod subject;
mod switch;
mod table;
mod targets;
mod trouble;
mod turns;
mod usage;
mod workplace;
mod yardstick;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match command::run(command::CommandLine::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // If even that cannot be written, the exit code still says it.
            let _ = writeln!(std::io::stderr(), "bench: {fault}");
            ExitCode::FAILURE
        }
    }
}
