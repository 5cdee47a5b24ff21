//! What is sold.

use crate::money::LedgerAmount;
use crate::party::Institution;
use crate::text::{Alphanumeric, Free, FreeText, Text, UpTo};

/// A product's id: 1 to 40 letters and digits.
pub type ProductId = Text<Alphanumeric, 1, 40>;

/// A product, as a request names it and as a lookup lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its id in the switch's catalogue.
    pub product_id: ProductId,
    /// 1 to 13 letters and digits.
    pub barcode: Option<Text<Alphanumeric, 1, 13>>,
    /// 1 to 40 characters.
    pub name: Option<Text<Free, 1, 40>>,
    /// At most 250 characters.
    pub description: Option<UpTo<250>>,
    /// The price, where it is fixed.
    pub amount: Option<LedgerAmount>,
    /// The least amount of a range.
    pub min_amount: Option<LedgerAmount>,
    /// The greatest amount of a range.
    pub max_amount: Option<LedgerAmount>,
    /// Whether the price is fixed.
    pub is_fixed_value: Option<bool>,
    /// How each channel shows it.
    pub channel_product_listings: Vec<ChannelProductListing>,
    /// The issuer.
    pub receiver: Option<Institution>,
}

impl Product {
    /// A product of which nothing is said but its id.
    #[must_use]
    pub const fn named(product_id: ProductId) -> Self {
        Self {
            product_id,
            barcode: None,
            name: None,
            description: None,
            amount: None,
            min_amount: None,
            max_amount: None,
            is_fixed_value: None,
            channel_product_listings: Vec::new(),
            receiver: None,
        }
    }
}

/// How one channel shows a product.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelProductListing {
    /// At most 50 characters.
    pub channel_name: UpTo<50>,
    /// At most 50 characters.
    pub product_display_name: Option<UpTo<50>>,
    /// At most 50 characters.
    pub product_display_category: Option<UpTo<50>>,
    /// Where it stands in a list.
    pub product_display_sort_order: Option<Number>,
    /// The channel's own id for it.
    pub channel_product_identifier: Option<FreeText>,
}

impl Eq for ChannelProductListing {}

/// A finite number that is only passed on, never reckoned with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(f64);

impl Number {
    /// A number, or `None` where it is not finite.
    #[must_use]
    pub fn new(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self(value))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Eq for Number {}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn a_number_is_finite_and_passed_on_as_it_came() {
        for (value, expect) in [
            (2.5, Some(2.5)),
            (-7.0, Some(-7.0)),
            (f64::MAX, Some(f64::MAX)),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (f64::NEG_INFINITY, None),
        ] {
            assert_eq!(Number::new(value).map(Number::get), expect, "{value}");
        }
    }
}
