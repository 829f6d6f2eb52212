//! Phone numbers: from whatever was typed to E.164 and a national number to compare.

mod plan;
mod scan;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use crate::model::{Labelled, Phone};
use plan::Plan;
use scan::Written;

const PLACEHOLDERS: &str = include_str!("../../data/reference/phone_placeholders.csv");

/// Numbers of a record, each once, in their order, faxes last. `region` is the country that a number
/// without calling code belongs to: the record's, else the file's. Cells with several numbers are
/// split. What is no number is kept for display and marked `useless`; cells without a digit or an
/// asterisk give nothing.
///
/// `national` carries no leading zeros in any country, so that a number whose country is unknown
/// still compares. Countries that lengthened their numbers compare by the part both forms share
/// (Argentina without the mobile's 9, Côte d'Ivoire and Benin the last eight digits); Mexico and
/// Brazil are brought to today's form. O(length); clean numbers of the commonest countries take no
/// table.
pub fn normalize_phones(values: &[Labelled], region: Option<[u8; 2]>) -> Vec<Phone> {
    let mut phones: Vec<Phone> = Vec::with_capacity(values.len());
    for value in values {
        let text =
            value.value.trim_end().trim_start_matches(|c: char| c == '\'' || c.is_whitespace());
        if scan::is_single(text) {
            add(text, value, region, &mut phones);
        } else {
            for piece in scan::split(text) {
                add(piece, value, region, &mut phones);
            }
        }
    }
    if phones.len() > 1 {
        phones.sort_by_key(is_fax);
    }
    phones
}

fn add(piece: &str, value: &Labelled, region: Option<[u8; 2]>, phones: &mut Vec<Phone>) {
    let Some((mut phone, fax)) = read(piece, region) else { return };
    phone.label = match &value.label {
        None if fax => Some("fax".into()),
        label => label.clone(),
    };
    let known = phones
        .iter()
        .any(|other| other.display == phone.display && other.extension == phone.extension);
    if !known {
        phones.push(phone);
    }
}

/// Whether a value, by its form alone, is a phone number: seven to fifteen digits with nothing but
/// what people put between them, and not a date, a price or a bare number of eight digits.
pub fn looks_like_phone(text: &str) -> bool {
    let text = text.trim().trim_start_matches('\'');
    if text.len() > 40 || text.contains(['@', ':', '$', '€', '%', '_']) && !text.starts_with("tel:")
    {
        return false;
    }
    let written = scan::scan(text);
    let digits = written.digits.len();
    if written.spoilt || !(7..=15).contains(&digits) || is_date(text) {
        return false;
    }
    if written.plus || written.digits.as_str().starts_with("00") {
        return true;
    }
    let separators =
        text.chars().filter(|c| matches!(c, ' ' | '-' | '/' | '(' | ')' | '.')).count();
    if separators == 0 {
        return (9..=12).contains(&digits) && text.bytes().all(|b| b.is_ascii_digit());
    }
    // 123.45, 1,234,567.89 and 62701-1234 are no numbers to dial.
    let groups = text.split(|c: char| !c.is_ascii_digit()).filter(|g| !g.is_empty()).count();
    !(text.contains(',') || groups == 2 && text.contains('.'))
        && (digits != 9 || text.as_bytes().get(5) != Some(&b'-'))
}

fn is_fax(phone: &Phone) -> bool {
    phone.label.as_deref().is_some_and(|label| label.to_ascii_lowercase().contains("fax"))
}

fn is_date(text: &str) -> bool {
    let date = text.split(['T', ' ']).next().unwrap_or_default();
    let mut groups = date.split(['-', '/', '.']);
    let lengths = [groups.next(), groups.next(), groups.next()].map(|g| g.map_or(0, str::len));
    groups.next().is_none()
        && matches!(lengths, [4, 1..=2, 1..=2] | [1..=2, 1..=2, 2 | 4])
        && date.len() >= 8
        && date.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'/' | b'.'))
}

/// A number of one piece, and whether the text calls it a fax.
fn read(piece: &str, region: Option<[u8; 2]>) -> Option<(Phone, bool)> {
    let written = scan::scan(piece);
    let digits = written.digits.as_str();
    if digits.is_empty() && !piece.contains('*') {
        return None;
    }
    let mut phone = if written.spoilt || digits.len() < 5 {
        Phone { display: collapse(piece), useless: true, ..Phone::default() }
    } else {
        identify(&written, region)
    };
    if !phone.useless {
        written.extension.as_str().clone_into(&mut phone.extension);
        match placeholder(&phone) {
            Some(Kind::Placeholder) => phone.useless = true,
            Some(Kind::Fictional) => phone.valid = false,
            None => {}
        }
    }
    Some((phone, written.fax))
}

fn identify(written: &Written, region: Option<[u8; 2]>) -> Phone {
    let digits = written.digits.as_str();
    if written.plus || digits.starts_with("00") && digits.len() >= 9 {
        return international(digits.trim_start_matches('0')).unwrap_or_else(|| unknown(digits));
    }
    let own = region.and_then(plan::by_country);
    let north_american = own.is_some_and(|plan| plan.code == "1");
    if let Some(rest) = digits.strip_prefix("011").filter(|r| north_american && r.len() >= 9) {
        return international(rest).unwrap_or_else(|| unknown(digits));
    }
    if let Some(plan) = own {
        if let Some(phone) = national(plan, digits) {
            return Phone { guessed: true, ..phone };
        }
    } else if let Some(phone) = region.and_then(|region| by_metadata(Some(region), digits)) {
        return Phone { guessed: true, ..phone };
    }
    // A `+` that a spreadsheet ate: long enough to be nothing else.
    if digits.len() >= 11
        && let Some((code, rest)) = plan::split_code(digits)
        && let Some(plan) = plan::by_code(code)
        && plan.accepts(rest)
    {
        return modern(plan, rest, true);
    }
    unknown(digits)
}

/// Digits whose country nobody knows.
fn unknown(digits: &str) -> Phone {
    Phone {
        display: digits.to_owned(),
        national: digits.trim_start_matches('0').to_owned(),
        // Shorter ones are shared by thousands, longer ones are several numbers or none.
        useless: !(6..=15).contains(&digits.len()),
        ..Phone::default()
    }
}

/// A number written as within its country; `None` if the plan does not know it.
fn national(plan: &Plan, digits: &str) -> Option<Phone> {
    match &plan.country {
        b"MX" => {
            for prefix in ["045", "044", "01", "1"] {
                if let Some(rest) = digits.strip_prefix(prefix).filter(|rest| rest.len() == 10) {
                    return accepted(plan, rest);
                }
            }
        }
        b"AR" => {
            if let Some(rest) = digits.strip_prefix('0').and_then(argentine_mobile) {
                return Some(number(plan, &rest, &format!("9{rest}"), true));
            }
        }
        // 0, the carrier's two digits, the number.
        b"BR" if matches!(digits.len(), 13 | 14) && digits.starts_with('0') => {
            return accepted(plan, &digits[3..]);
        }
        _ => {}
    }
    if !plan.trunk.is_empty()
        && let Some(rest) = digits.strip_prefix(plan.trunk)
        && plan.accepts(rest)
    {
        return accepted(plan, rest);
    }
    if let Some(rest) = plan.strip_code(digits) {
        return accepted(plan, rest);
    }
    // Ten digits are a number of the plan even where its area does not exist.
    let ten = if digits.len() == 11 { digits.strip_prefix('1').unwrap_or(digits) } else { digits };
    if plan.code == "1" && ten.len() == 10 && !ten.starts_with(['0', '1']) {
        return Some(number(plan, ten, ten, plan.accepts(ten)));
    }
    accepted(plan, digits)
}

fn accepted(plan: &Plan, national: &str) -> Option<Phone> {
    plan.accepts(national).then(|| modern(plan, national, true))
}

/// Digits after the `+`; `None` if they name no country.
fn international(digits: &str) -> Option<Phone> {
    let (code, rest) = plan::split_code(digits).filter(|_| digits.len() <= 15)?;
    let Some(plan) = plan::by_code(code) else {
        return by_metadata(None, digits).or_else(|| Some(out_of_plan(code, rest)));
    };
    if plan.accepts(rest) {
        return Some(modern(plan, rest, true));
    }
    match &plan.country {
        b"MX" => {
            if let Some(mobile) = rest.strip_prefix('1').filter(|r| plan.accepts(r)) {
                return Some(number(plan, mobile, mobile, true));
            }
        }
        b"AR" => {
            if let Some(mobile) = rest.strip_prefix('9').filter(|r| plan.accepts(r)) {
                return Some(number(plan, mobile, rest, true));
            }
        }
        _ => {}
    }
    if !plan.trunk.is_empty()
        && let Some(national) = rest.strip_prefix(plan.trunk)
        && plan.accepts(national)
    {
        return Some(modern(plan, national, true));
    }
    Some(out_of_plan(code, rest))
}

fn out_of_plan(code: &str, rest: &str) -> Phone {
    assemble(code, rest.trim_start_matches('0'), rest, false, rest.len() < 5)
}

/// Brings numbers of plans that changed to the form that old and new share.
fn modern(plan: &Plan, national: &str, valid: bool) -> Phone {
    match &plan.country {
        b"BR" if national.len() == 10 && matches!(national.as_bytes()[2], b'6'..=b'9') => {
            let longer = format!("{}9{}", &national[..2], &national[2..]);
            number(plan, &longer, &longer, valid)
        }
        b"CI" | b"BJ" => {
            let tail = &national[national.len().saturating_sub(8)..];
            number(plan, tail, national, valid && national.len() == 10)
        }
        _ => number(plan, national, national, valid),
    }
}

fn number(plan: &Plan, national: &str, shown: &str, valid: bool) -> Phone {
    assemble(plan.code, national.trim_start_matches('0'), shown, valid, false)
}

fn assemble(code: &str, national: &str, shown: &str, valid: bool, useless: bool) -> Phone {
    let mut display = String::with_capacity(1 + code.len() + shown.len());
    display.push('+');
    display.push_str(code);
    display.push_str(shown);
    Phone {
        display,
        national: national.to_owned(),
        country_code: code.parse().unwrap_or_default(),
        valid,
        useless,
        ..Phone::default()
    }
}

/// Area code (2–4 digits), 15, subscriber: ten digits without the 15.
fn argentine_mobile(rest: &str) -> Option<String> {
    if rest.len() != 12 {
        return None;
    }
    let areas: &[usize] = if rest.starts_with("11") { &[2] } else { &[3, 4] };
    let area = *areas.iter().find(|&&area| rest.get(area..area + 2) == Some("15"))?;
    Some(format!("{}{}", &rest[..area], &rest[area + 2..]))
}

/// The crate knows every country. Given a region, `digits` are a national number; else they follow
/// a `+`.
fn by_metadata(region: Option<[u8; 2]>, digits: &str) -> Option<Phone> {
    if !(5..=15).contains(&digits.len()) {
        return None;
    }
    let parsed = match region {
        Some(region) => {
            let id: phonenumber::country::Id = str::from_utf8(&region).ok()?.parse().ok()?;
            phonenumber::parse(Some(id), digits).ok()?
        }
        None => phonenumber::parse(None, format!("+{digits}")).ok()?,
    };
    let valid = parsed.is_valid();
    if region.is_some() && !valid {
        return None;
    }
    let shown = parsed.national().to_string();
    let code = parsed.code().value().to_string();
    Some(assemble(&code, shown.trim_start_matches('0'), &shown, valid, false))
}

enum Kind {
    Placeholder,
    Fictional,
}

/// Numbers that people type to get past a field.
fn placeholder(phone: &Phone) -> Option<Kind> {
    let digits = phone.national.as_bytes();
    let Some(last) = digits.last() else { return Some(Kind::Placeholder) };
    let same = digits.iter().rev().take_while(|&d| d == last).count();
    if same == digits.len() || same >= 7 {
        return Some(Kind::Placeholder);
    }
    if digits.len() >= 6 && b"1234567890".starts_with(digits)
        || digits.len() >= 8 && b"9876543210".starts_with(digits)
    {
        return Some(Kind::Placeholder);
    }
    if digits.len() >= 8
        && [2, 3].iter().any(|&block| digits.iter().zip(&digits[block..]).all(|(a, b)| a == b))
    {
        return Some(Kind::Placeholder);
    }
    listed_placeholder(phone.country_code, digits)
}

fn listed_placeholder(code: u16, digits: &[u8]) -> Option<Kind> {
    static TABLE: OnceLock<Vec<(u16, &'static str, bool)>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        PLACEHOLDERS
            .lines()
            .skip(1)
            .filter_map(|line| {
                let mut cells = line.split(',');
                let code = cells.next()?.parse().ok()?;
                Some((code, cells.next()?, cells.next()? == "placeholder"))
            })
            .collect()
    });
    let (_, _, placeholder) = table.iter().find(|(listed, pattern, _)| {
        *listed == code
            && pattern.len() == digits.len()
            && pattern.bytes().zip(digits).all(|(p, &d)| p == b'.' || p == d)
    })?;
    Some(if *placeholder { Kind::Placeholder } else { Kind::Fictional })
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
