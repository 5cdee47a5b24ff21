//! What is fuzzed: a function of bytes for everything that strangers can send or write. See `docs/reliability.md`.

pub mod targets;
