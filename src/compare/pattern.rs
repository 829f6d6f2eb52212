//! How a person's names make up the local part of their mail address. Two people called John Brown
//! both write `johnb67@` and `john.brown@`: that such addresses look alike is no evidence beyond
//! the names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::reference::names::nickname_link;

/// A pattern in sixteen bits: up to three parts of three bits (first part lowest), then the
/// separators between them, two bits each. 0: the names do not make up the local part.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Pattern(pub u16);

/// Parts of a pattern.
const GIVEN: u16 = 1;
const FAMILY: u16 = 2;
const GIVEN_INITIAL: u16 = 3;
const FAMILY_INITIAL: u16 = 4;
const NICKNAME: u16 = 5;
const MIDDLE_INITIAL: u16 = 6;

impl Pattern {
    fn new(parts: &[u16], separators: &[u16]) -> Self {
        let mut code = 0;
        for (at, part) in parts.iter().enumerate() {
            code |= part << (3 * at);
        }
        for (at, separator) in separators.iter().enumerate() {
            code |= separator << (9 + 2 * at);
        }
        Self(code)
    }

    fn parts(self) -> impl Iterator<Item = u16> {
        (0..3).map(move |at| (self.0 >> (3 * at)) & 7).filter(|part| *part != 0)
    }

    /// Whether the names make up the local part.
    pub fn derived(self) -> bool {
        self.0 != 0
    }

    /// Whether it holds the whole given name or a form of it.
    pub fn given(self) -> bool {
        self.parts().any(|part| part == GIVEN || part == NICKNAME)
    }

    /// Whether it holds the whole family name.
    pub fn family(self) -> bool {
        self.parts().any(|part| part == FAMILY)
    }

    /// Whether it holds the initial of the given name.
    pub fn given_initial(self) -> bool {
        self.parts().any(|part| part == GIVEN_INITIAL)
    }

    /// Whether it holds the initial of the family name.
    pub fn family_initial(self) -> bool {
        self.parts().any(|part| part == FAMILY_INITIAL)
    }

    /// In words: `given.family`, `g+family` …
    pub fn describe(self) -> String {
        let mut out = String::new();
        for (at, part) in self.parts().enumerate() {
            if at > 0 {
                out.push(['+', '.', '_', '-'][((self.0 >> (9 + 2 * (at - 1))) & 3) as usize]);
            }
            out.push_str(match part {
                GIVEN => "given",
                FAMILY => "family",
                GIVEN_INITIAL => "g",
                FAMILY_INITIAL => "f",
                NICKNAME => "nickname",
                _ => "m",
            });
        }
        if out.is_empty() { "free".to_owned() } else { out }
    }
}

/// Letter runs of a local part with the separator before each: digits dropped, up to four.
pub(crate) struct Segments<'a> {
    local: &'a str,
    spans: [(u8, u8, u8); 4],
    len: usize,
}

impl<'a> Segments<'a> {
    /// Splits `john.brown67` into `john`, `brown`. Digits inside a run split nothing: they end it,
    /// and letters after them begin a new run without separator. `None` if there are more than four.
    pub(crate) fn new(local: &'a str) -> Option<Self> {
        if local.len() > 64 {
            return None;
        }
        let mut out = Self { local, spans: [(0, 0, 0); 4], len: 0 };
        let (mut start, mut separator) = (None, 0_u8);
        for (at, byte) in local.bytes().chain([b'.']).enumerate() {
            if byte.is_ascii_lowercase() {
                start.get_or_insert(at);
                continue;
            }
            if let Some(from) = start.take() {
                if out.len == 4 {
                    return None;
                }
                out.spans[out.len] = (from as u8, at as u8, separator);
                out.len += 1;
                separator = 0;
            }
            separator = match byte {
                b'.' => 1,
                b'_' => 2,
                b'-' => 3,
                _ => separator,
            };
        }
        Some(out)
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, at: usize) -> &'a str {
        let (from, to, _) = self.spans[at];
        &self.local[from as usize..to as usize]
    }

    fn separator(&self, at: usize) -> u16 {
        u16::from(self.spans[at].2)
    }
}

fn is_form_of(segment: &str, given: &str) -> bool {
    segment.len() >= 2 && nickname_link(segment, given).is_some()
}

/// Reads how `given` and `family` (folded, without spaces) make up a local part, also where one of
/// them is written otherwise there: Krüger's mailbox is `krueger@`, Сергей's `sergey@`.
pub(crate) fn derive(local: &str, given: &str, middle: &str, family: &str) -> Pattern {
    if given.is_empty() && family.is_empty() {
        return Pattern::default();
    }
    let found = made_of(local, given, middle, family);
    if found.derived() {
        return found;
    }
    let [local, given, middle, family] = [local, given, middle, family].map(plain);
    made_of(&local, &given, &middle, &family)
}

/// A text without what transliterations of one name differ by: ä is ae or a, ø oe or o, й y, i or j,
/// в v or w, ц ts or c, х kh or h; doubled letters count once.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let (one, skip) = match (bytes[at], bytes.get(at + 1)) {
            (vowel @ (b'a' | b'o' | b'u'), Some(b'e')) => (vowel, 2),
            (b't', Some(b's' | b'z')) => (b'c', 2),
            (b'k', Some(b'h')) => (b'h', 2),
            (b'y' | b'j', _) => (b'i', 1),
            (b'w', _) => (b'v', 1),
            (other, _) => (other, 1),
        };
        if !(one.is_ascii_lowercase() && out.as_bytes().last() == Some(&one)) {
            out.push(char::from(one));
        }
        at += skip;
    }
    out
}

/// Reads how names make up a local part as they are written.
fn made_of(local: &str, given: &str, middle: &str, family: &str) -> Pattern {
    let none = Pattern::default();
    let Some(segments) = Segments::new(local) else { return none };
    match segments.len() {
        0 => none,
        1 => joined(segments.get(0), given, middle, family),
        len if len <= 3 => {
            let mut parts = [0; 3];
            for (at, slot) in parts.iter_mut().enumerate().take(len) {
                match part(segments.get(at), given, middle, family) {
                    0 => return none,
                    found => *slot = found,
                }
            }
            let separators: Vec<u16> = (1..len).map(|at| segments.separator(at)).collect();
            Pattern::new(&parts[..len], &separators)
        }
        _ => none,
    }
}

fn part(segment: &str, given: &str, middle: &str, family: &str) -> u16 {
    if segment == family {
        FAMILY
    } else if segment == given {
        GIVEN
    } else if segment.len() == 1 {
        let initial = |name: &str| name.starts_with(segment);
        if initial(given) {
            GIVEN_INITIAL
        } else if initial(family) {
            FAMILY_INITIAL
        } else if initial(middle) {
            MIDDLE_INITIAL
        } else {
            0
        }
    } else if !given.is_empty() && is_form_of(segment, given) {
        NICKNAME
    } else {
        0
    }
}

fn joined(text: &str, given: &str, middle: &str, family: &str) -> Pattern {
    let whole = part(text, given, middle, family);
    if whole != 0 && text.len() > 1 {
        return Pattern::new(&[whole], &[]);
    }
    // A full family name at either end, the rest is a form of the given name or its initial.
    if family.len() >= 2 {
        for (rest, first) in [(text.strip_suffix(family), true), (text.strip_prefix(family), false)]
        {
            let Some(rest) = rest.filter(|rest| !rest.is_empty()) else { continue };
            let with = part(rest, given, middle, "");
            if with != 0 {
                let parts = if first { [with, FAMILY] } else { [FAMILY, with] };
                return Pattern::new(&parts, &[0]);
            }
        }
    }
    if given.len() >= 2 {
        for (rest, first) in [(text.strip_prefix(given), true), (text.strip_suffix(given), false)] {
            let Some(rest) = rest.filter(|rest| rest.len() == 1) else { continue };
            if family.starts_with(rest) {
                let parts = if first { [GIVEN, FAMILY_INITIAL] } else { [FAMILY_INITIAL, GIVEN] };
                return Pattern::new(&parts, &[0]);
            }
        }
    }
    // A nickname and the family's initial: `suzym`.
    if text.len() >= 3
        && let Some(rest) = text.get(..text.len() - 1)
        && family.starts_with(&text[text.len() - 1..])
        && !given.is_empty()
        && is_form_of(rest, given)
    {
        return Pattern::new(&[NICKNAME, FAMILY_INITIAL], &[0]);
    }
    if text.len() == 2 && given.starts_with(&text[..1]) && family.starts_with(&text[1..]) {
        return Pattern::new(&[GIVEN_INITIAL, FAMILY_INITIAL], &[0]);
    }
    Pattern::default()
}

/// How often each pattern occurs among addresses whose owner has both names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatternShares {
    /// Addresses a pattern.
    pub counts: BTreeMap<Pattern, u32>,
    /// Addresses in all.
    pub total: u32,
}

impl PatternShares {
    /// Share of a pattern, at least half an address's.
    pub fn share(&self, pattern: Pattern) -> f64 {
        let count = self.counts.get(&pattern).copied().unwrap_or(0);
        f64::from(count).max(0.5) / f64::from(self.total.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_parts_are_read_by_their_owners_names() {
        for (local, given, family, want) in [
            ("john.brown67", "john", "brown", "given.family"),
            ("johnbrown", "john", "brown", "given+family"),
            ("brown_john", "john", "brown", "family_given"),
            ("jbrown12", "john", "brown", "g+family"),
            ("johnb67", "john", "brown", "given+f"),
            ("j.brown", "john", "brown", "g.family"),
            ("brownj", "john", "brown", "family+g"),
            ("john", "john", "brown", "given"),
            ("brown", "john", "brown", "family"),
            ("sunshine99", "john", "brown", "free"),
            ("john.smith", "john", "brown", "free"),
            ("4711", "john", "brown", "free"),
            ("john", "", "", "free"),
            ("stefan.mueller", "stefan", "muller", "given.family"),
            ("soerensen.jens", "jens", "sorensen", "family.given"),
            ("sergey.kuznetsov", "sergei", "kuznecov", "given.family"),
            ("jkrueger7", "julia", "kruger", "g+family"),
        ] {
            assert_eq!(derive(local, given, "", family).describe(), want, "{local}");
        }
    }
}
