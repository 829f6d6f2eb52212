use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::{Gate, GateInput};
use crate::error::Result;
use crate::model::Thresholds;
use crate::pipeline::{ErasureRequest, Ground, View};
use crate::scoring::retrain_due;

/// How the store stands.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// Live records in ground.
    pub records: u64,
    /// Entities of the last rebuild; 0 before the first.
    pub entities: u64,
    /// By source.
    pub sources: BTreeMap<String, SourceStatus>,
    /// `None` before the first.
    pub last_rebuild: Option<LastRebuild>,
    /// Whether ground is newer than the results.
    pub stale: bool,
    /// Records that no results in force hold yet.
    pub unresolved: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// `None` before the first rebuild.
    pub model: Option<ModelStatus>,
    /// Bytes of the store's folder.
    pub store_bytes: u64,
    /// Records that their systems want erased: they count as deleted.
    pub erasure_requests: Vec<ErasureRequest>,
    /// What a person should know of the last results.
    pub warnings: Vec<String>,
}

/// One source.
#[derive(Clone, Debug, Serialize)]
pub struct SourceStatus {
    /// Live records.
    pub records: u64,
    /// Source kind.
    pub kind: String,
    /// The last file of it.
    pub last_ingest: LastIngest,
}

/// The last file of a source.
#[derive(Clone, Debug, Serialize)]
pub struct LastIngest {
    /// The command's run id.
    pub run: u32,
    /// File name.
    pub file: String,
}

/// The last rebuild.
#[derive(Clone, Debug, Serialize)]
pub struct LastRebuild {
    /// Run id.
    pub run: u32,
    /// Live records resolved.
    pub records: u64,
    /// Entities.
    pub entities: u64,
    /// Entities of more than one record.
    pub merged_entities: u64,
    /// Candidate pairs scored.
    pub pairs_scored: u64,
    /// Estimated share of true pairs that blocking meets.
    pub blocking_recall_estimate: f64,
    /// Thresholds.
    pub thresholds: Thresholds,
    /// Hash of the resolved configuration.
    pub config_hash: String,
}

/// The model in force.
#[derive(Clone, Debug, Serialize)]
pub struct ModelStatus {
    /// Its hash.
    pub hash: String,
    /// Records it was estimated from.
    pub trained_on: u64,
    /// How many times as many records there are now.
    pub growth: f64,
    /// Whether it had better be estimated anew.
    pub retrain_due: bool,
}

/// How the store stands; `view` where there are results.
pub fn status(
    ground: Ground,
    view: Option<&View>,
    erasure_requests: Vec<ErasureRequest>,
) -> Status {
    let summary = view.map(|view| view.results().summary());
    let sources = ground.sources.into_iter().map(|(name, source)| {
        let last_ingest = LastIngest { run: source.command, file: source.file };
        (name, SourceStatus { records: source.records, kind: source.kind, last_ingest })
    });
    Status {
        records: ground.records,
        entities: summary.map_or(0, |summary| summary.entities),
        sources: sources.collect(),
        last_rebuild: summary.map(|summary| LastRebuild {
            run: summary.run,
            records: summary.records,
            entities: summary.entities,
            merged_entities: summary.merged_entities,
            pairs_scored: summary.pairs_scored,
            blocking_recall_estimate: summary.blocking_recall_estimate,
            thresholds: summary.thresholds,
            config_hash: summary.config_hash.clone(),
        }),
        stale: summary.is_none_or(|summary| summary.ground != ground.sequence),
        unresolved: ground.unresolved,
        quarantined: ground.quarantined,
        model: ground.model.map(|(hash, trained_on)| ModelStatus {
            hash,
            trained_on,
            growth: ground.records as f64 / trained_on.max(1) as f64,
            retrain_due: retrain_due(trained_on, ground.records),
        }),
        store_bytes: ground.store_bytes,
        erasure_requests,
        warnings: summary.map(|summary| summary.warnings.clone()).unwrap_or_default(),
    }
}

/// What a gate is held against. Reads every entity only where the gate asks for the largest.
///
/// # Errors
/// Damaged results.
pub fn gate_input(
    gate: &Gate,
    status: &Status,
    view: Option<&View>,
    data_age: Option<u64>,
) -> Result<GateInput> {
    let mut largest = None;
    if let (Some(view), Some(_)) = (view, gate.largest_entity_max) {
        let results = view.results();
        let mut most = 0;
        for index in 0..results.entities() {
            most = most.max(results.entity(index)?.members.len() as u64);
        }
        largest = Some(most);
    }
    Ok(GateInput {
        records: status.records,
        entities: status.entities,
        quarantined: status.quarantined,
        largest_entity: largest,
        stale: status.stale,
        data_age,
    })
}
