//! The seeds of the fuzz targets, and short random inputs, as an ordinary test.

use std::path::Path;

use proptest::prelude::*;

use crate::fuzz_checks::{archive, clean, map, model, read, results, settings, value, vcard};

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target);
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

#[test]
fn seeds_of_the_readers_and_what_is_left_of_them() {
    for seed in seeds("read") {
        for end in 0..=seed.len() {
            read(&seed[..end]);
        }
        for at in 0..seed.len() {
            let mut changed = seed.clone();
            changed[at] ^= 0x40;
            read(&changed);
        }
    }
}

#[test]
fn seeds_of_the_normalisers() {
    for seed in seeds("normalize") {
        let text = String::from_utf8(seed).unwrap();
        clean(&text);
        text.lines().for_each(clean);
    }
}

/// Whole seeds, cut ones, and ones with a changed byte.
fn around(target: &str, check: impl Fn(&[u8])) {
    const PLACES: usize = 24;
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "tests/corpus/{target} holds seeds");
    for seed in seeds {
        check(&seed);
        for place in 0..PLACES {
            let at = seed.len() * place / PLACES;
            check(&seed[..at]);
            let mut changed = seed.clone();
            if let Some(byte) = changed.get_mut(at) {
                *byte ^= 0x11;
                check(&changed);
            }
        }
    }
}

#[test]
fn seeds_of_the_decoders_and_what_is_left_of_them() {
    around("read", map);
    around("vcard", |bytes| vcard(&String::from_utf8_lossy(bytes)));
    around("settings", |bytes| settings(&String::from_utf8_lossy(bytes)));
    around("model", model);
    around("value", value);
    around("archive", archive);
    around("results", results);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes);
    }

    #[test]
    fn anything_like_a_table_is_read_or_refused(text in "[a-c,;\"\n\r\t é{}\\[\\]:0-2]{0,80}") {
        read(text.as_bytes());
    }

    #[test]
    fn anything_like_a_card_is_read_or_refused(
        text in "((N|FN|TEL|EMAIL|ADR|ORG|BDAY|UID|BEGIN|END)[;:=,\\\\\"a-zVCARD0-9 +@.-]{0,24}\n?){0,6}",
    ) {
        vcard(&text);
    }

    #[test]
    fn any_text_is_cleaned_or_marked(text in any::<String>()) {
        clean(&text);
    }

    #[test]
    fn anything_like_a_value_is_cleaned(text in "[a-zA-Z0-9@.+,/#' \n()-]{0,60}") {
        clean(&text);
    }
}
