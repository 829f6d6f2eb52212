use super::keys::{RULES, SMALL_FILE};
use rayon::prelude::*;

use crate::compare::{NONE, Table};
use crate::model::{BlockLimits, Part};

/// Blocks of records that meet, after refinement.
#[derive(Debug, Default)]
pub struct Blocks {
    offsets: Vec<u32>,
    /// Records of the blocks, one block after the other, ascending; the last of a block carries
    /// [`LAST`].
    members: Vec<u32>,
    rules: Vec<u8>,
    /// Whether a block is a part of a refined one.
    parts: Vec<bool>,
    of_record_offsets: Vec<u32>,
    /// By record, of each block that goes on after it: where in `members` it does.
    of_record: Vec<u32>,
    /// What happened to each rule's blocks.
    pub statistics: BlockStatistics,
}

/// Marks the last record of a block.
const LAST: u32 = 1 << 31;

/// Counts by rule.
#[derive(Clone, Debug, Default)]
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
    /// The largest blocks left out: (rule, members).
    pub largest: Vec<(u8, u64)>,
}

/// Collects groups of records with an equal key, in any order of groups.
#[derive(Debug)]
pub struct BlocksBuilder<'a> {
    table: &'a Table,
    limits: &'a BlockLimits,
    blocks: Blocks,
}

impl<'a> BlocksBuilder<'a> {
    /// A builder for a table.
    pub fn new(table: &'a Table, limits: &'a BlockLimits) -> Self {
        let rules = RULES.len();
        let statistics = BlockStatistics {
            blocks: vec![0; rules],
            pairs: vec![0; rules],
            refined: vec![0; rules],
            left_out: vec![0; rules],
            pairs_left_out: vec![0; rules],
            largest: Vec::new(),
        };
        Self { table, limits, blocks: Blocks { offsets: vec![0], statistics, ..Blocks::default() } }
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
        if !self.table.method.has(Part::Refinement) {
            self.leave_out(rule, members.len() as u64);
            return;
        }
        self.blocks.statistics.refined[usize::from(rule)] += 1;
        self.refine(rule, members);
    }

    /// Adds every pair of a small file: what shares no key with anything may still be decided there.
    pub fn small_file(&mut self) {
        let records = self.table.len();
        if records > 1 && records <= self.limits.of(SMALL_FILE, false) {
            let all: Vec<u32> = (0..records).collect();
            self.keep(SMALL_FILE, false, &all);
        }
    }

    fn keep(&mut self, rule: u8, part: bool, members: &[u32]) {
        let n = members.len() as u64;
        if n > u64::from(self.limits.of(rule, part)) {
            self.leave_out(rule, n);
            return;
        }
        let at = usize::from(rule);
        self.blocks.statistics.blocks[at] += 1;
        self.blocks.statistics.pairs[at] += n * (n - 1) / 2;
        self.blocks.members.extend_from_slice(members);
        if let Some(last) = self.blocks.members.last_mut() {
            *last |= LAST;
        }
        self.blocks.offsets.push(self.blocks.members.len() as u32);
        self.blocks.rules.push(rule);
        self.blocks.parts.push(part);
    }

    /// Splits an oversized block by what else its members could agree on.
    fn refine(&mut self, rule: u8, members: &[u32]) {
        let t = self.table;
        let name = |r: u32| t.names(r).first().copied();
        let address = |r: u32| t.addresses(r).first().copied();
        let mail = |r: u32| t.emails(r).first().map(|e| t.email_values[e.email as usize]);
        let discriminators: [&dyn Fn(u32) -> u32; 8] = [
            &|r| name(r).map_or(NONE, |n| n.given),
            &|r| name(r).map_or(NONE, |n| n.family),
            &|r| address(r).map_or(NONE, |a| a.postcode),
            &|r| t.births(r).first().copied().unwrap_or(NONE),
            &|r| mail(r).map_or(NONE, |m| m.letters),
            &|r| t.phones(r).first().copied().unwrap_or(NONE),
            &|r| address(r).map_or(NONE, |a| a.city),
            &|r| t.organizations.get(r).first().copied().unwrap_or(NONE),
        ];
        for discriminator in discriminators {
            let mut parts: Vec<(u32, u32)> = members
                .iter()
                .map(|r| (discriminator(*r), *r))
                .filter(|(value, _)| *value != NONE)
                .collect();
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

    fn leave_out(&mut self, rule: u8, n: u64) {
        self.blocks.statistics.leave_out(rule, n);
    }

    /// Adds the blocks of another builder of the same table and limits.
    pub fn append(&mut self, other: Self) {
        let (mine, theirs) = (&mut self.blocks, other.blocks);
        let start = mine.members.len() as u32;
        mine.offsets.extend(theirs.offsets[1..].iter().map(|end| start + end));
        mine.members.extend_from_slice(&theirs.members);
        mine.rules.extend_from_slice(&theirs.rules);
        mine.parts.extend_from_slice(&theirs.parts);
        mine.statistics.add(theirs.statistics);
    }

    /// Finishes: blocks by record can be asked for.
    pub fn finish(self) -> Blocks {
        let mut blocks = self.blocks;
        blocks.by_record(self.table.len() as usize);
        blocks.statistics.sort();
        blocks
    }
}

impl BlockStatistics {
    fn leave_out(&mut self, rule: u8, n: u64) {
        self.left_out[usize::from(rule)] += 1;
        self.pairs_left_out[usize::from(rule)] += n * (n - 1) / 2;
        self.largest.push((rule, n));
        if self.largest.len() > 200 {
            self.sort();
        }
    }

    fn add(&mut self, other: Self) {
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
        if self.largest.len() > 200 {
            self.sort();
        }
    }

    fn sort(&mut self) {
        self.largest.sort_unstable_by_key(|(rule, n)| (std::cmp::Reverse(*n), *rule));
        self.largest.truncate(50);
    }
}

/// Shares of records that are listed side by side.
const SHARES: usize = 8;

/// For some records where in the members of all blocks the one after each of their places stands,
/// places at a block's end left out, record after record; and where those of each record end.
fn positions(members: &[u32], records: std::ops::Range<usize>) -> (Vec<u32>, Vec<u32>) {
    let first = records.start;
    let places = || {
        let all = (1_u32..).zip(members).filter(|(_, member)| **member & LAST == 0);
        all.map(|(following, member)| (*member as usize, following))
            .filter(|(member, _)| records.contains(member))
    };
    let mut ends = vec![0_u32; records.len()];
    places().for_each(|(member, _)| ends[member - first] += 1);
    let mut next = ends.clone();
    let mut end = 0;
    for (end_of, next) in ends.iter_mut().zip(&mut next) {
        *next = end;
        end += *end_of;
        *end_of = end;
    }
    let mut out = vec![0; end as usize];
    for (member, following) in places() {
        let slot = &mut next[member - first];
        out[*slot as usize] = following;
        *slot += 1;
    }
    (ends, out)
}

impl Blocks {
    /// Lists by record where it stands in its blocks. Each thread looks after some of the records.
    fn by_record(&mut self, n: usize) {
        (self.of_record_offsets, self.of_record) = (Vec::new(), Vec::new());
        self.members.shrink_to_fit();
        let members = &self.members;
        // Each share reads all members: more of them would only read more.
        let share = n.div_ceil(rayon::current_num_threads().min(SHARES)).max(1);
        let shares: Vec<usize> = (0..n).step_by(share).collect();
        let parts: Vec<(Vec<u32>, Vec<u32>)> = shares
            .into_par_iter()
            .map(|first| positions(members, first..n.min(first + share)))
            .collect();
        let mut offsets = Vec::with_capacity(n + 1);
        offsets.push(0);
        let mut of_record = Vec::with_capacity(parts.iter().map(|(_, all)| all.len()).sum());
        for (ends, positions) in parts {
            let start = of_record.len() as u32;
            offsets.extend(ends.into_iter().map(|end| start + end));
            of_record.extend(positions);
        }
        (self.of_record_offsets, self.of_record) = (offsets, of_record);
    }

    /// Gives up the blocks that exceed limits, as if they had been built under them.
    pub fn limit(&mut self, limits: &BlockLimits) {
        let (mut start, mut kept, mut end) = (0, 0, 0);
        for block in 0..self.rules.len() {
            let (rule, part) = (self.rules[block], self.parts[block]);
            let own = start..self.offsets[block + 1] as usize;
            start = own.end;
            let n = own.len() as u64;
            if n > u64::from(limits.of(rule, part)) {
                let at = usize::from(rule);
                self.statistics.blocks[at] -= 1;
                self.statistics.pairs[at] -= n * (n - 1) / 2;
                self.statistics.leave_out(rule, n);
                continue;
            }
            // What is kept moves down over what is not.
            self.members.copy_within(own, end);
            end += n as usize;
            kept += 1;
            self.offsets[kept] = end as u32;
            (self.rules[kept - 1], self.parts[kept - 1]) = (rule, part);
        }
        self.members.truncate(end);
        self.offsets.truncate(kept + 1);
        self.rules.truncate(kept);
        self.parts.truncate(kept);
        let records = self.of_record_offsets.len() - 1;
        self.by_record(records);
        self.statistics.sort();
    }

    /// Records with a greater ordinal that meet `record`, ascending, into `out`.
    pub fn candidates(&self, record: u32, out: &mut Vec<u32>) {
        out.clear();
        let at = record as usize;
        let (from, to) =
            (self.of_record_offsets[at] as usize, self.of_record_offsets[at + 1] as usize);
        for following in &self.of_record[from..to] {
            for member in &self.members[*following as usize..] {
                out.push(member & !LAST);
                if member & LAST != 0 {
                    break;
                }
            }
        }
        out.sort_unstable();
        out.dedup();
    }

    /// Rules whose blocks hold both records, `a` < `b`.
    pub fn shared_rules(&self, a: u32, b: u32) -> Vec<u8> {
        let mut rules: Vec<u8> = self.shared(a, b).iter().map(|block| block.0).collect();
        rules.sort_unstable();
        rules.dedup();
        rules
    }

    /// The blocks that hold both records, `a` < `b`: rule, whether it is a part of a refined block,
    /// records.
    pub fn shared(&self, a: u32, b: u32) -> Vec<(u8, bool, u32)> {
        let (from, to) = (
            self.of_record_offsets[a as usize] as usize,
            self.of_record_offsets[a as usize + 1] as usize,
        );
        self.of_record[from..to]
            .iter()
            .filter(|following| {
                let others = &self.members[**following as usize..];
                let upto =
                    others.iter().find(|member| **member & !LAST >= b || **member & LAST != 0);
                upto.is_some_and(|member| member & !LAST == b)
            })
            .map(|following| {
                let block = self.offsets.partition_point(|end| end <= following) - 1;
                let records = self.offsets[block + 1] - self.offsets[block];
                (self.rules[block], self.parts[block], records)
            })
            .collect()
    }

    /// Number of blocks.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether no two records meet.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Left-out pairs by rule, largest first.
    pub fn left_out_by_rule(&self) -> Vec<(&'static str, u64)> {
        let mut out: Vec<(&'static str, u64)> = RULES
            .iter()
            .zip(&self.statistics.pairs_left_out)
            .filter(|(_, pairs)| **pairs > 0)
            .map(|(rule, pairs)| (rule.name, *pairs))
            .collect();
        out.sort_by_key(|(name, pairs)| (std::cmp::Reverse(*pairs), *name));
        out
    }
}
