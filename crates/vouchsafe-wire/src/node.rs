//! A JSON document as a tree that forgets nothing a reader may have to report: order, repeated names,
//! and where each value stood.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// One value and its place in the document.
#[derive(Debug)]
pub(crate) struct Node<'a> {
    /// The how-manieth value it is, counted from the start of the document.
    pub(crate) at: u32,
    pub(crate) value: Value<'a>,
}

/// A JSON value.
#[derive(Debug)]
pub(crate) enum Value<'a> {
    Null,
    Bool(bool),
    Whole(i64),
    /// Any other number; whole ones beyond 64 bits are here too.
    Fraction(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Members<'a>),
}

/// An object's members in the order they were written, repeated names included.
#[derive(Debug)]
pub(crate) struct Members<'a> {
    pub(crate) all: Vec<(Cow<'a, str>, Node<'a>)>,
    /// The place of the closing brace: where one learns that a member is missing.
    pub(crate) end: u32,
}

/// Reads one JSON document; nothing but white space may follow it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Node<'_>, serde_json::Error> {
    match std::str::from_utf8(bytes) {
        // One look at the whole is cheaper than one at each of its strings.
        Ok(text) => document(serde_json::Deserializer::from_str(text)),
        // It is refused, with the place of what is no UTF-8.
        Err(_) => document(serde_json::Deserializer::from_slice(bytes)),
    }
}

fn document<'a, R: serde_json::de::Read<'a>>(
    mut deserializer: serde_json::Deserializer<R>,
) -> Result<Node<'a>, serde_json::Error> {
    let node = Seed(&Cell::new(0)).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(node)
}

#[derive(Clone, Copy)]
struct Seed<'c>(&'c Cell<u32>);

impl Seed<'_> {
    fn count(self) -> u32 {
        let at = self.0.get();
        self.0.set(at.saturating_add(1));
        at
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Node<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node<'de>, D::Error> {
        let at = self.count();
        Ok(Node { at, value: deserializer.deserialize_any(self)? })
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "beyond 64 bits a number is only ever refused or passed on")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(i64::try_from(value).map_or(Value::Fraction(value as f64), Value::Whole))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Value::Fraction(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value<'de>, A::Error> {
        let mut all = Vec::new();
        while let Some(name) = members.next_key_seed(Name)? {
            all.push((name, members.next_value_seed(self)?));
        }
        Ok(Value::Object(Members { all, end: self.count() }))
    }
}

/// A member's name, borrowed from the document where it needs no unescaping.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}
