//! The pure middle: canonical records in, scored pairs and clusters out. No clock, no file, no
//! order but the records' own.

use std::f32::consts::LN_2;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

pub use super::values::{PIECE, Segment};
use crate::blocking::{
    BlockStatistics, Candidates, Group, Pair, PairSample, RULES, fit_limits, limits_for,
};
use crate::clustering::{CONNECT, ClusterInput, Clustering, Edge, cluster};
use crate::compare::{Comparer, Origin, PatternShares, Table, TextChoice, TextProfile, pack};
use crate::error::Result;
use crate::model::{BlockLimits, Method, NormalRecord, Part, ScoredPair, Thresholds};
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
    /// Called with the given and family name of a record whose mailboxes complete its name, before
    /// candidate pairs are asked for.
    fn named(&self, ordinal: u32, given: &str, family: &str) {
        let _ = (ordinal, given, family);
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
    /// The model, trained or given.
    pub model: Model,
    /// Pairs at or above the review threshold, or that could connect, sorted by (a, b).
    pub pairs: Vec<ScoredPair>,
    /// The levels of each pair, packed.
    pub levels: Vec<u64>,
    /// The nets that caught each pair, as of `nets`.
    pub nets: Vec<u8>,
    /// Clusters.
    pub clustering: Clustering,
    /// Candidate pairs scored.
    pub pairs_scored: u64,
    /// What happened to the blocks.
    pub blocks: BlockStatistics,
    /// Pairs of two persons who are most likely relatives: one household.
    pub relatives: Vec<(u32, u32)>,
    /// Least weight of a pair worth a look, bits.
    pub review: f32,
    /// Estimated share of the matches that blocking meets.
    pub blocking_recall: f64,
}

/// Candidate pairs that training looks at.
const SAMPLE: usize = 200_000;
/// Pairs whose records are brought close before any is compared.
pub(super) const AT_ONCE: usize = 128;
/// Pairs of a piece of parallel work.
pub(super) const RUN: usize = 2048;
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
        piece.par_iter_mut().for_each(|normal| method.narrow(normal));
        records.noted(from, piece);
        let origins: Vec<Origin> =
            (from..from + piece.len() as u32).map(|at| records.origin(at)).collect();
        table.extend(piece, &origins, &texts);
    })?;
    let Some(model) = model else {
        table.finish(&texts);
        let shares = table.read_mailboxes(None);
        return Ok((table, shares, texts));
    };
    model.weigh(&mut table);
    Ok((table, model.shares.clone(), texts))
}

/// Hands records over in order, a piece at a time; the next piece is read meanwhile.
pub(super) fn each(
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

/// Resolves records, sorted by key; the table of what was compared comes with what was found. `block`
/// finds the candidate pairs under limits, once all records were noted.
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
    block: &dyn Fn(&BlockLimits) -> Result<Candidates>,
    stage: &mut dyn FnMut(&str),
) -> Result<(Resolution, Table)> {
    stage("table");
    let (mut table, shares, texts) = build_table(records, model.as_ref(), method)?;
    table.names_from_mailboxes().for_each(|(at, given, family)| records.named(at, given, family));
    stage("blocks");
    let limits = model.as_ref().map_or_else(|| limits_for(table.len()), |m| m.limits.clone());
    let mut candidates = block(&limits)?;
    let model = match model {
        Some(model) => model,
        None => {
            stage("train");
            let hashes: Vec<u64> = (0..records.len()).map(|r| records.hash(r)).collect();
            let sample = Sample::draw(&candidates, &hashes)?;
            let mut model = train(&TrainingSet {
                table: &table,
                shares: &shares,
                texts: &texts,
                hashes: &hashes,
                candidates: &sample.pairs,
                scale: sample.scale,
                limits: &limits,
            });
            // From here on the frequencies are the model's, as in every later run.
            table.apply_own();
            table.forget_places();
            let pairs = sample.pairs.len() as f64 * sample.scale / f64::from(table.len().max(1));
            let scored = score_sample(&table, &shares, &model, &sample);
            model.limits = fit_limits(&limits, &scored, pairs);
            candidates.limit(&model.limits);
            model
        }
    };
    stage("score");
    let scored = score(&table, &shares, &model, &candidates, thresholds)?;
    let Scored { edges, levels, nets, pairs: pairs_scored, relatives } = scored;
    let ends = |at: usize| (edges[at].a, edges[at].b, edges[at].score >= 0.0);
    let blocking_recall = blocking_recall(&ends, &nets, &|r| records.hash(r));
    let blocks = candidates.into_statistics();
    stage("cluster");
    let clustering = cluster(&ClusterInput {
        table: &table,
        shares: &shares,
        model: &model,
        edges: &edges,
        same: &decisions.same,
        different: &decisions.different,
        threshold: logit(thresholds.matching),
    });
    let pairs = edges.into_iter().map(weighed).collect();
    let resolution = Resolution {
        model,
        pairs,
        levels,
        nets,
        clustering,
        pairs_scored,
        blocks,
        relatives,
        review: review(thresholds) / LN_2,
        blocking_recall,
    };
    Ok((resolution, table))
}

/// Log odds of a probability, nats.
pub(super) fn logit(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

/// Least log odds of a pair worth a look, nats.
pub(super) fn review(thresholds: &Thresholds) -> f32 {
    logit(thresholds.review) as f32
}

/// A scored pair as results keep it.
pub(super) fn weighed(edge: Edge) -> ScoredPair {
    ScoredPair { a: edge.a, b: edge.b, weight: edge.score / LN_2 }
}

/// Candidate pairs that training looks at.
struct Sample {
    /// Those of whole records, taken in the order of their keys' hashes until there are enough.
    pairs: Vec<(u32, u32)>,
    /// End of each pair's blocks in `blocks`.
    ends: Vec<u32>,
    blocks: Vec<(u8, bool, u32)>,
    /// How many pairs each stands for.
    scale: f64,
}

impl Sample {
    /// Draws a sample. O(pairs in blocks).
    fn draw(candidates: &Candidates, hashes: &[u64]) -> Result<Self> {
        let n = hashes.len();
        let mut order: Vec<u32> = (0..n as u32).collect();
        order.par_sort_unstable_by_key(|r| (hashes[*r as usize], *r));
        // As many records as mostly make enough pairs: each is met in several blocks.
        let meetings = candidates.noted().max(1) as usize;
        let mut first = (4 * SAMPLE).saturating_mul(n).div_ceil(meetings).clamp(n.min(1 << 10), n);
        loop {
            let wanted: FxHashMap<u32, u32> = order[..first].iter().copied().zip(0..).collect();
            let (sample, taken) = Self::of(candidates, &wanted)?;
            if taken.is_some() || first == n {
                let taken = taken.unwrap_or(n as u32);
                let scale = if taken as usize == n { 1.0 } else { n as f64 / f64::from(taken) };
                return Ok(Self { scale, ..sample });
            }
            first = n.min(2 * first);
        }
    }

    /// The pairs of the wanted records in the order of their places, up to the record that makes them
    /// enough; after how many records that is, if they are.
    fn of(candidates: &Candidates, wanted: &FxHashMap<u32, u32>) -> Result<(Self, Option<u32>)> {
        type Found = (u32, u32, u32, Vec<(u8, bool, u32)>);
        let parts: Vec<Result<Vec<Found>>> = (0..candidates.parts())
            .into_par_iter()
            .map(|part| {
                let pairs = candidates.part(part, |record| wanted.contains_key(&record))?;
                Ok(pairs.iter().map(|p| (wanted[&p.a], p.a, p.b, p.blocks().collect())).collect())
            })
            .collect();
        let mut all: Vec<Found> = Vec::new();
        for part in parts {
            all.extend(part?);
        }
        all.par_sort_unstable_by_key(|(place, _, b, _)| (*place, *b));
        let mut out = Self { pairs: Vec::new(), ends: Vec::new(), blocks: Vec::new(), scale: 1.0 };
        for of_record in all.chunk_by(|x, y| x.0 == y.0) {
            for (_, a, b, blocks) in of_record {
                out.pairs.push((*a, *b));
                out.blocks.extend_from_slice(blocks);
                out.ends.push(out.blocks.len() as u32);
            }
            if out.pairs.len() >= SAMPLE {
                return Ok((out, Some(of_record[0].0 + 1)));
            }
        }
        Ok((out, None))
    }

    /// The blocks of a pair, by its place.
    fn blocks(&self, at: usize) -> &[(u8, bool, u32)] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.blocks[start as usize..self.ends[at] as usize]
    }
}

/// What limits are fitted to: each pair's blocks and its probability.
fn score_sample(
    table: &Table,
    shares: &PatternShares,
    model: &Model,
    sample: &Sample,
) -> PairSample {
    let pieces: Vec<PairSample> = sample
        .pairs
        .par_chunks(RUN)
        .enumerate()
        .map_init(
            || Comparer::new(table, shares),
            |comparer, (run, piece)| {
                let probability = |comparer: &mut Comparer<'_>, a: u32, b: u32| {
                    let kinds = (table.kind[a as usize], table.kind[b as usize]);
                    let parameters = model.parameters(kinds.0, kinds.1)?;
                    Some(parameters.score(&comparer.compare(a, b)).posterior())
                };
                let mut sampled = PairSample::default();
                for (at, (a, b)) in (run * RUN..).zip(piece) {
                    let probability = probability(comparer, *a, *b).unwrap_or(0.0);
                    sampled.push(sample.blocks(at), probability);
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
/// Pairs that are looked at for it at a time.
const RECALL_RUN: usize = 1 << 20;

/// The nets that caught a pair: rules on names are one, all other rules the other.
fn nets(pair: Pair<'_>) -> u8 {
    pair.blocks().map(|(rule, _, _)| net(rule)).fold(0, |all, one| all | one)
}

/// The net of a rule, as of [`nets`].
pub(super) fn net(rule: u8) -> u8 {
    match RULES[usize::from(rule)].group {
        Group::Name => 1,
        _ => 2,
    }
}

/// Share of the matches that blocking meets, by capture and recapture (Chapman's estimator): what
/// both [`nets`] caught tells how much both missed. `pair` gives records and
/// whether the odds are even or better; those that are count, in the order of a hash of their records.
pub(super) fn blocking_recall(
    pair: &(dyn Fn(usize) -> (u32, u32, bool) + Sync),
    nets: &[u8],
    hash: &(dyn Fn(u32) -> u64 + Sync),
) -> f64 {
    let mut sample: Vec<(u64, u32, u32, u8)> = Vec::new();
    for (run, nets) in nets.chunks(RECALL_RUN).enumerate() {
        let hashed = nets.par_iter().enumerate().filter_map(|(at, nets)| {
            let (a, b, likely) = pair(run * RECALL_RUN + at);
            likely.then(|| (hash(a) ^ hash(b).rotate_left(17), a, b, *nets))
        });
        sample.par_extend(hashed);
        sample.par_sort_unstable();
        sample.truncate(RECALL_SAMPLE);
    }
    let count = |wanted: u8| sample.iter().filter(|s| s.3 & wanted == wanted).count() as f64;
    let (names, others, both) = (count(1), count(2), count(3));
    let all = (names + 1.0) * (others + 1.0) / (both + 1.0) - 1.0;
    if all <= 0.0 { 1.0 } else { (sample.len() as f64 / all).min(1.0) }
}

/// What scoring keeps.
#[derive(Default)]
struct Scored {
    edges: Vec<Edge>,
    levels: Vec<u64>,
    /// By edge.
    nets: Vec<u8>,
    pairs: u64,
    relatives: Vec<(u32, u32)>,
}

/// Parts of the candidate pairs that are scored before what is kept of them is put together.
const PARTS_AT_ONCE: u32 = 64;

fn score(
    table: &Table,
    shares: &PatternShares,
    model: &Model,
    candidates: &Candidates,
    thresholds: &Thresholds,
) -> Result<Scored> {
    let keep = review(thresholds).min(CONNECT);
    let score = |comparer: &mut Comparer<'_>, part: u32| {
        let mut out = Scored::default();
        let pairs = candidates.part(part, |_| true)?;
        let pairs: Vec<Pair<'_>> = pairs.iter().collect();
        for pairs in pairs.chunks(AT_ONCE) {
            comparer.warm(pairs.iter().map(|pair| pair.b));
            for pair in pairs {
                let (a, b) = (pair.a, pair.b);
                let kinds = (table.kind[a as usize], table.kind[b as usize]);
                let Some(parameters) = model.parameters(kinds.0, kinds.1) else { continue };
                out.pairs += 1;
                let comparison = comparer.compare(a, b);
                let score = parameters.score(&comparison);
                if score.total as f32 >= keep {
                    out.edges.push(Edge { a, b, score: score.total as f32 });
                    out.levels.push(pack(&comparison));
                    out.nets.push(nets(*pair));
                } else if score.is_of_household(&comparison) {
                    out.relatives.push((a, b));
                }
            }
        }
        Ok(out)
    };
    let mut all = Scored::default();
    for first in (0..candidates.parts()).step_by(PARTS_AT_ONCE as usize) {
        let parts = first..candidates.parts().min(first + PARTS_AT_ONCE);
        let scored: Vec<Result<Scored>> = parts
            .into_par_iter()
            .map_init(|| Comparer::new(table, shares), |comparer, part| score(comparer, part))
            .collect();
        for part in scored {
            let part = part?;
            all.edges.extend(part.edges);
            all.levels.extend(part.levels);
            all.nets.extend(part.nets);
            all.pairs += part.pairs;
            all.relatives.extend(part.relatives);
        }
    }
    Ok(all)
}
