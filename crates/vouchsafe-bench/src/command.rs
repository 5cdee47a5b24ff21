//! What a person types, and what parts are told.

use std::path::PathBuf;

use clap::{Parser, Subcommand};
use serde::de::DeserializeOwned;

use crate::answers::AnswersArguments;
use crate::crowding::CrowdingArguments;
use crate::fault::Fault;
use crate::fill::FillArguments;
use crate::growth::GrowthArguments;
use crate::headline::HeadlineArguments;
use crate::isolation::IsolationArguments;
use crate::restart::RestartArguments;
use crate::trouble::TroubleArguments;
use crate::workplace::Workplace;
use crate::{
    answers, crowd, crowding, fill, growth, headline, isolation, load, restart, smoke, stub, trouble, yardstick,
};

/// How fast the switch is, beside the bare append: the least that two durable records and two HTTP exchanges cost.
/// Without a command: the headline, the switch and the bare append in turns.
#[derive(Debug, Parser)]
#[command(name = "./bench", args_conflicts_with_subcommands = true)]
pub(crate) struct CommandLine {
    /// The switch to measure; by default the one that was built with this program.
    #[arg(long, value_name = "FILE", global = true)]
    switch: Option<PathBuf>,
    /// Where files are kept meanwhile, on the disk that is measured; by default `target/bench`.
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    #[command(flatten)]
    headline: HeadlineArguments,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Fill a store with transactions as a switch would have left them.
    Fill(FillArguments),
    /// Measure stores of several sizes, each as it grows.
    Growth(GrowthArguments),
    /// Measure how long a switch takes to start on a store with much left to do.
    Restart(RestartArguments),
    /// Measure what is healthy while something else fails.
    Trouble(TroubleArguments),
    /// Measure one provider's sales beside another that never answers.
    Isolation(IsolationArguments),
    /// Measure a channel's sales beside callers that mean no good: slow heads, slow bodies, huge heads, many connections.
    Crowding(CrowdingArguments),
    /// Measure what is answered from the journal and from memory: retries beside sales, product lookups beside plain axum.
    Answers(AnswersArguments),
    /// Try every measurement once and briefly. Fails on errors, never on time.
    Smoke,
    /// Take part in a measurement; this program starts itself so.
    #[command(hide = true)]
    Part {
        /// As what.
        part: String,
        /// The orders, in JSON.
        orders: String,
    },
}

/// Does what was asked.
pub(crate) fn run(line: CommandLine) -> Result<(), Fault> {
    if let Some(Command::Part { part, orders }) = &line.command {
        return take_part(part, orders);
    }
    let options = [("--data", &line.data), ("--switch", &line.switch)];
    let options =
        options.into_iter().filter_map(|(name, path)| Some([name.to_owned(), path.as_ref()?.display().to_string()]));
    let options: Vec<_> = options.flatten().collect();
    let workplace = Workplace::find(line.data, line.switch)?;
    match line.command {
        None => headline::headline(&workplace, &line.headline),
        Some(Command::Fill(arguments)) => fill::command(&arguments),
        Some(Command::Growth(arguments)) => growth::growth(&workplace, &arguments),
        Some(Command::Restart(arguments)) => restart::restart(&workplace, &arguments),
        Some(Command::Trouble(arguments)) => trouble::trouble(&workplace, &arguments),
        Some(Command::Isolation(arguments)) => isolation::isolation(&workplace, &arguments),
        Some(Command::Crowding(arguments)) => crowding::crowding(&workplace, &arguments),
        Some(Command::Answers(arguments)) => answers::answers(&workplace, &arguments),
        Some(Command::Smoke) => smoke::smoke(&options),
        Some(Command::Part { part, orders }) => take_part(&part, &orders),
    }
}

fn take_part(part: &str, orders: &str) -> Result<(), Fault> {
    match part {
        "stub" => stub::run(read(part, orders)?),
        "yardstick" => yardstick::run(&read(part, orders)?),
        "plain" => yardstick::plain::run(&read(part, orders)?),
        "crowd" => crowd::run(read(part, orders)?),
        "load" => load::run(read(part, orders)?),
        _ => Err(Fault::Nonsense { process: part.to_owned(), wrong: "there is no such part".to_owned() }),
    }
}

fn read<T: DeserializeOwned>(part: &str, orders: &str) -> Result<T, Fault> {
    let wrong = |error: serde_json::Error| Fault::Nonsense { process: part.to_owned(), wrong: error.to_string() };
    serde_json::from_str(orders).map_err(wrong)
}
