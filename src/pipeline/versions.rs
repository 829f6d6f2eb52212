//! What a record said before: its versions in ground, with their canonical values.

use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::error::Result;
use crate::ingest::kind::{Catalog, Mapping};
use crate::model::{MappedRecord, NormalRecord, RecordKey};
use crate::normalize::normalize;
use crate::store::{Access, Store};

/// The versions of the records of a store, read without the writer's lock.
#[derive(Debug)]
pub struct Versions {
    store: Store,
    mappings: FxHashMap<u32, Arc<Mapping>>,
    /// Numbers of the versions of records that have several, ascending.
    restated: Vec<u64>,
}

impl Versions {
    /// Opens ground for reading, and weighs its versions: about 1 µs each.
    ///
    /// # Errors
    /// There is no store, it is damaged, or a kind that read a file is not in the catalog.
    pub fn open(dir: &Path, catalog: &Catalog) -> Result<Self> {
        let store = Store::open(dir, Access::Read)?;
        let mut mappings = FxHashMap::default();
        for manifest in store.manifests()? {
            mappings.insert(manifest.file, Arc::new(Mapping::new(catalog, &manifest)?));
        }
        let restated = store.restated()?;
        Ok(Self { store, mappings, restated })
    }

    /// Whether the record of a version, named by its number, has others.
    pub fn is_restated(&self, number: u64) -> bool {
        self.restated.binary_search(&number).is_ok()
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

    /// The mapped values of a version, by its number; `None` if its kind no longer reads it.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn mapped(&self, number: u64) -> Result<Option<MappedRecord>> {
        let record = self.store.record(number)?;
        Ok(record.and_then(|record| self.mappings.get(&record.file)?.remap(&record)))
    }

    /// What a record said before it was merged into another in its system; `None` if it was not, or
    /// was only ever known as merged.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn before_merge(&self, key: &RecordKey) -> Result<Option<Merged>> {
        let mut found = Merged { survivor: key.clone(), file: 0, said: Vec::new() };
        for (number, record) in self.store.versions(key)? {
            if let Some(survivor) = record.alias_of {
                found.survivor = survivor;
            } else if !record.deleted
                && let Some(mapping) = self.mappings.get(&record.file)
                && let Some(mapped) = mapping.remap(&record)
            {
                found.file = record.file;
                found.said.push((number, normalize(&mapped)));
            }
        }
        Ok((found.survivor != *key && !found.said.is_empty()).then_some(found))
    }
}

/// A record that was merged into another in its system.
#[derive(Clone, Debug)]
pub struct Merged {
    /// The record that it was merged into.
    pub survivor: RecordKey,
    /// Ingest sequence of the file that it last stood in by itself.
    pub file: u32,
    /// What it said until then, as [`Versions::of`] tells it.
    pub said: Vec<(u64, NormalRecord)>,
}
