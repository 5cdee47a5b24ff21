//! JSON schemas of everything that crosses the wire, made from the same tables that read and write it.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

/// Named schemas, gathered while describing the messages that use them.
#[derive(Default)]
pub(crate) struct Schemas {
    named: BTreeMap<&'static str, Json>,
}

impl Schemas {
    /// A reference to the schema of a name, made on first use.
    pub(crate) fn named(&mut self, name: &'static str, make: impl FnOnce(&mut Self) -> Json) -> Json {
        if !self.named.contains_key(name) {
            // Entered before it is made, so that a shape that contains itself comes to an end.
            self.named.insert(name, Json::Null);
            let schema = make(self);
            self.named.insert(name, schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    /// The example of a named schema.
    pub(crate) fn example(&self, name: &str) -> Option<Json> {
        self.named.get(name)?.get("examples")?.get(0).cloned()
    }

    pub(crate) fn into_named(self) -> BTreeMap<&'static str, Json> {
        self.named
    }
}
