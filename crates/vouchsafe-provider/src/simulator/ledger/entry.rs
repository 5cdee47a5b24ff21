//! What one line of the books says.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One line: what became of one request, or of an advice about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
    /// The request's id, as sent; for an advice the id of the request that it concerns.
    pub id: String,
    /// The `client.id` of the request; for an advice, which has none, the user name that it came with.
    pub client: String,
    /// The id of the product asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The amount asked for, in minor units.
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
    },
    /// Nothing was issued and the answer said so.
    Refused {
        /// The answer's status.
        status: u16,
        /// The answer's error type, where it had one.
        #[serde(skip_serializing_if = "Option::is_none")]
        error_type: Option<String>,
    },
    /// Nothing was issued and nothing was answered.
    Dropped,
    /// A reversal undid the sale, whatever the answer was then.
    Reversed {
        /// The reversal's own id.
        advice_id: String,
    },
    /// A confirmation settled the sale, whatever the answer was then.
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

/// What finalises a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Finaliser {
    /// It must not stand.
    Reversal,
    /// The voucher was handed over.
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
