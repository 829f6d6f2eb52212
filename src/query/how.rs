use serde::Serialize;

use super::resolve_entity;
use crate::error::Result;
use crate::model::{EntityId, ScoredPair};
use crate::pipeline::View;
use crate::store::results::StepRow;

/// The steps by which a cluster formed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct How {
    /// Its stable id.
    pub entity_id: EntityId,
    /// Steps in order.
    pub steps: Vec<HowStep>,
    /// Index of the step with the least weight; `None` for an entity of one record.
    pub weakest: Option<usize>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HowStep {
    /// A record of one side.
    pub a: String,
    /// A record of the other side.
    pub b: String,
    /// Posterior at the time of the step.
    pub probability: f64,
    /// Log odds in bits.
    pub match_weight: f64,
    /// `record`, `cluster` or `judgement`.
    pub kind: &'static str,
}

/// How the entity of an id came to be.
///
/// # Errors
/// The id is unknown or stands for several; damage.
pub fn how(view: &View, id: &str) -> Result<How> {
    let results = view.results();
    let entity = results.entity(resolve_entity(view, id)?)?;
    let mut steps = Vec::with_capacity(entity.steps.len());
    for step in &entity.steps {
        steps.push(HowStep {
            a: results.key(step.a)?.to_string(),
            b: results.key(step.b)?.to_string(),
            probability: ScoredPair { a: step.a, b: step.b, weight: step.weight }.probability(),
            match_weight: f64::from(step.weight),
            kind: match step.kind {
                0 => "record",
                1 => "cluster",
                _ => "judgement",
            },
        });
    }
    Ok(How { entity_id: entity.id, steps, weakest: weakest(&entity.steps) })
}

/// The first of the steps with the least weight; a person's word is never the weakest link.
fn weakest(steps: &[StepRow]) -> Option<usize> {
    (0..steps.len()).min_by(|x, y| {
        let key = |at: usize| (steps[at].kind >= 2, steps[at].weight);
        let ((p, v), (q, w)) = (key(*x), key(*y));
        p.cmp(&q).then(v.total_cmp(&w)).then(x.cmp(y))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weakest_link_is_the_least_weight_but_no_judgement() {
        let step = |weight, kind| StepRow { a: 0, b: 1, weight, kind };
        assert_eq!(weakest(&[]), None);
        assert_eq!(weakest(&[step(9.0, 0), step(1.0, 1), step(1.0, 0), step(-20.0, 2)]), Some(1));
        assert_eq!(weakest(&[step(-20.0, 2)]), Some(0));
    }
}
