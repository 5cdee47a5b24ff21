//! Bugs on purpose: what the simulation must find, or it proves nothing.
//!
//! Without the feature `planted-bugs`, which only the tests of the tests switch on, [`planted`] is `false` before the
//! program is built and nothing of this is left in it. With it, one bug at a time can be brought to life; each stands
//! in one line where the decision is taken that it spoils.

use std::sync::atomic::{AtomicU8, Ordering};

use crate::advice::{Advice, ReversalReason};
use crate::transaction::{Effect, Event, Refusal, State, Step};

macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One thing done wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Bug {
            /// None: everything as it should be.
            None,
            $($(#[$doc])* $name,)*
        }

        impl Bug {
            /// Every bug there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

bugs! {
    /// A request goes out though its intent could not be recorded.
    AskWithoutIntent,
    /// A copy of a request is asked of the provider too.
    DuplicateAsked,
    /// A success is told though it could not be recorded.
    AnswerNotDurable,
    /// An approval is told though the outcome was settled without it.
    LateIsTold,
    /// A provider is asked twice.
    AskTwice,
    /// Another provider is asked though the first may have sold.
    RerouteInDoubt,
    /// A provider is waited for as long as the channel waits.
    DeadlineIgnored,
    /// What is heard late is not written down.
    LateIgnored,
    /// A retry goes to the provider again.
    RetryAsksAgain,
    /// A retry is told the voucher though it was reversed.
    RetryOfReversed,
    /// A retry finds another channel's transaction of the same id.
    RetryOfOthers,
    /// A copy waits for its twin however long that takes.
    TwinWaitedFor,
    /// A copy whose look at the store fails is told that nothing was sent.
    CopyToldNothingSent,
    /// A reversal is acknowledged though it could not be recorded.
    ReversalNotDurable,
    /// A confirmation is acknowledged though it could not be recorded.
    ConfirmationNotDurable,
    /// A reversal that came first is not remembered.
    TombstoneForgotten,
    /// A redemption does not wait for what is owed for its voucher.
    VoucherOrderIgnored,
    /// A provider is told the channel's id and not the one chosen towards it.
    ChannelIdUpstream,
    /// A provider is asked for another amount.
    AmountRaised,
    /// A provider is asked for the channel's product id and not its own.
    ProductNotTranslated,
    /// An advice has another id each time.
    AdviceIdChanges,
    /// An advice has another body each time.
    AdviceBodyChanges,
    /// What somebody else has done first counts as done by us.
    StaleIsDone,
    /// A write of unknown fate counts as done.
    UncertainIsDone,
    /// A reversal that was not found is delivered at once.
    GivesUpOn404,
    /// A second "not found" is believed whatever time has passed.
    NotFoundByClock,
    /// An advice is given up after some attempts.
    GivesUp,
    /// An open circuit stops advices.
    CircuitStopsAdvices,
    /// Whoever hears last that an advice was taken ends the one after it.
    EndsAnotherAdvice,
    /// What a crash left is asked again.
    ResendAfterCrash,
    /// What a crash left is left.
    LeftoversIgnored,
    /// Nobody confirms by itself.
    NobodyConfirms,
    /// A provider's failure counts as its no.
    FailureIsRefusal,
    /// Another amount than was asked for is good enough.
    OtherAmountAccepted,
    /// A provider's failure to take an advice counts as taking it.
    FailureIsTaken,
    /// A provider that does not know us has refused the advice for good.
    CredentialsEndAdvice,
    /// An answer that proves nothing leaves the sale as declined.
    UnusableIsDeclined,
    /// An answer that nobody hears any more leaves the sale as declined.
    LostIsDeclined,
    /// No answer leaves the sale as declined.
    SilenceIsDeclined,
    /// What was reversed is confirmed.
    ConfirmAfterReverse,
    /// What was confirmed is reversed.
    ReverseAfterConfirm,
    /// An orphan is not listed.
    OrphanUnlisted,
    /// A sale that was reversed while it was under way stands.
    CancelledIsApproved,
    /// A confirmation is never passed on.
    ConfirmationSwallowed,
    /// A reversal is never passed on.
    ReversalSwallowed,
    /// An approval is never confirmed.
    NeverConfirmed,
    /// A reversal that was refused counts as taken.
    RefusedIsReversed,
    /// A reversal goes out while its request is under way.
    ReversedAtOnce,
    /// The store opens what was forestalled.
    TombstoneIgnored,
    /// The store gives two channels' requests of one id that id towards the provider.
    UpstreamIdReused,
    /// The store takes a change whatever version it was decided on.
    VersionIgnored,
}

/// A transition, spoilt where that is planted.
pub(crate) fn spoilt(state: State, event: Event, step: Result<Step, Refusal>) -> Result<Step, Refusal> {
    let is = |bug, of, upon| planted(bug) && state == of && event == upon;
    let to = |state, advice: Option<Advice>| Ok(Step { state, effect: advice.map(Effect::Queue) });
    let reversal = Some(Advice::Reversal(ReversalReason::Cancelled));
    if is(Bug::UnusableIsDeclined, State::Pending, Event::AnswerUnusable)
        || is(Bug::LostIsDeclined, State::Pending, Event::AnswerLost)
        || is(Bug::SilenceIsDeclined, State::Pending, Event::AnswerMissing)
    {
        return to(State::Declined, None);
    }
    if is(Bug::ConfirmAfterReverse, State::Reversed, Event::ConfirmationReceived) {
        return to(State::Confirming, Some(Advice::Confirmation));
    }
    if is(Bug::ReverseAfterConfirm, State::Confirmed, Event::ReversalReceived)
        || is(Bug::ReversedAtOnce, State::Pending, Event::ReversalReceived)
    {
        return to(State::Reversing, reversal);
    }
    if is(Bug::CancelledIsApproved, State::Cancelled, Event::ProviderApproved) {
        return Ok(Step { state: State::Approved, effect: Some(Effect::ConfirmLater) });
    }
    if is(Bug::ConfirmationSwallowed, State::Approved, Event::ConfirmationReceived) {
        return to(State::Confirmed, None);
    }
    if is(Bug::ReversalSwallowed, State::Approved, Event::ReversalReceived)
        || is(Bug::RefusedIsReversed, State::Reversing, Event::ReversalRefused)
    {
        return to(State::Reversed, None);
    }
    if is(Bug::NeverConfirmed, State::Pending, Event::ProviderApproved) {
        return to(State::Approved, None);
    }
    let unlisted = |step: Step| Step { state: State::Reversed, ..step };
    let is_unlisted = |step: &Step| planted(Bug::OrphanUnlisted) && step.state == State::Orphaned;
    step.map(|step| if is_unlisted(&step) { unlisted(step) } else { step })
}

/// The bug that is alive, as its place.
static ALIVE: AtomicU8 = AtomicU8::new(Bug::None as u8);

/// Brings a bug to life in this process, in place of the one before. It has no effect unless bugs were compiled in.
pub fn plant(bug: Bug) {
    ALIVE.store(bug as u8, Ordering::Relaxed);
}

/// Whether this is to be done wrong. Never, in a program that is shipped.
#[inline]
#[must_use]
pub fn planted(bug: Bug) -> bool {
    cfg!(feature = "planted-bugs") && ALIVE.load(Ordering::Relaxed) == bug as u8
}
