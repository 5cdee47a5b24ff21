#![no_main]
#![allow(missing_docs, reason = "what it does is told in targets.rs")]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vouchsafe_fuzz::targets::credentials(bytes));
