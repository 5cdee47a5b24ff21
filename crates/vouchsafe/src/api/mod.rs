//! The only public protocol: HTTP in, core values on, statuses in one table.

mod advices;
mod auth;
mod body;
mod crowd;
mod docs;
mod drain;
pub(crate) mod error;
mod health;
mod hearing;
mod joint;
mod lookups;
mod oauth;
mod patient;
mod requests;
mod reset;
mod router;
mod server;
mod shelves;
mod trace;
mod traffic;

pub use router::router;
pub use server::serve;
