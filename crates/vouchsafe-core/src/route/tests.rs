use std::num::NonZeroU32;

use jiff::Timestamp;

use super::*;
use crate::catalogue::Price;
use crate::id::MessageId;
use crate::party::{Institution, Merchant, MerchantName, Originator};
use crate::product::Product;
use crate::text::{FreeText, Text, UpTo};

fn institution(id: &str) -> Institution {
    Institution { id: FreeText::new(id).unwrap(), name: UpTo::new("Somebody").unwrap() }
}

fn header(settlement_entity: Option<&str>, receiver: Option<&str>) -> Header {
    Header {
        id: MessageId::parse("00000000-0000-0000-0000-000000000001").unwrap(),
        time: Timestamp::UNIX_EPOCH,
        originator: Originator {
            institution: institution("shop"),
            terminal_id: Text::new("12345678").unwrap(),
            merchant: Merchant {
                merchant_type: Text::new("5411").unwrap(),
                merchant_id: Text::new("123456789012345").unwrap(),
                merchant_name: MerchantName {
                    name: UpTo::new("Shop").unwrap(),
                    city: UpTo::new("Cape Town").unwrap(),
                    region: UpTo::new("WC").unwrap(),
                    country: UpTo::new("ZA").unwrap(),
                },
            },
            operator_id: None,
            channel_id: None,
        },
        client: institution("app"),
        settlement_entity: settlement_entity.map(institution),
        receiver: receiver.map(institution),
        third_party_identifiers: Vec::new(),
        slip_data: None,
        basket_ref: None,
        tran_type: None,
        src_acc_type: None,
        dest_acc_type: None,
        stan: None,
        rrn: None,
        transaction_labels: Vec::new(),
    }
}

fn provider(name: &str) -> ProviderId {
    ProviderId::new(name).unwrap()
}

fn item(sources: &[(&str, &str, u32)]) -> Item {
    let sources = sources.iter().map(|(name, product, weight)| Source {
        provider: provider(name),
        product_id: ProductId::new(*product).unwrap(),
        weight: NonZeroU32::new(*weight).unwrap(),
    });
    Item { product: Product::named(ProductId::new("OURS").unwrap()), price: Price::Open, sources: sources.collect() }
}

fn check(header: &Header, item: Option<&Item>, default: Option<&str>, draw: u64, expect: &[(&str, Option<&str>)]) {
    let routes = Routes {
        settlement_entities: HashMap::from([("1001".to_owned(), provider("stellr"))]),
        receivers: HashMap::from([("2001".to_owned(), provider("netcare"))]),
    };
    let default = default.map(provider);
    let found = candidates(&routes, header, item, default.as_ref(), draw);
    let found: Vec<_> = found.iter().map(|c| (c.provider.as_str(), c.product_id.map(ProductId::as_str))).collect();
    assert_eq!(found, expect);
}

#[test]
fn the_first_rule_that_names_a_provider_decides() {
    let sold_by_ott = item(&[("ott", "O1", 1)]);
    let (both, receiver, neither) =
        (header(Some("1001"), Some("2001")), header(None, Some("2001")), header(None, None));
    check(&both, Some(&sold_by_ott), Some("yoyo"), 0, &[("stellr", None)]);
    check(&receiver, Some(&sold_by_ott), Some("yoyo"), 0, &[("ott", Some("O1"))]);
    check(&receiver, Some(&item(&[])), Some("yoyo"), 0, &[("netcare", None)]);
    check(&receiver, None, Some("yoyo"), 0, &[("netcare", None)]);
    check(&neither, None, Some("yoyo"), 0, &[("yoyo", None)]);
    check(&neither, None, None, 0, &[]);
}

#[test]
fn a_name_that_no_rule_knows_leaves_it_to_the_next_rule() {
    check(&header(Some("9999"), Some("9999")), None, Some("yoyo"), 0, &[("yoyo", None)]);
    check(&header(Some("9999"), Some("2001")), None, None, 0, &[("netcare", None)]);
}

#[test]
fn a_provider_is_asked_with_its_own_product_id() {
    let sold_by_two = item(&[("ott", "O1", 1), ("stellr", "S1", 1)]);
    check(&header(Some("1001"), None), Some(&sold_by_two), None, 0, &[("stellr", Some("S1"))]);
}

#[test]
fn sources_are_drawn_by_weight_and_the_others_follow() {
    let sold_by_three = item(&[("a", "A", 1), ("b", "B", 2), ("c", "C", 1)]);
    let order = |names: [&'static str; 3]| {
        names.map(|n| {
            (
                n,
                Some(if n == "a" {
                    "A"
                } else if n == "b" {
                    "B"
                } else {
                    "C"
                }),
            )
        })
    };
    let neither = header(None, None);
    for (draw, names) in
        [(0, ["a", "b", "c"]), (1, ["b", "a", "c"]), (2, ["b", "a", "c"]), (3, ["c", "a", "b"]), (4, ["a", "b", "c"])]
    {
        check(&neither, Some(&sold_by_three), None, draw, &order(names));
    }
}
