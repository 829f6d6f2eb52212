//! Stand-in until the country table is merged.

/// ISO alpha-2 of a country given by its code.
pub fn country_code(text: &str) -> Option<[u8; 2]> {
    match text.trim().as_bytes() {
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            Some([a.to_ascii_uppercase(), b.to_ascii_uppercase()])
        }
        _ => None,
    }
}
