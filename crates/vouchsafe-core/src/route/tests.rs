use std::num::NonZeroU32;

use super::*;
use crate::catalogue::Price;
use crate::message::tests::{FIRST, header, institution};
use crate::product::Product;

fn signs<'a>(settlement_entity: Option<&'a str>, receiver: Option<&'a str>) -> Signs<'a> {
    Signs { settlement_entity, receiver, ..Signs::default() }
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

fn check(signs: Signs<'_>, item: Option<&Item>, default: Option<&str>, draw: u64, expect: &[(&str, Option<&str>)]) {
    let routes = Routes {
        settlement_entities: HashMap::from([("1001".to_owned(), provider("stellr"))]),
        receivers: HashMap::from([("2001".to_owned(), provider("netcare"))]),
    };
    let default = default.map(provider);
    let found = candidates(&routes, Signs { item, default: default.as_ref(), ..signs }, draw);
    let found: Vec<_> = found.iter().map(|c| (c.provider.as_str(), c.product_id.map(ProductId::as_str))).collect();
    assert_eq!(found, expect);
}

#[test]
fn the_first_rule_that_names_a_provider_decides() {
    let sold_by_ott = item(&[("ott", "O1", 1)]);
    let (both, receiver, neither) = (signs(Some("1001"), Some("2001")), signs(None, Some("2001")), signs(None, None));
    check(both, Some(&sold_by_ott), Some("yoyo"), 0, &[("stellr", None)]);
    check(receiver, Some(&sold_by_ott), Some("yoyo"), 0, &[("ott", Some("O1"))]);
    check(receiver, Some(&item(&[])), Some("yoyo"), 0, &[("netcare", None)]);
    check(receiver, None, Some("yoyo"), 0, &[("netcare", None)]);
    check(neither, None, Some("yoyo"), 0, &[("yoyo", None)]);
    check(neither, None, None, 0, &[]);
}

#[test]
fn a_voucher_goes_to_whoever_issued_it_unless_its_request_says_otherwise() {
    let ott = provider("ott");
    let of_ott = |signs| Signs { issuer: Some(&ott), ..signs };
    check(of_ott(signs(None, None)), None, Some("yoyo"), 0, &[("ott", None)]);
    check(of_ott(signs(None, Some("9999"))), None, Some("yoyo"), 0, &[("ott", None)]);
    check(of_ott(signs(None, Some("2001"))), None, Some("yoyo"), 0, &[("netcare", None)]);
    check(of_ott(signs(Some("1001"), Some("2001"))), None, Some("yoyo"), 0, &[("stellr", None)]);
}

#[test]
fn a_name_that_no_rule_knows_leaves_it_to_the_next_rule() {
    check(signs(Some("9999"), Some("9999")), None, Some("yoyo"), 0, &[("yoyo", None)]);
    check(signs(Some("9999"), Some("2001")), None, None, 0, &[("netcare", None)]);
}

#[test]
fn a_provider_is_asked_with_its_own_product_id() {
    let sold_by_two = item(&[("ott", "O1", 1), ("stellr", "S1", 1)]);
    check(signs(Some("1001"), None), Some(&sold_by_two), None, 0, &[("stellr", Some("S1"))]);
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
    let neither = signs(None, None);
    for (draw, names) in
        [(0, ["a", "b", "c"]), (1, ["b", "a", "c"]), (2, ["b", "a", "c"]), (3, ["c", "a", "b"]), (4, ["a", "b", "c"])]
    {
        check(neither, Some(&sold_by_three), None, draw, &order(names));
    }
}

#[test]
fn a_header_and_a_question_name_the_settlement_entity_and_the_receiver() {
    let said = |signs: Signs<'_>| {
        assert!(signs.item.is_none() && signs.issuer.is_none() && signs.default.is_none(), "nothing else is said");
        (signs.settlement_entity.map(str::to_owned), signs.receiver.map(str::to_owned))
    };
    for (entity, receiver) in [(None, None), (Some("1001"), None), (None, Some("2001")), (Some("1001"), Some("2001"))] {
        let expect = (entity.map(str::to_owned), receiver.map(str::to_owned));
        let settlement_entity = entity.map(institution);
        let header = Header { settlement_entity, receiver: receiver.map(institution), ..header(FIRST) };
        assert_eq!(said(Signs::in_header(&header)), expect, "in a header");
        let query = VoucherQuery {
            settlement_entity_inst_id: entity.map(|id| FreeText::new(id).unwrap()),
            receiver_inst_id: receiver.map(|id| FreeText::new(id).unwrap()),
            ..VoucherQuery::default()
        };
        assert_eq!(said(Signs::in_query(&query)), expect, "in a question");
    }
}
