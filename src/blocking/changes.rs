//! What changes of blocks when a few records come and go: the pairs that meet in a block that they did
//! not meet in before, and those that no longer do, from the blocks of the changed records alone.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::candidates::BlockStatistics;
use super::outline::{Outline, TRAITS};
use crate::model::BlockLimits;

/// The records of now and those that are gone, under the limits that held all the time.
#[derive(Debug)]
pub struct States<'a> {
    outlines: &'a [Outline],
    /// Of the same records: a look at it spares most looks at outlines, which lie far apart.
    marks: Vec<u64>,
    before: &'a [bool],
    limits: &'a BlockLimits,
}

/// Values of traits that are looked for.
#[derive(Clone, Default)]
struct Sought([Values; TRAITS]);

#[derive(Clone, Default)]
struct Values {
    all: FxHashSet<u32>,
    /// The bits of their marks.
    marks: [u64; 4],
}

impl Sought {
    fn add(&mut self, at: usize, value: u32) {
        let values = &mut self.0[at];
        values.all.insert(value);
        values.marks[(value as u8 >> 6) as usize] |= 1 << (value & 63);
    }

    fn add_all_of(&mut self, outline: &Outline) {
        for at in 0..TRAITS {
            outline.get(at).into_iter().for_each(|value| self.add(at, value));
        }
    }
}

impl Values {
    fn may_have(&self, mark: u8) -> bool {
        self.marks[(mark >> 6) as usize] >> (mark & 63) & 1 == 1
    }
}

/// When two records meet in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// They did, and do no more.
    Then,
    /// They do, and did not before.
    Now,
    /// As ever.
    Always,
}

/// A block, or a part of a refined one, in which a pair meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Meeting {
    /// Smaller record.
    pub a: u32,
    /// Greater record.
    pub b: u32,
    /// When they meet there.
    pub when: When,
    /// The block's rule.
    pub rule: u8,
}

/// What the blocks of changed records come to.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Pairs that meet where they did not, or no longer; in any order, once a block.
    pub meetings: Vec<Meeting>,
    /// Of the blocks that have changed, as they were.
    pub then: BlockStatistics,
    /// Of the same blocks as they are.
    pub now: BlockStatistics,
}

impl<'a> States<'a> {
    /// Of the outlines of the records of now, by ordinal, and then of those that are gone; by record
    /// of now, whether it was there then and is the same; and of the limits of blocks.
    pub fn new(outlines: &'a [Outline], before: &'a [bool], limits: &'a BlockLimits) -> Self {
        let marks = outlines.par_iter().map(Outline::mark).collect();
        Self { outlines, marks, before, limits }
    }

    fn is_now(&self, record: u32) -> bool {
        (record as usize) < self.before.len()
    }

    fn is_then(&self, record: u32) -> bool {
        self.before.get(record as usize).is_none_or(|before| *before)
    }

    /// Whether a record stands as it did.
    pub fn is_both(&self, record: u32) -> bool {
        self.before.get(record as usize).is_some_and(|before| *before)
    }

    /// Calls `each` with a block and with the parts of a refined one: whether it is a part, who was in
    /// it, who is. Of a block that was refined and is, only the parts of the values that are sought.
    /// Returns whether it was refined, and is.
    fn parts(
        &self,
        members: &[u32],
        sought: &dyn Fn() -> Sought,
        mut each: impl FnMut(bool, &[u32], &[u32]),
    ) -> (bool, bool) {
        let cap = self.limits.cap as usize;
        let now = &members[..members.partition_point(|record| self.is_now(*record))];
        let came = now.iter().filter(|record| !self.is_then(**record)).count();
        let (refined_then, refined_now) = (members.len() - came > cap, now.len() > cap);
        let was = |members: &[u32], there: bool| -> Vec<u32> {
            let all = if there { members } else { &[] };
            all.iter().copied().filter(|record| self.is_then(*record)).collect()
        };
        if !(refined_then && refined_now) {
            each(false, &was(members, !refined_then), if refined_now { &[] } else { now });
            if !refined_then && !refined_now {
                return (false, false);
            }
        }
        let sought = if refined_then && refined_now {
            sought()
        } else {
            let mut all = Sought::default();
            members.iter().for_each(|r| all.add_all_of(&self.outlines[*r as usize]));
            all
        };
        let mut parts: [FxHashMap<u32, Vec<u32>>; TRAITS] = Default::default();
        let values = sought.0.iter().enumerate().filter(|(_, values)| !values.all.is_empty());
        let values: Vec<(usize, &Values)> = values.collect();
        for record in members {
            let marks = self.marks[*record as usize].to_le_bytes();
            for (at, values) in values.iter().filter(|(at, of)| of.may_have(marks[*at])) {
                let value = self.outlines[*record as usize].get(*at);
                if let Some(value) = value.filter(|value| values.all.contains(value)) {
                    parts[*at].entry(value).or_default().push(*record);
                }
            }
        }
        // The order of parts tells in nothing that is made of them: meetings are put in order, counts
        // added up.
        for part in parts.iter().flat_map(FxHashMap::values) {
            let now = &part[..part.partition_point(|record| self.is_now(*record))];
            each(true, &was(part, refined_then), if refined_now { now } else { &[] });
        }
        (refined_then, refined_now)
    }

    /// Whether so many records make a block, or part of one, that is kept.
    fn is_kept(&self, rule: u8, part: bool, members: &[u32]) -> bool {
        members.len() > 1 && members.len() <= self.limits.of(rule, part) as usize
    }

    /// Where some pairs meet as ever in a block: in it, or in parts of it. `members` are as in
    /// [`Changes::block`]. O(records), and O(records × pairs) where it is refined.
    pub fn always(
        &self,
        rule: u8,
        members: &[u32],
        pairs: &StayingPairs<'_>,
        meet: &mut dyn FnMut(Meeting),
    ) {
        let found = pairs.among(members);
        if found.is_empty() {
            return;
        }
        // In a part they meet only where they agree on its value.
        let sought = || {
            let mut sought = Sought::default();
            for (a, b) in &found {
                let [a, b] = [a, b].map(|record| &self.outlines[*record as usize]);
                let alike = (0..TRAITS).filter(|at| a.get(*at) == b.get(*at));
                alike.for_each(|at| a.get(at).into_iter().for_each(|value| sought.add(at, value)));
            }
            sought
        };
        self.parts(members, &sought, |part, then, now| {
            if self.is_kept(rule, part, then) && self.is_kept(rule, part, now) {
                let here = |record: u32| now.binary_search(&record).is_ok();
                for (a, b) in found.iter().filter(|(a, b)| here(*a) && here(*b)) {
                    meet(Meeting { a: *a, b: *b, when: When::Always, rule });
                }
            }
        });
    }
}

/// Pairs of records that stand as they did.
#[derive(Debug)]
pub struct StayingPairs<'a> {
    /// Ascending.
    pairs: &'a [(u32, u32)],
    /// By record: the place of its first pair as the smaller one, [`NONE`] where it has none.
    first: Vec<u32>,
}

/// No pair.
const NONE: u32 = u32::MAX;

impl<'a> StayingPairs<'a> {
    /// Of these pairs, ascending, of so many records.
    pub fn new(pairs: &'a [(u32, u32)], records: usize) -> Self {
        let mut first = vec![NONE; records];
        for (at, (a, _)) in pairs.iter().enumerate().rev() {
            first[*a as usize] = at as u32;
        }
        Self { pairs, first }
    }

    /// Whether a record is the smaller one of a pair.
    pub fn begins_one(&self, record: u32) -> bool {
        self.first.get(record as usize).is_some_and(|first| *first != NONE)
    }

    /// Those whose records are both among ascending ones.
    fn among(&self, members: &[u32]) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        for (at, a) in members.iter().enumerate().filter(|(_, a)| self.begins_one(**a)) {
            let of = self.pairs[self.first[*a as usize] as usize..].iter();
            let of = of.take_while(|pair| pair.0 == *a);
            found.extend(of.filter(|pair| members[at + 1..].binary_search(&pair.1).is_ok()));
        }
        found
    }
}

/// Calls `meet` with the wanted pairs of ascending records.
fn pairs(members: &[u32], wanted: &dyn Fn(u32, u32) -> bool, meet: &mut dyn FnMut(u32, u32)) {
    for (at, a) in members.iter().enumerate() {
        for b in members[at + 1..].iter().filter(|b| wanted(*a, **b)) {
            meet(*a, *b);
        }
    }
}

impl Changes {
    /// Adds the block of a key that a record has which came or went: all records that have or had it,
    /// ascending. O(records + meetings).
    pub fn block(&mut self, states: &States<'_>, rule: u8, members: &[u32]) {
        let Self { meetings, then: counts_then, now: counts_now } = self;
        let changed = |record: u32| !states.is_both(record);
        let sought = || {
            let mut sought = Sought::default();
            let members = members.iter().filter(|record| changed(**record));
            members.for_each(|record| sought.add_all_of(&states.outlines[*record as usize]));
            sought
        };
        let refined = states.parts(members, &sought, |part, then, now| {
            let kept = (states.is_kept(rule, part, then), states.is_kept(rule, part, now));
            let sides = [(&mut *counts_then, then, kept.0), (&mut *counts_now, now, kept.1)];
            for (counts, members, kept) in sides.into_iter().filter(|(_, of, _)| of.len() > 1) {
                let n = members.len() as u64;
                if kept { counts.keep(rule, n) } else { counts.leave_out(rule, n) }
            }
            // A pair of two who were in it, and are, goes on meeting there.
            let wanted = |a: u32, b: u32| kept != (true, true) || changed(a) || changed(b);
            for (when, members, kept) in [(When::Then, then, kept.0), (When::Now, now, kept.1)] {
                if kept {
                    pairs(members, &wanted, &mut |a, b| {
                        meetings.push(Meeting { a, b, when, rule });
                    });
                }
            }
        });
        counts_then.refined(rule, u64::from(refined.0));
        counts_now.refined(rule, u64::from(refined.1));
    }

    /// Adds those of other blocks.
    pub fn append(&mut self, other: Self) {
        self.meetings.extend(other.meetings);
        self.then.add(other.then);
        self.now.add(other.now);
    }
}
