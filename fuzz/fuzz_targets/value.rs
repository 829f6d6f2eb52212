//! `cargo fuzz run value fuzz/corpus/value tests/corpus/value`
#![no_main]

#[path = "../../tests/it/fuzz_checks.rs"]
#[allow(dead_code, reason = "each target runs one of the checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::value(bytes));
