//! What the switch does, one file for each operation: the only place where store and provider meet.

mod ask;
mod late;
mod plan;
mod products;
mod provision;
pub(crate) mod record;
mod refusal;
mod retry;
mod reverse;
mod seen;
pub(crate) mod translation;

pub use products::{Products, products};
pub use provision::provision;
pub use refusal::{Refusal, ReversalRefusal};
pub use retry::retry;
pub use reverse::reverse;
pub use seen::is_seen;
