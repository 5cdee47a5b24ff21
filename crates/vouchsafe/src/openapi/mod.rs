//! What the switch offers, told to machines (OpenAPI 3.1) and to people (a page made from the same document).
//!
//! The operations are told in `operations/`, what the three kinds of request do not share in `kinds.rs`; the shapes
//! come from `vouchsafe-wire`, which reads and writes by the same tables, so that the description cannot promise what
//! the code does not do.

mod descriptions;
mod document;
mod examples;
mod kinds;
mod operation;
mod operations;
mod page;
mod parameters;
mod refusals;

#[cfg(test)]
mod tests;

pub use document::document;
pub use page::page;

/// Where the interface stands unless it is configured otherwise.
const BASE_PATH: &str = "/suv/v1";

/// The description as the file `openapi.json` holds it: indented, with a line break at the end.
#[must_use]
pub fn text() -> String {
    format!("{:#}\n", document(BASE_PATH))
}
