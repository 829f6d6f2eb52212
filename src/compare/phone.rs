//! Phone numbers: the last ten digits of the national number.

use super::MISSING;
use super::table::Table;
use crate::similarity::osa_within;

/// Levels, best first.
pub(super) const LEVELS: &[&str] =
    &["equal", "one digit off", "last seven digits equal", "different"];

pub(super) fn compare(t: &Table, a: u32, b: u32) -> (u8, f32) {
    let mut best = (MISSING, 0.0);
    for ia in t.phones.get(a) {
        for ib in t.phones.get(b) {
            let level = if ia == ib { 0 } else { level(t.phone.get(*ia), t.phone.get(*ib)) };
            let count = t.counts.phone.get(*ia).saturating_sub(2) as f32;
            if level < best.0 || (level == 0 && best.0 == 0 && count < best.1) {
                best = (level, if level == 0 { count } else { 0.0 });
            }
        }
    }
    best
}

fn level(a: &str, b: &str) -> u8 {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    // One side without area or country code.
    if short.len() >= 8 && long.ends_with(short) {
        return 0;
    }
    if short.len() >= 8 && osa_within(a, b, 1).is_some() {
        return 1;
    }
    if short.len() >= 7 && short[short.len() - 7..] == long[long.len() - 7..] { 2 } else { 3 }
}
