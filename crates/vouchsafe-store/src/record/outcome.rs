//! The form of an outcome.

use vouchsafe_core::outcome::{Approval, Decline, Doubt, NotSent, Outcome, ProviderError};

use super::{Damaged, Optional, Presence, Reader, Record, put_presence, records};

const UNKNOWN_KIND: Damaged = Damaged("it has an outcome of a kind that this version does not know");

impl Record for Outcome {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Approved(approval) => {
                out.push(0);
                approval.put(out);
            }
            Self::Declined(decline) => {
                out.push(1);
                decline.put(out);
            }
            Self::Unknown(doubt) => {
                out.push(2);
                doubt.put(out);
            }
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        match from.byte()? {
            0 => Record::take(from).map(Box::new).map(Self::Approved),
            1 => Record::take(from).map(Self::Declined),
            2 => Record::take(from).map(Self::Unknown),
            _ => Err(UNKNOWN_KIND),
        }
    }
}

/// Written by hand because the voucher is set once. That the approval of a provision has a code is looked at where its
/// kind is known.
impl Record for Approval {
    fn put(&self, out: &mut Vec<u8>) {
        let Self { amounts, third_party_identifiers, receiver, product, slip_data, rrn, .. } = self;
        let present = [
            amounts.is_present(),
            third_party_identifiers.is_present(),
            receiver.is_present(),
            product.is_present(),
            slip_data.is_present(),
            rrn.is_present(),
        ];
        put_presence(&present, out);
        self.voucher().put(out);
        put_where_present(amounts, out);
        put_where_present(third_party_identifiers, out);
        put_where_present(receiver, out);
        put_where_present(product, out);
        put_where_present(slip_data, out);
        put_where_present(rrn, out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut presence = Presence::take(6, from)?;
        let mut approval = Self::accepted(Record::take(from)?);
        approval.amounts = presence.next(from)?;
        approval.third_party_identifiers = presence.next(from)?;
        approval.receiver = presence.next(from)?;
        approval.product = presence.next(from)?;
        approval.slip_data = presence.next(from)?;
        approval.rrn = presence.next(from)?;
        Ok(approval)
    }
}

fn put_where_present(field: &impl Optional, out: &mut Vec<u8>) {
    if field.is_present() {
        field.put_present(out);
    }
}

impl Record for Decline {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::ByProvider(error) => {
                out.push(0);
                error.put(out);
            }
            Self::OurCredentials => out.push(1),
            Self::NotSent(NotSent::NoConnection) => out.push(2),
            Self::NotSent(NotSent::NoTime) => out.push(3),
            Self::NotSent(NotSent::NoDescriptor) => out.push(4),
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        match from.byte()? {
            0 => Record::take(from).map(Self::ByProvider),
            1 => Ok(Self::OurCredentials),
            2 => Ok(Self::NotSent(NotSent::NoConnection)),
            3 => Ok(Self::NotSent(NotSent::NoTime)),
            4 => Ok(Self::NotSent(NotSent::NoDescriptor)),
            _ => Err(UNKNOWN_KIND),
        }
    }
}

impl Record for Doubt {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::NoAnswer => out.push(0),
            Self::Unusable { reason, error } => {
                out.push(1);
                put_presence(&[error.is_present()], out);
                reason.put(out);
                put_where_present(error, out);
            }
            Self::Lost => out.push(2),
        }
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        match from.byte()? {
            0 => Ok(Self::NoAnswer),
            1 => {
                let mut presence = Presence::take(1, from)?;
                Ok(Self::Unusable { reason: Record::take(from)?, error: presence.next(from)? })
            }
            2 => Ok(Self::Lost),
            _ => Err(UNKNOWN_KIND),
        }
    }
}

records! {
    ProviderError { error_type, message; provider_code, provider_message }
}
