//! `vouchsafe channel`.

mod roll;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::sheet::Messaging;
use vouchsafe_store::Deed;

use self::roll::{Placed, Roll, Which};
use crate::access::KnownChannels;
use crate::clock::{Clock as _, MachineClock};
use crate::command::grounds::Grounds;
use crate::command::{Failure, say};
use crate::config::{Channel, Config, NewSecret};

/// What `channel` can do.
#[derive(Debug, Subcommand)]
pub(crate) enum ChannelCommand {
    /// Let a new channel in: makes its secret, which is shown this once.
    Add(AddArguments),
    /// Give a channel a new secret; the old one holds until you say --finish.
    Rotate {
        #[command(flatten)]
        whose: Whose,
        /// Make no secret: end the rotation, so that only the newest secret holds.
        #[arg(long, conflicts_with_all = ["at_once", "take_back"])]
        finish: bool,
        /// Make no secret: take the newest back, so that only the one before it holds; for a secret that was lost before
        /// the channel had it.
        #[arg(long, conflicts_with = "at_once")]
        take_back: bool,
        /// The old secrets hold no longer: for one that has leaked.
        #[arg(long)]
        at_once: bool,
    },
    /// Keep a channel out, whatever it knows. Its sales and advices under way go on.
    Disable(Whose),
    /// Let a channel in again that was kept out.
    Enable(Whose),
    /// List the channels and what they are known by.
    List {
        /// The configuration that names the file of channels.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Make a secret and its hash for a channel of the main configuration; the secret is shown this once.
    NewSecret,
}

/// What `channel add` can be told.
#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    whose: Whose,
    /// Who finalises its sales: the switch (single) or the channel (dual).
    #[arg(long, value_parser = Messaging::ALL.iter().map(|word| word.name()).collect::<Vec<_>>())]
    messaging: String,
    /// Who is asked when nothing else says.
    #[arg(long, value_name = "PROVIDER")]
    default_provider: Option<String>,
}

/// Which channel, and where it stands.
#[derive(Debug, Args)]
pub(crate) struct Whose {
    /// The channel's id, which is its user name.
    id: String,
    /// The configuration that names the file of channels.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    #[command(flatten)]
    grounds: Grounds,
}

/// Does it.
pub(crate) fn channel(command: &ChannelCommand) -> Result<(), Failure> {
    match command {
        ChannelCommand::Add(arguments) => add(arguments),
        ChannelCommand::Rotate { whose, finish: true, .. } => {
            end_rotation(whose, Deed::FinishRotation, Roll::keep_newest_secret, "the newest secret")
        }
        ChannelCommand::Rotate { whose, take_back: true, .. } => {
            end_rotation(whose, Deed::TakeBackRotation, Roll::drop_newest_secret, "the secret from before the rotation")
        }
        ChannelCommand::Rotate { whose, at_once, .. } => rotate(whose, *at_once),
        ChannelCommand::Disable(whose) => disable(whose, true),
        ChannelCommand::Enable(whose) => disable(whose, false),
        ChannelCommand::List { config } => list(config),
        ChannelCommand::NewSecret => new_secret(),
    }
}

fn add(arguments: &AddArguments) -> Result<(), Failure> {
    let (whose, default_provider) = (&arguments.whose, arguments.default_provider.as_deref());
    let new = secret();
    let add = |roll: &mut Roll| roll.add(&whose.id, &arguments.messaging, &new.hash, default_provider);
    change(whose, Deed::AddChannel, add, |soon| format!("channel {} is let in{soon}. {}", whose.id, shown(&new)))
}

fn rotate(whose: &Whose, at_once: bool) -> Result<(), Failure> {
    let (id, new) = (&whose.id, secret());
    if at_once {
        let replace = |roll: &mut Roll| roll.set_secret(id, &new.hash);
        return change(whose, Deed::ReplaceSecrets, replace, |soon| {
            format!("only the new secret of channel {id} holds{soon}. {}", shown(&new))
        });
    }
    let add = |roll: &mut Roll| {
        if roll.secrets(id)? > 1 {
            return Err(Failure::unusable(format!(
                "channel {id} has two secrets already. Once it uses the new one, end that rotation with --finish; where \
                 the new one was lost, say --take-back; where a secret has leaked, --at-once"
            )));
        }
        roll.add_secret(id, &new.hash)
    };
    change(whose, Deed::RotateChannel, add, |soon| {
        format!(
            "channel {id} has two secrets{soon}; end the rotation with --finish once it uses the new one. {}",
            shown(&new)
        )
    })
}

/// Ends a rotation, so that one secret holds.
fn end_rotation(
    whose: &Whose,
    deed: impl Fn(ChannelId) -> Deed,
    end: impl FnOnce(&mut Roll, &str) -> Result<(), Failure>,
    holds: &str,
) -> Result<(), Failure> {
    let id = &whose.id;
    let end = |roll: &mut Roll| {
        if roll.secrets(id)? < 2 {
            return Err(Failure::unusable(format!("channel {id} has one secret only: there is no rotation to end")));
        }
        end(roll, id)
    };
    change(whose, deed, end, |soon| format!("only {holds} of channel {id} holds{soon}"))
}

fn disable(whose: &Whose, disabled: bool) -> Result<(), Failure> {
    let (deed, word): (fn(ChannelId) -> Deed, _) =
        if disabled { (Deed::DisableChannel, "kept out") } else { (Deed::EnableChannel, "let in") };
    let disable = |roll: &mut Roll| roll.disable(&whose.id, disabled);
    change(whose, deed, disable, |soon| format!("channel {} is {word}{soon}", whose.id))
}

/// Changes the file, with a record of the act, and says so.
fn change(
    whose: &Whose,
    deed: impl Fn(ChannelId) -> Deed,
    make: impl FnOnce(&mut Roll) -> Result<(), Failure>,
    told: impl FnOnce(&str) -> String,
) -> Result<(), Failure> {
    let signed = whose.grounds.signed()?;
    let mut roll = Roll::open(&whose.config)?;
    let before = roll.standing(&whose.id);
    make(&mut roll)?;
    let Placed { soon, ended } = roll.put_in_place(&whose.id, before, deed, &signed)?;
    say(&told(&soon))?;
    ended.map_err(|failure| failure.because("the channel is changed all the same, as said above"))
}

fn list(path: &Path) -> Result<(), Failure> {
    let config = Config::load(path).map_err(Failure::unusable)?;
    // As a switch would start with them.
    KnownChannels::open(&config).map_err(Failure::unusable)?;
    let mut lines = Vec::new();
    for which in [Which::Configuration, Which::File] {
        for channel in which.channels(&config)? {
            lines.push(line(&channel, &which.name(path, &config)));
        }
    }
    say(&lines.join("\n"))
}

/// One channel in a line: no hash is shown, for nobody can do anything with it.
fn line(channel: &Channel, place: &str) -> String {
    let (id, messaging) = (&channel.id, channel.messaging.name());
    let mut line = format!("{id}  {messaging}  {}", if channel.disabled { "kept out" } else { "let in" });
    line.push_str(if channel.secrets.len() > 1 { "  2 secrets, in rotation" } else { "  1 secret" });
    let mut bound = |what: &str, to: Vec<String>| {
        if !to.is_empty() {
            line.push_str(&format!("  {what} {}", to.join(", ")));
        }
    };
    bound("with", channel.certificates.iter().map(ToString::to_string).collect());
    bound("from", channel.addresses.iter().map(ToString::to_string).collect());
    line.push_str(&format!("  in {place}"));
    line
}

/// Makes a secret and shows it once, with the hash that goes into the configuration.
fn new_secret() -> Result<(), Failure> {
    let new = secret();
    say(&format!("{}\nhash (put it into the channel's `secrets` in the configuration):\n  {}", shown(&new), new.hash))
}

fn secret() -> NewSecret {
    let mut entropy = [0; 32];
    MachineClock.fill(&mut entropy);
    NewSecret::from_entropy(entropy)
}

fn shown(new: &NewSecret) -> String {
    format!("secret (give it to the channel; it is not kept and not shown again):\n  {}", new.secret.expose())
}
