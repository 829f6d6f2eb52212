//! Phone numbers: the last ten digits of the national number.

use super::row::{Digits, differing};
use super::table::Table;
use super::{MISSING, Side};
use crate::similarity::osa_within;

/// Levels, best first.
pub(super) const LEVELS: &[&str] =
    &["equal", "one digit off", "last seven digits equal", "different"];

pub(super) fn compare(t: &Table, a: Side<'_>, b: Side<'_>) -> (u8, f32) {
    let mut best = (MISSING, 0.0);
    for x in a.row.phones(t, a.record) {
        for y in b.row.phones(t, b.record) {
            let level = if x.id == y.id {
                0
            } else if unlike(x, y) {
                3
            } else {
                level(t.phone.get(x.id), t.phone.get(y.id))
            };
            if level > 0 {
                best = if level < best.0 { (level, 0.0) } else { best };
                continue;
            }
            let count = t.counts.phone.get(x.id).saturating_sub(2) as f32;
            if best.0 != 0 || count < best.1 {
                best = (0, count);
            }
        }
    }
    best
}

/// Two numbers of one length with more than two differing digits, one of them among the last seven,
/// are neither one edit apart nor alike at the end.
const fn unlike(a: Digits, b: Digits) -> bool {
    const LAST_SEVEN: u64 = (1 << 28) - 1;
    a.len() == b.len()
        && a.len() > 0
        && differing(a.packed(), b.packed()) > 2
        && (a.packed() ^ b.packed()) & LAST_SEVEN != 0
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
