//! The pure middle: canonical records in, scored pairs and clusters out. No clock, no file, no
//! order but the records' own.

use rayon::prelude::*;

pub use super::values::{PIECE, Segment};
use crate::blocking::{BlockStatistics, Blocks, Group, PairSample, RULES, fit_limits, limits_for};
use crate::clustering::{ClusterInput, Clustering, Edge, cluster};
use crate::compare::{Comparer, Origin, PatternShares, Table, TextChoice, TextProfile, pack};
use crate::error::Result;
use crate::model::{BlockLimits, Method, NormalRecord, Part, Thresholds};
use crate::scoring::{Model, TrainingSet, train};
use crate::store::results::decode_normal;

/// Canonical records in the order of their keys.
pub trait Records: Sync {
    /// How many.
    fn len(&self) -> u32;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Encoded canonical values of the records from `piece` × [`PIECE`] on, as many as that.
    ///
    /// # Errors
    /// They cannot be read back.
    fn piece(&self, piece: u32) -> Result<Segment>;
    /// Where it comes from.
    fn origin(&self, ordinal: u32) -> Origin;
    /// Hash of its key.
    fn hash(&self, ordinal: u32) -> u64;
    /// Called once with each run of records, from this ordinal on, while the table is built.
    fn noted(&self, from: u32, records: &[NormalRecord]) {
        let _ = (from, records);
    }
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
    /// The levels of each edge, packed.
    pub levels: Vec<u64>,
    /// Clusters.
    pub clustering: Clustering,
    /// Candidate pairs scored.
    pub pairs_scored: u64,
    /// What happened to the blocks.
    pub blocks: BlockStatistics,
    /// Pairs of two persons who are most likely relatives: one household.
    pub relatives: Vec<(u32, u32)>,
    /// Least log odds of a pair worth a look, nats.
    pub review: f32,
    /// Estimated share of the matches that blocking meets.
    pub blocking_recall: f64,
}

/// Candidate pairs that training looks at.
const SAMPLE: usize = 200_000;
/// Records whose candidates are gathered before any is compared.
const AT_ONCE: usize = 16;
/// Pairs, or records to be scored, of a piece of parallel work.
const RUN: usize = 2048;
/// Records that further texts are chosen from: that many are enough to see what a column holds.
const TEXT_SAMPLE: u32 = 1 << 16;

/// Builds the comparison table. With a model, frequencies are the model's.
///
/// # Errors
/// A record cannot be read back.
pub fn build_table(
    records: &dyn Records,
    model: Option<&Model>,
    method: Method,
) -> Result<(Table, PatternShares, TextChoice)> {
    let texts = match model {
        Some(model) => model.texts.clone(),
        None if !method.has(Part::FurtherTexts) => TextChoice::default(),
        None => choose_texts(records)?,
    };
    let mut table = Table::default();
    table.method = method;
    each(records, |from, piece| {
        records.noted(from, piece);
        piece.par_iter_mut().for_each(|normal| method.narrow(normal));
        let origins: Vec<Origin> =
            (from..from + piece.len() as u32).map(|at| records.origin(at)).collect();
        table.extend(piece, &origins, &texts);
    })?;
    table.finish(&texts);
    let Some(model) = model else {
        let shares = table.read_mailboxes(None);
        return Ok((table, shares, texts));
    };
    table.apply(&model.frequencies);
    table.read_mailboxes(Some(&|text| model.name_counts(text)));
    table.forget_places();
    Ok((table, model.shares.clone(), texts))
}

/// Hands records over in order, a piece at a time; the next piece is read meanwhile.
fn each(
    records: &dyn Records,
    mut take: impl FnMut(u32, &mut [NormalRecord]) + Send,
) -> Result<()> {
    let pieces = records.len().div_ceil(PIECE);
    let read = |piece: u32, into: &mut Vec<NormalRecord>| -> Result<()> {
        if piece < pieces { records.piece(piece)?.decode_over(into) } else { Ok(()) }
    };
    let (mut normals, mut next) = (Vec::new(), Vec::new());
    read(0, &mut normals)?;
    for piece in 0..pieces {
        let (take, normals_now) = (&mut take, &mut normals);
        let ((), ready) =
            rayon::join(|| take(piece * PIECE, normals_now), || read(piece + 1, &mut next));
        ready?;
        std::mem::swap(&mut normals, &mut next);
    }
    Ok(())
}

/// Which further texts are compared. Of a large file some records are looked at, those of certain
/// hashes.
fn choose_texts(records: &dyn Records) -> Result<TextChoice> {
    let step = u64::from((records.len() / TEXT_SAMPLE).max(1));
    let looked_at =
        |at: &u32| records.origin(*at).generic && records.hash(*at).is_multiple_of(step);
    let profiles: Result<Vec<TextProfile>> = (0..records.len().div_ceil(PIECE))
        .into_par_iter()
        .map(|piece| {
            let mut profile = TextProfile::default();
            let first = piece * PIECE;
            let chosen: Vec<u32> =
                (first..records.len().min(first + PIECE)).filter(looked_at).collect();
            if !chosen.is_empty() {
                let values = records.piece(piece)?;
                for at in chosen {
                    profile.push(&decode_normal(values.get((at - first) as usize))?);
                }
            }
            Ok(profile)
        })
        .collect();
    let mut profile = TextProfile::default();
    for part in profiles? {
        profile.merge(part);
    }
    Ok(profile.choose())
}

/// Resolves records, sorted by key. `block` finds the blocks of the table under limits.
/// Deterministic for any number of threads.
///
/// # Errors
/// A record cannot be read back, or `block` fails.
pub fn resolve(
    records: &dyn Records,
    model: Option<Model>,
    method: Method,
    decisions: &Decisions,
    thresholds: &Thresholds,
    block: &dyn Fn(&Table, &BlockLimits) -> Result<Blocks>,
    stage: &mut dyn FnMut(&str),
) -> Result<Resolution> {
    stage("table");
    let (mut table, shares, texts) = build_table(records, model.as_ref(), method)?;
    stage("blocks");
    let limits = model.as_ref().map_or_else(|| limits_for(table.len()), |m| m.limits.clone());
    let mut blocks = block(&table, &limits)?;
    let model = match model {
        Some(model) => model,
        None => {
            stage("train");
            let hashes: Vec<u64> = (0..records.len()).map(|r| records.hash(r)).collect();
            let (candidates, scale) = sample(&table, &blocks, &hashes);
            let mut model = train(&TrainingSet {
                table: &table,
                shares: &shares,
                texts: &texts,
                hashes: &hashes,
                candidates: &candidates,
                scale,
                limits: &limits,
            });
            // From here on the frequencies are the model's, as in every later run.
            table.apply_own();
            table.forget_places();
            let pairs = candidates.len() as f64 * scale / f64::from(table.len().max(1));
            let scored = score_sample(&table, &shares, &model, &blocks, &candidates);
            model.limits = fit_limits(&limits, &scored, pairs);
            blocks.limit(&model.limits);
            model
        }
    };
    stage("score");
    let scored = score(&table, &shares, &model, &blocks, thresholds);
    let Scored { edges, levels, pairs: pairs_scored, relatives, review } = scored;
    let blocking_recall = blocking_recall(&blocks, &edges, &|r| records.hash(r));
    let blocks = blocks.statistics;
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
    Ok(Resolution {
        table,
        shares,
        model,
        edges,
        levels,
        clustering,
        pairs_scored,
        blocks,
        relatives,
        review,
        blocking_recall,
    })
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

/// What limits are fitted to: each pair's blocks and its probability.
fn score_sample(
    table: &Table,
    shares: &PatternShares,
    model: &Model,
    blocks: &Blocks,
    pairs: &[(u32, u32)],
) -> PairSample {
    let pieces: Vec<PairSample> = pairs
        .par_chunks(RUN)
        .map_init(
            || Comparer::new(table, shares),
            |comparer, piece| {
                let probability = |comparer: &mut Comparer<'_>, a: u32, b: u32| {
                    let kinds = (table.kind[a as usize], table.kind[b as usize]);
                    let parameters = model.parameters(kinds.0, kinds.1)?;
                    Some(parameters.score(&comparer.compare(a, b)).posterior())
                };
                let mut sampled = PairSample::default();
                for (a, b) in piece {
                    let probability = probability(comparer, *a, *b).unwrap_or(0.0);
                    sampled.push(&blocks.shared(*a, *b), probability);
                }
                sampled
            },
        )
        .collect();
    let mut all = PairSample::default();
    pieces.iter().for_each(|piece| all.append(piece));
    all
}

/// Matches that the recall of blocking is estimated from.
const RECALL_SAMPLE: usize = 20_000;

/// Share of the matches that blocking meets, by capture and recapture (Chapman's estimator): rules
/// on names are one net, all other rules the other; what both caught tells how much both missed.
/// `edges` at or above even odds count, in the order of a hash of their records.
fn blocking_recall(blocks: &Blocks, edges: &[Edge], hash: &dyn Fn(u32) -> u64) -> f64 {
    let mut sample: Vec<(u64, u32, u32)> = edges
        .iter()
        .filter(|e| e.score >= 0.0)
        .map(|e| (hash(e.a) ^ hash(e.b).rotate_left(17), e.a, e.b))
        .collect();
    sample.sort_unstable();
    sample.truncate(RECALL_SAMPLE);
    let caught: Vec<(bool, bool)> = sample
        .par_iter()
        .map(|(_, a, b)| {
            let rules = blocks.shared_rules(*a, *b);
            let name = |rule: &u8| RULES[usize::from(*rule)].group == Group::Name;
            (rules.iter().any(name), !rules.iter().all(name))
        })
        .collect();
    let count = |f: fn(&(bool, bool)) -> bool| caught.iter().filter(|c| f(c)).count() as f64;
    let (names, others, both) = (count(|c| c.0), count(|c| c.1), count(|c| c.0 && c.1));
    let all = (names + 1.0) * (others + 1.0) / (both + 1.0) - 1.0;
    if all <= 0.0 { 1.0 } else { (count(|c| c.0 || c.1) / all).min(1.0) }
}

/// What scoring keeps.
#[derive(Default)]
struct Scored {
    edges: Vec<Edge>,
    levels: Vec<u64>,
    pairs: u64,
    relatives: Vec<(u32, u32)>,
    review: f32,
}

/// Log odds of "relatives" against everything else from which a household is reported.
const RELATIVES: f64 = 3.0;

fn score(
    table: &Table,
    shares: &PatternShares,
    model: &Model,
    blocks: &Blocks,
    thresholds: &Thresholds,
) -> Scored {
    let review = (thresholds.review / (1.0 - thresholds.review)).ln() as f32;
    let keep = review.min(-1.0);
    let records: Vec<u32> = (0..table.len()).collect();
    let pieces: Vec<Scored> = records
        .par_chunks(RUN)
        .map_init(
            || (Comparer::new(table, shares), Vec::new(), Vec::new()),
            |(comparer, found, pairs), piece| {
                let mut out = Scored::default();
                for records in piece.chunks(AT_ONCE) {
                    pairs.clear();
                    for a in records {
                        blocks.candidates(*a, found);
                        pairs.extend(found.iter().map(|b| (*a, *b)));
                    }
                    comparer.warm(pairs.iter().map(|(_, b)| *b));
                    for (a, b) in pairs.iter() {
                        let kinds = (table.kind[*a as usize], table.kind[*b as usize]);
                        let Some(parameters) = model.parameters(kinds.0, kinds.1) else { continue };
                        out.pairs += 1;
                        let comparison = comparer.compare(*a, *b);
                        let score = parameters.score(&comparison);
                        if score.total as f32 >= keep {
                            out.edges.push(Edge { a: *a, b: *b, score: score.total as f32 });
                            out.levels.push(pack(&comparison));
                        } else if score.relative - score.matched.max(0.0) >= RELATIVES {
                            out.relatives.push((*a, *b));
                        }
                    }
                }
                out
            },
        )
        .collect();
    let mut all = Scored { review, ..Scored::default() };
    for piece in pieces {
        all.edges.extend(piece.edges);
        all.levels.extend(piece.levels);
        all.pairs += piece.pairs;
        all.relatives.extend(piece.relatives);
    }
    all
}
