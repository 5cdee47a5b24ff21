//! What must always be true: the list of `behaviour.md`, section 12.

use std::fmt;

/// One invariant of the list; its place there is its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// (1) At most one un-reversed sale at all providers together.
    OneSale = 1,
    /// (2) On the wire at most once for each provider.
    AskedOnce,
    /// (3) Intent before bytes, outcome before a success.
    DurableFirst,
    /// (4) Every success is the same.
    SameSuccess,
    /// (5) No two transactions have one code.
    OneCode,
    /// (6) A success only if the provider approved.
    ApprovedOnly,
    /// (7) Amount, currency and product are the same everywhere.
    SameMoney,
    /// (8) CONFIRM and REVERSE are never both delivered.
    OneFinaliser,
    /// (9) No success once REVERSE is chosen.
    NoneAfterReverse,
    /// (10) What the channel holds is never reversed by the switch.
    HeldStands,
    /// (11) After a failure or a reversal nothing stays sold unlisted.
    FailureIsNotSold,
    /// (12) No advice is dropped.
    AdvicesKept,
    /// (13) A provider gets nothing that it does not take.
    SheetKept,
    /// (14) A decline is final.
    DeclineIsFinal,
    /// (15) Retry, repeat and lookup tell the same.
    SameOutcome,
    /// (16) Every answer comes in time.
    InTime,
    /// (17) No channel touches what is another's.
    OwnOnly,
    /// (18) No code in clear in a file.
    NoCodeInClear,
    /// (19) What was acknowledged is not lost.
    NothingLost,
    /// (20) Jumps of the clock break nothing.
    AnyClock,
    /// (21) Overload is refused before the intent.
    RefusedBeforeIntent,
    /// (22) In the end everything is settled.
    AllSettled,
}

impl Invariant {
    /// Every invariant, in the order of their numbers.
    pub const ALL: [Self; 22] = [
        Self::OneSale,
        Self::AskedOnce,
        Self::DurableFirst,
        Self::SameSuccess,
        Self::OneCode,
        Self::ApprovedOnly,
        Self::SameMoney,
        Self::OneFinaliser,
        Self::NoneAfterReverse,
        Self::HeldStands,
        Self::FailureIsNotSold,
        Self::AdvicesKept,
        Self::SheetKept,
        Self::DeclineIsFinal,
        Self::SameOutcome,
        Self::InTime,
        Self::OwnOnly,
        Self::NoCodeInClear,
        Self::NothingLost,
        Self::AnyClock,
        Self::RefusedBeforeIntent,
        Self::AllSettled,
    ];

    /// Its number in the list.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What it says, in one line.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::OneSale => "at most one un-reversed sale at all providers together",
            Self::AskedOnce => "a request is on the wire at most once for each provider",
            Self::DurableFirst => "the intent is durable before the request, the outcome before a success",
            Self::SameSuccess => "every success ever given for a transaction is the same",
            Self::OneCode => "no two transactions have the same code",
            Self::ApprovedOnly => "a success is given only if the provider approved",
            Self::SameMoney => "amount, currency and product are the same in all three records",
            Self::OneFinaliser => "CONFIRM and REVERSE are never both delivered",
            Self::NoneAfterReverse => "after REVERSE is chosen no success is given again",
            Self::HeldStands => "what the channel holds is never reversed by the switch",
            Self::FailureIsNotSold => "after a failure or a reversal nothing stays sold, or the orphan is listed",
            Self::AdvicesKept => "accepted advices are those that ended and those that are open",
            Self::SheetKept => "a provider without advices gets none, one without retries no repeat",
            Self::DeclineIsFinal => "a decline is final",
            Self::SameOutcome => "retry, repeat and lookup tell the same outcome",
            Self::InTime => "every answer comes before the channel's deadline",
            Self::OwnOnly => "no channel reads or touches what is another's",
            Self::NoCodeInClear => "no code stands in clear in a file",
            Self::NothingLost => "what was acknowledged is not lost",
            Self::AnyClock => "jumps of the clock break none of this",
            Self::RefusedBeforeIntent => "overload is refused before the intent",
            Self::AllSettled => "when faults stop, everything is settled, orphaned or parked",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}) {}", self.number(), self.sentence())
    }
}
