//! What a record said before: its versions in ground, with their canonical values.

use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::ingest::kind::{Catalog, Mapping};
use crate::model::{NormalRecord, RecordKey};
use crate::normalize::normalize;
use crate::store::{Access, Store};

/// The versions of the records of a store, read without the writer's lock.
#[derive(Debug)]
pub struct Versions {
    store: Store,
    mappings: FxHashMap<u32, Arc<Mapping>>,
}

impl Versions {
    /// Opens ground for reading.
    ///
    /// # Errors
    /// There is no store, it is damaged, or a kind that read a file is not in the catalog.
    pub fn open(dir: &Path, catalog: &Catalog) -> Result<Self> {
        let store = Store::open(dir, Access::Read)?;
        let mut mappings = FxHashMap::default();
        for manifest in store.manifests()? {
            mappings.insert(manifest.file, Arc::new(Mapping::new(catalog, &manifest)?));
        }
        Ok(Self { store, mappings })
    }

    /// Number of files in ground: no record has more versions.
    pub fn files(&self) -> usize {
        self.mappings.len()
    }

    /// What a record said, in the order of ingest, with the versions' numbers, which count all
    /// versions of the store. A version that its kind no longer reads is left out.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn of(&self, key: &RecordKey) -> Result<Vec<(u64, NormalRecord)>> {
        let versions = self.store.versions(key)?;
        let read = versions.iter().filter_map(|(number, record)| {
            let mapped = self.mappings.get(&record.file)?.remap(record)?;
            Some((*number, normalize(&mapped)))
        });
        Ok(read.collect())
    }
}
