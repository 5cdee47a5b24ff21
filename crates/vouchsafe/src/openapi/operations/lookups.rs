//! Questions: which products, what a voucher is worth, what became of a redemption.

use http::{Method, StatusCode};
use serde_json::Map;
use vouchsafe_core::message::VoucherQuery;
use vouchsafe_wire::query::{ProductsQuery, Query};

use super::{refusal, too_many, unauthorized};
use crate::openapi::descriptions::{PRODUCTS, REDEMPTION_LOOKUP, VOUCHER_LOOKUP};
use crate::openapi::examples;
use crate::openapi::kinds::{PROVISION, REDEMPTION};
use crate::openapi::operation::{Answer, Body, Message, Operation, Topic};
use crate::openapi::refusals::crowded::CROWDED;
use crate::openapi::refusals::declines::{FOR_ITS_OWN_REASON, NO_USABLE_ANSWER, OF_ANYTHING, UNKNOWN_VOUCHER};
use crate::openapi::refusals::lookups::{
    NO_CATALOGUE, NO_ID, NO_REDEMPTION, NO_ROUTE, NO_VOUCHER, NOT_ASKED, NOT_YOURS, QUERY, SILENCE, UNREADABLE,
    VOUCHER_QUERY, WAS_NOT_SENT,
};
use crate::openapi::refusals::requests;

pub(super) fn products() -> Operation {
    let listed = Message { schema: "ProductsLookupResponse", examples: examples::products() };
    Operation {
        id: "lookupProducts",
        topic: Topic::Products,
        method: Method::GET,
        path: "/products".to_owned(),
        summary: "List what may be sold",
        description: PRODUCTS.to_owned(),
        query: ProductsQuery::parameters(),
        request: None,
        answers: vec![
            Answer {
                headers: &["X-Catalogue-Age", "X-Catalogue-Stale"],
                ..found("every product that your channel may sell, in the catalogue's order.", listed)
            },
            refusal(StatusCode::BAD_REQUEST, "the query is not of the agreed form.", vec![QUERY]),
            unauthorized(),
            too_many(),
            refusal(StatusCode::SERVICE_UNAVAILABLE, "the switch has as much to do as it takes.", vec![CROWDED]),
            refusal(
                StatusCode::NOT_IMPLEMENTED,
                "the switch has no catalogue: it passes every product on.",
                vec![NO_CATALOGUE],
            ),
        ],
    }
}

pub(super) fn voucher() -> Operation {
    let known = Message { schema: "VoucherLookupResponse", examples: examples::voucher() };
    Operation {
        id: "lookupVoucher",
        topic: Topic::Vouchers,
        method: Method::GET,
        path: "/vouchers".to_owned(),
        summary: "Ask what a voucher is worth",
        description: VOUCHER_LOOKUP.to_owned(),
        query: VoucherQuery::parameters(),
        request: None,
        answers: vec![
            found("what the voucher's provider says of it.", known),
            refusal(
                StatusCode::BAD_REQUEST,
                "the query is not of the agreed form, leads to nobody, or names a provision of yours that was reversed.",
                vec![VOUCHER_QUERY, NO_ROUTE, requests::reversed(&PROVISION)],
            ),
            unauthorized(),
            refusal(
                StatusCode::NOT_FOUND,
                "there is no such voucher, or its provider does not tell. The type and the words are the provider's own, \
                 where it gave any; a type that is not listed here is passed on too.",
                [&[NO_VOUCHER, UNKNOWN_VOUCHER], OF_ANYTHING, &[NO_USABLE_ANSWER]].concat(),
            ),
            too_many(),
            refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the switch could not find out. Nothing was changed.",
                vec![UNREADABLE],
            ),
            refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "the provider was not asked, or does not accept the switch.",
                NOT_ASKED.to_vec(),
            ),
            refusal(StatusCode::GATEWAY_TIMEOUT, "the provider did not answer in time.", vec![SILENCE]),
        ],
    }
}

pub(super) fn redemption() -> Operation {
    let stored = Message { schema: REDEMPTION.response, examples: (REDEMPTION.responses)() };
    let refused_then =
        [&[NO_ID, requests::reversed(&REDEMPTION)], REDEMPTION.declines, OF_ANYTHING, &[FOR_ITS_OWN_REASON]];
    Operation {
        id: "lookupRedemption",
        topic: Topic::Redemptions,
        method: Method::GET,
        path: format!("{}/{{requestId}}", REDEMPTION.path),
        summary: "Ask what became of a redemption",
        description: REDEMPTION_LOOKUP.to_owned(),
        query: Map::new(),
        request: None,
        answers: vec![
            found("the redemption was approved. This is the answer that it was given, or was to be given.", stored),
            Answer {
                status: StatusCode::ACCEPTED,
                meaning: "the redemption is under way and has no outcome yet: it is still unknown. There is no body. Ask again.",
                headers: &[],
                body: Body::Nothing,
            },
            refusal(
                StatusCode::BAD_REQUEST,
                "the redemption was reversed or declined; a decline is told as it was then. Or the path names no id.",
                refused_then.concat(),
            ),
            unauthorized(),
            refusal(StatusCode::FORBIDDEN, "the redemption is another channel's.", vec![NOT_YOURS]),
            refusal(
                StatusCode::NOT_FOUND,
                "nobody has asked for such a redemption, or it is kept no longer.",
                vec![NO_REDEMPTION],
            ),
            too_many(),
            refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the switch cannot tell what became of the redemption.",
                vec![UNREADABLE],
            ),
            refusal(
                StatusCode::SERVICE_UNAVAILABLE,
                "the redemption was certainly not sent, or the provider did not accept the switch; or the switch has as much to \
                 do as it takes.",
                vec![WAS_NOT_SENT, CROWDED],
            ),
        ],
    }
}

fn found(meaning: &'static str, message: Message) -> Answer {
    Answer { status: StatusCode::OK, meaning, headers: &[], body: Body::Message(message) }
}
