//! Titles in front of names and suffixes behind them.

use crate::reference::name_words::{Credential, Title, name_word};
use crate::reference::names::is_two_surname_name;

use super::name_token::{Parsed, Place, Token};

/// Moves titles in front and suffixes behind a name out of `tokens`.
pub(super) fn strip_affixes<'a>(
    tokens: &mut Vec<Token<'a>>,
    parsed: &mut Parsed<'a>,
    place: Place,
) {
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let left = tokens.len() - at - 1;
        let hungarian = matches!(token.folded.as_str(), "ifj" | "ifjabb" | "idosb" | "idosebb")
            || (token.folded == "id" && token.has_dot());
        if hungarian && left > 0 {
            parsed.generation = token.word.generation;
        } else if token.folded == "the" && left > 1 && tokens[at + 1].word.title != Title::No {
            // `The Reverend`
        } else if !is_title(token, left, place, at > 0) {
            break;
        }
        parsed.titles.push(token.raw);
        at += 1;
    }
    tokens.drain(..at);
    // `Sir John Smith, 1st Baronet`: from the ordinal on it is no name.
    if let Some(from) = (1..tokens.len().saturating_sub(1))
        .find(|at| is_ordinal(&tokens[*at].folded) && is_peerage(&tokens[at + 1].folded))
    {
        parsed.suffixes.extend(tokens[from..].iter().map(|token| token.raw));
        tokens.truncate(from);
    }
    strip_suffixes(tokens, parsed, place);
}

fn is_title(token: &Token<'_>, left: usize, place: Place, after_title: bool) -> bool {
    match token.word.title {
        Title::No => false,
        // A given-name column may hold nothing but a title.
        Title::Sure => left > 0 || place == Place::Given,
        Title::WithDot => left > 0 && (token.has_dot() || after_title),
        Title::Maybe => match place {
            Place::Full => left > 1 || (after_title && left > 0),
            Place::Given => left > 0,
            Place::Family => after_title && left > 0,
        },
        Title::Rarely => after_title && left > 1,
    }
}

fn is_ordinal(folded: &str) -> bool {
    let digits = folded.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && digits < 3 && matches!(&folded[digits..], "st" | "nd" | "rd" | "th" | "d")
}

fn is_peerage(folded: &str) -> bool {
    matches!(
        folded,
        "baronet"
            | "bt"
            | "baron"
            | "baroness"
            | "earl"
            | "viscount"
            | "duke"
            | "marquess"
            | "marquis"
            | "lord"
            | "count"
            | "countess"
            | "duchess"
    )
}

fn strip_suffixes<'a>(tokens: &mut Vec<Token<'a>>, parsed: &mut Parsed<'a>, place: Place) {
    let others_caps = tokens.iter().filter(|token| !token.is_initial()).all(|t| is_all_caps(t.raw));
    let (mut found, mut generation_found) = (Vec::new(), 0);
    while tokens.len() > 1 {
        let left = tokens.len() - 1;
        // Two words that are one suffix: `d. J.`, `der Jüngere`, `the Third`.
        if left > 1 {
            let pair = format_pair(&tokens[left - 1].folded, &tokens[left].folded);
            let generation = pair.map_or(0, |key| name_word(&key).generation);
            if generation > 0 {
                generation_found = generation;
                found.push(tokens[left].raw);
                found.push(tokens[left - 1].raw);
                tokens.truncate(left - 1);
                continue;
            }
        }
        let Some(last) = tokens.last() else { break };
        let word = last.word;
        let key = last.folded.as_str();
        if is_part_of_name(last, &tokens[..left]) {
            parsed.generation = word.generation;
            break;
        }
        let is_generation = word.generation > 0
            && (!word.generation_needs_dot || last.has_dot())
            && match key {
                // Letters that may be an initial or a given name.
                "v" | "vi" => left > 1 && place != Place::Given && is_all_caps(last.raw),
                "junior" | "senior" | "fils" | "pere" | "cadet" | "padre" | "hijo" | "segundo"
                | "aine" => left > 1 || place == Place::Family,
                _ => !last.raw.starts_with("J.R") && !last.raw.starts_with("j.r"),
            };
        let is_credential = match word.credential {
            Credential::No => false,
            Credential::Sure => left > 1 || (place == Place::Family && last.surname_count() == 0),
            Credential::Maybe => {
                left > 1 && ((is_all_caps(last.raw) && !others_caps) || last.raw.contains('.'))
            }
        };
        let is_baronet = matches!(key, "baronet" | "bt");
        if is_generation && generation_found == 0 {
            generation_found = word.generation;
        } else if !is_credential && !is_baronet && !is_generation {
            break;
        }
        found.push(last.raw);
        tokens.pop();
    }
    if generation_found > 0 {
        parsed.generation = generation_found;
    }
    found.reverse();
    parsed.suffixes.extend(found);
    // A given-name column may hold nothing but `1st`.
    if place == Place::Given && tokens.len() == 1 && is_ordinal(&tokens[0].folded) {
        parsed.suffixes.extend(tokens.pop().map(|token| token.raw));
    }
}

/// The key of two words, where they can be a suffix of two words at all.
fn format_pair(first: &str, second: &str) -> Option<String> {
    matches!(first, "d" | "der" | "the" | "il" | "den").then(|| [first, second].concat())
}

/// In Brazil and Portugal Filho, Neto, Júnior belong to the name.
fn is_part_of_name(last: &Token<'_>, before: &[Token<'_>]) -> bool {
    match last.folded.as_str() {
        "filho" | "neto" | "bisneto" => before.len() > 1,
        "junior" => {
            last.raw.contains(['ú', 'Ú'])
                || (before.len() > 1
                    && before.last().is_some_and(|token| is_two_surname_name(&token.folded)))
        }
        _ => false,
    }
}

pub(super) fn is_all_caps(raw: &str) -> bool {
    raw.chars().any(char::is_uppercase) && !raw.chars().any(char::is_lowercase)
}

/// Whether a comma's segment holds nothing but titles and suffixes.
pub(super) fn is_affix_segment(tokens: &[Token<'_>]) -> bool {
    let affix = |token: &Token<'_>| {
        token.word.credential != Credential::No
            || (token.word.generation > 0 && !token.is_initial())
            || token.word.title == Title::Sure
            || (token.word.title == Title::WithDot && token.has_dot())
    };
    let peerage =
        tokens.len() > 1 && is_ordinal(&tokens[0].folded) && is_peerage(&tokens[1].folded);
    peerage
        || matches!(tokens, [only] if is_peerage(&only.folded))
        || (!tokens.is_empty()
            && tokens.iter().all(affix)
            && !matches!(tokens, [only] if only.word.credential == Credential::Maybe
                && only.word.generation == 0 && !is_all_caps(only.raw) && !only.raw.contains('.')))
}

pub(super) fn take_affixes<'a>(words: &mut Vec<Token<'a>>, parsed: &mut Parsed<'a>) {
    if words.iter().take(2).any(|word| is_peerage(&word.folded)) {
        parsed.suffixes.extend(words.drain(..).map(|word| word.raw));
    }
    for word in words.drain(..) {
        if word.word.generation > 0 && parsed.generation == 0 && !word.word.generation_needs_dot {
            parsed.generation = word.word.generation;
        }
        if word.word.title == Title::Sure
            && word.word.credential == Credential::No
            && word.word.generation == 0
        {
            parsed.titles.push(word.raw);
        } else {
            parsed.suffixes.push(word.raw);
        }
    }
}
