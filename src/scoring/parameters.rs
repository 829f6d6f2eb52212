use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::compare::{Comparison, DIMENSION, DIMENSIONS, Frequency, MISSING, Table, dim};
use crate::model::Part;

/// What a pair can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// One entity.
    Match,
    /// Relatives: other persons of one household or place.
    Relative,
    /// Other sites of one organisation.
    Site,
}

/// Parameters of the pairs of one sort (persons, or organisations): everything that weighs a
/// comparison. Probabilities by dimension and level; logs are natural.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// P(level | match).
    pub m: Vec<Vec<f64>>,
    /// P(level | unrelated), from random pairs.
    pub u: Vec<Vec<f64>>,
    /// P(level | relatives), for dimensions that relatives share.
    pub r: Vec<Vec<f64>>,
    /// P(level | other site), for dimensions that sites share.
    pub q: Vec<Vec<f64>>,
    /// Mean ln frequency of the values at a level among random pairs.
    pub mean_ln_frequency: Vec<Vec<f64>>,
    /// Records that have the field, by dimension.
    pub records: Vec<f64>,
    /// Pseudo-count s of a value's frequency, by dimension.
    pub s: Vec<f64>,
    /// Pairs of this sort in the whole file.
    pub pairs: f64,
    /// Prior probability of a match, a relative, another site, per pair of the whole file.
    pub prior: [f64; 3],
    /// Share of relatives who share what identifies, by the dimensions of `LEAKS`: namesakes
    /// (fathers and sons of one name), twins, borrowed numbers.
    pub leak: [f64; 4],
    /// How unique mailboxes are: observed chance collisions over expected ones.
    pub kappa: f64,
    /// Values have no frequencies: an ablation, never stored.
    #[serde(skip)]
    plain: bool,
    /// Logs of the tables, taken when they are first needed.
    #[serde(skip)]
    logs: Cached,
}

/// Natural logs of m, u, r, q and the priors, and of the frequencies of rare values: a pair is weighed without
/// taking any logarithm twice.
#[derive(Debug)]
struct Logs {
    m: Vec<Vec<f64>>,
    u: Vec<Vec<f64>>,
    r: Vec<Vec<f64>>,
    q: Vec<Vec<f64>>,
    /// By class, in the order of [`Term::by_class`].
    prior: [f64; 4],
    /// By dimension and count.
    counts: Vec<Vec<f64>>,
    /// The terms of each level ([`FIRST_LEVEL`]) that no value's frequency changes: one a level, or one a
    /// count.
    terms: Vec<Vec<Term>>,
}

/// Where the levels of a dimension begin when all stand in one row.
pub(crate) static FIRST_LEVEL: [usize; DIMENSIONS] = {
    let (mut first, mut d) = ([0; DIMENSIONS], 1);
    while d < DIMENSIONS {
        first[d] = first[d - 1] + DIMENSION[d - 1].levels.len();
        d += 1;
    }
    first
};

/// Derived from the tables beside it: never compared, copied or stored.
#[derive(Debug, Default)]
struct Cached(OnceLock<Box<Logs>>);

impl Clone for Cached {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Cached {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Counts whose logs are kept.
const COUNTS_KEPT: usize = 256;

/// Frequencies are shares of at least so many records: three records do not make a name common.
const SCARCE_RECORDS: f64 = 300.0;

/// Generic u before any data, as measured on large consumer files (`docs/matching.md`): nearly all
/// pairs differ. What carries the weight in a file of some dozen records.
pub(crate) fn generic_u(d: usize) -> Vec<f64> {
    match d {
        dim::GIVEN => {
            vec![0.005, 0.0025, 0.001, 0.004, 0.002, 0.004, 0.25, 0.08, 0.0003, 0.65, 0.002]
        }
        dim::FAMILY => vec![0.001, 0.001, 0.001, 0.001, 0.004, 0.991, 0.0005],
        dim::MIDDLE => vec![0.01, 0.06, 0.93],
        dim::GENERATION => vec![0.3, 0.3, 0.4],
        dim::GENDER => vec![0.5, 0.5],
        dim::SOURCE => vec![0.4, 0.6],
        dim::BIRTH => vec![
            5e-5, 1e-5, 5e-4, 1e-3, 0.01, 0.015, 0.05, 0.82, 0.003, 0.03, 0.05, 0.2, 0.001, 0.01,
        ],
        dim::ADDRESS => vec![1e-4, 1e-4, 1e-4, 0.002, 0.005, 0.02, 0.02, 0.1, 0.85, 1e-5],
        dim::ORGANIZATION | dim::EMPLOYER => vec![1e-4, 1e-4, 6e-4, 0.003, 0.013, 0.98, 1e-4],
        _ => {
            let levels = DIMENSION[d].levels.len();
            let rest = 1e-3 / (levels - 1) as f64;
            (0..levels).map(|l| if l + 1 == levels { 0.999 } else { rest }).collect()
        }
    }
}

/// Dimensions of identity that relatives share now and then.
pub(crate) const LEAKS: [usize; 4] = [dim::GIVEN, dim::BIRTH, dim::IDENTIFIER, dim::LINK];
/// The most that a leak may be: beyond it, the class of relatives would be a second class of matches.
/// Twins are one birth in thirty; a borrowed number is common in some registers.
pub(crate) const LEAK_MAX: [f64; 4] = [0.1, 0.02, 0.3, 0.05];
/// Share of relatives who do, before any data.
pub(crate) const LEAK: f64 = 0.03;

/// Share of relatives who share whatever relatives may share: one account, one address, one phone. What
/// they share then is no sum of coincidences.
pub(crate) const ONE_ACCOUNT: f64 = 0.05;

/// Score of a comparison; natural logs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Log odds of a match against all background.
    pub total: f64,
    /// Log odds of a match against unrelated.
    pub matched: f64,
    /// Log odds of relatives against unrelated.
    pub relative: f64,
    /// Log odds of another site against unrelated; −∞ where there is no organisation.
    pub site: f64,
}

/// Log odds of "relatives" against everything else from which a household is reported.
const RELATIVES: f64 = 3.0;

impl Score {
    /// Whether the two, if they are no match, are most likely relatives of one household: they share
    /// a house, a phone or a mailbox, and are no colleagues.
    pub fn is_of_household(&self, comparison: &Comparison) -> bool {
        let level = |d: usize| comparison.level[d];
        let home = [dim::ADDRESS, dim::PHONE, dim::EMAIL].iter().any(|d| level(*d) == 0);
        let colleagues = matches!(level(dim::EMPLOYER), 0..=3 | 6)
            || level(dim::ORGANIZATION) != MISSING
            || level(dim::EMAIL) == 6;
        let family = level(dim::FAMILY) == 0;
        home && (family || !colleagues) && self.relative - self.matched.max(0.0) >= RELATIVES
    }

    /// Posterior probability of a match.
    pub fn posterior(&self) -> f64 {
        1.0 / (1.0 + (-self.total).exp())
    }

    /// Log odds in bits.
    pub fn bits(&self) -> f32 {
        (self.total / std::f64::consts::LN_2) as f32
    }

    /// Of the log odds of a match, of relatives, of another site, and of relatives of one account.
    pub(crate) fn combine([matched, relative, site, account]: [f64; 4]) -> Self {
        let more = relative.max(account);
        let less = relative.min(account);
        // Neither where the class is switched off.
        let relative = if less.is_finite() { more + (less - more).exp().ln_1p() } else { more };
        // ln(1 + e^R + e^C), stable.
        let top = relative.max(site).max(0.0);
        let background = top + ((-top).exp() + (relative - top).exp() + (site - top).exp()).ln();
        Self { total: matched - background, matched, relative, site }
    }
}

/// One dimension's contribution to the classes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Term {
    pub(crate) matched: f64,
    pub(crate) relative: f64,
    pub(crate) site: f64,
    /// Of relatives of one account.
    pub(crate) account: f64,
}

impl Term {
    /// By class, in the order of [`Parameters::ln_priors`].
    pub(crate) const fn by_class(self) -> [f64; 4] {
        [self.matched, self.relative, self.site, self.account]
    }
}

impl Parameters {
    /// Generic parameters before any training, for a table's records and `pairs` of this sort.
    pub fn generic(table: &Table, pairs: f64, records: f64) -> Self {
        let shape = |f: &dyn Fn(usize, usize) -> f64| -> Vec<Vec<f64>> {
            (0..DIMENSIONS)
                .map(|d| (0..DIMENSION[d].levels.len()).map(|l| f(d, l)).collect())
                .collect()
        };
        let m = shape(&|d, l| DIMENSION[d].m[l]);
        let u = shape(&|d, l| generic_u(d)[l]);
        let c = &table.counts;
        let mut fields = vec![0.0; DIMENSIONS];
        for (d, counts) in [
            (dim::GIVEN, &c.given),
            (dim::MIDDLE, &c.middle_token),
            (dim::FAMILY, &c.family),
            (dim::BIRTH, &c.birth),
            (dim::EMAIL, &c.email),
            (dim::PHONE, &c.phone),
            (dim::ADDRESS, &c.place),
            (dim::IDENTIFIER, &c.identifier),
            (dim::TOKEN, &c.token),
            (dim::LINK, &c.link),
            (dim::ORGANIZATION, &c.organization),
            (dim::EMPLOYER, &c.organization),
            (dim::WEB, &c.web),
            (dim::JOB, &c.job),
        ] {
            fields[d] = f64::from(counts.records).max(SCARCE_RECORDS);
        }
        for (at, column) in table.texts.iter().enumerate() {
            fields[dim::TEXT + at] = f64::from(column.counts.records).max(SCARCE_RECORDS);
        }
        let prior = 0.5 * records / pairs.max(1.0);
        let mut out = Self {
            r: m.clone(),
            q: m.clone(),
            mean_ln_frequency: shape(&|_, _| -7.0),
            m,
            u,
            records: fields,
            s: vec![1.0; DIMENSIONS],
            pairs: pairs.max(1.0),
            prior: [prior, prior, prior],
            leak: LEAK_MAX.map(|most| most.min(LEAK)),
            kappa: 1e-3,
            plain: !table.method.has(Part::ValueFrequencies),
            logs: Cached::default(),
        };
        for d in 0..DIMENSIONS {
            out.s[d] = out.pseudo_count(d, 0.0);
        }
        out
    }

    /// s of a dimension whose values collide among non-matches with this probability.
    pub(crate) fn pseudo_count(&self, d: usize, collision: f64) -> f64 {
        let floor = match d {
            dim::GIVEN | dim::FAMILY | dim::MIDDLE => return 1.0,
            dim::ADDRESS => return 0.3,
            dim::BIRTH => 1.0 / 20_000.0,
            dim::IDENTIFIER | dim::LINK | dim::TOKEN => 1e-8,
            dim::EMAIL | dim::PHONE => 1e-7,
            dim::ORGANIZATION | dim::WEB => 1e-6,
            _ => 1e-3,
        };
        (self.records[d] * collision.max(floor)).clamp(0.02, 1.0)
    }

    fn logs(&self) -> &Logs {
        self.logs.0.get_or_init(|| {
            let ln = |table: &[Vec<f64>]| -> Vec<Vec<f64>> {
                table.iter().map(|row| row.iter().map(|x| x.ln()).collect()).collect()
            };
            let counts = (0..DIMENSIONS)
                .map(|d| (0..COUNTS_KEPT).map(|n| self.ln_share(d, n as f64)).collect())
                .collect();
            let [matched, relatives, site] = self.prior.map(f64::ln);
            let (apart, account) = ((1.0 - ONE_ACCOUNT).ln(), ONE_ACCOUNT.ln());
            let mut logs = Logs {
                m: ln(&self.m),
                u: ln(&self.u),
                r: ln(&self.r),
                q: ln(&self.q),
                prior: [matched, relatives + apart, site, relatives + account],
                counts,
                terms: Vec::new(),
            };
            logs.terms = (0..DIMENSIONS)
                .flat_map(|d| (0..DIMENSION[d].levels.len()).map(move |level| (d, level)))
                .map(|(d, level)| {
                    let term = |ln_u| self.term_of(&logs, d, level, ln_u);
                    match DIMENSION[d].frequency[level] {
                        Frequency::None => vec![term(logs.u[d][level])],
                        Frequency::Count => logs.counts[d].iter().map(|ln_u| term(*ln_u)).collect(),
                        Frequency::Relative(_) | Frequency::Given => Vec::new(),
                    }
                })
                .collect();
            Box::new(logs)
        })
    }

    /// To be called after any table was changed.
    pub(crate) fn changed(&mut self) {
        self.logs = Cached::default();
    }

    /// ln of the frequency of a value that so many records have beyond the pair's own two.
    fn ln_share(&self, d: usize, count: f64) -> f64 {
        ((count + self.s[d]) / self.records[d].max(1.0)).min(1.0).ln()
    }

    /// ln u of the level reached by the values compared.
    pub(crate) fn ln_u(&self, d: usize, level: u8, feature: f32, email_base: f32) -> f64 {
        let l = level as usize;
        match DIMENSION[d].frequency[l] {
            Frequency::Count | Frequency::Relative(_) if self.plain => self.logs().u[d][l],
            Frequency::None => self.logs().u[d][l],
            Frequency::Count => match self.logs().counts[d].get(feature as usize) {
                Some(known) if feature.fract() == 0.0 => *known,
                _ => self.ln_share(d, f64::from(feature)),
            },
            Frequency::Relative(tenths) => {
                let power = f64::from(tenths) / 10.0;
                let f = f64::from(feature).max(1e-9).ln();
                (self.logs().u[d][l] + power * (f - self.mean_ln_frequency[d][l])).min(-0.01)
            }
            Frequency::Given if d == dim::EMAIL && level <= 1 => {
                let own = (f64::from(feature) + self.s[d]) / self.records[d].max(1.0);
                own.max(self.kappa * f64::from(email_base).exp()).min(1.0).ln()
            }
            Frequency::Given => f64::from(feature),
        }
    }

    /// A dimension's term for a level and its ln u.
    pub(crate) fn term(&self, d: usize, level: u8, ln_u: f64) -> Term {
        self.term_of(self.logs(), d, usize::from(level), ln_u)
    }

    fn term_of(&self, logs: &Logs, d: usize, l: usize, ln_u: f64) -> Term {
        let dimension = &DIMENSION[d];
        let (low, high) = dimension.clamp;
        let clamp = |x: f64| x.clamp(low, high);
        let relative = if dimension.shared_by_relatives {
            clamp(logs.r[d][l] - ln_u)
        } else if let Some(at) = LEAKS.iter().position(|leak| *leak == d) {
            let (u, leak) = (ln_u.exp(), self.leak[at]);
            (((1.0 - leak) * u + leak * self.m[d][l]) / u).ln()
        } else {
            0.0
        };
        // Another site has another house, but mostly in the same part of the town.
        let nearby = d == dim::ADDRESS && !matches!(l, 0..=2 | 9);
        let site =
            if dimension.shared_by_sites || nearby { clamp(logs.q[d][l] - ln_u) } else { 0.0 };
        let matched = clamp(logs.m[d][l] - ln_u);
        let account = if dimension.shared_by_relatives { matched } else { relative };
        Term { matched, relative, site, account }
    }

    /// Log prior odds of a match, of relatives, of another site, and of relatives of one account.
    pub(crate) fn ln_priors(&self) -> [f64; 4] {
        self.logs().prior
    }

    /// Whether the two could be sites of one organisation: their names are alike by half or more.
    pub(crate) fn has_site_class(comparison: &Comparison) -> bool {
        matches!(comparison.level[dim::ORGANIZATION], 0..=3 | 6)
    }

    /// Weighs a comparison. O(dimensions).
    pub fn score(&self, comparison: &Comparison) -> Score {
        let logs = self.logs();
        let mut sums = logs.prior;
        for d in 0..DIMENSIONS {
            let level = comparison.level[d];
            if level == MISSING {
                continue;
            }
            let feature = comparison.feature[d];
            let terms = &logs.terms[FIRST_LEVEL[d] + usize::from(level)];
            let known = match terms.len() {
                0 => None,
                1 => terms.first(),
                _ if feature.fract() == 0.0 => terms.get(feature as usize),
                _ => None,
            };
            let term = known.copied().unwrap_or_else(|| {
                let ln_u = self.ln_u(d, level, feature, comparison.email_base);
                self.term(d, level, ln_u)
            });
            sums.iter_mut().zip(term.by_class()).for_each(|(sum, term)| *sum += term);
        }
        if !Self::has_site_class(comparison) {
            sums[2] = f64::NEG_INFINITY;
        }
        Score::combine(sums)
    }
}
