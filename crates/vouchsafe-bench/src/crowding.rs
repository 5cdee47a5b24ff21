//! Whether callers that mean no good slow the sales of a channel.

use std::path::PathBuf;

use clap::Args;

use crate::crowd::{CrowdOrders, Rudeness};
use crate::fault::Fault;
use crate::process::Process;
use crate::switch::Circuit;
use crate::turns::{Beside, Nothing, Seller, TurnArguments, take};
use crate::workplace::Workplace;

/// How crowding is measured: the sales of a channel alone, and beside callers from another address that mean no good, each
/// kind in its turn and then all at once. They go last wherever somebody else needs a core: in the field they have machines of
/// their own.
#[derive(Debug, Clone, Args)]
pub(crate) struct CrowdingArguments {
    #[command(flatten)]
    turns: TurnArguments,
    /// Only all of them at once, beside nothing: more rounds in the same time.
    #[arg(long)]
    at_once: bool,
}

/// Measures, and tells.
pub(crate) fn crowding(workplace: &Workplace, arguments: &CrowdingArguments) -> Result<(), Fault> {
    let each = [Rudeness::SlowHeads, Rudeness::SlowBodies, Rudeness::HugeHeads, Rudeness::Flood];
    let mut all: Vec<Box<dyn Beside>> = vec![Box::new(Nothing)];
    if !arguments.at_once {
        all.extend(each.map(|rudeness| -> Box<dyn Beside> { Box::new(Crowd::of(vec![rudeness])) }));
    }
    all.push(Box::new(Crowd::of(each.to_vec())));
    // Each is compared with the first, nothing.
    let pairs: Vec<_> = (1..all.len()).map(|crowd| (crowd, 0)).collect();
    take(|| Seller::start(workplace, &[], Circuit::Default), &arguments.turns, &mut all, &pairs)
}

/// A crowd of one kind, or of several: each is a process while it is there.
struct Crowd {
    kinds: Vec<Rudeness>,
    processes: Vec<Process>,
}

impl Crowd {
    const fn of(kinds: Vec<Rudeness>) -> Self {
        Self { kinds, processes: Vec::new() }
    }
}

impl Beside for Crowd {
    fn name(&self) -> &'static str {
        match self.kinds[..] {
            [Rudeness::SlowHeads] => "heads without an end",
            [Rudeness::SlowBodies] => "bodies without an end",
            [Rudeness::HugeHeads] => "heads of 256 KiB",
            [Rudeness::Flood] => "a flood of connections",
            _ => "all of them at once",
        }
    }

    fn begin(&mut self, seller: &Seller) -> Result<(), Fault> {
        for &rudeness in &self.kinds {
            let process = Process::part("crowd", &CrowdOrders { to: seller.subject.address, rudeness })?;
            process.address()?;
            self.processes.push(process);
        }
        Ok(())
    }

    fn end(&mut self, _: &Seller) -> Result<Option<PathBuf>, Fault> {
        // Its connections end with it.
        self.processes.clear();
        Ok(None)
    }
}
