//! Why a channel does not get what it asked for.

use vouchsafe_core::catalogue::NotForSale;
use vouchsafe_core::outcome::{Decline, Doubt};

use crate::app::NoRoom;

/// Everything but a success. What it means on the wire is `api::error`'s business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The request id was used before.
    DuplicateRecord,
    /// A reversal of this request was received before its outcome.
    AlreadyReversed,
    /// No rule of routing names a provider.
    NoRoute,
    /// The catalogue does not let it through.
    NotForSale(NotForSale),
    /// The provider takes no more right now; nothing was recorded and the id is free.
    NoRoom(NoRoom),
    /// The intent could not be recorded, so nothing was sent.
    NotRecorded,
    /// A final no.
    Declined(Decline),
    /// Nothing is proven; the reversal is durable, or the orphan is listed.
    Unknown(Doubt),
    /// The provider answered but the answer could not be recorded: what will become of it is open.
    Unsure,
}
