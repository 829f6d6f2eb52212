//! What a person typed into a phone cell: digits, sign, extension, words.

/// At most so many digits are looked at; a longer run is no phone number.
const DIGITS_MAX: usize = 24;

/// A short run of ASCII digits on the stack.
#[derive(Clone, Copy, Default)]
pub(super) struct Digits {
    bytes: [u8; DIGITS_MAX],
    length: u8,
    overflow: bool,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        match self.bytes.get_mut(usize::from(self.length)) {
            Some(slot) => {
                *slot = digit;
                self.length += 1;
            }
            None => self.overflow = true,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.length)
    }
}

/// A number as it was written.
#[derive(Default)]
pub(super) struct Written {
    pub digits: Digits,
    pub plus: bool,
    pub extension: Digits,
    /// The text itself says that it is a fax number.
    pub fax: bool,
    /// Asterisks, or words that are no label: its digits cannot be trusted.
    pub spoilt: bool,
}

const EXTENSION_WORDS: &[&str] = &[
    "x", "ext", "extn", "extension", "durchwahl", "dw", "poste", "int", "interno", "anexo", "ramal",
    "toestel", "wew", "anknytning", "lokal", "klapp",
];
const FAX_WORDS: &[&str] = &["fax", "telefax", "faks", "telecopie", "télécopie"];
const LABEL_WORDS: &[&str] = &[
    "a", "b", "business", "c", "cel", "cell", "celular", "cellular", "cellulare", "daytime", "day",
    "direct", "eve", "evening", "f", "festnetz", "fixe", "g", "gsm", "h", "handy", "home", "m", "main",
    "mob", "mobil", "mobile", "movil", "móvil", "n", "nr", "no", "number", "o", "office", "p", "ph",
    "phone", "portable", "privat", "private", "t", "tel", "tél", "telefon", "telefone", "telefono",
    "teléfono", "telefoon", "telephone", "téléphone", "tf", "tlf", "w", "whatsapp", "work", "xor",
];

/// Reads one number. Digits of other scripts count as digits.
pub(super) fn scan(text: &str) -> Written {
    let mut written = Written::default();
    if let Some(digits) = spreadsheet_number(text) {
        return digits;
    }
    let mut in_extension = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        if let Some(digit) = digit(c) {
            if in_extension {
                written.extension.push(digit);
            } else {
                written.digits.push(digit);
            }
        } else if c.is_alphabetic() {
            let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
            let word = rest[..end].to_lowercase();
            rest = &rest[end..];
            if EXTENSION_WORDS.contains(&word.as_str()) && written.digits.len() >= 5 {
                in_extension = true;
            } else if FAX_WORDS.contains(&word.as_str()) {
                written.fax = true;
            } else if !LABEL_WORDS.contains(&word.as_str()) {
                written.spoilt = true;
            }
            continue;
        } else {
            match c {
                '+' | '＋' if written.digits.len() == 0 => written.plus = true,
                '*' => written.spoilt = true,
                '#' if written.digits.len() >= 5 => in_extension = true,
                ',' if written.digits.len() >= 9 => in_extension = true,
                // +44 (0)20: the zero is for callers inside the country.
                '(' if tail.starts_with("0)")
                    && (written.plus || written.digits.as_str().starts_with("00"))
                    && written.digits.len() > 0 =>
                {
                    rest = &tail[2..];
                    continue;
                }
                _ => {}
            }
        }
        rest = tail;
    }
    written.spoilt |= written.digits.overflow || written.extension.len() > 8;
    written
}

/// `4155552671.0` and `4.155552671E+9`: numbers that went through a spreadsheet.
fn spreadsheet_number(text: &str) -> Option<Written> {
    let bytes = text.as_bytes();
    let mark = bytes.iter().rposition(|&b| matches!(b, b'.' | b'e' | b'E'))?;
    let mut written = Written::default();
    if &bytes[mark..] == b".0" && bytes[..mark].iter().all(u8::is_ascii_digit) {
        bytes[..mark].iter().for_each(|&b| written.digits.push(b));
        return Some(written);
    }
    if bytes[mark] == b'.' {
        return None;
    }
    let exponent: usize = text[mark + 1..].trim_start_matches('+').parse().ok()?;
    let (whole, fraction) = text[..mark].split_once(['.', ','])?;
    if whole.len() != 1 || exponent > 16 || fraction.is_empty() {
        return None;
    }
    if !(whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit())) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    whole.bytes().chain(fraction.bytes()).for_each(|b| written.digits.push(b));
    // Two zeros at the end may be real; more have been rounded away.
    written.spoilt = fraction.len() > exponent || exponent - fraction.len() > 2;
    for _ in fraction.len()..exponent {
        written.digits.push(b'0');
    }
    Some(written)
}

fn digit(c: char) -> Option<u8> {
    let zero = match c {
        '0'..='9' => return Some(c as u8),
        '０'..='９' => '０',
        '٠'..='٩' => '٠',
        '۰'..='۹' => '۰',
        '०'..='९' => '०',
        _ => return None,
    };
    u8::try_from(u32::from(c) - u32::from(zero)).ok().map(|digit| b'0' + digit)
}

fn count_digits(text: &str) -> usize {
    text.chars().filter(|&c| digit(c).is_some()).count()
}

/// Several numbers in one cell, split at `/ ; , |`, line ends, `&` and words for "or". A part that is
/// too short to be a number stays with its neighbour: `0171/1234567` is one number.
pub(super) fn split(value: &str) -> Vec<&str> {
    let is_separator = |c: char| matches!(c, '/' | ';' | ',' | '|' | '&' | '\n' | '\r');
    let has_word = value.bytes().any(|b| b.is_ascii_alphabetic());
    if !value.contains(is_separator) && !has_word {
        return vec![value];
    }
    let mut pieces: Vec<(usize, usize)> = Vec::new();
    let mut start = 0;
    let mut parts: Vec<(usize, usize, char)> = Vec::new();
    let mut at = 0;
    while let Some(c) = value[at..].chars().next() {
        let length = if is_separator(c) {
            c.len_utf8()
        } else if c == ' ' && has_word {
            [" or ", " oder ", " ou ", " and ", " und ", " et ", " y ", " o "]
                .into_iter()
                .find(|word| {
                    value.get(at..at + word.len()).is_some_and(|s| s.eq_ignore_ascii_case(word))
                })
                .map_or(0, str::len)
        } else {
            0
        };
        if length > 0 {
            parts.push((start, at, c));
            at += length;
            start = at;
        } else {
            at += c.len_utf8();
        }
    }
    parts.push((start, value.len(), ' '));
    let mut separator = ' ';
    for (index, &(start, end, after)) in parts.iter().enumerate() {
        let part = value[start..end].trim_start();
        let digits = count_digits(part);
        let before = std::mem::replace(&mut separator, after);
        let Some(last) = pieces.last_mut() else {
            pieces.push((start, end));
            continue;
        };
        let so_far = count_digits(&value[last.0..last.1]);
        let opens = part.starts_with(['0', '+']) && digits >= 2 && index + 1 < parts.len();
        if so_far >= 7 && (digits >= 7 || opens) {
            pieces.push((start, end));
        } else if before == '/' && so_far >= 8 && (1..=3).contains(&digits) {
            // 030 123456/57: the end of a second number; the first is whole.
        } else {
            last.1 = end;
        }
    }
    pieces.into_iter().map(|(start, end)| value[start..end].trim()).collect()
}
