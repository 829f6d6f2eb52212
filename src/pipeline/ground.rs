//! What stands in ground, apart from any result.

use std::path::Path;

use super::rebuild::RunFacts;
use super::types::{Ground, GroundSource};
use crate::error::Result;
use crate::model::{FileManifest, Judgement, LedgerEvent};
use crate::scoring::Model;
use crate::store::{Access, HeldRow, Store};

/// Reads what stands in ground, without the writer's lock. Live records are those of the last
/// rebuild, and those that were new since.
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
    let results = store.current_results()?;
    let facts = results.as_ref().map(RunFacts::read).transpose()?;
    let files = store.files()?;
    for file in &files {
        let (manifest, receipt) = (&file.manifest, &file.receipt);
        out.quarantined += receipt.quarantined;
        let newer = facts.as_ref().is_none_or(|facts| manifest.file > facts.files);
        out.unresolved += if newer { receipt.records_new } else { 0 };
        // The rows of some tables name their sources themselves.
        if !newer && manifest.mapping.values().any(|field| field == "source") {
            continue;
        }
        let source = out.sources.entry(manifest.source.to_string()).or_default();
        of_file(source, manifest);
        if newer {
            source.records += receipt.records_new;
            out.records += receipt.records_new;
        }
    }
    out.quarantined = out.quarantined.saturating_sub(store.dispositions()?.len() as u64);
    for (name, records, file) in facts.iter().flat_map(|facts| &facts.sources) {
        let source = out.sources.entry(name.clone()).or_default();
        source.records += records;
        out.records += records;
        let manifest = files.iter().map(|f| &f.manifest).find(|m| m.file == *file);
        if let Some(manifest) = manifest.filter(|_| source.command == 0) {
            of_file(source, manifest);
        }
    }
    if let Some(results) = results {
        let summary = results.summary();
        out.newest = summary.as_of.map(crate::model::Timestamp);
        let model = results.blob("weights")?;
        let model = model.filter(|bytes| Model::is_current(bytes));
        let model = model.map(|bytes| Model::from_bytes(&bytes)).transpose()?;
        let trained_on = model.map_or(0, |model| u64::from(model.records));
        out.model = Some((summary.model_hash.clone(), trained_on));
    }
    Ok(out)
}

fn of_file(source: &mut GroundSource, manifest: &FileManifest) {
    source.kind = manifest.kind.to_string();
    source.command = manifest.command;
    source.file.clone_from(&manifest.name);
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

/// Visits the life of the entity ids, in order, without a lock.
///
/// # Errors
/// There is no store, it is damaged, and what `visit` returns.
pub fn visit_ledger(dir: &Path, visit: impl FnMut(LedgerEvent) -> Result<()>) -> Result<()> {
    Store::open(dir, Access::Read)?.visit_ledger(1, visit)
}

/// Every row ever put into quarantine, with what became of it.
///
/// # Errors
/// There is no store, it is damaged, or it is being written.
pub fn quarantine(dir: &Path) -> Result<Vec<HeldRow>> {
    let store = Store::open(dir, Access::Read)?;
    if store.files()?.iter().all(|file| file.receipt.quarantined == 0) {
        return Ok(Vec::new());
    }
    store.held_rows()
}
