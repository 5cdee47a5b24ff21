//! What one line of the books says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vouchsafe_core::transaction::Kind;

use super::voucher::VoucherMark;

/// One line: what became of one request, or of an advice about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The kind of the request; not written for a provision.
    #[serde(with = "kind", default = "kind::provision", skip_serializing_if = "kind::is_provision")]
    pub kind: Kind,
    /// The request's id, as sent; for an advice the id of the request that it concerns.
    pub id: String,
    /// The `client.id` of the request; for an advice, which has none, the user name that it came with.
    pub client: String,
    /// The id of the product asked for; for a redemption or a refund that of the voucher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The amount asked for, in minor units; of a redemption or a refund that was done, what it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// Its currency, three digits of ISO 4217.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}

/// What became of a request or an advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// A voucher was issued, whatever the answer was then.
    Sold {
        /// The voucher's serial number.
        serial_number: String,
        /// The first 32 bits of the SHA-256 of the voucher's code, in hexadecimal digits: enough to compare
        /// two records, far too little to find the code by trying.
        code_fingerprint: String,
        /// How every later line names the voucher. Books of an earlier time lack it: what they sold cannot be redeemed.
        #[serde(skip_serializing_if = "Option::is_none")]
        voucher: Option<VoucherMark>,
        /// After this instant it is worth nothing.
        #[serde(skip_serializing_if = "Option::is_none")]
        expiry_date: Option<Timestamp>,
        /// Whether it is good for use without a confirmation.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        counts_as_confirmed: bool,
    },
    /// A voucher was taken, whatever the answer was then.
    Redeemed {
        /// Which.
        voucher: VoucherMark,
        /// Whether it can be refunded without a confirmation of this.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        counts_as_confirmed: bool,
    },
    /// What a redemption took was given back, whatever the answer was then.
    Refunded {
        /// On which voucher.
        voucher: VoucherMark,
        /// Whether it can be redeemed again without a confirmation of this.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        counts_as_confirmed: bool,
    },
    /// Nothing was done and the answer said so.
    Refused {
        /// The answer's status.
        status: u16,
        /// The answer's error type, where it had one.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_type: Option<String>,
    },
    /// Nothing was done and nothing was answered.
    Dropped,
    /// A reversal undid what the request had done, whatever the answer was then.
    Reversed {
        /// The reversal's own id.
        advice_id: String,
    },
    /// A confirmation settled what the request had done, whatever the answer was then.
    Confirmed {
        /// The confirmation's own id.
        advice_id: String,
    },
    /// A reversal came before its request, which will be refused if it comes.
    Forestalled {
        /// The reversal's own id.
        advice_id: String,
    },
    /// An advice that changed nothing: known already, not to be taken, or turned down.
    Advised {
        /// Which of the two.
        advice: Finaliser,
        /// The advice's own id.
        advice_id: String,
        /// The answer's status; none where there was no answer.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The answer's error type, where it had one.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_type: Option<String>,
    },
    /// Somebody sent what this provider's sheet says must not be sent.
    Breach {
        /// What came.
        heard: Heard,
        /// An advice's own id.
        #[serde(skip_serializing_if = "Option::is_none")]
        advice_id: Option<String>,
    },
}

/// What finalises a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Finaliser {
    /// It must not stand.
    Reversal,
    /// It stands.
    Confirmation,
}

/// What a breach consisted of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Heard {
    /// A request for the second time, at a provider without retries.
    Request,
    /// A reversal, at a provider without advices.
    Reversal,
    /// A confirmation, at a provider without advices.
    Confirmation,
}

/// A kind as its own word.
mod kind {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use vouchsafe_core::transaction::Kind;

    pub(super) const fn provision() -> Kind {
        Kind::Provision
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "this is how serde asks")]
    pub(super) const fn is_provision(kind: &Kind) -> bool {
        matches!(kind, Kind::Provision)
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "this is how serde asks")]
    pub(super) fn serialize<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let word = String::deserialize(deserializer)?;
        Kind::from_name(&word).ok_or_else(|| D::Error::custom("a kind is provision, redemption or refund"))
    }
}
