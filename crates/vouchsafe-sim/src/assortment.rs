//! Who sells what, and who can issue it: the same for every seed.

use std::num::NonZeroU32;
use std::time::Duration;

use vouchsafe::app::Channel;
use vouchsafe::config::shipped_sheets;
use vouchsafe_core::catalogue::{Catalogue, Item, Price, Source};
use vouchsafe_core::money::{Currency, LedgerAmount};
use vouchsafe_core::product::Product;
use vouchsafe_core::route::Routes;
use vouchsafe_core::sheet::{Messaging, Sheet};
use vouchsafe_core::text::{Form, Text};

use crate::records::Till;
use crate::world::House;

/// The channels.
pub(crate) const TILLS: [Till; 4] = [
    Till { name: "web", messaging: Messaging::Single, wait: 4_000 },
    Till { name: "app", messaging: Messaging::Single, wait: 7_000 },
    Till { name: "lane", messaging: Messaging::Dual, wait: 3_000 },
    Till { name: "kiosk", messaging: Messaging::Dual, wait: 8_000 },
];

/// The price of the product that has one.
pub(crate) const PRICE: i64 = 5_000;
/// The product that several providers can issue.
pub(crate) const SHARED: &str = "SHARED";

/// A text of this program's own, which keeps the rules for it.
pub(crate) fn text<F: Form, const LEAST: usize, const MOST: usize>(text: &str) -> Text<F, LEAST, MOST> {
    Text::new(text).unwrap_or_else(|fault| unreachable!("{text:?} {fault}"))
}

pub(crate) fn count(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}

pub(crate) const fn rand(amount: i64) -> LedgerAmount {
    LedgerAmount { amount, currency: Currency::ZAR, ledger_indicator: None }
}

/// A provider for each shipped sheet, as able as that says, but quicker.
pub(crate) fn houses() -> Vec<House> {
    let house = |shipped: vouchsafe::config::ShippedSheet| House {
        id: text(&shipped.id),
        sheet: Sheet {
            timeout: Duration::from_secs(4),
            in_flight_horizon: Duration::from_secs(8),
            confirm_after: Duration::from_secs(20),
            concurrency: count(12),
            ..shipped.sheet
        },
    };
    shipped_sheets().into_iter().map(house).collect()
}

/// A channel as the switch has it.
pub(crate) fn channel(till: &Till, houses: &[House]) -> Channel {
    Channel {
        id: text(till.name),
        messaging: till.messaging,
        default_provider: houses.last().map(|house| house.id.clone()),
        wait: Duration::from_millis(till.wait),
    }
}

pub(crate) fn routes(houses: &[House]) -> Routes {
    let all = houses.iter().map(|house| (house.id.as_str().to_owned(), house.id.clone()));
    Routes { settlement_entities: all.collect(), ..Routes::default() }
}

/// What the channels call a provider's own product.
pub(crate) fn own_product(house: usize) -> String {
    format!("OWN{house}")
}

/// What a provider calls a product of ours.
pub(crate) fn product_there(product: &str, house: usize) -> String {
    format!("{product}AT{house}")
}

/// One product for each provider, of any amount, and one at a fixed price that the last three can issue.
pub(crate) fn catalogue(houses: &[House]) -> Catalogue {
    let source = |product: &str, house: usize| Source {
        provider: houses[house].id.clone(),
        product_id: text(&product_there(product, house)),
        weight: count(1),
    };
    let mut items: Vec<_> = (0..houses.len())
        .map(|house| {
            let product = own_product(house);
            let sources = vec![source(&product, house)];
            Item { product: Product::named(text(&product)), price: Price::Open, sources }
        })
        .collect();
    let sources = (houses.len() - 3..houses.len()).map(|house| source(SHARED, house)).collect();
    items.push(Item { product: Product::named(text(SHARED)), price: Price::Fixed(rand(PRICE)), sources });
    Catalogue::new(items).unwrap_or_else(|twice| unreachable!("{twice:?} stands here once"))
}
