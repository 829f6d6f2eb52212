//! The pure middle after a small change: pairs of blocks that nothing has touched, and clusters whose
//! pairs are all as they were, are taken from an earlier outcome under the same model. What it gives
//! is what [`resolve`](super::resolve::resolve) gives, since a pair's score depends on the two records
//! and the model alone, and a component's clusters on its pairs and people's decisions.

use std::f32::consts::LN_2;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::blocks::Blocks;
use super::earlier::Standing;
use super::findings::suspicions;
use super::intake::index_key;
use super::records::LiveRecords;
use super::resolve::{
    AT_ONCE, Decisions, PIECE, RUN, Records, Resolution, blocking_recall, each, logit, net, review,
    weighed,
};
use crate::blocking::index::BlockIndex;
use crate::blocking::{BlockStatistics, Changes, Meeting, When, keys_of};
use crate::clustering::{CONNECT, ClusterInput, Clustering, Edge, Step, UnionFind, cluster};
use crate::compare::{Comparer, Origin, Table, name_from_mailboxes, pack};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{EntityKind, NormalRecord, ScoredPair, Thresholds};
use crate::scoring::Model;
use crate::store::Store;
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
    /// The nets that caught them.
    pub(super) nets: Vec<u8>,
    /// How many candidate pairs there were.
    pub(super) pairs_scored: u64,
    /// How blocks were.
    pub(super) blocks: BlockStatistics,
    /// The relatives among the pairs of two such records, ascending.
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
    pub(super) records: &'a LiveRecords,
    pub(super) index: &'a BlockIndex,
    pub(super) store: &'a Store,
    pub(super) decisions: &'a Decisions,
    /// With a review threshold that is no higher than what connects.
    pub(super) thresholds: &'a Thresholds,
    pub(super) standing: &'a Standing,
}

impl Input<'_> {
    /// Works it out; `survey` sees all records in order, in runs from an ordinal on.
    ///
    /// # Errors
    /// A record or the index cannot be read.
    pub(super) fn resolve(
        &self,
        model: Model,
        survey: &mut (dyn FnMut(u32, &[NormalRecord]) + Send),
        stage: &mut dyn FnMut(&str),
    ) -> Result<Again> {
        stage("outlines");
        let before = &self.standing.earlier.before;
        let mut kind: Vec<EntityKind> = Vec::with_capacity(self.records.len() as usize);
        // Of the records that came.
        let (mut keys, mut hashed) = (Vec::new(), Vec::new());
        each(self.records, |from, piece| {
            Records::noted(self.records, from, piece);
            let named = (from..).zip(&*piece).collect::<Vec<_>>().into_par_iter();
            let named = named.with_min_len(64).filter_map(|(at, record)| {
                Some((at, name_from_mailboxes(record, &|word| model.word_counts(word))?))
            });
            let named: Vec<(u32, (String, String))> = named.collect();
            for (at, (given, family)) in &named {
                self.records.named(*at, given, family);
            }
            kind.extend(piece.iter().map(|record| record.entity_kind));
            let came = (from..).zip(&*piece).filter(|(at, _)| !before[*at as usize]);
            for (at, record) in came {
                keys_of(record, self.records.origin(at).generic, &mut keys);
                hashed.extend(keys.drain(..).map(|key| index_key(self.index, key)));
            }
            survey(from, piece);
        })?;
        stage("blocks");
        let blocks = Blocks::new(self.index, self.records, self.standing, &model, hashed);
        let met = self.meet(&model, &blocks, &kind)?;
        let statistics = match met.blocks {
            Some(statistics) => statistics,
            None => blocks.count(self.store)?,
        };
        drop(blocks);
        stage("score");
        let Scored { pairs, levels, nets, relatives, touched } = self.score(&model, met.pairs)?;
        let ends = |at: usize| (pairs[at].a, pairs[at].b, pairs[at].weight >= 0.0);
        let blocking_recall = blocking_recall(&ends, &nets, &|r| self.records.hash(r));
        stage("cluster");
        let (clustering, suspicions) = self.cluster(&model, &pairs, &touched)?;
        let resolution = Resolution {
            model,
            pairs,
            levels,
            nets,
            clustering,
            pairs_scored: met.pairs_scored,
            blocks: statistics,
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

    /// Which candidate pairs came and went.
    fn meet(&self, model: &Model, blocks: &Blocks<'_>, kind: &[EntityKind]) -> Result<Met> {
        let Standing { earlier, lost } = self.standing;
        let Changes { mut meetings, then, now } = blocks.changes()?;
        let is_both = |record: u32| earlier.before.get(record as usize).is_some_and(|is| *is);
        let ends = |met: &Meeting| (met.a, met.b);
        // What two who stay no longer share, or share now, may not be all that they share.
        let stay = |met: &&[Meeting]| is_both(met[0].a) && is_both(met[0].b);
        let stay = meetings.chunk_by(|x, y| ends(x) == ends(y)).filter(stay);
        let stay: Vec<(u32, u32)> = stay.map(|met| ends(&met[0])).collect();
        meetings.extend(blocks.always(&stay)?);
        meetings.par_sort_unstable();
        let kind = |record: u32| match (record as usize).checked_sub(kind.len()) {
            None => kind[record as usize],
            Some(at) => lost.records[at].entity_kind,
        };
        let mut pairs = Moved::default();
        let (mut came, mut went) = (0, 0);
        for met in meetings.chunk_by(|x, y| ends(x) == ends(y)) {
            let (a, b) = ends(&met[0]);
            if model.parameters(kind(a), kind(b)).is_none() {
                continue;
            }
            let met_then = met.iter().any(|met| met.when != When::Now);
            let nets = met.iter().filter(|met| met.when != When::Then).map(|met| net(met.rule));
            match (met_then, nets.fold(0, |all, one| all | one)) {
                (true, 0) => {
                    went += 1;
                    pairs.gone.push((a, b));
                }
                (true, nets) => pairs.caught.push((a, b, nets)),
                (false, nets) => {
                    came += 1;
                    pairs.new.push((a, b, nets));
                }
            }
        }
        let pairs_scored = (earlier.pairs_scored + came).checked_sub(went).ok_or_else(|| {
            Error::new(ErrorKind::Corrupted, "the results count fewer pairs than there were")
        })?;
        Ok(Met { pairs, pairs_scored, blocks: earlier.blocks.clone().changed(then, now) })
    }

    /// Takes over the pairs that are as they were, and scores the new ones.
    fn score(&self, model: &Model, moved: Moved) -> Result<Scored> {
        let Earlier { pairs, levels, nets, relatives, .. } = &self.standing.earlier;
        let (edges, new_relatives) = self.score_anew(model, &moved.new)?;
        let mut touched: Vec<u32> =
            edges.iter().flat_map(|(edge, _, _)| [edge.a, edge.b]).collect();
        let mut kept: Vec<(ScoredPair, u64, u8)> = Vec::with_capacity(pairs.len() + edges.len());
        let (mut gone, mut caught) = (moved.gone.iter().peekable(), moved.caught.iter().peekable());
        for ((pair, levels), nets) in pairs.iter().zip(levels).zip(nets) {
            let ends = (pair.a, pair.b);
            while gone.next_if(|gone| **gone < ends).is_some() {}
            while caught.next_if(|(a, b, _)| (*a, *b) < ends).is_some() {}
            if gone.peek() == Some(&&ends) {
                touched.extend([pair.a, pair.b]);
                continue;
            }
            let nets = match caught.peek() {
                Some((a, b, nets)) if (*a, *b) == ends => *nets,
                _ => *nets,
            };
            kept.push((*pair, *levels, nets));
        }
        kept.extend(edges.into_iter().map(|(edge, levels, nets)| (weighed(edge), levels, nets)));
        kept.par_sort_by_key(|(pair, _, _)| (pair.a, pair.b));
        let is_gone = |pair: &(u32, u32)| moved.gone.binary_search(pair).is_ok();
        let mut relatives: Relatives =
            relatives.iter().filter(|pair| !is_gone(pair)).copied().collect();
        relatives.extend(new_relatives);
        relatives.par_sort_unstable();
        Ok(Scored {
            pairs: kept.iter().map(|(pair, _, _)| *pair).collect(),
            levels: kept.iter().map(|(_, levels, _)| *levels).collect(),
            nets: kept.iter().map(|(_, _, nets)| *nets).collect(),
            relatives,
            touched,
        })
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
                        } else if score.is_of_household(&comparison) {
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
        let Earlier { before, root, steps, suspicions: earlier, .. } = &self.standing.earlier;
        let n = self.records.len();
        let connects = |pair: &&ScoredPair| pair.weight >= CONNECT / LN_2;
        let Decisions { same, different } = self.decisions;
        let mut components = UnionFind::new(n);
        pairs.iter().filter(connects).for_each(|pair| _ = components.union(pair.a, pair.b));
        same.iter().for_each(|(a, b)| _ = components.union(*a, *b));
        let mut again = vec![false; n as usize];
        let judged = same.iter().chain(different).flat_map(|(a, b)| [*a, *b]);
        let new = (0..n).filter(|record| !before[*record as usize]);
        let seeds =
            touched.iter().chain(&self.standing.earlier.touched).copied().chain(judged).chain(new);
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

/// Candidate pairs that came and went, each list ascending.
#[derive(Default)]
struct Moved {
    gone: Vec<(u32, u32)>,
    /// Still pairs, but caught by these nets now.
    caught: Vec<(u32, u32, u8)>,
    /// With their nets.
    new: Vec<(u32, u32, u8)>,
}

/// What the blocks come to.
struct Met {
    pairs: Moved,
    pairs_scored: u64,
    /// `None` where it cannot be told from what has changed.
    blocks: Option<BlockStatistics>,
}

/// All pairs that are kept.
struct Scored {
    pairs: Vec<ScoredPair>,
    levels: Vec<u64>,
    nets: Vec<u8>,
    relatives: Relatives,
    /// Records whose pairs are others now.
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
