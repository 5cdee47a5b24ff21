//! The form of an act: who did what, why, before and after.

use vouchsafe_core::id::ChannelId;

use super::{Damaged, Optional, Presence, Reader, Record, put_presence, records};
use crate::TransactionNumber;
use crate::act::{Act, Deed, Doer, Operator};

records! {
    Act { at, doer, deed, reason, before, after; }
    Operator { ; user, sudo_user, named }
}

impl Record for Doer {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Operator(operator) => {
                out.push(0);
                operator.put(out);
            }
            Self::Channel(channel) => {
                out.push(1);
                channel.put(out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        match from.byte()? {
            0 => Operator::take(from).map(Self::Operator),
            1 => ChannelId::take(from).map(Self::Channel),
            _ => Err(Damaged("it was done by somebody whom this version does not know")),
        }
    }
}

impl Record for TransactionNumber {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        u64::take(from).map(Self)
    }
}

impl Record for u16 {
    fn put(&self, out: &mut Vec<u8>) {
        u64::from(*self).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        u64::take(from)?.try_into().map_err(|_| Damaged("a number is too large"))
    }
}

/// Gives every deed its number on disk, in one list for both directions.
macro_rules! deeds {
    ($($number:literal $deed:ident $(($subject:ident: $type:ty))?)*) => {
        impl Record for Deed {
            fn put(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$deed $(($subject))? => {
                        out.push($number);
                        $($subject.put(out);)?
                    })*
                }
            }

            fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
                match from.byte()? {
                    $($number => Ok(Self::$deed $((<$type>::take(from)?))?),)*
                    _ => Err(Damaged("something was done that this version does not know")),
                }
            }
        }
    };
}

deeds! {
    0 ResolveOrphan(number: TransactionNumber)
    1 RedriveAdvice(number: TransactionNumber)
    2 RedriveAdvices
    3 AddChannel(channel: ChannelId)
    4 RotateChannel(channel: ChannelId)
    5 ReplaceSecrets(channel: ChannelId)
    6 FinishRotation(channel: ChannelId)
    7 DisableChannel(channel: ChannelId)
    8 EnableChannel(channel: ChannelId)
    9 RotateKeys(number: u16)
    10 RewrapKeys
    11 ResetChannel(channel: ChannelId)
    12 TakeBackRotation(channel: ChannelId)
}
