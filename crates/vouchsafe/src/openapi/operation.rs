//! What is told of one operation, before it is made into a document.

use http::{Method, StatusCode};
use serde_json::{Map, Value as Json};

use super::examples::Example;
use super::refusals::Case;

/// One operation: a method on a path.
pub(super) struct Operation {
    /// Its name in the interface (`operationId`).
    pub(super) id: &'static str,
    pub(super) topic: Topic,
    pub(super) method: Method,
    /// Its path, below the base path unless its topic is the service itself. What stands there in braces is a parameter.
    pub(super) path: String,
    pub(super) summary: &'static str,
    /// For a channel's developer, in the little Markdown that the page understands.
    pub(super) description: String,
    /// What may stand in its query: the schema of each parameter, by name.
    pub(super) query: Map<String, Json>,
    pub(super) request: Option<Message>,
    pub(super) answers: Vec<Answer>,
}

/// What an operation is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Topic {
    /// Selling vouchers.
    Vouchers,
    /// Taking vouchers.
    Redemptions,
    /// Giving back what was taken.
    Refunds,
    /// What may be sold.
    Products,
    /// The switch itself; needs no credentials.
    Service,
}

/// A message of the interface, with examples.
#[derive(Clone)]
pub(super) struct Message {
    /// The name of its schema.
    pub(super) schema: &'static str,
    pub(super) examples: Vec<Example>,
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
    Refusal(Vec<Case>),
    Nothing,
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
    pub(super) const ALL: &'static [Self] =
        &[Self::Vouchers, Self::Redemptions, Self::Refunds, Self::Products, Self::Service];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Vouchers => "Vouchers",
            Self::Redemptions => "Redemptions",
            Self::Refunds => "Refunds",
            Self::Products => "Products",
            Self::Service => "Service",
        }
    }

    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Vouchers => "Selling vouchers, and asking what one is worth.",
            Self::Redemptions => "Taking vouchers as payment.",
            Self::Refunds => "Giving back what a redemption took.",
            Self::Products => "What may be sold.",
            Self::Service => "The switch itself: its health and its description. These paths need no credentials.",
        }
    }

    /// Whether only channels are served: its paths are then below the base path and speak `ErrorDetail`.
    pub(super) const fn is_for_channels(self) -> bool {
        match self {
            Self::Vouchers | Self::Redemptions | Self::Refunds | Self::Products => true,
            Self::Service => false,
        }
    }
}
