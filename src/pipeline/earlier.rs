//! What of the last results still holds: see [`Earlier`].

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::again::Earlier;
use super::intake::index_key;
use super::rebuild::RunFacts;
use super::records::LiveRecords;
use super::resolve::{Resolution, review};
use crate::blocking::index::BlockIndex;
use crate::blocking::{BlockStatistics, SMALL_FILE, keys_of};
use crate::clustering::{CONNECT, Step, StepKind};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{NormalRecord, ScoredPair, Thresholds};
use crate::scoring::{self, Model};
use crate::store::results::{EntityRow, Results};

/// Name of the blob that holds the relatives of a snapshot.
pub(super) const RELATIVES: &str = "relatives";

/// The blob's bytes.
pub(super) fn encode_relatives(relatives: &[(u32, u32)]) -> Vec<u8> {
    relatives.iter().flat_map(|(a, b)| [a.to_le_bytes(), b.to_le_bytes()]).flatten().collect()
}

/// Name of the blob that holds how the blocks of a snapshot were, and which nets caught its pairs.
pub(super) const BLOCKS: &str = "blocks";

/// The blob's bytes.
///
/// # Errors
/// None today.
pub(super) fn encode_blocks(of: &Resolution) -> Result<Vec<u8>> {
    bincode::serde::encode_to_vec((&of.blocks, &of.nets), bincode::config::standard())
        .map_err(|e| Error::new(ErrorKind::Io, format!("cannot encode counts of blocks: {e}")))
}

fn decode_blocks(bytes: &[u8]) -> Result<(BlockStatistics, Vec<u8>)> {
    let config = bincode::config::standard().with_limit::<{ 4 << 30 }>();
    bincode::serde::decode_from_slice(bytes, config)
        .map(|(decoded, _)| decoded)
        .map_err(|_| Error::new(ErrorKind::Corrupted, "the counts of blocks are damaged"))
}

/// What of the last results still holds, and what was lost since.
#[derive(Default)]
pub(super) struct Standing {
    pub(super) earlier: Earlier,
    pub(super) lost: Lost,
}

/// Records of the last results that are gone or another now.
#[derive(Default)]
pub(super) struct Lost {
    pub(super) records: Vec<NormalRecord>,
    /// Their places by key, as the index has it; ascending.
    by_key: FxHashMap<u64, Vec<u32>>,
}

impl Lost {
    /// The places of those that had a key, ascending.
    pub(super) fn of(&self, key: u64) -> &[u32] {
        self.by_key.get(&key).map_or(&[], Vec::as_slice)
    }

    /// All keys that they had, in no order.
    pub(super) fn keys(&self) -> impl Iterator<Item = u64> {
        self.by_key.keys().copied()
    }
}

/// Of so many records one may be new or changed, and one gone: with more, so many blocks are touched
/// that working all out takes no longer, and no more memory.
const CHANGED: usize = 40;
/// Pairs or entities that one thread reads at a time.
const RUN: u64 = 4_096;

/// No such record now.
const GONE: u32 = u32::MAX;

/// Ordinals of now by those of then.
struct Current(Vec<u32>);

impl Current {
    fn of(&self, then: u32) -> Option<u32> {
        self.0.get(then as usize).copied().filter(|now| *now != GONE)
    }

    /// Both of a pair.
    fn pair(&self, a: u32, b: u32) -> Option<(u32, u32)> {
        Some((self.of(a)?, self.of(b)?))
    }
}

impl Standing {
    /// What of these results holds for the records of now under a model and thresholds; `None` where
    /// they were made under others, or too much has changed. O(records + kept pairs); parallel.
    ///
    /// # Errors
    /// The results are damaged or unreadable.
    pub(super) fn new(
        results: &Results,
        records: &LiveRecords,
        index: &BlockIndex,
        model: &Model,
        thresholds: &Thresholds,
    ) -> Result<Option<Self>> {
        let summary = results.summary();
        let facts = RunFacts::read(results)?;
        let alike = facts.scored_as == scoring::VERSION
            && summary.thresholds == *thresholds
            // Then all pairs that connect are kept.
            && review(thresholds) <= CONNECT
            && summary.model_hash == model.hash()?;
        if !alike {
            return Ok(None);
        }
        let blobs = (results.blob(RELATIVES)?, results.blob(BLOCKS)?);
        let (Some(relatives), Some(blocks)) = blobs else { return Ok(None) };
        let (then, now) = (results.records(), records.keys.len());
        // There every pair is compared.
        if (then as usize).min(now) <= model.limits.of(SMALL_FILE, false) as usize {
            return Ok(None);
        }
        let ordinals = records.ordinals();
        let ordinal_now = |then: u32| -> Result<u32> {
            let (number, _) = results.origin(then)?;
            Ok(ordinals.get(number as usize).copied().unwrap_or(GONE))
        };
        let current: Result<Vec<u32>> = (0..then).into_par_iter().map(ordinal_now).collect();
        let current = Current(current?);
        let held = current.0.iter().filter(|record| **record != GONE).count();
        if now.saturating_sub(held).max(then as usize - held) * CHANGED > now {
            return Ok(None);
        }
        let (blocks, nets) = decode_blocks(&blocks)?;
        let mut earlier = Earlier {
            before: vec![false; now],
            root: (0..now as u32).collect(),
            blocks,
            pairs_scored: summary.pairs_scored,
            ..Earlier::default()
        };
        for record in (0..then).filter_map(|then| current.of(then)) {
            earlier.before[record as usize] = true;
        }
        let judged = facts.judged.into_iter().flat_map(|(a, b)| [a, b]);
        earlier.touched.extend(judged.filter_map(|then| current.of(then)));
        take_pairs(&mut earlier, results, &nets, &current)?;
        take_entities(&mut earlier, results, &current)?;
        let (numbers, _) = relatives.as_chunks::<4>();
        let (pairs, _) = numbers.as_chunks::<2>();
        let pairs = pairs.iter().map(|pair| pair.map(u32::from_le_bytes));
        earlier.relatives = pairs.filter_map(|[a, b]| current.pair(a, b)).collect();
        let mut lost = Lost::default();
        let mut keys = Vec::new();
        for then in (0..then).filter(|then| current.of(*then).is_none()) {
            let ((_, file), record) = (results.origin(then)?, results.normal(then)?);
            keys.clear();
            keys_of(&record, records.is_generic(file), &mut keys);
            let mut keys: Vec<u64> = keys.iter().map(|key| index_key(index, *key)).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                lost.by_key.entry(key).or_default().push(lost.records.len() as u32);
            }
            lost.records.push(record);
        }
        Ok(Some(Self { earlier, lost }))
    }
}

/// Takes over the kept pairs of two records that are still there.
fn take_pairs(
    earlier: &mut Earlier,
    results: &Results,
    nets: &[u8],
    current: &Current,
) -> Result<()> {
    if nets.len() as u64 != results.pairs() {
        return Err(Error::new(ErrorKind::Corrupted, "not all pairs have their nets"));
    }
    let read = |run: u64| -> Result<Vec<(ScoredPair, u64)>> {
        let positions = run * RUN..results.pairs().min((run + 1) * RUN);
        positions.map(|position| results.pair_levels(position)).collect()
    };
    let runs = results.pairs().div_ceil(RUN);
    let runs: Vec<Result<Vec<(ScoredPair, u64)>>> = (0..runs).into_par_iter().map(read).collect();
    let mut nets = nets.iter();
    for run in runs {
        for ((pair, levels), nets) in run?.into_iter().zip(&mut nets) {
            if let Some((a, b)) = current.pair(pair.a, pair.b) {
                earlier.pairs.push(ScoredPair { a, b, ..pair });
                earlier.levels.push(levels);
                earlier.nets.push(*nets);
            } else {
                earlier.touched.extend(current.of(pair.a).or(current.of(pair.b)));
            }
        }
    }
    Ok(())
}

/// Takes over the clusters of which nobody is gone.
fn take_entities(earlier: &mut Earlier, results: &Results, current: &Current) -> Result<()> {
    let read = |run: u64| -> Result<Vec<EntityRow>> {
        let all = u64::from(results.entities());
        let mut rows = Vec::new();
        for index in run * RUN..all.min((run + 1) * RUN) {
            let row = results.entity(index as u32)?;
            if row.members.len() > 1 {
                rows.push(row);
            }
        }
        Ok(rows)
    };
    let runs = u64::from(results.entities()).div_ceil(RUN);
    let runs: Vec<Result<Vec<EntityRow>>> = (0..runs).into_par_iter().map(read).collect();
    for run in runs {
        for row in run? {
            let left = row.members.iter().filter_map(|then| current.of(*then));
            let left: Vec<u32> = left.collect();
            if left.len() < row.members.len() {
                earlier.touched.extend(left);
                continue;
            }
            // Ordinals keep their order: keys are those of then.
            let root = left[0];
            left.iter().for_each(|member| earlier.root[*member as usize] = root);
            let steps = row.steps.iter().filter_map(|step| {
                let (a, b) = current.pair(step.a, step.b)?;
                let kind = StepKind::of(step.kind);
                Some((root, Step { a, b, weight: step.weight, kind }))
            });
            earlier.steps.extend(steps);
            if !row.suspicions.is_empty() {
                earlier.suspicions.insert(root, row.suspicions);
            }
        }
    }
    Ok(())
}
