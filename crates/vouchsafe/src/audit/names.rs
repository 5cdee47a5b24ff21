//! Words that come again and again in a record, each kept once.

use std::collections::HashMap;

/// A word's place among the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(u32);

/// Every word once.
#[derive(Debug, Default)]
pub(super) struct Names {
    words: Vec<Box<str>>,
    places: HashMap<Box<str>, Name>,
}

impl Names {
    /// The name of a word, given now where it has none.
    pub(super) fn name(&mut self, word: &str) -> Name {
        if let Some(name) = self.places.get(word) {
            return *name;
        }
        // More different words than that do not fit into memory beside them.
        let name = Name(u32::try_from(self.words.len()).unwrap_or(u32::MAX));
        self.words.push(word.into());
        self.places.insert(word.into(), name);
        name
    }

    /// The name of a word, if it has come.
    pub(super) fn find(&self, word: &str) -> Option<Name> {
        self.places.get(word).copied()
    }

    /// The word of a name.
    pub(super) fn word(&self, name: Name) -> &str {
        self.words.get(name.0 as usize).map_or("", |word| word)
    }
}
