use std::collections::BTreeMap;

use serde::Serialize;

use super::{Query, resolve};
use crate::error::{ErrorKind, Result};
use crate::model::{EntityId, GoldenRecord, MappedRecord, NormalRecord};
use crate::normalize::normalize;
use crate::pipeline::View;

/// An entity that a query may mean.
#[derive(Clone, Serialize)]
pub struct FoundEntity {
    /// Its stable id.
    pub entity_id: EntityId,
    /// Posterior of its nearest record.
    pub probability: f64,
    /// Its name.
    pub full_name: Option<String>,
    /// Its primary e-mail.
    pub email: Option<String>,
    /// Its primary phone.
    pub phone: Option<String>,
    /// Fields that agree, over all its records.
    pub matched: Vec<String>,
}

impl std::fmt::Debug for FoundEntity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FoundEntity({}, {:.3})", self.entity_id, self.probability)
    }
}

/// Entities that a query may mean, the likeliest first; at most `limit`.
///
/// # Errors
/// [`ErrorKind::Config`] for an empty query; damage.
pub fn find(view: &View, query: &Query, limit: usize) -> Result<Vec<FoundEntity>> {
    let results = view.results();
    // entity → (posterior, fields)
    let mut best: BTreeMap<u32, (f64, Vec<String>)> = BTreeMap::new();
    if let Some(id) = &query.id {
        match resolve(view, id) {
            Ok(found) => {
                for entity in found.entities {
                    best.insert(entity, (1.0, vec!["id".to_owned()]));
                }
            }
            Err(error) if error.kind() == ErrorKind::Unknown => {}
            Err(error) => return Err(error),
        }
    }
    let records: Vec<MappedRecord> = query.records()?;
    // A cold start waits for nothing that another thread can make ready.
    let normals = || records.iter().map(normalize).collect::<Vec<NormalRecord>>();
    let (normals, ready) = rayon::join(normals, || view.make_ready());
    ready?;
    for normal in &normals {
        // Several records of one entity may stand before the next entity.
        for candidate in view.candidates(normal, limit.saturating_mul(4).max(20))? {
            let entity = results.entity_of(candidate.ordinal)?;
            let (probability, matched) = best.entry(entity).or_default();
            *probability = probability.max(candidate.probability);
            matched.extend(candidate.matched);
        }
    }
    let mut ranked: Vec<(u32, f64, Vec<String>)> = best
        .into_iter()
        .map(|(entity, (probability, matched))| (entity, probability, matched))
        .collect();
    ranked.sort_by(|x, y| y.1.total_cmp(&x.1).then(x.0.cmp(&y.0)));
    ranked.truncate(limit);
    let mut found = Vec::with_capacity(ranked.len());
    for (entity, probability, mut matched) in ranked {
        matched.sort();
        matched.dedup();
        let golden = view.golden(entity)?;
        found.push(FoundEntity {
            entity_id: golden.entity_id,
            probability,
            full_name: first(&golden, "full_name").or_else(|| first(&golden, "company")),
            email: first(&golden, "email"),
            phone: first(&golden, "phone"),
            matched,
        });
    }
    Ok(found)
}

fn first(golden: &GoldenRecord, field: &str) -> Option<String> {
    golden.values(field).next().map(|value| value.value.clone())
}
