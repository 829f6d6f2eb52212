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
}

/// Formal names by short form.
type Formal = FxHashMap<&'static str, Box<[&'static str]>>;

/// People by name.
type Counts = FxHashMap<&'static str, u32>;

struct Surnames {
    counts: Counts,
    /// Family names of countries where a person bears two of them.
    two_surnames: FxHashSet<&'static str>,
}

static LINKS: LazyLock<Links> = LazyLock::new(read_links);
static FORMAL: LazyLock<Formal> = LazyLock::new(read_formal);
static GIVEN: LazyLock<Counts> = LazyLock::new(read_given);
static SURNAMES: LazyLock<Surnames> = LazyLock::new(read_surnames);

/// Loads the tables side by side; each would be loaded at its first use.
pub fn load() {
    rayon::join(
        || rayon::join(|| LazyLock::force(&GIVEN), || LazyLock::force(&FORMAL)),
        || rayon::join(|| LazyLock::force(&SURNAMES), || LazyLock::force(&LINKS)),
    );
}

/// Loads the links of names, which comparing mail addresses takes.
pub fn load_links() {
    LazyLock::force(&LINKS);
}

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
    FORMAL.get(token).map_or(&[], |names| names)
}

/// People of the US census of 2020 with this given name, plus a small pseudo-count for each country
/// where it is popular; 0 if unknown.
pub fn given_count(token: &str) -> u32 {
    GIVEN.get(token).copied().unwrap_or(0)
}

/// People of the US census of 2020 with this family name (written without spaces: `delacruz`), plus
/// a small pseudo-count for each country where it is popular; 0 if unknown.
pub fn surname_count(token: &str) -> u32 {
    SURNAMES.counts.get(token).copied().unwrap_or(0)
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
    SURNAMES.two_surnames.contains(token)
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

fn read_links() -> Links {
    let mut links = Links {
        ids: FxHashMap::with_capacity_and_hasher(12_000, Default::default()),
        pairs: FxHashMap::with_capacity_and_hasher(28_000, Default::default()),
    };
    for (name, nickname, sources) in nicknames() {
        let (a, b) = (links.id(name), links.id(nickname));
        links.link(a, b, NameLink::Nickname { sources });
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
    links
}

/// The list of short forms: name, short form, how many of the merged lists hold the pair.
fn nicknames() -> impl Iterator<Item = (&'static str, &'static str, u8)> {
    table::plain_rows::<4>(include_str!("../../data/reference/nicknames.csv")).map(
        |[name, nickname, _lang, sources]| {
            (folded(name), folded(nickname), sources.parse().unwrap_or(1))
        },
    )
}

fn read_formal() -> Formal {
    // Short form, sources, how common the formal name is, the name.
    let mut all: Vec<(&str, Reverse<u8>, Reverse<u32>, &'static str)> = nicknames()
        .filter(|(name, nickname, _)| name != nickname && !name.is_empty() && !nickname.is_empty())
        .map(|(name, short, sources)| (short, Reverse(sources), Reverse(given_count(name)), name))
        .collect();
    all.sort_unstable();
    let lists = all.chunk_by(|a, b| a.0 == b.0).map(|list| {
        let mut names: Vec<&'static str> = Vec::new();
        for (.., name) in list {
            if names.len() < FORMAL_NAMES_MAX && !names.contains(name) {
                names.push(name);
            }
        }
        (list[0].0, names.into())
    });
    lists.collect()
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

/// A census's names with their counts, and room for as many more.
fn census(table: &'static str) -> Counts {
    let mut counts = Counts::with_capacity_and_hasher(28_000, Default::default());
    let rows = table::plain_rows::<2>(table);
    counts.extend(rows.map(|[name, count]| (name, count.parse().unwrap_or(0))));
    counts
}

fn read_given() -> Counts {
    let mut counts = census(include_str!("../../data/reference/us_given_names_2020.csv"));
    // The tables list a name once a script and region; it counts once a country.
    let mut country_names = CountryNames::default();
    for [country, _gender, _group, name, romanized] in table::plain_rows::<5>(include_str!(
        "../../data/reference/popular_given_names_by_country.csv"
    )) {
        for name in [folded(romanized), folded(name)] {
            for token in name.split(' ').filter(|token| token.len() > 1) {
                if country_names.is_new(country, token) {
                    *counts.entry(token).or_insert(0) += POPULAR_PSEUDO_COUNT;
                }
            }
        }
    }
    counts
}

fn read_surnames() -> Surnames {
    let mut counts = census(include_str!("../../data/reference/us_surnames_2020.csv"));
    let mut two_surnames = FxHashSet::default();
    let mut country_names = CountryNames::default();
    for [country, _rank, _group, name, romanized] in
        table::plain_rows::<5>(include_str!("../../data/reference/popular_surnames_by_country.csv"))
    {
        for name in [joined(romanized), joined(name)] {
            if name.len() > 1 && country_names.is_new(country, name) {
                if TWO_SURNAME_COUNTRIES.contains(&country) {
                    two_surnames.insert(name);
                }
                *counts.entry(name).or_insert(0) += POPULAR_PSEUDO_COUNT;
            }
        }
    }
    Surnames { counts, two_surnames }
}

/// The names of the country that is being read: the tables stand in the order of countries.
#[derive(Default)]
struct CountryNames {
    country: &'static str,
    names: FxHashSet<&'static str>,
}

impl CountryNames {
    fn is_new(&mut self, country: &'static str, name: &'static str) -> bool {
        if self.country != country {
            self.country = country;
            self.names.clear();
        }
        self.names.insert(name)
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
        for (token, names) in &*FORMAL {
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
