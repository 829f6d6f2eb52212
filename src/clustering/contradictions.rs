use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use serde::Serialize;

use crate::model::{Judgement, RecordKey, Verdict};

/// Judgements that cannot all hold: two records are judged different, and a chain of others says
/// that they are the same. It is reported and never resolved: until a person withdraws one of them,
/// the two stay apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// What parts the two.
    pub different: Judgement,
    /// What joins them: the shortest chain, from the smaller key on.
    pub chain: Vec<Judgement>,
}

/// `A = B (judgement 1 by ann) = C (judgement 2 by ann), but A ≠ C (judgement 3 by kim)`.
impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Judgement { a, b, sequence, by, .. } = &self.different;
        for (at, same) in self.chain.iter().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{} = {} (judgement {} by {})", same.a, same.b, same.sequence, same.by)?;
        }
        write!(f, ", but {a} ≠ {b} (judgement {sequence} by {by})")
    }
}

/// The last judgement on each pair, by pair.
pub fn judgements_in_force(judgements: &[Judgement]) -> Vec<&Judgement> {
    let mut last: BTreeMap<(&RecordKey, &RecordKey), &Judgement> = BTreeMap::new();
    for judgement in judgements {
        last.insert((&judgement.a, &judgement.b), judgement);
    }
    last.into_values().collect()
}

/// The contradictions among judgements, given in order, by the keys of the records that are judged
/// different. `survivor` names the record that answers for another which was merged away.
/// O(judgements) for each record that is judged different from one it is joined with.
pub fn contradictions(
    judgements: &[Judgement],
    survivor: impl Fn(&RecordKey) -> RecordKey,
) -> Vec<Contradiction> {
    let mut joins: BTreeMap<RecordKey, BTreeMap<RecordKey, &Judgement>> = BTreeMap::new();
    let mut walls: BTreeMap<(RecordKey, RecordKey), &Judgement> = BTreeMap::new();
    for judgement in judgements_in_force(judgements) {
        let (a, b) = (survivor(&judgement.a), survivor(&judgement.b));
        match judgement.verdict {
            Verdict::Same => {
                joins.entry(a.clone()).or_default().entry(b.clone()).or_insert(judgement);
                joins.entry(b).or_default().entry(a).or_insert(judgement);
            }
            Verdict::Different => {
                walls.entry((a, b)).or_insert(judgement);
            }
            Verdict::Unsure | Verdict::Withdrawn => {}
        }
    }
    let found = walls.into_iter().filter_map(|((a, b), wall)| {
        let chain = chain(&joins, &a, &b)?.into_iter().cloned().collect();
        Some(Contradiction { different: wall.clone(), chain })
    });
    found.collect()
}

/// The shortest chain between two records; of equal ones that over the smallest keys.
fn chain<'a>(
    joins: &BTreeMap<RecordKey, BTreeMap<RecordKey, &'a Judgement>>,
    from: &RecordKey,
    to: &RecordKey,
) -> Option<Vec<&'a Judgement>> {
    let mut came: BTreeMap<&RecordKey, (&RecordKey, &'a Judgement)> = BTreeMap::new();
    let mut seen: BTreeSet<&RecordKey> = BTreeSet::from([from]);
    let mut open: VecDeque<&RecordKey> = VecDeque::from([from]);
    while let Some(record) = open.pop_front() {
        for (next, judgement) in joins.get(record).into_iter().flatten() {
            if seen.insert(next) {
                came.insert(next, (record, *judgement));
                open.push_back(next);
            }
        }
    }
    let mut chain = Vec::new();
    let mut at = to;
    while at != from {
        let (before, judgement) = came.get(at)?;
        chain.push(*judgement);
        at = before;
    }
    chain.reverse();
    // One and the same record cannot be judged different from itself by a chain of none.
    (!chain.is_empty()).then_some(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn key(id: &str) -> RecordKey {
        RecordKey::new("s", "o", id)
    }

    fn judged(rows: &[(&str, Verdict, &str)]) -> Vec<Judgement> {
        let one = |(sequence, (a, verdict, b)): (u64, &(&str, Verdict, &str))| Judgement {
            sequence,
            ..Judgement::new(key(a), key(b), *verdict, "kim", "", Timestamp(0))
        };
        (1..).zip(rows).map(one).collect()
    }

    fn chains(judgements: &[Judgement]) -> Vec<String> {
        let all = contradictions(judgements, RecordKey::clone);
        all.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_chain_that_a_wall_crosses_is_told_whole() {
        use Verdict::{Different, Same, Withdrawn};
        let mut rows = vec![("a", Same, "b"), ("c", Same, "b"), ("a", Different, "c")];
        let told = "s:o/a = s:o/b (judgement 1 by kim), s:o/b = s:o/c (judgement 2 by kim), but \
                    s:o/a ≠ s:o/c (judgement 3 by kim)";
        assert_eq!(chains(&judged(&rows)), [told]);
        // A longer way round does not matter, a withdrawn link does.
        rows.extend([("a", Same, "d"), ("d", Same, "e"), ("e", Same, "c")]);
        assert_eq!(chains(&judged(&rows)), [told]);
        rows.push(("b", Withdrawn, "a"));
        assert!(chains(&judged(&rows))[0].contains("s:o/d = s:o/e"));
        rows.push(("d", Withdrawn, "e"));
        assert_eq!(chains(&judged(&rows)), [""; 0]);
    }

    #[test]
    fn a_merge_in_their_system_may_make_two_judgements_meet() {
        use Verdict::{Different, Same};
        let judgements = judged(&[("a", Same, "b"), ("x", Different, "b")]);
        assert_eq!(contradictions(&judgements, RecordKey::clone), []);
        let merged = |k: &RecordKey| if *k == key("x") { key("a") } else { k.clone() };
        assert_eq!(contradictions(&judgements, merged).len(), 1);
    }
}
