//! Names of messages, channels and providers.

use std::fmt;

use uuid::Uuid;

use crate::text::{Free, Text};

/// The id of a request or an advice: `8-4-4-4-12` hexadecimal digits of any UUID version or none.
///
/// Two ids are the same when their digits are, whatever the case; the case is kept so that an id is echoed as sent.
#[derive(Clone, Copy)]
pub struct MessageId {
    value: Uuid,
    /// Bit `n` is set when the `n`-th hexadecimal digit was written as a capital letter.
    capitals: u32,
}

/// The text is not `8-4-4-4-12` hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnId;

impl MessageId {
    /// An id of our own making, written in small letters.
    #[must_use]
    pub const fn new(value: Uuid) -> Self {
        Self { value, capitals: 0 }
    }

    /// An id as it was stored: its sixteen bytes and which digits were capitals.
    #[must_use]
    pub const fn from_parts(bytes: [u8; 16], capitals: u32) -> Self {
        Self { value: Uuid::from_bytes(bytes), capitals }
    }

    /// Reads an id.
    ///
    /// # Errors
    /// [`NotAnId`] when the text has another form, braces or a `urn:` prefix among them.
    pub fn parse(text: &str) -> Result<Self, NotAnId> {
        if text.len() != 36 {
            return Err(NotAnId);
        }
        let value = Uuid::try_parse(text).map_err(|_| NotAnId)?;
        let digits = text.bytes().filter(|b| *b != b'-').enumerate();
        let capitals = digits.filter(|(_, b)| b.is_ascii_uppercase()).fold(0, |bits, (at, _)| bits | 1 << at);
        Ok(Self { value, capitals })
    }

    /// The sixteen bytes, the same for every way of writing the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.value.as_bytes()
    }

    /// Which digits were written as capital letters, the first digit in the lowest bit.
    #[must_use]
    pub const fn capitals(&self) -> u32 {
        self.capitals
    }
}

impl PartialEq for MessageId {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for MessageId {}

impl std::hash::Hash for MessageId {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.value.hash(state);
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = Uuid::encode_buffer();
        let text = self.value.hyphenated().encode_lower(&mut buffer);
        if self.capitals == 0 {
            return f.write_str(text);
        }
        let mut at = 0;
        for letter in text.chars() {
            if letter == '-' {
                f.write_str("-")?;
                continue;
            }
            let capital = self.capitals >> at & 1 == 1;
            write!(f, "{}", if capital { letter.to_ascii_uppercase() } else { letter })?;
            at += 1;
        }
        Ok(())
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A channel's id: the user name it logs in with, and the `client.id` of its messages.
pub type ChannelId = Text<Free, 1, 100>;

/// The name of a configured provider.
pub type ProviderId = Text<Free, 1, 100>;

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

    use super::*;

    const SMALL: &str = "a1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213";

    #[test]
    fn an_id_is_echoed_as_sent() {
        for text in [SMALL, "A1b2C3d4-e5F6-0a0B-0c0d-0e0f1011121F", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(MessageId::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn ids_are_compared_without_regard_to_case() {
        assert_eq!(MessageId::parse(SMALL), MessageId::parse(&SMALL.to_uppercase()));
    }

    #[test]
    fn other_ways_to_write_a_uuid_are_refused() {
        for text in [
            "",
            "a1b2c3d4e5f60a0b0c0d0e0f10111213",
            "{a1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213}",
            "urn:uuid:a1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213",
            "a1b2c3d4-e5f6-0a0b-0c0d-0e0f1011121",
            "g1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213",
            "a1b2c3d4e-5f6-0a0b-0c0d-0e0f10111213",
        ] {
            assert_eq!(MessageId::parse(text), Err(NotAnId), "{text}");
        }
    }

    #[test]
    fn ids_of_other_digits_are_other_ids() {
        let hashed = |id: &MessageId| BuildHasherDefault::<DefaultHasher>::default().hash_one(id);
        let id = MessageId::parse(SMALL).unwrap();
        for (text, same) in [
            (SMALL, true),
            ("A1B2C3D4-E5F6-0A0B-0C0D-0E0F10111213", true),
            ("b1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213", false),
            ("a1b2c3d4-e5f6-0a0b-0c0d-0e0f10111214", false),
        ] {
            let other = MessageId::parse(text).unwrap();
            assert_eq!((id == other, hashed(&id) == hashed(&other)), (same, same), "{text}");
        }
    }

    #[test]
    fn an_id_is_stored_as_its_bytes_and_its_capitals() {
        const BYTES: [u8; 16] =
            [0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 16, 17, 18, 19];
        for (text, capitals) in [
            (SMALL, 0),
            ("A1b2c3d4-e5f6-0a0b-0c0d-0e0f10111213", 1),
            ("a1B2C3d4-e5f6-0a0b-0c0d-0e0f10111213", 0b1_0100),
            ("a1b2c3d4-E5f6-0a0b-0c0d-0e0F10111213", 1 << 8 | 1 << 23),
        ] {
            let id = MessageId::parse(text).unwrap();
            assert_eq!((id.as_bytes(), id.capitals()), (&BYTES, capitals), "{text}");
            let stored = MessageId::from_parts(BYTES, capitals);
            assert_eq!((stored.to_string(), format!("{stored:?}")), (text.to_owned(), text.to_owned()));
        }
        assert_eq!(MessageId::new(Uuid::from_bytes(BYTES)).to_string(), SMALL, "our own are in small letters");
    }
}
