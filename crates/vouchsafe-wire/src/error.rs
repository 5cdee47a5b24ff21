//! The error body: the core's `ErrorDetail` as it stands on the wire, and as providers send it.

use serde_json::{Value as Json, json};
use vouchsafe_core::error_detail::{ErrorDetail as Detail, ErrorType, FormatError};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::text::{FreeText, UpTo};

use crate::node::{Node, Value};
use crate::object::objects;
use crate::reader::{Path, Reader};
use crate::schema::Schemas;
use crate::wire::{Wire, text};
use crate::writer::Writer;

struct ErrorDetail {
    id: Option<MessageId>,
    original_id: Option<MessageId>,
    error_type: ErrorType,
    error_message: UpTo<80>,
    provider_error_code: Option<FreeText>,
    provider_error_message: Option<FreeText>,
    detail_message: Option<DetailMessage>,
}

/// A free object; all that we put into it is the faults in a message's form.
struct DetailMessage {
    format_errors: Vec<FormatError>,
}

/// An error as a provider sends it, which need not be well formed to be understood: a number is as good as a
/// word, and NUL is passed over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorAnswer {
    /// Its word for the error, ours or not.
    pub error_type: Option<Said>,
    /// Its message.
    pub error_message: Option<Said>,
    /// Its own code.
    pub provider_error_code: Option<Said>,
    /// Its own words.
    pub provider_error_message: Option<Said>,
    /// The same under the name that older providers use.
    pub provider_error_msg: Option<Said>,
}

/// Words in a provider's error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said(FreeText);

impl Said {
    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Wire for Said {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let words = match &node.value {
            Value::Whole(number) => number.to_string(),
            _ => text(node, reader, path)?.replace('\0', ""),
        };
        FreeText::new(words).ok().map(Self)
    }

    fn write(&self, writer: &mut Writer) {
        self.0.write(writer);
    }

    fn schema(schemas: &mut Schemas) -> Json {
        FreeText::schema(schemas)
    }
}

objects! {
    /// The only error body: what went wrong, in words a caller can act on.
    ErrorDetail {
        id: optional "id";
        original_id: optional "originalId";
        error_type: required "errorType" = "FORMAT_ERROR";
        error_message: required "errorMessage" = "the message has 1 format error";
        provider_error_code: optional "providerErrorCode" = "51";
        provider_error_message: optional "providerErrorMessage" = "Insufficient stock";
        detail_message: optional "detailMessage";
    }

    /// One fault in a message's form.
    FormatError {
        field: required "field" = "originator.merchant.merchantName.city";
        message: required "msg" = "originator.merchant.merchantName.city may not be null";
        value: optional "value" = "abc";
    }

    /// An error as a provider sends it.
    ErrorAnswer {
        error_type: optional "errorType";
        error_message: optional "errorMessage";
        provider_error_code: optional "providerErrorCode";
        provider_error_message: optional "providerErrorMessage";
        provider_error_msg: optional "providerErrorMsg";
    }
}

impl Wire for DetailMessage {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        // Whatever else a sender puts here is for people and none of our business.
        let format_errors = match &node.value {
            Value::Object(members) => reader.optional(members, "formatErrors", path)?.unwrap_or_default(),
            _ => Vec::new(),
        };
        Some(Self { format_errors })
    }

    fn write(&self, writer: &mut Writer) {
        writer.object(|writer| writer.member("formatErrors", &self.format_errors));
    }

    fn schema(schemas: &mut Schemas) -> Json {
        let format_errors = Vec::<FormatError>::schema(schemas);
        json!({
            "type": "object",
            "description": "For people. A FORMAT_ERROR lists every fault here, in document order.",
            "properties": { "formatErrors": format_errors },
        })
    }

    fn example() -> Option<Json> {
        Vec::<FormatError>::example().map(|errors| json!({ "formatErrors": errors }))
    }
}

impl Wire for String {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        text(node, reader, path).map(str::to_owned)
    }

    fn write(&self, writer: &mut Writer) {
        writer.text(self);
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "string" })
    }
}

impl Wire for Detail {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let wire = ErrorDetail::read(node, reader, path)?;
        Some(Self {
            id: wire.id,
            original_id: wire.original_id,
            error_type: wire.error_type,
            error_message: wire.error_message,
            provider_error_code: wire.provider_error_code,
            provider_error_message: wire.provider_error_message,
            format_errors: wire.detail_message.map_or_else(Vec::new, |detail| detail.format_errors),
        })
    }

    fn write(&self, writer: &mut Writer) {
        let wire = ErrorDetail {
            id: self.id,
            original_id: self.original_id,
            error_type: self.error_type,
            error_message: self.error_message.clone(),
            provider_error_code: self.provider_error_code.clone(),
            provider_error_message: self.provider_error_message.clone(),
            detail_message: (!self.format_errors.is_empty())
                .then(|| DetailMessage { format_errors: self.format_errors.clone() }),
        };
        wire.write(writer);
    }

    fn schema(schemas: &mut Schemas) -> Json {
        ErrorDetail::schema(schemas)
    }

    fn example() -> Option<Json> {
        ErrorDetail::example()
    }
}
