//! How names relate and how common they are. Tokens are folded (see [`fold`](crate::reference::fold())).
//!
//! Only direct pairs of the tables count: two short forms of one full name are no evidence
//! (measured likelihood ratio 1), so nothing is ever chained through a third name.

use super::frozen::{Frozen, text_of, u32_at};

/// How two different given names are linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NameLink {
    /// Forms of one name in different languages (Juan, John): weak.
    CrossLanguage,
    /// One name and its short form, named by so many sources; two or more are much stronger.
    Nickname {
        /// How many of the merged lists hold the pair.
        sources: u8,
    },
    /// Spellings of one name (Catherine, Katherine; of family names Meyer, Maier).
    Spelling,
}

/// People by given name: a number; then a byte, whose it is: 1 a woman's, 2 a man's, 0 if that is not
/// clear.
static GIVEN: Frozen = Frozen::new(include_bytes!(concat!(env!("OUT_DIR"), "/given.bin")));
/// People by family name: a number; then a byte, one where people bear two family names.
static SURNAMES: Frozen = Frozen::new(include_bytes!(concat!(env!("OUT_DIR"), "/surnames.bin")));
/// Formal names by short form: each its length and its bytes.
static FORMAL: Frozen = Frozen::new(include_bytes!(concat!(env!("OUT_DIR"), "/formal.bin")));
/// By name its number, u16, and its links, ascending: the number of the other, u16, and
/// [`NameLink`] as [`link_of`] reads it.
static LINKS: Frozen = Frozen::new(include_bytes!(concat!(env!("OUT_DIR"), "/links.bin")));

/// The direct link between two folded given names (or two spellings of a family name), if the
/// tables hold one. Symmetric; `None` for equal names. O(log of the links of one).
///
/// ```
/// use sameas::reference::names::{NameLink, nickname_link};
/// assert!(matches!(nickname_link("bob", "robert"), Some(NameLink::Nickname { sources: 2.. })));
/// assert_eq!(nickname_link("dick", "ricardo"), None); // only over Richard: not a link
/// ```
pub fn nickname_link(a: &str, b: &str) -> Option<NameLink> {
    let (_, links) = LINKS.get(a)?.split_first_chunk::<2>()?;
    let (other, _) = LINKS.get(b)?.split_first_chunk::<2>()?;
    let (links, _) = links.as_chunks::<3>();
    let at = links.binary_search_by_key(&u16::from_le_bytes(*other), |[low, high, _]| {
        u16::from_le_bytes([*low, *high])
    });
    at.ok().map(|at| link_of(links[at][2]))
}

/// A link as it is written in [`LINKS`].
fn link_of(code: u8) -> NameLink {
    match code {
        0 => NameLink::CrossLanguage,
        u8::MAX => NameLink::Spelling,
        sources => NameLink::Nickname { sources },
    }
}

/// The formal names that a folded token is a short form of, the best documented and commonest
/// first, at most twelve, without the token itself. For blocking keys.
pub fn formal_names(token: &str) -> impl Iterator<Item = &'static str> {
    let mut rest = FORMAL.get(token).unwrap_or_default();
    std::iter::from_fn(move || {
        let (length, names) = rest.split_first()?;
        let (name, others) = names.split_at_checked(usize::from(*length))?;
        rest = others;
        Some(text_of(name))
    })
}

/// People of the US census of 2020 with this given name, plus a small pseudo-count for each country
/// where it is popular; 0 if unknown.
pub fn given_count(token: &str) -> u32 {
    GIVEN.get(token).map_or(0, |value| u32_at(value, 0))
}

/// Whether two folded given names are of opposite sexes: each borne by one alone, as far as the
/// tables know.
///
/// ```
/// use sameas::reference::names::of_opposite_sexes;
/// assert!(of_opposite_sexes("mario", "maria") && of_opposite_sexes("erica", "eric"));
/// // Andrea is a man's name in Italy; nobody has heard of Marjo.
/// assert!(!of_opposite_sexes("andreas", "andrea") && !of_opposite_sexes("mario", "marjo"));
/// ```
pub fn of_opposite_sexes(a: &str, b: &str) -> bool {
    let sex = |name| GIVEN.get(name).map_or(0, |value| value[4]);
    sex(a) | sex(b) == 3 && sex(a) != 3
}

/// People of the US census of 2020 with this family name (written without spaces: `delacruz`), plus
/// a small pseudo-count for each country where it is popular; 0 if unknown.
pub fn surname_count(token: &str) -> u32 {
    SURNAMES.get(token).map_or(0, |value| u32_at(value, 0))
}

/// Whether any table knows the token as a given name or a short form of one.
pub fn is_given(token: &str) -> bool {
    given_count(token) > 0 || LINKS.get(token).is_some()
}

/// Whether any table knows the token as a family name.
pub fn is_surname(token: &str) -> bool {
    surname_count(token) > 0
}

/// Whether the family name is common where people bear two (Spain, Portugal, the Americas).
pub(crate) fn is_two_surname_name(token: &str) -> bool {
    SURNAMES.get(token).is_some_and(|value| value[4] == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::name_lists::nicknames;

    #[test]
    fn links_are_direct_symmetric_and_graded() {
        for (a, b, want) in [
            ("bob", "robert", true),
            ("bill", "william", true),
            ("beth", "elizabeth", true),
            ("sepp", "josef", true),
            ("pepe", "jose", true),
            ("dick", "ricardo", false),
            ("robert", "robert", false),
            ("", "robert", false),
            ("smith", "jones", false),
        ] {
            let link = nickname_link(a, b);
            assert_eq!(link.is_some(), want, "{a} {b}");
            assert_eq!(link, nickname_link(b, a), "{a} {b}");
        }
        assert!(matches!(
            nickname_link("bob", "robert"),
            Some(NameLink::Nickname { sources: 2.. })
        ));
        assert_eq!(nickname_link("juan", "giovanni"), Some(NameLink::CrossLanguage));
        assert_eq!(nickname_link("meyer", "maier"), Some(NameLink::Spelling));
    }

    #[test]
    fn formal_names_are_short_sorted_and_without_the_token() {
        let of = |token| formal_names(token).collect::<Vec<_>>();
        assert_eq!(of("bob").first().copied(), Some("robert"));
        assert!(of("chris").contains(&"christopher"));
        assert!(of("zzzz").is_empty());
        for (_, token, _) in nicknames() {
            let names = of(token);
            assert!(names.len() <= 12 && !names.contains(&token), "{token}");
        }
    }

    #[test]
    fn counts_know_common_names() {
        assert!(given_count("michael") > 3_000_000);
        assert!(surname_count("smith") > 2_000_000);
        assert!(given_count("hans") > 0 && surname_count("muller") > 0);
        assert!(is_given("giovanni") && is_surname("ivanov") && !is_surname("qqqq"));
        assert!(is_two_surname_name("garcia") && !is_two_surname_name("smith"));
    }
}
