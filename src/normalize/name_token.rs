//! The words of a name.

use crate::reference::fold;
use crate::reference::name_words::{Marker, NameWord, name_word};
use crate::reference::names::{given_count, surname_count};

/// A word of a name.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    /// As written, without commas and brackets.
    pub(super) raw: &'a str,
    /// Folded; a hyphenated word has spaces.
    pub(super) folded: String,
    pub(super) word: NameWord,
}

/// A name in its parts.
#[derive(Clone, Debug, Default)]
pub(super) struct Parsed<'a> {
    pub(super) titles: Vec<&'a str>,
    pub(super) given: Vec<Token<'a>>,
    pub(super) middle: Vec<Token<'a>>,
    pub(super) family: Vec<Token<'a>>,
    pub(super) suffixes: Vec<&'a str>,
    pub(super) generation: u8,
    /// Another family name that the text introduces: née, aka.
    pub(super) other: Option<(Marker, Vec<Token<'a>>)>,
    /// Several people in one name: there is no given name.
    pub(super) household: bool,
    /// Written family name first in a script that stays so.
    pub(super) family_first: bool,
}

/// Which column a text stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Full,
    Given,
    Family,
}

pub(super) fn token(raw: &str) -> Option<Token<'_>> {
    let raw = raw.trim_matches(|c: char| {
        matches!(c, ',' | ';' | '(' | ')' | '[' | ']' | '"' | '“' | '”' | '„' | '†' | '*')
    });
    if matches!(raw, "&" | "+") {
        return Some(Token { raw, folded: "and".to_owned(), word: NameWord::default() });
    }
    let mut folded = fold(raw);
    if folded.is_empty() {
        return None;
    }
    let word =
        if folded.contains(' ') { name_word(&folded.replace(' ', "")) } else { name_word(&folded) };
    if folded == "v d" || (folded == "vd" && raw.contains('.')) {
        folded = "van der".to_owned();
    }
    Some(Token { raw, folded, word })
}

pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut out = Vec::with_capacity(4);
    for raw in text.split(' ') {
        // `Dr.Müller`, `J.Smith`: a dot between an abbreviation and a whole word.
        match raw.find('.') {
            Some(dot)
                if dot <= 4
                    && raw[dot + 1..].chars().take_while(|c| c.is_alphabetic()).count() > 2
                    && !raw[dot + 1..].contains('.') =>
            {
                out.extend(token(&raw[..=dot]));
                out.extend(token(&raw[dot + 1..]));
            }
            _ => out.extend(token(raw)),
        }
    }
    out
}

impl Token<'_> {
    /// One letter, or several with dots between them.
    pub(super) fn is_initial(&self) -> bool {
        self.folded.len() == 1 || self.folded.split(' ').all(|part| part.len() == 1)
    }

    pub(super) fn given_count(&self) -> u64 {
        self.folded.split(' ').map(|part| u64::from(given_count(part))).max().unwrap_or(0)
    }

    pub(super) fn surname_count(&self) -> u64 {
        self.folded.split(' ').map(|part| u64::from(surname_count(part))).max().unwrap_or(0)
    }

    pub(super) fn has_dot(&self) -> bool {
        self.raw.ends_with('.')
    }

    /// Written in capitals, two letters or more.
    pub(super) fn is_caps(&self) -> bool {
        let letters = self.raw.chars().filter(|c| c.is_alphabetic());
        letters.clone().count() >= 2 && letters.clone().all(char::is_uppercase) && {
            letters.count() > 2 || self.surname_count() > self.given_count()
        }
    }
}

/// Joins two people's names.
pub(super) fn is_and(raw: &str) -> bool {
    matches!(
        raw,
        "&" | "+" | "and" | "und" | "et" | "og" | "och" | "AND" | "And" | "UND" | "Und" | "ET"
    )
}

/// `J&M`
pub(super) fn is_pair(raw: &str) -> bool {
    raw.split_once('&').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty())
}

/// Whether a text speaks of several people.
pub(super) fn names_several(text: &str) -> bool {
    let words = text.split(' ').filter(|word| !word.is_empty());
    let count = words.clone().count();
    words.enumerate().any(|(at, word)| (is_and(word) && at > 0 && at + 1 < count) || is_pair(word))
}
