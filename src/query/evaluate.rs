use crate::error::Result;
use crate::evaluation::{Evaluated, Evaluation, Labels, PairFacts, Truth};
use crate::model::{NormalRecord, RecordKey, ScoredPair};
use crate::pipeline::View;

/// Evaluates the last results against labelled records.
///
/// # Errors
/// The truth cannot be aligned; damage.
pub fn evaluate(view: &View, truth: &Truth) -> Result<Evaluation> {
    let results = view.results();
    let ordinals =
        truth.align((0..results.records()).map(|ordinal| results.key(ordinal)))?.ordinals;
    let labels = Labels::new(truth, &ordinals, |ordinal| results.entity_of(ordinal))?;
    let limits = &results.summary().thresholds;
    let records = u64::from(results.records());
    crate::evaluation::evaluate(&labels, &ordinals, records, limits, &mut Last(view))
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

    fn key(&mut self, record: u32) -> Result<RecordKey> {
        self.0.results().key(record)
    }

    fn sources(&mut self, take: &mut dyn FnMut(u32, &str)) -> Result<()> {
        let results = self.0.results();
        results.scan_keys(0..results.records(), |at, source, _, _| take(at, source))
    }

    fn normals(&mut self, take: &mut dyn FnMut(u32, &NormalRecord)) -> Result<()> {
        let results = self.0.results();
        results.scan_normals(0..results.records(), |at, encoded| {
            take(at, &results.decode_normal(encoded)?);
            Ok(())
        })
    }

    fn kept_pairs(&mut self, take: &mut dyn FnMut(ScoredPair)) -> Result<()> {
        let results = self.0.results();
        for position in 0..results.pairs() {
            take(results.pair(position)?);
        }
        Ok(())
    }
}
