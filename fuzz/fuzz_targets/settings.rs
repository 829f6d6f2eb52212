//! `cargo fuzz run settings fuzz/corpus/settings tests/corpus/settings`
#![no_main]

#[path = "../../tests/it/fuzz_checks.rs"]
#[allow(dead_code, reason = "each target runs one of the checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|text: &str| checks::settings(text));
