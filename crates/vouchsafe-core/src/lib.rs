//! The rules of a voucher switch.
//!
//! Everything here is a value or a pure, total function of values: no I/O, no clock, no randomness, no
//! JSON. Whoever holds a value of these types holds a valid one; whoever wants a decision passes in all
//! it depends on. The service, the store and the providers are built around this crate and not the
//! other way round.

pub mod advice;
pub mod catalogue;
pub mod circuit;
pub mod error_detail;
pub mod id;
pub mod message;
pub mod money;
pub mod outcome;
pub mod party;
pub mod planted;
pub mod product;
pub mod rate;
pub mod route;
pub mod secret;
pub mod sheet;
pub mod slip;
pub mod text;
pub mod transaction;
pub mod turns;
mod vocabulary;
pub mod voucher;
