//! The catalogue: what is sold, at which price, to whom, and who can issue it.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;

use crate::id::{ChannelId, ProviderId};
use crate::money::{Amounts, LedgerAmount};
use crate::product::{Product, ProductId};

/// Every product the switch sells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalogue {
    items: Vec<Item>,
    places: HashMap<ProductId, usize>,
}

/// One product and who can issue it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// As channels see it. With listings, it is sold on the listed channels only; without, on all.
    pub product: Product,
    /// What it costs.
    pub price: Price,
    /// Who can issue it; none leaves the choice to the other rules of routing.
    pub sources: Vec<Source>,
}

/// What a product costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Price {
    /// Always this amount.
    Fixed(LedgerAmount),
    /// Any amount from the first to the second, both included, in their one currency.
    Range(LedgerAmount, LedgerAmount),
    /// Any positive amount.
    Open,
}

/// One provider that can issue a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The provider.
    pub provider: ProviderId,
    /// The provider's own id for the product.
    pub product_id: ProductId,
    /// Its share of the sales, against the other sources' weights.
    pub weight: NonZeroU32,
}

/// The same product id stands in the catalogue twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTwice(pub ProductId);

/// Why the catalogue does not let a request through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotForSale {
    /// No such product.
    UnknownProduct,
    /// The product is not listed for this channel.
    NotOnThisChannel,
    /// The product has no fixed price and the request names no amount.
    AmountMissing,
    /// The amount is negative, not the product's price, outside its range or in another currency.
    WrongAmount(Price),
}

impl fmt::Display for NotForSale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownProduct => f.write_str("no such product in the catalogue"),
            Self::NotOnThisChannel => f.write_str("this product is not sold on this channel"),
            Self::AmountMissing => f.write_str("this product has no fixed price: amounts.requestAmount is needed"),
            Self::WrongAmount(Price::Fixed(price)) => {
                write!(f, "this product costs {} of currency {}", price.amount, price.currency)
            }
            Self::WrongAmount(Price::Range(least, most)) => {
                write!(f, "this product takes {} to {} of currency {}", least.amount, most.amount, least.currency)
            }
            Self::WrongAmount(Price::Open) => f.write_str("amounts.requestAmount must be above zero"),
        }
    }
}

impl Price {
    /// The amount to ask a provider for.
    fn settle(self, asked: Option<LedgerAmount>) -> Result<LedgerAmount, NotForSale> {
        match (self, asked) {
            (Self::Fixed(price), None) => Ok(price),
            (Self::Fixed(price), Some(asked)) if asked.same_money(&price) => Ok(asked),
            (Self::Range(least, most), Some(asked))
                if asked.currency == least.currency && (least.amount..=most.amount).contains(&asked.amount) =>
            {
                Ok(asked)
            }
            (Self::Open, Some(asked)) if asked.amount > 0 => Ok(asked),
            (Self::Range(..) | Self::Open, None) => Err(NotForSale::AmountMissing),
            _ => Err(NotForSale::WrongAmount(self)),
        }
    }
}

impl Item {
    /// Whether a channel may sell it.
    fn is_sold_on(&self, channel: &ChannelId) -> bool {
        let listings = &self.product.channel_product_listings;
        listings.is_empty() || listings.iter().any(|listing| listing.channel_name.as_str() == channel.as_str())
    }
}

impl Catalogue {
    /// A catalogue of these products, kept in this order.
    ///
    /// # Errors
    /// [`ListedTwice`] names the first id that comes back.
    pub fn new(items: Vec<Item>) -> Result<Self, ListedTwice> {
        let mut places = HashMap::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            if places.insert(item.product.product_id.clone(), place).is_some() {
                return Err(ListedTwice(item.product.product_id.clone()));
            }
        }
        Ok(Self { items, places })
    }

    /// All products in the catalogue's order.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// The product of this id.
    #[must_use]
    pub fn item(&self, product: &ProductId) -> Option<&Item> {
        self.places.get(product).and_then(|place| self.items.get(*place))
    }

    /// Every product that `channel` may sell, in the catalogue's order, each with this channel's listing at most.
    #[must_use]
    pub fn products_for(&self, channel: &ChannelId) -> Vec<Product> {
        let sold = self.items.iter().filter(|item| item.is_sold_on(channel));
        let shown = sold.map(|item| {
            let listings = item.product.channel_product_listings.iter();
            let own = listings.filter(|listing| listing.channel_name.as_str() == channel.as_str());
            Product { channel_product_listings: own.cloned().collect(), ..item.product.clone() }
        });
        shown.collect()
    }

    /// The amount to ask a provider for, when `channel` may sell `product` for what it asked.
    ///
    /// # Errors
    /// [`NotForSale`] says why not.
    pub fn admit(
        &self,
        channel: &ChannelId,
        product: &ProductId,
        amounts: Option<&Amounts>,
    ) -> Result<LedgerAmount, NotForSale> {
        let item = self.item(product).ok_or(NotForSale::UnknownProduct)?;
        if !item.is_sold_on(channel) {
            return Err(NotForSale::NotOnThisChannel);
        }
        item.price.settle(amounts.and_then(|amounts| amounts.request_amount))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;
    use crate::product::ChannelProductListing;
    use crate::text::UpTo;

    const fn rand(amount: i64) -> LedgerAmount {
        LedgerAmount { amount, currency: Currency::ZAR, ledger_indicator: None }
    }

    fn item(id: &str, price: Price, channels: &[&str]) -> Item {
        let mut product = Product::named(ProductId::new(id).unwrap());
        product.channel_product_listings = channels
            .iter()
            .map(|name| ChannelProductListing {
                channel_name: UpTo::new(*name).unwrap(),
                product_display_name: None,
                product_display_category: None,
                product_display_sort_order: None,
                channel_product_identifier: None,
            })
            .collect();
        Item { product, price, sources: Vec::new() }
    }

    fn check(channel: &str, product: &str, asked: Option<LedgerAmount>, expect: Result<LedgerAmount, NotForSale>) {
        let catalogue = Catalogue::new(vec![
            item("FIXED", Price::Fixed(rand(5000)), &[]),
            item("RANGE", Price::Range(rand(500), rand(1000)), &[]),
            item("OPEN", Price::Open, &[]),
            item("APPONLY", Price::Open, &["app"]),
        ])
        .unwrap();
        let amounts = asked.map(|asked| Amounts { request_amount: Some(asked), ..Amounts::default() });
        let (channel, product) = (ChannelId::new(channel).unwrap(), ProductId::new(product).unwrap());
        assert_eq!(catalogue.admit(&channel, &product, amounts.as_ref()), expect, "{channel} {product} {asked:?}");
    }

    #[test]
    fn only_what_is_listed_is_sold_and_only_at_its_price() {
        let dollars = LedgerAmount { currency: Currency::new(840).unwrap(), ..rand(5000) };
        let wrong = |price| Err(NotForSale::WrongAmount(price));
        let range = Price::Range(rand(500), rand(1000));
        check("app", "FIXED", None, Ok(rand(5000)));
        check("app", "FIXED", Some(rand(5000)), Ok(rand(5000)));
        check("app", "FIXED", Some(rand(4999)), wrong(Price::Fixed(rand(5000))));
        check("app", "FIXED", Some(dollars), wrong(Price::Fixed(rand(5000))));
        check("app", "RANGE", None, Err(NotForSale::AmountMissing));
        check("app", "RANGE", Some(rand(499)), wrong(range));
        check("app", "RANGE", Some(rand(500)), Ok(rand(500)));
        check("app", "RANGE", Some(rand(1000)), Ok(rand(1000)));
        check("app", "RANGE", Some(rand(1001)), wrong(range));
        check("app", "OPEN", Some(rand(0)), wrong(Price::Open));
        check("app", "OPEN", Some(rand(1)), Ok(rand(1)));
        check("app", "NONE", None, Err(NotForSale::UnknownProduct));
        check("app", "APPONLY", Some(rand(1)), Ok(rand(1)));
        check("till", "APPONLY", Some(rand(1)), Err(NotForSale::NotOnThisChannel));
    }

    #[test]
    fn a_channel_is_shown_what_it_may_sell_and_no_other_channels_listings() {
        let both = item("BOTH", Price::Open, &["app", "till"]);
        let catalogue = Catalogue::new(vec![both, item("ALL", Price::Open, &[]), item("TILL", Price::Open, &["till"])]);
        let catalogue = catalogue.unwrap();
        let check = |channel: &str, expect: &[(&str, &[&str])]| {
            let found = catalogue.products_for(&ChannelId::new(channel).unwrap());
            let found: Vec<_> = found
                .iter()
                .map(|product| {
                    let listings = product.channel_product_listings.iter();
                    (product.product_id.as_str(), listings.map(|one| one.channel_name.as_str()).collect::<Vec<_>>())
                })
                .collect();
            let expect: Vec<_> = expect.iter().map(|(id, listings)| (*id, listings.to_vec())).collect();
            assert_eq!(found, expect, "{channel}");
        };
        check("app", &[("BOTH", &["app"]), ("ALL", &[])]);
        check("till", &[("BOTH", &["till"]), ("ALL", &[]), ("TILL", &["till"])]);
        check("other", &[("ALL", &[])]);
    }

    #[test]
    fn a_product_stands_in_the_catalogue_once() {
        let twice = vec![item("ONE", Price::Open, &[]), item("ONE", Price::Open, &[])];
        assert_eq!(Catalogue::new(twice), Err(ListedTwice(ProductId::new("ONE").unwrap())));
    }

    #[test]
    fn a_refusal_says_what_would_be_sold() {
        let range = Price::Range(rand(500), rand(1000));
        for (refusal, expect) in [
            (NotForSale::UnknownProduct, "no such product in the catalogue"),
            (NotForSale::NotOnThisChannel, "this product is not sold on this channel"),
            (NotForSale::AmountMissing, "this product has no fixed price: amounts.requestAmount is needed"),
            (NotForSale::WrongAmount(Price::Fixed(rand(5000))), "this product costs 5000 of currency 710"),
            (NotForSale::WrongAmount(range), "this product takes 500 to 1000 of currency 710"),
            (NotForSale::WrongAmount(Price::Open), "amounts.requestAmount must be above zero"),
        ] {
            assert_eq!(refusal.to_string(), expect);
        }
    }

    #[test]
    fn products_stand_in_the_order_in_which_they_were_listed() {
        let listed = vec![item("TWO", Price::Open, &[]), item("ONE", Price::Open, &[])];
        assert_eq!(Catalogue::new(listed.clone()).unwrap().items(), listed);
    }
}
