//! An address line as folded words.

use crate::reference::fold;
use crate::reference::street::{Lexicon, Style};

/// A folded word and what stands before it: a space, or one of `-/#+`.
#[derive(Clone, Copy)]
pub(super) struct Token<'a> {
    pub text: &'a str,
    pub sep: u8,
    /// A dot follows: it is an abbreviation.
    pub dot: bool,
}

impl Token<'_> {
    pub(super) fn starts_with_digit(&self) -> bool {
        self.text.as_bytes()[0].is_ascii_digit()
    }

    pub(super) fn is_letter(&self) -> bool {
        self.text.len() == 1 && self.text.as_bytes()[0].is_ascii_alphabetic()
    }

    pub(super) fn is_value(&self) -> bool {
        self.text.len() == 1 || self.text.bytes().any(|b| b.is_ascii_digit())
    }
}

/// Words of a prepared segment. A designator or, where numbers stand last, a name that a number is
/// glued to (`Apt4`, `Hauptstraße12`) is parted from it.
pub(super) fn tokens<'a>(segment: &'a str, words: &Lexicon, numbers_last: bool) -> Vec<Token<'a>> {
    let bytes = segment.as_bytes();
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(8);
    let mut sep = b' ';
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            if matches!(bytes[at], b'-' | b'/' | b'#' | b'+') {
                sep = bytes[at];
            }
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
            at += 1;
        }
        let text = &segment[start..at];
        let dot = bytes.get(at) == Some(&b'.');
        let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
        let glued =
            letters > 1 && letters < text.len() && text.as_bytes()[letters].is_ascii_digit() && {
                let roles = words.roles(&text[..letters]);
                roles.is_unit()
                    || roles.is_number()
                    || matches!(&text[..letters], "box" | "pobox")
                    || letters >= 4 && numbers_last
            };
        if glued {
            tokens.push(Token { text: &text[..letters], sep, dot: false });
            tokens.push(Token { text: &text[letters..], sep: b' ', dot });
        } else {
            tokens.push(Token { text, sep, dot });
        }
        sep = b' ';
    }
    tokens
}

/// Lower-case ASCII with the punctuation that matters: `- / # , ; | \n` and dots after abbreviations.
pub(super) fn prepare(line: &str, style: Style) -> String {
    let romance = matches!(
        style,
        Style::French | Style::Italian | Style::Spanish | Style::Portuguese | Style::Dutch
    );
    let mut out = String::with_capacity(line.len() + 2);
    for (at, c) in line.char_indices() {
        match c {
            '.' => {
                if !joins_across_dot(&out, &line[at + 1..], style) {
                    out.push('.');
                }
            }
            '\'' | '’' | '`' | '´' | '‘' => {
                // `l'Église` is two words, `O'Brien` one.
                let before =
                    out.len() - out.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
                if romance && (1..=4).contains(&before) {
                    out.push(' ');
                }
            }
            '\r' => {}
            // `3.º` is a floor; the mark of an ordinal says nothing more.
            'º' | 'ª' if out.trim_end_matches('.').ends_with(|c: char| c.is_ascii_digit()) => {
                out.truncate(out.trim_end_matches('.').len());
            }
            _ if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            '–' | '—' | '‑' | '‐' => out.push('-'),
            '，' | '、' => out.push(','),
            _ => {
                let mut buffer = [0; 4];
                let folded = fold(c.encode_utf8(&mut buffer));
                if folded.is_empty() && !unicode_normalization::char::is_combining_mark(c) {
                    if !matches!(c, '\u{200b}'..='\u{200d}' | '\u{feff}' | '\u{ad}') {
                        out.push(' ');
                    }
                } else {
                    out.push_str(&folded);
                }
            }
        }
    }
    out
}

/// `P.O.`, `N.W.`, and outside English `V.le`, `P.zza`: one word.
fn joins_across_dot(before: &str, after: &str, style: Style) -> bool {
    let run = before.len() - before.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
    let next = after.len() - after.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
    let most = if style == Style::English { 1 } else { 3 };
    (1..=2).contains(&run) && (1..=most).contains(&next)
}

/// `12 bis`: part of the number.
pub(super) fn is_addition(text: &str) -> bool {
    matches!(text, "bis" | "ter" | "quater" | "quinquies")
}

/// `1st`, `42nd`: a street's name, not a house number.
pub(super) fn is_ordinal(text: &str) -> bool {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    digits > 0 && matches!(&text[digits..], "st" | "nd" | "rd" | "th" | "er" | "eme" | "ste")
}

/// Types that a number follows.
pub(super) fn is_numbered_road(word: &str) -> bool {
    matches!(
        word,
        "highway"
            | "route"
            | "road"
            | "interstate"
            | "us"
            | "sr"
            | "cr"
            | "state"
            | "county"
            | "fm"
            | "loop"
            | "hc"
            | "rr"
            | "i"
            | "box"
            | "exit"
            | "lot"
    )
}
