//! How names relate and how common they are. Tokens are folded (see [`fold`]).
//!
//! Only direct pairs of the tables count: two short forms of one full name are no evidence
//! (measured likelihood ratio 1), so nothing is ever chained through a third name.

use std::cmp::Reverse;
use std::sync::LazyLock;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{fold, table};

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

/// Most formal names that [`formal_names`] gives for a token: a blocking key is written for each.
const FORMAL_NAMES_MAX: usize = 12;

/// People that a name popular somewhere outside the US is counted as, per country that lists it.
const POPULAR_PSEUDO_COUNT: u32 = 2_000;

struct Links {
    ids: FxHashMap<&'static str, u32>,
    pairs: FxHashMap<(u32, u32), NameLink>,
    formal: FxHashMap<u32, Box<[&'static str]>>,
}

struct Counts {
    given: FxHashMap<&'static str, u32>,
    surname: FxHashMap<&'static str, u32>,
    /// Family names of countries where a person bears two of them.
    two_surnames: FxHashSet<&'static str>,
}

static LINKS: LazyLock<Links> = LazyLock::new(load_links);
static COUNTS: LazyLock<Counts> = LazyLock::new(load_counts);

/// The direct link between two folded given names (or two spellings of a family name), if the
/// tables hold one. Symmetric; `None` for equal names. O(1).
///
/// ```
/// use sameas::reference::names::{NameLink, nickname_link};
/// assert!(matches!(nickname_link("bob", "robert"), Some(NameLink::Nickname { sources: 2.. })));
/// assert_eq!(nickname_link("dick", "ricardo"), None); // only over Richard: not a link
/// ```
pub fn nickname_link(a: &str, b: &str) -> Option<NameLink> {
    let a = *LINKS.ids.get(a)?;
    let b = *LINKS.ids.get(b)?;
    LINKS.pairs.get(&(a.min(b), a.max(b))).copied()
}

/// The formal names that a folded token is a short form of, the best documented and commonest
/// first, at most twelve, without the token itself. For blocking keys.
pub fn formal_names(token: &str) -> &'static [&'static str] {
    LINKS.ids.get(token).and_then(|id| LINKS.formal.get(id)).map_or(&[], |names| names)
}

/// People of the US census of 2020 with this given name, plus a small pseudo-count for each country
/// where it is popular; 0 if unknown.
pub fn given_count(token: &str) -> u32 {
    COUNTS.given.get(token).copied().unwrap_or(0)
}

/// People of the US census of 2020 with this family name (written without spaces: `delacruz`), plus
/// a small pseudo-count for each country where it is popular; 0 if unknown.
pub fn surname_count(token: &str) -> u32 {
    COUNTS.surname.get(token).copied().unwrap_or(0)
}

/// Whether any table knows the token as a given name or a short form of one.
pub fn is_given(token: &str) -> bool {
    given_count(token) > 0 || LINKS.ids.contains_key(token)
}

/// Whether any table knows the token as a family name.
pub fn is_surname(token: &str) -> bool {
    surname_count(token) > 0
}

/// Whether the family name is common where people bear two (Spain, Portugal, the Americas).
pub(crate) fn is_two_surname_name(token: &str) -> bool {
    COUNTS.two_surnames.contains(token)
}

/// Folds a table's name. The few hundred names with accents are kept for the program's life, like
/// the tables themselves.
fn folded(name: &'static str) -> &'static str {
    if name.bytes().all(|b| b.is_ascii_lowercase()) { name } else { fold(name).leak() }
}

/// The same without inner spaces, as the census writes names.
fn joined(name: &'static str) -> &'static str {
    let name = folded(name);
    if name.contains(' ') { name.replace(' ', "").leak() } else { name }
}

fn load_links() -> Links {
    let mut links = Links {
        ids: FxHashMap::with_capacity_and_hasher(12_000, Default::default()),
        pairs: FxHashMap::with_capacity_and_hasher(28_000, Default::default()),
        formal: FxHashMap::with_capacity_and_hasher(7_000, Default::default()),
    };
    // Short form, sources, how common the formal name is, the name: sorted below into a list for
    // each short form.
    let mut formal: Vec<(u32, Reverse<u8>, Reverse<u32>, &'static str)> = Vec::new();
    for [name, nickname, _lang, sources, ..] in
        table::plain_rows::<5>(include_str!("../../data/reference/nicknames.csv"))
    {
        let sources = sources.parse().unwrap_or(1);
        let (name, nickname) = (folded(name), folded(nickname));
        let (a, b) = (links.id(name), links.id(nickname));
        links.link(a, b, NameLink::Nickname { sources });
        if a != b && !name.is_empty() && !nickname.is_empty() {
            formal.push((b, Reverse(sources), Reverse(given_count(name)), name));
        }
    }
    let mut groups: Vec<(&'static str, &'static str, u32)> = Vec::new();
    for [group, kind, _part, name] in
        table::plain_rows::<4>(include_str!("../../data/reference/name_equivalents.csv"))
    {
        let id = links.id(folded(name));
        groups.push((group, kind, id));
    }
    for group in groups.chunk_by(|a, b| a.0 == b.0) {
        for (at, (_, kind, a)) in group.iter().enumerate() {
            let link =
                if *kind == "spelling" { NameLink::Spelling } else { NameLink::CrossLanguage };
            for (_, _, b) in &group[at + 1..] {
                links.link(*a, *b, link);
            }
        }
    }
    formal.sort_unstable();
    for list in formal.chunk_by(|a, b| a.0 == b.0) {
        let mut names: Vec<&'static str> = Vec::new();
        for (.., name) in list {
            if names.len() < FORMAL_NAMES_MAX && !names.contains(name) {
                names.push(name);
            }
        }
        links.formal.insert(list[0].0, names.into());
    }
    links
}

impl Links {
    fn id(&mut self, name: &'static str) -> u32 {
        let next = self.ids.len() as u32;
        *self.ids.entry(name).or_insert(next)
    }

    /// Keeps the strongest link of a pair: two sources, spelling, one source, cross-language.
    fn link(&mut self, a: u32, b: u32, link: NameLink) {
        if a == b {
            return;
        }
        let rank = |link: NameLink| match link {
            NameLink::Nickname { sources: 2.. } => 3,
            NameLink::Spelling => 2,
            NameLink::Nickname { .. } => 1,
            NameLink::CrossLanguage => 0,
        };
        let old = self.pairs.entry((a.min(b), a.max(b))).or_insert(link);
        if (rank(link), link) > (rank(*old), *old) {
            *old = link;
        }
    }
}

fn load_counts() -> Counts {
    let mut counts = Counts {
        given: FxHashMap::with_capacity_and_hasher(24_000, Default::default()),
        surname: FxHashMap::with_capacity_and_hasher(24_000, Default::default()),
        two_surnames: FxHashSet::default(),
    };
    for [name, count] in
        table::plain_rows::<2>(include_str!("../../data/reference/us_given_names_2020.csv"))
    {
        counts.given.insert(name, count.parse().unwrap_or(0));
    }
    for [name, count] in
        table::plain_rows::<2>(include_str!("../../data/reference/us_surnames_2020.csv"))
    {
        counts.surname.insert(name, count.parse().unwrap_or(0));
    }
    // The tables list a name once a script and region; it counts once a country.
    let mut country_names = CountryNames::default();
    for [country, _gender, _group, name, romanized] in table::plain_rows::<5>(include_str!(
        "../../data/reference/popular_given_names_by_country.csv"
    )) {
        for name in [folded(romanized), folded(name)] {
            for token in name.split(' ').filter(|token| token.len() > 1) {
                if country_names.is_new(country, token) {
                    *counts.given.entry(token).or_insert(0) += POPULAR_PSEUDO_COUNT;
                }
            }
        }
    }
    for [country, _rank, _group, name, romanized] in
        table::plain_rows::<5>(include_str!("../../data/reference/popular_surnames_by_country.csv"))
    {
        for name in [joined(romanized), joined(name)] {
            if name.len() > 1 && country_names.is_new(country, name) {
                if TWO_SURNAME_COUNTRIES.contains(&country) {
                    counts.two_surnames.insert(name);
                }
                *counts.surname.entry(name).or_insert(0) += POPULAR_PSEUDO_COUNT;
            }
        }
    }
    counts
}

/// The names of the country that is being read: the tables stand in the order of countries.
#[derive(Default)]
struct CountryNames {
    country: &'static str,
    names: Vec<&'static str>,
}

impl CountryNames {
    fn is_new(&mut self, country: &'static str, name: &'static str) -> bool {
        if self.country != country {
            self.country = country;
            self.names.clear();
        }
        let new = !self.names.contains(&name);
        if new {
            self.names.push(name);
        }
        new
    }
}

const TWO_SURNAME_COUNTRIES: &[&str] = &[
    "AR", "BO", "BR", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GT", "HN", "MX", "NI", "PA", "PE",
    "PR", "PT", "PY", "SV", "UY", "VE",
];

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(formal_names("bob").first().copied(), Some("robert"));
        assert!(formal_names("chris").contains(&"christopher"));
        assert!(formal_names("zzzz").is_empty());
        for (token, id) in &LINKS.ids {
            let names = LINKS.formal.get(id).map_or(&[][..], |names| names);
            assert!(names.len() <= FORMAL_NAMES_MAX && !names.contains(token), "{token}");
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
