//! `cargo fuzz run vcard fuzz/corpus/vcard tests/corpus/vcard`
#![no_main]

#[path = "../../tests/it/fuzz_checks.rs"]
#[allow(dead_code, reason = "each target runs one of the checks")]
mod checks;

libfuzzer_sys::fuzz_target!(|text: &str| checks::vcard(text));
