//! What speaks for a value: the records that state it, and how well they state it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use super::Member;
use super::meaning::Meaning;
use super::rule::Rule;

/// How good a value is in itself, better first, and what is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grade {
    /// 0 is flawless.
    pub(super) rank: u8,
    /// In words, empty where flawless.
    pub(super) flaw: &'static str,
    /// It is no value of its field at all; unlike a placeholder it is better than nothing.
    pub(super) invalid: bool,
}

impl Grade {
    pub(super) const GOOD: Self = Self { rank: 0, flaw: "", invalid: false };

    /// Better than nothing.
    pub(super) const fn flawed(rank: u8, flaw: &'static str) -> Self {
        Self { rank, flaw, invalid: false }
    }

    /// As [`Grade::flawed`], but no value of its field.
    pub(super) const fn invalid(rank: u8, flaw: &'static str) -> Self {
        Self { rank, flaw, invalid: true }
    }

    /// Never survives: it says nothing (a placeholder), or the policy takes nothing from its system.
    pub(super) const fn unusable(flaw: &'static str) -> Self {
        Self { rank: u8::MAX, flaw, invalid: true }
    }

    pub(super) const fn usable(self) -> bool {
        self.rank < u8::MAX
    }
}

/// The fields of a group; no group has more.
pub(super) type Parts<'a> = [Cow<'a, str>; 6];

/// One value as one record states it.
#[derive(Clone)]
pub(super) struct Seen<'a> {
    /// What it means.
    pub(super) meaning: Meaning<'a>,
    /// The meaning as a text, once values have to be told apart.
    pub(super) canonical: String,
    /// As exported, one a field of the group, then empty ones.
    pub(super) parts: Parts<'a>,
    /// Who states it.
    pub(super) member: &'a Member,
    /// Place of the member in the order of keys.
    pub(super) rank: u32,
    /// Where in the record's list.
    pub(super) position: usize,
    /// Quality.
    pub(super) grade: Grade,
    /// Filled parts, weighted.
    pub(super) complete: u16,
    /// When the record says that it changed.
    pub(super) at: Option<i64>,
    /// What the rules on times and permissions compare.
    pub(super) measure: i64,
    /// Older than the policy lets values of its system be.
    pub(super) stale: bool,
    /// A part of it is not stated: the country of a phone number.
    pub(super) guessed: bool,
}

/// What a set of equal values amounts to.
pub(super) struct Standing<'s, 'a> {
    /// The statements, by record key and position.
    pub(super) seen: Vec<&'s Seen<'a>>,
    pub(super) records: usize,
    pub(super) grade: Grade,
    pub(super) newest: Option<i64>,
    pub(super) complete: u16,
    pub(super) position: usize,
    pub(super) measure: i64,
    pub(super) stale: bool,
}

impl<'s, 'a> Standing<'s, 'a> {
    /// Sums up statements; `seen` is not empty. Where some are usable, only those count.
    fn of(mut seen: Vec<&'s Seen<'a>>) -> Self {
        seen.sort_by(|a, b| a.order(b));
        let grade = seen.iter().map(|s| s.grade).min().unwrap_or(Grade::GOOD);
        let counted = || seen.iter().filter(|s| s.grade.usable() || !grade.usable());
        let (mut records, mut last) = (0, None);
        for one in counted() {
            records += usize::from(last != Some(one.rank));
            last = Some(one.rank);
        }
        let best = |f: fn(&Seen<'_>) -> u16| counted().map(|s| f(s)).max().unwrap_or(0);
        Self {
            records,
            grade,
            newest: counted().filter_map(|s| s.at).max(),
            complete: best(|s| s.complete),
            position: counted().map(|s| s.position).min().unwrap_or(0),
            measure: counted().map(|s| s.measure).min().unwrap_or(0),
            stale: counted().all(|s| s.stale),
            seen,
        }
    }

    /// The statements that count: the usable ones, or all where none is.
    fn counted(&self) -> impl Iterator<Item = &&'s Seen<'a>> {
        self.seen.iter().filter(|s| s.grade.usable() || !self.grade.usable())
    }

    /// How well the best statement is written; worked out where it is asked for.
    pub(super) fn written(&self) -> u8 {
        self.counted().map(|s| written(&s.parts)).max().unwrap_or(0)
    }

    /// Characters of the longest statement; worked out where it is asked for.
    pub(super) fn length(&self) -> usize {
        self.counted().map(|s| s.length()).max().unwrap_or(0)
    }

    /// Place of the best of its systems in a list of owners.
    pub(super) fn owner_rank(&self, systems: &[Arc<str>]) -> usize {
        let counted = self.seen.iter().filter(|s| s.grade.usable());
        counted.map(|s| s.owner_rank(systems)).min().unwrap_or(systems.len())
    }

    /// The statement that stands for all: one of the first owner's, where the rules know owners;
    /// then the newest, then the first by key.
    pub(super) fn witness(&self, rules: &[Rule]) -> &'s Seen<'a> {
        let owners = rules.iter().find_map(|rule| match rule {
            Rule::Owner(systems) => Some(systems.as_slice()),
            _ => None,
        });
        let place = |s: &Seen<'_>| {
            (!s.grade.usable(), s.stale, owners.map_or(0, |owners| s.owner_rank(owners)))
        };
        let mut best = self.seen[0];
        for seen in &self.seen[1..] {
            if place(seen).cmp(&place(best)).then(best.at.cmp(&seen.at)).is_lt() {
                best = seen;
            }
        }
        best
    }
}

impl Seen<'_> {
    /// Place of its source or system in a list of them.
    fn owner_rank(&self, systems: &[Arc<str>]) -> usize {
        let names = |o: &Arc<str>| *o == self.member.key.source || *o == self.member.system;
        systems.iter().position(names).unwrap_or(systems.len())
    }

    fn length(&self) -> usize {
        self.parts.iter().map(|p| p.chars().count()).sum()
    }

    fn order(&self, other: &Self) -> Ordering {
        (self.rank.cmp(&other.rank))
            .then(self.position.cmp(&other.position))
            .then_with(|| self.canonical.cmp(&other.canonical))
            .then_with(|| self.parts.cmp(&other.parts))
    }
}

/// Groups statements of one key and puts the best group first.
pub(super) fn rank<'s, 'a, K: Ord>(
    seen: &[&'s Seen<'a>],
    key: impl Fn(&'s Seen<'a>) -> K,
    rules: &[Rule],
) -> Vec<Standing<'s, 'a>> {
    /// So few are compared each with each: most entities have two or three values of a field.
    const FEW: usize = 16;
    let mut groups: Vec<Vec<&'s Seen<'a>>> = Vec::new();
    if seen.len() <= FEW {
        for one in seen {
            match groups.iter_mut().find(|group| key(group[0]) == key(one)) {
                Some(group) => group.push(one),
                None => groups.push(vec![one]),
            }
        }
    } else {
        let mut sorted = seen.to_vec();
        sorted.sort_by_key(|s| key(s));
        groups.extend(sorted.chunk_by(|a, b| key(a) == key(b)).map(<[_]>::to_vec));
    }
    let mut standings: Vec<Standing<'s, 'a>> = groups.into_iter().map(Standing::of).collect();
    standings.sort_by(|a, b| match decide(rules, a, b) {
        Some((_, order)) => order,
        None => a.seen[0].order(b.seen[0]),
    });
    standings
}

/// The rule that tells two values apart, and how; a call for review stands in no way.
pub(super) fn decide<'r>(
    rules: &'r [Rule],
    a: &Standing<'_, '_>,
    b: &Standing<'_, '_>,
) -> Option<(&'r Rule, Ordering)> {
    // A placeholder never beats a value, whatever a policy says.
    if a.grade.usable() != b.grade.usable() {
        return Some((&Rule::Valid, b.grade.usable().cmp(&a.grade.usable())));
    }
    rules.iter().map(|rule| (rule, rule.compare(a, b))).find(|(_, order)| order.is_ne())
}

/// 2 for mixed case, 1 for letters beyond ASCII.
fn written(parts: &[Cow<'_, str>]) -> u8 {
    let (mut lower, mut upper, mut marked) = (false, false, false);
    for c in parts.iter().flat_map(|p| p.chars()) {
        lower |= c.is_lowercase();
        upper |= c.is_uppercase();
        marked |= !c.is_ascii() && c.is_alphabetic();
    }
    2 * u8::from(lower && upper) + u8::from(marked)
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn well_written_values_are_told_apart() {
        for (text, want) in
            [("MULLER", 0), ("muller", 0), ("Muller", 2), ("Müller", 3), ("MÜLLER", 1), ("12", 0)]
        {
            assert_eq!(written(&[text.into()]), want, "{text}");
        }
    }
}
