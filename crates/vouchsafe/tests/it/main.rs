//! The integration tests: one binary, callers as types, real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod bad_input;
mod durable;
mod hang_up;
mod identity;
mod magic;
mod openapi;
mod outcomes;
mod provision;
mod restart;
mod tidy;
mod world;
