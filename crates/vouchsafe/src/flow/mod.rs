//! What the switch does, one file for each operation: the only place where store and provider meet.

mod late;
mod provision;
mod record;
mod refusal;
mod translation;

pub use provision::provision;
pub use refusal::Refusal;
