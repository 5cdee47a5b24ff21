//! Writes JSON straight into bytes, leaving out what is absent.

use crate::wire::Wire;

/// A JSON document under way.
pub(crate) struct Writer {
    out: Vec<u8>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        // Most messages fit; a longer one grows.
        Self { out: Vec::with_capacity(2048) }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// An object of whatever `members` writes.
    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.out.push(b'{');
        members(self);
        self.out.push(b'}');
    }

    /// A list of these items.
    pub(crate) fn list<T>(&mut self, items: impl IntoIterator<Item = T>, write: impl Fn(T, &mut Self)) {
        self.out.push(b'[');
        for item in items {
            self.comma();
            write(item, self);
        }
        self.out.push(b']');
    }

    /// One member of an object.
    pub(crate) fn member(&mut self, name: &str, value: &impl Wire) {
        self.name(name);
        value.write(self);
    }

    /// One member of an object, where there is one.
    pub(crate) fn optional(&mut self, name: &str, value: Option<&impl Wire>) {
        if let Some(value) = value {
            self.member(name, value);
        }
    }

    /// The name of the member whose value is written next.
    pub(crate) fn name(&mut self, name: &str) {
        self.comma();
        self.text(name);
        self.out.push(b':');
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.scalar(text);
    }

    /// A string, number or truth value, escaped as JSON wants it.
    pub(crate) fn scalar<T: serde::Serialize + ?Sized>(&mut self, value: &T) {
        // Writing a scalar into memory cannot fail; were it to, `null` keeps the document well formed.
        if serde_json::to_writer(&mut self.out, value).is_err() {
            self.out.extend_from_slice(b"null");
        }
    }

    fn comma(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
    }
}
