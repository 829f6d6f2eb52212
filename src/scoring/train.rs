//! Training without labels: u from random pairs of the whole file, everything else by EM over
//! candidate pairs; pairs outside the blocks count as non-matches.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::model::{Model, freeze};
use super::parameters::{FIRST_LEVEL, LEAK, LEAK_MAX, LEAKS, Parameters, Term, generic_u};
use crate::compare::{
    Comparer, Comparison, DIMENSION, DIMENSIONS, Frequency, MISSING, PatternShares, Table,
    TextChoice, dim,
};
use crate::model::{BlockLimits, EntityKind, Method, Part};

/// What a model is trained on.
#[derive(Clone, Copy, Debug)]
pub struct TrainingSet<'a> {
    /// The finished table, mailboxes read.
    pub table: &'a Table,
    /// Shares of mailbox patterns.
    pub shares: &'a PatternShares,
    /// Further columns compared.
    pub texts: &'a TextChoice,
    /// A hash of each record's key: decides which random pairs are taken.
    pub hashes: &'a [u64],
    /// A sample of candidate pairs …
    pub candidates: &'a [(u32, u32)],
    /// … and how many candidate pairs each stands for.
    pub scale: f64,
    /// How large blocks were: the model freezes it.
    pub limits: &'a BlockLimits,
}

/// Random pairs that u is estimated from.
const RANDOM_PAIRS: usize = 200_000;
/// Rounds of estimating u, each with EM inside.
const ROUNDS: usize = 3;
/// EM steps a round.
const STEPS: usize = 12;
/// Strength of the generic m, in pairs: of persons, of organisations. Organisations are few in a
/// file and differ more from each other, so that EM alone takes sister sites for spellings.
const PRIOR_PAIRS: [f64; 2] = [30.0, 400.0];
/// What EM's prior odds of a match are multiplied by. Kinds of evidence are less independent than
/// the model takes them to be, which makes pairs near even odds look less likely than they are: on
/// labelled sets of a thousand to two hundred thousand records two in three of them match.
const CALIBRATION: f64 = 1.5;
/// A file has at least so many pairs when collisions of values are counted.
const SCARCE_PAIRS: f64 = 20_000.0;
/// Strength of the generic u, in random pairs: carries files of some dozen records, where the few
/// pairs are matches in no small part.
const GENERIC_U_PAIRS: f64 = 2_000.0;
/// Relatives and sister sites that any file is expected to hold, per record: a class that no pair
/// speaks for yet must not vanish, or a small file's father and son are merged.
const EXPECTED: [f64; 3] = [0.0, 0.05, 0.02];
/// Most that a stated difference between senior and junior is an error.
const GENERATIONS_DIFFER: f64 = 0.005;
/// Most that a birth date with nothing in common is an error.
const OTHER_BIRTH: f64 = 0.03;
/// Most organisations that are known by two tax numbers, and by two names without a common word.
const OTHER_TAX_ID: f64 = 0.000_2;
const OTHER_COMPANY: f64 = 0.015;
/// Most persons who have two mailboxes of one company with nothing in common before the @.
const TWO_MAILBOXES: f64 = 0.05;
/// Strength of the generic share of leaks among relatives, in pairs.
const LEAK_PAIRS: f64 = 20.0;

/// Trains a model. Deterministic for any number of threads: sums run over fixed pieces in order.
pub fn train(set: &TrainingSet<'_>) -> Model {
    let random = random_pairs(set.table, set.hashes);
    let sorts = [false, true].map(|organization| {
        let of_sort = |a: u32, b: u32| sort_of(set.table, a, b) == Some(organization);
        let random: Vec<(u32, u32)> =
            random.iter().copied().filter(|p| of_sort(p.0, p.1)).collect();
        let candidates: Vec<(u32, u32)> =
            set.candidates.iter().copied().filter(|p| of_sort(p.0, p.1)).collect();
        let (pairs, records) = space(set.table, organization);
        Trainer::new(set, organization, &random, &candidates, (pairs, records)).run()
    });
    let [person, organization] = sorts;
    Model {
        version: Model::VERSION,
        records: set.table.len(),
        person,
        organization,
        shares: set.shares.clone(),
        texts: set.texts.clone(),
        limits: set.limits.clone(),
        frequencies: freeze(set.table),
    }
}

/// `Some(true)` for a pair with an organisation, `Some(false)` for any other, `None` for a pair
/// that may not match.
fn sort_of(table: &Table, a: u32, b: u32) -> Option<bool> {
    let (x, y) = (table.kind[a as usize], table.kind[b as usize]);
    x.compatible(y).then(|| x == EntityKind::Organization || y == EntityKind::Organization)
}

/// Pairs of a sort in the whole file, and the records that could be in one. Records that repeat
/// others add neither: a file loaded twice has as many entities as before.
fn space(table: &Table, organization: bool) -> (f64, f64) {
    let fresh = |kind| move |r: &u32| table.kind[*r as usize] == kind && !table.repeats(*r);
    let count = |kind| (0..table.len()).filter(fresh(kind)).count() as f64;
    let (p, o, u) =
        (count(EntityKind::Person), count(EntityKind::Organization), count(EntityKind::Unknown));
    let pairs = |n: f64| n * (n - 1.0) / 2.0;
    if organization { (pairs(o) + o * u, o) } else { (pairs(p + u), p + u) }
}

/// Pairs of records that do not depend on any order: records in the order of their keys' hashes,
/// each with its next neighbours there; all pairs of a small file.
fn random_pairs(table: &Table, hashes: &[u64]) -> Vec<(u32, u32)> {
    let n = table.len() as usize;
    if n < 2 {
        return Vec::new();
    }
    if n < 700 {
        let n = n as u32;
        return (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b))).collect();
    }
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by_key(|r| (hashes[*r as usize], *r));
    let steps = RANDOM_PAIRS.div_ceil(n).max(1);
    let mut out = Vec::with_capacity(RANDOM_PAIRS);
    for step in 1..=steps {
        for at in 0..n {
            if out.len() == RANDOM_PAIRS {
                return out;
            }
            let (a, b) = (order[at], order[(at + step) % n]);
            out.push((a.min(b), a.max(b)));
        }
    }
    out
}

struct Trainer {
    parameters: Parameters,
    random: Vec<Comparison>,
    candidates: Vec<Comparison>,
    scale: f64,
    /// Records that a pair of this sort may hold.
    members: f64,
    /// Strength of the generic m, in pairs.
    strength: f64,
    method: Method,
    organization: bool,
}

/// Candidates with what does not change within a round: few of their terms are distinct, and each
/// distinct one is worked out once a step.
struct Prepared {
    /// Distinct terms of the piece.
    terms: Vec<Distinct>,
    /// By candidate: where its terms end in `of_pairs`, and whether it may be two sites.
    pairs: Vec<(u32, bool)>,
    /// Positions in `terms`, pair after pair.
    of_pairs: Vec<u32>,
}

/// A level reached by values of one frequency.
struct Distinct {
    dimension: u8,
    level: u8,
    ln_u: f64,
}

/// What a distinct term is worth in a step.
struct Worth {
    term: Term,
    /// Where its level stands among the levels of all dimensions.
    level: usize,
    /// The leak of its dimension, and the share of such relatives who share what identifies.
    leak: Option<(usize, f64)>,
}

impl Prepared {
    fn new(parameters: &Parameters, candidates: &[Comparison]) -> Self {
        let mut out = Self { terms: Vec::new(), pairs: Vec::new(), of_pairs: Vec::new() };
        let mut known: FxHashMap<(usize, u8, u64), u32> = FxHashMap::default();
        for comparison in candidates {
            for d in 0..DIMENSIONS {
                let (level, feature) = (comparison.level[d], comparison.feature[d]);
                if level == MISSING {
                    continue;
                }
                let ln_u = parameters.ln_u(d, level, feature, comparison.email_base);
                let at = *known.entry((d, level, ln_u.to_bits())).or_insert_with(|| {
                    out.terms.push(Distinct { dimension: d as u8, level, ln_u });
                    out.terms.len() as u32 - 1
                });
                out.of_pairs.push(at);
            }
            let site = Parameters::has_site_class(comparison);
            out.pairs.push((out.of_pairs.len() as u32, site));
        }
        out
    }

    /// What the terms are worth under the parameters of a step.
    fn worth(&self, p: &Parameters) -> Vec<Worth> {
        let worth = |distinct: &Distinct| {
            let (d, level, ln_u) = (distinct.dimension as usize, distinct.level, distinct.ln_u);
            let leak = LEAKS.iter().position(|leak| *leak == d).map(|at| {
                let leaked = p.leak[at] * p.m[d][level as usize];
                let chance = (1.0 - p.leak[at]) * ln_u.exp();
                (at, leaked / (leaked + chance))
            });
            Worth { term: p.term(d, level, ln_u), level: FIRST_LEVEL[d] + level as usize, leak }
        };
        self.terms.iter().map(worth).collect()
    }
}

/// Expected counts of one piece of candidates.
#[derive(Clone)]
struct Sums {
    /// By level, those of all dimensions in one row: matches, relatives, other sites.
    levels: Vec<[f64; 3]>,
    classes: [f64; 3],
    /// Relatives who share what identifies, and relatives compared, by leak.
    leaks: [(f64, f64); 4],
}

impl Sums {
    fn new() -> Self {
        let levels = DIMENSION.iter().map(|d| d.levels.len()).sum();
        Self { levels: vec![[0.0; 3]; levels], classes: [0.0; 3], leaks: [(0.0, 0.0); 4] }
    }

    fn add(&mut self, other: &Self) {
        for (x, y) in self.levels.as_flattened_mut().iter_mut().zip(other.levels.as_flattened()) {
            *x += y;
        }
        for (x, y) in self.classes.iter_mut().zip(other.classes) {
            *x += y;
        }
        for (x, y) in self.leaks.iter_mut().zip(other.leaks) {
            x.0 += y.0;
            x.1 += y.1;
        }
    }

    /// Counts of a class by level of a dimension.
    fn of(&self, class: usize, d: usize) -> Vec<f64> {
        let levels = &self.levels[FIRST_LEVEL[d]..][..DIMENSION[d].levels.len()];
        levels.iter().map(|counts| counts[class]).collect()
    }
}

/// What sites of one organisation have in common: the name or half of it, the switchboard, the web.
const SITE: [(usize, &[f64]); 4] = [
    (dim::ORGANIZATION, &[0.2, 0.1, 0.2, 0.3, 0.02, 0.02, 0.16]),
    (dim::PHONE, &[0.5, 0.02, 0.03, 0.45]),
    (dim::WEB, &[0.8, 0.2]),
    (dim::EMAIL, &[0.3, 0.01, 0.03, 0.02, 0.02, 0.01, 0.3, 0.31]),
];

/// Pairs a piece of a parallel sum.
const PIECE: usize = 4096;

fn compare_all(set: &TrainingSet<'_>, pairs: &[(u32, u32)]) -> Vec<Comparison> {
    pairs
        .par_chunks(PIECE)
        .map_init(
            || Comparer::new(set.table, set.shares),
            |comparer, piece| {
                piece.iter().map(|(a, b)| comparer.compare(*a, *b)).collect::<Vec<_>>()
            },
        )
        .flatten_iter()
        .collect()
}

impl Trainer {
    fn new(
        set: &TrainingSet<'_>,
        organization: bool,
        random: &[(u32, u32)],
        candidates: &[(u32, u32)],
        (pairs, records): (f64, f64),
    ) -> Self {
        Self {
            parameters: Parameters::generic(set.table, pairs, records),
            random: compare_all(set, random),
            candidates: compare_all(set, candidates),
            scale: set.scale,
            members: records,
            strength: PRIOR_PAIRS[usize::from(organization)],
            method: set.table.method,
            organization,
        }
    }

    fn run(mut self) -> Parameters {
        if !self.method.has(Part::Training) {
            return self.parameters;
        }
        self.estimate_u(None);
        for _ in 0..ROUNDS {
            let prepared = self.prepare();
            for _ in 0..STEPS {
                let sums = self.expect(&prepared);
                self.maximise(&sums);
            }
            let posteriors: Vec<f64> =
                self.random.par_iter().map(|c| self.parameters.score(c).posterior()).collect();
            self.collisions();
            self.estimate_u(Some(&posteriors));
        }
        let prepared = self.prepare();
        for _ in 0..STEPS {
            let sums = self.expect(&prepared);
            self.maximise(&sums);
        }
        self.parameters.prior[0] = (CALIBRATION * self.parameters.prior[0]).min(0.5);
        self.parameters.changed();
        self.parameters
    }

    /// u and mean frequencies from random pairs, each weighed by the chance that it is no match.
    fn estimate_u(&mut self, posteriors: Option<&[f64]>) {
        for d in 0..DIMENSIONS {
            let levels = DIMENSION[d].levels.len();
            let mut counts = vec![0.0; levels];
            let mut frequencies = vec![(0.0, 0.0); levels];
            for (at, comparison) in self.random.iter().enumerate() {
                let level = comparison.level[d];
                if level == MISSING {
                    continue;
                }
                let weight = posteriors.map_or(1.0, |p| 1.0 - p[at]);
                counts[level as usize] += weight;
                if matches!(DIMENSION[d].frequency[level as usize], Frequency::Relative(_)) {
                    let f = &mut frequencies[level as usize];
                    f.0 += weight * f64::from(comparison.feature[d]).max(1e-9).ln();
                    f.1 += weight;
                }
            }
            let total: f64 = counts.iter().sum();
            // A few generic pairs keep a level that was never seen possible, and tiny files sane.
            let generic = generic_u(d);
            let few = if total < 1e4 { GENERIC_U_PAIRS } else { 0.0 };
            for l in 0..levels {
                self.parameters.u[d][l] =
                    (counts[l] + 0.5 / levels as f64 + few * generic[l]) / (total + 0.5 + few);
                let (sum, weight) = frequencies[l];
                let fallback = -(self.parameters.records[d].max(2.0)).ln() * 0.7;
                self.parameters.mean_ln_frequency[d][l] = (sum + 3.0 * fallback) / (weight + 3.0);
            }
        }
        self.parameters.changed();
    }

    /// Collision rates of rare values among non-matches, and how unique mailboxes are.
    fn collisions(&mut self) {
        let p = &self.parameters;
        let mut agree = [0.0; DIMENSIONS];
        let (mut observed, mut expected) = (0.0, 0.0);
        for comparison in &self.candidates {
            let exact = |d: usize| comparison.level[d] == 0;
            if !(0..DIMENSIONS).any(exact) {
                continue;
            }
            let unmatched = 1.0 - p.score(comparison).posterior();
            for (d, sum) in agree.iter_mut().enumerate() {
                if exact(d) {
                    *sum += unmatched * self.scale;
                }
            }
            // Mailboxes of pairs whose other evidence speaks against a match.
            if comparison.level[dim::EMAIL] == 0 && comparison.email_base > f32::NEG_INFINITY {
                let other: f64 = [dim::BIRTH, dim::PHONE, dim::ADDRESS, dim::IDENTIFIER, dim::WEB]
                    .iter()
                    .filter(|d| comparison.level[**d] != MISSING)
                    .map(|d| {
                        let l = comparison.level[*d];
                        let ln_u = p.ln_u(*d, l, comparison.feature[*d], f32::NEG_INFINITY);
                        p.term(*d, l, ln_u).matched
                    })
                    .sum();
                if other < -2.5 {
                    observed += if exact(dim::EMAIL) { 1.0 } else { 0.0 };
                    expected += f64::from(comparison.email_base).exp();
                }
            }
        }
        for d in 0..DIMENSIONS {
            let n = self.parameters.records[d];
            // In a tiny file one pair says nothing of how values collide.
            let pairs = (n * (n - 1.0) / 2.0).max(SCARCE_PAIRS);
            self.parameters.s[d] = self.parameters.pseudo_count(d, agree[d] / pairs);
        }
        if expected > 0.0 {
            self.parameters.kappa = ((observed + 0.05) / (expected + 0.05)).clamp(1e-6, 1.0);
        }
        self.parameters.changed();
    }

    fn prepare(&self) -> Vec<Prepared> {
        let pieces = self.candidates.par_chunks(PIECE);
        pieces.map(|piece| Prepared::new(&self.parameters, piece)).collect()
    }

    fn expect(&self, prepared: &[Prepared]) -> Sums {
        let p = &self.parameters;
        let prior = p.ln_priors();
        let pieces: Vec<Sums> = prepared
            .par_iter()
            .map(|piece| {
                let worth = piece.worth(p);
                let mut sums = Sums::new();
                let mut from = 0;
                for (end, site) in &piece.pairs {
                    let terms = &piece.of_pairs[from..*end as usize];
                    from = *end as usize;
                    let mut logs = prior;
                    for at in terms {
                        let terms = worth[*at as usize].term.by_class();
                        logs.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
                    }
                    if !site {
                        logs[2] = f64::NEG_INFINITY;
                    }
                    let top = logs.iter().copied().fold(0.0_f64, f64::max);
                    let weights = logs.map(|l| (l - top).exp());
                    let total = (-top).exp() + weights.iter().sum::<f64>();
                    // Relatives of one account are relatives, but say nothing of what others share.
                    let [matched, relative, site, account] = weights.map(|w| w / total);
                    let share = [matched, relative, site];
                    let classes = [matched, relative + account, site];
                    sums.classes.iter_mut().zip(classes).for_each(|(sum, share)| *sum += share);
                    for at in terms {
                        let worth = &worth[*at as usize];
                        let counts = &mut sums.levels[worth.level];
                        counts.iter_mut().zip(share).for_each(|(sum, share)| *sum += share);
                        if let Some((at, leaked)) = worth.leak {
                            sums.leaks[at].0 += classes[1] * leaked;
                            sums.leaks[at].1 += classes[1];
                        }
                    }
                }
                sums
            })
            .collect();
        let mut total = Sums::new();
        for piece in &pieces {
            total.add(piece);
        }
        total
    }

    fn maximise(&mut self, sums: &Sums) {
        let (scale, strength) = (self.scale, self.strength);
        let expected = EXPECTED.map(|share| share * self.members);
        let p = &mut self.parameters;
        let dirichlet = |counts: &[f64], prior: &[f64]| -> Vec<f64> {
            let total: f64 = counts.iter().sum::<f64>() * scale + strength;
            counts.iter().zip(prior).map(|(c, q)| (c * scale + strength * q) / total).collect()
        };
        for d in 0..DIMENSIONS {
            let generic = normalised(DIMENSION[d].m);
            p.m[d] = dirichlet(&sums.of(0, d), &generic);
            // Background classes lie between chance and identity until the data say more.
            let between: Vec<f64> =
                generic.iter().zip(&p.u[d]).map(|(m, u)| 0.5 * m + 0.5 * u).collect();
            p.r[d] = dirichlet(&sums.of(1, d), &between);
            let sites = sums.of(2, d);
            p.q[d] = match SITE.iter().find(|(dimension, _)| *dimension == d) {
                // Anchored, as strongly as half of the class itself says: else the class drifts to
                // pairs that only have some words in common.
                Some((_, shape)) => {
                    let seen: f64 = sites.iter().sum::<f64>() * scale;
                    let strength = strength + 0.5 * seen;
                    let counts = sites.iter().map(|c| c * scale);
                    let shape = normalised(shape);
                    counts.zip(shape).map(|(c, q)| (c + strength * q) / (seen + strength)).collect()
                }
                None => dirichlet(&sites, &between),
            };
        }
        // What only tells colleagues must not become what tells one person: in a table of mailboxes of
        // companies nothing else repeats.
        let mut bounds = vec![
            (dim::GENERATION, 1, GENERATIONS_DIFFER),
            (dim::EMAIL, 6, TWO_MAILBOXES),
            (dim::BIRTH, 7, OTHER_BIRTH),
        ];
        if self.organization {
            bounds.extend([
                (dim::IDENTIFIER, 3, OTHER_TAX_ID),
                (dim::ORGANIZATION, 5, OTHER_COMPANY),
            ]);
        }
        for (d, level, most) in bounds {
            let m = &mut p.m[d][level];
            *m = m.min(most);
        }
        for ((prior, class), expected) in p.prior.iter_mut().zip(sums.classes).zip(expected) {
            *prior = ((class * scale + expected).max(0.1) / p.pairs).clamp(1e-18, 0.5);
        }
        for ((leak, (shared, all)), most) in p.leak.iter_mut().zip(sums.leaks).zip(LEAK_MAX) {
            *leak = ((shared * scale + LEAK_PAIRS * LEAK) / (all * scale + LEAK_PAIRS)).min(most);
        }
        if !self.method.has(Part::Relatives) {
            p.prior[1] = 0.0;
        }
        if !self.method.has(Part::Sites) {
            p.prior[2] = 0.0;
        }
        if !self.method.has(Part::Leaks) {
            p.leak = [0.0; 4];
        }
        p.changed();
    }
}

fn normalised(weights: &[f64]) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    weights.iter().map(|w| w / total).collect()
}
