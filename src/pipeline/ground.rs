//! What stands in ground, apart from any result; integrity.

use std::path::Path;

use super::types::{Damage, Ground, Progress};
use crate::error::Result;
use crate::model::{Judgement, QuarantinedRow};
use crate::store::{Access, Store};

/// Reads what stands in ground, without the writer's lock.
///
/// # Errors
/// There is no store, or it is damaged.
pub fn ground(dir: &Path) -> Result<Ground> {
    let store = Store::open(dir, Access::Read)?;
    let mut out = Ground {
        sequence: store.ground_sequence()?,
        store_bytes: bytes_of(dir),
        ..Ground::default()
    };
    for file in store.files()? {
        let manifest = file.manifest;
        let source = out.sources.entry(manifest.source.to_string()).or_default();
        source.records += file.receipt.records_new;
        source.kind = manifest.kind.to_string();
        source.command = manifest.command;
        source.file.clone_from(&manifest.name);
        out.records += file.receipt.records_new;
        out.quarantined += file.receipt.quarantined;
    }
    if let Some(results) = store.current_results()? {
        let summary = results.summary();
        out.newest = summary.as_of.map(crate::model::Timestamp);
        if let Some((hash, bytes)) = store.latest_model()? {
            let records = crate::scoring::Model::from_bytes(&bytes)?.records;
            out.model = Some((hash, u64::from(records)));
        }
    }
    Ok(out)
}

fn bytes_of(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => bytes_of(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Every judgement, in the order given, without a lock.
///
/// # Errors
/// There is no store, or it is damaged.
pub fn judgements(dir: &Path) -> Result<Vec<Judgement>> {
    Store::open(dir, Access::Read)?.judgements()
}

/// Every row in quarantine.
///
/// # Errors
/// There is no store, it is damaged, or it is being written.
pub fn quarantine(dir: &Path) -> Result<Vec<QuarantinedRow>> {
    let store = Store::open(dir, Access::Read)?;
    if store.files()?.iter().all(|file| file.receipt.quarantined == 0) {
        return Ok(Vec::new());
    }
    store.quarantined(0, usize::MAX)
}

/// Reads every stored byte.
///
/// # Errors
/// There is no store, or reading fails.
pub fn verify(dir: &Path, progress: &dyn Progress) -> Result<Vec<Damage>> {
    let store = Store::open(dir, Access::Read)?;
    let findings = store.verify(|stage| progress.stage(stage, None))?;
    progress.finish();
    Ok(findings
        .into_iter()
        .map(|f| Damage { place: f.place, problem: f.what, meaning: f.meaning })
        .collect())
}
