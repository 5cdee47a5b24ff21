//! The integration tests: one binary, callers as types, real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod auditing;
mod back_office;
mod bad_input;
mod channels;
mod commands;
mod connections;
mod crash;
mod crowding;
mod durable;
mod early;
mod every_error;
mod finalising;
mod forwarding;
mod fuzzed;
mod hang_up;
mod identity;
mod integrity;
mod limits;
mod log;
mod lookup;
mod magic;
mod metrics;
mod nine_flows;
mod oauth;
mod openapi;
mod others_vouchers;
mod outcomes;
mod products;
mod provision;
mod readme;
mod recovery;
mod restart;
mod retention;
mod retrying;
mod routing;
mod rules;
mod sheets;
mod strangers;
mod tidy;
mod tls;
mod trouble;
mod unreliable;
mod voucher_order;
mod world;
