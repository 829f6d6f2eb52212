//! Forms of ids, and ids made where a system gives none.

use sha2::{Digest, Sha256};

const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The last part of a global id or URL, without query: `gid://shop/Customer/12?x=y` → `12`.
pub(super) fn tail(text: &str) -> &str {
    let text = text.split('?').next().unwrap_or(text);
    text.rsplit('/').next().unwrap_or(text)
}

fn checksum(id: &[u8]) -> String {
    id.chunks(5)
        .map(|group| {
            let bits = group
                .iter()
                .enumerate()
                .fold(0, |bits, (at, c)| bits | usize::from(c.is_ascii_uppercase()) << at);
            CHECK[bits & 31] as char
        })
        .collect()
}

/// Completes a 15-character record id by its checksum; restores the case of an 18-character one
/// whose case was lost. Anything else stays as it is; the id of nothing (all zeros) becomes empty.
pub(super) fn case_checksum(id: &str) -> String {
    let bytes = id.as_bytes();
    if !bytes.iter().all(u8::is_ascii_alphanumeric) || ![15, 18].contains(&bytes.len()) {
        return id.to_owned();
    }
    if bytes[..15].iter().all(|c| *c == b'0') {
        return String::new();
    }
    if bytes.len() == 15 {
        return format!("{id}{}", checksum(bytes));
    }
    let mixed = |bytes: &[u8]| {
        bytes.iter().any(u8::is_ascii_lowercase) && bytes.iter().any(u8::is_ascii_uppercase)
    };
    if mixed(&bytes[..15]) {
        return id.to_owned();
    }
    let mut fixed = bytes[..15].to_vec();
    for (group, check) in bytes[15..].iter().enumerate() {
        let Some(bits) = CHECK.iter().position(|c| *c == check.to_ascii_uppercase()) else {
            return id.to_owned();
        };
        for (at, c) in fixed[group * 5..group * 5 + 5].iter_mut().enumerate() {
            *c = if bits >> at & 1 == 1 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        }
    }
    // A bit set for a digit: the checksum does not belong to this id.
    if checksum(&fixed) != id[15..].to_ascii_uppercase() {
        return id.to_owned();
    }
    let head = String::from_utf8(fixed).unwrap_or_else(|_| id[..15].to_owned());
    head + &id[15..].to_ascii_uppercase()
}

/// What stands before an id that was made.
const MADE: &str = "made-";

/// An id made from content: 16 hex digits of SHA-256, so that no personal value stands in an id.
pub(super) fn made_id<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest = hash.finalize();
    let mut out = String::with_capacity(21);
    out.push_str(MADE);
    for byte in digest.iter().take(8) {
        use std::fmt::Write as _;
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Whether an id was made from the row's content: its system does not know it.
pub fn is_made_id(id: &str) -> bool {
    let hex = |digits: &str| digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    id.strip_prefix(MADE).is_some_and(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_completed_and_repaired() {
        for (short, long) in [
            ("003XX0000012abC", "003XX0000012abCYAQ"),
            ("00QXX000001xYzA", "00QXX000001xYzA2AU"),
            ("001XX000003aBcD", "001XX000003aBcDYAU"),
        ] {
            assert_eq!(case_checksum(short), long);
            assert_eq!(case_checksum(long), long);
            assert_eq!(case_checksum(&long.to_lowercase()), long);
            assert_eq!(case_checksum(&long.to_uppercase()), long);
        }
        assert_eq!(case_checksum("000000000000000AAA"), "");
        assert_eq!(case_checksum("000000000000000"), "");
        assert_eq!(case_checksum("12345"), "12345");
        // Not destroyed, only not the checksum that we know of.
        assert_eq!(case_checksum("003XX0000012abCYAA"), "003XX0000012abCYAA");
    }

    #[test]
    fn made_ids_are_told_from_others() {
        assert!(is_made_id(&made_id(["a", "b"].into_iter())));
        assert!(!is_made_id("made-up"));
        assert!(!is_made_id("7210440000001"));
    }

    #[test]
    fn tails() {
        assert_eq!(tail("gid://shopify/MailingAddress/2?model_name=CustomerAddress"), "2");
        assert_eq!(tail("12"), "12");
    }
}
