//! Scored pairs alone, before clustering, against the truth: by threshold, by band, by probability.

use serde::Serialize;

use super::Evaluated;
use super::measures::{Labels, Measure, ratio};
use crate::error::Result;
use crate::model::Thresholds;

/// Scored pairs at or above a threshold against the truth, without clustering.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ThresholdRow {
    /// Posterior.
    pub threshold: f64,
    /// Pairs at or above it.
    pub pairs: u64,
    /// The measures.
    #[serde(flatten)]
    pub measure: Measure,
}

/// The pairs of one range of probabilities: whether the probability means what it says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReliabilityRow {
    /// Least probability.
    pub from: f64,
    /// The next row's least.
    pub to: f64,
    /// Pairs.
    pub pairs: u64,
    /// What the model expects: mean probability.
    pub expected: f64,
    /// What is so: share of true pairs.
    pub observed: f64,
}

/// What the bands of `merge_candidates.csv` are worth.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Bands {
    /// Pairs that may be applied unseen …
    pub auto_pairs: u64,
    /// … and the share of them that is true.
    pub auto_precision: f64,
    /// Share of the true pairs that they hold.
    pub auto_recall: f64,
    /// Pairs for a person's look …
    pub review_pairs: u64,
    /// … and the share of them that is true.
    pub review_precision: f64,
    /// Of the true pairs that compared records give and auto lacks: share in review.
    pub review_recall: f64,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Scores {
    pub(super) thresholds: Vec<ThresholdRow>,
    pub(super) reliability: Vec<ReliabilityRow>,
    pub(super) bands: Bands,
}

const THRESHOLDS: [f64; 12] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 0.999];
/// Where the rows of the reliability table begin: halves where most pairs are, tenths between.
const RANGES: [f64; 13] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999];

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    pairs: u64,
    right: u64,
    probability: f64,
}

impl Count {
    fn add(&mut self, probability: f64, right: bool) {
        self.pairs += 1;
        self.right += u64::from(right);
        self.probability += probability;
    }
}

impl Scores {
    /// Counts every kept pair of two labelled records once.
    pub(super) fn of(
        labels: &Labels,
        ordinals: &[Option<u32>],
        true_pairs: u64,
        limits: &Thresholds,
        result: &mut dyn Evaluated,
    ) -> Result<Self> {
        let highest = ordinals.iter().flatten().max().map_or(0, |o| *o as usize + 1);
        let mut truth_of: Vec<Option<u32>> = vec![None; highest];
        for (row, ordinal) in ordinals.iter().enumerate() {
            if let Some(ordinal) = ordinal {
                truth_of[*ordinal as usize] = Some(labels.truth[row]);
            }
        }
        let truth = |record: u32| truth_of.get(record as usize).copied().flatten();
        let mut above = [Count::default(); THRESHOLDS.len()];
        let mut ranges = [Count::default(); RANGES.len()];
        let (mut auto, mut review) = (Count::default(), Count::default());
        result.kept_pairs(&mut |pair| {
            let (Some(a), Some(b)) = (truth(pair.a), truth(pair.b)) else { return };
            let (probability, right) = (pair.probability(), a == b);
            for (count, threshold) in above.iter_mut().zip(THRESHOLDS) {
                if probability >= threshold {
                    count.add(probability, right);
                }
            }
            if let Some(at) = RANGES.iter().rposition(|from| probability >= *from) {
                ranges[at].add(probability, right);
            }
            if probability >= limits.auto {
                auto.add(probability, right);
            } else if probability >= limits.review {
                review.add(probability, right);
            }
        })?;
        let precision = |count: &Count| ratio(count.right, count.pairs);
        let thresholds = THRESHOLDS.iter().zip(&above).map(|(threshold, count)| ThresholdRow {
            threshold: *threshold,
            pairs: count.pairs,
            measure: Measure::new(precision(count), ratio(count.right, true_pairs)),
        });
        let ends = RANGES[1..].iter().chain([&1.0]);
        let reliability = RANGES.iter().zip(ends).zip(&ranges).map(|((from, to), count)| {
            let expected = count.probability / count.pairs.max(1) as f64;
            ReliabilityRow {
                from: *from,
                to: *to,
                pairs: count.pairs,
                expected,
                observed: precision(count),
            }
        });
        Ok(Self {
            thresholds: thresholds.collect(),
            reliability: reliability.filter(|row| row.pairs > 0).collect(),
            bands: Bands {
                auto_pairs: auto.pairs,
                auto_precision: precision(&auto),
                auto_recall: ratio(auto.right, true_pairs),
                review_pairs: review.pairs,
                review_precision: precision(&review),
                review_recall: ratio(review.right, true_pairs - auto.right.min(true_pairs)),
            },
        })
    }
}
