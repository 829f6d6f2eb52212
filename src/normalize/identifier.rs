//! Numbers that identify: tax and registration numbers, loyalty cards, tokens.
//!
//! One number stands with and without its country, spaces and the name of the tax behind it; the
//! canonical value is what all these forms share. A check digit tells typing errors, never
//! ownership, so a wrong one drops nothing.

use unicode_normalization::UnicodeNormalization;

use crate::model::{Identifier, IdentifierKind, Labelled};
use crate::reference::placeholder;

use super::clean::clean;

/// Anything shorter is shared by chance.
const LENGTH_MIN: usize = 5;
/// Anything longer is text, not a number.
const LENGTH_MAX: usize = 64;

/// All identifiers of one kind, each value once.
pub fn normalize_identifiers(kind: IdentifierKind, values: &[Labelled]) -> Vec<Identifier> {
    let mut out: Vec<Identifier> = Vec::new();
    for value in values {
        if let Some(found) = normalize_identifier(kind, &value.value)
            && !out.iter().any(|known| known.value == found.value)
        {
            out.push(found);
        }
    }
    out
}

/// The canonical identifier; `None` for placeholders (`XAXX010101000`, zeros), for what is shorter
/// than five characters, and for sentences. O(length).
///
/// ```
/// use sameas::model::IdentifierKind;
/// use sameas::normalize::identifier::normalize_identifier;
/// let vat = normalize_identifier(IdentifierKind::Tax, "DE 129 273 398").unwrap();
/// assert_eq!(vat.value, "129273398");
/// ```
pub fn normalize_identifier(kind: IdentifierKind, text: &str) -> Option<Identifier> {
    let display = clean(text);
    let display = display.trim_matches(['\'', '"', ' ']);
    if display.is_empty() || display.len() > LENGTH_MAX || placeholder::is_missing(display) {
        return None;
    }
    let mut value = String::with_capacity(display.len());
    if display.is_ascii() {
        let alphanumeric = display.bytes().filter(u8::is_ascii_alphanumeric);
        value.extend(alphanumeric.map(|b| b.to_ascii_uppercase() as char));
    } else {
        let alphanumeric = display.nfkc().filter(|c| c.is_alphanumeric());
        value.extend(alphanumeric.flat_map(char::to_uppercase));
    }
    // A spreadsheet's number: `123456789.0`.
    if let Some(whole) = display.strip_suffix(".0")
        && whole.bytes().all(|b| b.is_ascii_digit())
    {
        value.pop();
    }
    if kind == IdentifierKind::Tax {
        if is_placeholder_number(display, &value) {
            return None;
        }
        value = tax_number(value);
    }
    let placeholder = is_placeholder_number(display, &value);
    if placeholder
        || value.len() < LENGTH_MIN
        || !value.bytes().any(|b| b.is_ascii_digit()) && kind != IdentifierKind::Token
    {
        return None;
    }
    Some(Identifier { kind, value, display: display.to_owned() })
}

fn is_placeholder_number(display: &str, value: &str) -> bool {
    placeholder::is_placeholder("tax_id", display) || placeholder::is_placeholder("tax_id", value)
}

/// What the forms of one tax number share: no country, no name of the tax, the company's root.
fn tax_number(mut value: String) -> String {
    if !value.is_ascii() {
        return value;
    }
    // `DE129273398 USt-IdNr.`, `CHE-123.456.788 MWST`, `923 609 016 MVA`
    for name in ["USTIDNR", "MWST", "TVA", "IVA", "TPV", "MVA", "VAT", "HR"] {
        if let Some(number) = value.strip_suffix(name)
            && number.len() >= 8
            && number.ends_with(|c: char| c.is_ascii_digit())
        {
            value.truncate(number.len());
            break;
        }
    }
    for name in [
        "USTIDNR", "USTID", "VATNO", "VATID", "VAT", "NIP", "NIF", "CIF", "EIN", "ABN", "SIRET",
        "SIREN", "CNPJ", "CPF", "RUT", "RUC", "NIT", "CUIT", "ORGNR", "TIN", "SSN",
    ] {
        if let Some(number) = value.strip_prefix(name)
            && number.len() >= 8
            && number.bytes().filter(u8::is_ascii_digit).count() >= 7
        {
            value.drain(..name.len());
            break;
        }
    }
    if value.len() < 5 {
        return value;
    }
    let digits_from = |at: usize| value[at..].bytes().all(|b| b.is_ascii_digit());
    if value.starts_with("CHE") && value.len() == 12 && digits_from(3) {
        value.drain(..3);
        return value;
    }
    let bytes = value.as_bytes();
    if bytes[0].is_ascii_alphabetic() && bytes[1].is_ascii_alphabetic() {
        let country = [bytes[0], bytes[1]];
        if let Some(number) = national(country, &value[2..]) {
            return number;
        }
        return value;
    }
    // Japan's invoice number is T and the corporate number.
    if bytes[0] == b'T' && value.len() == 14 && digits_from(1) {
        value.drain(..1);
        return value;
    }
    // Canada's business number before its programme account: `123456782RC0001`.
    if value.len() == 15 && matches!(&value[9..11], "RC" | "RT" | "RP" | "RM" | "RZ") {
        value.truncate(9);
    }
    // Sweden's VAT number is the organisation number and 01; Hungary's long form ends in
    // kind and county.
    if value.len() == 12 && value.ends_with("01") && luhn(&value[..10]) && bytes_are_digits(&value)
    {
        value.truncate(10);
    } else if value.len() == 11 && bytes_are_digits(&value) && is_hungarian(&value) {
        value.truncate(8);
    }
    value
}

fn bytes_are_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

/// Hungarian tax numbers: eight digits with a check digit, the kind of taxation (1–5), the county
/// (02–20, 22–44, 51). Only where no other 11-digit number fits.
fn is_hungarian(value: &str) -> bool {
    let county = value[9..].parse::<u8>().unwrap_or(0);
    matches!(value.as_bytes()[8], b'1'..=b'5')
        && (matches!(county, 2..=20 | 22..=44 | 51))
        && weighted(&value[..8], &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10)
        && check_digit(*b"IT", value) != Some(true)
        && check_digit(*b"HR", value) != Some(true)
        && check_digit(*b"AU", value) != Some(true)
        && check_digit(*b"BR", value) != Some(true)
        && check_digit(*b"AR", value) != Some(true)
}

/// The national number behind a country's prefix, if it has that country's form.
fn national(country: [u8; 2], rest: &str) -> Option<String> {
    let digits = bytes_are_digits(rest);
    let length = rest.len();
    let plain = |fits: bool| fits.then(|| rest.to_owned());
    match &country {
        b"AT" => plain(length == 9 && rest.starts_with('U')),
        b"BE" => match (digits, length) {
            (true, 10) => Some(rest.to_owned()),
            // Before 2008: nine digits.
            (true, 9) => Some(format!("0{rest}")),
            _ => None,
        },
        b"BG" | b"CZ" => plain(digits && (8..=10).contains(&length)),
        b"CY" => plain(length == 9),
        b"DE" | b"EE" | b"EL" | b"GR" | b"PT" => plain(digits && length == 9),
        b"DK" | b"FI" | b"LU" | b"MT" | b"SI" => plain(digits && length == 8),
        b"HU" => match (digits, length) {
            (true, 8 | 11) => Some(rest[..8].to_owned()),
            _ => None,
        },
        b"ES" => plain(length == 9),
        // The key of two characters and the SIREN, which is the company.
        b"FR" => (length == 11 && bytes_are_digits(&rest[2..])).then(|| rest[2..].to_owned()),
        b"GB" | b"XI" => plain((digits && matches!(length, 9 | 12)) || length == 5),
        b"HR" | b"IT" | b"LV" => plain(digits && length == 11),
        b"IE" => plain((8..=9).contains(&length)),
        b"LT" => plain(digits && matches!(length, 9 | 12)),
        b"NL" => plain(length == 12 && rest.as_bytes()[9] == b'B'),
        b"NO" => plain(digits && length == 9),
        b"PL" | b"SK" => plain(digits && length == 10),
        b"RO" => plain(digits && (2..=10).contains(&length)),
        b"SE" => match (digits, length) {
            (true, 12) if rest.ends_with("01") => Some(rest[..10].to_owned()),
            (true, 10 | 12) => Some(rest.to_owned()),
            _ => None,
        },
        b"CH" | b"TR" | b"AU" | b"BR" | b"IN" => plain(digits && length >= 9),
        _ => None,
    }
}

/// Whether a national number (canonical, without prefix) fits its check digit; `None` where the
/// country has none, the form is another's, or the rule is not known here. Telling, not a filter.
///
/// ```
/// use sameas::normalize::identifier::check_digit;
/// assert_eq!(check_digit(*b"DE", "129273398"), Some(true));
/// assert_eq!(check_digit(*b"DE", "129273399"), Some(false));
/// assert_eq!(check_digit(*b"US", "129273398"), None);
/// ```
pub fn check_digit(country: [u8; 2], value: &str) -> Option<bool> {
    if !value.is_ascii() {
        return None;
    }
    let digits = bytes_are_digits(value);
    let length = value.len();
    let mod11 = |weights: &[u32]| weighted(value, weights).is_multiple_of(11);
    Some(match (&country, digits, length) {
        (b"DE", true, 9) | (b"HR", true, 11) => iso_7064_mod_11_10(value),
        (b"AT", _, 9) if value.starts_with('U') && bytes_are_digits(&value[1..]) => {
            let sum = luhn_sum(&value[1..8], true) + 4;
            last_digit(value) == (10 - sum % 10) % 10
        }
        (b"BE", true, 10) => {
            let root = value[..8].parse::<u32>().ok()?;
            value[8..].parse::<u32>().ok()? == 97 - root % 97
        }
        (b"DK", true, 8) => mod11(&[2, 7, 6, 5, 4, 3, 2, 1]),
        (b"EE", true, 9) => weighted(value, &[3, 7, 1, 3, 7, 1, 3, 7, 1]).is_multiple_of(10),
        (b"FI", true, 8) => mod11(&[7, 9, 10, 5, 8, 4, 2, 1]),
        (b"FR", true, 9 | 14)
        | (b"SE", true, 10)
        | (b"IT", true, 11)
        | (b"CA", true, 9)
        | (b"IL", true, 9) => luhn(value) || value.starts_with("356000000"),
        (b"GB", true, 9 | 12) => {
            matches!(weighted(&value[..9], &[8, 7, 6, 5, 4, 3, 2, 10, 1]) % 97, 0 | 42 | 55)
        }
        (b"GR" | b"EL", true, 9) => {
            weighted(&value[..8], &[256, 128, 64, 32, 16, 8, 4, 2]) % 11 % 10 == last_digit(value)
        }
        (b"HU", true, 8) => weighted(value, &[9, 7, 3, 1, 9, 7, 3, 1]).is_multiple_of(10),
        (b"LU", true, 8) => {
            value[..6].parse::<u32>().ok()? % 89 == value[6..].parse::<u32>().ok()?
        }
        (b"MT", true, 8) => weighted(value, &[3, 4, 6, 7, 8, 9, 10, 1]).is_multiple_of(37),
        (b"NO", true, 9) => mod11(&[3, 2, 7, 6, 5, 4, 3, 2, 1]),
        (b"PL", true, 10) => {
            weighted(&value[..9], &[6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 == last_digit(value)
        }
        (b"PT", true, 9) => {
            let sum = weighted(&value[..8], &[9, 8, 7, 6, 5, 4, 3, 2]);
            (11 - sum % 11) % 11 % 10 == last_digit(value)
        }
        (b"SI", true, 8) => {
            let sum = weighted(&value[..7], &[8, 7, 6, 5, 4, 3, 2]);
            (11 - sum % 11) % 10 == last_digit(value)
        }
        (b"SK", true, 10) => value.parse::<u64>().ok()?.is_multiple_of(11),
        (b"CH", true, 9) => {
            let sum = weighted(&value[..8], &[5, 4, 3, 2, 7, 6, 5, 4]);
            (11 - sum % 11) % 11 == last_digit(value)
        }
        (b"AU", true, 11) => {
            let sum = weighted(value, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
            // The first digit counts one less.
            value.as_bytes()[0] > b'0' && (sum - 10).is_multiple_of(89)
        }
        (b"AR", true, 11) => mod11(&[5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]),
        (b"BR", true, 11) => brazilian(value, &[10, 9, 8, 7, 6, 5, 4, 3, 2]),
        (b"BR", true, 14) => brazilian(value, &[5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]),
        (b"ES", _, 9) => return spanish(value),
        (b"NL", _, 12) if bytes_are_digits(&value[..9]) => {
            let sum = weighted(&value[..8], &[9, 8, 7, 6, 5, 4, 3, 2]);
            // Sole traders since 2020 have mod 97 over the whole, not the eleven test.
            sum % 11 == last_digit(&value[..9]) || dutch_mod_97(value)
        }
        (b"CL", _, 8 | 9) if bytes_are_digits(&value[..length - 1]) => {
            let sum: u32 =
                (value[..length - 1].bytes().rev().zip([2, 3, 4, 5, 6, 7].into_iter().cycle()))
                    .map(|(digit, weight)| u32::from(digit - b'0') * weight)
                    .sum();
            let check = match 11 - sum % 11 {
                11 => b'0',
                10 => b'K',
                digit => b'0' + digit as u8,
            };
            value.as_bytes()[length - 1] == check
        }
        _ => return None,
    })
}

fn last_digit(value: &str) -> u32 {
    value.bytes().last().map_or(0, |b| u32::from(b.wrapping_sub(b'0')))
}

fn weighted(digits: &str, weights: &[u32]) -> u32 {
    digits
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight)
        .sum()
}

/// Sum of Luhn's rule; the rightmost digit is doubled unless it is the check digit.
fn luhn_sum(digits: &str, with_check: bool) -> u32 {
    let doubled = usize::from(with_check);
    (digits.bytes().rev().enumerate())
        .map(|(at, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            if at % 2 == doubled { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum()
}

fn luhn(digits: &str) -> bool {
    luhn_sum(digits, true).is_multiple_of(10)
}

fn iso_7064_mod_11_10(digits: &str) -> bool {
    let mut product = 10;
    for byte in digits.bytes().take(digits.len() - 1) {
        let sum = (u32::from(byte - b'0') + product) % 10;
        product = (if sum == 0 { 10 } else { sum }) * 2 % 11;
    }
    (11 - product) % 10 == last_digit(digits)
}

fn brazilian(value: &str, weights: &[u32]) -> bool {
    let check = |sum: u32| if sum % 11 < 2 { 0 } else { 11 - sum % 11 };
    let n = weights.len();
    let first = check(weighted(&value[..n], weights));
    let mut longer = vec![weights[0] + 1];
    longer.extend_from_slice(weights);
    let second = check(weighted(&value[..=n], &longer));
    first == u32::from(value.as_bytes()[n] - b'0') && second == last_digit(value)
}

fn spanish(value: &str) -> Option<bool> {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let bytes = value.as_bytes();
    let middle = &value[1..8];
    if !bytes_are_digits(middle) {
        return None;
    }
    let letter_of = |lead: u32| {
        let number = lead * 10_000_000 + middle.parse::<u32>().unwrap_or(0);
        LETTERS[(number % 23) as usize] == bytes[8]
    };
    match bytes[0] {
        lead @ b'0'..=b'9' => Some(letter_of(u32::from(lead - b'0'))),
        b'X' => Some(letter_of(0)),
        b'Y' => Some(letter_of(1)),
        b'Z' => Some(letter_of(2)),
        b'A'..=b'W' => {
            let check = (10 - luhn_sum(middle, false) % 10) % 10;
            Some(bytes[8] == b'0' + check as u8 || bytes[8] == b"JABCDEFGHI"[check as usize])
        }
        _ => None,
    }
}

fn dutch_mod_97(value: &str) -> bool {
    // N and L stand in front: 2321.
    let mut rest = 2321_u32 % 97;
    for byte in value.bytes() {
        rest = match byte {
            b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
            b'A'..=b'Z' => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
            _ => return false,
        };
    }
    rest == 1
}
