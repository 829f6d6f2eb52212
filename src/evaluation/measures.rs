use serde::Serialize;

use super::truth::Truth;
use crate::error::Result;

/// The entity of each labelled record in truth and in the result, as numbers without meaning. A
/// record that the result lacks has a number of its own.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// By truth.
    pub truth: Vec<u32>,
    /// By the result.
    pub cluster: Vec<u32>,
}

impl Labels {
    /// Labels of a truth's rows; `ordinals` are their records in the result, `entity` gives a
    /// record's entity (any number under 2³¹).
    ///
    /// # Errors
    /// What `entity` returns.
    pub fn new(
        truth: &Truth,
        ordinals: &[Option<u32>],
        mut entity: impl FnMut(u32) -> Result<u32>,
    ) -> Result<Self> {
        let mut single = u32::MAX;
        let of = |ordinal: &Option<u32>| match ordinal {
            Some(ordinal) => entity(*ordinal),
            None => {
                single -= 1;
                Ok(single)
            }
        };
        let cluster = ordinals.iter().map(of).collect::<Result<_>>()?;
        Ok(Self { truth: truth.labels(), cluster })
    }
}

/// Precision, recall and their harmonic mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Measure {
    /// Share of what was found that is true.
    pub precision: f64,
    /// Share of what is true that was found.
    pub recall: f64,
    /// 2PR / (P + R), 0 where both are.
    pub f1: f64,
}

impl Measure {
    /// From precision and recall.
    pub fn new(precision: f64, recall: f64) -> Self {
        let sum = precision + recall;
        let f1 = if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 };
        Self { precision, recall, f1 }
    }
}

/// Counts over all labelled records.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measures {
    /// Pairs of the truth.
    pub true_pairs: u64,
    /// Pairs of the result.
    pub found_pairs: u64,
    /// Pairs of both.
    pub true_found_pairs: u64,
    /// Entities of the truth.
    pub true_entities: u64,
    /// Entities of the result.
    pub entities: u64,
    /// Records of the largest entity of the result.
    pub largest_entity: u64,
    /// B-cubed.
    pub bcubed: Measure,
}

impl Measures {
    /// Counts. O(n log n).
    pub fn of(labels: &Labels) -> Self {
        let truth = sizes(labels.truth.iter().map(|t| (*t, 0)));
        let found = sizes(labels.cluster.iter().map(|c| (*c, 0)));
        let both = sizes(labels.truth.iter().copied().zip(labels.cluster.iter().copied()));
        let pairs =
            |groups: &[((u32, u32), u64)]| groups.iter().map(|(_, n)| n * (n - 1) / 2).sum();
        let size = |groups: &[((u32, u32), u64)], key: u32| {
            let at = groups.partition_point(|((k, _), _)| *k < key);
            groups.get(at).map_or(1, |(_, n)| *n)
        };
        let (mut precision, mut recall) = (0.0, 0.0);
        for ((t, c), n) in &both {
            let square = (n * n) as f64;
            precision += square / size(&found, *c) as f64;
            recall += square / size(&truth, *t) as f64;
        }
        let records = labels.truth.len().max(1) as f64;
        Self {
            true_pairs: pairs(&truth),
            found_pairs: pairs(&found),
            true_found_pairs: pairs(&both),
            true_entities: truth.len() as u64,
            entities: found.len() as u64,
            largest_entity: found.iter().map(|(_, n)| *n).max().unwrap_or(0),
            bcubed: Measure::new(precision / records, recall / records),
        }
    }

    /// Over all pairs within clusters.
    pub fn pairwise(&self) -> Measure {
        Measure::new(
            ratio(self.true_found_pairs, self.found_pairs),
            ratio(self.true_found_pairs, self.true_pairs),
        )
    }
}

/// Area under the ROC curve: the chance that a pair of one entity scores above a pair of two, ties
/// counting half. `scored` is (score, one entity); .5 where either sort is missing. O(n log n).
pub fn roc_area(scored: impl IntoIterator<Item = (f64, bool)>) -> f64 {
    let mut scored: Vec<(f64, bool)> = scored.into_iter().collect();
    scored.sort_by(|x, y| x.0.total_cmp(&y.0));
    let (mut below, mut right, mut won) = (0.0, 0.0, 0.0);
    for ties in scored.chunk_by(|x, y| x.0.total_cmp(&y.0).is_eq()) {
        let same = ties.iter().filter(|tie| tie.1).count() as f64;
        let other = ties.len() as f64 - same;
        won += same * (below + 0.5 * other);
        below += other;
        right += same;
    }
    if below * right > 0.0 { won / (below * right) } else { 0.5 }
}

/// `part / whole`, 0 where there is nothing.
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Groups equal keys: (key, size), sorted by key.
fn sizes(keys: impl Iterator<Item = (u32, u32)>) -> Vec<((u32, u32), u64)> {
    let mut keys: Vec<(u32, u32)> = keys.collect();
    keys.sort_unstable();
    let mut groups: Vec<((u32, u32), u64)> = Vec::new();
    for key in keys {
        match groups.last_mut() {
            Some((last, n)) if *last == key => *n += 1,
            _ => groups.push((key, 1)),
        }
    }
    groups
}

/// Hands every pair of rows with one label to `take`, by label, then by row.
pub(super) fn each_pair_within(
    labels: &[u32],
    take: &mut dyn FnMut(usize, usize) -> Result<()>,
) -> Result<()> {
    let mut rows: Vec<usize> = (0..labels.len()).collect();
    rows.sort_unstable_by_key(|row| (labels[*row], *row));
    for group in rows.chunk_by(|a, b| labels[*a] == labels[*b]) {
        for (at, a) in group.iter().enumerate() {
            for b in &group[at + 1..] {
                take(*a, *b)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_and_a_useless_result() {
        let perfect = Labels { truth: vec![7, 7, 8, 9], cluster: vec![1, 1, 0, 2] };
        let measures = Measures::of(&perfect);
        assert_eq!(measures.pairwise(), Measure::new(1.0, 1.0));
        assert_eq!(measures.bcubed, Measure::new(1.0, 1.0));
        let none = Labels { truth: vec![7, 7, 8, 9], cluster: vec![0, 1, 2, 3] };
        let measures = Measures::of(&none);
        assert_eq!(measures.pairwise(), Measure::new(0.0, 0.0));
        assert_eq!(measures.bcubed, Measure::new(1.0, 0.75));
        assert_eq!(Measures::of(&Labels::default()).pairwise().f1, 0.0);
    }

    #[test]
    fn area_under_the_curve() {
        assert_eq!(roc_area([(1.0, false), (2.0, true), (3.0, true)]), 1.0);
        assert_eq!(roc_area([(1.0, true), (2.0, false)]), 0.0);
        assert_eq!(roc_area([(1.0, true), (1.0, false)]), 0.5);
        assert_eq!(roc_area([(1.0, false), (2.0, true), (2.0, false), (3.0, true)]), 0.875);
        assert_eq!(roc_area([(1.0, true)]), 0.5);
    }

    /// By hand: truth {a b c} {d e}; result {a b} {c d e}.
    #[test]
    fn one_record_on_the_wrong_side() {
        let labels = Labels { truth: vec![0, 0, 0, 1, 1], cluster: vec![0, 0, 1, 1, 1] };
        let measures = Measures::of(&labels);
        assert_eq!(
            (measures.true_pairs, measures.found_pairs, measures.true_found_pairs),
            (4, 4, 2)
        );
        let precision = (2.0 + 2.0 * 2.0 / 3.0 + 1.0 / 3.0) / 5.0;
        let recall = (2.0 * 2.0 / 3.0 + 1.0 / 3.0 + 2.0) / 5.0;
        assert!((measures.bcubed.precision - precision).abs() < 1e-12);
        assert!((measures.bcubed.recall - recall).abs() < 1e-12);
        assert_eq!(measures.largest_entity, 3);
    }

    proptest::proptest! {
        /// The definitions, word by word, over all pairs and all records.
        #[test]
        fn counts_follow_the_definitions(
            rows in proptest::collection::vec((0_u32..6, 0_u32..6), 1..40)
        ) {
            let (truth, cluster): (Vec<u32>, Vec<u32>) = rows.iter().copied().unzip();
            let n = rows.len();
            let (mut true_pairs, mut found_pairs, mut both) = (0, 0, 0);
            let (mut precision, mut recall) = (0.0, 0.0);
            for a in 0..n {
                let (mut same_truth, mut same_cluster, mut same_both) = (0.0, 0.0, 0.0);
                for b in 0..n {
                    let (t, c) = (truth[a] == truth[b], cluster[a] == cluster[b]);
                    same_truth += f64::from(u8::from(t));
                    same_cluster += f64::from(u8::from(c));
                    same_both += f64::from(u8::from(t && c));
                    if a < b {
                        true_pairs += u64::from(t);
                        found_pairs += u64::from(c);
                        both += u64::from(t && c);
                    }
                }
                precision += same_both / same_cluster / n as f64;
                recall += same_both / same_truth / n as f64;
            }
            let measures = Measures::of(&Labels { truth, cluster });
            proptest::prop_assert_eq!(measures.true_pairs, true_pairs);
            proptest::prop_assert_eq!(measures.found_pairs, found_pairs);
            proptest::prop_assert_eq!(measures.true_found_pairs, both);
            proptest::prop_assert!((measures.bcubed.precision - precision).abs() < 1e-9);
            proptest::prop_assert!((measures.bcubed.recall - recall).abs() < 1e-9);
        }
    }
}
