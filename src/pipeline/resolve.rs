//! The pure middle: canonical records in, scored pairs and clusters out. No clock, no file, no
//! order but the records' own.

use rayon::prelude::*;

use crate::blocking::{BlockStatistics, Blocks, Key, block_cap, keys_of};
use crate::clustering::{ClusterInput, Clustering, Edge, cluster};
use crate::compare::{Comparer, Origin, PatternShares, Table, TextChoice, TextProfile};
use crate::model::{NormalRecord, Thresholds};
use crate::scoring::{Model, TrainingSet, train};

/// A record on its way through the middle.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// Canonical values.
    pub normal: &'a NormalRecord,
    /// Where from.
    pub origin: Origin,
    /// Hash of its key.
    pub hash: u64,
}

/// People's decisions, by ordinal, smaller first.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    /// One entity.
    pub same: Vec<(u32, u32)>,
    /// Two entities.
    pub different: Vec<(u32, u32)>,
}

/// The middle's result.
#[derive(Debug)]
pub struct Resolution {
    /// The comparison table.
    pub table: Table,
    /// Shares of mailbox patterns.
    pub shares: PatternShares,
    /// The model, trained or given.
    pub model: Model,
    /// Pairs at or above the review threshold, or that could connect, sorted by (a, b).
    pub edges: Vec<Edge>,
    /// Clusters.
    pub clustering: Clustering,
    /// Candidate pairs scored.
    pub pairs_scored: u64,
    /// What blocking did.
    pub blocks: BlockStatistics,
    /// Sum of posteriors: matches expected among the candidates.
    pub expected_matches: f64,
    /// Cap on a block's members.
    pub cap: usize,
}

/// Candidate pairs that training looks at.
const SAMPLE: usize = 200_000;
/// Records a piece of parallel work.
const PIECE: usize = 2048;

/// Builds the comparison table. With a model, frequencies are the model's.
pub fn build_table(
    records: &[Incoming<'_>],
    model: Option<&Model>,
) -> (Table, PatternShares, TextChoice) {
    let texts = match model {
        Some(model) => model.texts.clone(),
        None => {
            let mut profile = TextProfile::default();
            for record in records.iter().filter(|r| r.origin.generic) {
                profile.push(record.normal);
            }
            profile.choose()
        }
    };
    let mut table = Table::default();
    for record in records {
        table.push(record.normal, record.origin, &texts);
    }
    table.finish(&texts);
    if let Some(model) = model {
        table.apply(&model.frequencies);
    }
    let shares = table.read_mailboxes();
    let shares = model.map_or(shares, |m| m.shares.clone());
    (table, shares, texts)
}

/// Resolves records, sorted by key. Deterministic for any number of threads.
pub fn resolve(
    records: &[Incoming<'_>],
    model: Option<Model>,
    decisions: &Decisions,
    thresholds: &Thresholds,
    stage: &mut dyn FnMut(&str),
) -> Resolution {
    stage("table");
    let (table, shares, texts) = build_table(records, model.as_ref());
    stage("keys");
    let keys: Vec<Vec<Key>> = records
        .par_iter()
        .map(|r| {
            let mut keys = Vec::new();
            keys_of(r.normal, r.origin.generic, &mut keys);
            keys
        })
        .collect();
    stage("blocks");
    let cap = block_cap(model.as_ref().map_or(table.len(), |m| m.records));
    let blocks = Blocks::from_keys(&table, cap, &keys);
    drop(keys);
    stage("train");
    let model = model.unwrap_or_else(|| {
        let hashes: Vec<u64> = records.iter().map(|r| r.hash).collect();
        let (candidates, scale) = sample(&table, &blocks, &hashes);
        train(&TrainingSet {
            table: &table,
            shares: &shares,
            texts: &texts,
            hashes: &hashes,
            candidates: &candidates,
            scale,
        })
    });
    stage("score");
    let (edges, pairs_scored, expected_matches) =
        score(&table, &shares, &model, &blocks, thresholds);
    stage("cluster");
    let logit = |p: f64| (p / (1.0 - p)).ln();
    let clustering = cluster(&ClusterInput {
        table: &table,
        shares: &shares,
        model: &model,
        edges: &edges,
        same: &decisions.same,
        different: &decisions.different,
        threshold: logit(thresholds.matching),
    });
    Resolution {
        table,
        shares,
        model,
        edges,
        clustering,
        pairs_scored,
        blocks: blocks.statistics,
        expected_matches,
        cap,
    }
}

/// Candidate pairs of whole records, taken in the order of their keys' hashes until there are
/// enough, and how many pairs each stands for.
fn sample(table: &Table, blocks: &Blocks, hashes: &[u64]) -> (Vec<(u32, u32)>, f64) {
    let n = table.len();
    let mut order: Vec<u32> = (0..n).collect();
    order.sort_unstable_by_key(|r| (hashes[*r as usize], *r));
    let mut pairs = Vec::new();
    let mut found = Vec::new();
    for (taken, record) in order.iter().enumerate() {
        if pairs.len() >= SAMPLE {
            return (pairs, f64::from(n) / taken as f64);
        }
        blocks.candidates(*record, &mut found);
        pairs.extend(found.iter().map(|other| (*record, *other)));
    }
    (pairs, 1.0)
}

fn score(
    table: &Table,
    shares: &PatternShares,
    model: &Model,
    blocks: &Blocks,
    thresholds: &Thresholds,
) -> (Vec<Edge>, u64, f64) {
    let keep = ((thresholds.review / (1.0 - thresholds.review)).ln() as f32).min(-1.0);
    let records: Vec<u32> = (0..table.len()).collect();
    let pieces: Vec<(Vec<Edge>, u64, f64)> = records
        .par_chunks(PIECE)
        .map_init(
            || (Comparer::new(table, shares), Vec::new()),
            |(comparer, found), piece| {
                let mut edges = Vec::new();
                let (mut scored, mut expected) = (0, 0.0);
                for a in piece {
                    blocks.candidates(*a, found);
                    for b in found.iter() {
                        let kinds = (table.kind[*a as usize], table.kind[*b as usize]);
                        let Some(parameters) = model.parameters(kinds.0, kinds.1) else { continue };
                        scored += 1;
                        let score = parameters.score(&comparer.compare(*a, *b));
                        expected += score.posterior();
                        if score.total as f32 >= keep {
                            edges.push(Edge { a: *a, b: *b, score: score.total as f32 });
                        }
                    }
                }
                (edges, scored, expected)
            },
        )
        .collect();
    let mut edges = Vec::new();
    let (mut scored, mut expected) = (0, 0.0);
    for (found, pairs, matches) in pieces {
        edges.extend(found);
        scored += pairs;
        expected += matches;
    }
    (edges, scored, expected)
}
