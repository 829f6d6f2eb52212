//! Typed access to the tables of `data/`, compiled in; parsed once, at first use.

/// Folds a text for comparison: NFKD, marks stripped, ß→ss ø→o ł→l đ→d ı→i, other scripts
/// transliterated, lower case, apostrophes removed; everything but letters and digits becomes one
/// space; trimmed.
pub fn fold(_text: &str) -> String {
    todo!()
}
