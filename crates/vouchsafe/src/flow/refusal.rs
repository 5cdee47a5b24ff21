//! Why a channel does not get what it asked for.

use vouchsafe_core::catalogue::NotForSale;
use vouchsafe_core::outcome::{Decline, Doubt};

use crate::desk::NoRoom;

/// Everything but a success. What it means on the wire is `api::error`'s business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The request id was used before.
    DuplicateRecord,
    /// A retry that is not the request it says it repeats: this field differs.
    OtherRequest(&'static str),
    /// The provider knows no retries: a hard decline, whatever became of the request.
    NoRetries,
    /// A reversal of this request was received or chosen.
    AlreadyReversed,
    /// No rule of routing names a provider.
    NoRoute,
    /// The provider does not do this at all: a hard decline.
    NotOffered,
    /// Advices about the same voucher did not reach the provider in time; nothing was recorded and the id is free.
    AdvicesFirst,
    /// A refund of a redemption that this channel never made.
    NoSuchRedemption,
    /// This channel has sent no such request, or has to do with no such voucher.
    NeverSeen,
    /// What was said in this request has been destroyed, having been kept for as long as it was to be.
    KeptNoLonger,
    /// Another channel has sent this request.
    NotYours,
    /// The outcome is still waited for.
    StillOpen,
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

/// Why a channel's confirmation or reversal is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdviceRefusal {
    /// This channel has sent no such request, or one that was not approved. A request that its reversal forestalled is
    /// asked of nobody, should it come later.
    NothingToFinalise,
    /// CONFIRM was chosen before.
    AlreadyConfirmed,
    /// REVERSE was chosen before.
    AlreadyReversed,
    /// Another confirmation of the same redemption or refund came before.
    ConfirmedByAnother,
    /// The final amount is not within what was authorised.
    NotAuthorised,
    /// It could not be recorded: it is to be sent again.
    NotRecorded,
}
