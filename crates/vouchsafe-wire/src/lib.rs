//! The Single Use Voucher interface as JSON, in both directions.
//!
//! The same language is spoken with channels, with providers and by the simulated provider, so it has a
//! crate of its own: pure functions between bytes and the core's values. Every object is declared once,
//! field by field (see `tables.rs`); reading, writing and the published schema follow from that one table
//! and cannot disagree.

mod answer;
mod error;
mod node;
mod object;
mod pin;
pub mod query;
mod reader;
mod schema;
mod tables;
mod wire;
mod words;
mod writer;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use answer::{ApprovalAnswer, IssuedVoucher, SoldProduct};
pub use error::{ErrorAnswer, Said};
use vouchsafe_core::error_detail::{ErrorDetail, FormatError};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::message::{
    BasicAdvice, BasicReversal, ProductsLookupResponse, ProvisionRequest, ProvisionResponse, RedemptionRequest,
    RedemptionResponse, RefundRequest, RefundResponse, TenderAdvice, VoucherLookupResponse,
};

use crate::node::{Node, Value};
use crate::reader::{Path, Reader};
use crate::schema::Schemas;
use crate::wire::Wire;
use crate::writer::Writer;

/// How a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Every fault counts, unknown fields among them: for what channels send.
    Strict,
    /// Unknown fields and malformed optional ones are passed over: for what providers answer.
    Lenient,
    /// Unknown fields are passed over, malformed ones are faults.
    Exact,
}

/// A document that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The message's id, where it has a good one.
    pub id: Option<MessageId>,
    /// The id of the request that it is about, where it is an advice that has a good one.
    pub request_id: Option<MessageId>,
    /// Every fault, in document order; at least one, and no more than a thousand.
    pub errors: Vec<FormatError>,
}

/// A whole message of the interface.
pub trait Message: Sized {
    /// Reads a message from a JSON document.
    ///
    /// # Errors
    /// [`Malformed`] lists every fault that `manner` counts.
    fn read(document: &[u8], manner: Manner) -> Result<Self, Malformed>;

    /// The message as a JSON document, without what is absent and without white space.
    fn write(&self) -> Vec<u8>;
}

/// Makes messages of values that have a table. The `public` ones and the `advices` are what a channel sends and receives.
macro_rules! messages {
    (public: $($public:ty),* $(,)?; advices: $($advice:ty),* $(,)?; private: $($private:ty),* $(,)?) => {
        messages!(@each false, $($public),*, $($private),*);
        messages!(@each true, $($advice),*);

        /// The schemas of all that a channel sends and receives, by name, each with its limits and an example.
        #[must_use]
        pub fn schemas() -> BTreeMap<&'static str, serde_json::Value> {
            let mut schemas = Schemas::default();
            $(<$public>::schema(&mut schemas);)*
            $(<$advice>::schema(&mut schemas);)*
            schemas.into_named()
        }
    };
    (@each $is_advice:literal, $($message:ty),*) => {
        $(impl Message for $message {
            fn read(document: &[u8], manner: Manner) -> Result<Self, Malformed> {
                read(document, manner, $is_advice)
            }

            fn write(&self) -> Vec<u8> {
                let mut writer = Writer::new();
                Wire::write(self, &mut writer);
                writer.into_bytes()
            }
        })*
    };
}

messages! {
    public:
        ProvisionRequest, ProvisionResponse, RedemptionRequest, RedemptionResponse, RefundRequest, RefundResponse,
        ProductsLookupResponse, VoucherLookupResponse, ErrorDetail;
    advices: BasicAdvice, BasicReversal, TenderAdvice;
    private: ApprovalAnswer, ErrorAnswer,
}

fn read<T: Wire>(document: &[u8], manner: Manner, is_advice: bool) -> Result<T, Malformed> {
    let root = node::parse(document).map_err(|fault| Malformed {
        id: None,
        request_id: None,
        errors: vec![FormatError {
            field: "body".to_owned(),
            message: format!("body is not JSON: {fault}"),
            value: None,
        }],
    })?;
    let mut reader = Reader::new(manner);
    let value = T::read(&root, &mut reader, &Path::ROOT);
    let errors = reader.into_faults();
    match value {
        Some(value) if errors.is_empty() => Ok(value),
        _ => {
            let request_id = if is_advice { id_in(&root, "requestId") } else { None };
            Err(Malformed { id: id_in(&root, "id"), request_id, errors })
        }
    }
}

/// An id in a message that may be wrong in every other respect.
fn id_in(root: &Node<'_>, name: &str) -> Option<MessageId> {
    let Value::Object(members) = &root.value else { return None };
    let mut ids = members.all.iter().filter(|(member, _)| member == name);
    match (ids.next(), ids.next()) {
        (Some((_, Node { value: Value::Text(id), .. })), None) => MessageId::parse(id).ok(),
        _ => None,
    }
}
