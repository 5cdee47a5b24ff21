//! What people do to a switch by hand, as the store remembers it: who, when, what, why, before and after.

use std::fmt;

use jiff::Timestamp;
use vouchsafe_core::id::ChannelId;
use vouchsafe_core::text::{Free, Text, UpTo};

use crate::TransactionNumber;

/// Why somebody did something, in their own words.
pub type Reason = Text<Free, 1, 500>;
/// How somebody is called.
pub type Name = Text<Free, 1, 100>;
/// How something stood, in a few words without a secret.
pub type Standing = UpTo<300>;

/// An act's place in the order of acts, counted from 1 and without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActNumber(pub u64);

impl fmt::Display for ActNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Something done by hand, as it is to be recorded. All of it but the time is kept sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// When it was done, or was about to be.
    pub at: Timestamp,
    /// By whom.
    pub doer: Doer,
    /// What, and to what.
    pub deed: Deed,
    /// Why.
    pub reason: Reason,
    /// How it stood before.
    pub before: Standing,
    /// How it stands afterwards, or is to stand.
    pub after: Standing,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doer {
    /// A person at a terminal.
    Operator(Operator),
    /// A channel, by a request of its own.
    Channel(ChannelId),
}

/// A person at a terminal, by the names that the operating system and the person give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// The user whose terminal it is.
    pub user: Option<Name>,
    /// The user who took that one's place with `sudo`.
    pub sudo_user: Option<Name>,
    /// What the person says of themselves.
    pub named: Option<Name>,
}

impl fmt::Display for Doer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Operator { user, sudo_user, named } = match self {
            Self::Channel(channel) => return write!(f, "channel {channel}"),
            Self::Operator(operator) => operator,
        };
        f.write_str(user.as_ref().map_or("an unknown user", Name::as_str))?;
        match (sudo_user, named) {
            (None, None) => Ok(()),
            (Some(sudo_user), None) => write!(f, " (sudo by {sudo_user})"),
            (None, Some(named)) => write!(f, " ({named})"),
            (Some(sudo_user), Some(named)) => write!(f, " (sudo by {sudo_user}, {named})"),
        }
    }
}

/// Everything that can be done by hand, each with what it is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// An orphan is closed.
    ResolveOrphan(TransactionNumber),
    /// A transaction's open advice is sent at once.
    RedriveAdvice(TransactionNumber),
    /// Every open advice is sent at once.
    RedriveAdvices,
    /// A channel is let in that was not known.
    AddChannel(ChannelId),
    /// A channel gets a second secret.
    RotateChannel(ChannelId),
    /// A channel gets another secret, and the older ones hold no longer.
    ReplaceSecrets(ChannelId),
    /// Only a channel's newest secret goes on to hold.
    FinishRotation(ChannelId),
    /// A channel's newest secret holds no longer, and the one before it goes on to hold.
    TakeBackRotation(ChannelId),
    /// A channel is kept out.
    DisableChannel(ChannelId),
    /// A channel is let in again.
    EnableChannel(ChannelId),
    /// Everything is sealed anew with the key of this number.
    RotateKeys(u16),
    /// The store's keys are sealed with another key from the configuration.
    RewrapKeys,
    /// All that is a channel's is set aside: the reset of a sandbox.
    ResetChannel(ChannelId),
}

impl Deed {
    /// The transaction that it is done to, where it is done to one.
    #[must_use]
    pub const fn transaction(&self) -> Option<TransactionNumber> {
        match self {
            Self::ResolveOrphan(number) | Self::RedriveAdvice(number) => Some(*number),
            Self::RedriveAdvices
            | Self::AddChannel(_)
            | Self::RotateChannel(_)
            | Self::ReplaceSecrets(_)
            | Self::FinishRotation(_)
            | Self::TakeBackRotation(_)
            | Self::DisableChannel(_)
            | Self::EnableChannel(_)
            | Self::RotateKeys(_)
            | Self::RewrapKeys
            | Self::ResetChannel(_) => None,
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ResolveOrphan(number) => write!(f, "resolve orphan {number}"),
            Self::RedriveAdvice(number) => write!(f, "redrive the advice of transaction {number}"),
            Self::RedriveAdvices => f.write_str("redrive every advice"),
            Self::AddChannel(channel) => write!(f, "add channel {channel}"),
            Self::RotateChannel(channel) => write!(f, "rotate the secret of channel {channel}"),
            Self::ReplaceSecrets(channel) => write!(f, "replace the secrets of channel {channel} at once"),
            Self::FinishRotation(channel) => write!(f, "finish the rotation of channel {channel}"),
            Self::TakeBackRotation(channel) => write!(f, "take the rotation of channel {channel} back"),
            Self::DisableChannel(channel) => write!(f, "disable channel {channel}"),
            Self::EnableChannel(channel) => write!(f, "enable channel {channel}"),
            Self::RotateKeys(number) => write!(f, "rotate the sealing keys to key {number}"),
            Self::RewrapKeys => f.write_str("rewrap the sealing keys"),
            Self::ResetChannel(channel) => write!(f, "reset channel {channel}"),
        }
    }
}

/// How an act ended that was intended first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActEnd {
    /// It was done.
    Done,
    /// It was not done, and why. Kept sealed.
    Failed(Standing),
}

/// An act on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedAct {
    /// Its number.
    pub number: ActNumber,
    /// What was recorded.
    pub act: Act,
    /// When and how it ended. Nothing where it was intended and no end is on record: nobody knows whether it was done.
    pub ended: Option<(Timestamp, ActEnd)>,
}
