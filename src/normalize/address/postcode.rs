//! Postal codes in the one form that their country compares them by.

use crate::reference::country::plate_code;

/// Display and comparison form of a postal code as its country writes it. `country` is where it is
/// read as, not necessarily what the record says.
pub(super) fn normalize_postcode(raw: &str, country: Option<[u8; 2]>) -> (String, String) {
    let raw = raw.trim_end().trim_start_matches(|c: char| c == '\'' || c.is_whitespace());
    let raw = match raw.strip_suffix(".0") {
        Some(number) if number.bytes().all(|b| b.is_ascii_digit()) => number,
        _ => raw,
    };
    let body = without_country(raw, country);
    let compact = compact(body);
    let digits = !compact.is_empty() && compact.bytes().all(|b| b.is_ascii_digit());
    if digits && compact.bytes().all(|b| b == b'0') {
        return (collapse(raw), String::new());
    }
    let zip_plus_four = matches!(body.split_once('-'), Some((zip, block))
        if zip.len() == 5 && block.len() == 4 && digits);
    let shape = country.or_else(|| zip_plus_four.then_some(*b"US")).or_else(|| by_shape(&compact));
    match shape.as_ref() {
        Some(b"US" | b"PR" | b"VI" | b"GU" | b"AS") if digits => united_states(body, &compact),
        Some(b"DE" | b"FR" | b"ES" | b"IT" | b"FI" | b"MX" | b"TR" | b"HR") if digits => {
            padded(raw, &compact, 5)
        }
        Some(b"AU" | b"NO" | b"DK" | b"NZ" | b"ZA") if digits && compact.len() == 3 => {
            padded(raw, &compact, 4)
        }
        Some(b"PL") if digits && compact.len() == 5 => {
            (format!("{}-{}", &compact[..2], &compact[2..]), compact)
        }
        Some(b"GB" | b"GG" | b"JE" | b"IM") => match british(&compact) {
            Some(key) => {
                let (outward, inward) = key.split_at(key.len() - 3);
                (format!("{outward} {inward}").to_ascii_uppercase(), key)
            }
            None => (collapse(raw).to_uppercase(), compact),
        },
        Some(b"CA") => match canadian(&compact) {
            Some(key) => (format!("{} {}", &key[..3], &key[3..]).to_ascii_uppercase(), key),
            None => (collapse(raw).to_uppercase(), compact),
        },
        Some(b"NL") if is_dutch(&compact) => {
            (format!("{} {}", &compact[..4], &compact[4..]).to_ascii_uppercase(), compact)
        }
        _ => (collapse(raw), compact),
    }
}

/// Letters and digits, in small letters.
fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    if text.is_ascii() {
        out.extend(text.chars().filter(char::is_ascii_alphanumeric));
        out.make_ascii_lowercase();
    } else {
        let letters = text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase);
        out.extend(letters.filter(char::is_ascii_alphanumeric));
    }
    out
}

/// Whether a value, by its form alone, is a postal code of one of the larger countries.
pub fn looks_like_postcode(text: &str) -> bool {
    let text = text.trim().trim_start_matches('\'').trim();
    if text.len() < 4 || text.len() > 10 || !text.is_ascii() {
        return false;
    }
    let body = without_country(text, None);
    let compact = compact(body);
    if compact.bytes().all(|b| b.is_ascii_digit()) {
        let groups: Vec<usize> = body.split([' ', '-']).map(str::len).collect();
        let plain = body.bytes().all(|b| b.is_ascii_digit() || b == b' ' || b == b'-');
        return plain
            && matches!(
                groups[..],
                [4..=6] | [5, 4] | [3, 2] | [2, 3] | [4, 3] | [5, 3] | [3, 4] | [3, 3]
            );
    }
    by_shape(&compact).is_some()
}

/// `D-10115`, `CH-8000`, `SE-123 45`: the code without the country.
fn without_country(raw: &str, country: Option<[u8; 2]>) -> &str {
    let Some((prefix, rest)) = raw.split_once(['-', ' ']) else { return raw };
    let known = match *prefix.as_bytes() {
        [letter] => plate_code(letter.to_ascii_uppercase()).is_some(),
        [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
            let code = [a, b].map(|b| b.to_ascii_uppercase());
            country.is_none_or(|country| country == code || code == *b"FL")
        }
        _ => false,
    };
    if known && rest.starts_with(|c: char| c.is_ascii_digit()) { rest } else { raw }
}

/// Country that only its own codes look like.
pub(super) fn by_shape(compact: &str) -> Option<[u8; 2]> {
    if canadian(compact).is_some() {
        Some(*b"CA")
    } else if british(compact).is_some() {
        Some(*b"GB")
    } else if is_dutch(compact) {
        Some(*b"NL")
    } else {
        None
    }
}

/// Five digits are the code, four more the block of houses; spreadsheets eat leading zeros.
fn united_states(raw: &str, compact: &str) -> (String, String) {
    let (zip, block) = match raw.split_once('-') {
        Some((zip, block)) if block.trim().len() == 4 => (zip.trim(), Some(block.trim())),
        _ if compact.len() == 9 => (&compact[..5], Some(&compact[5..])),
        _ if compact.len() == 8 => (&compact[..4], Some(&compact[4..])),
        _ => (compact, None),
    };
    if !(3..=5).contains(&zip.len()) || !zip.bytes().all(|b| b.is_ascii_digit()) {
        return (collapse(raw), compact.to_owned());
    }
    let key = if zip.len() == 5 { zip.to_owned() } else { format!("{zip:0>5}") };
    match block {
        Some(block) => (format!("{key}-{block}"), key),
        None => (key.clone(), key),
    }
}

fn padded(raw: &str, compact: &str, length: usize) -> (String, String) {
    if compact.len() + 1 == length {
        let key = format!("0{compact}");
        (key.clone(), key)
    } else {
        (collapse(raw), compact.to_owned())
    }
}

/// `A9 9AA` to `AA9A 9AA` with the letters O and I repaired where only a digit can stand.
fn british(compact: &str) -> Option<String> {
    let ends_in_letters = compact.bytes().rev().take(2).all(|b| b.is_ascii_lowercase());
    if !(5..=7).contains(&compact.len()) || !ends_in_letters {
        return None;
    }
    let mut bytes = compact.as_bytes().to_vec();
    let inward = bytes.len() - 3;
    digit_at(&mut bytes, inward);
    // The area's letters come first, then its district's digit.
    if bytes[0] == b'0' {
        bytes[0] = b'o';
    }
    match inward {
        2 => digit_at(&mut bytes, 1),
        3 if bytes[1].is_ascii_alphabetic() => digit_at(&mut bytes, 2),
        4 => digit_at(&mut bytes, 2),
        _ => {}
    }
    let outward = &bytes[..inward];
    let letter = |b: &u8| b.is_ascii_lowercase();
    let shape = match outward {
        [a, b] => letter(a) && b.is_ascii_digit(),
        [a, b, c] => letter(a) && (b.is_ascii_digit() || letter(b) && c.is_ascii_digit()),
        [a, b, c, _] => letter(a) && letter(b) && c.is_ascii_digit(),
        _ => false,
    };
    let end = &bytes[inward..];
    (shape && end[0].is_ascii_digit() && letter(&end[1]) && letter(&end[2]))
        .then(|| String::from_utf8(bytes).ok())
        .flatten()
}

/// `A1A 1A1`; the letters O and I are in no Canadian code.
fn canadian(compact: &str) -> Option<String> {
    if compact.len() != 6 || !compact.starts_with(|c: char| c.is_ascii_lowercase()) {
        return None;
    }
    let mut bytes = compact.as_bytes().to_vec();
    let repairs = [1, 3, 5].iter().filter(|&&at| !bytes[at].is_ascii_digit()).count();
    for at in [1, 3, 5] {
        digit_at(&mut bytes, at);
    }
    let shape = (0..6).all(|at| {
        if at % 2 == 0 { bytes[at].is_ascii_lowercase() } else { bytes[at].is_ascii_digit() }
    });
    (shape && repairs <= 1).then(|| String::from_utf8(bytes).ok()).flatten()
}

fn digit_at(bytes: &mut [u8], at: usize) {
    match bytes[at] {
        b'o' => bytes[at] = b'0',
        b'i' | b'l' => bytes[at] = b'1',
        _ => {}
    }
}

fn is_dutch(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    bytes.len() == 6
        && bytes[0] != b'0'
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().all(u8::is_ascii_alphabetic)
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
