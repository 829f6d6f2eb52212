//! Dates of birth and ages.

use super::MISSING;
use super::table::Table;
use crate::similarity::osa;

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

pub(super) fn compare(t: &Table, a: u32, b: u32) -> (u8, f32) {
    let mut best: Option<(u8, u32)> = None;
    for ia in t.births.get(a) {
        for ib in t.births.get(b) {
            let level = if ia == ib { 0 } else { level(t.birth.get(*ia), t.birth.get(*ib)) };
            if best.is_none_or(|(l, _)| rank(level) < rank(l)) {
                best = Some((level, *ia));
            }
        }
    }
    if let Some((level, id)) = best {
        let count = t.counts.birth.get(id).saturating_sub(2);
        return (level, if level == 0 { count as f32 } else { 0.0 });
    }
    let (x, y) = (t.age[a as usize], t.age[b as usize]);
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

/// Level of two different dates of eight digits (`00` and `0000` for unknown parts).
fn level(a: &str, b: &str) -> u8 {
    let (ya, ma, da) = (&a[..4], &a[4..6], &a[6..8]);
    let (yb, mb, db) = (&b[..4], &b[4..6], &b[6..8]);
    if ya == "0000" || yb == "0000" {
        return if ma == mb && da == db { 4 } else { 7 };
    }
    // 1 January, or no month at all, stands for "year only".
    let vague = |m: &str, d: &str| m == "00" || (m == "01" && (d == "01" || d == "00"));
    match (vague(ma, da), vague(mb, db)) {
        (true, true) => return if osa(ya, yb) <= 1 { 12 } else { 13 },
        (true, false) | (false, true) if ya == yb => return 8,
        _ => {}
    }
    if ya == yb && ma == db && da == mb {
        return 1;
    }
    let edits = osa(a, b);
    if edits <= 1 {
        return 2;
    }
    if ya == yb && (ma == mb || da == db) {
        return 3;
    }
    if edits == 2 || (ma == mb && da == db) {
        return 4;
    }
    if ya == yb {
        return 5;
    }
    let year = |y: &str| y.parse::<i32>().unwrap_or(0);
    if (year(ya) - year(yb)).abs() <= 2 { 6 } else { 7 }
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
            assert_eq!(level(a, b), want, "{a} {b}");
            assert_eq!(level(b, a), want, "{b} {a}");
        }
    }
}
