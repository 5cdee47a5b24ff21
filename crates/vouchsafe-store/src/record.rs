//! The on-disk form of requests and outcomes: compact, versioned, and total to read.
//!
//! A record is a form byte and then the value: numbers as variable-length integers, text by its length,
//! a word as its place in its vocabulary, and one bit for each field that may be absent. It is a fraction
//! of the size of the same message as JSON, and size is what a store's speed hangs on.
//!
//! Reading never panics and never takes memory out of proportion to the input: any bytes give a value or
//! [`Damaged`]. A field that may be absent can be added at the end of its list at any time: older records
//! read as if it was absent. Every other change needs a new form byte.

use std::fmt;

use jiff::Timestamp;
use vouchsafe_core::id::MessageId;
use vouchsafe_core::money::Currency;
use vouchsafe_core::product::Number;
use vouchsafe_core::secret::Secret;
use vouchsafe_core::text::{Form, Text};

use crate::Cause;

mod act;
mod message;
mod outcome;
pub(crate) mod word;

pub(crate) use message::{decode_request, encode_request};

/// The first byte of every record: how the rest is written.
const FORM: u8 = 1;

/// A record that cannot be read, and why, for an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Damaged(pub(crate) &'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Damaged {}

impl From<Damaged> for Cause {
    fn from(damaged: Damaged) -> Self {
        Self::Damaged(damaged.0.to_owned())
    }
}

/// Writes a whole record after what `out` holds.
pub(crate) fn encode(value: &impl Record, out: &mut Vec<u8>) {
    out.push(FORM);
    value.put(out);
}

/// Reads a whole record, to its last byte.
pub(crate) fn decode<R: Record>(bytes: &[u8]) -> Result<R, Damaged> {
    let mut from = Reader { rest: bytes };
    if from.byte()? != FORM {
        return Err(Damaged("it has a form that this version does not know"));
    }
    let value = R::take(&mut from)?;
    if from.rest.is_empty() { Ok(value) } else { Err(Damaged("it goes on where it should end")) }
}

/// A value with a form on disk. What `put` wrote, `take` reads.
pub(crate) trait Record: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged>;
}

/// A field that may be absent: a bit in its record says whether it is there.
trait Optional: Sized {
    fn is_present(&self) -> bool;
    fn absent() -> Self;
    /// Called only where the field is present.
    fn put_present(&self, out: &mut Vec<u8>);
    fn take_present(from: &mut Reader<'_>) -> Result<Self, Damaged>;
}

/// What is left to read of a record.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, Damaged> {
        let (first, rest) = self.rest.split_first().ok_or(ENDS_EARLY)?;
        self.rest = rest;
        Ok(*first)
    }

    fn bytes(&mut self, count: usize) -> Result<&'a [u8], Damaged> {
        let (bytes, rest) = self.rest.split_at_checked(count).ok_or(ENDS_EARLY)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn array<const COUNT: usize>(&mut self) -> Result<[u8; COUNT], Damaged> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(ENDS_EARLY)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// A count of things that take at least one byte each, so that no count can ask for more memory than
    /// the record's own size accounts for.
    fn count(&mut self) -> Result<usize, Damaged> {
        let count = usize::try_from(u64::take(self)?).map_err(|_| ENDS_EARLY)?;
        if count <= self.rest.len() { Ok(count) } else { Err(ENDS_EARLY) }
    }
}

const ENDS_EARLY: Damaged = Damaged("it ends too early");

/// Writes one bit for each of a record's fields that may be absent, the first in the lowest.
fn put_presence(present: &[bool], out: &mut Vec<u8>) {
    if !present.is_empty() {
        present.iter().rev().fold(0_u64, |bits, present| bits << 1 | u64::from(*present)).put(out);
    }
}

/// The bits that [`put_presence`] wrote, given out one by one.
struct Presence(u64);

impl Presence {
    fn take(fields: u32, from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let bits = if fields == 0 { 0 } else { u64::take(from)? };
        if bits.checked_shr(fields).unwrap_or(0) == 0 {
            Ok(Self(bits))
        } else {
            Err(Damaged("it has fields that this version does not know"))
        }
    }

    fn next<T: Optional>(&mut self, from: &mut Reader<'_>) -> Result<T, Damaged> {
        let present = self.0 & 1 == 1;
        self.0 >>= 1;
        if present { T::take_present(from) } else { Ok(T::absent()) }
    }
}

/// Gives structs their form from one list of their fields, so that writing and reading cannot disagree
/// and a field that is forgotten does not compile. After the semicolon stand those that may be absent.
macro_rules! records {
    ($($type:ident { $($field:ident),* ; $($optional:ident),* })*) => {$(
        impl Record for $type {
            fn put(&self, out: &mut Vec<u8>) {
                let Self { $($field,)* $($optional,)* } = self;
                put_presence(&[$($optional.is_present()),*], out);
                $($field.put(out);)*
                $(if $optional.is_present() { $optional.put_present(out); })*
            }

            fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
                const OPTIONAL: &[&str] = &[$(stringify!($optional)),*];
                #[allow(unused_mut, reason = "some types have no field that may be absent")]
                let mut _presence = Presence::take(OPTIONAL.len() as u32, from)?;
                // The fields of a struct expression are evaluated in the order in which they are written.
                Ok(Self { $($field: Record::take(from)?,)* $($optional: _presence.next(from)?,)* })
            }
        }
    )*};
}

use records;

impl<T: Record> Optional for Option<T> {
    fn is_present(&self) -> bool {
        self.is_some()
    }

    fn absent() -> Self {
        None
    }

    fn put_present(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take_present(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        T::take(from).map(Some)
    }
}

impl<T: Record> Optional for Vec<T> {
    fn is_present(&self) -> bool {
        !self.is_empty()
    }

    fn absent() -> Self {
        Self::new()
    }

    fn put_present(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        for value in self {
            value.put(out);
        }
    }

    fn take_present(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        // Collected one by one: an announced count reserves nothing.
        (0..from.count()?).map(|_| T::take(from)).collect()
    }
}

impl<T: Record> Record for Secret<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.expose().put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        T::take(from).map(Self::new)
    }
}

impl<A: Record, B: Record> Record for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Ok((A::take(from)?, B::take(from)?))
    }
}

/// Seven bits a byte, the lowest first; the high bit says that more follow.
impl Record for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut value = 0;
        for shift in (0..Self::BITS).step_by(7) {
            let byte = from.byte()?;
            let bits = Self::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Damaged("a number is too large"))
    }
}

/// Zigzag: 0, -1, 1, -2 are 0, 1, 2, 3, so that small numbers of either sign are short.
impl Record for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        ((self << 1 ^ self >> 63) as u64).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let zigzag = u64::take(from)?;
        Ok((zigzag >> 1) as Self ^ -((zigzag & 1) as Self))
    }
}

impl Record for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        match from.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Damaged("it says neither yes nor no")),
        }
    }
}

impl<F: Form, const LEAST: usize, const MOST: usize> Record for Text<F, LEAST, MOST> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.as_str().len() as u64).put(out);
        out.extend_from_slice(self.as_str().as_bytes());
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let count = from.count()?;
        let text = str::from_utf8(from.bytes(count)?).map_err(|_| Damaged("a text is not UTF-8"))?;
        Self::new(text).map_err(|_| Damaged("a text breaks the rules of its field"))
    }
}

impl Record for MessageId {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
        u64::from(self.capitals()).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let bytes = from.array()?;
        let capitals = u32::try_from(u64::take(from)?).map_err(|_| Damaged("an id has more than 32 digits"))?;
        Ok(Self::from_parts(bytes, capitals))
    }
}

/// Milliseconds since 1970: the interface promises no more.
impl Record for Timestamp {
    fn put(&self, out: &mut Vec<u8>) {
        self.as_millisecond().put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Self::from_millisecond(i64::take(from)?).map_err(|_| Damaged("a time is out of range"))
    }
}

impl Record for Currency {
    fn put(&self, out: &mut Vec<u8>) {
        u64::from(self.code()).put(out);
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        let code = u16::try_from(u64::take(from)?).ok();
        code.and_then(Self::new).ok_or(Damaged("a currency has more than three digits"))
    }
}

impl Record for Number {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.get().to_le_bytes());
    }

    fn take(from: &mut Reader<'_>) -> Result<Self, Damaged> {
        Self::new(f64::from_le_bytes(from.array()?)).ok_or(Damaged("a number is not finite"))
    }
}

#[cfg(test)]
mod tests;
