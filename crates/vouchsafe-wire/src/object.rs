//! The table notation of objects: each field once, and reading, writing and schema follow from it.

use serde_json::{Map, Value as Json, json};

use crate::node::Members;
use crate::reader::{Path, Reader};
use crate::schema::Schemas;
use crate::wire::Wire;
use crate::writer::Writer;

/// An object of the interface, and what a larger object needs to carry its fields as its own.
pub(crate) trait Object: Sized {
    fn knows(name: &str) -> bool;
    fn read_members(members: &Members<'_>, reader: &mut Reader, path: &Path<'_>) -> Option<Self>;
    fn write_members(&self, writer: &mut Writer);
    fn describe(description: &mut Description, schemas: &mut Schemas);
}

/// The schema of an object under way.
#[derive(Default)]
pub(crate) struct Description {
    properties: Map<String, Json>,
    required: Vec<Json>,
    example: Map<String, Json>,
}

impl Description {
    /// One field of type `T`; an example given here goes before the type's own.
    pub(crate) fn field<T: Wire>(&mut self, name: &str, required: bool, example: Option<Json>, schemas: &mut Schemas) {
        let mut schema = T::schema(schemas);
        let example = example.or_else(T::example);
        if let Some(example) = example {
            if schema.get("$ref").is_none() && schema.get("type") != Some(&json!("array")) {
                schema["examples"] = json!([example.clone()]);
            }
            self.example.insert(name.to_owned(), example);
        }
        self.properties.insert(name.to_owned(), schema);
        if required {
            self.required.push(name.into());
        }
    }

    /// The schema of each field, by its name.
    pub(crate) fn into_properties(self) -> Map<String, Json> {
        self.properties
    }

    /// The whole schema.
    pub(crate) fn into_schema(self, description: &str) -> Json {
        let mut schema = json!({
            "type": "object",
            "description": description.trim(),
            "properties": self.properties,
            "additionalProperties": false,
            "examples": [self.example],
        });
        if !self.required.is_empty() {
            schema["required"] = self.required.into();
        }
        schema
    }
}

/// Ties a field's type to its place in a struct, so that a table need not repeat it.
pub(crate) fn describe_field<O, T: Wire>(
    _: impl Fn(&O) -> &T,
    description: &mut Description,
    name: &str,
    required: bool,
    example: Option<Json>,
    schemas: &mut Schemas,
) {
    description.field::<T>(name, required, example, schemas);
}

/// As [`describe_field`], for a field that may be absent.
pub(crate) fn describe_optional<O, T: Wire>(
    _: impl Fn(&O) -> &Option<T>,
    description: &mut Description,
    name: &str,
    example: Option<Json>,
    schemas: &mut Schemas,
) {
    description.field::<T>(name, false, example, schemas);
}

/// Declares how objects of the core cross the wire, a line for each field:
///
/// `field: kind "nameOnTheWire" = "an example";`
///
/// The kinds: `required`; `optional` (an `Option`); `checked` (an `Option` that even a lenient reader
/// insists on understanding); `list` (a `Vec` that is left out when empty); `flattened Type` (an object
/// whose fields stand among this object's own).
macro_rules! objects {
    ($($(#[doc = $doc:literal])+ $object:ident { $($field:ident: $kind:ident $($name:literal)? $($flat:ident)? $(= $example:expr)?;)* })*) => {$(
        impl $crate::object::Object for $object {
            fn knows(name: &str) -> bool {
                $(objects!(@knows $kind name $($name)? $($flat)?))||*
            }

            fn read_members(
                members: &$crate::node::Members<'_>,
                reader: &mut $crate::reader::Reader,
                path: &$crate::reader::Path<'_>,
            ) -> Option<Self> {
                // All fields are read before the first missing one ends it: every fault is to be reported.
                $(let $field = objects!(@read $kind members reader path $($name)? $($flat)?);)*
                Some(Self { $($field: $field?),* })
            }

            fn write_members(&self, writer: &mut $crate::writer::Writer) {
                $(objects!(@write $kind writer (&self.$field) $($name)?);)*
            }

            fn describe(description: &mut $crate::object::Description, schemas: &mut $crate::schema::Schemas) {
                $(objects!(@describe $kind $object $field description schemas [$($name)? $($flat)?] [$($example)?]);)*
            }
        }

        impl $crate::wire::Wire for $object {
            fn read(
                node: &$crate::node::Node<'_>,
                reader: &mut $crate::reader::Reader,
                path: &$crate::reader::Path<'_>,
            ) -> Option<Self> {
                let $crate::node::Value::Object(members) = &node.value else {
                    reader.misshapen("must be an object", node, path);
                    return None;
                };
                let value = <Self as $crate::object::Object>::read_members(members, reader, path);
                reader.unclaimed(members, <Self as $crate::object::Object>::knows, path);
                value
            }

            fn write(&self, writer: &mut $crate::writer::Writer) {
                writer.object(|writer| $crate::object::Object::write_members(self, writer));
            }

            fn schema(schemas: &mut $crate::schema::Schemas) -> serde_json::Value {
                schemas.named(stringify!($object), |schemas| {
                    let mut description = $crate::object::Description::default();
                    <Self as $crate::object::Object>::describe(&mut description, schemas);
                    description.into_schema(concat!($($doc),+))
                })
            }

            fn example() -> Option<serde_json::Value> {
                let mut schemas = $crate::schema::Schemas::default();
                Self::schema(&mut schemas);
                schemas.example(stringify!($object))
            }
        }
    )*};

    (@knows flattened $candidate:ident $flat:ident) => { <$flat as $crate::object::Object>::knows($candidate) };
    (@knows $kind:ident $candidate:ident $name:literal) => { $candidate == $name };

    (@read required $members:ident $reader:ident $path:ident $name:literal) => { $reader.required($members, $name, $path) };
    (@read optional $members:ident $reader:ident $path:ident $name:literal) => { $reader.optional($members, $name, $path) };
    (@read checked $members:ident $reader:ident $path:ident $name:literal) => { $reader.checked($members, $name, $path) };
    (@read list $members:ident $reader:ident $path:ident $name:literal) => {
        $reader.optional($members, $name, $path).map(Option::unwrap_or_default)
    };
    (@read flattened $members:ident $reader:ident $path:ident $flat:ident) => {
        <$flat as $crate::object::Object>::read_members($members, $reader, $path)
    };

    (@write required $writer:ident ($value:expr) $name:literal) => { $writer.member($name, $value) };
    (@write optional $writer:ident ($value:expr) $name:literal) => { $writer.optional($name, $value.as_ref()) };
    (@write checked $writer:ident ($value:expr) $name:literal) => { $writer.optional($name, $value.as_ref()) };
    (@write list $writer:ident ($value:expr) $name:literal) => {
        $writer.optional($name, Some($value).filter(|list| !list.is_empty()))
    };
    (@write flattened $writer:ident ($value:expr)) => { $crate::object::Object::write_members($value, $writer) };

    (@describe required $object:ident $field:ident $description:ident $schemas:ident [$name:literal] [$($example:expr)?]) => {
        $crate::object::describe_field(
            |object: &$object| &object.$field, $description, $name, true, objects!(@example $($example)?), $schemas)
    };
    (@describe list $object:ident $field:ident $description:ident $schemas:ident [$name:literal] [$($example:expr)?]) => {
        $crate::object::describe_field(
            |object: &$object| &object.$field, $description, $name, false, objects!(@example $($example)?), $schemas)
    };
    (@describe flattened $object:ident $field:ident $description:ident $schemas:ident [$flat:ident] []) => {
        <$flat as $crate::object::Object>::describe($description, $schemas)
    };
    (@describe $optional:ident $object:ident $field:ident $description:ident $schemas:ident [$name:literal] [$($example:expr)?]) => {
        $crate::object::describe_optional(
            |object: &$object| &object.$field, $description, $name, objects!(@example $($example)?), $schemas)
    };

    (@example) => { None };
    (@example $example:expr) => { Some(serde_json::json!($example)) };
}

pub(crate) use objects;
