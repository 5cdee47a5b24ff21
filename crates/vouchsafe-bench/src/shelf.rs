//! What is told when products are looked up: a catalogue made for it, and the shelf that the switch makes of it.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use crate::fault::Fault;
use crate::message::{CHANNEL, CROWD, PRODUCTS};
use crate::process::own_page;
use crate::subject::Subject;
use crate::switch::{Circuit, KnownProvider, Switch};
use crate::workplace::Workplace;

/// An answer to a lookup.
pub(crate) struct Shelf {
    pub(crate) content_type: String,
    pub(crate) body: String,
}

/// What a switch answers whose catalogue has so many products.
pub(crate) fn shelf(workplace: &Workplace, products: u32) -> Result<Shelf, Fault> {
    let folder = workplace.folder()?;
    let subject = switch(workplace, folder.path(), products)?;
    let answer = own_page(subject.address, PRODUCTS).map_err(Fault::machine("look products up"))?;
    read(&answer).ok_or_else(|| Fault::Nonsense {
        process: "the switch".to_owned(),
        wrong: format!("it lists no products: {}", answer.lines().next().unwrap_or_default()),
    })
}

/// A new switch whose catalogue has so many products. It sells nothing, so nobody listens where its provider should be.
pub(crate) fn switch(workplace: &Workplace, folder: &Path, products: u32) -> Result<Subject, Fault> {
    let providers = [KnownProvider::new("stub", SocketAddr::from((Ipv4Addr::LOCALHOST, 1)))];
    let catalogue = catalogue(products);
    Ok(Subject::of(Switch::start_with(workplace, folder, &providers, Circuit::Default, Some(&catalogue))?))
}

fn read(answer: &str) -> Option<Shelf> {
    let (head, body) = answer.strip_prefix("HTTP/1.1 200")?.split_once("\r\n\r\n")?;
    let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: "))?;
    Some(Shelf { content_type: content_type.to_owned(), body: body.to_owned() })
}

/// A catalogue as a bank's app may have one: two products in three have a fixed price, each is listed on two channels, of
/// which one asks.
fn catalogue(products: u32) -> String {
    let mut text = String::new();
    for number in 1..=products {
        let price = match number % 3 {
            0 => "from = 500\nto = 100000".to_owned(),
            _ => format!("price = {}", number * 100),
        };
        // Writing into a string cannot fail.
        let _ = write!(
            text,
            r#"
[[product]]
id = "KUDU{number:04}"
name = "Kudu Mobile bundle {number}"
description = "Prepaid bundle; valid for three years."
barcode = "2{number:012}"
{price}
issuer = {{ id = "kudu-mobile", name = "Kudu Mobile" }}
listings = [
    {{ channel = "{CHANNEL}", name = "Bundle {number}", category = "Mobile", order = {number} }},
    {{ channel = "{CROWD}", name = "Another's bundle {number}" }},
]
sources = [{{ provider = "stub", product = "S{number:05}" }}]
"#
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use vouchsafe::config::catalogue::{Sources, load};
    use vouchsafe_core::id::{ChannelId, ProviderId};

    use super::*;

    #[test]
    fn the_catalogue_is_one_that_the_switch_takes_and_lists_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalogue.toml");
        std::fs::write(&path, catalogue(200)).unwrap();
        let read = load(&path, Sources::Of(&[ProviderId::new("stub").unwrap()])).unwrap();
        assert_eq!(read.products_for(&ChannelId::new(CHANNEL).unwrap()).len(), 200);
    }

    #[test]
    fn only_products_are_a_shelf() {
        let shelf = read("HTTP/1.1 200 OK\r\ncontent-type: a/b\r\n\r\n{}").unwrap();
        assert_eq!((shelf.content_type.as_str(), shelf.body.as_str()), ("a/b", "{}"));
        assert!(read("HTTP/1.1 501 Not Implemented\r\ncontent-type: a/b\r\n\r\n{}").is_none());
    }
}
