//! The commands: what a person types, one file each.

mod acts;
mod advices;
mod assemble;
mod audit;
mod catalogue;
mod channel;
mod check_config;
mod core_dumps;
mod descriptors;
mod file_act;
mod grounds;
mod keys;
mod openapi;
mod orphans;
mod pace;
mod progress;
mod providers;
mod sandbox;
mod sealing_key;
mod serve;
mod show;
mod simulator;
mod stop;
mod store;
mod unfinalised;
mod verify;

use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_provider::simulator::faults::Rate;
use vouchsafe_provider::simulator::plays::Play;

/// Vouchsafe: a digital-voucher switch. One binary, one command, one durable answer for every voucher sold.
#[derive(Debug, Parser)]
#[command(
    name = "vouchsafe",
    version,
    after_help = "Start with `vouchsafe sandbox`: it sells its first voucher a second later."
)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// Leave core dumps on, and debuggers to whoever runs this: for hunting a crash. A dump holds keys, credentials and
    /// vouchers; without this none is written.
    #[arg(long, global = true)]
    core_dumps: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the switch with a configuration file.
    Serve {
        /// The configuration; config.default.toml explains every setting.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Try everything at once: a switch, simulated providers and a demo catalogue. Accepts any password.
    Sandbox(SandboxArguments),
    /// Run a simulated provider, for testing a switch.
    Simulator(SimulatorArguments),
    /// Manage what channels log in with.
    ///
    /// Every change is on record in the store of the configuration, before it is made and after: see `vouchsafe acts`.
    /// Where the store cannot record it, nothing is changed.
    #[command(subcommand)]
    Channel(channel::ChannelCommand),
    /// Read a configuration and its catalogue, and name every fault.
    CheckConfig {
        /// The configuration to read.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Look after the file of what is sold.
    #[command(subcommand)]
    Catalogue(CatalogueCommand),
    /// Show what each provider can do: the sheets that are shipped, and those of a configuration's providers.
    Providers {
        /// The configuration to show too.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Tell the whole story of a transaction out of its journal; works beside a running switch.
    ///
    /// It is found by an id, or by the voucher that it issued, redeemed or refunded. No story shows a code or a PIN.
    Show(show::ShowArguments),
    /// List what waits for a person: the money at risk, sold, or perhaps sold, and held by no channel.
    #[command(args_conflicts_with_subcommands = true)]
    Orphans {
        #[command(flatten)]
        store: store::StoreArguments,
        #[command(subcommand)]
        then: Option<OrphansCommand>,
    },
    /// List what waits for providers: the reversals and confirmations that have not ended.
    #[command(args_conflicts_with_subcommands = true)]
    Advices {
        #[command(flatten)]
        store: store::StoreArguments,
        #[command(subcommand)]
        then: Option<AdvicesCommand>,
    },
    /// List what people did by hand: who, when, what, why, before and after; the newest last.
    ///
    /// Resolving orphans, redriving advices, changing channels, rotating and rewrapping keys and the reset of a sandbox
    /// leave a record for good. What is done to a file is recorded before and after it: where only the first is there,
    /// nobody knows whether it was done.
    Acts {
        /// How many of the newest are shown.
        #[arg(long, value_name = "NUMBER", default_value = "50")]
        limit: NonZeroUsize,
        #[command(flatten)]
        store: store::StoreArguments,
    },
    /// List what waits for tills: approved transactions of dual messaging that are neither confirmed nor reversed.
    ///
    /// The oldest come first; those of the last minute are still being sold. Nobody but the till can know whether the
    /// voucher was handed over: have it send a confirmation or a reversal.
    Unfinalised {
        #[command(flatten)]
        store: store::StoreArguments,
    },
    /// Prove that nothing in the store was altered, and nothing taken away; works beside a running switch.
    ///
    /// Every row and every event carries a keyed hash, each journal is a chain of them, and one sum counts them all.
    /// Exit code 0: all is sound; 1: something is broken, and the first thing that is broken is told first.
    Verify {
        /// The sum that an earlier run told, where nothing has happened since.
        #[arg(long, value_name = "SUM")]
        expect: Option<String>,
        #[command(flatten)]
        store: store::StoreArguments,
    },
    /// Look after the keys that the store is sealed with.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Compare what channels logged, what the switch holds and what providers noted, and tell every broken promise.
    #[command(after_long_help = audit::FORMATS)]
    Audit(audit::AuditArguments),
    /// Write the interface's OpenAPI description.
    Openapi {
        /// Where to; `-` is the standard output.
        #[arg(long, value_name = "FILE", default_value = "openapi.json")]
        output: PathBuf,
    },
}

/// What `sandbox` can be told.
#[derive(Debug, Args)]
pub struct SandboxArguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where to keep the store, the key and the simulated providers' ledgers.
    #[arg(long, value_name = "DIR", default_value = sandbox::DATA)]
    data: PathBuf,
    /// Who finalises: "single", the switch does, as for an app; "dual", every channel is a till that sends a
    /// confirmation or a reversal of its own.
    #[arg(long, value_name = "STYLE", default_value = "single", value_parser = messaging)]
    messaging: Messaging,
    /// Listen on an address that other machines can reach, although anybody is let in.
    #[arg(long)]
    insecure: bool,
}

/// What `simulator` can be told.
#[derive(Debug, Args)]
pub struct SimulatorArguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: SocketAddr,
    /// The durable record of what was sold and refused, one JSON line an event; without it nothing is kept.
    #[arg(long, value_name = "FILE")]
    ledger: Option<PathBuf>,
    /// Vouchers and faults follow from this number and the request: the same again gives the same again.
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// How often there is no answer, from 0 (never) to 1 (always); half of the time what was asked is done.
    #[arg(long, value_name = "RATE", default_value = "0")]
    drop: Rate,
    /// How often the answer is an error, from 0 to 1: 503 before or 500 after doing what was asked.
    #[arg(long, value_name = "RATE", default_value = "0")]
    error: Rate,
    /// How often the answer comes late, from 0 to 1, though what it says is done at once.
    #[arg(long, value_name = "RATE", default_value = "0")]
    late: Rate,
    /// How late such an answer is.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 60_000)]
    late_by: u64,
    /// The longest time that any other answer takes; each takes its own part of it.
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 0)]
    delay: u64,
    /// What it cannot do, or does in its own way: no-advices, no-retries, slow-to-reverse, not-found-once,
    /// acknowledges-twice. Several are divided by commas.
    #[arg(long, value_name = "PLAY", value_delimiter = ',')]
    plays: Vec<Play>,
    /// Who finalises what it sells: "single", what it has answered counts as confirmed; "dual", a voucher can be
    /// redeemed, and a redemption refunded, only once it is confirmed.
    #[arg(long, value_name = "STYLE", default_value = "single", value_parser = messaging)]
    messaging: Messaging,
    /// Listen on an address that other machines can reach, although anybody is sold to.
    #[arg(long)]
    insecure: bool,
}

#[derive(Debug, Subcommand)]
enum CatalogueCommand {
    /// Read a catalogue, and name every fault with its line.
    Check {
        /// The catalogue to read: CSV where its name ends in .csv, else TOML.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The configuration whose providers its sources must name.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum AdvicesCommand {
    /// Have advices sent at once that wait for their next attempt; works beside a running switch, which does it.
    Redrive {
        /// The transaction whose advice is meant: its number, or an id where only one transaction goes by it.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        id: Option<String>,
        /// Every advice that waits.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        grounds: grounds::Grounds,
        #[command(flatten)]
        store: store::StoreArguments,
    },
}

#[derive(Debug, Subcommand)]
enum OrphansCommand {
    /// Close an orphan once it is settled with the provider; works beside a running switch.
    Resolve {
        /// Its number; its ids will do where only one transaction goes by them.
        id: String,
        #[command(flatten)]
        grounds: grounds::Grounds,
        #[command(flatten)]
        store: store::StoreArguments,
    },
}

/// A messaging style by its name.
fn messaging(name: &str) -> Result<Messaging, String> {
    Messaging::from_name(name).ok_or_else(|| "must be \"single\" or \"dual\"".to_owned())
}

/// Why a command did not do what it was asked, in a sentence for the person who asked.
#[derive(Debug)]
pub struct Failure {
    sentence: String,
    exit: u8,
}

/// The exit code for a configuration or an argument that cannot be used.
const UNUSABLE: u8 = 2;
/// The exit code for everything that goes wrong afterwards.
const FAILED: u8 = 1;

impl Failure {
    /// The same, as something that was given and cannot be used.
    pub(crate) fn into_unusable(self) -> Self {
        Self { exit: UNUSABLE, ..self }
    }

    /// The same, with what it means before it.
    pub(crate) fn because(self, meaning: &str) -> Self {
        Self { sentence: format!("{meaning}: {}", self.sentence), ..self }
    }

    /// The store could not be read. That nothing was written goes without saying.
    pub(crate) fn unread(error: vouchsafe_store::StoreError) -> Self {
        Self::failed(error.cause())
    }

    /// What the person gave cannot be used.
    pub(crate) fn unusable(sentence: impl fmt::Display) -> Self {
        Self { sentence: sentence.to_string(), exit: UNUSABLE }
    }

    /// What was asked for could not be done.
    pub(crate) fn failed(sentence: impl fmt::Display) -> Self {
        Self { sentence: sentence.to_string(), exit: FAILED }
    }
}

/// Runs a command to its end. Exit codes: 0 done, 1 failed, 2 the arguments or the configuration cannot be used.
pub fn run(line: CommandLine) -> ExitCode {
    if !line.core_dumps
        && let Err(error) = core_dumps::turn_off()
    {
        let _ = writeln!(std::io::stderr(), "vouchsafe: core dumps stay on: {error}");
    }
    let done = match line.command {
        Command::Serve { config } => serve::serve(&config),
        Command::Sandbox(arguments) => sandbox::sandbox(&arguments),
        Command::Simulator(arguments) => simulator::simulator(&arguments),
        Command::Channel(command) => channel::channel(&command),
        Command::CheckConfig { config } => check_config::check_config(&config),
        Command::Catalogue(CatalogueCommand::Check { file, config }) => catalogue::check(&file, config.as_deref()),
        Command::Providers { config } => providers::providers(config.as_deref()),
        Command::Show(arguments) => show::show(&arguments),
        Command::Orphans { store, then: None } => orphans::list(&store),
        Command::Orphans { store: _, then: Some(OrphansCommand::Resolve { id, grounds, store }) } => {
            orphans::resolve(&id, &grounds, &store)
        }
        Command::Advices { store, then: None } => advices::list(&store),
        Command::Advices { store: _, then: Some(AdvicesCommand::Redrive { id, all: _, grounds, store }) } => {
            advices::redrive(id.as_deref(), &grounds, &store)
        }
        Command::Acts { limit, store } => acts::list(limit, &store),
        Command::Unfinalised { store } => unfinalised::list(&store),
        Command::Verify { expect, store } => verify::verify(expect.as_deref(), &store),
        Command::Keys(command) => keys::keys(&command),
        Command::Audit(arguments) => audit::audit(&arguments),
        Command::Openapi { output } => openapi::openapi(&output),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // If even that cannot be written, the exit code still says it.
            let _ = writeln!(std::io::stderr(), "vouchsafe: {}", failure.sentence);
            ExitCode::from(failure.exit)
        }
    }
}

/// Writes for the person at the terminal.
pub(crate) fn say(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    // In one piece, so that whoever reads the first line and goes away has let us write the last.
    out.write_all(format!("{text}\n").as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Failure::failed(format!("cannot write to the standard output: {error}")))
}

/// Runs a future on a fresh runtime.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("cannot start the runtime: {error}")))?;
    let ended = runtime.block_on(work);
    // Whatever had to end has ended. A read that hangs, of a file on a dead disk say, must not keep the process, and
    // with it the store.
    runtime.shutdown_background();
    ended
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    #[test]
    fn a_read_that_hangs_does_not_keep_the_process() {
        let (_open, hangs) = mpsc::channel::<()>();
        let (ended, seen) = mpsc::channel();
        thread::spawn(move || {
            let work = async {
                tokio::task::spawn_blocking(move || hangs.recv());
                Ok(())
            };
            ended.send(block_on(work).is_ok()).unwrap();
        });
        assert_eq!(seen.recv_timeout(std::time::Duration::from_secs(10)), Ok(true));
    }
}
