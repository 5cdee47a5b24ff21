//! The one shape of a refusal: what went wrong, in words a caller can act on.

use crate::id::MessageId;
use crate::text::{FreeText, UpTo};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// What went wrong; `interface.md` section 4 says what each means.
    ErrorType {
        FormatError = "FORMAT_ERROR",
        AuthenticationError = "AUTHENTICATION_ERROR",
        DuplicateRecord = "DUPLICATE_RECORD",
        UnableToLocateRecord = "UNABLE_TO_LOCATE_RECORD",
        VoucherAlreadyReversed = "VOUCHER_ALREADY_REVERSED",
        VoucherAlreadyConfirmed = "VOUCHER_ALREADY_CONFIRMED",
        VoucherAlreadyProvisioned = "VOUCHER_ALREADY_PROVISIONED",
        VoucherNotRedeemable = "VOUCHER_NOT_REDEEMABLE",
        VoucherAlreadyRedeemed = "VOUCHER_ALREADY_REDEEMED",
        VoucherNotRedeemed = "VOUCHER_NOT_REDEEMED",
        RedemptionAlreadyReversed = "REDEMPTION_ALREADY_REVERSED",
        RedemptionAlreadyConfirmed = "REDEMPTION_ALREADY_CONFIRMED",
        RedemptionNotConfirmed = "REDEMPTION_NOT_CONFIRMED",
        VoucherAlreadyRefunded = "VOUCHER_ALREADY_REFUNDED",
        VoucherNotRefunded = "VOUCHER_NOT_REFUNDED",
        RefundAlreadyReversed = "REFUND_ALREADY_REVERSED",
        RefundAlreadyConfirmed = "REFUND_ALREADY_CONFIRMED",
        InvalidVoucher = "INVALID_VOUCHER",
        InvalidMerchant = "INVALID_MERCHANT",
        InvalidAmount = "INVALID_AMOUNT",
        InsufficientAmount = "INSUFFICIENT_AMOUNT",
        DoNotHonour = "DO_NOT_HONOUR",
        LimitExceeded = "LIMIT_EXCEEDED",
        InsufficientFunds = "INSUFFICIENT_FUNDS",
        InvalidAccount = "INVALID_ACCOUNT",
        TransactionDeclined = "TRANSACTION_DECLINED",
        TransactionNotSupported = "TRANSACTION_NOT_SUPPORTED",
        VoucherStatusUnknown = "VOUCHER_STATUS_UNKNOWN",
        RoutingError = "ROUTING_ERROR",
        FunctionNotSupported = "FUNCTION_NOT_SUPPORTED",
        UpstreamUnavailable = "UPSTREAM_UNAVAILABLE",
        GeneralError = "GENERAL_ERROR",
    }
}

/// The only error body of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorDetail {
    /// The message that caused the error, where it is known.
    pub id: Option<MessageId>,
    /// For an error about an advice: the request that the advice is about.
    pub original_id: Option<MessageId>,
    /// What went wrong.
    pub error_type: ErrorType,
    /// For an operator, at most 80 characters.
    pub error_message: UpTo<80>,
    /// The provider's own code.
    pub provider_error_code: Option<FreeText>,
    /// The provider's own words.
    pub provider_error_message: Option<FreeText>,
    /// What is wrong with the message's form; every fault, in document order.
    pub format_errors: Vec<FormatError>,
}

/// One fault in a message's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError {
    /// The field's path, such as `originator.merchant.merchantName.city` or `tenders[0].amount`.
    pub field: String,
    /// The whole sentence, the path included.
    pub message: String,
    /// What stood there, shortened; absent where nothing stood there or where it may be secret.
    pub value: Option<String>,
}

impl ErrorDetail {
    /// An error of a type, in our own words. Words past 80 characters are cut.
    #[must_use]
    pub fn new(error_type: ErrorType, message: &str) -> Self {
        Self {
            id: None,
            original_id: None,
            error_type,
            error_message: shortened(message),
            provider_error_code: None,
            provider_error_message: None,
            format_errors: Vec::new(),
        }
    }

    /// The same error, about the message with this id.
    #[must_use]
    pub const fn about(mut self, id: MessageId) -> Self {
        self.id = Some(id);
        self
    }
}

/// The longest beginning of `message` that an error message can hold.
#[must_use]
pub fn shortened(message: &str) -> UpTo<80> {
    let clean = message.chars().filter(|c| *c != '\0').take(80).collect::<String>();
    // Cut to 80 characters and free of NUL: nothing is left for `UpTo` to refuse.
    UpTo::new(clean).unwrap_or_else(|_| unreachable!("80 characters without NUL are an error message"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_message_is_cut_at_80_characters() {
        assert_eq!(shortened(&"é".repeat(200)).as_str(), "é".repeat(80));
        assert_eq!(shortened("a\0b").as_str(), "ab");
    }

    #[test]
    fn an_error_is_about_the_message_that_it_is_given() {
        let id = MessageId::parse("a1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213").unwrap();
        let error = ErrorDetail::new(ErrorType::RoutingError, "nobody to ask");
        assert_eq!(
            (error.id, error.error_type, error.error_message.as_str()),
            (None, ErrorType::RoutingError, "nobody to ask")
        );
        assert_eq!(error.clone().about(id), ErrorDetail { id: Some(id), ..error });
    }
}
