//! The `vouchsafe` command.

use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use vouchsafe::command::CommandLine;
use zeroizing_alloc::ZeroAlloc;

/// Messages are made of many small pieces that live as long as a request: see docs/performance. Each may hold a code, a
/// PIN or a secret, so all are wiped when they are given back: see docs/decisions/0028.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<MiMalloc> = ZeroAlloc(MiMalloc);

fn main() -> ExitCode {
    vouchsafe::command::run(CommandLine::parse())
}
