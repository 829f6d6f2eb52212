//! Names of organisations: token sets weighed by rarity.

use super::MISSING;
use super::names::Memo;
use super::table::Table;
use super::whole_name::organizations_alike;
use super::words::{SLIP, spelling};
use crate::reference::legal_form::canonical_word;

/// Levels by similarity.
pub(super) const LEVELS: &[&str] = &[
    "equal",
    "nearly equal (.85)",
    "similar (.65)",
    "half (.45)",
    "some words (.25)",
    "different",
    "same name, other number or direction",
];

/// The level of names that only a number or a direction tells apart: branches of one organisation.
pub(super) const BRANCH: u8 = 6;

/// How alike two names are that differ by slips or spaces only ([`organizations_alike`]).
const NEARLY: f64 = 0.9;

pub(super) fn compare(t: &Table, near: &mut Memo, a: u32, b: u32) -> (u8, f32) {
    let mut best = (MISSING, 0.0);
    for ia in t.organizations.get(a) {
        for ib in t.organizations.get(b) {
            let found = if ia == ib {
                (0, t.counts.organization.get(*ia).saturating_sub(2) as f32)
            } else {
                level(t, near, *ia, *ib)
            };
            if rank(found.0) < rank(best.0) {
                best = found;
            }
        }
    }
    best
}

/// Best first: a branch is less than half a name.
const fn rank(level: u8) -> u8 {
    match level {
        0..=3 => level,
        BRANCH => 4,
        MISSING => MISSING,
        other => other + 1,
    }
}

/// ½ Jaccard + ½ overlap of the smaller, words weighed by inverse frequency; a word that is a form
/// of another counts .8. Names that differ by slips or spaces only are nearly equal however common
/// their words. The feature is the rarest shared word's share.
fn level(t: &Table, near: &mut Memo, a: u32, b: u32) -> (u8, f32) {
    let (xs, ys) = (t.organization_tokens.get(a), t.organization_tokens.get(b));
    let counts = &t.counts.organization_token;
    let weight = |id: u32| -(counts.share(id).min(0.9)).ln();
    let (sum_x, sum_y): (f64, f64) =
        (xs.iter().map(|x| weight(*x)).sum(), ys.iter().map(|y| weight(*y)).sum());
    let (mut shared, mut rarest) = (0.0, 1.0_f64);
    for x in xs {
        let mut best = 0.0_f64;
        let mut share = 1.0;
        for y in ys {
            let alike = if x == y {
                1.0
            } else {
                let form =
                    || u8::from(forms(t.organization_token.get(*x), t.organization_token.get(*y)));
                if near.get(*x, *y, form) == 1 { 0.8 } else { 0.0 }
            };
            let value = alike * 0.5 * (weight(*x) + weight(*y));
            if value > best {
                best = value;
                share = counts.share(*x).max(counts.share(*y));
            }
        }
        shared += best;
        rarest = rarest.min(share);
    }
    let smaller = sum_x.min(sum_y).max(1e-9);
    let union = (sum_x + sum_y - shared).max(1e-9);
    let similarity = 0.5 * (shared / union).min(1.0) + 0.5 * (shared / smaller).min(1.0);
    if similarity >= 0.45 && branches(t, xs, ys) {
        return (BRANCH, rarest as f32);
    }
    let level = [0.85, 0.65, 0.45, 0.25].iter().position(|cut| similarity >= *cut);
    let level = level.map_or(5, |at| at as u8 + 1);
    if matches!(level, 2..=4) {
        let words = |id: u32| t.organization.get(id).split(' ').collect::<Vec<_>>();
        if organizations_alike(&words(a), &words(b)) >= NEARLY {
            return (1, rarest as f32);
        }
    }
    (level, if level == 5 { 0.0 } else { rarest as f32 })
}

/// Both names have a number or a direction, and none of them in common: `Little Tykes I` and `II`,
/// `North` and `West`, `#12` and `#17`.
fn branches(t: &Table, xs: &[u32], ys: &[u32]) -> bool {
    const MARKS: &[&str] = &[
        "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "north", "south", "east",
        "west", "nord", "sud", "ost", "est", "ouest", "norte", "sur", "este", "oeste", "noord",
        "zuid", "oost",
    ];
    let mark = |id: &&u32| {
        let text = t.organization_token.get(**id);
        MARKS.contains(&text) || text.bytes().all(|c| c.is_ascii_digit())
    };
    let (mut a, mut b) = (xs.iter().filter(mark).peekable(), ys.iter().filter(mark).peekable());
    a.peek().is_some() && b.peek().is_some() && !a.any(|x| ys.contains(x))
}

/// Whether two different words are forms of one: the shorter is the beginning of the longer or an
/// abbreviation of it, or they differ by a slip.
fn forms(x: &str, y: &str) -> bool {
    let (short, long) = if x.len() <= y.len() { (x, y) } else { (y, x) };
    (short.len() >= 3 && long.starts_with(short))
        || (short.len() >= 4 && spelling(x, y, false) <= SLIP)
        || canonical_word(x) == canonical_word(y)
}
