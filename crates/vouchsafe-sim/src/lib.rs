//! The switch in trouble: the real flows, forward and recover on virtual time, a seed at a time.
//!
//! [`simulate`] lives through one seed: several nodes over one store, channels, and a provider for each shipped sheet,
//! all in one thread, with faults of every kind; then everything heals, and must come to rest. [`breaches`] judges what
//! the channels, the store and the providers have on record. The same seed gives the same records, to the byte.

mod assortment;
pub mod audit;
mod counter;
mod customer;
mod day;
mod draw;
pub mod ledger;
mod message;
pub mod model_store;
mod node;
mod outside;
pub mod records;
pub mod trouble;
mod unsteady_store;
mod world;

pub use audit::{Breach, breaches};
pub use day::simulate;
