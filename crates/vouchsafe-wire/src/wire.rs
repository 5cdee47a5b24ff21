//! How each plain value crosses the wire: numbers, text, words, times, ids and secrets.

use std::collections::HashSet;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use vouchsafe_core::id::MessageId;
use vouchsafe_core::money::{Currency, LedgerAmount};
use vouchsafe_core::product::Number;
use vouchsafe_core::secret::Secret;
use vouchsafe_core::text::{Form, FreeText, Text};

use crate::node::{Node, Value};
use crate::reader::{Path, Reader};
use crate::schema::Schemas;
use crate::writer::Writer;

/// A value of the interface: read, written and described in one place.
pub(crate) trait Wire: Sized {
    /// The value of a node, or `None` once its faults are noted.
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self>;

    fn write(&self, writer: &mut Writer);

    /// Its JSON schema, as it is used in place; objects and words also enter `schemas` under their name.
    fn schema(schemas: &mut Schemas) -> Json;

    /// A value that would pass, where the type alone says enough to make one up.
    fn example() -> Option<Json> {
        None
    }
}

/// The earliest instant that RFC 3339 can write: the start of the year 0000, in milliseconds.
const FIRST_INSTANT: i64 = -62_167_219_200_000;

impl<F: Form, const LEAST: usize, const MOST: usize> Wire for Text<F, LEAST, MOST> {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let text = text(node, reader, path)?;
        Self::new(text).inspect_err(|fault| reader.breaks(&fault.to_string(), node, path)).ok()
    }

    fn write(&self, writer: &mut Writer) {
        writer.text(self.as_str());
    }

    fn schema(_: &mut Schemas) -> Json {
        let mut schema = json!({ "type": "string" });
        if LEAST > 0 {
            schema["minLength"] = LEAST.into();
        }
        if MOST < usize::MAX {
            schema["maxLength"] = MOST.into();
        }
        if let Some(pattern) = F::PATTERN {
            schema["pattern"] = pattern.into();
        }
        schema
    }
}

impl Wire for MessageId {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let text = text(node, reader, path)?;
        Self::parse(text)
            .inspect_err(|_| {
                // Existing clients compare this sentence literally, so it stands without the path.
                let message = "UUID must conform to the format 8-4-4-4-12 hexadecimal values".to_owned();
                reader.note(node.at, path, message, Some(node));
            })
            .ok()
    }

    fn write(&self, writer: &mut Writer) {
        writer.text(&self.to_string());
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "string", "pattern": "^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$" })
    }

    fn example() -> Option<Json> {
        Some(json!("b8e3b2f0-6c5f-4d0a-9a53-2f6a1c7d9e10"))
    }
}

impl Wire for Timestamp {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let text = text(node, reader, path)?;
        let instant = instant(text);
        if instant.is_none() {
            reader.breaks("must be a date-time with an offset, such as 2026-11-23T09:30:00.000Z", node, path);
        }
        instant
    }

    fn write(&self, writer: &mut Writer) {
        writer.text(&format!("{self:.3}"));
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "string", "format": "date-time" })
    }

    fn example() -> Option<Json> {
        Some(json!("2026-11-23T09:30:00.000Z"))
    }
}

impl Wire for bool {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        if let Value::Bool(value) = node.value {
            return Some(value);
        }
        reader.breaks("must be true or false", node, path);
        None
    }

    fn write(&self, writer: &mut Writer) {
        writer.scalar(self);
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "boolean" })
    }
}

impl Wire for i64 {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        if let Value::Whole(value) = node.value {
            return Some(value);
        }
        reader.breaks("must be a whole number of at most 64 bits", node, path);
        None
    }

    fn write(&self, writer: &mut Writer) {
        writer.scalar(self);
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "integer", "format": "int64" })
    }
}

impl Wire for Number {
    #[expect(clippy::cast_precision_loss, reason = "a scale factor or sort order of more than 53 bits is nobody's")]
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let number = match node.value {
            Value::Whole(value) => Self::new(value as f64),
            Value::Fraction(value) => Self::new(value),
            _ => None,
        };
        if number.is_none() {
            reader.breaks("must be a number", node, path);
        }
        number
    }

    #[expect(clippy::cast_possible_truncation, reason = "the guard admits only whole numbers that fit")]
    fn write(&self, writer: &mut Writer) {
        // A whole number goes out as it came in: 1, not 1.0.
        match self.get() {
            whole if whole.fract() == 0.0 && whole.abs() < 9e15 => writer.scalar(&(whole as i64)),
            fraction => writer.scalar(&fraction),
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "number" })
    }
}

impl Wire for Currency {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let code = match &node.value {
            Value::Text(text) if text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit()) => text.parse().ok(),
            Value::Whole(code) => u16::try_from(*code).ok(),
            _ => None,
        };
        let currency = code.and_then(Self::new);
        if currency.is_none() {
            reader.breaks("must be an ISO 4217 numeric code, such as \"710\"", node, path);
        }
        currency
    }

    fn write(&self, writer: &mut Writer) {
        writer.text(&self.to_string());
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({
            "description": "ISO 4217 numeric code. A number is accepted; a string is written.",
            "oneOf": [
                { "type": "string", "pattern": "^[0-9]{3}$" },
                { "type": "integer", "minimum": 0, "maximum": 999 }
            ]
        })
    }
}

impl<T: Wire> Wire for Secret<T> {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        reader.secret(|reader| T::read(node, reader, path)).map(Self::new)
    }

    fn write(&self, writer: &mut Writer) {
        self.expose().write(writer);
    }

    fn schema(schemas: &mut Schemas) -> Json {
        T::schema(schemas)
    }

    fn example() -> Option<Json> {
        T::example()
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let Value::List(items) = &node.value else {
            reader.misshapen("must be a list", node, path);
            return None;
        };
        // Every item is read, so that every fault is found, before any is missed.
        let values: Vec<_> =
            items.iter().enumerate().map(|(place, item)| T::read(item, reader, &path.item(place))).collect();
        values.into_iter().collect()
    }

    fn write(&self, writer: &mut Writer) {
        writer.list(self, T::write);
    }

    fn schema(schemas: &mut Schemas) -> Json {
        json!({ "type": "array", "items": T::schema(schemas) })
    }

    fn example() -> Option<Json> {
        T::example().map(|example| json!([example]))
    }
}

/// A map of amounts by name, in the order they were sent.
impl Wire for Vec<(FreeText, LedgerAmount)> {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let Value::Object(members) = &node.value else {
            reader.misshapen("must be an object", node, path);
            return None;
        };
        let mut names = HashSet::new();
        let entries: Vec<_> = members
            .all
            .iter()
            .map(|(name, node)| {
                let path = path.field(name);
                if !names.insert(name) {
                    reader.breaks("appears more than once", node, &path);
                }
                let key =
                    FreeText::new(name.as_ref()).inspect_err(|fault| reader.breaks(&fault.to_string(), node, &path));
                Some((key.ok()?, LedgerAmount::read(node, reader, &path)?))
            })
            .collect();
        entries.into_iter().collect()
    }

    fn write(&self, writer: &mut Writer) {
        writer.object(|writer| {
            for (name, amount) in self {
                writer.member(name.as_str(), amount);
            }
        });
    }

    fn schema(schemas: &mut Schemas) -> Json {
        json!({ "type": "object", "additionalProperties": LedgerAmount::schema(schemas) })
    }

    fn example() -> Option<Json> {
        LedgerAmount::example().map(|amount| json!({ "discount": amount }))
    }
}

/// The text of a node.
pub(crate) fn text<'n>(node: &'n Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<&'n str> {
    if let Value::Text(text) = &node.value {
        return Some(text);
    }
    reader.breaks("must be a string", node, path);
    None
}

/// The instant of an RFC 3339 date-time with an offset, to the millisecond.
fn instant(text: &str) -> Option<Timestamp> {
    let shape = text.bytes().take(19).map(|b| if b.is_ascii_digit() { b'0' } else { b.to_ascii_uppercase() });
    if !shape.eq(*b"0000-00-00T00:00:00") {
        return None;
    }
    // After the seconds: a fraction or none, then Z or an offset in hours and minutes.
    let (seconds, rest) = text.split_at(19);
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.bytes().take_while(u8::is_ascii_digit).count()),
        None => ("0", rest),
    };
    let offset_is_written_out = match offset.as_bytes() {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|b| b.is_ascii_digit()),
        _ => false,
    };
    if fraction.is_empty() || !offset_is_written_out {
        return None;
    }
    // Milliseconds are kept, however many digits there are.
    let parse = |seconds: &str| format!("{seconds}.{}{offset}", fraction.get(..3).unwrap_or(fraction)).parse().ok();
    let instant: Option<Timestamp> = parse(seconds).or_else(|| {
        // The end of the year 9999 is how systems say "never", and its last hours are past what an instant can be.
        let never: Option<Timestamp> =
            seconds.strip_prefix("9999-12-3").and_then(|rest| parse(&format!("9998-12-3{rest}")));
        // To the whole second, which is as far as milliseconds reach.
        never.and_then(|_| Timestamp::from_second(Timestamp::MAX.as_second()).ok())
    });
    let millisecond = instant?.as_millisecond();
    if millisecond < FIRST_INSTANT { None } else { Timestamp::from_millisecond(millisecond).ok() }
}

#[cfg(test)]
mod tests {
    use super::instant;

    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(instant(text).map(|instant| format!("{instant:.3}")).as_deref(), expect, "{text}");
    }

    #[test]
    fn a_time_is_a_date_time_with_an_offset() {
        check("2026-11-23T09:30:00Z", Some("2026-11-23T09:30:00.000Z"));
        check("2026-11-23t09:30:00z", Some("2026-11-23T09:30:00.000Z"));
        check("2026-11-23T09:30:00.1234567+02:00", Some("2026-11-23T07:30:00.123Z"));
        check("2026-11-23T09:30:00.123-00:30", Some("2026-11-23T10:00:00.123Z"));
        check("2026-11-23T09:30:00.123456789012+02:00", Some("2026-11-23T07:30:00.123Z"));
        for never in ["9999-12-31T23:59:59Z", "9999-12-31t23:59:59.999999+02:00", "9999-12-31T00:00:00-05:00"] {
            check(never, Some("9999-12-30T22:00:00.000Z"));
        }
        for malformed in [
            "",
            "9999-12-31T24:00:00Z",
            "9999-12-32T00:00:00Z",
            "2026-11-23T09:30:00.Z",
            "2026-11-23",
            "2026-11-23T09:30:00",
            "2026-11-23T09:30Z",
            "2026-11-23 09:30:00Z",
            "2026-13-23T09:30:00Z",
            "2026-02-30T09:30:00Z",
            "2026-11-23T25:30:00Z",
            "2026-11-23T09:30:00+0200",
            "2026-11-23T09:30:00.Z",
            "2026-11-23T09:30:00Z[UTC]",
            "0000-01-01T00:00:00+23:00",
            "２026-11-23T09:30:00Z",
            "99999-01-01T00:00:00Z",
        ] {
            check(malformed, None);
        }
    }
}
