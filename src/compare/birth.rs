//! Dates of birth and ages.

use super::table::Table;
use super::{MISSING, Side};
use crate::similarity::osa_bytes_within;

/// Levels; 9–11 are for ages where a date is missing.
pub(super) const LEVELS: &[&str] = &[
    "equal",
    "day and month swapped",
    "one edit",
    "same year, and month or day",
    "two edits, or day and month only",
    "same year",
    "years up to two apart",
    "different",
    "same year, one side is 1 January",
    "ages up to one year apart",
    "ages up to three years apart",
    "ages differ",
    "both 1 January, years one edit apart",
    "both 1 January, other years",
];

pub(super) fn compare(t: &Table, a: Side<'_>, b: Side<'_>) -> (u8, f32) {
    let mut best: Option<(u8, u32)> = None;
    for x in a.row.births(t, a.record) {
        for y in b.row.births(t, b.record) {
            let level = if x.id == y.id { 0 } else { level(x.packed(), y.packed()) };
            if best.is_none_or(|(l, _)| rank(level) < rank(l)) {
                best = Some((level, x.id));
            }
        }
    }
    if let Some((level, id)) = best {
        let count = t.counts.birth.get(id).saturating_sub(2);
        return (level, if level == 0 { count as f32 } else { 0.0 });
    }
    let (x, y) = (t.age[a.record as usize], t.age[b.record as usize]);
    if x == 0 || y == 0 {
        return (MISSING, 0.0);
    }
    (
        match x.abs_diff(y) {
            0..=1 => 9,
            2..=3 => 10,
            _ => 11,
        },
        0.0,
    )
}

const fn rank(level: u8) -> u8 {
    match level {
        8 => 4,
        12 => 5,
        13 => 8,
        l => l,
    }
}

/// Level of two different dates of eight digits, packed four bits each (zeros for unknown parts).
fn level(a: u64, b: u64) -> u8 {
    let parts = |date: u64| (date >> 16, date >> 8 & 0xff, date & 0xff);
    let ((ya, ma, da), (yb, mb, db)) = (parts(a), parts(b));
    if ya == 0 || yb == 0 {
        return if ma == mb && da == db { 4 } else { 7 };
    }
    // 1 January, or no month at all, stands for "year only".
    let vague = |m: u64, d: u64| m == 0 || (m == 1 && d <= 1);
    match (vague(ma, da), vague(mb, db)) {
        (true, true) => return if edits(ya, yb, 4, 1).is_some() { 12 } else { 13 },
        (true, false) | (false, true) if ya == yb => return 8,
        _ => {}
    }
    if ya == yb && ma == db && da == mb {
        return 1;
    }
    let edits = edits(a, b, 8, 2);
    if edits == Some(1) {
        return 2;
    }
    if ya == yb && (ma == mb || da == db) {
        return 3;
    }
    if edits == Some(2) || (ma == mb && da == db) {
        return 4;
    }
    if ya == yb {
        return 5;
    }
    if year(ya).abs_diff(year(yb)) <= 2 { 6 } else { 7 }
}

/// Edits between two different rows of packed digits, if at most `most`, itself at most two.
fn edits(a: u64, b: u64, len: usize, most: usize) -> Option<usize> {
    let digits = |packed: u64| -> [u8; 8] {
        std::array::from_fn(|at| (packed >> (4 * (7 - at)) & 0xf) as u8)
    };
    osa_bytes_within(&digits(a)[8 - len..], &digits(b)[8 - len..], most)
}

fn year(packed: u64) -> u64 {
    (0..4).rev().fold(0, |year, place| year * 10 + (packed >> (4 * place) & 0xf))
}

#[cfg(test)]
mod tests {
    use super::level;

    #[test]
    fn levels_of_two_dates() {
        for (a, b, want) in [
            ("19800504", "19800405", 1),
            ("19800504", "19800503", 2),
            ("19800504", "19800517", 3),
            ("19800504", "19920504", 4),
            ("19800514", "19800728", 5),
            ("19800514", "19820728", 6),
            ("19800514", "19430728", 7),
            ("19800101", "19800728", 8),
            ("19800101", "19810101", 12),
            ("19800101", "19430101", 13),
            ("00000504", "19800504", 4),
        ] {
            let packed = |date| u64::from_str_radix(date, 16).expect("digits");
            let (x, y) = (packed(a), packed(b));
            assert_eq!((level(x, y), level(y, x)), (want, want), "{a} {b}");
        }
    }
}
