//! The operations that the switch serves: one entry for each, from which the description is made.

use http::{Method, StatusCode};
use serde_json::Value as Json;

use super::crowded::{CROWDED, TOO_MANY, TOO_MANY_ADVICES};
use super::descriptions::{PRODUCTS, PROVISION, RETRY, REVERSAL};
use super::examples;
use super::refusals::{
    AMBIGUOUS, BODY_TOO_LARGE, CONFIRMED, Case, DECLINES, FOREIGN_CLIENT, FORMAT, NEVER_SEEN, NO_ANSWER, NO_CATALOGUE,
    NO_CREDENTIALS, NOT_JSON, NOT_RECORDED, NOT_SENT, QUERY, REFUSED_PROVISION, REFUSED_RETRY, STILL_OPEN,
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
    /// The figures, as Prometheus reads them.
    Figures,
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
            TOO_MANY,
            CANNOT_TELL,
            NOT_ASKED,
            Answer {
                status: StatusCode::GATEWAY_TIMEOUT,
                meaning: "the request was sent and the provider did not answer in time. The switch reverses it.",
                headers: &[],
                body: Body::Refusal(&[NO_ANSWER]),
            },
        ],
    },
    Operation {
        id: "retryProvisionVoucher",
        topic: Topic::Vouchers,
        method: Method::POST,
        path: "/vouchers/{provisionId}/retry",
        summary: "Ask again for the same voucher",
        description: RETRY,
        parameters: &["provisionId"],
        request: Some(Message { schema: "ProvisionRequest", examples: examples::PROVISION_REQUESTS }),
        answers: &[
            Answer {
                status: StatusCode::CREATED,
                meaning: "the voucher of the first request: the same code, and the whole answer as it was the first time.",
                headers: &["Location"],
                body: Body::Message(Message { schema: "ProvisionResponse", examples: examples::PROVISION_RESPONSES }),
            },
            Answer {
                status: StatusCode::BAD_REQUEST,
                meaning: "the switch itself refuses the retry. The path and the body must name the same id.",
                headers: &[],
                body: Body::Refusal(&[FORMAT, FOREIGN_CLIENT, REFUSED_RETRY]),
            },
            UNAUTHORIZED,
            Answer {
                status: StatusCode::NOT_FOUND,
                meaning: "the provider declined the first request, in the same words as then; or it supports no retries \
                          (`FUNCTION_NOT_SUPPORTED`): then reverse.",
                headers: &[],
                body: Body::Refusal(&[DECLINES]),
            },
            TOO_LARGE,
            UNSUPPORTED,
            TOO_MANY_ADVICES,
            CANNOT_TELL,
            NOT_ASKED,
            Answer {
                status: StatusCode::GATEWAY_TIMEOUT,
                meaning: "there is no outcome within this request's own time. The provider was not asked a second time.",
                headers: &[],
                body: Body::Refusal(&[STILL_OPEN]),
            },
        ],
    },
    Operation {
        id: "reverseVoucher",
        topic: Topic::Vouchers,
        method: Method::POST,
        path: "/vouchers/reversals",
        summary: "Undo a request",
        description: REVERSAL,
        parameters: &[],
        request: Some(Message { schema: "BasicReversal", examples: examples::REVERSALS }),
        answers: &[
            Answer {
                status: StatusCode::ACCEPTED,
                meaning: "the reversal is on record, now or since before, and is delivered to the provider however often that \
                          takes; where the provider takes none, an operator is left to settle the sale. The body repeats it.",
                headers: &[],
                body: Body::Message(Message { schema: "BasicReversal", examples: examples::REVERSALS }),
            },
            Answer {
                status: StatusCode::BAD_REQUEST,
                meaning: "the message is malformed, or the sale was confirmed and stands.",
                headers: &[],
                body: Body::Refusal(&[FORMAT, CONFIRMED]),
            },
            UNAUTHORIZED,
            Answer {
                status: StatusCode::NOT_FOUND,
                meaning: "there is nothing to undo, and that is as good as done: do not send the reversal again.",
                headers: &[],
                body: Body::Refusal(&[NEVER_SEEN]),
            },
            TOO_LARGE,
            UNSUPPORTED,
            TOO_MANY_ADVICES,
            Answer {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                meaning: "the reversal may not be on record. Send it again.",
                headers: &[],
                body: Body::Refusal(&[NOT_RECORDED]),
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
            TOO_MANY,
            CROWDED,
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
        id: "measure",
        topic: Topic::Service,
        method: Method::GET,
        path: "/metrics",
        summary: "Figures for Prometheus",
        description: "Requests by outcome, the providers' answering times, open advices, orphans, open circuits and how the \
                      store fares. Shield this path from whoever is not to see them.",
        parameters: &[],
        request: None,
        answers: &[
            Answer { status: StatusCode::OK, meaning: "The figures.", headers: &[], body: Body::Figures },
            Answer {
                status: StatusCode::SERVICE_UNAVAILABLE,
                meaning: "What is owed could not be counted.",
                headers: &[],
                body: Body::Text(&["the store cannot be read\n"]),
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

const CANNOT_TELL: Answer = Answer {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    meaning: "the switch cannot tell what became of the request.",
    headers: &[],
    body: Body::Refusal(&[AMBIGUOUS]),
};

const NOT_ASKED: Answer = Answer {
    status: StatusCode::SERVICE_UNAVAILABLE,
    meaning: "the provider was certainly not asked, or does not accept the switch.",
    headers: &[],
    body: Body::Refusal(&[NOT_SENT]),
};
