//! The only public protocol: HTTP in, core values on, statuses in one table.

mod auth;
mod body;
mod crowd;
mod docs;
mod drain;
mod error;
mod health;
mod oauth;
mod products;
mod router;
mod server;
mod trace;
mod unserved;
mod vouchers;

pub use router::router;
pub use server::serve;
