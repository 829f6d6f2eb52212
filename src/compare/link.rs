//! Ids: tax numbers, tokens, web domains, and what a record is in other systems.

use super::intern::Interner;
use super::table::{Counts, LinkEntry, Table};
use super::{Lists, MISSING};
use crate::similarity::osa_within;

/// Levels of ids in systems.
pub(super) const LEVELS: &[&str] =
    &["announced by the system", "same id", "other id in one system"];

/// Tax and national numbers.
pub(super) fn identifier(t: &Table, a: u32, b: u32) -> (u8, f32) {
    let mut best = (MISSING, 0.0);
    for ia in t.identifiers.get(a) {
        for ib in t.identifiers.get(b) {
            let level = if ia == ib {
                0
            } else {
                match osa_within(t.identifier.get(*ia), t.identifier.get(*ib), 2) {
                    Some(1) => 1,
                    Some(_) => 2,
                    None => 3,
                }
            };
            let count = t.counts.identifier.get(*ia).saturating_sub(2) as f32;
            if level < best.0 {
                best = (level, if level == 0 { count } else { 0.0 });
            }
        }
    }
    best
}

/// Loyalty numbers, card fingerprints.
pub(super) fn token(t: &Table, a: u32, b: u32) -> (u8, f32) {
    equal(&t.tokens, a, b, |id| t.counts.token.get(id))
}

/// Web domains.
pub(super) fn web(t: &Table, a: u32, b: u32) -> (u8, f32) {
    equal(&t.webs, a, b, |id| t.counts.web.get(id))
}

fn equal(lists: &Lists<u32>, a: u32, b: u32, count: impl Fn(u32) -> u32) -> (u8, f32) {
    let (xs, ys) = (lists.get(a), lists.get(b));
    if xs.is_empty() || ys.is_empty() {
        return (MISSING, 0.0);
    }
    let shared = xs.iter().filter(|x| ys.contains(x)).map(|x| count(*x)).min();
    shared.map_or((1, 0.0), |count| (0, count.saturating_sub(2) as f32))
}

/// Records that bear an id from which on a model keeps their number.
const COUNTED: u32 = 3;

impl Table {
    /// Forgets the own ids of records in systems whose ids no record names: nothing is ever compared
    /// with them, and every record has one.
    pub(super) fn forget_unnamed_links(&mut self) {
        let (links, counts) = (&self.links, &self.counts.link);
        let of = |at: u32| links.get(at).iter();
        let asked = |link: &LinkEntry| {
            !link.own || self.named_groups.contains(&link.group) || counts.get(link.link) >= COUNTED
        };
        if (0..self.len()).all(|at| of(at).all(asked)) {
            return;
        }
        let (mut kept, mut texts) = (Lists::default(), Interner::default());
        let mut kept_counts = Counts { records: counts.records, of: Vec::new() };
        for at in 0..self.len() {
            for link in of(at).filter(|link| asked(link)) {
                let id = texts.intern(self.link.get(link.link));
                kept_counts.set(id, counts.get(link.link));
                kept.push(LinkEntry { link: id, ..*link });
            }
            kept.close();
        }
        (self.links, self.link, self.counts.link) = (kept, texts, kept_counts);
    }
}

/// Ids in systems. Two records' own ids are no evidence: both stand in their systems by right.
pub(super) fn compare(t: &Table, a: u32, b: u32) -> (u8, f32) {
    let mut best = (MISSING, 0.0);
    for x in t.links.get(a) {
        for y in t.links.get(b) {
            if x.group != y.group || (x.own && y.own) {
                continue;
            }
            let level = match x.link == y.link {
                true if x.announced || y.announced => 0,
                true => 1,
                // An id elsewhere against the own id there, or two claims: they contradict.
                false => 2,
            };
            if level < best.0 {
                let count = t.counts.link.get(x.link).saturating_sub(2) as f32;
                best = (level, if level < 2 { count } else { 0.0 });
            }
        }
    }
    best
}
