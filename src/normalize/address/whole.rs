//! A whole address in one cell, into its parts.

use crate::model::MappedAddress;
use crate::reference::country::country_code;
use crate::reference::region::region_code;

use super::postcode::{by_shape, looks_like_postcode};

/// Splits a cell. Two spaces between parts mean the fixed order line, line 2, town, region, postal
/// code, country that audience exports use; otherwise parts are divided by commas or line ends and
/// the end is read backwards: country, postal code, region, town.
pub(super) fn split_whole(full: &str, region: Option<[u8; 2]>) -> MappedAddress {
    let text = full.trim_start_matches('\'').trim_end();
    if let Some(address) = fixed_order(text) {
        return address;
    }
    let mut pieces: Vec<&str> =
        text.split(['\n', ',', ';']).flat_map(|p| p.split("  ")).map(str::trim).collect();
    pieces.retain(|piece| !piece.is_empty());
    let mut address = MappedAddress::default();
    take_country(&mut pieces, &mut address);
    let country = country_code(&address.country).or(region);
    if pieces.len() > 1 {
        take_town(&mut pieces, country, &mut address);
    }
    address.line = pieces.join(", ");
    address
}

fn fixed_order(text: &str) -> Option<MappedAddress> {
    let parts: Vec<&str> = text.split("  ").map(str::trim).collect();
    let country = match parts.len() {
        6 => parts[5],
        // Without a country at the end.
        5 if looks_like_postcode(parts[4]) => "",
        _ => return None,
    };
    if !country.is_empty() && country_code(country).is_none() {
        return None;
    }
    let own = |at: usize| parts[at].to_owned();
    Some(MappedAddress {
        line: own(0),
        line2: own(1),
        city: own(2),
        region: own(3),
        postcode: own(4),
        country: country.to_owned(),
        ..MappedAddress::default()
    })
}

fn take_country(pieces: &mut Vec<&str>, address: &mut MappedAddress) {
    let [.., before, last] = pieces[..] else { return };
    if let Some((town, country)) = after_code(last) {
        country.clone_into(&mut address.country);
        pieces.pop();
        pieces.push(town);
        return;
    }
    let Some(code) = country_code(last) else { return };
    // `CA`, `IL`, `DE` at the end are states of the US unless a postal code stands before.
    let after_code = before.split_whitespace().any(looks_like_postcode) || two_words(before);
    let state = last.len() <= 3 && region_code(Some(*b"US"), last).is_some();
    if state && !after_code && code != *b"US" {
        return;
    }
    // `Georgia` after a town.
    if code == *b"GE" && !after_code {
        return;
    }
    last.clone_into(&mut address.country);
    pieces.pop();
}

/// A country behind a postal code, in one piece with them: `Springfield IL 62701 US`.
fn after_code(text: &str) -> Option<(&str, &str)> {
    text.rmatch_indices(' ').take(3).find_map(|(at, _)| {
        let (town, country) = (text[..at].trim_end(), &text[at + 1..]);
        let code = town.rsplit(' ').next().unwrap_or_default();
        let has_code = has_digit(code) && looks_like_postcode(code) || two_words(town);
        (has_code && country_code(country).is_some()).then_some((town, country))
    })
}

/// Ends in a postal code of two words: `London SW1A 1AA`.
fn two_words(text: &str) -> bool {
    let mut words = text.rsplit(' ');
    match (words.next(), words.next()) {
        (Some(b), Some(a)) => by_shape(&format!("{a}{b}").to_ascii_lowercase()).is_some(),
        _ => false,
    }
}

fn take_town(pieces: &mut Vec<&str>, country: Option<[u8; 2]>, address: &mut MappedAddress) {
    let Some(last) = pieces.pop() else { return };
    let words: Vec<&str> = last.split_whitespace().collect();
    let mut rest: &[&str] = &words;
    match words[..] {
        [.., a, b] if by_shape(&format!("{a}{b}").to_ascii_lowercase()).is_some() => {
            address.postcode = format!("{a} {b}");
            rest = &words[..words.len() - 2];
        }
        [.., code] if has_digit(code) && looks_like_postcode(code) => {
            code.clone_into(&mut address.postcode);
            rest = &words[..words.len() - 1];
        }
        [a, b, _, ..] if is_group(a, 3) && is_group(b, 2) => {
            address.postcode = format!("{a} {b}");
            rest = &words[2..];
        }
        [code, _, ..] if has_digit(code) && looks_like_postcode(code) => {
            code.clone_into(&mut address.postcode);
            rest = &words[1..];
            // `1012 AB Amsterdam`
            if let [suffix, ..] = rest
                && by_shape(&format!("{code}{suffix}").to_ascii_lowercase()) == Some(*b"NL")
            {
                address.postcode = format!("{code} {suffix}");
                rest = &rest[1..];
            }
            // `00186 Roma RM`
            if let [town @ .., code] = rest
                && !town.is_empty()
                && code.len() == 2
                && code.bytes().all(|b| b.is_ascii_uppercase())
                && country.is_some_and(|country| region_code(Some(country), code).is_some())
            {
                (*code).clone_into(&mut address.region);
                rest = town;
            }
            address.city = rest.join(" ");
            return;
        }
        _ => {}
    }
    let joined = rest.join(" ");
    if !rest.is_empty() {
        if pieces.len() > 1 && region_code(country, &joined).is_some() {
            address.region = joined;
        } else if let [town @ .., code] = rest
            && !town.is_empty()
            && (2..=3).contains(&code.len())
            && region_code(country, code).is_some()
        {
            (*code).clone_into(&mut address.region);
            address.city = town.join(" ");
            return;
        } else if !address.postcode.is_empty()
            && region_code(country, &joined).is_some()
            && joined.len() <= 3
        {
            address.region = joined;
        } else {
            address.city = joined;
            return;
        }
    }
    // What is left over stands in the pieces before.
    let Some(&before) = pieces.last() else { return };
    let is_region =
        address.region.is_empty() && pieces.len() > 2 && region_code(country, before).is_some();
    if is_region {
        before.clone_into(&mut address.region);
        pieces.pop();
    }
    match pieces.last() {
        Some(town) if pieces.len() > 1 && !has_digit(town) => {
            (*town).clone_into(&mut address.city);
            pieces.pop();
        }
        _ => {}
    }
    // `London` is a region and a town: alone it is the town.
    if address.city.is_empty() && address.region.len() > 3 {
        address.city = std::mem::take(&mut address.region);
    }
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_digit())
}

fn is_group(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
}
