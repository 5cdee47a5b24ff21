//! Bounded text: a string whose length and characters were checked when it was made.

use std::fmt;
use std::hash::Hash;
use std::marker::PhantomData;

/// What the characters of a [`Text`] must look like, beyond its length.
pub trait Form: Copy + Ord + Hash + fmt::Debug + Send + Sync + 'static {
    /// The same rule as an anchored regular expression, for schemas and messages; `None` admits any character.
    const PATTERN: Option<&'static str>;

    /// Whether `text` has this form. Its length is checked elsewhere.
    fn fits(text: &str) -> bool;
}

/// Declares forms: a marker type, its regular expression and its check, side by side.
macro_rules! forms {
    ($($(#[$doc:meta])* $name:ident $pattern:literal => $fits:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name;

        impl Form for $name {
            const PATTERN: Option<&'static str> = Some($pattern);

            fn fits(text: &str) -> bool {
                let fits: fn(&str) -> bool = $fits;
                fits(text)
            }
        }
    )*};
}

/// Any characters but NUL, which some databases and C programs downstream take for the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Free;

impl Form for Free {
    const PATTERN: Option<&'static str> = None;

    fn fits(text: &str) -> bool {
        !text.contains('\0')
    }
}

forms! {
    /// Decimal digits.
    Digits "^[0-9]*$" => |text| text.bytes().all(|b| b.is_ascii_digit());
    /// Hexadecimal digits.
    Hex "^[0-9A-Fa-f]*$" => |text| text.bytes().all(|b| b.is_ascii_hexdigit());
    /// Latin letters and digits.
    Alphanumeric "^[0-9A-Za-z]*$" => |text| text.bytes().all(|b| b.is_ascii_alphanumeric());
    /// Capital letters and digits.
    CapitalAlphanumeric "^[A-Z0-9]*$" => |text| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    /// Two capital letters, as ISO 3166 writes a country.
    Capitals "^[A-Z]*$" => |text| text.bytes().all(|b| b.is_ascii_uppercase());
    /// A card number that its owner's system already masked: six digits, then digits or stars.
    MaskedCard "^[0-9]{6}[0-9*]{0,13}$" => |text| {
        text.len() >= 6 && text.bytes().enumerate().all(|(at, b)| b.is_ascii_digit() || (at >= 6 && b == b'*'))
    };
    /// An international telephone number, with or without the plus.
    Telephone "^\\+?[1-9][0-9]{0,14}$" => |text| {
        let digits = text.strip_prefix('+').unwrap_or(text);
        digits.len() <= 15 && !digits.is_empty() && !digits.starts_with('0') && Digits::fits(digits)
    };
}

/// Why a string is not a [`Text`] of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFault {
    /// Fewer than the least number of characters.
    TooShort {
        /// The least number of characters.
        least: usize,
    },
    /// More than the greatest number of characters.
    TooLong {
        /// The greatest number of characters.
        most: usize,
    },
    /// A character that the form does not admit; with the form's regular expression where it has one.
    Form {
        /// See [`Form::PATTERN`].
        pattern: Option<&'static str>,
    },
}

impl fmt::Display for TextFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { least: 1 } => write!(f, "may not be empty"),
            Self::TooShort { least } => write!(f, "must have at least {least} characters"),
            Self::TooLong { most } => write!(f, "must have at most {most} characters"),
            Self::Form { pattern: Some(pattern) } => write!(f, "must match {pattern}"),
            Self::Form { pattern: None } => write!(f, "may not contain NUL"),
        }
    }
}

impl std::error::Error for TextFault {}

/// A string of `LEAST` to `MOST` characters (not bytes) of form `F`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Text<F: Form, const LEAST: usize, const MOST: usize> {
    value: Box<str>,
    form: PhantomData<F>,
}

/// Text without a limit of its own; the size of the message bounds it.
pub type FreeText = Text<Free, 0, { usize::MAX }>;
/// Free text of at most `MOST` characters.
pub type UpTo<const MOST: usize> = Text<Free, 0, MOST>;

impl<F: Form, const LEAST: usize, const MOST: usize> Text<F, LEAST, MOST> {
    /// Checks `value` and keeps it.
    ///
    /// # Errors
    /// The first rule that `value` breaks.
    pub fn new(value: impl Into<Box<str>>) -> Result<Self, TextFault> {
        let value = value.into();
        // A string has at most as many characters as bytes: most strings are settled without counting.
        let length = if value.len() <= MOST && value.is_ascii() { value.len() } else { value.chars().count() };
        if length < LEAST {
            return Err(TextFault::TooShort { least: LEAST });
        }
        if length > MOST {
            return Err(TextFault::TooLong { most: MOST });
        }
        if !F::fits(&value) {
            return Err(TextFault::Form { pattern: F::PATTERN });
        }
        Ok(Self { value, form: PhantomData })
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }
}

impl<F: Form, const LEAST: usize, const MOST: usize> fmt::Debug for Text<F, LEAST, MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.value, f)
    }
}

impl<F: Form, const LEAST: usize, const MOST: usize> fmt::Display for Text<F, LEAST, MOST> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<F: Form, const LEAST: usize, const MOST: usize>(input: &str, expect: Result<(), TextFault>) {
        assert_eq!(Text::<F, LEAST, MOST>::new(input).map(|_| ()), expect, "{input:?}");
    }

    #[test]
    fn length_is_counted_in_characters() {
        check::<Free, 1, 4>("éééé", Ok(()));
        check::<Free, 1, 4>("ééééé", Err(TextFault::TooLong { most: 4 }));
        check::<Free, 1, 4>("", Err(TextFault::TooShort { least: 1 }));
        check::<Free, 5, 8>("éééé", Err(TextFault::TooShort { least: 5 }));
    }

    #[test]
    fn each_form_admits_its_own_characters_only() {
        let not = |pattern| Err(TextFault::Form { pattern });
        check::<Free, 0, 9>("a\0b", not(None));
        check::<Hex, 0, 9>("09afAF", Ok(()));
        check::<Hex, 0, 9>("09g", not(Hex::PATTERN));
        check::<CapitalAlphanumeric, 1, 9>("AZ09", Ok(()));
        check::<CapitalAlphanumeric, 1, 9>("Az09", not(CapitalAlphanumeric::PATTERN));
        check::<Capitals, 2, 2>("ZA", Ok(()));
        check::<Capitals, 2, 2>("Z1", not(Capitals::PATTERN));
        check::<Digits, 4, 4>("5411", Ok(()));
        check::<Digits, 4, 4>("541a", not(Digits::PATTERN));
        check::<Digits, 4, 4>("٤٤٤٤", not(Digits::PATTERN));
        check::<Alphanumeric, 1, 9>("Ab1", Ok(()));
        check::<Alphanumeric, 1, 9>("Ab-1", not(Alphanumeric::PATTERN));
        check::<MaskedCard, 0, 19>("123456*****1234", Ok(()));
        check::<MaskedCard, 0, 19>("123456", Ok(()));
        check::<MaskedCard, 0, 19>("12345", not(MaskedCard::PATTERN));
        check::<MaskedCard, 0, 19>("12345*", not(MaskedCard::PATTERN));
        check::<MaskedCard, 0, 19>("123456a", not(MaskedCard::PATTERN));
        check::<Telephone, 0, 16>("+27821234567", Ok(()));
        check::<Telephone, 0, 16>("123456789012345", Ok(()));
        check::<Telephone, 0, 16>("1234567890123456", not(Telephone::PATTERN));
        check::<Telephone, 0, 16>("+2782a", not(Telephone::PATTERN));
        check::<Telephone, 0, 16>("0821234567", not(Telephone::PATTERN));
        check::<Telephone, 0, 16>("+", not(Telephone::PATTERN));
    }

    #[test]
    fn a_fault_says_what_is_wanted() {
        for (fault, expect) in [
            (TextFault::TooShort { least: 1 }, "may not be empty"),
            (TextFault::TooShort { least: 4 }, "must have at least 4 characters"),
            (TextFault::TooLong { most: 40 }, "must have at most 40 characters"),
            (TextFault::Form { pattern: Digits::PATTERN }, "must match ^[0-9]*$"),
            (TextFault::Form { pattern: None }, "may not contain NUL"),
        ] {
            assert_eq!(fault.to_string(), expect);
        }
    }

    #[test]
    fn a_text_is_shown_as_it_was_given() {
        for value in ["", "é", "a \"b\""] {
            let text = FreeText::new(value).unwrap();
            assert_eq!((text.as_str(), text.to_string()), (value, value.to_owned()));
            assert_eq!(format!("{text:?}"), format!("{value:?}"), "quoted, where it is for a programmer");
        }
    }
}
