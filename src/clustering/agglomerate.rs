use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::union_find::UnionFind;
use crate::compare::{
    AddressEntry, Comparer, Comparison, DIMENSIONS, MISSING, NONE, PatternShares, Table, dim,
};
use crate::model::{EntityKind, Part};
use crate::scoring::{Model, Parameters, Score};

/// A scored pair of records; log odds in nats.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Smaller ordinal.
    pub a: u32,
    /// Greater ordinal.
    pub b: u32,
    /// Log odds.
    pub score: f32,
}

/// What clustering starts from.
#[derive(Clone, Copy, Debug)]
pub struct ClusterInput<'a> {
    /// The records.
    pub table: &'a Table,
    /// Shares of mailbox patterns.
    pub shares: &'a PatternShares,
    /// The model.
    pub model: &'a Model,
    /// Scored pairs, in any order.
    pub edges: &'a [Edge],
    /// Pairs that people judged to be one entity.
    pub same: &'a [(u32, u32)],
    /// Pairs that people judged to be two, smaller ordinal first.
    pub different: &'a [(u32, u32)],
    /// Log odds from which clusters form (0 for a posterior of .5).
    pub threshold: f64,
}

/// How two clusters came to be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// Two records.
    Record,
    /// Two clusters, by their profiles.
    Cluster,
    /// A person's judgement.
    Judgement,
}

impl StepKind {
    /// As results keep it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Record => 0,
            Self::Cluster => 1,
            Self::Judgement => 2,
        }
    }

    /// The sort of a code.
    pub const fn of(code: u8) -> Self {
        match code {
            0 => Self::Record,
            1 => Self::Cluster,
            _ => Self::Judgement,
        }
    }
}

/// One merge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// The record of one side whose pair led to the merge.
    pub a: u32,
    /// The record of the other side.
    pub b: u32,
    /// Log odds of the merge in bits; of a judgement a thousand.
    pub weight: f32,
    /// Sort.
    pub kind: StepKind,
}

/// The result.
#[derive(Clone, Debug, Default)]
pub struct Clustering {
    /// Smallest member of each record's cluster.
    pub root: Vec<u32>,
    /// Merges, by cluster (its smallest member), in order, sorted by it.
    pub steps: Vec<(u32, Step)>,
    /// Same-judgements that contradict a different-judgement: (a, b).
    pub contradictions: Vec<(u32, u32)>,
}

impl Clustering {
    /// The merges of a cluster, by its smallest member, in order. O(log merges).
    pub fn steps_of(&self, root: u32) -> &[(u32, Step)] {
        let from = self.steps.partition_point(|(other, _)| *other < root);
        let rest = &self.steps[from..];
        &rest[..rest.partition_point(|(other, _)| *other == root)]
    }
}

/// Weight of a person's judgement.
const JUDGED: f32 = 1000.0;
/// Edges from here on connect records into one component.
pub const CONNECT: f32 = -1.0;
/// Components that are worked on before their outcomes are put together.
const AT_ONCE: usize = 1 << 16;
/// Passes over a component's edges.
const PASSES: usize = 3;
/// Records of a cluster that are compared.
const COMPARED: usize = 12;
/// Pairs of a component that are remembered, some 10 MB a thread: memory must not grow with pairs.
/// Just as many as a table of that size takes before it grows.
const REMEMBERED: usize = (1 << 16) / 8 * 7;
/// Least mean posterior of the pairs of two clusters: where one is a single person, else.
const LEAST_POSTERIOR: [f64; 2] = [0.05, 0.2];
/// Weight of the mean of pairs beside the profile: where the two could be sites of one organisation,
/// whose best values a single bridge record can bring together, else.
const MEAN_WEIGHT: [f64; 2] = [0.5, 0.25];
/// A single pair's score counts at most this much, either way.
const CLIP: f64 = 4.0;

/// Clusters records. Deterministic: components are independent, edges are taken by falling score,
/// ties by ordinals. Parallel over components.
pub fn cluster(input: &ClusterInput<'_>) -> Clustering {
    let n = input.table.len();
    let mut components = UnionFind::new(n);
    for edge in input.edges.iter().filter(|e| e.score >= CONNECT) {
        components.union(edge.a, edge.b);
    }
    for (a, b) in input.same {
        components.union(*a, *b);
    }
    // What connects, by component: places in `edges`, then in `same` after them.
    let connecting = (0..).zip(input.edges).filter(|(_, edge)| edge.score >= CONNECT);
    let mut connecting: Vec<(u32, u32)> =
        connecting.map(|(at, edge)| (components.find(edge.a), at)).collect();
    let first_same = input.edges.len() as u32;
    let same = (first_same..).zip(input.same).map(|(at, pair)| (components.find(pair.0), at));
    connecting.extend(same);
    connecting.par_sort_unstable();
    let walls: FxHashSet<(u32, u32)> = input.different.iter().copied().collect();
    let gather = |places: &[(u32, u32)]| {
        let mut component = Component::default();
        for (_, at) in places {
            match input.edges.get(*at as usize) {
                Some(edge) => component.edges.push(*edge),
                None => component.same.push(input.same[(at - first_same) as usize]),
            }
        }
        component
    };
    let mut out = Clustering { root: (0..n).collect(), ..Clustering::default() };
    let components: Vec<&[(u32, u32)]> = connecting.chunk_by(|a, b| a.0 == b.0).collect();
    for components in components.chunks(AT_ONCE) {
        let results = components.par_iter().map_init(
            || Comparer::new(input.table, input.shares),
            |comparer, places| Agglomeration::new(input, &walls, comparer).run(gather(places)),
        );
        let results: Vec<Outcome> = results.collect();
        results.into_iter().for_each(|result| out.take(result));
    }
    out.steps.sort_by_key(|(root, _)| *root);
    out.contradictions.sort_unstable();
    out
}

impl Clustering {
    fn take(&mut self, result: Outcome) {
        for members in &result.clusters {
            let root = members[0];
            for member in members {
                self.root[*member as usize] = root;
            }
        }
        for step in result.steps {
            self.steps.push((self.root[step.a as usize], step));
        }
        self.contradictions.extend(result.contradictions);
    }
}

#[derive(Default)]
struct Component {
    edges: Vec<Edge>,
    same: Vec<(u32, u32)>,
}

#[derive(Default)]
struct Outcome {
    clusters: Vec<Vec<u32>>,
    steps: Vec<Step>,
    contradictions: Vec<(u32, u32)>,
}

/// Agglomeration of one component.
struct Agglomeration<'a, 'b> {
    input: &'a ClusterInput<'a>,
    walls: &'a FxHashSet<(u32, u32)>,
    comparer: &'b mut Comparer<'a>,
    cluster_of: FxHashMap<u32, u32>,
    clusters: Vec<Vec<u32>>,
    /// By pair, and whether it was weighed as one of organisations.
    compared: FxHashMap<(u32, u32, bool), (Comparison, f64)>,
}

impl<'a, 'b> Agglomeration<'a, 'b> {
    fn new(
        input: &'a ClusterInput<'a>,
        walls: &'a FxHashSet<(u32, u32)>,
        comparer: &'b mut Comparer<'a>,
    ) -> Self {
        Self {
            input,
            walls,
            comparer,
            cluster_of: FxHashMap::default(),
            clusters: Vec::new(),
            compared: FxHashMap::default(),
        }
    }

    fn run(mut self, component: Component) -> Outcome {
        let mut out = Outcome::default();
        let mut edges = component.edges;
        edges
            .sort_unstable_by(|x, y| y.score.total_cmp(&x.score).then((x.a, x.b).cmp(&(y.a, y.b))));
        let mut same = component.same;
        same.sort_unstable();
        let mut records: Vec<u32> = edges.iter().flat_map(|e| [e.a, e.b]).collect();
        records.extend(same.iter().flat_map(|p| [p.0, p.1]));
        records.sort_unstable();
        records.dedup();
        for record in records {
            self.cluster_of.insert(record, self.clusters.len() as u32);
            self.clusters.push(vec![record]);
        }
        for (a, b) in same {
            let (x, y) = (self.cluster_of[&a], self.cluster_of[&b]);
            if x == y {
                continue;
            }
            if self.walled(x, y) {
                out.contradictions.push((a, b));
                continue;
            }
            self.merge(x, y);
            out.steps.push(Step { a, b, weight: JUDGED, kind: StepKind::Judgement });
        }
        for _ in 0..PASSES {
            let mut seen: FxHashSet<(u32, u32)> = FxHashSet::default();
            let mut merged = false;
            for edge in &edges {
                let (x, y) = (self.cluster_of[&edge.a], self.cluster_of[&edge.b]);
                if x == y || !seen.insert((x.min(y), x.max(y))) || self.walled(x, y) {
                    continue;
                }
                let single =
                    self.clusters[x as usize].len() == 1 && self.clusters[y as usize].len() == 1;
                let score = if single { f64::from(edge.score) } else { self.cluster_score(x, y) };
                if score >= self.input.threshold {
                    self.merge(x, y);
                    merged = true;
                    // The cluster is another one now: its pairs may be looked at again.
                    seen.retain(|(p, q)| *p != x && *q != x && *p != y && *q != y);
                    let kind = if single { StepKind::Record } else { StepKind::Cluster };
                    let weight = (score as f32 / std::f32::consts::LN_2).min(JUDGED);
                    out.steps.push(Step { a: edge.a, b: edge.b, weight, kind });
                }
            }
            if !merged {
                break;
            }
        }
        out.clusters = self.clusters.into_iter().filter(|c| c.len() > 1).collect();
        out
    }

    fn kind(&self, cluster: u32) -> EntityKind {
        let kinds =
            self.clusters[cluster as usize].iter().map(|r| self.input.table.kind[*r as usize]);
        kinds.max_by_key(|k| *k != EntityKind::Unknown).unwrap_or_default()
    }

    /// Whether a judgement or the kinds of the two keep them apart.
    fn walled(&self, x: u32, y: u32) -> bool {
        if !self.kind(x).compatible(self.kind(y)) {
            return true;
        }
        !self.walls.is_empty()
            && self.clusters[x as usize].iter().any(|a| {
                self.clusters[y as usize]
                    .iter()
                    .any(|b| self.walls.contains(&(*a.min(b), *a.max(b))))
            })
    }

    fn merge(&mut self, x: u32, y: u32) {
        let (x, y) = (x.min(y), x.max(y));
        let moved = std::mem::take(&mut self.clusters[y as usize]);
        for record in &moved {
            self.cluster_of.insert(*record, x);
        }
        let into = &mut self.clusters[x as usize];
        into.extend(moved);
        into.sort_unstable();
    }

    fn pair(&mut self, a: u32, b: u32, parameters: &Parameters) -> (Comparison, f64) {
        let organization = std::ptr::eq(parameters, &self.input.model.organization);
        let key = (a.min(b), a.max(b), organization);
        if let Some(found) = self.compared.get(&key) {
            return *found;
        }
        let comparison = self.comparer.compare(key.0, key.1);
        let score = parameters.score(&comparison).total;
        if self.compared.len() >= REMEMBERED {
            self.compared.clear();
        }
        self.compared.insert(key, (comparison, score));
        (comparison, score)
    }

    /// Profile score and mean pair score, both clipped, weighed by [`MEAN_WEIGHT`]; −∞ where the pairs
    /// on average say no.
    fn cluster_score(&mut self, x: u32, y: u32) -> f64 {
        let model = self.input.model;
        let Some(parameters) = model.parameters(self.kind(x), self.kind(y)) else {
            return f64::NEG_INFINITY;
        };
        let sizes = (self.clusters[x as usize].len(), self.clusters[y as usize].len());
        let xs: Vec<u32> = self.clusters[x as usize].iter().take(COMPARED).copied().collect();
        let ys: Vec<u32> = self.clusters[y as usize].iter().take(COMPARED).copied().collect();
        let mut pairs = Vec::with_capacity(xs.len() * ys.len());
        for a in &xs {
            for b in &ys {
                pairs.push(self.pair(*a, *b, parameters));
            }
        }
        let n = pairs.len() as f64;
        let posterior = pairs.iter().map(|p| 1.0 / (1.0 + (-p.1).exp())).sum::<f64>() / n;
        // One pair must not join two grown clusters; a single record is no bridge between them yet.
        let single = sizes.0.min(sizes.1) == 1;
        let sites = pairs.iter().any(|(c, _)| Parameters::has_site_class(c));
        let least = if single && !sites { LEAST_POSTERIOR[0] } else { LEAST_POSTERIOR[1] };
        if posterior < least {
            return f64::NEG_INFINITY;
        }
        let mean = pairs.iter().map(|p| p.1.clamp(-CLIP, CLIP)).sum::<f64>() / n;
        let method = self.input.table.method;
        if !method.has(Part::Profiles) {
            return mean;
        }
        let profile = self.profile_score(parameters, &xs, &ys, &pairs, sizes).clamp(-CLIP, CLIP);
        let weight = MEAN_WEIGHT[usize::from(!sites)];
        let weight = if method.has(Part::MeanOfPairs) { weight } else { 0.0 };
        (1.0 - weight) * profile + weight * mean
    }

    /// Per dimension the best term over the record pairs, less the number of chances it had.
    fn profile_score(
        &self,
        parameters: &Parameters,
        xs: &[u32],
        ys: &[u32],
        pairs: &[(Comparison, f64)],
        sizes: (usize, usize),
    ) -> f64 {
        // A larger entity attracts in proportion to its size (square root of the pairs).
        let method = self.input.table.method;
        let power = if method.has(Part::Attraction) { 0.5 } else { 0.0 };
        let attraction = power * ((sizes.0 * sizes.1) as f64).ln();
        let mut sums = parameters.ln_priors().map(|prior| prior + attraction);
        let sites = pairs.iter().any(|(c, _)| Parameters::has_site_class(c));
        for d in 0..DIMENSIONS {
            let mut best: Option<(f64, u8, f64)> = None;
            let (mut total, mut count) = (0.0, 0.0);
            for (comparison, _) in pairs {
                let level = comparison.level[d];
                if level == MISSING {
                    continue;
                }
                let ln_u = parameters.ln_u(d, level, comparison.feature[d], comparison.email_base);
                let term = parameters.term(d, level, ln_u).matched;
                total += term;
                count += 1.0;
                if best.is_none_or(|(old, ..)| term > old) {
                    best = Some((term, level, ln_u));
                }
            }
            let Some((term, level, mut ln_u)) = best else { continue };
            if term > 0.0 && method.has(Part::Chances) {
                let chances = (self.distinct(d, xs) * self.distinct(d, ys)) as f64;
                ln_u = (ln_u + chances.ln()).min(0.0);
            }
            let mut term = parameters.term(d, level, ln_u);
            if sites && (d == dim::ADDRESS || d == dim::ORGANIZATION) {
                // Sister sites share a bridge record; most pairs must agree on the place.
                let mean = total / count;
                term.matched = 0.25 * term.matched + 0.75 * term.matched.min(mean);
            }
            sums.iter_mut().zip(term.by_class()).for_each(|(sum, term)| *sum += term);
        }
        if !sites {
            sums[2] = f64::NEG_INFINITY;
        }
        Score::combine(sums).total
    }

    /// Distinct values of a dimension among some records, at least one.
    fn distinct(&self, d: usize, records: &[u32]) -> usize {
        let t = self.input.table;
        // Postcodes are numbered apart from places.
        let place = |a: &AddressEntry| {
            if a.place == NONE { (a.postcode, true) } else { (a.place, false) }
        };
        let mut values: Vec<(u32, bool)> = Vec::new();
        for record in records {
            let mut add = |ids: &[u32]| values.extend(ids.iter().map(|id| (*id, false)));
            match d {
                dim::GIVEN => values.extend(t.names(*record).iter().map(|n| (n.given, false))),
                dim::FAMILY => values.extend(t.names(*record).iter().map(|n| (n.family, false))),
                dim::EMAIL => values.extend(t.emails(*record).iter().map(|e| (e.email, false))),
                dim::PHONE => add(t.phones(*record)),
                dim::ADDRESS => values.extend(t.addresses(*record).iter().map(place)),
                dim::BIRTH => add(t.births(*record)),
                dim::IDENTIFIER => add(t.identifiers.get(*record)),
                dim::ORGANIZATION | dim::EMPLOYER => add(t.organizations.get(*record)),
                _ => {}
            }
        }
        values.retain(|(value, _)| *value != NONE);
        values.sort_unstable();
        values.dedup();
        values.len().max(1)
    }
}
