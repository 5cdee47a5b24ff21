//! The `vouchsafe` command.

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use vouchsafe::command::CommandLine;

/// Messages are made of many small pieces that live as long as a request: see docs/performance.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    vouchsafe::command::run(CommandLine::parse())
}
