//! Values that stand for "nothing": `n/a`, `unknown`, `Test Customer`, `XAXX010101000`.
//!
//! No list is complete, and real people are called Null, Test and Guest: whoever drops a value takes
//! the whole value, never a token, and looks at how often the file itself repeats it.

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::table;

/// Fields by the names of the table; a bit each.
const FIELDS: &[(&str, u16)] = &[
    ("any", 1),
    ("person_name", 2),
    ("address", 4),
    ("city", 8),
    ("company", 16),
    ("postcode", 32),
    ("date", 64),
    ("tax_id", 128),
];
const ANY: u16 = 1;
/// Also a name that people bear: needs a second sign.
const RISKY: u16 = 256;
/// No value of the table is longer.
const LENGTH_MAX: usize = 64;

struct Values {
    bits: FxHashMap<Cow<'static, str>, u16>,
    /// By [`shape`]: bits of the lengths that values of it have. Few names pass, and hashing costs.
    lengths: [u64; 256],
}

static VALUES: LazyLock<Values> = LazyLock::new(load);

pub(super) const TABLE: &str = include_str!("../../data/reference/placeholder_values.csv");

fn bit(field: &str) -> u16 {
    FIELDS.iter().find(|(name, _)| *name == field).map_or(0, |(_, bit)| *bit)
}

/// A number of the first and the last byte of a lower-case text, and a bit of its length.
fn shape(lower: impl DoubleEndedIterator<Item = u8> + ExactSizeIterator) -> (usize, u64) {
    let mut lower = lower;
    let length = lower.len().min(63);
    let first = lower.next().unwrap_or(0);
    let last = lower.next_back().unwrap_or(first);
    (usize::from(first.wrapping_mul(31) ^ last), 1 << length)
}

fn load() -> Values {
    let mut values: FxHashMap<Cow<'static, str>, u16> = FxHashMap::default();
    for [field, matching, value, action, ..] in table::rows::<5>(TABLE) {
        let bit = match (matching.as_ref(), action.as_ref()) {
            ("exact_ci", _) | ("equals", "placeholder") if field != "email" => bit(&field),
            ("token", "risky_token") => RISKY,
            _ => continue,
        };
        let value = if value.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
            value
        } else {
            value.to_lowercase().into()
        };
        *values.entry(value).or_insert(0) |= bit;
    }
    let mut lengths = [0; 256];
    for value in values.keys() {
        let (at, length) = shape(value.bytes());
        lengths[at] |= length;
    }
    Values { bits: values, lengths }
}

fn bits(value: &str) -> u16 {
    if value.is_empty() || value.len() > LENGTH_MAX {
        return 0;
    }
    let values = &*VALUES;
    if value.is_ascii() {
        let (at, length) = shape(value.bytes().map(|byte| byte.to_ascii_lowercase()));
        if values.lengths[at] & length == 0 {
            return 0;
        }
        let mut buffer = [0; LENGTH_MAX];
        let lower = &mut buffer[..value.len()];
        lower.copy_from_slice(value.as_bytes());
        lower.make_ascii_lowercase();
        let lower = std::str::from_utf8(lower).unwrap_or("");
        values.bits.get(lower).copied().unwrap_or(0)
    } else {
        values.bits.get(value.to_lowercase().as_str()).copied().unwrap_or(0)
    }
}

/// Whether a whole value of a field (`person_name`, `address`, `city`, `company`, `postcode`,
/// `date`, `tax_id`, or any other) says that there is none. Case and outer spaces do not matter.
/// O(length).
///
/// ```
/// use sameas::reference::placeholder::is_placeholder;
/// assert!(is_placeholder("city", " N/A ") && is_placeholder("person_name", "Test Customer"));
/// assert!(!is_placeholder("person_name", "Testa Customer"));
/// ```
pub fn is_placeholder(field: &str, value: &str) -> bool {
    let value = value.trim();
    let found = bits(value);
    if found & ANY != 0 {
        return true;
    }
    match field {
        "postcode" => found & bit(field) != 0 && invented_postcode(value),
        "person_name" => found & bit(field) != 0 || name_pattern(value),
        "tax_id" => found & bit(field) != 0 || number_pattern(value),
        _ => found & bit(field) != 0,
    }
}

/// Whether the value means "nothing" in any field (`n/a`, `null`, `-`, `unknown` in many languages).
pub fn is_missing(value: &str) -> bool {
    bits(value.trim()) & ANY != 0
}

/// Whether a whole name stands in the list of invented people.
pub(crate) fn is_listed_name(given: &str, family: &str) -> bool {
    let length = given.len() + 1 + family.len();
    if length > LENGTH_MAX {
        return false;
    }
    let mut whole = [b' '; LENGTH_MAX];
    whole[..given.len()].copy_from_slice(given.as_bytes());
    whole[given.len() + 1..length].copy_from_slice(family.as_bytes());
    std::str::from_utf8(&whole[..length])
        .is_ok_and(|whole| bits(whole) & (ANY | bit("person_name")) != 0)
}

/// Whether a placeholder is also borne by people as a name (`Null`, `Guest`, `House`).
pub(crate) fn is_risky(value: &str) -> bool {
    bits(value.trim()) & RISKY != 0
}

/// A date that systems write for "no date": `YYYY-MM-DD`.
pub(crate) fn is_default_date(iso: &str) -> bool {
    bits(iso) & bit("date") != 0
}

/// 12345, 90210 and SW1A 1AA are listed, and real.
fn invented_postcode(value: &str) -> bool {
    let mut digits = value.bytes().filter(u8::is_ascii_digit);
    let first = digits.next();
    let digits_only = value.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    (digits_only && matches!(first, Some(b'0' | b'9')) && digits.all(|d| Some(d) == first))
        || ["zz99", "xx1", "aa1"].iter().any(|start| {
            value.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
        })
}

fn name_pattern(value: &str) -> bool {
    let wrapped = |open: char, close: char| {
        value.len() > 1 && value.starts_with(open) && value.ends_with(close)
    };
    if value.is_empty() {
        return false;
    }
    let among = |word: &str, words: &[&str]| words.iter().any(|one| one.eq_ignore_ascii_case(word));
    let is_invented = |word: &str| {
        (3..=6).contains(&word.len())
            && among(word, &["test", "demo", "dummy", "fake", "sample", "asdf", "qwer", "xxx"])
    };
    // Most names are one word of plain letters, which most of what follows cannot be true of.
    if value.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        let mut pairs = value.as_bytes().windows(2);
        let same = value.len() > 2 && pairs.all(|pair| pair[0].eq_ignore_ascii_case(&pair[1]));
        return same || is_invented(value);
    }
    let starred = value.as_bytes().windows(2).any(|pair| pair == b"**");
    if !value.chars().any(char::is_alphabetic) || starred {
        return true;
    }
    if wrapped('[', ']') || wrapped('<', '>') || wrapped('{', '}') || wrapped('%', '%') {
        return true;
    }
    let mut chars = value.chars().flat_map(char::to_lowercase);
    if let Some(first) = chars.next()
        && chars.all(|c| c == first)
        && value.chars().nth(2).is_some()
    {
        return true;
    }
    // `test 12`, `customer #345`: a word and a number.
    let word = value.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = word.len() < value.len();
    let word = word.trim_end_matches([' ', '.', '_', '-', '#']);
    is_invented(word)
        || numbered && among(word, &["customer", "client", "user", "guest", "kunde", "cliente"])
}

fn number_pattern(value: &str) -> bool {
    let mut buffer = [0; LENGTH_MAX];
    let mut length = 0;
    for byte in value.bytes().filter(u8::is_ascii_alphanumeric).take(LENGTH_MAX) {
        buffer[length] = byte.to_ascii_uppercase();
        length += 1;
    }
    let all = &buffer[..length];
    if all == b"NA" || all == b"CF" {
        return true;
    }
    // A country's prefix, or a Spanish class letter, may stand before it.
    let digits = &all[all.iter().take_while(|b| b.is_ascii_alphabetic()).count().min(3)..];
    if digits.len() < 5 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let same = digits.iter().all(|d| *d == digits[0]);
    let all_but_last_zero =
        digits.len() >= 8 && digits[..digits.len() - 1].iter().all(|d| *d == b'0');
    same || all_but_last_zero
        || digits.starts_with(b"123456789")
        || digits.starts_with(b"987654321")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_only() {
        for (field, value, want) in [
            ("any", "", false),
            ("email", "none", true),
            ("city", "UNKNOWN", true),
            ("city", "Anytown", true),
            ("city", "Unknown Falls", false),
            ("company", "privat", true),
            ("company", "Private Label Ltd", false),
            ("person_name", "***", true),
            ("person_name", "J*** M**", true),
            ("person_name", "aaaa", true),
            ("person_name", "Customer #123", true),
            ("person_name", "test2", true),
            ("person_name", "Bob", false),
            ("person_name", "{{first_name}}", true),
            ("person_name", "неизвестно", true),
            ("person_name", "Al", false),
            ("postcode", "12345", false),
            ("postcode", "00000", true),
            ("postcode", "ZZ99 3VZ", true),
            ("tax_id", "XAXX010101000", true),
            ("tax_id", "xexx-010101-000", false),
            ("tax_id", "ES A00000000", true),
            ("tax_id", "DE 123456789", true),
            ("tax_id", "11111", true),
            ("tax_id", "DE129273398", false),
        ] {
            assert_eq!(is_placeholder(field, value), want, "{field} {value}");
        }
        assert!(is_risky("Guest") && !is_risky("Gustav"));
        assert!(is_default_date("1900-01-01") && !is_default_date("1980-01-01"));
    }
}
