//! Splits a name into given names and family names.

use crate::reference::name_words::Marker;
use crate::reference::names::is_two_surname_name;

use super::name_affix::{is_affix_segment, is_all_caps, strip_affixes, take_affixes};
use super::name_token::{Parsed, Place, Token, is_and, is_pair, tokens};

/// Parses a whole name that is clean and not empty.
pub(super) fn parse_full(text: &str) -> Parsed<'_> {
    let mut parsed = Parsed::default();
    if let Some(done) = parse_cjk(text) {
        return done;
    }
    let mut segments: Vec<Vec<Token<'_>>> = Vec::new();
    for segment in text.split([',', ';']) {
        let mut words = name_tokens(segment, &mut parsed);
        if words.is_empty() {
            continue;
        }
        if !segments.is_empty() && is_affix_segment(&words) {
            take_affixes(&mut words, &mut parsed);
        } else {
            segments.push(words);
        }
    }
    let first_is_titles = segments.len() > 1 && is_affix_segment(&segments[0]);
    if first_is_titles {
        let mut words = segments.remove(0);
        take_affixes(&mut words, &mut parsed);
    }
    match segments.len() {
        0 => {}
        1 => {
            let mut words = segments.remove(0);
            take_other(&mut words, &mut parsed);
            if !take_household(&mut words, &mut parsed) {
                strip_affixes(&mut words, &mut parsed, Place::Full);
                take_other(&mut words, &mut parsed);
                natural_order(words, &mut parsed);
            }
        }
        _ => family_comma_given(segments, &mut parsed),
    }
    parsed
}

/// Words of a segment; what stands in brackets or quotes is left out, unless it is another name.
fn name_tokens<'a>(segment: &'a str, parsed: &mut Parsed<'a>) -> Vec<Token<'a>> {
    let quoted = |c: char| match c {
        '(' => Some(')'),
        '[' => Some(']'),
        '"' => Some('"'),
        '“' => Some('”'),
        '„' => Some('“'),
        _ => None,
    };
    let Some(open) = segment.find(|c: char| quoted(c).is_some()) else { return tokens(segment) };
    let opening = segment[open..].chars().next().unwrap_or('(');
    let after = open + opening.len_utf8();
    let close = quoted(opening)
        .and_then(|close| Some((segment[after..].find(close)? + after, close.len_utf8())));
    let (inside, rest) = match close {
        Some((at, width)) => (&segment[after..at], &segment[at + width..]),
        None => (&segment[after..], ""),
    };
    let mut words = tokens(&segment[..open]);
    words.extend(name_tokens(rest, parsed));
    let mut inner = tokens(inside);
    if words.is_empty() {
        return inner;
    }
    if let Some(first) = inner.first()
        && first.word.marker != Marker::No
        && inner.len() > 1
    {
        let marker = first.word.marker;
        inner.remove(0);
        parsed.other = Some((marker, inner));
    }
    words
}

/// Cuts `née X`, `geb. X`, `aka X` off.
pub(super) fn take_other<'a>(words: &mut Vec<Token<'a>>, parsed: &mut Parsed<'a>) {
    let introduces = |at: usize| {
        let token = &words[at];
        let small = !token.raw.starts_with(char::is_uppercase) || is_all_caps(token.raw);
        let marked = !token.raw.is_ascii() || token.has_dot();
        match token.folded.as_str() {
            "ne" | "rod" | "roz" | "ep" | "zd" | "nasc" => small && marked,
            _ => token.word.marker != Marker::No && (small || marked),
        }
    };
    let Some(at) = (1..words.len().saturating_sub(1)).find(|at| introduces(*at)) else { return };
    let mut other = words.split_off(at);
    let marker = other.remove(0).word.marker;
    let mut scratch = Parsed::default();
    strip_affixes(&mut other, &mut scratch, Place::Family);
    if parsed.generation == 0 {
        parsed.generation = scratch.generation;
    }
    parsed.suffixes.extend(scratch.suffixes);
    if !other.is_empty() {
        parsed.other = Some((marker, other));
    }
}

/// Two or more people: only their family name is kept. `Mr and Mrs J Smith`, `Familie Müller`.
fn take_household<'a>(words: &mut Vec<Token<'a>>, parsed: &mut Parsed<'a>) -> bool {
    let leads = words.len() > 1 && words[0].word.household;
    // `The Smith Family`
    let trails = words.len() > 1 && words.last().is_some_and(|last| last.folded == "family");
    let joined = words.iter().enumerate().rposition(|(at, word)| {
        at + 1 < words.len() && (is_pair(word.raw) || (at > 0 && is_and(word.raw)))
    });
    if leads || trails {
        parsed.household = true;
        if trails {
            words.pop();
            words.retain(|word| word.folded != "the");
        } else {
            words.remove(0);
        }
    } else if let Some(at) = joined {
        parsed.household = true;
        words.drain(..=at);
    } else {
        return false;
    }
    let mut scratch = Parsed::default();
    strip_affixes(words, &mut scratch, Place::Full);
    if leads || trails {
        scratch.family = std::mem::take(words);
    } else {
        natural_order(std::mem::take(words), &mut scratch);
        if scratch.family.is_empty() {
            scratch.family = std::mem::take(&mut scratch.given);
        }
    }
    parsed.family = scratch.family;
    true
}

/// `Müller, Hans`; also `Berg, Anna van der` and `Smith, John & Mary`.
fn family_comma_given<'a>(mut segments: Vec<Vec<Token<'a>>>, parsed: &mut Parsed<'a>) {
    let mut family = segments.remove(0);
    take_other(&mut family, parsed);
    strip_affixes(&mut family, parsed, Place::Family);
    let mut given: Vec<Token<'a>> = segments.into_iter().flatten().collect();
    if given.iter().any(|word| is_and(word.raw) || is_pair(word.raw)) {
        parsed.household = true;
        parsed.family = family;
        return;
    }
    take_other(&mut given, parsed);
    strip_affixes(&mut given, parsed, Place::Given);
    let particles = given.iter().rev().take_while(|word| word.word.particle).count();
    if particles > 0 && particles < given.len() {
        let mut front = given.split_off(given.len() - particles);
        front.append(&mut family);
        family = front;
    }
    parsed.family = family;
    set_given(given, parsed);
}

/// The first word is the given name, the others middle names; so a full name and a name in columns
/// that has a middle column agree.
fn set_given<'a>(mut given: Vec<Token<'a>>, parsed: &mut Parsed<'a>) {
    parsed.middle = given.split_off(given.len().min(1));
    parsed.given = given;
}

/// Words in the order in which they are spoken, mostly; the reference lists and the writing tell
/// where the family name stands first.
fn natural_order<'a>(mut words: Vec<Token<'a>>, parsed: &mut Parsed<'a>) {
    let n = words.len();
    match n {
        0 => return,
        1 => {
            if words[0].given_count() > words[0].surname_count() {
                parsed.given = words;
            } else {
                parsed.family = words;
            }
            return;
        }
        _ => {}
    }
    if let Some(range) = capitals(&words) {
        let given_after = range.start == 0;
        let mut family: Vec<Token<'a>> = words.drain(range).collect();
        if !given_after {
            // `Jean de LA TOUR`
            let particles = words.iter().rev().take_while(|word| word.word.particle).count();
            if particles < words.len() {
                let mut front = words.split_off(words.len() - particles);
                front.append(&mut family);
                family = front;
            }
        }
        parsed.family = family;
        return set_given(words, parsed);
    }
    if family_is_first(&words) {
        let particles = words.iter().take_while(|word| word.word.particle).count();
        let given = words.split_off(particles + 1);
        parsed.family = words;
        if given.len() > 1 && matches!(given[0].folded.as_str(), "thi" | "van") {
            let mut given = given;
            parsed.given = given.pop().into_iter().collect();
            parsed.middle = given;
            return;
        }
        return set_given(given, parsed);
    }
    let from = family_start(&words);
    parsed.family = words.split_off(from);
    set_given(words, parsed);
}

/// Index at which the family name begins in a name that begins with the given name.
fn family_start(words: &[Token<'_>]) -> usize {
    let n = words.len();
    let mut from = 1;
    // `María de los Ángeles García`: a given name with particles of its own.
    if matches!(words[0].folded.as_str(), "maria" | "ma" | "mari") && words[1].word.particle {
        let particles = words[1..].iter().take_while(|word| word.word.particle).count();
        if n > particles + 2 {
            from = particles + 2;
        }
    }
    let particle = (from..n - 1).find(|at| words[*at].word.particle);
    let start = particle.unwrap_or(n - 1);
    let two = |at: usize| is_two_surname_name(&words[at].folded);
    if start >= 2 && two(start - 1) && (particle.is_some() || two(n - 1)) && {
        let before = &words[start - 1];
        before.surname_count() > before.given_count()
    } {
        return start - 1;
    }
    // `Jan de Vries Jansen` and double names with `y` keep all that follows the particle.
    start
}

/// The words in capitals, where only some are and they stand at one end.
fn capitals(words: &[Token<'_>]) -> Option<std::ops::Range<usize>> {
    let caps: Vec<bool> = words.iter().map(Token::is_caps).collect();
    let mixed =
        words.iter().any(|word| word.raw.chars().any(char::is_lowercase) && !word.word.particle);
    if !mixed || !caps.contains(&true) {
        return None;
    }
    let first = caps.iter().position(|c| *c)?;
    let last = caps.iter().rposition(|c| *c)?;
    let inner = (first..=last).all(|at| caps[at] || words[at].word.particle);
    let leading = first == 0 || words[..first].iter().all(|word| word.word.particle);
    match (inner, leading, last + 1 == words.len()) {
        (true, true, false) => Some(0..last + 1),
        (true, false, true) => Some(first..words.len()),
        _ => None,
    }
}

/// How much likelier the other order must be before a name is turned round.
const SWAP_ODDS: u64 = 200;
/// People that any name may have without standing in a list.
const UNSEEN: u64 = 50;

const VIETNAMESE: &[&str] = &[
    "nguyen", "tran", "le", "pham", "huynh", "hoang", "phan", "vu", "vo", "dang", "bui", "do",
    "ho", "ngo", "duong", "ly",
];

fn family_is_first(words: &[Token<'_>]) -> bool {
    let n = words.len();
    let (first, last) = (&words[0], &words[n - 1]);
    if n > 2
        && VIETNAMESE.contains(&first.folded.as_str())
        && matches!(words[1].folded.as_str(), "thi" | "van")
    {
        return true;
    }
    if n == 3 && is_patronymic(&last.folded) && !is_patronymic(&words[1].folded) {
        return true;
    }
    if n == 2 && last.is_initial() && !first.is_initial() {
        return first.surname_count() > first.given_count();
    }
    if first.is_initial() || last.is_initial() || n > 3 || first.word.particle {
        return false;
    }
    // Common given names need no further look.
    let given_of_first = first.given_count();
    let second = &words[1];
    let natural = (given_of_first + UNSEEN) * (last.surname_count() + UNSEEN);
    let turned = (first.surname_count() + UNSEEN) * (second.given_count() + UNSEEN);
    turned / SWAP_ODDS > natural && (n == 2 || last.given_count() > last.surname_count())
}

/// East Slavic father's names.
fn is_patronymic(folded: &str) -> bool {
    folded.len() > 6
        && ["ovich", "evich", "ovna", "evna", "ovych", "yovych", "ivna", "yivna", "ichna"]
            .iter()
            .any(|end| folded.ends_with(end))
}

/// Names in Chinese, Japanese or Korean script: the family name stands first, mostly one character
/// where there is no space.
fn parse_cjk(text: &str) -> Option<Parsed<'_>> {
    if text.is_ascii() || !text.chars().all(|c| is_cjk(c) || matches!(c, ' ' | '\u{3000}' | '・'))
    {
        return None;
    }
    let mut text = text;
    for honorific in
        ["先生", "女士", "小姐", "太太", "様", "さま", "さん", "殿", "氏", "님", "씨", "御中"]
    {
        if let Some(name) = text.strip_suffix(honorific)
            && name.chars().count() > 1
        {
            text = name.trim_end();
        }
    }
    let mut parsed = Parsed { family_first: true, ..Parsed::default() };
    let cut = |at: usize| text.char_indices().nth(at).map_or(text.len(), |(at, _)| at);
    let (family, given) = match text.split_once([' ', '\u{3000}']) {
        Some(parts) => parts,
        None if text.chars().any(is_kana) => return None,
        None => {
            let double = ["欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "남궁", "황보"];
            let four = text.chars().count() >= 4;
            let at = if double.iter().any(|name| text.starts_with(name)) || four { 2 } else { 1 };
            text.split_at(cut(at))
        }
    };
    parsed.family = tokens(family);
    parsed.given = tokens(given);
    Some(parsed)
}

fn is_kana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}')
}

fn is_cjk(c: char) -> bool {
    is_kana(c)
        || matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '々')
}

/// Given and middle words of a given-name column: initials after the first word are middle names.
pub(super) fn parse_given(text: &str) -> Parsed<'_> {
    let mut parsed = Parsed::default();
    let mut words = name_tokens(text, &mut parsed);
    take_other(&mut words, &mut parsed);
    strip_affixes(&mut words, &mut parsed, Place::Given);
    if words.len() > 1 {
        let rest = words.split_off(1);
        for word in rest {
            if word.is_initial() { parsed.middle.push(word) } else { words.push(word) }
        }
    }
    parsed.given = words;
    parsed
}

/// Words of a family-name column.
pub(super) fn parse_family(text: &str) -> Parsed<'_> {
    let mut parsed = Parsed::default();
    let mut words = Vec::new();
    for (at, segment) in text.split([',', ';']).enumerate() {
        let mut part = name_tokens(segment, &mut parsed);
        if at > 0 && is_affix_segment(&part) {
            take_affixes(&mut part, &mut parsed);
        }
        words.append(&mut part);
    }
    take_other(&mut words, &mut parsed);
    strip_affixes(&mut words, &mut parsed, Place::Family);
    parsed.family = words;
    parsed
}
