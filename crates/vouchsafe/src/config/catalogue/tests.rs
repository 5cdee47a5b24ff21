use std::collections::{BTreeMap, HashSet};

use vouchsafe_core::money::Amounts;
use vouchsafe_provider::simulator::magic;

use super::*;

fn providers(ids: &[&str]) -> Vec<ProviderId> {
    ids.iter().map(|id| ProviderId::new(*id).unwrap()).collect()
}

fn simulated() -> Vec<ProviderId> {
    providers(&[SIMULATED_FULL, SIMULATED_STELLR])
}

/// Checks all faults of a catalogue, as they are printed.
fn check(text: &str, expect: &[&str]) {
    let found = parse(text, Form::Toml, Sources::Of(&providers(&["stellr", "house"])))
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default();
    let found: Vec<_> = found.lines().collect();
    assert_eq!(found, expect, "{text}");
}

fn only(text: &str) -> Item {
    parse(text, Form::Toml, Sources::Of(&providers(&["stellr", "house"]))).unwrap().items()[0].clone()
}

#[test]
fn a_product_is_listed_with_all_that_is_said_of_it() {
    let item = only(
        r#"currency = "840"
        [[product]]
        id = "A1"
        name = "A one"
        description = "One of A"
        barcode = "2000000000015"
        price = 5000
        issuer = { id = "i", name = "I" }
        listings = [{ channel = "app", name = "One", category = "A", order = 1.5, id = "17" }, { channel = "till" }]
        sources = [{ provider = "stellr", product = "S1", weight = 3 }, { provider = "house", product = "H1" }]"#,
    );
    let price = LedgerAmount { amount: 5000, currency: Currency::new(840).unwrap(), ledger_indicator: None };
    assert_eq!(item.price, Price::Fixed(price));
    let product = item.product;
    assert_eq!(product.product_id.as_str(), "A1");
    assert_eq!(product.name.unwrap().as_str(), "A one");
    assert_eq!(product.description.unwrap().as_str(), "One of A");
    assert_eq!(product.barcode.unwrap().as_str(), "2000000000015");
    assert_eq!(product.receiver.unwrap().name.as_str(), "I");
    let [app, till] = product.channel_product_listings.as_slice() else { panic!("two listings") };
    assert_eq!((app.channel_name.as_str(), till.channel_name.as_str()), ("app", "till"));
    assert_eq!(app.product_display_sort_order.unwrap().get().to_string(), "1.5");
    assert_eq!(app.channel_product_identifier.as_ref().unwrap().as_str(), "17");
    assert_eq!(till.product_display_name, None);
    let sources: Vec<_> =
        item.sources.iter().map(|s| (s.provider.as_str(), s.product_id.as_str(), s.weight.get())).collect();
    assert_eq!(sources, [("stellr", "S1", 3), ("house", "H1", 1)]);
}

#[test]
fn a_price_has_one_of_three_forms() {
    let rand = |amount| LedgerAmount { amount, currency: Currency::ZAR, ledger_indicator: None };
    for (price, expect, amount, least, most, fixed) in [
        ("price = 5000", Price::Fixed(rand(5000)), Some(5000), None, None, true),
        ("from = 1\nto = 2", Price::Range(rand(1), rand(2)), None, Some(1), Some(2), false),
        ("open = true", Price::Open, None, None, None, false),
        ("open = false\nprice = 1", Price::Fixed(rand(1)), Some(1), None, None, true),
    ] {
        let Item { price, product, .. } = only(&format!("[[product]]\nid = \"A\"\nname = \"A\"\n{price}"));
        assert_eq!(price, expect);
        let amounts = [product.amount, product.min_amount, product.max_amount];
        assert_eq!(amounts, [amount, least, most].map(|amount| amount.map(rand)));
        assert_eq!(product.is_fixed_value, Some(fixed));
    }
    let form =
        "product.price must be one of price = 5000, from = 500 with to = 100000, and open = true; in minor units";
    for (price, expect) in [
        ("", format!("line 1: {form}")),
        ("open = false", format!("line 1: {form}")),
        ("from = 1", format!("line 1: {form}")),
        ("to = 1", format!("line 1: {form}")),
        ("price = 1\nopen = true", format!("line 4: {form}")),
        ("from = 1\nto = 2\nprice = 1", format!("line 6: {form}")),
        ("from = 2\nto = 2", "line 5: product.to must be above from; one amount alone is a price".to_owned()),
        ("price = 0", "line 4: product.price must be from 1 to 9223372036854775807".to_owned()),
        ("price = 49.99", "line 4: product.price must be a whole number, not a fraction".to_owned()),
    ] {
        check(&format!("[[product]]\nid = \"A\"\nname = \"A\"\n{price}"), &[&expect]);
    }
}

#[test]
fn every_fault_is_told_with_its_line() {
    check("", &["product is needed at least once, as a table in double brackets"]);
    check("[product]\nid = \"A\"", &["line 1: product must be a table in double brackets, not a table"]);
    let text = r#"currency = "rand"
[[product]]
id = "A-1"
barcode = "20000000000015"
prise = 5
open = true
[[product]]
id = "B"
name = ""
price = "5000"
currency = "071x"
issuer = { id = "i" }
listings = [{ channel = "app" }, { chanel = "till", order = nan },
            { channel = "app" }]
sources = [{ provider = "nobody", product = "S 1" }, { provider = "house", product = "H", weight = 0 },
           { provider = "house", product = "H" }]
[[product]]
id = "B"
name = "B"
open = 1
"#;
    check(
        text,
        &[
            "line 1: currency must be the three digits of ISO 4217 in quotes, such as \"710\"",
            "line 2: product.name is missing and has no default",
            "line 3: product.id must match ^[0-9A-Za-z]*$",
            "line 4: product.barcode must have at most 13 characters",
            "line 5: product.prise is no setting; there are id, name, description, barcode, currency, price, from, to, \
             open, issuer, listings, sources",
            "line 9: product.name may not be empty",
            "line 10: product.price must be a whole number, not text in quotes",
            "line 11: product.currency must be the three digits of ISO 4217 in quotes, such as \"710\"",
            "line 12: product.issuer.name is missing and has no default",
            "line 13: product.listings.channel is missing and has no default",
            "line 13: product.listings.order must be a number",
            "line 13: product.listings.chanel is no setting; there are channel, name, category, order, id",
            "line 14: product.listings.channel is the same as on line 13; each must be its own",
            "line 15: product.sources.provider names no configured provider; there are stellr, house",
            "line 15: product.sources.product must match ^[0-9A-Za-z]*$",
            "line 15: product.sources.weight must be from 1 to 1000000",
            "line 16: product.sources.provider is the same as on line 15; each must be its own",
            "line 18: product.id is the same as on line 8; each must be its own",
            "line 20: product.open must be true or false, not a whole number",
        ],
    );
}

#[test]
fn a_catalogue_that_cannot_be_used_names_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalogue.toml");
    let told = |file: &Path| load(file, Sources::Any).unwrap_err().to_string();
    assert_eq!(told(&file), format!("{} does not exist", file.display()));
    std::fs::write(&file, "[[product]").unwrap();
    assert!(told(&file).starts_with(&format!("{}:1: not TOML", file.display())), "{}", told(&file));
    let rows = folder.path().join("catalogue.CSV");
    std::fs::write(&rows, "id,name,open\nA,A,maybe").unwrap();
    assert!(told(&rows).starts_with(&format!("{}:2: product.open must", rows.display())), "{}", told(&rows));
    std::fs::write(&file, "[[product]]\nid = \"A\"\nname = \"A\"\nopen = true").unwrap();
    assert_eq!(load(&file, Sources::Of(&[])).unwrap().items().len(), 1);
}

#[test]
fn the_demo_shows_every_kind_of_product() {
    let catalogue = parse(DEMO, Form::Toml, Sources::Of(&simulated())).unwrap();
    let items = catalogue.items();
    assert!(items.len() >= 14);
    assert!(items.iter().all(|item| item.product.receiver.is_some() && item.product.description.is_some()));
    let mut kinds = BTreeMap::new();
    for item in items {
        let kind = match item.price {
            Price::Fixed(_) => "fixed",
            Price::Range(..) => "range",
            Price::Open => "open",
        };
        *kinds.entry(kind).or_insert(0) += 1;
        for source in &item.sources {
            *kinds.entry(source.provider.as_str()).or_insert(0) += 1;
        }
        *kinds.entry("listed").or_insert(0) += usize::from(!item.product.channel_product_listings.is_empty());
        *kinds.entry("shared").or_insert(0) += usize::from(item.sources.len() > 1);
    }
    for kind in ["fixed", "range", "open", "listed", "shared", SIMULATED_FULL, SIMULATED_STELLR] {
        assert!(kinds.get(kind).is_some_and(|count| *count > 0), "{kind}: {kinds:?}");
    }
}

#[test]
fn barcodes_of_the_demo_can_be_scanned() {
    let catalogue = parse(DEMO, Form::Toml, Sources::Of(&simulated())).unwrap();
    let barcodes: HashSet<_> =
        catalogue.items().iter().filter_map(|item| item.product.barcode.as_ref()).map(|code| code.as_str()).collect();
    assert_eq!(barcodes.len(), catalogue.items().len(), "each product has its own");
    for barcode in barcodes {
        // EAN-13: the digits weigh 1 and 3 by turns, and all together make a multiple of ten.
        let weighed =
            barcode.bytes().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| u32::from(digit - b'0') * weight);
        assert!(barcode.len() == 13 && weighed.sum::<u32>() % 10 == 0, "{barcode}");
    }
}

#[test]
fn magic_is_for_sale_in_the_sandbox() {
    let catalogue = demo();
    let channel = ProviderId::new("any").unwrap();
    let r50 = LedgerAmount { amount: 5000, currency: Currency::ZAR, ledger_indicator: None };
    let amounts = Amounts { request_amount: Some(r50), ..Amounts::default() };
    let slow = SLOW.map(|milliseconds| format!("SLOW{milliseconds}"));
    for id in magic::products().map(|product| product.id.into_owned()).chain(slow) {
        let id = ProductId::new(id).unwrap();
        assert!(magic::behaviour(id.as_str()).is_some(), "{id}");
        assert_eq!(catalogue.admit(&channel, &id, Some(&amounts)), Ok(r50), "{id}");
        let [source] = catalogue.item(&id).unwrap().sources.as_slice() else { panic!("one source of {id}") };
        assert_eq!((source.provider.as_str(), &source.product_id), (SIMULATED_FULL, &id));
    }
    for item in parse(DEMO, Form::Toml, Sources::Of(&simulated())).unwrap().items() {
        for source in &item.sources {
            assert_eq!(magic::behaviour(source.product_id.as_str()), None, "{} is simply sold", source.product_id);
        }
    }
    let named = catalogue.items().iter().flat_map(|item| &item.sources);
    let known = |source: &Source| SIMULATED.iter().any(|simulated| simulated.provider == source.provider.as_str());
    assert!(named.into_iter().all(known), "everything can be asked of somebody");
}

#[test]
fn the_demo_explains_every_setting() {
    let text = format!(
        "unheard_of = 1\n{}",
        DEMO.replace("\n[[product]]", "\n[[product]]\nunheard_of = 1").replace("[{ ", "[{ unheard_of = 1, ")
    );
    let text = text.replace("issuer = { ", "issuer = { unheard_of = 1, ");
    let CatalogueError::Faulty { faults, .. } = parse(&text, Form::Toml, Sources::Of(&simulated())).unwrap_err() else {
        panic!("no file")
    };
    let explained = DEMO.split("\ncurrency").next().unwrap();
    let known: HashSet<_> = faults
        .into_iter()
        .flat_map(|fault| if let Wrong::UnknownKey { known } = fault.wrong { known } else { Vec::new() })
        .collect();
    assert!(known.contains("currency") && known.contains("weight") && known.contains("name"), "{known:?}");
    for key in known {
        let words = explained.split(|letter: char| !letter.is_alphanumeric());
        assert!(words.into_iter().any(|word| word == key), "{key} is not explained at the head of demo.toml");
    }
}

#[test]
fn a_file_without_end_is_not_read_to_its_end() {
    let endless = load(std::path::Path::new("/dev/zero"), Sources::Any).unwrap_err().to_string();
    assert_eq!(endless, "/dev/zero is larger than 64 MiB");
}
