//! How large blocks may be. A pair of records costs the same whatever rule made it; what a rule
//! brings is the matches that no other rule would have found. So the largest blocks of the rules
//! whose own pairs hardly ever match are given up, as long as there are more pairs than needed.

use super::keys::{RULES, SMALL_FILE};
use crate::model::BlockLimits;

/// Candidate pairs a record that are always worth their time.
const PAIRS_A_RECORD: f64 = 6.0;
/// A block size is given up only where fewer than one in so many of the pairs that it alone makes
/// is a match.
const PAIRS_A_MATCH: f64 = 1_000.0;
/// Pairs of the sample that must speak against a block size.
const EVIDENCE: f64 = 40.0;

/// Most records of a file of which every pair is compared: a million pairs take a second.
const SMALL_FILE_RECORDS: u32 = 1_500;

/// Before any pair is scored: a cap on all rules. 80 records up to a hundred thousand in all, then
/// falling with N^¾, never under 10: a pair that shares only a common key cannot reach the review
/// threshold in a large file, because the prior falls as 1/N while the key's evidence does not grow.
pub fn limits_for(records: u32) -> BlockLimits {
    let n = f64::from(records.max(1));
    let cap = 80.0 * (1e5 / n).min(1.0).powf(0.75);
    let cap = (cap.round() as u32).max(10);
    let mut whole = vec![cap; RULES.len()];
    whole[usize::from(SMALL_FILE)] = SMALL_FILE_RECORDS;
    BlockLimits { cap, whole, part: vec![cap; RULES.len()] }
}

/// Sizes of blocks are told apart by their power of two.
pub(super) const CLASSES: usize = 16;

/// 1 for two records, 2 for up to four, 3 for up to eight …
pub(super) fn class(records: u32) -> usize {
    (records.max(2).next_power_of_two().trailing_zeros() as usize).min(CLASSES - 1)
}

/// A rule's whole blocks, or the parts of its refined ones.
fn slot(rule: u8, part: bool) -> usize {
    2 * usize::from(rule) + usize::from(part)
}

/// Candidate pairs of a sample: their blocks and their probabilities. Some 20 bytes a pair.
#[derive(Clone, Debug, Default)]
pub struct PairSample {
    /// End of each pair's blocks.
    ends: Vec<u32>,
    /// Slot and class of the smallest block of each slot, which is given up last.
    blocks: Vec<(u8, u8)>,
    probabilities: Vec<f64>,
}

impl PairSample {
    /// Adds a pair: the blocks that hold both (rule, whether it is a part of a refined block,
    /// records), and its probability of a match.
    pub fn push(&mut self, blocks: &[(u8, bool, u32)], probability: f64) {
        let start = self.blocks.len();
        let places = blocks.iter().map(|(rule, part, n)| (slot(*rule, *part), class(*n)));
        self.blocks.extend(places.map(|(slot, class)| (slot as u8, class as u8)));
        self.blocks[start..].sort_unstable();
        let mut kept = start;
        for at in start..self.blocks.len() {
            if kept == start || self.blocks[kept - 1].0 != self.blocks[at].0 {
                self.blocks[kept] = self.blocks[at];
                kept += 1;
            }
        }
        self.blocks.truncate(kept);
        self.ends.push(kept as u32);
        self.probabilities.push(probability);
    }

    /// Adds the pairs of another sample.
    pub fn append(&mut self, other: &Self) {
        let start = self.blocks.len() as u32;
        self.ends.extend(other.ends.iter().map(|end| start + end));
        self.blocks.extend_from_slice(&other.blocks);
        self.probabilities.extend_from_slice(&other.probabilities);
    }

    /// How many pairs meet where, by slot, classes from this one on are given up; and, by slot and
    /// class, the pairs that no other block makes, with the matches among them.
    fn count(&self, given_up: &[usize]) -> (usize, Own) {
        let mut own = vec![[(0.0, 0.0); CLASSES]; given_up.len()];
        let (mut pairs, mut start) = (0, 0);
        for (end, probability) in self.ends.iter().zip(&self.probabilities) {
            let blocks = &self.blocks[start..*end as usize];
            start = *end as usize;
            let mut left = blocks
                .iter()
                .map(|(slot, class)| (usize::from(*slot), usize::from(*class)))
                .filter(|(slot, class)| *class < given_up[*slot]);
            let Some((slot, class)) = left.next() else { continue };
            pairs += 1;
            if left.next().is_none() {
                let (n, matches) = &mut own[slot][class];
                *n += 1.0;
                *matches += probability;
            }
        }
        (pairs, own)
    }
}

/// Pairs and matches by slot and class.
type Own = Vec<[(f64, f64); CLASSES]>;

/// Lowers limits: as long as the file has more than six candidate pairs a record,
/// those largest blocks of a rule are given up whose own pairs match most rarely, unless more than
/// one in a thousand does. `pairs_a_record` is what the limits give now. Deterministic.
/// O(steps × pairs), at most some hundred steps.
pub fn fit_limits(limits: &BlockLimits, sample: &PairSample, pairs_a_record: f64) -> BlockLimits {
    // The least class that is given up.
    let mut given_up = vec![CLASSES; 2 * RULES.len()];
    let all = sample.ends.len().max(1) as f64;
    loop {
        let (pairs, own) = sample.count(&given_up);
        if pairs as f64 / all * pairs_a_record <= PAIRS_A_RECORD {
            break;
        }
        let Some((slot, least)) = least_useful(&own) else { break };
        given_up[slot] = least;
    }
    let mut out = limits.clone();
    for rule in RULES {
        for (part, list) in [(false, &mut out.whole), (true, &mut out.part)] {
            let least = given_up[slot(rule.number, part)];
            if least < CLASSES {
                let limit = &mut list[usize::from(rule.number)];
                *limit = (*limit).min((1 << least) / 2);
            }
        }
    }
    out
}

/// The slot and class from which on blocks make the pairs that match most rarely of those that no
/// other block makes; `None` if all match often enough.
fn least_useful(own: &Own) -> Option<(usize, usize)> {
    let mut least: Option<(f64, usize, usize)> = None;
    for (slot, classes) in own.iter().enumerate().take(2 * usize::from(SMALL_FILE)) {
        let (mut n, mut matches) = (0.0, 0.0);
        for class in (1..CLASSES).rev() {
            n += classes[class].0;
            matches += classes[class].1;
            let rate = matches / n;
            if n >= EVIDENCE && rate * PAIRS_A_MATCH < 1.0 && least.is_none_or(|l| rate < l.0) {
                least = Some((rate, slot, class));
            }
        }
    }
    least.map(|(_, slot, class)| (slot, class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cap_falls_with_the_size_of_the_file() {
        let cap = |n| limits_for(n).cap;
        assert_eq!((cap(10), cap(100_000), cap(1_000_000), cap(100_000_000)), (80, 80, 14, 10));
    }

    #[test]
    fn sizes_whose_own_pairs_never_match_are_given_up() {
        let mut half = PairSample::default();
        for _ in 0..50 {
            half.push(&[(3, false, 60)], 1e-6); // noise of large blocks of rule 3
            half.push(&[(3, false, 3)], 0.5); // matches of small ones
            half.push(&[(5, true, 40)], 0.1); // matches now and then
            half.push(&[(3, false, 60), (7, false, 2)], 0.9); // found by rule 7 too
        }
        let mut sample = half.clone();
        sample.append(&half);
        let limits = limits_for(1000);
        let fitted = fit_limits(&limits, &sample, 100.0);
        // Of rule 3 the sizes from 33 on go; the rest stands as it was.
        assert_eq!((fitted.of(3, false), fitted.of(3, true)), (32, 80));
        assert_eq!((fitted.of(5, true), fitted.of(7, false)), (80, 80));
        // Where pairs are few, all are looked at.
        assert_eq!(fit_limits(&limits, &sample, PAIRS_A_RECORD), limits);
    }
}
