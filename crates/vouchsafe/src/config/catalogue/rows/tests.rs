use vouchsafe_core::catalogue::Catalogue;
use vouchsafe_core::id::ProviderId;

use crate::config::catalogue::{Form, Sources, parse};

fn read(text: &str, form: Form) -> Result<Catalogue, String> {
    let providers = ["stellr", "house"].map(|id| ProviderId::new(id).unwrap());
    parse(text, form, Sources::Of(&providers)).map_err(|error| error.to_string())
}

/// Checks all faults of rows, as they are printed.
fn check(text: &str, expect: &[&str]) {
    let found = read(text, Form::Csv).err().unwrap_or_default();
    assert_eq!(found.lines().collect::<Vec<_>>(), expect, "{text}");
}

const COLUMNS: &str = "id, name, description, barcode, currency, price, from, to, open, issuer.id, issuer.name, \
                       listings.channel, listings.name, listings.category, listings.order, listings.id, \
                       sources.provider, sources.product, sources.weight";

#[test]
fn rows_say_the_same_as_toml() {
    let rows = "\u{feff}id,name,barcode,description,currency,price,from,to,open,issuer.id,issuer.name,listings.channel,\
                listings.order,listings.id,sources.provider,sources.product,sources.weight\r\n\
                A1,\"A, one\",2000000000015,\"says \"\"hello\"\"\",840,5000,,,,i,I,app,1.5,17,stellr,S1,3\r\n\
                A1,,,,,,,,,,,till,,,house,H1,\r\n\
                ,,,,,,,,,,,,,,,,\r\n\r\n\
                B,B,,,,,500,100000,,,,,,,,,\r\n\
                C,C,,,,,,,true,,,,,,,,\r\n\
                C,,,,,,,,,,,app,,,,,";
    let toml = r#"
        [[product]]
        id = "A1"
        name = "A, one"
        barcode = "2000000000015"
        description = 'says "hello"'
        currency = "840"
        price = 5000
        issuer = { id = "i", name = "I" }
        listings = [{ channel = "app", order = 1.5, id = "17" }, { channel = "till" }]
        sources = [{ provider = "stellr", product = "S1", weight = 3 }, { provider = "house", product = "H1" }]
        [[product]]
        id = "B"
        name = "B"
        from = 500
        to = 100000
        [[product]]
        id = "C"
        name = "C"
        open = true
        listings = [{ channel = "app" }]"#;
    assert_eq!(read(rows, Form::Csv).unwrap(), read(toml, Form::Toml).unwrap());
}

#[test]
fn every_fault_of_the_rows_is_told_with_its_line() {
    check("", &[&format!("line 1: the first line must name the columns; there are {COLUMNS}")]);
    check("id,name,open", &["product is needed at least once, as a table in double brackets"]);
    check(
        "id,nmae,id\nA,A,A,A\nB,B,B",
        &[
            &format!("line 1: nmae is no column; there are {COLUMNS}"),
            "line 1: id is the same as on line 1; each must be its own",
            "line 2: this row has 4 cells where the first line has 3; text with a comma needs quotes",
        ],
    );
    check(
        "id,name,open\nA,\"A,true\nB,B,true\n",
        &["line 2: this row has 2 cells where the first line has 3; text with a comma needs quotes"],
    );
    let cells = "this row has 1 cells where the first line has 2; text with a comma needs quotes";
    check("id,name\r\n\r\nA,A\r\nB\r\n\r\nC", &[&format!("line 4: {cells}"), &format!("line 6: {cells}")]);
    check(
        "open,id,name\ntrue,A,\"A\ntrue,B,B\n",
        &["line 2: name may not contain a line break or another control character; is a closing quote missing?"],
    );
}

#[test]
fn every_fault_of_the_products_is_told_with_its_line() {
    check(
        "id,name,price,open,issuer.id,listings.order,sources.provider,sources.product,sources.weight\n\
         A,A,5.50,,i,,,,\n\
         A-1,,\"5,000\",,,1,nobody,S,0\n\
         \n\
         B,B,[1],,,,,,\n\
         C,C,1,yes,,,house,H,1\n\
         C,,,,,,house,H,1\n\
         C,C,1,,,,,,\n\
         A,,,,,,stellr,S,\n",
        &[
            "line 2: product.price must be a whole number, not a fraction",
            "line 2: product.issuer.name is missing and has no default",
            "line 3: product.id must match ^[0-9A-Za-z]*$",
            "line 3: product.name is missing and has no default",
            "line 3: product.price must be a whole number, not text in quotes",
            "line 3: product.listings.channel is missing and has no default",
            "line 3: product.sources.provider names no configured provider; there are stellr, house",
            "line 3: product.sources.weight must be from 1 to 1000000",
            "line 5: product.price must be a whole number, not text in quotes",
            "line 6: product.open must be true or false, not text in quotes",
            "line 7: product.sources.provider is the same as on line 6; each must be its own",
            "line 8: product.id is the same as on line 6; each must be its own",
            "line 9: product.id is the same as on line 2; each must be its own",
            "line 9: product.name is missing and has no default",
            "line 9: product.price must be one of price = 5000, from = 500 with to = 100000, and open = true; in minor \
             units",
        ],
    );
}
