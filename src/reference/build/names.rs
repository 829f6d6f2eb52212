//! How names relate and how common they are, as maps.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{fold, table};

/// Most formal names of a short form: a blocking key is written for each.
const FORMAL_NAMES_MAX: usize = 12;

/// People that a name popular somewhere outside the US is counted as, per country that lists it.
const POPULAR_PSEUDO_COUNT: u32 = 2_000;

const TWO_SURNAME_COUNTRIES: &[&str] = &[
    "AR", "BO", "BR", "CL", "CO", "CR", "CU", "DO", "EC", "ES", "GT", "HN", "MX", "NI", "PA", "PE",
    "PR", "PT", "PY", "SV", "UY", "VE",
];

/// How two names are linked, as it is written: forms of one name in different languages; spellings
/// of one name; between them the number of lists that name one as the other's short form.
const CROSS_LANGUAGE: u8 = 0;
const SPELLING: u8 = u8::MAX;

fn folded(name: &str) -> String {
    if name.bytes().all(|b| b.is_ascii_lowercase()) { name.to_owned() } else { fold(name) }
}

/// The list of short forms: name, short form, how many of the merged lists hold the pair.
fn nicknames() -> impl Iterator<Item = (String, String, u8)> {
    table::plain_rows::<4>(include_str!("../../../data/reference/nicknames.csv")).map(
        |[name, nickname, _lang, sources]| {
            let sources = sources.parse().unwrap_or(1);
            assert!((1..SPELLING).contains(&sources), "{name}: {sources} lists");
            (folded(name), folded(nickname), sources)
        },
    )
}

#[derive(Default)]
struct Links {
    ids: BTreeMap<String, u16>,
    /// Both ways.
    pairs: BTreeMap<(u16, u16), u8>,
}

impl Links {
    fn id(&mut self, name: String) -> u16 {
        let next = u16::try_from(self.ids.len()).expect("a few thousand names");
        *self.ids.entry(name).or_insert(next)
    }

    /// Keeps the strongest link of a pair: two sources, spelling, one source, cross-language.
    fn link(&mut self, a: u16, b: u16, link: u8) {
        if a == b {
            return;
        }
        let rank = |link: u8| match link {
            CROSS_LANGUAGE => 0,
            1 => 1,
            SPELLING => 2,
            _ => 3,
        };
        for pair in [(a, b), (b, a)] {
            let old = self.pairs.entry(pair).or_insert(link);
            if (rank(link), link) > (rank(*old), *old) {
                *old = link;
            }
        }
    }
}

/// By name its number and its links.
pub(super) fn links() -> BTreeMap<String, Vec<u8>> {
    let mut links = Links::default();
    for (name, nickname, sources) in nicknames() {
        let (a, b) = (links.id(name), links.id(nickname));
        links.link(a, b, sources);
    }
    let mut groups: Vec<(&str, &str, u16)> = Vec::new();
    for [group, kind, _part, name] in
        table::plain_rows::<4>(include_str!("../../../data/reference/name_equivalents.csv"))
    {
        groups.push((group, kind, links.id(folded(name))));
    }
    for group in groups.chunk_by(|a, b| a.0 == b.0) {
        for (at, (_, kind, a)) in group.iter().enumerate() {
            let link = if *kind == "spelling" { SPELLING } else { CROSS_LANGUAGE };
            for (_, _, b) in &group[at + 1..] {
                links.link(*a, *b, link);
            }
        }
    }
    let Links { ids, pairs } = links;
    let value = |id: u16| {
        let mut value = id.to_le_bytes().to_vec();
        for ((_, other), link) in pairs.range((id, 0)..=(id, u16::MAX)) {
            value.extend(other.to_le_bytes());
            value.push(*link);
        }
        value
    };
    ids.into_iter().map(|(name, id)| (name, value(id))).collect()
}

/// Formal names by short form, the best documented and commonest first.
pub(super) fn formal(given: &BTreeMap<String, u32>) -> BTreeMap<String, Vec<u8>> {
    let count = |name: &str| given.get(name).copied().unwrap_or(0);
    // Short form, sources, how common the formal name is, the name.
    let mut all: Vec<(String, Reverse<u8>, Reverse<u32>, String)> = nicknames()
        .filter(|(name, nickname, _)| name != nickname && !name.is_empty() && !nickname.is_empty())
        .map(|(name, short, sources)| (short, Reverse(sources), Reverse(count(&name)), name))
        .collect();
    all.sort_unstable();
    let lists = all.chunk_by(|a, b| a.0 == b.0).map(|list| {
        let mut names: Vec<&str> = Vec::new();
        for (.., name) in list {
            if names.len() < FORMAL_NAMES_MAX && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let mut value = Vec::new();
        for name in names {
            value.push(u8::try_from(name.len()).expect("a name is short"));
            value.extend(name.bytes());
        }
        (list[0].0.clone(), value)
    });
    lists.collect()
}

/// A census's names with their counts.
fn census(table: &'static str) -> BTreeMap<String, u32> {
    let rows = table::plain_rows::<2>(table);
    rows.map(|[name, count]| (name.to_owned(), count.parse().unwrap_or(0))).collect()
}

/// People by given name.
pub(super) fn given() -> BTreeMap<String, u32> {
    let mut counts = census(include_str!("../../../data/reference/us_given_names_2020.csv"));
    // The tables list a name once a script and region; it counts once a country.
    let mut country_names = CountryNames::default();
    for [country, _gender, _group, name, romanized] in table::plain_rows::<5>(include_str!(
        "../../../data/reference/popular_given_names_by_country.csv"
    )) {
        for name in [folded(romanized), folded(name)] {
            for token in name.split(' ').filter(|token| token.len() > 1) {
                if country_names.is_new(country, token) {
                    *counts.entry(token.to_owned()).or_insert(0) += POPULAR_PSEUDO_COUNT;
                }
            }
        }
    }
    counts
}

/// Share of the bearers of a name, in percent, from which it tells their sex.
const TELLING: f64 = 95.0;

/// By given name, whose it is, where that is clear: 1 a woman's, 2 a man's. The census and the lists
/// of other countries must not contradict each other.
pub(super) fn sexes() -> BTreeMap<String, u8> {
    const WOMAN: u8 = 1;
    const MAN: u8 = 2;
    /// A bit of each, or neither: not to be told.
    const EITHER: u8 = WOMAN | MAN;
    let mut sexes: BTreeMap<String, u8> = BTreeMap::new();
    for [country, gender, _group, name, romanized] in table::plain_rows::<5>(include_str!(
        "../../../data/reference/popular_given_names_by_country.csv"
    )) {
        let sex = match gender {
            "F" => WOMAN,
            "M" => MAN,
            other => panic!("{country}, {name}: sex {other}"),
        };
        for name in [folded(romanized), folded(name)] {
            // Of a name of several words the first tells.
            if let Some(token) = name.split(' ').next().filter(|token| token.len() > 1) {
                *sexes.entry(token.to_owned()).or_insert(0) |= sex;
            }
        }
    }
    for [name, _count, _per100k, women] in
        table::plain_rows::<4>(include_str!("../../../data/reference/us_given_names_2020.csv"))
    {
        let women: f64 = women.parse().unwrap_or(50.0);
        let sex = match women {
            _ if women >= TELLING => WOMAN,
            _ if women <= 100.0 - TELLING => MAN,
            _ => EITHER,
        };
        *sexes.entry(name.to_owned()).or_insert(0) |= sex;
    }
    sexes.retain(|_, sex| *sex != EITHER);
    sexes
}

/// People by family name, and the family names of countries where a person bears two of them.
pub(super) fn surnames() -> (BTreeMap<String, u32>, BTreeSet<String>) {
    let mut counts = census(include_str!("../../../data/reference/us_surnames_2020.csv"));
    let mut two_surnames = BTreeSet::new();
    let mut country_names = CountryNames::default();
    for [country, _rank, _group, name, romanized] in table::plain_rows::<5>(include_str!(
        "../../../data/reference/popular_surnames_by_country.csv"
    )) {
        // Without inner spaces, as the census writes names.
        for name in [romanized, name].map(|name| folded(name).replace(' ', "")) {
            if name.len() > 1 && country_names.is_new(country, &name) {
                if TWO_SURNAME_COUNTRIES.contains(&country) {
                    two_surnames.insert(name.clone());
                }
                *counts.entry(name).or_insert(0) += POPULAR_PSEUDO_COUNT;
            }
        }
    }
    (counts, two_surnames)
}

/// The names of the country that is being read: the tables stand in the order of countries.
#[derive(Default)]
struct CountryNames {
    country: &'static str,
    names: BTreeSet<String>,
}

impl CountryNames {
    fn is_new(&mut self, country: &'static str, name: &str) -> bool {
        if self.country != country {
            self.country = country;
            self.names.clear();
        }
        self.names.insert(name.to_owned())
    }
}
