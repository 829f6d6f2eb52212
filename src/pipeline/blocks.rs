//! The blocks of a store's records: all of them, or those that have changed since an earlier outcome.

use rayon::prelude::*;

use super::earlier::Standing;
use super::intake::rule_of;
use super::records::LiveRecords;
use crate::blocking::index::{BlockIndex, Bucket};
use crate::blocking::{
    BlockStatistics, BlocksBuilder, Candidates, Changes, Meeting, Outline, States, StayingPairs,
    outline_of,
};
use crate::compare::name_from_mailboxes;
use crate::error::Result;
use crate::model::{BlockLimits, Method};
use crate::scoring::Model;
use crate::store::Store;

/// Candidate pairs by walking the postings of the index. Uses the outlines of the records up.
///
/// # Errors
/// The index is damaged or unreadable, or the disk full.
pub(super) fn candidates(
    index: &BlockIndex,
    store: &Store,
    records: &LiveRecords,
    limits: &BlockLimits,
    method: Method,
) -> Result<Candidates> {
    all_candidates(index, store, &records.ordinals(), &records.take_outlines(), limits, method)
}

fn all_candidates(
    index: &BlockIndex,
    store: &Store,
    ordinals: &[u32],
    outlines: &[Outline],
    limits: &BlockLimits,
    method: Method,
) -> Result<Candidates> {
    let part = |bucket: &Bucket| {
        let mut part = BlocksBuilder::new(outlines, limits, method);
        let mut members: Vec<u32> = Vec::new();
        for (key, numbers) in bucket.blocks() {
            live_members(ordinals, numbers, &mut members);
            part.group(rule_of(key), &members);
        }
        part
    };
    let mut found = Candidates::new(outlines.len() as u32, limits);
    index.fold_buckets(part, |part| {
        found.take(part);
        if found.is_full() { found.spill(|| store.scratch()) } else { Ok(()) }
    })?;
    let mut small = BlocksBuilder::new(outlines, limits, method);
    small.small_file();
    found.take(small);
    Ok(found)
}

/// The ordinals of the records with some numbers, ascending.
fn live_members(ordinals: &[u32], numbers: &[u64], members: &mut Vec<u32>) {
    members.clear();
    let known = numbers.iter().filter_map(|n| ordinals.get(*n as usize));
    members.extend(known.filter(|o| **o != u32::MAX));
    members.sort_unstable();
}

/// The blocks of records of which most stand as they did in an earlier outcome, under the limits of a
/// model.
pub(super) struct Blocks<'a> {
    index: &'a BlockIndex,
    standing: &'a Standing,
    limits: &'a BlockLimits,
    /// Keys of the records that came or went, ascending.
    keys: Vec<u64>,
    ordinals: Vec<u32>,
    /// Of the records of now, then of those that are gone.
    outlines: Vec<Outline>,
}

impl<'a> Blocks<'a> {
    /// With the keys of the records that came. Uses the outlines of all records up, which were noted.
    pub(super) fn new(
        index: &'a BlockIndex,
        records: &LiveRecords,
        standing: &'a Standing,
        model: &'a Model,
        mut keys: Vec<u64>,
    ) -> Self {
        keys.extend(standing.lost.keys());
        keys.par_sort_unstable();
        keys.dedup();
        let mut outlines = records.take_outlines();
        outlines.extend(standing.lost.records.iter().map(|record| {
            let mut outline = outline_of(record);
            if let Some((given, family)) =
                name_from_mailboxes(record, &|word| model.word_counts(word))
            {
                outline.set_names(&given, &family);
            }
            outline
        }));
        let (limits, ordinals) = (&model.limits, records.ordinals());
        Self { index, standing, limits, keys, ordinals, outlines }
    }

    fn states(&self) -> States<'_> {
        let before = &self.standing.earlier.before;
        States::new(&self.outlines, before, self.limits)
    }

    /// What has changed of the blocks of records that came or went. O(postings of the index), most of
    /// which are passed over; parallel.
    ///
    /// # Errors
    /// The index is damaged or unreadable.
    pub(super) fn changes(&self) -> Result<Changes> {
        let states = self.states();
        let block =
            |part: &mut Changes, rule: u8, members: &[u32]| part.block(&states, rule, members);
        let mut all = Changes::default();
        self.walk(None, &self.keys, block, |part| all.append(part))?;
        all.meetings.par_sort_unstable();
        Ok(all)
    }

    /// Where pairs of records that stand as they did meet as ever. Pairs are sorted.
    ///
    /// # Errors
    /// The index is damaged or unreadable.
    pub(super) fn always(&self, pairs: &[(u32, u32)]) -> Result<Vec<Meeting>> {
        if pairs.is_empty() {
            return Ok(Vec::new());
        }
        let states = self.states();
        let pairs = StayingPairs::new(pairs, self.standing.earlier.before.len());
        let block = |part: &mut Vec<Meeting>, rule: u8, members: &[u32]| {
            states.always(rule, members, &pairs, &mut |met| part.push(met));
        };
        let mut all: Vec<Meeting> = Vec::new();
        self.walk(Some(&|record| pairs.begins_one(record)), &[], block, |part| all.extend(part))?;
        Ok(all)
    }

    /// How all blocks are, counted anew.
    ///
    /// # Errors
    /// The index is damaged or unreadable, or the disk full.
    pub(super) fn count(&self, store: &Store) -> Result<BlockStatistics> {
        let outlines = &self.outlines[..self.standing.earlier.before.len()];
        let Self { index, ordinals, limits, .. } = self;
        let all = all_candidates(index, store, ordinals, outlines, limits, Method::default())?;
        Ok(all.into_statistics())
    }

    /// Hands the blocks over that one of some records is in, and those of some keys: rule, and all who
    /// are or were in it, ascending.
    fn walk<T: Default + Send>(
        &self,
        some: Option<&(dyn Fn(u32) -> bool + Sync)>,
        keys: &[u64],
        block: impl Fn(&mut T, u8, &[u32]) + Sync,
        mut fold: impl FnMut(T) + Send,
    ) -> Result<()> {
        // By number, a bit each: what every posting is looked up in should stay close.
        let bits = some.map(|some| {
            let of = |ordinals: &[u32]| {
                let is_some = |ordinal: &u32| *ordinal != u32::MAX && some(*ordinal);
                let bits = ordinals.iter().zip(0..).filter(|(ordinal, _)| is_some(ordinal));
                bits.fold(0_u64, |all, (_, bit)| all | 1 << bit)
            };
            self.ordinals.par_chunks(64).map(of).collect::<Vec<u64>>()
        });
        let is_some = bits.map(|bits| {
            move |number: u64| {
                bits.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
            }
        });
        let some = is_some.as_ref().map(|some| some as &(dyn Fn(u64) -> bool + Sync));
        let first_lost = self.standing.earlier.before.len() as u32;
        let map = |bucket: &Bucket| {
            let (mut part, mut members) = (T::default(), Vec::new());
            for (key, numbers) in bucket.blocks() {
                live_members(&self.ordinals, numbers, &mut members);
                members.extend(self.standing.lost.of(key).iter().map(|at| first_lost + at));
                block(&mut part, rule_of(key), &members);
            }
            part
        };
        self.index.fold_buckets_of(some, keys, map, |part| {
            fold(part);
            Ok(())
        })
    }
}
