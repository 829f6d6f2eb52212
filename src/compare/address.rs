//! Postal addresses: one dimension, never number, street, postcode and city apart, because they
//! depend on each other.

use super::table::{AddressEntry, Table};
use super::{MISSING, NONE, Side};
use crate::similarity::{osa_within, same_letters};

/// Levels.
pub(super) const LEVELS: &[&str] = &[
    "same house",
    "same number and street, other town",
    "nearly the same house",
    "same street",
    "same postcode",
    "same town",
    "near postcode or town",
    "same region",
    "different",
    "same building, other unit",
];

/// Best first.
const ORDER: [u8; 10] = [0, 9, 1, 2, 3, 4, 6, 5, 7, 8];

const fn rank(level: u8) -> usize {
    let mut at = 0;
    while at < ORDER.len() {
        if ORDER[at] == level {
            return at;
        }
        at += 1;
    }
    ORDER.len()
}

pub(super) fn compare(t: &Table, a: Side<'_>, b: Side<'_>) -> (u8, f32) {
    let mut best = (MISSING, 0.0);
    for ea in a.row.addresses(t, a.record) {
        for eb in b.row.addresses(t, b.record) {
            let Some(found) = level(t, ea, eb) else { continue };
            let better = best.0 == MISSING
                || rank(found.0) < rank(best.0)
                || (found.0 == best.0 && found.1 < best.1);
            if better {
                best = found;
            }
        }
    }
    best
}

fn level(t: &Table, a: &AddressEntry, b: &AddressEntry) -> Option<(u8, f32)> {
    let both = |x: u32, y: u32| x != NONE && y != NONE;
    let same = |x: u32, y: u32| x != NONE && x == y;
    let streets = both(a.street, b.street);
    let comparable =
        streets || both(a.postcode, b.postcode) || both(a.city, b.city) || both(a.region, b.region);
    if !comparable {
        return None;
    }
    let count = |n: u32| n.saturating_sub(2) as f32;
    let other_postcode = both(a.postcode, b.postcode) && a.postcode != b.postcode;
    let other_city = both(a.city, b.city) && a.city != b.city;
    if same(a.place, b.place) {
        let elsewhere = other_postcode
            && !near_postcode(t.postcode.get(a.postcode), t.postcode.get(b.postcode))
            && (other_city && !near_city(t.city.get(a.city), t.city.get(b.city)));
        if elsewhere {
            return Some((1, count(t.counts.place.get(a.place))));
        }
        let feature = if same(a.site, b.site) {
            count(t.counts.site.get(a.site))
        } else {
            count(t.counts.place.get(a.place))
        };
        let other_unit = both(a.unit, b.unit) && a.unit != b.unit;
        return Some((if other_unit { 9 } else { 0 }, feature));
    }
    if streets {
        let same_street = a.street == b.street;
        let elsewhere = other_postcode && other_city;
        // The number is the cheaper to look at.
        let near_house = !elsewhere
            && both(a.number, b.number)
            && near_number(t, a.number, b.number)
            && (same_street || near_street(t.street.get(a.street), t.street.get(b.street)));
        if near_house {
            let share = t.counts.street.share(a.street).max(t.counts.street.share(b.street));
            return Some((2, share as f32));
        }
        if same_street && !elsewhere {
            return Some((3, count(t.counts.street.get(a.street))));
        }
    }
    if same(a.postcode, b.postcode) {
        return Some((4, count(t.counts.postcode.get(a.postcode))));
    }
    let near = both(a.postcode, b.postcode)
        && near_postcode(t.postcode.get(a.postcode), t.postcode.get(b.postcode));
    if same(a.city, b.city) {
        return Some((5, count(t.counts.city.get(a.city))));
    }
    if near || (other_city && near_city(t.city.get(a.city), t.city.get(b.city))) {
        return Some((6, 0.0));
    }
    if same(a.region, b.region) {
        return Some((7, count(t.counts.region.get(a.region))));
    }
    Some((8, 0.0))
}

fn near_street(a: &str, b: &str) -> bool {
    let shorter = a.len().min(b.len());
    let edits = if shorter >= 8 { 2 } else { usize::from(shorter >= 4) };
    if edits > 0 && osa_within(a, b, edits).is_some() {
        return true;
    }
    // One side left words out: every token of the shorter is in the longer.
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    // … or ran them together: `warregocircuit`, `warrego`.
    if few.len() >= 5
        && many
            .bytes()
            .filter(|c| *c != b' ')
            .zip(few.bytes().filter(|c| *c != b' '))
            .all(|(x, y)| x == y)
    {
        return true;
    }
    few.len() >= 4 && few.split(' ').all(|token| many.split(' ').any(|other| other == token))
}

/// `12` and `12a`, `12` and `12-14`, or one digit off in at least three.
fn near_number(t: &Table, a: u32, b: u32) -> bool {
    if a == b {
        return true;
    }
    let (a, b) = (t.part.get(a), t.part.get(b));
    let digits = |s: &str| s.len() - s.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (da, db) = (digits(a), digits(b));
    if da > 0 && a[..da] == b[..db] {
        return true;
    }
    a.len() >= 3 && b.len() >= 3 && osa_within(a, b, 1).is_some()
}

/// One digit off, or the same delivery area (all but the last two characters).
fn near_postcode(a: &str, b: &str) -> bool {
    let shorter = a.len().min(b.len());
    shorter >= 4 && (osa_within(a, b, 1).is_some() || a[..shorter - 2] == b[..shorter - 2])
}

fn near_city(a: &str, b: &str) -> bool {
    let shorter = a.len().min(b.len());
    shorter >= 4
        && (osa_within(a, b, if shorter >= 8 { 2 } else { 1 }).is_some()
            || a.starts_with(b)
            || b.starts_with(a)
            || same_letters(a, b))
}
