use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Folds a text for comparison: NFKD, marks stripped, ß→ss ø→o ł→l đ→d ı→i, other scripts
/// transliterated, lower case, apostrophes removed; everything but letters and digits becomes one
/// space; trimmed. Idempotent. O(length); one pass without allocation beyond the result for ASCII.
///
/// ```
/// use sameas::reference::fold;
/// assert_eq!(fold("  O'Brien-Müller, José "), "obrien muller jose");
/// assert_eq!(fold("Straße Łódź Søren"), "strasse lodz soren");
/// ```
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return fold_ascii(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd() {
        fold_char(&mut out, c);
    }
    if out.ends_with(' ') {
        out.pop();
    }
    out
}

/// As [`push`] for every byte, without looking at characters.
fn fold_ascii(text: &str) -> String {
    // Most words need nothing but small letters.
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return text.to_ascii_lowercase();
    }
    let mut out = Vec::with_capacity(text.len());
    // As if a space had been written: none stands at the start.
    let mut spaced = true;
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'A'..=b'Z' => {
                out.push(byte.to_ascii_lowercase());
                spaced = false;
            }
            b'\'' | b'`' => {}
            _ => {
                if !spaced {
                    out.push(b' ');
                }
                spaced = true;
            }
        }
    }
    if out.last() == Some(&b' ') {
        out.pop();
    }
    String::from_utf8(out).unwrap_or_default()
}

fn fold_char(out: &mut String, c: char) {
    if c.is_ascii() {
        return push(out, c);
    }
    if is_combining_mark(c) {
        return;
    }
    let replacement = match c {
        'ß' | 'ẞ' => "ss",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'ı' => "i",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'þ' | 'Þ' => "th",
        '’' | '‘' | 'ʼ' | 'ʹ' | '´' | '`' | 'ʻ' | '\u{ad}' | '\u{200b}' | '\u{200c}'
        | '\u{200d}' | '\u{feff}' => return,
        // `deunicode` gives words for symbols (€ → EUR); only letters and digits are wanted.
        _ if c.is_alphanumeric() => deunicode::deunicode_char(c).unwrap_or(" "),
        _ => " ",
    };
    for c in replacement.chars() {
        push(out, c);
    }
}

fn push(out: &mut String, c: char) {
    match c {
        'a'..='z' | '0'..='9' => out.push(c),
        'A'..='Z' => out.push(c.to_ascii_lowercase()),
        '\'' | '`' => {}
        _ => {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folds_scripts_marks_and_punctuation() {
        for (raw, want) in [
            ("", ""),
            (" - ", ""),
            ("Ann", "ann"),
            ("d’Arc", "darc"),
            ("Nguyễn Thị", "nguyen thi"),
            ("Иван", "ivan"),
            ("ＡＢＣ１", "abc1"),
            ("Çelik\u{200b}", "celik"),
            ("Mu\u{308}ller", "muller"),
            ("Ærø & Søn", "aero son"),
        ] {
            assert_eq!(fold(raw), want, "{raw}");
        }
    }

    proptest! {
        #[test]
        fn ascii_is_folded_as_any_text(text in "[ -~\\t\\n]*") {
            let mut out = String::new();
            text.chars().for_each(|c| push(&mut out, c));
            prop_assert_eq!(fold(&text), out.trim_end());
        }

        #[test]
        fn fold_is_idempotent_and_ascii(text in "\\PC*") {
            let once = fold(&text);
            prop_assert!(once.is_ascii());
            prop_assert_eq!(fold(&once), once);
        }
    }
}
