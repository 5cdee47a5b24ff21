//! Ids of requests: each is new, and how they follow one another is up to the channel.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use vouchsafe::clock::{MachineClock, new_id, new_trace_id};
use vouchsafe_core::id::MessageId;

/// How a channel makes ids. A store keeps neighbours on one page, so this decides how it fares when it has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub(crate) enum IdKind {
    /// UUID version 4: no order at all, the harder case, and what most channels send.
    Random,
    /// UUID version 7: in the order of time.
    Timed,
}

impl IdKind {
    /// A new id.
    pub(crate) fn next(self) -> MessageId {
        match self {
            Self::Random => MessageId::new(new_trace_id(&MachineClock)),
            Self::Timed => new_id(&MachineClock),
        }
    }
}

/// An id as it stands in a message.
pub(crate) fn spelled(id: MessageId) -> [u8; 36] {
    let mut text = [0; 36];
    // An id of our own making has 36 letters.
    text.copy_from_slice(id.to_string().as_bytes());
    text
}
