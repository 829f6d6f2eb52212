//! `cargo fuzz run results fuzz/corpus/results tests/corpus/results`
#![no_main]

#[path = "../../tests/it/fuzz_checks.rs"]
#[allow(dead_code, reason = "each target runs one of the checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| checks::results(bytes));
