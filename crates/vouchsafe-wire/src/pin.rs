//! PINs: one of three objects, told apart by their `type`.

use serde_json::{Value as Json, json};
use vouchsafe_core::text::{Hex, Text, UpTo};
use vouchsafe_core::voucher::{EncryptionParameters, Pin};

use crate::node::{Node, Value};
use crate::object::objects;
use crate::reader::{Path, Reader};
use crate::schema::Schemas;
use crate::wire::{Wire, text};
use crate::writer::Writer;

struct ClearPin {
    kind: ClearWord,
    pin: UpTo<20>,
}

struct EncryptedPin {
    kind: EncryptedWord,
    pin_block: Text<Hex, 16, 16>,
    encryption_parameters: EncryptionParameters,
}

struct HashedPin {
    kind: HashedWord,
    hash: Text<Hex, 0, 512>,
    hashed_pin_parameters: Option<HashedPinParameters>,
}

struct HashedPinParameters {
    name: UpTo<20>,
}

/// What says which form it is, before that is known: as long as the longest of the three words.
type AnyWord = UpTo<13>;

/// Declares what stands in the `type` of one form, and nothing else may.
macro_rules! only {
    ($($name:ident = $word:literal;)*) => {$(
        struct $name;

        impl Wire for $name {
            fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
                let is_it = text(node, reader, path)? == $word;
                if !is_it {
                    reader.breaks(concat!("must be ", $word), node, path);
                }
                is_it.then_some(Self)
            }

            fn write(&self, writer: &mut Writer) {
                writer.text($word);
            }

            fn schema(_: &mut Schemas) -> Json {
                json!({ "type": "string", "enum": [$word] })
            }

            fn example() -> Option<Json> {
                Some($word.into())
            }
        }
    )*};
}

only! {
    ClearWord = "CLEAR_PIN";
    EncryptedWord = "ENCRYPTED_PIN";
    HashedWord = "HASHED_PIN";
}

objects! {
    /// A PIN in clear.
    ClearPin {
        kind: required "type";
        pin: required "pin" = "1234";
    }

    /// A PIN in an encrypted block. Never stored.
    EncryptedPin {
        kind: required "type";
        pin_block: required "pinBlock" = "0123456789ABCDEF";
        encryption_parameters: required "encryptionParameters";
    }

    /// A hash of a PIN.
    HashedPin {
        kind: required "type";
        hash: required "hash" = "0123456789ABCDEF0123456789ABCDEF";
        hashed_pin_parameters: optional "hashedPinParameters";
    }

    /// How a PIN was hashed.
    HashedPinParameters {
        name: required "name" = "SHA-256";
    }
}

impl Wire for Pin {
    fn read(node: &Node<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self> {
        let kind = match &node.value {
            Value::Object(members) => reader.required::<AnyWord>(members, "type", path)?,
            _ => {
                reader.misshapen("must be an object", node, path);
                return None;
            }
        };
        match kind.as_str() {
            "CLEAR_PIN" => ClearPin::read(node, reader, path).map(|pin| Self::Clear(pin.pin)),
            "ENCRYPTED_PIN" => EncryptedPin::read(node, reader, path)
                .map(|pin| Self::Encrypted { pin_block: pin.pin_block, parameters: pin.encryption_parameters }),
            "HASHED_PIN" => HashedPin::read(node, reader, path).map(|pin| Self::Hashed {
                hash: pin.hash,
                name: pin.hashed_pin_parameters.map(|parameters| parameters.name),
            }),
            _ => {
                reader.breaks("must be one of CLEAR_PIN, ENCRYPTED_PIN, HASHED_PIN", node, &path.field("type"));
                None
            }
        }
    }

    fn write(&self, writer: &mut Writer) {
        let kind = |writer: &mut Writer, kind: &str| {
            writer.name("type");
            writer.text(kind);
        };
        writer.object(|writer| match self {
            Self::Clear(pin) => {
                kind(writer, "CLEAR_PIN");
                writer.member("pin", pin);
            }
            Self::Encrypted { pin_block, parameters } => {
                kind(writer, "ENCRYPTED_PIN");
                writer.member("pinBlock", pin_block);
                writer.member("encryptionParameters", parameters);
            }
            Self::Hashed { hash, name } => {
                kind(writer, "HASHED_PIN");
                writer.member("hash", hash);
                if let Some(name) = name {
                    writer.name("hashedPinParameters");
                    writer.object(|writer| writer.member("name", name));
                }
            }
        });
    }

    fn schema(schemas: &mut Schemas) -> Json {
        schemas.named("Pin", |schemas| {
            json!({
                "description": "A PIN in one of three forms, told apart by `type`. Secret.",
                "oneOf": [ClearPin::schema(schemas), EncryptedPin::schema(schemas), HashedPin::schema(schemas)],
                "examples": [ClearPin::example()],
            })
        })
    }

    fn example() -> Option<Json> {
        ClearPin::example()
    }
}
