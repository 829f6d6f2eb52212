//! Words in names that are not names: titles, generations, credentials, particles, and what
//! introduces an earlier name. Keys are squashed: folded, without spaces (`ph.d.` → `phd`).

use std::borrow::Cow;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::{fold, names, table};

/// What a word may be in a name. A word may be several things; its place decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameWord {
    /// Stands before a name and is no part of it.
    pub title: Title,
    /// Gender that the title tells: `m`, `f`, or a space.
    pub title_gender: u8,
    /// Opens a family name: `van`, `de`, `al`.
    pub particle: bool,
    /// Stands after a name and is no part of it: `PhD`, `MBA`.
    pub credential: Credential,
    /// Generation that it tells (1 senior, 2 junior, 3 …), 0 for none.
    pub generation: u8,
    /// The generation counts only where the word is written with a dot (`st.`, `ml.`, `id.`).
    pub generation_needs_dot: bool,
    /// What follows is another name of the same person.
    pub marker: Marker,
    /// Two or more people: `Familie`, `Eheleute`.
    pub household: bool,
}

/// How surely a word is a title.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Title {
    /// It is none.
    #[default]
    No,
    /// Wherever a name follows.
    Sure,
    /// Only with its dot (`fr.`, `h.`, `st.`).
    WithDot,
    /// Also a name that people bear (`Baron`, `Bishop`, `Graf`): only where enough name is left.
    Maybe,
    /// Rather a name (`Dean`, `Don`, `Justice`): only beside another title.
    Rarely,
}

/// How surely a word is a credential.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Credential {
    /// It is none.
    #[default]
    No,
    /// At the end of a name.
    Sure,
    /// Also a name (`Ma`, `Do`, `Bart`): only after a comma or in capitals.
    Maybe,
}

/// Words that introduce another name of the same person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Marker {
    /// None.
    #[default]
    No,
    /// The name at birth: née, geb., roz.
    Maiden,
    /// Any other: aka, formerly, épouse.
    Alias,
}

static WORDS: LazyLock<FxHashMap<Cow<'static, str>, NameWord>> = LazyLock::new(load);

/// What a squashed word may be; all "no" for an ordinary name. O(1).
pub fn name_word(squashed: &str) -> NameWord {
    WORDS.get(squashed).copied().unwrap_or_default()
}

/// The longest key is shorter than this many bytes.
pub(crate) const LENGTH_MAX: usize = 24;

/// Titles that are certain although a few people are called so.
const SURE_TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "sir",
    "lord",
    "lady",
    "dame",
    "mister",
    "doctor",
    "sister",
    "rev",
    "reverend",
    "prof",
    "professor",
    "herr",
    "frau",
    "hon",
    "captain",
    "capt",
    "sgt",
    "general",
    "officer",
    "commander",
    "sergeant",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "senor",
    "senora",
    "sra",
    "srta",
    "signor",
    "signora",
    "sig",
    "dhr",
    "mw",
    "mevr",
    "countess",
    "viscount",
    "viscountess",
    "rabbi",
    "imam",
    "hrh",
    "ing",
    "dipling",
    "mag",
];
/// Words that stand between titles: `Dr. med.`, `The Rt Hon`. Never the first title themselves.
const BESIDE_TITLES: &[&str] = &[
    "med",
    "jur",
    "iur",
    "phil",
    "rer",
    "nat",
    "hc",
    "pol",
    "oec",
    "rt",
    "right",
    "very",
    "most",
    "honourable",
    "honorable",
    "habil",
    "univ",
    "dent",
    "vet",
    "theol",
];
/// Titles that the table lacks.
const MORE_TITLES: &[(&str, u8)] = &[
    ("viscount", b'm'),
    ("viscountess", b'f'),
    ("countess", b'f'),
    ("signor", b'm'),
    ("mag", b' '),
];
/// Languages whose romanised courtesy words are everyday names elsewhere.
const UNSURE_LANGUAGES: &[&str] = &["vi", "th", "tl", "id", "ja", "ko", "zh", "ur", "hi"];
/// Language independent suffixes that the table lacks.
const MORE_SUFFIXES: &[(&str, u8)] = &[("1st", 1), ("2nd", 2), ("3rd", 3), ("4th", 4), ("5th", 5)];
/// Generations that are words or names where they stand without a dot.
const GENERATION_DOTTED: &[&str] = &["st", "ml", "id", "sen", "jun", "h", "fo", "dae", "dy"];
/// Particles of the table that are far more often a given name, a joining word or a family name.
const NO_PARTICLES: &[&str] = &[
    "e", "i", "in", "im", "am", "as", "at", "an", "ad", "ar", "as", "ben", "bar", "bat", "haj",
    "hadj", "sheikh", "z", "ze", "vel", "zis", "ap", "ab", "ha", "um", "bu", "az", "pour", "far",
    "mac", "mc", "m", "o", "s", "t", "v", "d", "l", "li", "lo",
];
const PARTICLE_LANGUAGES: &[&str] =
    &["nl", "de", "fr", "es", "pt", "it", "ro", "sv", "da", "no", "en", "tl", "ar", "ga"];
const MAIDEN: &[&str] = &[
    "nee",
    "ne",
    "geb",
    "geborene",
    "geborener",
    "geboren",
    "roz",
    "rozena",
    "rod",
    "rodena",
    "nata",
    "zdomu",
    "zd",
    "nascuta",
    "nasc",
    "szuletett",
    "fodt",
    "fodd",
    "urozhd",
    "urozhdennaia",
    "urozhdiennaia",
    "maiden",
];
const ALIAS: &[&str] = &[
    "aka", "alias", "formerly", "vormals", "fka", "nka", "epouse", "ep", "veuve", "vve", "verw",
    "dit", "dite",
];

fn load() -> FxHashMap<Cow<'static, str>, NameWord> {
    let mut words: FxHashMap<Cow<'static, str>, NameWord> = FxHashMap::default();
    for [token, lang, gender, kind, ..] in
        table::rows::<4>(include_str!("../../data/reference/honorifics.csv"))
    {
        load_title(&mut words, token, &lang, &gender, &kind);
    }
    for (word, gender) in MORE_TITLES {
        let entry = words.entry(Cow::Borrowed(word)).or_default();
        (entry.title, entry.title_gender) = (Title::Sure, *gender);
    }
    for [token, kind, generation, ..] in
        table::rows::<3>(include_str!("../../data/reference/name_suffixes.csv"))
    {
        load_suffix(&mut words, token, &kind, generation.parse().unwrap_or(0));
    }
    for (word, generation) in MORE_SUFFIXES {
        words.entry(Cow::Borrowed(word)).or_default().generation = *generation;
    }
    for [token, lang, kind, ..] in
        table::rows::<3>(include_str!("../../data/reference/name_particles.csv"))
    {
        let key = squash(token.clone());
        if kind == "particle"
            && PARTICLE_LANGUAGES.contains(&lang.as_ref())
            && !token.contains(' ')
            && !NO_PARTICLES.contains(&key.as_ref())
        {
            words.entry(key).or_default().particle = true;
        }
    }
    // Halves of the particles of several words: `op de`, `von und zu`, `in 't`.
    for word in ["op", "aan", "uit", "uyt", "voor", "het", "zu", "und", "auf", "aus", "dem"] {
        words.entry(Cow::Borrowed(word)).or_default().particle = true;
    }
    for word in BESIDE_TITLES {
        let entry = words.entry(Cow::Borrowed(word)).or_default();
        if entry.title == Title::No {
            entry.title = Title::Rarely;
        }
    }
    for word in MAIDEN {
        words.entry(Cow::Borrowed(word)).or_default().marker = Marker::Maiden;
    }
    for word in ALIAS {
        words.entry(Cow::Borrowed(word)).or_default().marker = Marker::Alias;
    }
    words.remove("");
    words
}

fn load_title(
    words: &mut FxHashMap<Cow<'static, str>, NameWord>,
    token: Cow<'static, str>,
    lang: &str,
    gender: &str,
    kind: &str,
) {
    let key = squash(token.clone());
    if kind == "group"
        || key == "eheleute"
        || matches!(key.as_ref(), "familia" | "famille" | "famiglia" | "familie")
    {
        if !matches!(key.as_ref(), "firma" | "fa") && !token.contains(' ') {
            words.entry(key).or_default().household = true;
        }
        return;
    }
    if token.contains(' ') || !matches!(kind, "courtesy" | "professional" | "prefix") {
        return;
    }
    let sure = SURE_TITLES.contains(&key.as_ref());
    let latin = token.is_ascii() || token.chars().all(|c| (c as u32) < 0x250);
    if latin && UNSURE_LANGUAGES.contains(&lang) && !sure {
        return;
    }
    let (given, surname) = (names::given_count(&key), names::surname_count(&key));
    let title = if sure {
        Title::Sure
    } else if latin && key.len() <= 1 {
        return;
    } else if latin && key.len() <= 3 {
        Title::WithDot
    } else if given >= 5_000 {
        Title::Rarely
    } else if given + surname >= 1_000 {
        Title::Maybe
    } else {
        Title::Sure
    };
    let entry = words.entry(key).or_default();
    if entry.title == Title::No {
        entry.title = title;
        entry.title_gender = match gender {
            "m" => b'm',
            "f" => b'f',
            _ => b' ',
        };
    }
}

fn load_suffix(
    words: &mut FxHashMap<Cow<'static, str>, NameWord>,
    token: Cow<'static, str>,
    kind: &str,
    generation: u8,
) {
    let key = squash(token.clone());
    if key.is_empty() || key.len() >= LENGTH_MAX {
        return;
    }
    let known = names::given_count(&key) + names::surname_count(&key) >= 500;
    let entry = words.entry(key.clone()).or_default();
    match kind {
        // A word in several languages keeps the first generation; `h.` is no generation at all.
        "generation" if entry.generation == 0 && key != "h" => {
            entry.generation = generation;
            entry.generation_needs_dot = GENERATION_DOTTED.contains(&key.as_ref());
        }
        "credential" => {
            let unsure = known || key.len() <= 2;
            entry.credential = if unsure { Credential::Maybe } else { Credential::Sure };
        }
        _ => {}
    }
}

fn squash(token: Cow<'static, str>) -> Cow<'static, str> {
    if token.bytes().all(|b| b.is_ascii_lowercase()) {
        return token;
    }
    let folded = fold(&token);
    if folded.contains(' ') { folded.replace(' ', "").into() } else { folded.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_their_place_allows() {
        assert_eq!(name_word("dr").title, Title::Sure);
        assert_eq!(name_word("sir").title, Title::Sure);
        assert_eq!(name_word("dean").title, Title::Rarely);
        assert_eq!(name_word("kumar").title, Title::No);
        assert_eq!(name_word("anh").title, Title::No);
        assert_eq!(name_word("mrs").title_gender, b'f');
        assert_eq!(name_word("jr").generation, 2);
        assert_eq!(name_word("iii").generation, 3);
        assert_eq!(name_word("pere").generation, 1);
        assert!(name_word("st").generation_needs_dot);
        assert_eq!(name_word("phd").credential, Credential::Sure);
        assert_eq!(name_word("ma").credential, Credential::Maybe);
        assert!(name_word("van").particle && name_word("der").particle && name_word("de").particle);
        assert!(!name_word("ben").particle && !name_word("hans").particle);
        assert_eq!(name_word("nee").marker, Marker::Maiden);
        assert!(name_word("familie").household && name_word("eheleute").household);
        assert_eq!(name_word("smith"), NameWord::default());
        assert!(WORDS.keys().all(|key| key.len() < 64));
    }
}
