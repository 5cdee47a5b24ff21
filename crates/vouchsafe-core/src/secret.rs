//! Values that must not be seen: they cannot be printed, only taken out on purpose.

use std::fmt;

/// A value that no log, error or debug print can show.
///
/// The only way to the value is [`Secret::expose`], so every place that uses one can be found by that word.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Locks a value away.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Whoever calls this answers for where it goes.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_prints_as_stars() {
        let secret = Secret::new("1234-5678");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(format!("{:?}", Some(secret)), "Some(***)");
    }

    #[test]
    fn a_secret_is_told_to_whoever_asks_for_it_by_name() {
        assert_eq!(Secret::new("1234-5678").expose(), &"1234-5678");
    }
}
