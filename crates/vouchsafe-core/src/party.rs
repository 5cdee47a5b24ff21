//! The parties to a transaction, and where it was made.

use crate::secret::Secret;
use crate::text::{Capitals, Digits, Free, FreeText, Telephone, Text, UpTo};
use crate::vocabulary::vocabulary;

/// A system that takes part: client, settlement entity or receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Institution {
    /// Its id, agreed between the parties.
    pub id: FreeText,
    /// Its name, at most 40 characters.
    pub name: UpTo<40>,
}

/// Where the sale began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Originator {
    /// The originating system.
    pub institution: Institution,
    /// The terminal, exactly 8 characters.
    pub terminal_id: Text<Free, 8, 8>,
    /// The shop.
    pub merchant: Merchant,
    /// Who operated the terminal.
    pub operator_id: Option<UpTo<30>>,
    /// The sales channel within the originating system.
    pub channel_id: Option<UpTo<50>>,
}

/// The shop that made the sale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merchant {
    /// Merchant category code, four digits.
    pub merchant_type: Text<Digits, 4, 4>,
    /// Exactly 15 characters.
    pub merchant_id: Text<Free, 15, 15>,
    /// Name and place.
    pub merchant_name: MerchantName,
}

/// A shop's name and place, as card slips show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MerchantName {
    /// At most 23 characters.
    pub name: UpTo<23>,
    /// At most 13 characters.
    pub city: UpTo<13>,
    /// At most 2 characters.
    pub region: UpTo<2>,
    /// At most 2 characters.
    pub country: UpTo<2>,
}

/// One party's own reference for the transaction. No party alters another's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThirdPartyIdentifier {
    /// Whose reference it is.
    pub institution_id: FreeText,
    /// The reference.
    pub transaction_identifier: FreeText,
}

/// Who receives the voucher. Personal data: messages carry it as a [`Secret`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Customer {
    /// At most 40 characters.
    pub first_name: Option<UpTo<40>>,
    /// At most 40 characters.
    pub last_name: Option<UpTo<40>>,
    /// One line, at most 80 characters.
    pub address: Option<UpTo<80>>,
    /// The address in parts.
    pub address_details: Option<Secret<Address>>,
    /// As sent.
    pub date_of_birth: Option<UpTo<40>>,
    /// As sent.
    pub status: Option<FreeText>,
    /// The customer's profile in the sender's system.
    pub profile_id: Option<FreeText>,
    /// Telephone number.
    pub msisdn: Option<Text<Telephone, 1, 16>>,
    /// As sent.
    pub email_address: Option<FreeText>,
}

/// An address in parts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// 1 to 100 characters.
    pub address_line1: Option<Text<Free, 1, 100>>,
    /// 1 to 100 characters.
    pub address_line2: Option<Text<Free, 1, 100>>,
    /// 1 to 30 characters.
    pub city: Option<Text<Free, 1, 30>>,
    /// As sent.
    pub region: Option<FreeText>,
    /// ISO 3166, two capital letters.
    pub country: Option<Text<Capitals, 2, 2>>,
    /// At most 20 characters.
    pub postal_code: Option<UpTo<20>>,
}

/// How card and PIN were entered at the point of sale.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PosInfo {
    /// Entry of card and PIN.
    pub entry_mode: Option<EntryMode>,
    /// The circumstances of the sale.
    pub pos_condition_code: Option<PosConditionCode>,
}

/// Entry of card and PIN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryMode {
    /// How the card number was read.
    pub pan_entry_mode: PanEntryMode,
    /// Whether a PIN can be entered.
    pub pin_entry_capability: PinEntryCapability,
}

vocabulary! {
    /// How the card number was read.
    PanEntryMode {
        Unknown = "UNKNOWN", Manual = "MANUAL", MagstripeNoCvv = "MAGSTRIPE_NO_CVV", Barcode = "BARCODE", Ocr = "OCR",
        IccCvv = "ICC_CVV", ContactlessIcc = "CONTACTLESS_ICC", MagstripeCvv = "MAGSTRIPE_CVV",
        ContactlessMagstripe = "CONTACTLESS_MAGSTRIPE", IccNoCvv = "ICC_NO_CVV", OrigMode = "ORIG_MODE",
        Fallback = "FALLBACK",
    }

    /// Whether the terminal can take a PIN.
    PinEntryCapability { Unknown = "UNKNOWN", CanAccept = "CAN_ACCEPT", CannotAccept = "CANNOT_ACCEPT" }

    /// The circumstances of the sale.
    PosConditionCode {
        NormalPresentment = "NORMAL_PRESENTMENT", CustomerNotPresent = "CUSTOMER_NOT_PRESENT",
        CustomerPresentAndCardNotPresent = "CUSTOMER_PRESENT_AND_CARD_NOT_PRESENT",
        CustomerIdentityVerified = "CUSTOMER_IDENTITY_VERIFIED", PublicUtilityTerminal = "PUBLIC_UTILITY_TERMINAL",
        CustomerTerminal = "CUSTOMER_TERMINAL", ManualReversal = "MANUAL_REVERSAL",
        UnattendedTerminalAndCardCanBeRetained = "UNATTENDED_TERMINAL_AND_CARD_CAN_BE_RETAINED",
        UnattendedTerminalAndCardCannotBeRetained = "UNATTENDED_TERMINAL_AND_CARD_CANNOT_BE_RETAINED",
    }
}
