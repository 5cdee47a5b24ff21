//! How single values are read: each function takes what stands in the file and gives what it means.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::money::Currency;
use vouchsafe_core::product::Number;
use vouchsafe_core::text::{Form, Text, TextFault};

use super::fault::{Kind, Wrong};

/// The longest time that can be configured, a day, in seconds; whoever wants more meant another unit.
const DAY: i64 = 24 * 60 * 60;

/// The providers that may be named.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known<'a> {
    /// These.
    Only(&'a [ProviderId]),
    /// Any: the list itself is faulty, and further faults would only repeat that.
    Any,
}

impl Known<'_> {
    /// The id of a known provider.
    pub(super) fn provider(self, value: &DeValue<'_>) -> Result<ProviderId, Wrong> {
        let id = bounded(value)?;
        match self {
            Self::Only(known) if !known.contains(&id) => {
                Err(Wrong::UnknownProvider { known: known.iter().map(ToString::to_string).collect() })
            }
            Self::Only(_) | Self::Any => Ok(id),
        }
    }
}

/// Text as it stands.
pub(super) fn text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Wrong> {
    value.as_str().ok_or_else(|| Wrong::kind(Kind::Text, value))
}

/// Text with limits.
pub(super) fn bounded<F: Form, const LEAST: usize, const MOST: usize>(
    value: &DeValue<'_>,
) -> Result<Text<F, LEAST, MOST>, Wrong> {
    Text::new(text(value)?).map_err(Wrong::Text)
}

/// Text that is not empty.
pub(super) fn some_text<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Wrong> {
    let text = text(value)?;
    if text.is_empty() { Err(Wrong::Text(TextFault::TooShort { least: 1 })) } else { Ok(text) }
}

/// A user name that HTTP Basic can carry: it may hold neither the colon that ends it nor control characters.
pub(super) fn user_name<F: Form, const LEAST: usize, const MOST: usize>(
    value: &DeValue<'_>,
) -> Result<Text<F, LEAST, MOST>, Wrong> {
    let name = bounded(value)?;
    if name.as_str().contains(|letter: char| letter == ':' || letter.is_control()) {
        return Err(Wrong::UserName);
    }
    Ok(name)
}

/// One of a closed list of words.
pub(super) fn word<T: Copy + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl Fn(&DeValue<'_>) -> Result<T, Wrong> {
    move |value| {
        let text = text(value)?;
        let found = all.iter().copied().find(|word| name(*word) == text);
        found.ok_or_else(|| Wrong::Word { words: all.iter().map(|word| name(*word)).collect() })
    }
}

/// Yes or no.
pub(super) fn flag(value: &DeValue<'_>) -> Result<bool, Wrong> {
    value.as_bool().ok_or_else(|| Wrong::kind(Kind::Flag, value))
}

/// A whole number in a range; `T` must hold all of it.
pub(super) fn whole<T: TryFrom<i64>>(range: RangeInclusive<i64>) -> impl Fn(&DeValue<'_>) -> Result<T, Wrong> {
    move |value| {
        let integer = value.as_integer().ok_or_else(|| Wrong::kind(Kind::Integer, value))?;
        let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok();
        let number = number.filter(|number| range.contains(number)).and_then(|number| T::try_from(number).ok());
        number.ok_or(Wrong::Range { least: *range.start(), most: *range.end() })
    }
}

/// A number of things, at least one.
pub(super) fn count(most: u32) -> impl Fn(&DeValue<'_>) -> Result<NonZeroU32, Wrong> {
    move |value| {
        let number = whole::<u32>(1..=i64::from(most))(value)?;
        NonZeroU32::new(number).ok_or(Wrong::Range { least: 1, most: i64::from(most) })
    }
}

/// A number that is only passed on.
pub(super) fn number(value: &DeValue<'_>) -> Result<Number, Wrong> {
    let text = match value {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str(),
        DeValue::Float(float) => float.as_str(),
        _ => return Err(Wrong::Number),
    };
    text.parse().ok().and_then(Number::new).ok_or(Wrong::Number)
}

/// A time of whole seconds, at most a day.
pub(super) fn seconds(value: &DeValue<'_>) -> Result<Duration, Wrong> {
    whole(1..=DAY)(value).map(Duration::from_secs)
}

/// A time of whole milliseconds, at most a day.
pub(super) fn milliseconds(value: &DeValue<'_>) -> Result<Duration, Wrong> {
    whole(1..=DAY * 1000)(value).map(Duration::from_millis)
}

/// An IP address and a port.
pub(super) fn address(value: &DeValue<'_>) -> Result<SocketAddr, Wrong> {
    text(value)?.parse().map_err(|_| Wrong::Address)
}

/// A path, reckoned from `folder`.
pub(super) fn path(folder: &Path) -> impl Fn(&DeValue<'_>) -> Result<PathBuf, Wrong> {
    move |value| some_text(value).map(|path| folder.join(path))
}

/// A currency by its numeric code.
pub(super) fn currency(value: &DeValue<'_>) -> Result<Currency, Wrong> {
    let code = text(value)?;
    if code.len() != 3 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return Err(Wrong::Currency);
    }
    code.parse().ok().and_then(Currency::new).ok_or(Wrong::Currency)
}
