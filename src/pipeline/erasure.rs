//! Erasure requests: rows by which a system says that a record must be erased (a privacy webhook).
//! The row itself is ground; from it on the record counts as deleted, whatever rows come after, and
//! its values leave the results.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};

use super::rebuild::RunFacts;
use crate::error::Result;
use crate::ingest::kind::{Catalog, Mapping, read};
use crate::ingest::read::Input;
use crate::model::{FileManifest, RecordKey};
use crate::store::{Access, Store};

/// A record that its system wants erased.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ErasureRequest {
    /// Source of the request.
    pub source: String,
    /// Object.
    pub object: String,
    /// The record's id.
    pub record_id: String,
    /// File that brought the request.
    pub file: String,
    /// The command's run id.
    pub run: u32,
}

impl ErasureRequest {
    fn new(key: &RecordKey, manifest: &FileManifest) -> Self {
        Self {
            source: key.source.to_string(),
            object: key.object.to_string(),
            record_id: key.id.to_string(),
            file: manifest.name.clone(),
            run: manifest.command,
        }
    }
}

/// Which records are to be erased.
#[derive(Debug, Default)]
pub(super) struct Erasures {
    /// What was asked, each once, sorted.
    pub(super) requests: Vec<ErasureRequest>,
    keys: FxHashSet<RecordKey>,
    /// Requests whose own source never held the record: they hold in every source of the system.
    anywhere: FxHashSet<(Arc<str>, Arc<str>, Box<str>)>,
}

impl Erasures {
    /// From the requests found in ground, each with the file that brought it, and those that an
    /// earlier run found.
    pub(super) fn new(
        store: &Store,
        found: Vec<(RecordKey, u32)>,
        earlier: Vec<ErasureRequest>,
        systems: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Result<Self> {
        let mut out = Self { requests: earlier, ..Self::default() };
        if !found.is_empty() {
            let manifests = store.manifests()?;
            for (key, file) in found {
                let manifest = manifests.iter().find(|manifest| manifest.file == file);
                out.requests.extend(manifest.map(|manifest| ErasureRequest::new(&key, manifest)));
            }
        }
        once(&mut out.requests);
        for request in &out.requests {
            let key = RecordKey::new(&request.source, &request.object, &request.record_id);
            let held = store.versions(&key)?.iter().any(|(_, version)| !version.deleted);
            if !held && let Some(system) = systems.get(&key.source) {
                let id = (Arc::clone(system), Arc::clone(&key.object), key.id.clone());
                out.anywhere.insert(id);
            }
            out.keys.insert(key);
        }
        Ok(out)
    }

    /// Whether any record may be.
    pub(super) fn any(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Whether a record is to be erased; `system` is that of its source.
    pub(super) fn cover(&self, key: &RecordKey, system: Option<&Arc<str>>) -> bool {
        !self.keys.is_empty()
            && (self.keys.contains(key)
                || system.is_some_and(|system| {
                    let id = (Arc::clone(system), Arc::clone(&key.object), key.id.clone());
                    self.anywhere.contains(&id)
                }))
    }
}

/// Every erasure request in ground: those that the last rebuild knew, and those of files since.
/// Needs no lock; reads the newer files whose kinds know such requests.
///
/// # Errors
/// There is no store, it is damaged, or a kind of its files is no longer known.
pub fn erasure_requests(dir: &Path, catalog: &Catalog) -> Result<Vec<ErasureRequest>> {
    let store = Store::open(dir, Access::Read)?;
    let results = store.current_results()?;
    let facts = results.as_ref().map(RunFacts::read).transpose()?.unwrap_or_default();
    let mut out = facts.erasures;
    for committed in store.files()? {
        let manifest = &committed.manifest;
        if manifest.file <= facts.files {
            continue;
        }
        let mapping = Mapping::new(catalog, manifest)?;
        if !mapping.may_redact() {
            continue;
        }
        let path = store.root().join(&committed.archived.path);
        let input = Input { path, name: manifest.name.clone() };
        read(&input, manifest, &mapping, &mut |batch| {
            let asked = batch.records.iter().filter(|(_, mapped)| mapped.redacted);
            out.extend(asked.map(|(record, _)| ErasureRequest::new(&record.key, manifest)));
            Ok(())
        })?;
    }
    once(&mut out);
    Ok(out)
}

/// Keeps the first request for each record: systems say it again.
fn once(requests: &mut Vec<ErasureRequest>) {
    let record = |r: &ErasureRequest| (r.source.clone(), r.object.clone(), r.record_id.clone());
    requests.sort_by_cached_key(|request| (record(request), request.run, request.file.clone()));
    requests.dedup_by(|b, a| record(b) == record(a));
}
