//! Cleaning that every kind of text needs.

use std::borrow::Cow;

use unicode_normalization::{UnicodeNormalization, is_nfc_quick};

/// Trims, makes white space one space, drops invisible characters, composes accents (NFC), repairs
/// UTF-8 that was once read as Windows-1252. Borrows what is clean. O(length).
///
/// ```
/// use sameas::normalize::clean::clean;
/// assert_eq!(clean("  Ann\u{a0} \u{200b}Lee "), "Ann Lee");
/// assert_eq!(clean("MÃ¼ller"), "Müller");
/// ```
pub fn clean(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(is_space_or_invisible);
    let text = match repair_mojibake(text) {
        Some(repaired) => Cow::Owned(repaired),
        None => Cow::Borrowed(text),
    };
    let spaced = if needs_spacing(&text) { Cow::Owned(space_once(&text)) } else { text };
    if spaced.is_ascii() || is_nfc_quick(spaced.chars()) == unicode_normalization::IsNormalized::Yes
    {
        spaced
    } else {
        // Composing may uncover a space at the ends no more than the input had.
        Cow::Owned(spaced.nfc().collect())
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}' | '\u{fffd}')
        || (c.is_control() && !c.is_whitespace())
}

fn is_space_or_invisible(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

fn needs_spacing(text: &str) -> bool {
    if text.is_ascii() {
        let mut last = b'x';
        return text.bytes().any(|byte| {
            let odd = (byte < b' ' || byte == 127) || (byte == b' ' && last == b' ');
            last = byte;
            odd
        });
    }
    let mut last = 'x';
    text.chars().any(|c| {
        let odd = is_invisible(c) || (c.is_whitespace() && (c != ' ' || last == ' '));
        last = c;
        odd
    })
}

fn space_once(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            continue;
        }
        if !c.is_whitespace() {
            out.push(c);
        } else if !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out
}

/// Reads a text that was UTF-8 and was decoded as Windows-1252 once more; `None` unless every
/// character can come from that and the bytes are valid UTF-8 with at least one accent.
fn repair_mojibake(text: &str) -> Option<String> {
    // The two lead bytes that Latin letters have, as Windows-1252 shows them.
    if text.is_ascii() || !text.contains(['Ã', 'Â', 'Ä', 'Å']) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    for c in text.chars() {
        bytes.push(windows_1252(c)?);
    }
    let repaired = String::from_utf8(bytes).ok()?;
    let plausible =
        repaired.chars().all(|c| c.is_ascii() || c.is_alphabetic() || is_punctuation(c));
    plausible.then_some(repaired)
}

fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{a0}'..='\u{bf}' | '\u{2010}'..='\u{2044}' | '€')
}

fn windows_1252(c: char) -> Option<u8> {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match c as u32 {
        code @ (0..=0x7f | 0xa0..=0xff) => Some(code as u8),
        _ => HIGH.iter().position(|high| *high == c).map(|at| 0x80 + at as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cleans_spaces_invisible_characters_and_mojibake() {
        for (raw, want) in [
            ("", ""),
            (" \t ", ""),
            ("Ann", "Ann"),
            ("Ann  Lee", "Ann Lee"),
            ("Ann\nLee", "Ann Lee"),
            ("\u{feff}Ann", "Ann"),
            ("Mu\u{308}ller", "Müller"),
            ("MÃ¼ller", "Müller"),
            ("JosÃ© NÃºÃ±ez", "José Núñez"),
            ("Å\u{81}ukasz", "Łukasz"),
            ("FranÃ§ois dâ€™Arc", "François d’Arc"),
            ("Ärzte", "Ärzte"),
            ("Åsa Ödén", "Åsa Ödén"),
            ("SÃO PAULO", "SÃO PAULO"),
            ("Müller MÃ¼ller", "Müller MÃ¼ller"),
        ] {
            assert_eq!(clean(raw), want, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_is_idempotent(text in "\\PC*") {
            let once = clean(&text).into_owned();
            prop_assert_eq!(clean(&once), once.clone());
        }
    }
}
