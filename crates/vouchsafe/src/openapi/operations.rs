//! The operations that the switch serves: one entry for each, from which the description is made.

use http::{Method, StatusCode};
use serde_json::Value as Json;

use super::examples;
use super::refusals::{
    AMBIGUOUS, BODY_TOO_LARGE, Case, DECLINES, FOREIGN_CLIENT, FORMAT, NO_ANSWER, NO_CATALOGUE, NO_CREDENTIALS,
    NOT_JSON, NOT_SENT, QUERY, REFUSED_PROVISION,
};

/// One operation: a method on a path.
pub(super) struct Operation {
    /// Its name in the interface (`operationId`).
    pub(super) id: &'static str,
    pub(super) topic: Topic,
    pub(super) method: Method,
    /// Its path, below the base path unless its topic is the service itself.
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// For a channel's developer, in the little Markdown that the page understands.
    pub(super) description: &'static str,
    /// What may stand in its path and query, by the names under which the document describes it.
    pub(super) parameters: &'static [&'static str],
    pub(super) request: Option<Message>,
    pub(super) answers: &'static [Answer],
}

/// What an operation is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Selling vouchers.
    Vouchers,
    /// What may be sold.
    Products,
    /// The switch itself; needs no credentials.
    Service,
}

/// A message of the interface, with examples.
pub(super) struct Message {
    /// The name of its schema.
    pub(super) schema: &'static str,
    pub(super) examples: &'static [Example],
}

/// One example of a message.
pub(super) struct Example {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) value: fn() -> Json,
}

/// What an operation may answer with one status.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) meaning: &'static str,
    /// The headers it carries besides those that every answer carries.
    pub(super) headers: &'static [&'static str],
    pub(super) body: Body,
}

/// What stands in an answer.
pub(super) enum Body {
    Message(Message),
    /// An `ErrorDetail`, one of these cases.
    Refusal(&'static [&'static [Case]]),
    /// One of these texts.
    Text(&'static [&'static str]),
    /// This description.
    Description,
    /// A page for people.
    Page,
}

impl Topic {
    pub(super) const ALL: &'static [Self] = &[Self::Vouchers, Self::Products, Self::Service];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Vouchers => "Vouchers",
            Self::Products => "Products",
            Self::Service => "Service",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Vouchers => "Selling vouchers.",
            Self::Products => "What may be sold.",
            Self::Service => "The switch itself: its health and its description. These paths need no credentials.",
        }
    }

    /// Whether only channels are served: its paths are then below the base path and speak `ErrorDetail`.
    pub(super) const fn is_for_channels(self) -> bool {
        match self {
            Self::Vouchers | Self::Products => true,
            Self::Service => false,
        }
    }
}

/// Every operation, in the order in which it is told.
pub(super) static OPERATIONS: &[Operation] = &[
    Operation {
        id: "provisionVoucher",
        topic: Topic::Vouchers,
        method: Method::POST,
        path: "/vouchers",
        summary: "Sell a voucher",
        description: PROVISION,
        parameters: &[],
        request: Some(Message { schema: "ProvisionRequest", examples: examples::PROVISION_REQUESTS }),
        answers: &[
            Answer {
                status: StatusCode::CREATED,
                meaning: "the provider issued the voucher, and the switch has recorded it durably. The body repeats the \
                          request and adds the voucher, the amounts granted, and the references of switch and provider.",
                headers: &["Location"],
                body: Body::Message(Message { schema: "ProvisionResponse", examples: examples::PROVISION_RESPONSES }),
            },
            Answer {
                status: StatusCode::BAD_REQUEST,
                meaning: "the switch itself refuses the request. No provider was asked because of it.",
                headers: &[],
                body: Body::Refusal(&[FORMAT, FOREIGN_CLIENT, REFUSED_PROVISION]),
            },
            UNAUTHORIZED,
            Answer {
                status: StatusCode::NOT_FOUND,
                meaning: "the provider did not issue the voucher. The type and the words are the provider's own, where it \
                          gave any; a type that is not listed here is passed on too.",
                headers: &[],
                body: Body::Refusal(&[DECLINES]),
            },
            TOO_LARGE,
            UNSUPPORTED,
            Answer {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                meaning: "the switch cannot tell what became of the request.",
                headers: &[],
                body: Body::Refusal(&[AMBIGUOUS]),
            },
            Answer {
                status: StatusCode::SERVICE_UNAVAILABLE,
                meaning: "the provider was certainly not asked, or does not accept the switch.",
                headers: &[],
                body: Body::Refusal(&[NOT_SENT]),
            },
            Answer {
                status: StatusCode::GATEWAY_TIMEOUT,
                meaning: "the request was sent and the provider did not answer in time. The switch reverses it.",
                headers: &[],
                body: Body::Refusal(&[NO_ANSWER]),
            },
        ],
    },
    Operation {
        id: "lookupProducts",
        topic: Topic::Products,
        method: Method::GET,
        path: "/products",
        summary: "List what may be sold",
        description: PRODUCTS,
        parameters: &["channelName"],
        request: None,
        answers: &[
            Answer {
                status: StatusCode::OK,
                meaning: "every product that your channel may sell, in the catalogue's order.",
                headers: &["X-Catalogue-Age", "X-Catalogue-Stale"],
                body: Body::Message(Message {
                    schema: "ProductsLookupResponse",
                    examples: examples::PRODUCTS_LOOKUP_RESPONSES,
                }),
            },
            Answer {
                status: StatusCode::BAD_REQUEST,
                meaning: "the query is not of the agreed form.",
                headers: &[],
                body: Body::Refusal(&[QUERY]),
            },
            UNAUTHORIZED,
            Answer {
                status: StatusCode::NOT_IMPLEMENTED,
                meaning: "the switch has no catalogue: it passes every product on.",
                headers: &[],
                body: Body::Refusal(&[NO_CATALOGUE]),
            },
        ],
    },
    Operation {
        id: "isAlive",
        topic: Topic::Service,
        method: Method::GET,
        path: "/health/live",
        summary: "Is the process alive?",
        description: "For a supervisor: where this gives no answer, restart the switch.",
        parameters: &[],
        request: None,
        answers: &[Answer {
            status: StatusCode::OK,
            meaning: "The process answers.",
            headers: &[],
            body: Body::Text(&["live\n"]),
        }],
    },
    Operation {
        id: "isReady",
        topic: Topic::Service,
        method: Method::GET,
        path: "/health/ready",
        summary: "Should it be sent work?",
        description: "For a load balancer: send requests only while the answer is 200.",
        parameters: &[],
        request: None,
        answers: &[
            Answer {
                status: StatusCode::OK,
                meaning: "The store takes durable writes, and nobody has asked the switch to stop.",
                headers: &[],
                body: Body::Text(&["ready\n"]),
            },
            Answer {
                status: StatusCode::SERVICE_UNAVAILABLE,
                meaning: "Send nothing here for now; the text says why.",
                headers: &[],
                body: Body::Text(&["stopping\n", "the store does not take writes\n"]),
            },
        ],
    },
    Operation {
        id: "describe",
        topic: Topic::Service,
        method: Method::GET,
        path: "/openapi.json",
        summary: "This description, for machines",
        description: "An OpenAPI 3.1 document, to make clients and tests from.",
        parameters: &[],
        request: None,
        answers: &[Answer {
            status: StatusCode::OK,
            meaning: "The description.",
            headers: &[],
            body: Body::Description,
        }],
    },
    Operation {
        id: "document",
        topic: Topic::Service,
        method: Method::GET,
        path: "/docs",
        summary: "This description, for people",
        description: "One page that loads nothing from anywhere.",
        parameters: &[],
        request: None,
        answers: &[Answer { status: StatusCode::OK, meaning: "The page.", headers: &[], body: Body::Page }],
    },
];

const PROVISION: &str = "\
Asks a service provider for a voucher and hands over its code.

- **Once**: each id is sold at most once. A second request with the same id is answered with `DUPLICATE_RECORD`, whatever \
became of the first, however close together they come.
- **Durable**: the request is on disk before the provider sees it, and the voucher before you do.
- **Hanging up changes nothing**: the sale goes on to its end.
- **Which provider**: `settlementEntity.id` decides; without it the product, then `receiver.id`, then your channel's \
default.
- **Which amount**: a product with a fixed price needs no `amounts`; for any other send `amounts.requestAmount`. Product, \
amounts and voucher may all be left out if your provider knows what to sell.

Other methods on this path are answered with 405 and an `ErrorDetail`; a slash at the end of the path makes no difference.";

const PRODUCTS: &str = "\
Lists the products of the switch's catalogue that your channel may sell, from memory. No provider is asked.

- **What it costs**: `amount` with `isFixedValue` where the price is fixed, `minAmount` and `maxAmount` where any amount \
between them will do, and none of the three where any amount will do.
- **Your listings only**: `channelProductListings` holds how your channel shows the product, if that is configured. What \
is sold on other channels only is not listed, and neither are their names.
- **`channelName`** in the query is your channel's own name, if it is given at all; any other name finds nothing.
- **How fresh it is**: while `X-Catalogue-Stale` is `false`, the age stays within seconds. Otherwise the operator has put \
a catalogue in place that cannot be used, and this is the last good one.";

// What several operations for channels share.

const UNAUTHORIZED: Answer = Answer {
    status: StatusCode::UNAUTHORIZED,
    meaning: "the credentials are missing or wrong. Nothing else was looked at.",
    headers: &["WWW-Authenticate"],
    body: Body::Refusal(&[NO_CREDENTIALS]),
};

const TOO_LARGE: Answer = Answer {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    meaning: "the body is larger than the switch accepts.",
    headers: &[],
    body: Body::Refusal(&[BODY_TOO_LARGE]),
};

const UNSUPPORTED: Answer = Answer {
    status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
    meaning: "the body is not announced as plain JSON in UTF-8.",
    headers: &[],
    body: Body::Refusal(&[NOT_JSON]),
};
