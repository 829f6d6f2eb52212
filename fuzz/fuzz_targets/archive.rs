//! `cargo fuzz run archive fuzz/corpus/archive tests/corpus/archive`
#![no_main]

#[path = "../../tests/it/fuzz_checks.rs"]
#[allow(dead_code, reason = "each target runs one of the checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::archive(bytes));
