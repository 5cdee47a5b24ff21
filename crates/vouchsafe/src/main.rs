//! The `vouchsafe` command.

use std::process::ExitCode;

use clap::Parser as _;
use vouchsafe::command::CommandLine;

fn main() -> ExitCode {
    vouchsafe::command::run(CommandLine::parse())
}
