use crate::error::Result;
use crate::evaluation::{Evaluated, Evaluation, Labels, PairFacts, Truth};
use crate::model::{NormalRecord, ScoredPair};
use crate::pipeline::View;

/// Evaluates the last results against labelled records.
///
/// # Errors
/// The truth cannot be aligned; damage.
pub fn evaluate(view: &View, truth: &Truth) -> Result<Evaluation> {
    let results = view.results();
    let ordinals =
        truth.align((0..results.records()).map(|ordinal| results.key(ordinal)))?.ordinals;
    let mut single = results.entities();
    let mut cluster = Vec::with_capacity(ordinals.len());
    for ordinal in &ordinals {
        cluster.push(match ordinal {
            Some(ordinal) => results.entity_of(*ordinal)?,
            None => {
                single += 1;
                single
            }
        });
    }
    let labels = Labels { truth: truth.labels(), cluster };
    let threshold = results.summary().thresholds.matching;
    let records = u64::from(results.records());
    crate::evaluation::evaluate(&labels, &ordinals, records, threshold, &mut Last(view))
}

/// The last results as evaluation sees them.
struct Last<'a>(&'a View);

impl Evaluated for Last<'_> {
    fn pair(&mut self, a: u32, b: u32) -> Result<PairFacts> {
        // A kept pair was a candidate; only the others need the dear way.
        if let Some(pair) = self.0.results().find_pair(a, b)? {
            return Ok(PairFacts { candidate: true, probability: Some(pair.probability()) });
        }
        let explanation = self.0.explain(a, b)?;
        let candidate = !explanation.shared_keys.is_empty();
        Ok(PairFacts { candidate, probability: Some(explanation.probability) })
    }

    fn normal(&mut self, record: u32) -> Result<NormalRecord> {
        self.0.results().normal(record)
    }

    fn key(&mut self, record: u32) -> Result<String> {
        self.0.results().key(record).map(|key| key.to_string())
    }

    fn kept_pairs(&mut self, take: &mut dyn FnMut(ScoredPair)) -> Result<()> {
        let results = self.0.results();
        for position in 0..results.pairs() {
            take(results.pair(position)?);
        }
        Ok(())
    }
}
