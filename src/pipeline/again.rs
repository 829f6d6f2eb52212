//! The pure middle after a small change: pairs of blocks that nothing has touched, and clusters whose
//! pairs are all as they were, are taken from an earlier outcome under the same model. What it gives
//! is what [`resolve`](super::resolve::resolve) gives, since a pair's score depends on the two records
//! and the model alone, and a component's clusters on its pairs and people's decisions.

use std::f32::consts::LN_2;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::findings::suspicions;
use super::resolve::{
    AT_ONCE, Decisions, PIECE, RUN, Records, Resolution, blocking_recall, each, logit, nets,
    review, weighed,
};
use crate::blocking::Candidates;
use crate::clustering::{CONNECT, ClusterInput, Clustering, Edge, Step, UnionFind, cluster};
use crate::compare::{Comparer, Origin, Table, name_from_mailboxes, pack};
use crate::error::Result;
use crate::model::{BlockLimits, EntityKind, NormalRecord, ScoredPair, Thresholds};
use crate::scoring::Model;
use crate::store::results::decode_normal;

/// An earlier outcome, in ordinals of now.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// By record: whether it was there then and is the same.
    pub(super) before: Vec<bool>,
    /// The pairs kept then of two such records, ascending.
    pub(super) pairs: Vec<ScoredPair>,
    /// Their levels, packed.
    pub(super) levels: Vec<u64>,
    /// The relatives among them, ascending.
    pub(super) relatives: Vec<(u32, u32)>,
    /// The smallest record of each record's cluster then; itself of one that was not there.
    pub(super) root: Vec<u32>,
    /// The merges of the clusters, in order, by root.
    pub(super) steps: Vec<(u32, Step)>,
    /// Why a person should look at a cluster, by root.
    pub(super) suspicions: FxHashMap<u32, Vec<String>>,
    /// Records whose clusters may be others now, whatever the pairs say.
    pub(super) touched: Vec<u32>,
}

/// An outcome, and what else a table would tell of it.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) resolution: Resolution,
    /// By record.
    pub(super) kind: Vec<EntityKind>,
    /// Why a person should look at a cluster, by its smallest record.
    pub(super) suspicions: FxHashMap<u32, Vec<String>>,
}

/// What is worked out again.
pub(super) struct Input<'a> {
    pub(super) records: &'a dyn Records,
    pub(super) decisions: &'a Decisions,
    /// With a review threshold that is no higher than what connects.
    pub(super) thresholds: &'a Thresholds,
    pub(super) earlier: &'a Earlier,
}

impl Input<'_> {
    /// Works it out; `survey` sees all records in order, in runs from an ordinal on, and `block` finds
    /// the candidate pairs after that, telling which blocks are as they were.
    ///
    /// # Errors
    /// A record cannot be read back, or `block` fails.
    pub(super) fn resolve(
        &self,
        model: Model,
        survey: &mut (dyn FnMut(u32, &[NormalRecord]) + Send),
        block: &dyn Fn(&BlockLimits) -> Result<Candidates>,
        stage: &mut dyn FnMut(&str),
    ) -> Result<Again> {
        stage("outlines");
        let mut kind: Vec<EntityKind> = Vec::with_capacity(self.records.len() as usize);
        each(self.records, |from, piece| {
            self.records.noted(from, piece);
            let named = (from..).zip(&*piece).collect::<Vec<_>>().into_par_iter();
            let named = named.with_min_len(64).filter_map(|(at, record)| {
                Some((at, name_from_mailboxes(record, &|word| model.word_counts(word))?))
            });
            let named: Vec<(u32, (String, String))> = named.collect();
            for (at, (given, family)) in &named {
                self.records.named(*at, given, family);
            }
            kind.extend(piece.iter().map(|record| record.entity_kind));
            survey(from, piece);
        })?;
        stage("blocks");
        let candidates = block(&model.limits)?;
        stage("score");
        let Scored { pairs, levels, nets, relatives, count, touched } =
            self.score(&model, &candidates, &kind)?;
        let ends = |at: usize| (pairs[at].a, pairs[at].b, pairs[at].weight >= 0.0);
        let blocking_recall = blocking_recall(&ends, &nets, &|r| self.records.hash(r));
        drop(nets);
        let blocks = candidates.into_statistics();
        stage("cluster");
        let (clustering, suspicions) = self.cluster(&model, &pairs, &touched)?;
        let resolution = Resolution {
            model,
            pairs,
            levels,
            clustering,
            pairs_scored: count,
            blocks,
            relatives,
            review: review(self.thresholds) / LN_2,
            blocking_recall,
        };
        Ok(Again { resolution, kind, suspicions })
    }

    /// A table of some records, ascending, weighed by the model.
    fn table(&self, model: &Model, ids: &[u32]) -> Result<Table> {
        let mut table = Table::default();
        let groups: Vec<&[u32]> = ids.chunk_by(|a, b| a / PIECE == b / PIECE).collect();
        for groups in groups.chunks(64) {
            let read = |ids: &&[u32]| -> Result<Vec<NormalRecord>> {
                let piece = ids[0] / PIECE;
                let values = self.records.piece(piece)?;
                ids.iter().map(|id| decode_normal(values.get((id % PIECE) as usize))).collect()
            };
            let normals: Vec<Result<Vec<NormalRecord>>> = groups.par_iter().map(read).collect();
            for (ids, normals) in groups.iter().zip(normals) {
                let origins: Vec<Origin> = ids.iter().map(|id| self.records.origin(*id)).collect();
                table.extend(&normals?, &origins, &model.texts);
            }
        }
        model.weigh(&mut table);
        Ok(table)
    }

    /// Takes the pairs of untouched blocks over, and scores the others.
    fn score(&self, model: &Model, candidates: &Candidates, kind: &[EntityKind]) -> Result<Scored> {
        let parts: Vec<Result<Met>> = (0..candidates.parts())
            .into_par_iter()
            .map(|part| self.meet(model, candidates, kind, part))
            .collect();
        let (mut all, mut anew) = (Scored::default(), Vec::new());
        let mut kept: Vec<(ScoredPair, u64, u8)> = Vec::new();
        for part in parts {
            let part = part?;
            kept.extend(part.kept);
            anew.extend(part.anew);
            all.relatives.extend(part.relatives);
            all.touched.extend(part.touched);
            all.count += part.count;
        }
        let (edges, relatives) = self.score_anew(model, &anew)?;
        drop(anew);
        for (edge, _, _) in &edges {
            all.touched.extend([edge.a, edge.b]);
        }
        kept.extend(edges.into_iter().map(|(edge, levels, nets)| (weighed(edge), levels, nets)));
        kept.par_sort_unstable_by_key(|(pair, _, _)| (pair.a, pair.b));
        all.relatives.extend(relatives);
        all.relatives.par_sort_unstable();
        all.pairs = kept.iter().map(|(pair, _, _)| *pair).collect();
        all.levels = kept.iter().map(|(_, levels, _)| *levels).collect();
        all.nets = kept.iter().map(|(_, _, nets)| *nets).collect();
        Ok(all)
    }

    /// What an earlier outcome says of the candidate pairs of a part.
    fn meet(
        &self,
        model: &Model,
        candidates: &Candidates,
        kind: &[EntityKind],
        part: u32,
    ) -> Result<Met> {
        let Earlier { pairs, levels, relatives, .. } = self.earlier;
        let records = candidates.records_of(part);
        let mut at = pairs.partition_point(|pair| pair.a < records.start);
        let end = pairs.partition_point(|pair| pair.a < records.end);
        let relatives = &relatives[relatives.partition_point(|pair| pair.0 < records.start)..];
        let mut relatives = relatives.iter().peekable();
        let mut out = Met::default();
        for pair in candidates.part(part, |_| true)?.iter() {
            let ends = (pair.a, pair.b);
            while at < end && (pairs[at].a, pairs[at].b) < ends {
                // It meets in no block any more.
                out.touched.extend([pairs[at].a, pairs[at].b]);
                at += 1;
            }
            while relatives.next_if(|relative| **relative < ends).is_some() {}
            let then = (at < end && (pairs[at].a, pairs[at].b) == ends).then_some(at);
            at += usize::from(then.is_some());
            if model.parameters(kind[pair.a as usize], kind[pair.b as usize]).is_none() {
                continue;
            }
            out.count += 1;
            match then {
                _ if !pair.as_before() => {
                    out.anew.push((pair.a, pair.b, nets(pair)));
                    if then.is_some() {
                        out.touched.extend([pair.a, pair.b]);
                    }
                }
                Some(at) => out.kept.push((pairs[at], levels[at], nets(pair))),
                None if relatives.peek() == Some(&&ends) => out.relatives.push(ends),
                None => {}
            }
        }
        out.touched.extend(pairs[at..end].iter().flat_map(|pair| [pair.a, pair.b]));
        Ok(out)
    }

    /// Scores pairs; what is kept of them, and the relatives among them.
    fn score_anew(&self, model: &Model, anew: &[(u32, u32, u8)]) -> Result<(Edges, Relatives)> {
        let ids = distinct(anew.iter().flat_map(|(a, b, _)| [*a, *b]));
        let table = self.table(model, &ids)?;
        let place = places(self.records.len(), &ids);
        let keep = review(self.thresholds).min(CONNECT);
        let scored = anew.par_chunks(RUN).map_init(
            || Comparer::new(&table, &model.shares),
            |comparer, anew| {
                let (mut edges, mut relatives) = (Edges::new(), Relatives::new());
                for anew in anew.chunks(AT_ONCE) {
                    comparer.warm(anew.iter().map(|(_, b, _)| place[*b as usize]));
                    for (a, b, nets) in anew {
                        let (x, y) = (place[*a as usize], place[*b as usize]);
                        let kinds = (table.kind[x as usize], table.kind[y as usize]);
                        let Some(parameters) = model.parameters(kinds.0, kinds.1) else { continue };
                        let comparison = comparer.compare(x, y);
                        let score = parameters.score(&comparison);
                        if score.total as f32 >= keep {
                            let edge = Edge { a: *a, b: *b, score: score.total as f32 };
                            edges.push((edge, pack(&comparison), *nets));
                        } else if score.is_of_relatives() {
                            relatives.push((*a, *b));
                        }
                    }
                }
                (edges, relatives)
            },
        );
        let scored: Vec<(Edges, Relatives)> = scored.collect();
        let (edges, relatives): (Vec<Edges>, Vec<Relatives>) = scored.into_iter().unzip();
        Ok((edges.concat(), relatives.concat()))
    }

    /// Clusters the components that something has touched, and takes the others over.
    fn cluster(
        &self,
        model: &Model,
        pairs: &[ScoredPair],
        touched: &[u32],
    ) -> Result<(Clustering, FxHashMap<u32, Vec<String>>)> {
        let Earlier { before, root, steps, suspicions: earlier, .. } = self.earlier;
        let n = self.records.len();
        let connects = |pair: &&ScoredPair| pair.weight >= CONNECT / LN_2;
        let Decisions { same, different } = self.decisions;
        let mut components = UnionFind::new(n);
        pairs.iter().filter(connects).for_each(|pair| _ = components.union(pair.a, pair.b));
        same.iter().for_each(|(a, b)| _ = components.union(*a, *b));
        let mut again = vec![false; n as usize];
        let judged = same.iter().chain(different).flat_map(|(a, b)| [*a, *b]);
        let new = (0..n).filter(|record| !before[*record as usize]);
        let seeds = touched.iter().chain(&self.earlier.touched).copied().chain(judged).chain(new);
        for record in seeds {
            again[components.find(record) as usize] = true;
        }
        let again: Vec<bool> = (0..n).map(|r| again[components.find(r) as usize]).collect();
        let is_again = |record: u32| again[record as usize];

        let pairs: Vec<&ScoredPair> =
            pairs.iter().filter(connects).filter(|pair| is_again(pair.a)).collect();
        let ends = pairs.iter().flat_map(|pair| [pair.a, pair.b]);
        let ids = distinct(ends.chain(same.iter().flat_map(|(a, b)| [*a, *b])));
        let table = self.table(model, &ids)?;
        let place = places(n, &ids);
        let here = |pairs: &[(u32, u32)]| -> Vec<(u32, u32)> {
            let pairs = pairs.iter().map(|(a, b)| (place[*a as usize], place[*b as usize]));
            pairs.filter(|(a, b)| *a != ABSENT && *b != ABSENT).collect()
        };
        let edges = pairs.par_chunks(RUN).map_init(
            || Comparer::new(&table, &model.shares),
            |comparer, pairs| -> Vec<Edge> {
                let edge = |pair: &&ScoredPair| {
                    let (a, b) = (place[pair.a as usize], place[pair.b as usize]);
                    let kinds = (table.kind[a as usize], table.kind[b as usize]);
                    let parameters = model.parameters(kinds.0, kinds.1)?;
                    let score = parameters.score(&comparer.compare(a, b)).total as f32;
                    Some(Edge { a, b, score })
                };
                pairs.iter().filter_map(edge).collect()
            },
        );
        let edges: Vec<Edge> = edges.flatten_iter().collect();
        let clusters = cluster(&ClusterInput {
            table: &table,
            shares: &model.shares,
            model,
            edges: &edges,
            same: &here(same),
            different: &here(different),
            threshold: logit(self.thresholds.matching),
        });

        let id = |place: u32| ids[place as usize];
        let mut out = Clustering {
            root: (0..n).map(|r| if is_again(r) { r } else { root[r as usize] }).collect(),
            steps: steps.iter().filter(|(root, _)| !is_again(*root)).copied().collect(),
            contradictions: clusters.contradictions.iter().map(|(a, b)| (id(*a), id(*b))).collect(),
        };
        for (record, root) in ids.iter().zip(&clusters.root) {
            out.root[*record as usize] = id(*root);
        }
        let step = |(root, step): &(u32, Step)| {
            (id(*root), Step { a: id(step.a), b: id(step.b), ..*step })
        };
        out.steps.extend(clusters.steps.iter().map(step));
        out.steps.sort_by_key(|(root, _)| *root);

        let mut reasons: FxHashMap<u32, Vec<String>> = FxHashMap::default();
        let kept = earlier.iter().filter(|(root, _)| !is_again(**root));
        reasons.extend(kept.map(|(root, why)| (*root, why.clone())));
        let mut members: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (member, root) in (0..).zip(&clusters.root) {
            members.entry(*root).or_default().push(member);
        }
        for (root, members) in members {
            let found = suspicions(&table, &members, clusters.steps_of(root));
            if !found.is_empty() {
                reasons.insert(id(root), found);
            }
        }
        Ok((out, reasons))
    }
}

/// Scored pairs with their levels and nets.
type Edges = Vec<(Edge, u64, u8)>;
type Relatives = Vec<(u32, u32)>;

/// What the pairs of a part come to.
#[derive(Default)]
struct Met {
    kept: Vec<(ScoredPair, u64, u8)>,
    relatives: Relatives,
    /// Pairs to be scored, with their nets.
    anew: Vec<(u32, u32, u8)>,
    count: u64,
    touched: Vec<u32>,
}

/// All pairs that are kept.
#[derive(Default)]
struct Scored {
    pairs: Vec<ScoredPair>,
    levels: Vec<u64>,
    nets: Vec<u8>,
    relatives: Relatives,
    count: u64,
    touched: Vec<u32>,
}

/// Not among the records of a table.
const ABSENT: u32 = u32::MAX;

fn distinct(ids: impl Iterator<Item = u32>) -> Vec<u32> {
    let ids: FxHashSet<u32> = ids.collect();
    let mut ids: Vec<u32> = ids.into_iter().collect();
    ids.par_sort_unstable();
    ids
}

/// By record, its place among the ids.
fn places(records: u32, ids: &[u32]) -> Vec<u32> {
    let mut places = vec![ABSENT; records as usize];
    (0..).zip(ids).for_each(|(place, id)| places[*id as usize] = place);
    places
}
