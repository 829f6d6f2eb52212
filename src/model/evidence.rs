use serde::{Deserialize, Serialize};

/// A compared pair of records and what its comparison is worth. `a < b` are ordinals of the run's
/// records (sorted by [`RecordKey`](super::RecordKey)).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScoredPair {
    /// The smaller ordinal.
    pub a: u32,
    /// The greater ordinal.
    pub b: u32,
    /// Log odds that both are one entity, in bits (posterior .5 = 0).
    pub weight: f32,
}

impl ScoredPair {
    /// Posterior probability.
    pub fn probability(&self) -> f64 {
        1.0 / (1.0 + (-f64::from(self.weight)).exp2())
    }
}

/// Posteriors at which a pair changes its band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// Clusters form here.
    #[serde(rename = "match")]
    pub matching: f64,
    /// From here on a person should look.
    pub review: f64,
    /// From here on it may be applied unseen.
    pub auto: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { matching: 0.5, review: 0.1, auto: 0.95 }
    }
}

/// What may be done with a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// May be applied unseen.
    Auto,
    /// A person should look.
    Review,
}

/// What the model and people say of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// At or above the match threshold.
    Match,
    /// Between the review and the match threshold.
    Review,
    /// Below.
    NonMatch,
    /// A person decided.
    Judged,
}

/// One comparison of an explanation. Weights are in bits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparisonTerm {
    /// The evidence: `given_name`, `email`, `address` …
    pub field: String,
    /// The level reached, in words: `equal`, `nickname`, `one edit`, `missing` …
    pub level: String,
    /// ln(m/u) of the level in bits, without the value's own frequency.
    pub weight: f64,
    /// What the frequency of the value adds to or takes from it.
    pub term_frequency_weight: f64,
    /// The compared values for a person to see, where the caller asked for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<(String, String)>,
    /// A remark in words (`the address is what both names make of it`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why two records are, or are not, one entity. Terms + prior + background = match weight (bits).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// `SOURCE:OBJECT/RECORD`.
    pub a: String,
    /// `SOURCE:OBJECT/RECORD`.
    pub b: String,
    /// Whether the last rebuild put both into one entity.
    pub same_entity: bool,
    /// Verdict.
    pub decision: Decision,
    /// Posterior.
    pub probability: f64,
    /// Total in bits.
    pub match_weight: f64,
    /// Prior log odds in bits.
    pub prior_weight: f64,
    /// What the background classes (relative, other site) take away, in bits, ≤ 0.
    pub background_weight: f64,
    /// Thresholds in force.
    pub thresholds: Thresholds,
    /// The comparisons, strongest first.
    pub comparisons: Vec<ComparisonTerm>,
    /// A person's decision on the pair.
    pub judgement: Option<super::Judgement>,
    /// The clustering step that joined or parted them.
    pub cluster: Option<MergeStep>,
    /// Blocking rules under which the two met.
    pub shared_keys: Vec<String>,
    /// Rules under which they did not meet, and why.
    pub missed_keys: Vec<MissedKey>,
}

/// A blocking rule that did not bring a pair together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissedKey {
    /// Rule.
    pub rule: String,
    /// `values differ`, `missing on one side`, `block left out: 1,204 records` …
    pub why: String,
}

/// One step of the agglomeration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MergeStep {
    /// A record of one side.
    pub a: String,
    /// A record of the other side.
    pub b: String,
    /// Posterior at the time of the merge.
    pub probability: f64,
    /// Log odds in bits.
    pub match_weight: f64,
    /// `record` or `cluster`, or `judgement`.
    pub kind: String,
}
