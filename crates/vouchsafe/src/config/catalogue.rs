//! The catalogue's file: what is sold, at which price, to whom, and who can issue it.
//!
//! `demo.toml` beside this file shows and explains every setting; the same can be said in the rows of a CSV file.

mod rows;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::num::NonZeroU32;
use std::path::Path;

use vouchsafe_core::catalogue::{Catalogue, Item, ListedTwice, Price, Source};
use vouchsafe_core::id::ProviderId;
use vouchsafe_core::money::{Currency, LedgerAmount};
use vouchsafe_core::party::Institution;
use vouchsafe_core::product::{ChannelProductListing, Product, ProductId};
use vouchsafe_core::text::UpTo;
use vouchsafe_provider::simulator::magic;
use vouchsafe_provider::simulator::plays::Play;

use super::document::{self, Section, Told};
use super::fault::Wrong;
use super::value::{self, Known, bounded, count, flag, number, whole};

/// Why a catalogue cannot be used; its faults are told like those of a configuration.
pub type CatalogueError = super::ConfigError;

/// The catalogue of the sandbox, without the simulator's magic products.
pub const DEMO: &str = include_str!("demo.toml");
/// The provider of [`demo`] that speaks the interface in full.
pub const SIMULATED_FULL: &str = "simulated-full";
/// The provider of [`demo`] that takes neither advices nor retries.
pub const SIMULATED_STELLR: &str = "simulated-stellr";

/// One of the sandbox's simulated providers, and the product of [`demo`] that tries its sheet.
#[derive(Debug, Clone, Copy)]
pub struct Simulated {
    /// Its id.
    pub provider: &'static str,
    /// An ordinary product at R50 that nobody else issues.
    pub product: &'static str,
    /// What it cannot do, or does in its own way.
    pub plays: &'static [Play],
    /// The same in words.
    about: &'static str,
}

/// The sandbox's simulated providers: one for each kind of sheet that a real one may have.
pub const SIMULATED: [Simulated; 6] = [
    Simulated {
        provider: SIMULATED_FULL,
        product: "SHEETFULL",
        plays: &[],
        about: "From a provider that takes retries, reversals and confirmations.",
    },
    Simulated {
        provider: SIMULATED_STELLR,
        product: "SHEETSTELLR",
        plays: &[Play::NoAdvices, Play::NoRetries],
        about: "From a provider that takes neither advices nor retries.",
    },
    Simulated {
        provider: "simulated-netcare",
        product: "SHEETNETCARE",
        plays: &[Play::NoRetries],
        about: "From a provider that takes no retries.",
    },
    Simulated {
        provider: "simulated-slow",
        product: "SHEETSLOW",
        plays: &[Play::SlowToReverse],
        about: "From a provider that is slow to reverse.",
    },
    Simulated {
        provider: "simulated-forgetful",
        product: "SHEETFORGETFUL",
        plays: &[Play::NotFoundOnce],
        about: "From a provider that says not found once, and then reverses.",
    },
    Simulated {
        provider: "simulated-twice",
        product: "SHEETTWICE",
        plays: &[Play::AcknowledgesTwice],
        about: "From a provider that acknowledges each reversal twice.",
    },
];

/// How slow the slow products of [`demo`] are, in milliseconds, besides the one in the simulator's own table. The
/// last one outlasts a provider's usual 45 seconds.
const SLOW: [u32; 3] = [2_000, 10_000, 50_000];

/// Which sources a catalogue may name.
#[derive(Debug, Clone, Copy)]
pub enum Sources<'a> {
    /// These providers.
    Of(&'a [ProviderId]),
    /// Any: there is no configuration to compare with.
    Any,
}

/// In which form a catalogue is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As `demo.toml`.
    Toml,
    /// A row for each product.
    Csv,
}

impl Form {
    /// The form of a file: CSV where its name ends so, else TOML.
    fn of(path: &Path) -> Self {
        let csv = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
        if csv { Self::Csv } else { Self::Toml }
    }
}

/// Reads a catalogue's file.
///
/// # Errors
/// [`CatalogueError`] with all that is wrong.
pub fn load(path: &Path, sources: Sources<'_>) -> Result<Catalogue, CatalogueError> {
    parse(&super::content(path)?, Form::of(path), sources).map_err(|error| error.in_file(path))
}

/// Reads a catalogue.
///
/// # Errors
/// [`CatalogueError::Faulty`] with all that is wrong.
pub fn parse(text: &str, form: Form, sources: Sources<'_>) -> Result<Catalogue, CatalogueError> {
    let providers = match sources {
        Sources::Of(providers) => Known::Only(providers),
        Sources::Any => Known::Any,
    };
    // Spreadsheets put a mark before the first letter.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let read = match form {
        Form::Toml => document::read(text, |root| catalogue(root, providers)),
        Form::Csv => rows::rows(text)
            .and_then(|rows| document::walk(text, &rows::tree(&rows), |root| catalogue(root, providers))),
    };
    read.map_err(|faults| CatalogueError::Faulty { file: None, faults })
}

/// The catalogue of the sandbox: [`DEMO`], then a product at R50 for each of the [`SIMULATED`] providers and for
/// each of the simulator's magic products, and some slow ones at any amount.
#[must_use]
pub fn demo() -> Catalogue {
    let mut text = String::from(DEMO);
    let mut sell = |id: &str, description: &str, price: &str, provider: &str| {
        // Writing to a string cannot fail; the simulator's table has neither quotes nor backslashes.
        let _ = write!(
            text,
            "\n[[product]]\nid = \"{id}\"\nname = \"Simulator {id}\"\ndescription = \"{description}\"\n{price}\n\
             issuer = {{ id = \"simulator\", name = \"The simulator\" }}\n\
             sources = [{{ provider = \"{provider}\", product = \"{id}\" }}]\n"
        );
    };
    for simulated in SIMULATED {
        sell(simulated.product, simulated.about, "price = 5000", simulated.provider);
    }
    for product in magic::products() {
        sell(&product.id, &product.description, "price = 5000", SIMULATED_FULL);
    }
    for milliseconds in SLOW {
        let description = format!("Sells, and answers after {milliseconds} ms.");
        sell(&format!("SLOW{milliseconds}"), &description, "open = true", SIMULATED_FULL);
    }
    let read = document::read(&text, |root| catalogue(root, Known::Any));
    // All of it is part of the program, and a test reads all of it: it cannot be at fault on one machine only.
    read.expect("the demo catalogue is sound")
}

fn catalogue(root: &mut Section<'_, '_>, providers: Known<'_>) -> Result<Catalogue, Told> {
    // A faulty currency is told once and not again for every product that relies on it.
    let currency = root.or("currency", Currency::ZAR, value::currency);
    let usual = *currency.as_ref().unwrap_or(&Currency::ZAR);
    let mut seen = HashMap::new();
    let items = root.tables("product", |section| item(section, usual, providers, &mut seen))?;
    if items.is_empty() {
        return Err(root.fault("product", Wrong::Nothing));
    }
    currency?;
    Catalogue::new(items).map_err(|ListedTwice(id)| {
        let first = seen.get(&id).copied().unwrap_or_default();
        root.fault("product", Wrong::Twice { first })
    })
}

fn item(
    section: &mut Section<'_, '_>,
    usual: Currency,
    providers: Known<'_>,
    seen: &mut HashMap<ProductId, usize>,
) -> Result<Item, Told> {
    let id = section.unique("id", seen, bounded);
    let name = section.required("name", bounded);
    let description = section.optional("description", bounded);
    let barcode = section.optional("barcode", bounded);
    let currency = section.or("currency", usual, value::currency);
    let price = price(section, *currency.as_ref().unwrap_or(&usual));
    let issuer = section.optional_table("issuer", |issuer| {
        let id = issuer.required("id", bounded);
        let name = issuer.required("name", bounded);
        Ok(Institution { id: id?, name: name? })
    });
    let mut channels = HashMap::new();
    let listings = section.tables("listings", |section| listing(section, &mut channels));
    let mut issuing = HashMap::new();
    let sources = section.tables("sources", |section| source(section, providers, &mut issuing));
    currency?;
    let price = price?;
    let mut product = Product {
        name: Some(name?),
        description: description?,
        barcode: barcode?,
        is_fixed_value: Some(matches!(price, Price::Fixed(_))),
        channel_product_listings: listings?,
        receiver: issuer?,
        ..Product::named(id?)
    };
    match price {
        Price::Fixed(amount) => product.amount = Some(amount),
        Price::Range(least, most) => (product.min_amount, product.max_amount) = (Some(least), Some(most)),
        Price::Open => {}
    }
    Ok(Item { product, price, sources: sources? })
}

fn price(section: &mut Section<'_, '_>, currency: Currency) -> Result<Price, Told> {
    let minor_units = whole::<i64>(1..=i64::MAX);
    let fixed = section.optional("price", &minor_units);
    let from = section.optional("from", &minor_units);
    let to = section.optional("to", &minor_units);
    let open = section.or("open", false, flag);
    let money = |amount| LedgerAmount { amount, currency, ledger_indicator: None };
    match (fixed?, from?, to?, open?) {
        (Some(price), None, None, false) => Ok(Price::Fixed(money(price))),
        (None, Some(from), Some(to), false) if from < to => Ok(Price::Range(money(from), money(to))),
        (None, Some(_), Some(_), false) => Err(section.fault("to", Wrong::PriceRange)),
        (None, None, None, true) => Ok(Price::Open),
        _ => Err(section.fault("price", Wrong::Price)),
    }
}

fn listing(section: &mut Section<'_, '_>, seen: &mut HashMap<UpTo<50>, usize>) -> Result<ChannelProductListing, Told> {
    let channel_name = section.unique("channel", seen, bounded);
    let product_display_name = section.optional("name", bounded);
    let product_display_category = section.optional("category", bounded);
    let product_display_sort_order = section.optional("order", number);
    let channel_product_identifier = section.optional("id", bounded);
    Ok(ChannelProductListing {
        channel_name: channel_name?,
        product_display_name: product_display_name?,
        product_display_category: product_display_category?,
        product_display_sort_order: product_display_sort_order?,
        channel_product_identifier: channel_product_identifier?,
    })
}

fn source(
    section: &mut Section<'_, '_>,
    providers: Known<'_>,
    seen: &mut HashMap<ProviderId, usize>,
) -> Result<Source, Told> {
    let provider = section.unique("provider", seen, |value| providers.provider(value));
    let product_id = section.required("product", bounded);
    let weight = section.or("weight", NonZeroU32::MIN, count(1_000_000));
    Ok(Source { provider: provider?, product_id: product_id?, weight: weight? })
}

#[cfg(test)]
mod tests;
