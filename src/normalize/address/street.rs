//! The name of a street without what people abbreviate or leave out.

use crate::reference::street::{Lexicon, Style, lexicon};

use super::line::Token;

/// Endings that a type has grown into, per style: (as written, canonical). Longest first.
const ENDINGS: &[(Style, &[(&str, &str)])] = &[
    (Style::German, &[
        ("strasse", "strasse"),
        ("strass", "strasse"),
        ("gasse", "gasse"),
        ("platz", "platz"),
        ("allee", "allee"),
        ("str", "strasse"),
        ("weg", "weg"),
    ]),
    (Style::Dutch, &[
        ("straat", "straat"),
        ("gracht", "gracht"),
        ("singel", "singel"),
        ("plein", "plein"),
        ("steeg", "steeg"),
        ("dreef", "dreef"),
        ("laan", "laan"),
        ("kade", "kade"),
        ("weg", "weg"),
        ("str", "straat"),
        ("pln", "plein"),
        ("ln", "laan"),
    ]),
    (Style::Nordic, &[
        ("torget", "torget"),
        ("gatan", "gatan"),
        ("vagen", "vagen"),
        ("veien", "vagen"),
        ("vegen", "vagen"),
        ("stigen", "stigen"),
        ("plads", "plads"),
        ("gaten", "gatan"),
        ("gata", "gatan"),
        ("gate", "gatan"),
        ("gade", "gade"),
        ("vei", "vagen"),
        ("veg", "vagen"),
        ("vag", "vagen"),
        ("vej", "vej"),
        ("alle", "alle"),
    ]),
];

/// Tokens of a street's name and whether a type was among the words. Types and directions go where
/// something else is left.
pub(super) fn street_tokens(core: &[Token<'_>], style: Style) -> (Vec<String>, bool) {
    let words = lexicon(style);
    match style {
        Style::English => english(core, words),
        Style::German | Style::Dutch | Style::Nordic => grown(core, style, words),
        _ => fronted(core, style, words),
    }
}

fn english(core: &[Token<'_>], words: &Lexicon) -> (Vec<String>, bool) {
    let mut core = core;
    let direction = |t: &Token<'_>| words.roles(t.text).is_direction();
    while core.len() > 1 && core.last().is_some_and(direction) {
        core = &core[..core.len() - 1];
    }
    let mut typed = false;
    if core.len() > 1
        && core.last().is_some_and(|t| words.roles(t.text).is_type())
        // `The Crescent` has no other name.
        && !(core.len() == 2 && core[0].text == "the")
    {
        typed = true;
        core = &core[..core.len() - 1];
    }
    while core.len() > 1 && direction(&core[0]) {
        core = &core[1..];
    }
    // `US Hwy 701`, `State Route 9`: the number tells.
    if let [first, rest @ ..] = core
        && matches!(first.text, "us" | "state" | "county" | "old")
        && rest.first().is_some_and(|t| is_highway(words.canonical(t.text)))
    {
        core = rest;
    }
    // `Rue Sherbrooke` in Quebec.
    if core.len() > 1 && matches!(core[0].text, "rue" | "chemin" | "boul" | "boulevard") && !typed {
        typed = true;
        core = &core[1..];
        while core.len() > 1 && matches!(core[0].text, "de" | "du" | "des" | "la" | "le" | "les" | "l") {
            core = &core[1..];
        }
    }
    let last = core.len().saturating_sub(1);
    let mut street = Vec::with_capacity(core.len());
    for (index, token) in core.iter().enumerate() {
        let word = match token.text {
            "st" if index < last || last == 0 && !typed => "saint",
            "mt" => "mount",
            "ft" => "fort",
            "dr" | "ct" | "pl" if index < last => token.text,
            "and" if index > 0 && index < last => continue,
            text => ordinal(text).unwrap_or_else(|| {
                let roles = words.roles(text);
                if roles.is_type() {
                    typed |= index == last || index == 0;
                    words.canonical(text)
                } else {
                    text
                }
            }),
        };
        street.push(word.to_owned());
    }
    (street, typed)
}

/// `73rd` and `seventh` as digits.
fn ordinal(text: &str) -> Option<&str> {
    const WORDS: [&str; 12] = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
        "eleventh", "twelfth",
    ];
    const DIGITS: [&str; 12] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    if digits > 0 && matches!(&text[digits..], "st" | "nd" | "rd" | "th") {
        return Some(&text[..digits]);
    }
    WORDS.iter().position(|word| *word == text).map(|at| DIGITS[at])
}

fn is_highway(word: &str) -> bool {
    matches!(word, "highway" | "route" | "road")
}

/// Types that stand before the name, articles after them.
fn fronted(core: &[Token<'_>], style: Style, words: &Lexicon) -> (Vec<String>, bool) {
    let mut core = core;
    let mut typed = false;
    while core.len() > 1 && words.roles(core[0].text).is_type() && !typed {
        typed = true;
        core = &core[1..];
    }
    // `V.le` written apart, `Av de la`: articles say nothing.
    let keep_articles = core.iter().all(|t| words.roles(t.text).is_article());
    let mut street: Vec<String> = Vec::with_capacity(core.len());
    for token in core {
        let roles = words.roles(token.text);
        if roles.is_article() && !keep_articles {
            continue;
        }
        let word = whole_word(token.text, style);
        let word = if core.len() == 1 && roles.is_type() { words.canonical(word) } else { word };
        street.push(word.to_owned());
    }
    if !typed && core.len() == 1 {
        typed = words.roles(core[0].text).is_type();
    }
    (street, typed)
}

/// Abbreviated titles in names of streets.
fn whole_word(word: &str, style: Style) -> &str {
    match (style, word) {
        (Style::French, "st") => "saint",
        (Style::French, "ste") => "sainte",
        (Style::French, "gal" | "gral") => "general",
        (Style::French, "mal") => "marechal",
        (Style::French, "pdt") => "president",
        (Style::French, "dr") => "docteur",
        (Style::Spanish, "dr") => "doctor",
        (Style::Spanish, "sta") => "santa",
        (Style::Spanish, "sto") => "santo",
        (Style::Spanish, "gral") => "general",
        (Style::Spanish, "ntra") => "nuestra",
        (Style::Spanish, "sra") => "senora",
        (Style::Portuguese, "dr") => "doutor",
        (Style::Portuguese, "eng") => "engenheiro",
        (Style::Portuguese, "prof") => "professor",
        (Style::Portuguese, "sta") => "santa",
        (Style::Portuguese, "sto") => "santo",
        (Style::Italian, "s") => "san",
        (Style::Italian, "fratelli") => "flli",
        _ => word,
    }
}

/// Types that have grown to the name. One word stays one, with its ending in full; of several the
/// type goes: `Hauptstr.` and `Haupt Straße` are `hauptstrasse`, `Karl-Marx-Str.` is `karl marx`.
fn grown(core: &[Token<'_>], style: Style, words: &Lexicon) -> (Vec<String>, bool) {
    let mut core = core;
    // Belgium writes French streets too.
    if style == Style::Dutch
        && core.len() > 1
        && matches!(words.canonical(core[0].text), "rue" | "avenue" | "boulevard" | "chaussee" | "place")
    {
        return fronted(core, style, words);
    }
    let mut typed = false;
    let mut type_word = "";
    if let [rest @ .., last] = core
        && !rest.is_empty()
        && words.roles(last.text).is_type()
    {
        typed = true;
        type_word = words.canonical(last.text);
        core = rest;
    } else if let [first, rest @ ..] = core
        && rest.len() > 1
        && words.roles(first.text).is_type()
    {
        // `Straße des 17. Juni`, `Allee der Kosmonauten`.
        typed = true;
        core = rest;
    }
    let mut street: Vec<String> = core
        .iter()
        .map(|token| match (style, token.text) {
            (Style::German, "gr") => "grosse".to_owned(),
            (Style::German, "kl") => "kleine".to_owned(),
            (Style::German, "st") => "sankt".to_owned(),
            (_, text) => plain(text, style),
        })
        .collect();
    let abbreviated = core.last().is_some_and(|t| t.dot);
    if let [only] = &mut street[..] {
        if type_word.is_empty() {
            if let Some((stem, ending)) = ending(only, style, abbreviated) {
                typed = true;
                *only = format!("{stem}{ending}");
            } else if words.roles(only).is_type() {
                typed = true;
                *only = words.canonical(only).to_owned();
            }
        } else if !is_preposition(only) {
            // `Haupt Straße`: the same as in one word.
            let type_word = canonical_ending(type_word, style);
            only.push_str(type_word);
        } else {
            street.push(type_word.to_owned());
        }
    } else if type_word.is_empty()
        && let Some(last) = street.last_mut()
        && let Some((stem, _)) = ending(last, style, abbreviated)
    {
        typed = true;
        let stem = stem.to_owned();
        *last = stem;
    }
    (street, typed)
}

/// Stem and canonical ending of a word that ends in a type.
fn ending<'a>(word: &'a str, style: Style, abbreviated: bool) -> Option<(&'a str, &'static str)> {
    if style == Style::Nordic && abbreviated {
        for (short, whole) in [("gt", "gatan"), ("g", "gatan"), ("v", "vagen")] {
            if let Some(stem) = word.strip_suffix(short).filter(|stem| stem.len() >= 3) {
                return Some((stem, whole));
            }
        }
    }
    let endings = ENDINGS.iter().find(|(s, _)| *s == style).map(|(_, endings)| *endings)?;
    endings.iter().find_map(|(written, canonical)| {
        word.strip_suffix(written).filter(|stem| stem.len() >= 3).map(|stem| (stem, *canonical))
    })
}

fn canonical_ending(word: &str, style: Style) -> &str {
    let endings = ENDINGS.iter().find(|(s, _)| *s == style).map_or(&[][..], |(_, endings)| endings);
    endings.iter().find(|(written, _)| *written == word).map_or(word, |(_, canonical)| canonical)
}

fn is_preposition(word: &str) -> bool {
    matches!(
        word,
        "am" | "an" | "im" | "in" | "zum" | "zur" | "auf" | "unter" | "vor" | "bei" | "den" | "der" | "dem"
            | "hinter" | "aan" | "op" | "het" | "de" | "ved" | "pa" | "vid"
    )
}

/// Umlauts written as two letters in one: `Schoenstr.` is `Schönstr.` The folding has made ö an o.
pub(super) fn plain(word: &str, style: Style) -> String {
    let mut out = String::with_capacity(word.len());
    let bytes = word.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let pair = (bytes[at], bytes.get(at + 1).copied().unwrap_or(0));
        let before = at.checked_sub(1).map_or(0, |at| bytes[at]);
        let folds = match style {
            // Not after another vowel or q: neue, Bauer, Quelle.
            Style::German => {
                matches!(pair, (b'a' | b'o' | b'u', b'e'))
                    && !matches!(before, b'a' | b'e' | b'i' | b'o' | b'u' | b'q')
            }
            Style::Nordic => matches!(pair, (b'a', b'a' | b'e') | (b'o', b'e')),
            _ => false,
        };
        out.push(bytes[at] as char);
        at += if folds { 2 } else { 1 };
    }
    out
}
