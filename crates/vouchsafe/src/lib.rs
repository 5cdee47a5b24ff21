//! The service: a digital-voucher switch between the channels that sell vouchers and the providers that
//! issue them. ARCHITECTURE.md at the root of the repository is the map; `flow::transact` is the function
//! to read first.

pub mod access;
pub mod api;
pub mod app;
pub mod audit;
pub mod clock;
pub mod command;
pub mod config;
pub mod desk;
pub mod flow;
pub mod forward;
pub mod live_catalogue;
pub mod live_file;
pub mod metrics;
pub mod openapi;
mod planted;
pub mod recover;
pub mod retention;
mod story;
pub mod telemetry;
pub mod tls;
mod unending;
pub mod watchers;
