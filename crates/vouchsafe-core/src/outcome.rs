//! What came of asking a provider: Approved, Declined or Unknown.
//!
//! Everything unproven is Unknown. That a request was *certainly not sent* is not an outcome but the
//! absence of one, and has a type of its own, [`NotSent`].

use std::fmt;

use crate::error_detail::{ErrorDetail, ErrorType};
use crate::message::VoucherLookupResponse;
use crate::money::Amounts;
use crate::party::{Institution, ThirdPartyIdentifier};
use crate::product::Product;
use crate::slip::SlipData;
use crate::text::{FreeText, UpTo};
use crate::vocabulary::vocabulary;
use crate::voucher::{Voucher, VoucherCode};

/// What a provider's answer, or its silence, proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The provider did what it was asked and said so usably.
    Approved(Box<Approval>),
    /// The provider did not and will not do it.
    Declined(Decline),
    /// Nothing is proven: the provider may have done it.
    Unknown(Doubt),
}

/// What came of asking a provider about a voucher. Nothing was at stake, so nothing is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The provider knows it.
    Found(Box<VoucherLookupResponse>),
    /// The provider says no, or was certainly not asked.
    Declined(Decline),
    /// There was no answer, or none that can be used.
    Unknown(Doubt),
}

/// What a provider adds to a request when it approves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    voucher: Voucher,
    /// What was granted, where the provider said it.
    pub amounts: Option<Amounts>,
    /// The provider's own references; never another party's.
    pub third_party_identifiers: Vec<ThirdPartyIdentifier>,
    /// The issuer, where the provider named it.
    pub receiver: Option<Institution>,
    /// What the provider says of the product.
    pub product: Option<Product>,
    /// Receipt text.
    pub slip_data: Option<SlipData>,
    /// Retrieval reference number, where the request had none.
    pub rrn: Option<FreeText>,
}

/// A voucher without a code is no approval of a provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoCode;

impl Approval {
    /// The approval of a provision, of which nothing is said but the voucher.
    ///
    /// # Errors
    /// [`NoCode`] when the voucher has no code.
    pub fn issued(voucher: Voucher) -> Result<Self, NoCode> {
        if voucher.code.is_none() { Err(NoCode) } else { Ok(Self::accepted(voucher)) }
    }

    /// The approval of a redemption or a refund, with what the provider says of the voucher, if anything.
    #[must_use]
    pub const fn accepted(voucher: Voucher) -> Self {
        Self {
            voucher,
            amounts: None,
            third_party_identifiers: Vec::new(),
            receiver: None,
            product: None,
            slip_data: None,
            rrn: None,
        }
    }

    /// The voucher. That of a provision has a code.
    #[must_use]
    pub const fn voucher(&self) -> &Voucher {
        &self.voucher
    }

    /// The voucher's code, where the provider said it.
    #[must_use]
    pub const fn code(&self) -> Option<&VoucherCode> {
        self.voucher.code.as_ref()
    }
}

/// A final no: nothing was sold and nothing more will be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decline {
    /// The provider said no.
    ByProvider(ProviderError),
    /// The provider refused our own credentials: 401, 403 or 407. Somebody must be told.
    OurCredentials,
    /// The request certainly never left.
    NotSent(NotSent),
}

/// Why nothing is proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// No answer by the deadline, or the connection was lost after the first byte.
    NoAnswer,
    /// An answer that proves neither yes nor no, with the provider's error where it gave one.
    Unusable {
        /// What was wrong with it, for an operator.
        reason: Unusable,
        /// The provider's own words.
        error: Option<ProviderError>,
    },
    /// The switch stopped before it heard the answer.
    Lost,
}

vocabulary! {
    /// What makes an answer unusable.
    Unusable {
        Status = "the status is neither a success nor a refusal",
        TooLarge = "the body is larger than 1 MiB",
        NotJson = "the body is not JSON of the agreed form",
        OtherId = "the id is not the request's",
        NoCode = "there is no voucher code",
        OtherAmount = "the amount is not the one asked for",
        OtherCurrency = "the currency is not the one asked for",
        OtherProduct = "the product is not the one asked for",
        Damaged = "a part of the voucher cannot be read",
        OtherVoucher = "the voucher is not the one presented",
    }
}

/// A provider's error in our words, with its own beside them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderError {
    /// Our word for it; what we do not know is `GENERAL_ERROR`.
    pub error_type: ErrorType,
    /// Its message, at most 80 characters.
    pub message: UpTo<80>,
    /// Its own code.
    pub provider_code: Option<FreeText>,
    /// Its own words.
    pub provider_message: Option<FreeText>,
}

impl From<ProviderError> for ErrorDetail {
    fn from(error: ProviderError) -> Self {
        Self {
            provider_error_code: error.provider_code,
            provider_error_message: error.provider_message,
            error_message: error.message,
            ..Self::new(error.error_type, "")
        }
    }
}

/// The request certainly never reached the provider: it may go elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSent {
    /// No connection could be made: refused, unreachable, name not found or TLS refused.
    NoConnection,
    /// Waiting for a connection took all the time there was.
    NoTime,
    /// This machine had no file descriptor left for a connection: the switch's own lack, and nothing about the provider.
    NoDescriptor,
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoConnection => "no connection to the provider could be made",
            Self::NoTime => "no connection to the provider was made in time",
            Self::NoDescriptor => "the switch can open no further connection",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;
    use crate::text::Text;

    fn voucher(code: Option<&str>) -> Voucher {
        let code = code.map(|code| Secret::new(Text::new(code).unwrap()));
        Voucher { code, serial_number: Some(UpTo::new("S1").unwrap()), ..Voucher::default() }
    }

    #[test]
    fn a_provision_is_approved_with_a_code_only() {
        assert_eq!(Approval::issued(voucher(None)), Err(NoCode));
        assert_eq!(Approval::issued(voucher(Some("1234"))), Ok(Approval::accepted(voucher(Some("1234")))));
    }

    #[test]
    fn an_approval_holds_what_the_provider_said_of_the_voucher() {
        for code in [None, Some("1234")] {
            let approval = Approval::accepted(voucher(code));
            assert_eq!(approval.voucher(), &voucher(code));
            assert_eq!(approval.code().map(|code| code.expose().as_str()), code);
        }
    }

    #[test]
    fn a_providers_error_is_passed_on_in_our_word_and_its_own() {
        let error = ProviderError {
            error_type: ErrorType::LimitExceeded,
            message: UpTo::new("too much for a day").unwrap(),
            provider_code: Some(FreeText::new("E51").unwrap()),
            provider_message: Some(FreeText::new("daily limit").unwrap()),
        };
        let expect = ErrorDetail {
            id: None,
            original_id: None,
            error_type: ErrorType::LimitExceeded,
            error_message: UpTo::new("too much for a day").unwrap(),
            provider_error_code: Some(FreeText::new("E51").unwrap()),
            provider_error_message: Some(FreeText::new("daily limit").unwrap()),
            format_errors: Vec::new(),
        };
        assert_eq!(ErrorDetail::from(error), expect);
    }

    #[test]
    fn a_request_that_never_left_says_why() {
        for (not_sent, expect) in [
            (NotSent::NoConnection, "no connection to the provider could be made"),
            (NotSent::NoTime, "no connection to the provider was made in time"),
            (NotSent::NoDescriptor, "the switch can open no further connection"),
        ] {
            assert_eq!(not_sent.to_string(), expect);
        }
    }
}
