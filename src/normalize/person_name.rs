//! Personal names: from columns of parts, from one column, or from both.
//!
//! Order of work: clean → drop placeholders → titles, suffixes, earlier names off → given, middle,
//! family. Nothing is guessed for a name in columns; a swapped pair of columns is the comparison's
//! affair. A household (`Mr and Mrs J Smith`) keeps its family name only.

use std::borrow::Cow;
use std::sync::Arc;

use crate::model::{MappedName, PersonName};
use crate::reference::fold;
use crate::reference::name_words::{Marker, NameWord, Title, name_word};
use crate::reference::names::{given_count, is_given, is_surname, surname_count};
use crate::reference::placeholder;

use super::clean::clean;
use super::name_affix::is_ordinal;
use super::name_case::{is_one_case, push_cased};
use super::name_parse::{parse_family, parse_full, parse_given};
use super::name_token::{Parsed, Token, is_and, names_several, tokens};

/// All names of a record, each once, the record's own (without label) first.
pub fn normalize_names(names: &[MappedName]) -> Vec<PersonName> {
    let mut out: Vec<PersonName> = Vec::with_capacity(names.len());
    let own = names.iter().filter(|name| name.label.is_none());
    for name in own.chain(names.iter().filter(|name| name.label.is_some())) {
        for normal in normalize_name(name) {
            let known = |other: &PersonName| {
                other.given == normal.given
                    && other.middle == normal.middle
                    && other.family == normal.family
                    && other.generation == normal.generation
                    && other.display == normal.display
            };
            if !out.iter().any(known) {
                out.push(normal);
            }
        }
    }
    out
}

/// The person's name of one group of columns, and behind it an earlier or other name that it
/// introduces (label `maiden` or `alias`). Empty where the columns say that there is none. What
/// is no name at all (`bigboss77`) is kept for display only. O(length).
///
/// ```
/// use sameas::model::MappedName;
/// use sameas::normalize::person_name::normalize_name;
/// let full = MappedName { full: "Dr. Anna-Maria van der Berg PhD".into(), ..Default::default() };
/// let name = &normalize_name(&full)[0];
/// assert_eq!(name.display, "Anna-Maria van der Berg");
/// assert_eq!(name.given, ["anna", "maria"]);
/// assert_eq!(name.family, ["van", "der", "berg"]);
/// assert_eq!((name.title.as_str(), name.suffix.as_str()), ("Dr.", "PhD"));
/// ```
pub fn normalize_name(name: &MappedName) -> Vec<PersonName> {
    let columns = Columns::new(name);
    if columns.given.is_empty() && columns.family.is_empty() {
        let full = if columns.full.is_empty() { &columns.middle } else { &columns.full };
        if full.is_empty() {
            return Vec::new();
        }
        return from_full(full, &columns, name.label.as_ref());
    }
    from_parts(&columns, name.label.as_ref())
}

/// The cleaned columns without placeholders.
struct Columns<'a> {
    full: Cow<'a, str>,
    given: Cow<'a, str>,
    middle: Cow<'a, str>,
    family: Cow<'a, str>,
    suffix: Cow<'a, str>,
    title: Cow<'a, str>,
}

const EMPTY: Cow<'static, str> = Cow::Borrowed("");

impl<'a> Columns<'a> {
    fn new(name: &'a MappedName) -> Self {
        let mut columns = Self {
            full: clean_name(&name.full),
            given: clean_name(&name.given),
            middle: clean_name(&name.middle),
            family: clean_name(&name.family),
            suffix: clean(&name.suffix),
            title: clean(&name.title),
        };
        columns.drop_placeholders();
        columns
    }

    fn drop_placeholders(&mut self) {
        for column in [&mut self.middle, &mut self.suffix, &mut self.title] {
            if placeholder::is_missing(column) {
                *column = EMPTY;
            }
        }
        if is_whole_placeholder(&self.full) {
            self.full = EMPTY;
        }
        if self.given.is_empty() && self.family.is_empty() {
            return;
        }
        let listed = [&self.given, &self.family]
            .map(|part| !part.is_empty() && placeholder::is_placeholder("person_name", part));
        if is_whole_pair(&self.given, &self.family, listed) {
            (self.given, self.family) = (EMPTY, EMPTY);
            return;
        }
        let [given, family] = listed;
        let given = given && drop_part(&self.given, &self.family, given_count);
        let family = family && drop_part(&self.family, &self.given, surname_count);
        if given {
            self.given = EMPTY;
        }
        if family {
            self.family = EMPTY;
        }
        // What is left alone must stand alone.
        if (given && is_whole_placeholder(&self.family))
            || (family && is_whole_placeholder(&self.given))
        {
            (self.given, self.family) = (EMPTY, EMPTY);
        }
    }
}

fn clean_name(text: &str) -> Cow<'_, str> {
    let text = clean(text);
    let trimmed = text.trim_matches(|c: char| {
        matches!(c, ' ' | ',' | ';' | '"' | '“' | '”' | '_' | '/' | '\\' | '|' | '<' | '>' | '=')
    });
    // A spreadsheet's mark for text, unless it belongs to the name (`'t Hooft`).
    let trimmed = match trimmed.strip_prefix('\'') {
        Some(rest) if !rest.starts_with(['t', 's']) || rest.chars().nth(1) != Some(' ') => {
            rest.trim_matches(['\'', ' '])
        }
        _ => trimmed,
    };
    if trimmed.len() == text.len() { text } else { Cow::Owned(trimmed.to_owned()) }
}

/// People who must bear a name before it is believed to be one although it is a listed placeholder.
const COMMON: u32 = 20_000;

/// Whether a name in one column is a listed placeholder.
fn is_whole_placeholder(name: &str) -> bool {
    !name.is_empty()
        && placeholder::is_placeholder("person_name", name)
        && given_count(&name.to_ascii_lowercase()) < COMMON
}

/// Whether given and family name together (or the only one of them) are a placeholder; `listed`
/// says whether each is one by itself.
fn is_whole_pair(given: &str, family: &str, listed: [bool; 2]) -> bool {
    match (given.is_empty(), family.is_empty()) {
        (true, _) => listed[1] && is_whole_placeholder(family),
        (_, true) => listed[0] && is_whole_placeholder(given),
        _ if listed == [true, true] && given_count(&given.to_ascii_lowercase()) < COMMON => true,
        // No listed placeholder is longer.
        _ => given.len() + family.len() < 40 && placeholder::is_listed_name(given, family),
    }
}

/// Whether one column that is a listed placeholder goes, beside the other. Names that people bear need a second
/// sign: `Null`, `Guest` in ordinary case beside a name are believed.
fn drop_part(part: &str, other: &str, count: fn(&str) -> u32) -> bool {
    let ordinary_case = part.chars().next().is_some_and(char::is_uppercase) && !is_one_case(part);
    let bearers = count(&part.to_ascii_lowercase());
    if placeholder::is_risky(part) || (placeholder::is_missing(part) && bearers >= 1_000) {
        return !ordinary_case || other.is_empty();
    }
    if placeholder::is_missing(part) || other.is_empty() {
        return bearers < COMMON;
    }
    // Sure titles are stripped later, and tell the gender on the way; words of the list that are
    // rare as names go.
    bearers < 1_000 && name_word(&part.to_ascii_lowercase()) == NameWord::default()
}

fn from_full(full: &str, columns: &Columns<'_>, label: Option<&Arc<str>>) -> Vec<PersonName> {
    if is_username(full) {
        return vec![from_username(full, label)];
    }
    let parsed = parse_full(full);
    build(&parsed, columns, label, full)
}

fn from_parts(columns: &Columns<'_>, label: Option<&Arc<str>>) -> Vec<PersonName> {
    let (given, family) = (columns.given.as_ref(), columns.family.as_ref());
    // One column may hold the whole name.
    if given.is_empty() || family.is_empty() {
        let only = if given.is_empty() { family } else { given };
        if is_username(only) {
            return vec![from_username(only, label)];
        }
        if is_whole_name(only, given.is_empty()) {
            return build(&parse_full(only), columns, label, only);
        }
    }
    let given_is_address = given.contains('@') && is_username(given);
    let mut parsed = match given {
        _ if given_is_address => Parsed::default(),
        _ if names_several(given) => Parsed { household: true, ..Parsed::default() },
        _ => parse_given(given),
    };
    let family_parsed = parse_family(family);
    parsed.family = family_parsed.family;
    parsed.family.retain(|word| !is_and(word.raw));
    parsed.titles.extend(family_parsed.titles);
    parsed.suffixes.extend(family_parsed.suffixes);
    if family_parsed.generation > 0 {
        parsed.generation = family_parsed.generation;
    }
    parsed.other = parsed.other.or(family_parsed.other);
    if parsed.household && columns.full.is_empty() {
        // Shown as it stands in the columns.
        let shown = [given, family].join(" ");
        return build(&parsed, columns, label, &shown);
    }
    if !columns.full.is_empty() && !parsed.household {
        take_from_full(&mut parsed, parse_full(&columns.full));
    }
    let shown = match (given.is_empty(), family.is_empty()) {
        (false, true) => given,
        (true, false) => family,
        _ => columns.full.as_ref(),
    };
    build(&parsed, columns, label, shown)
}

/// Whether a column of one part, the other being empty, holds a whole name.
fn is_whole_name(text: &str, is_family_column: bool) -> bool {
    if text.contains(',') && !is_family_column {
        return true;
    }
    if names_several(text) {
        return true;
    }
    let words = tokens(text);
    let [first, .., last] = &words[..] else { return false };
    if last.is_initial() || first.word.particle {
        return false;
    }
    let count = |count: fn(&str) -> u32, word: &Token<'_>| {
        word.folded.split(' ').map(|part| u64::from(count(part))).max().unwrap_or(0)
    };
    // Ten times as many people must bear it in the other role.
    if is_family_column {
        count(given_count, first) > 10 * count(surname_count, first)
            && count(given_count, first) > 1_000
    } else {
        let surname = count(surname_count, last);
        surname > 10 * count(given_count, last) && surname > 1_000 && !last.word.particle
    }
}

/// Fills from a full name what the columns do not have: mostly the middle names.
fn take_from_full<'a>(parsed: &mut Parsed<'a>, mut full: Parsed<'a>) {
    // The columns held nothing but titles and suffixes.
    if parsed.given.is_empty() && parsed.family.is_empty() {
        parsed.given = std::mem::take(&mut full.given);
        parsed.middle = std::mem::take(&mut full.middle);
        parsed.family = std::mem::take(&mut full.family);
        parsed.suffixes.retain(|suffix| !full.suffixes.contains(suffix));
        parsed.suffixes.append(&mut full.suffixes);
        if parsed.generation == 0 {
            parsed.generation = full.generation;
        }
        return;
    }
    // `Hubert von Herkomer` beside the column `Herkomer`: the particle belongs to the family name.
    let particles = full.family.iter().take_while(|word| word.word.particle).count();
    let same = |a: &Token<'_>, b: &Token<'_>| a.folded == b.folded;
    if particles > 0
        && full.family.len() == particles + parsed.family.len()
        && full.family[particles..].iter().zip(&parsed.family).all(|(a, b)| same(a, b))
    {
        parsed.family = full.family.clone();
    }
    let mut rest: Vec<Token<'a>> = Vec::new();
    let mut known = 0;
    let has = |list: &[Token<'_>], word: &Token<'_>| list.iter().any(|w| w.folded == word.folded);
    for word in full.given.drain(..).chain(full.middle.drain(..)).chain(full.family.drain(..)) {
        if has(&parsed.given, &word) || has(&parsed.middle, &word) || has(&parsed.family, &word) {
            known += 1;
        } else {
            rest.push(word);
        }
    }
    // A full name that shares nothing with the columns is another name: not mixed in.
    if known == 0 {
        return;
    }
    if parsed.generation == 0 {
        parsed.generation = full.generation;
    }
    if parsed.titles.is_empty() {
        parsed.titles.append(&mut full.titles);
    }
    if parsed.suffixes.is_empty() {
        parsed.suffixes.append(&mut full.suffixes);
    }
    if parsed.other.is_none() {
        parsed.other = full.other.take();
    }
    rest.retain(|word| {
        let key = word.folded.as_str();
        word.word.title == Title::No
            && !word.word.particle
            && !is_ordinal(key)
            && !matches!(key, "of" | "the" | "and" | "baronet" | "bt")
    });
    if parsed.given.is_empty() && !rest.is_empty() {
        parsed.given.push(rest.remove(0));
    } else if parsed.family.is_empty() {
        parsed.family.extend(rest.pop());
    }
    // An initial of a middle name that is there already adds nothing.
    rest.retain(|word| {
        !(word.is_initial() && parsed.middle.iter().any(|m| m.folded.starts_with(&word.folded)))
    });
    parsed.middle.append(&mut rest);
}

fn build(
    parsed: &Parsed<'_>,
    columns: &Columns<'_>,
    label: Option<&Arc<str>>,
    whole: &str,
) -> Vec<PersonName> {
    let mut middle_words = Vec::new();
    let middle_parsed;
    if !columns.middle.is_empty() && !parsed.household {
        middle_parsed = parse_given(&columns.middle);
        middle_words.extend(middle_parsed.given.iter().chain(&middle_parsed.middle));
    }
    let from_column = middle_words.len();
    for word in &parsed.middle {
        let initial_of = |other: &&Token<'_>| {
            other.folded == word.folded
                || (word.is_initial() && other.folded.starts_with(&word.folded))
        };
        if !middle_words[..from_column].iter().any(initial_of) {
            middle_words.push(word);
        }
    }
    let mut generation = parsed.generation;
    let suffix = joined(&columns.suffix, &parsed.suffixes);
    if generation == 0 && !columns.suffix.is_empty() {
        generation = generation_of(&columns.suffix);
    }
    let mut name = PersonName {
        given: folded(&parsed.given),
        middle: folded_refs(&middle_words),
        family: folded(&parsed.family),
        generation,
        title: joined(&columns.title, &parsed.titles),
        suffix,
        label: label.cloned(),
        ..PersonName::default()
    };
    push_words(&mut name.display_given, parsed.given.iter());
    push_words(&mut name.display_family, parsed.family.iter());
    if parsed.household {
        name.display = whole.to_owned();
    } else if parsed.family_first {
        name.display = [name.display_family.as_str(), name.display_given.as_str()]
            .join(if whole.contains([' ', '\u{3000}']) { " " } else { "" });
    } else {
        name.display.reserve(name.display_given.len() + name.display_family.len() + 8);
        name.display.push_str(&name.display_given);
        push_words(&mut name.display, middle_words.iter().copied());
        if !name.display.is_empty() && !name.display_family.is_empty() {
            name.display.push(' ');
        }
        name.display.push_str(&name.display_family);
    }
    if name.display.is_empty() {
        if name.title.is_empty() && name.suffix.is_empty() {
            // Nothing readable: kept for people to see.
            whole.clone_into(&mut name.display);
        }
        return if name.display.is_empty() { Vec::new() } else { vec![name] };
    }
    let mut out = vec![name];
    if let Some((marker, words)) = &parsed.other {
        out.push(other_name(&out[0], *marker, words));
    }
    out
}

/// The same person under another family name.
fn other_name(name: &PersonName, marker: Marker, words: &[Token<'_>]) -> PersonName {
    let label = if marker == Marker::Maiden { "maiden" } else { "alias" };
    let mut other = PersonName {
        given: name.given.clone(),
        middle: name.middle.clone(),
        display_given: name.display_given.clone(),
        family: folded(words),
        label: Some(label.into()),
        ..PersonName::default()
    };
    push_words(&mut other.display_family, words.iter());
    other.display = [other.display_given.as_str(), other.display_family.as_str()].join(" ");
    other.display = other.display.trim().to_owned();
    other
}

fn folded(words: &[Token<'_>]) -> Vec<String> {
    let mut out = Vec::with_capacity(words.len());
    for word in words {
        push_folded(&mut out, word);
    }
    out
}

fn folded_refs(words: &[&Token<'_>]) -> Vec<String> {
    let mut out = Vec::with_capacity(words.len());
    for word in words {
        push_folded(&mut out, word);
    }
    out
}

fn push_folded(out: &mut Vec<String>, word: &Token<'_>) {
    if word.folded.contains(' ') {
        out.extend(word.folded.split(' ').map(str::to_owned));
    } else {
        out.push(word.folded.clone());
    }
}

/// Appends words for display, in ordinary case where they are all capitals or all small.
fn push_words<'a>(out: &mut String, words: impl Iterator<Item = &'a Token<'a>> + Clone) {
    let one_case = words.clone().all(|word| is_one_case(word.raw) || is_caseless(word));
    for word in words {
        if !out.is_empty() {
            out.push(' ');
        }
        let capitals = !word.raw.chars().any(char::is_lowercase) && is_one_case(word.raw);
        if one_case || capitals {
            push_cased(
                out,
                word.raw,
                word.word.particle && !out.is_empty() || is_small_particle(word),
            );
        } else {
            out.push_str(word.raw);
        }
    }
}

/// A single letter says nothing of the case.
fn is_caseless(word: &Token<'_>) -> bool {
    word.raw.chars().filter(|c| c.is_alphabetic()).count() <= 1
}

fn is_small_particle(word: &Token<'_>) -> bool {
    word.word.particle
        && matches!(
            word.folded.as_str(),
            "van"
                | "von"
                | "der"
                | "den"
                | "de"
                | "del"
                | "della"
                | "di"
                | "da"
                | "dos"
                | "das"
                | "zu"
                | "und"
                | "ten"
                | "ter"
                | "vom"
                | "zum"
                | "zur"
                | "du"
                | "des"
                | "van der"
        )
}

fn joined(column: &str, found: &[&str]) -> String {
    let mut out = column.to_owned();
    for word in found {
        if !out.split(' ').any(|known| known == *word) {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
        }
    }
    out
}

/// Generation that a suffix column tells.
fn generation_of(suffix: &str) -> u8 {
    let whole = fold(suffix).replace(' ', "");
    let of = |key: &str| name_word(key).generation;
    match of(&whole) {
        0 => tokens(suffix).iter().map(|word| word.word.generation).find(|g| *g > 0).unwrap_or(0),
        generation => generation,
    }
}

/// Whether a value is a mailbox or a login rather than a name.
fn is_username(text: &str) -> bool {
    if text.contains(' ') || !text.is_ascii() {
        return false;
    }
    let bytes = text.as_bytes();
    let has_letter = bytes.iter().any(u8::is_ascii_alphabetic);
    let digit_end = bytes.last().is_some_and(u8::is_ascii_digit);
    let dotted = text.split_once('.').is_some_and(|(a, b)| {
        a.len() > 1 && b.len() > 1 && !bytes.iter().any(u8::is_ascii_uppercase) && !b.contains('.')
    });
    (text.contains('@') && text.len() > 3)
        || text.contains('_')
        || (has_letter && digit_end)
        || dotted
}

/// `michael_bradshaw685` → Michael Bradshaw, where both parts look like names.
fn from_username(text: &str, label: Option<&Arc<str>>) -> PersonName {
    let login = text.split('@').next().unwrap_or(text);
    let login = login.split('+').next().unwrap_or(login);
    let parts: Vec<String> = login
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|part| !part.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let display_only =
        || PersonName { display: text.to_owned(), label: label.cloned(), ..PersonName::default() };
    let [first, last] = &parts[..] else { return display_only() };
    let looks = |given: &str, family: &str| {
        given.len() > 1 && family.len() > 1 && is_given(given) && is_surname(family)
    };
    let (given, family) = match (looks(first, last), looks(last, first)) {
        (true, false) => (first, last),
        (false, true) => (last, first),
        // Both readings are possible: the commoner one, first come first where equal.
        (true, true) => {
            let odds =
                |g: &str, f: &str| u64::from(given_count(g) + 1) * u64::from(surname_count(f) + 1);
            if odds(first, last) >= odds(last, first) { (first, last) } else { (last, first) }
        }
        (false, false) => return display_only(),
    };
    let mut name = PersonName { label: label.cloned(), ..PersonName::default() };
    push_cased(&mut name.display_given, given, false);
    push_cased(&mut name.display_family, family, false);
    name.display = [name.display_given.as_str(), name.display_family.as_str()].join(" ");
    name.given.push(given.clone());
    name.family.push(family.clone());
    name
}
