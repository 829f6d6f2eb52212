//! Candidate pairs: the records that share a block, with what is known of the blocks that they share.
//!
//! Blocks come in the order of their keys, and pairs are compared in the order of their records. So
//! every pair of every block is noted once, sorted into parts by its first record, and a part is put
//! in order when its turn comes. What is noted goes to disk where it is much: memory does not grow
//! with pairs.

use std::ops::Range;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::keys::{RULES, SMALL_FILE};
use super::limits::{CLASSES, class};
use super::outline::{Outline, TRAITS};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BlockLimits, Method, Part as MethodPart};
use crate::store::Scratch;

/// Candidate pairs by their first record.
#[derive(Debug, Default)]
pub struct Candidates {
    parts: Vec<Part>,
    /// Bits of the places of first records in their parts.
    part_bits: u32,
    file: Option<Scratch>,
    /// Bytes that wait for the file.
    waiting: usize,
    /// How many blocks of each rule, whole or not, and size there are.
    sizes: Sizes,
    limits: BlockLimits,
    /// By slot, the class of sizes from which on blocks are given up.
    given_up: Vec<usize>,
    statistics: BlockStatistics,
}

/// The pairs of some first records.
#[derive(Debug, Default)]
struct Part {
    waiting: Vec<u8>,
    /// Start and length of what is in the file.
    written: Vec<(u64, u32)>,
}

/// Blocks by rule, whether they are parts of refined ones, and records.
type Sizes = FxHashMap<(u8, bool, u32), u64>;

/// Bytes that may wait for the file.
const WAITING: usize = 32 << 20;

// A pair in a block takes 64 bits, which sort by pair: up to 21 for the place of the first record in its
// part, 31 for the second record, 12 for the block's tag.
const FIRST_SHIFT: u32 = 43;
const TAG_BITS: u32 = 12;
const SECOND_MASK: u64 = (1 << 31) - 1;
/// A tag is the slot of a rule and the class of the block's size.
const CLASS_BITS: u32 = 4;
const _: () =
    assert!(CLASSES == 1 << CLASS_BITS && 2 * RULES.len() <= 1 << (TAG_BITS - CLASS_BITS));

/// Whole blocks of a rule, or parts of its refined ones.
const fn slot(rule: u8, part: bool) -> usize {
    2 * rule as usize + part as usize
}

fn tag(rule: u8, part: bool, records: u32) -> u16 {
    (slot(rule, part) << CLASS_BITS | class(records)) as u16
}

/// Slot and class of the tag of a packed pair.
const fn untag(pair: u64) -> (usize, usize) {
    let tag = (pair & ((1 << TAG_BITS) - 1)) as usize;
    (tag >> CLASS_BITS, tag & (CLASSES - 1))
}

/// The largest blocks left out that are told one by one.
pub const LARGEST_TOLD: usize = 20;
/// So many are kept, and looked through when there are [`LARGEST_MANY`].
const LARGEST_KEPT: usize = 50;
const LARGEST_MANY: usize = 200;

/// Counts by rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockStatistics {
    /// Blocks kept.
    pub blocks: Vec<u64>,
    /// Pairs in them (a pair in several blocks counts in each).
    pub pairs: Vec<u64>,
    /// Blocks refined.
    pub refined: Vec<u64>,
    /// Blocks, or parts of refined ones, left out.
    pub left_out: Vec<u64>,
    /// Pairs that those would have held.
    pub pairs_left_out: Vec<u64>,
    /// The largest blocks left out: (rule, members); all of them, or [`LARGEST_TOLD`] at least.
    pub largest: Vec<(u8, u64)>,
}

/// Collects groups of records with an equal key, in any order of groups.
#[derive(Debug)]
pub struct BlocksBuilder<'a> {
    outlines: &'a [Outline],
    limits: &'a BlockLimits,
    method: Method,
    /// Records of the blocks that are kept, one block after the other, ascending.
    members: Vec<u32>,
    /// End of each block's records, and its tag.
    blocks: Vec<(u32, u16)>,
    sizes: Sizes,
    statistics: BlockStatistics,
}

impl<'a> BlocksBuilder<'a> {
    /// A builder for the records of these outlines.
    pub fn new(outlines: &'a [Outline], limits: &'a BlockLimits, method: Method) -> Self {
        Self {
            outlines,
            limits,
            method,
            members: Vec::new(),
            blocks: Vec::new(),
            sizes: Sizes::default(),
            statistics: BlockStatistics::new(),
        }
    }

    /// Adds the records (ascending, distinct) that share a key of a rule.
    pub fn group(&mut self, rule: u8, members: &[u32]) {
        if members.len() < 2 {
            return;
        }
        if members.len() <= self.limits.cap as usize {
            self.keep(rule, false, members);
            return;
        }
        if !self.method.has(MethodPart::Refinement) {
            self.statistics.leave_out(rule, members.len() as u64);
            return;
        }
        self.statistics.refined(rule, 1);
        self.refine(rule, members);
    }

    /// Adds every pair of a small file: what shares no key with anything may still be decided there.
    pub fn small_file(&mut self) {
        let records = self.outlines.len() as u32;
        if records > 1 && records <= self.limits.of(SMALL_FILE, false) {
            let all: Vec<u32> = (0..records).collect();
            self.keep(SMALL_FILE, false, &all);
        }
    }

    fn keep(&mut self, rule: u8, part: bool, members: &[u32]) {
        let n = members.len() as u64;
        if n > u64::from(self.limits.of(rule, part)) {
            self.statistics.leave_out(rule, n);
            return;
        }
        self.statistics.keep(rule, n);
        *self.sizes.entry((rule, part, members.len() as u32)).or_insert(0) += 1;
        self.members.extend_from_slice(members);
        let tag = tag(rule, part, members.len() as u32);
        self.blocks.push((self.members.len() as u32, tag));
    }

    /// Splits an oversized block by what else its members could agree on.
    fn refine(&mut self, rule: u8, members: &[u32]) {
        for at in 0..TRAITS {
            let of = |r: &u32| Some((self.outlines[*r as usize].get(at)?, *r));
            let mut parts: Vec<(u32, u32)> = members.iter().filter_map(of).collect();
            parts.sort_unstable();
            for part in parts.chunk_by(|a, b| a.0 == b.0) {
                if part.len() < 2 {
                    continue;
                }
                let part: Vec<u32> = part.iter().map(|p| p.1).collect();
                self.keep(rule, true, &part);
            }
        }
    }
}

impl Default for BlockStatistics {
    fn default() -> Self {
        Self::new()
    }
}

impl BlockStatistics {
    fn new() -> Self {
        let none = vec![0; RULES.len()];
        Self {
            blocks: none.clone(),
            pairs: none.clone(),
            refined: none.clone(),
            left_out: none.clone(),
            pairs_left_out: none,
            largest: Vec::new(),
        }
    }

    /// Counts a block of `n` records, or a part of one, that is kept.
    pub(super) fn keep(&mut self, rule: u8, n: u64) {
        self.blocks[usize::from(rule)] += 1;
        self.pairs[usize::from(rule)] += n * (n - 1) / 2;
    }

    /// Counts blocks that were refined.
    pub(super) fn refined(&mut self, rule: u8, blocks: u64) {
        self.refined[usize::from(rule)] += blocks;
    }

    pub(super) fn leave_out(&mut self, rule: u8, n: u64) {
        self.left_out[usize::from(rule)] += 1;
        self.pairs_left_out[usize::from(rule)] += n * (n - 1) / 2;
        self.largest.push((rule, n));
        if self.largest.len() > LARGEST_MANY {
            self.sort();
        }
    }

    /// The counts once some blocks, which came to `then`, come to `now`. `None` where that cannot be
    /// told: too many of the largest are no longer left out, or these are not counts of those blocks.
    pub fn changed(mut self, then: Self, now: Self) -> Option<Self> {
        // All that are larger than the last of them are known, or all there are.
        let known = self.largest.len() as u64;
        let least = self.largest.last().filter(|_| known < self.left_out.iter().sum()).copied();
        let order = |(rule, n): (u8, u64)| (std::cmp::Reverse(n), rule);
        let is_known = |block: &(u8, u64)| least.is_none_or(|least| order(*block) <= order(least));
        let mut removed = then.largest;
        removed.retain(is_known);
        for block in removed {
            match self.largest.iter().position(|known| *known == block) {
                Some(at) => _ = self.largest.remove(at),
                // Of several as large as the last some may not be known.
                None if least == Some(block) => {}
                None => return None,
            }
        }
        self.largest.extend(now.largest.into_iter().filter(is_known));
        let counts = [
            (&mut self.blocks, then.blocks, now.blocks),
            (&mut self.pairs, then.pairs, now.pairs),
            (&mut self.refined, then.refined, now.refined),
            (&mut self.left_out, then.left_out, now.left_out),
            (&mut self.pairs_left_out, then.pairs_left_out, now.pairs_left_out),
        ];
        for (all, then, now) in counts {
            for (all, (then, now)) in all.iter_mut().zip(then.into_iter().zip(now)) {
                *all = all.checked_sub(then)?.checked_add(now)?;
            }
        }
        self.sort();
        let all = usize::try_from(self.left_out.iter().sum::<u64>()).ok()?;
        (self.largest.len() >= all.min(LARGEST_TOLD)).then_some(self)
    }

    pub(super) fn add(&mut self, other: Self) {
        let counts = [
            (&mut self.blocks, other.blocks),
            (&mut self.pairs, other.pairs),
            (&mut self.refined, other.refined),
            (&mut self.left_out, other.left_out),
            (&mut self.pairs_left_out, other.pairs_left_out),
        ];
        for (mine, theirs) in counts {
            mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| *mine += theirs);
        }
        self.largest.extend(other.largest);
        if self.largest.len() > LARGEST_MANY {
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.largest.sort_unstable_by_key(|(rule, n)| (std::cmp::Reverse(*n), *rule));
        self.largest.truncate(LARGEST_KEPT);
    }
}

impl Candidates {
    /// No pairs yet, of so many records, under the limits that blocks are built under.
    pub fn new(records: u32, limits: &BlockLimits) -> Self {
        assert!(u64::from(records) <= SECOND_MASK + 1, "ordinals take 31 bits");
        // Some thousand parts: enough for all threads, and each is written and read in long runs.
        let part_bits = records.max(1).ilog2().saturating_sub(10).clamp(8, 12);
        let parts = records.div_ceil(1 << part_bits);
        Self {
            parts: (0..parts).map(|_| Part::default()).collect(),
            part_bits,
            limits: limits.clone(),
            given_up: vec![CLASSES; 2 * RULES.len()],
            statistics: BlockStatistics::new(),
            ..Self::default()
        }
    }

    /// Takes in the pairs of some blocks. O(pairs).
    pub fn take(&mut self, blocks: BlocksBuilder<'_>) {
        let mut start = 0;
        for (end, tag) in &blocks.blocks {
            let members = &blocks.members[start..*end as usize];
            start = *end as usize;
            for (at, a) in members.iter().enumerate() {
                let first =
                    u64::from(a & ((1 << self.part_bits) - 1)) << FIRST_SHIFT | u64::from(*tag);
                let part = &mut self.parts[(a >> self.part_bits) as usize].waiting;
                for b in &members[at + 1..] {
                    part.extend_from_slice(&(first | u64::from(*b) << TAG_BITS).to_le_bytes());
                }
                self.waiting += 8 * (members.len() - at - 1);
            }
        }
        for (size, blocks) in blocks.sizes {
            *self.sizes.entry(size).or_insert(0) += blocks;
        }
        self.statistics.add(blocks.statistics);
    }

    /// Whether so much waits that it had better go to disk.
    pub const fn is_full(&self) -> bool {
        self.waiting >= WAITING
    }

    /// Brings what waits to disk, into a file that `make` makes.
    ///
    /// # Errors
    /// The disk is full or broken.
    pub fn spill(&mut self, make: impl FnOnce() -> Result<Scratch>) -> Result<()> {
        if self.file.is_none() {
            self.file = Some(make()?);
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        for part in self.parts.iter_mut().filter(|part| !part.waiting.is_empty()) {
            part.written.push((file.append(&part.waiting)?, part.waiting.len() as u32));
            // As much comes again.
            part.waiting.clear();
        }
        self.waiting = 0;
        Ok(())
    }

    /// Gives up the blocks that exceed limits, as if pairs had been found under them. Where they are
    /// lower than those before they are powers of two, as [`fit_limits`](super::fit_limits) makes
    /// them.
    pub fn limit(&mut self, limits: &BlockLimits) {
        for rule in RULES {
            for part in [false, true] {
                let limit = limits.of(rule.number, part);
                if limit < self.limits.of(rule.number, part) {
                    assert!(limit.is_power_of_two(), "sizes are told apart by their powers");
                    self.given_up[slot(rule.number, part)] = limit.ilog2() as usize + 1;
                }
            }
        }
        let statistics = &mut self.statistics;
        self.sizes.retain(|(rule, part, n), blocks| {
            let keep = *n <= limits.of(*rule, *part);
            if !keep {
                let (at, n) = (usize::from(*rule), u64::from(*n));
                statistics.blocks[at] -= *blocks;
                statistics.pairs[at] -= *blocks * (n * (n - 1) / 2);
                (0..*blocks).for_each(|_| statistics.leave_out(*rule, n));
            }
            keep
        });
        self.limits = limits.clone();
    }

    /// What happened to each rule's blocks.
    pub fn into_statistics(self) -> BlockStatistics {
        let mut statistics = self.statistics;
        statistics.sort();
        statistics
    }

    /// How many pairs there are in all blocks, each counted as often as it is met.
    pub fn noted(&self) -> u64 {
        self.statistics.pairs.iter().sum()
    }

    /// How many parts there are.
    pub fn parts(&self) -> u32 {
        self.parts.len() as u32
    }

    /// The first records of a part.
    pub const fn records_of(&self, part: u32) -> Range<u32> {
        part << self.part_bits..(part + 1) << self.part_bits
    }

    /// The pairs of a part whose first record is wanted, in order. O(n log n) of the part's pairs in
    /// blocks.
    ///
    /// # Errors
    /// They cannot be read back.
    pub fn part(&self, at: u32, wanted: impl Fn(u32) -> bool) -> Result<Pairs> {
        let part = &self.parts[at as usize];
        let first = at << self.part_bits;
        let mut packed: Vec<u64> = Vec::new();
        let mut add = |bytes: &[u8]| {
            let (all, _) = bytes.as_chunks::<8>();
            packed.extend(all.iter().map(|eight| u64::from_le_bytes(*eight)).filter(|pair| {
                let (slot, class) = untag(*pair);
                class < self.given_up[slot] && wanted(first | (pair >> FIRST_SHIFT) as u32)
            }));
        };
        if !part.written.is_empty() {
            let lost = || Error::new(ErrorKind::Io, "a file of the run is gone");
            let file = self.file.as_ref().ok_or_else(lost)?;
            let mut bytes = Vec::new();
            for (start, length) in &part.written {
                bytes.resize(*length as usize, 0);
                file.read(*start, &mut bytes)?;
                add(&bytes);
            }
        }
        add(&part.waiting);
        packed.sort_unstable();
        Ok(Pairs { first, packed })
    }
}

/// Some candidate pairs, in order.
#[derive(Debug)]
pub struct Pairs {
    first: u32,
    packed: Vec<u64>,
}

/// A candidate pair, and the blocks that hold it.
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    /// Smaller ordinal.
    pub a: u32,
    /// Greater ordinal.
    pub b: u32,
    met: &'a [u64],
}

impl Pairs {
    /// The pairs, ascending, each once.
    pub fn iter(&self) -> impl Iterator<Item = Pair<'_>> {
        self.packed.chunk_by(|x, y| x >> TAG_BITS == y >> TAG_BITS).map(|met| Pair {
            a: self.first | (met[0] >> FIRST_SHIFT) as u32,
            b: (met[0] >> TAG_BITS & SECOND_MASK) as u32,
            met,
        })
    }
}

impl Pair<'_> {
    /// The blocks that hold both records: rule, whether it is a part of a refined block, records
    /// rounded up to a power of two.
    pub fn blocks(self) -> impl Iterator<Item = (u8, bool, u32)> {
        self.met.iter().map(|pair| {
            let (slot, class) = untag(*pair);
            ((slot / 2) as u8, slot % 2 == 1, 1 << class)
        })
    }
}
