//! The voucher itself, and its PIN.

use jiff::Timestamp;

use crate::secret::Secret;
use crate::text::{Digits, Free, FreeText, Hex, Text, UpTo};
use crate::vocabulary::vocabulary;

/// What the customer types in to use the voucher: money in text form, 1 to 40 characters.
pub type VoucherCode = Secret<Text<Free, 1, 40>>;

/// A voucher, as asked for or as issued.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Voucher {
    /// Money in text form.
    pub code: Option<VoucherCode>,
    /// After this instant it is worth nothing.
    pub expiry_date: Option<Timestamp>,
    /// How to use it, for the customer to read.
    pub redeem_instructions: Vec<FreeText>,
    /// Printed beside the code; not secret.
    pub serial_number: Option<UpTo<40>>,
    /// Needed beside the code by some issuers.
    pub pin: Option<Secret<Pin>>,
}

/// A voucher that somebody has in hand: its code is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedVoucher {
    /// Money in text form.
    pub code: VoucherCode,
    /// After this instant it is worth nothing.
    pub expiry_date: Option<Timestamp>,
    /// How to use it, for the customer to read.
    pub redeem_instructions: Vec<FreeText>,
    /// Printed beside the code; not secret.
    pub serial_number: Option<UpTo<40>>,
    /// Needed beside the code by some issuers.
    pub pin: Option<Secret<Pin>>,
}

impl From<PresentedVoucher> for Voucher {
    fn from(presented: PresentedVoucher) -> Self {
        let PresentedVoucher { code, expiry_date, redeem_instructions, serial_number, pin } = presented;
        Self { code: Some(code), expiry_date, redeem_instructions, serial_number, pin }
    }
}

/// What names a voucher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VoucherName {
    /// Its code.
    Code(VoucherCode),
    /// Its serial number.
    SerialNumber(UpTo<40>),
}

/// A PIN in one of its three forms. PIN blocks are never stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pin {
    /// The PIN in clear, at most 20 characters.
    Clear(UpTo<20>),
    /// An encrypted PIN block.
    Encrypted {
        /// 16 hexadecimal digits.
        pin_block: Text<Hex, 16, 16>,
        /// How it was encrypted.
        parameters: EncryptionParameters,
    },
    /// A hash of the PIN.
    Hashed {
        /// At most 512 hexadecimal digits.
        hash: Text<Hex, 0, 512>,
        /// The name of the hash, at most 20 characters.
        name: Option<UpTo<20>>,
    },
}

/// How a PIN block was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionParameters {
    /// The ISO 9564 format.
    pub pin_block_format: PinBlockFormat,
    /// The 12 digits mixed into the block.
    pub account_number: Text<Digits, 12, 12>,
    /// Which key.
    pub key_index: i64,
}

vocabulary! {
    /// The ISO 9564 format of a PIN block.
    PinBlockFormat {
        Format0 = "ISO_9564_FORMAT_0", Format1 = "ISO_9564_FORMAT_1", Format3 = "ISO_9564_FORMAT_3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_presented_voucher_is_lost_when_it_is_passed_on() {
        let presented = PresentedVoucher {
            code: Secret::new(Text::new("1234-5678").unwrap()),
            expiry_date: Some(Timestamp::MAX),
            redeem_instructions: vec![FreeText::new("dial").unwrap()],
            serial_number: Some(UpTo::new("S1").unwrap()),
            pin: Some(Secret::new(Pin::Clear(UpTo::new("4321").unwrap()))),
        };
        let expect = Voucher {
            code: Some(Secret::new(Text::new("1234-5678").unwrap())),
            expiry_date: Some(Timestamp::MAX),
            redeem_instructions: vec![FreeText::new("dial").unwrap()],
            serial_number: Some(UpTo::new("S1").unwrap()),
            pin: Some(Secret::new(Pin::Clear(UpTo::new("4321").unwrap()))),
        };
        assert_eq!(Voucher::from(presented), expect);
    }
}
