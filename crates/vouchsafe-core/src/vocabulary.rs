//! Closed lists of words: an enum, its words as the interface spells them, and nothing to keep in step by hand.

/// Declares an enum of words with `ALL`, `name` and `from_name`.
///
/// The order of the variants is part of the on-disk form (a word is stored as its place in `ALL`):
/// new words go at the end, and none is ever taken away.
macro_rules! vocabulary {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "the words are the interface's own and say what they mean")]
        pub enum $name { $($(#[$word_doc])* $variant),* }

        impl $name {
            /// Every word, in the order of the on-disk form.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word as the interface spells it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The variant for a word, spelled exactly as the interface does.
            #[must_use]
            pub fn from_name(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    )*};
}

pub(crate) use vocabulary;
