//! Words on disk: a word is stored as its place in its vocabulary.

use vouchsafe_core::advice::{Advice, AdviceEnd, Hindrance, ReversalReason};
use vouchsafe_core::error_detail::ErrorType;
use vouchsafe_core::message::TranType;
use vouchsafe_core::money::{AccountType, LedgerIndicator, TenderType};
use vouchsafe_core::outcome::Unusable;
use vouchsafe_core::party::{PanEntryMode, PinEntryCapability, PosConditionCode};
use vouchsafe_core::sheet::Messaging;
use vouchsafe_core::transaction::{Event, Kind, State};

use super::{Damaged, Reader, Record};

/// A word of a closed list.
pub(crate) trait Word: Copy + 'static {
    /// Every word, in the order of the on-disk form: the order of the enum.
    const WORDS: &'static [Self];

    /// The word's place in [`Word::WORDS`].
    fn place(self) -> u8;

    /// The word at a place.
    fn at_place(place: i64) -> Result<Self, Damaged> {
        let word = usize::try_from(place).ok().and_then(|place| Self::WORDS.get(place));
        word.copied().ok_or(Damaged("it has a word that this version does not know"))
    }
}

macro_rules! words {
    ($($type:ident)*) => {$(
        impl Word for $type {
            const WORDS: &'static [Self] = Self::ALL;

            fn place(self) -> u8 {
                self as u8
            }
        }

        impl Record for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(self.place());
            }

            fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
                Self::at_place(i64::from(from.byte()?))
            }
        }
    )*};
}

words! {
    AccountType AdviceEnd ErrorType Event Hindrance Kind LedgerIndicator Messaging PanEntryMode PinEntryCapability PosConditionCode
    ReversalReason State TenderType TranType Unusable
}

impl Word for Advice {
    const WORDS: &'static [Self] = &[
        Self::Confirmation,
        Self::Reversal(ReversalReason::Timeout),
        Self::Reversal(ReversalReason::Cancelled),
        Self::Reversal(ReversalReason::ResponseNotFinal),
    ];

    fn place(self) -> u8 {
        match self {
            Self::Confirmation => 0,
            Self::Reversal(reason) => 1 + reason.place(),
        }
    }
}
