//! How good a result is against labelled records. Pure but for [`Truth::load`]: what it needs to know
//! of the result comes through closures, so that it knows neither store nor model.
//!
//! Pairwise measures count all pairs within clusters; B-cubed (Bagga and Baldwin 1998) averages each
//! record's share of right companions.

mod groups;
mod measures;
mod reasons;
mod scores;
mod truth;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::error::Result;
use crate::model::{NormalRecord, RecordKey, ScoredPair, Thresholds};

pub use groups::GroupRow;
pub use measures::{Labels, Measure, Measures, roc_area};
pub use reasons::{false_merge_reason, miss_reason};
pub use scores::{Bands, ReliabilityRow, ThresholdRow};
pub use truth::{Alignment, Truth};

use scores::Scores;

/// The whole evaluation, with the keys of `evaluate --format json`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Evaluation {
    /// Over all pairs of records within clusters.
    pub pairwise: Measure,
    /// Over records.
    pub bcubed: Measure,
    /// Share of true pairs that blocking brought together.
    pub blocking_recall: f64,
    /// Share of those that score at or above the match threshold.
    pub scorer_recall: f64,
    /// Live records of the result.
    pub records: u64,
    /// Records of the truth.
    pub truth_records: u64,
    /// Records of the truth that the result lacks; each counts as an entity of its own.
    pub missing: u64,
    /// Entities of the truth.
    pub true_entities: u64,
    /// Entities found among the records of the truth.
    pub entities: u64,
    /// Pairs of the truth.
    pub true_pairs: u64,
    /// Pairs found.
    pub found_pairs: u64,
    /// Pairs found that are true.
    pub true_found_pairs: u64,
    /// Records of the largest entity found.
    pub largest_entity: u64,
    /// Every how many-th true pair the two recalls were counted on (1 = all).
    pub recall_sample_step: u64,
    /// Scored pairs alone, before clustering, by threshold.
    pub thresholds: Vec<ThresholdRow>,
    /// Scored pairs alone: whether probabilities mean what they say.
    pub reliability: Vec<ReliabilityRow>,
    /// Scored pairs alone: what may be applied unseen, and what a person looks at.
    pub bands: Bands,
    /// Pairs within clusters by the sources of their records, most wrong ones first.
    pub by_source: Vec<GroupRow>,
    /// Pairs within clusters by the countries of their records, most wrong ones first.
    pub by_country: Vec<GroupRow>,
    /// Wrong pairs by reason.
    pub errors: Errors,
}

/// Wrong pairs by reason.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Errors {
    /// Pairs in one entity that are two in truth.
    pub false_merges: Vec<Reason>,
    /// Pairs in two entities that are one in truth.
    pub misses: Vec<Reason>,
    /// The surest false merges and the nearest misses.
    pub examples: Vec<Example>,
    /// Every how many-th wrong pair was looked at (1 = all).
    pub sample_step: u64,
}

/// A reason and its pairs (of those looked at).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// In words.
    pub reason: String,
    /// Number of pairs.
    pub pairs: u64,
}

/// One wrong pair.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// `false merge` or `miss`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// In words.
    pub reason: &'static str,
    /// Record.
    pub a: String,
    /// Record.
    pub b: String,
    /// Posterior of the two alone, where they were compared.
    pub probability: Option<f64>,
}

/// What the result knows of one pair.
#[derive(Clone, Copy, Debug, Default)]
pub struct PairFacts {
    /// Blocking brought them together.
    pub candidate: bool,
    /// Posterior of the two alone.
    pub probability: Option<f64>,
}

/// The result as evaluation sees it; records are ordinals.
pub trait Evaluated {
    /// What is known of a pair.
    ///
    /// # Errors
    /// Reading fails.
    fn pair(&mut self, a: u32, b: u32) -> Result<PairFacts>;
    /// A record's values.
    ///
    /// # Errors
    /// Reading fails.
    fn normal(&mut self, record: u32) -> Result<NormalRecord>;
    /// A record's key.
    ///
    /// # Errors
    /// Reading fails.
    fn key(&mut self, record: u32) -> Result<RecordKey>;
    /// Hands the source of every record to `take`, with its ordinal.
    ///
    /// # Errors
    /// Reading fails.
    fn sources(&mut self, take: &mut dyn FnMut(u32, &str)) -> Result<()>;
    /// Hands the values of every record to `take`, with its ordinal.
    ///
    /// # Errors
    /// Reading fails.
    fn normals(&mut self, take: &mut dyn FnMut(u32, &NormalRecord)) -> Result<()>;
    /// Hands every kept pair (at or above the review threshold) to `take`.
    ///
    /// # Errors
    /// Reading fails.
    fn kept_pairs(&mut self, take: &mut dyn FnMut(ScoredPair)) -> Result<()>;
}

/// Most true pairs that are looked up for the two recalls.
const RECALL_PAIRS: u64 = 200_000;
/// Most wrong pairs of each sort that a reason is sought for.
const ERROR_PAIRS: u64 = 20_000;
/// Examples of each sort.
const EXAMPLES: usize = 20;

/// Evaluates. `ordinals[row]` is the record of each row of the truth, `None` where the result lacks
/// it; `labels` gives the truth's and the result's entity of each row.
///
/// # Errors
/// What `result` returns.
pub fn evaluate(
    labels: &Labels,
    ordinals: &[Option<u32>],
    records: u64,
    limits: &Thresholds,
    result: &mut dyn Evaluated,
) -> Result<Evaluation> {
    let measures = Measures::of(labels);
    let mut evaluation = Evaluation {
        pairwise: measures.pairwise(),
        bcubed: measures.bcubed,
        records,
        truth_records: labels.truth.len() as u64,
        missing: ordinals.iter().filter(|o| o.is_none()).count() as u64,
        true_entities: measures.true_entities,
        entities: measures.entities,
        true_pairs: measures.true_pairs,
        found_pairs: measures.found_pairs,
        true_found_pairs: measures.true_found_pairs,
        largest_entity: measures.largest_entity,
        ..Evaluation::default()
    };
    recalls(labels, ordinals, limits.matching, &mut evaluation, result)?;
    let scores = Scores::of(labels, ordinals, measures.true_pairs, limits, result)?;
    evaluation.thresholds = scores.thresholds;
    evaluation.reliability = scores.reliability;
    evaluation.bands = scores.bands;
    (evaluation.by_source, evaluation.by_country) = groups::groups(labels, ordinals, result)?;
    evaluation.errors = errors(labels, ordinals, result)?;
    Ok(evaluation)
}

/// Blocking recall and scorer recall, over every so many-th true pair.
fn recalls(
    labels: &Labels,
    ordinals: &[Option<u32>],
    match_threshold: f64,
    evaluation: &mut Evaluation,
    result: &mut dyn Evaluated,
) -> Result<()> {
    let step = evaluation.true_pairs.div_ceil(RECALL_PAIRS).max(1);
    let (mut seen, mut looked, mut candidates, mut matches) = (0_u64, 0_u64, 0_u64, 0_u64);
    measures::each_pair_within(&labels.truth, &mut |a, b| {
        seen += 1;
        if !(seen - 1).is_multiple_of(step) {
            return Ok(());
        }
        looked += 1;
        if let (Some(a), Some(b)) = (ordinals[a], ordinals[b]) {
            let facts = result.pair(a.min(b), a.max(b))?;
            candidates += u64::from(facts.candidate);
            let scored = facts.probability.is_some_and(|p| p >= match_threshold);
            matches += u64::from(facts.candidate && scored);
        }
        Ok(())
    })?;
    evaluation.recall_sample_step = step;
    evaluation.blocking_recall = measures::ratio(candidates, looked);
    evaluation.scorer_recall = measures::ratio(matches, candidates);
    Ok(())
}

fn errors(labels: &Labels, ordinals: &[Option<u32>], result: &mut dyn Evaluated) -> Result<Errors> {
    let mut errors = Errors { sample_step: 1, ..Errors::default() };
    let (found, step) = sort_of_error(&labels.cluster, &labels.truth, ordinals, result, true)?;
    errors.sample_step = errors.sample_step.max(step);
    errors.false_merges = found.reasons;
    errors.examples = found.examples;
    let (found, step) = sort_of_error(&labels.truth, &labels.cluster, ordinals, result, false)?;
    errors.sample_step = errors.sample_step.max(step);
    errors.misses = found.reasons;
    errors.examples.extend(found.examples);
    Ok(errors)
}

struct Found {
    reasons: Vec<Reason>,
    examples: Vec<Example>,
}

/// Looks at pairs that `within` joins and `across` parts.
fn sort_of_error(
    within: &[u32],
    across: &[u32],
    ordinals: &[Option<u32>],
    result: &mut dyn Evaluated,
    merged: bool,
) -> Result<(Found, u64)> {
    let mut total = 0_u64;
    measures::each_pair_within(within, &mut |a, b| {
        total += u64::from(across[a] != across[b]);
        Ok(())
    })?;
    let step = total.div_ceil(ERROR_PAIRS).max(1);
    let mut seen = 0_u64;
    let mut counts: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut examples: Vec<(f64, u32, u32, &'static str, Option<f64>)> = Vec::new();
    measures::each_pair_within(within, &mut |a, b| {
        if across[a] == across[b] {
            return Ok(());
        }
        seen += 1;
        if !(seen - 1).is_multiple_of(step) {
            return Ok(());
        }
        let (Some(a), Some(b)) = (ordinals[a], ordinals[b]) else {
            *counts.entry("record missing from the result").or_default() += 1;
            return Ok(());
        };
        let facts = result.pair(a.min(b), a.max(b))?;
        let (left, right) = (result.normal(a)?, result.normal(b)?);
        let reason = if merged {
            false_merge_reason(&left, &right)
        } else if !facts.candidate {
            "never compared (blocking)"
        } else {
            miss_reason(&left, &right)
        };
        *counts.entry(reason).or_default() += 1;
        examples.push((
            facts.probability.unwrap_or(0.0),
            a.min(b),
            a.max(b),
            reason,
            facts.probability,
        ));
        Ok(())
    })?;
    examples.sort_by(|x, y| y.0.total_cmp(&x.0).then((x.1, x.2).cmp(&(y.1, y.2))));
    examples.truncate(EXAMPLES);
    let mut shown = Vec::new();
    for (_, a, b, reason, probability) in examples {
        let kind = if merged { "false merge" } else { "miss" };
        shown.push(Example {
            kind,
            reason,
            a: result.key(a)?.to_string(),
            b: result.key(b)?.to_string(),
            probability,
        });
    }
    let mut reasons: Vec<Reason> = counts
        .into_iter()
        .map(|(reason, pairs)| Reason { reason: reason.to_owned(), pairs })
        .collect();
    reasons.sort_by(|x, y| y.pairs.cmp(&x.pairs).then(x.reason.cmp(&y.reason)));
    Ok((Found { reasons, examples: shown }, step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Address;

    /// Records 0 and 1 are one, kept at .9; 2 and 3 are two but merged.
    struct Small;

    impl Evaluated for Small {
        fn pair(&mut self, a: u32, b: u32) -> Result<PairFacts> {
            Ok(match (a, b) {
                (0, 1) => PairFacts { candidate: true, probability: Some(0.9) },
                (2, 3) => PairFacts { candidate: true, probability: Some(0.6) },
                _ => PairFacts::default(),
            })
        }
        fn normal(&mut self, record: u32) -> Result<NormalRecord> {
            let country = if record == 3 { "DE" } else { "FR" };
            let address = Address { country: country.to_owned(), ..Address::default() };
            Ok(NormalRecord { addresses: vec![address], ..NormalRecord::default() })
        }
        fn key(&mut self, record: u32) -> Result<RecordKey> {
            Ok(RecordKey::new(["crm", "shop"][record as usize % 2], "o", &record.to_string()))
        }
        fn sources(&mut self, take: &mut dyn FnMut(u32, &str)) -> Result<()> {
            (0..5).try_for_each(|at| {
                take(at, &self.key(at)?.source);
                Ok(())
            })
        }
        fn normals(&mut self, take: &mut dyn FnMut(u32, &NormalRecord)) -> Result<()> {
            (0..5).try_for_each(|at| {
                take(at, &self.normal(at)?);
                Ok(())
            })
        }
        fn kept_pairs(&mut self, take: &mut dyn FnMut(ScoredPair)) -> Result<()> {
            take(ScoredPair { a: 0, b: 1, weight: 3.17 });
            take(ScoredPair { a: 2, b: 3, weight: 0.6 });
            Ok(())
        }
    }

    #[test]
    fn a_small_result() {
        let labels = Labels { truth: vec![0, 0, 1, 2, 2], cluster: vec![0, 0, 1, 1, 2] };
        let ordinals = [Some(0), Some(1), Some(2), Some(3), Some(4)];
        let result = evaluate(&labels, &ordinals, 5, &Thresholds::default(), &mut Small).unwrap();
        assert_eq!(result.pairwise, Measure::new(0.5, 0.5));
        assert!((result.blocking_recall - 0.5).abs() < 1e-9);
        assert!((result.scorer_recall - 1.0).abs() < 1e-9);
        let at_half = result.thresholds.iter().find(|row| row.threshold == 0.5).unwrap();
        assert_eq!((at_half.pairs, at_half.measure.precision), (2, 0.5));
        assert_eq!(result.errors.false_merges.len(), 1);
        assert_eq!(result.errors.misses[0].reason, "never compared (blocking)");
        assert_eq!(result.errors.examples[0].a, "crm:o/2");
        let at = |from: f64| result.reliability.iter().find(|row| row.from == from).unwrap();
        assert_eq!((at(0.9).pairs, at(0.9).observed, at(0.6).observed), (1, 1.0, 0.0));
        assert_eq!(result.bands.auto_pairs, 0);
        assert_eq!((result.bands.review_pairs, result.bands.review_recall), (2, 0.5));
        let groups = |rows: &[GroupRow]| -> Vec<(String, u64, u64, u64)> {
            let row = |row: &GroupRow| {
                (row.group.clone(), row.true_pairs, row.found_pairs, row.true_found_pairs)
            };
            rows.iter().map(row).collect()
        };
        let pair = |name: &str, t, f, b| (name.to_owned(), t, f, b);
        assert_eq!(groups(&result.by_source), [pair("crm | shop", 2, 2, 1)]);
        assert_eq!(groups(&result.by_country), [pair("DE | FR", 1, 1, 0), pair("FR", 1, 1, 1)]);
    }
}
