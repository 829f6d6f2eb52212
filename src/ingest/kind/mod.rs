//! Source kinds: how a file of a system is recognised and how its columns become fields. A kind is
//! one TOML file; code knows no system by name.

use std::path::Path;
use std::sync::Arc;

use super::Batch;
use super::read::{Input, Limits};
use crate::error::Result;
use crate::model::{FileManifest, MappedRecord, SourceRecord};

/// The kinds known: those of `data/sources/`, compiled in, and the user's own.
#[derive(Debug)]
pub struct Catalog {}

impl Catalog {
    /// The kinds compiled in.
    ///
    /// # Errors
    /// A compiled-in file is wrong (a test guards that).
    pub fn builtin() -> Result<Self> {
        todo!()
    }

    /// Adds every `*.toml` of a folder; a kind of the same name replaces the built-in one.
    ///
    /// # Errors
    /// A file has an unknown key, field or operator: named with line and nearest name.
    pub fn add_folder(&mut self, _folder: &Path) -> Result<()> {
        todo!()
    }

    /// Names, sorted.
    pub fn names(&self) -> Vec<Arc<str>> {
        todo!()
    }
}

/// What the caller states of a file instead of having it detected.
#[derive(Clone, Debug, Default)]
pub struct Stated {
    /// `--kind`, `FILE:KIND`.
    pub kind: Option<String>,
    /// `--source`, `FILE:@SOURCE`.
    pub source: Option<String>,
    /// Columns of a generic table set by hand: column → field (`sameas.toml`, `--mapping`).
    pub columns: std::collections::BTreeMap<String, String>,
}

/// First pass: reads the whole file once and decides how it is to be read: kind, source, mapping,
/// date orders, default region, id column. Deterministic, and independent of the order of rows.
///
/// # Errors
/// The file cannot be read; its kind is ambiguous (both are named, with the flag that decides).
pub fn inspect(
    _catalog: &Catalog,
    _input: &Input,
    _limits: &Limits,
    _stated: &Stated,
) -> Result<FileManifest> {
    todo!()
}

/// A kind's mapping made ready for one file.
#[derive(Debug)]
pub struct Mapping {}

impl Mapping {
    /// Prepares the mapping that the manifest names.
    ///
    /// # Errors
    /// The kind is not in the catalog.
    pub fn new(_catalog: &Catalog, _manifest: &FileManifest) -> Result<Self> {
        todo!()
    }

    /// Kind of system (`shopify`, `salesforce`); for a generic table its source's name.
    pub fn system(&self) -> Arc<str> {
        todo!()
    }

    /// The mapped values of a stored record: what [`read`] gave for it, again.
    pub fn remap(&self, _record: &SourceRecord) -> Option<MappedRecord> {
        todo!()
    }
}

/// Second pass: reads the file and hands over batches in the order of the file (grouping kinds: in
/// the order of each group's first row). Mapping runs in parallel.
///
/// # Errors
/// Reading fails or `sink` refuses; bad rows are no errors.
pub fn read(
    _input: &Input,
    _limits: &Limits,
    _manifest: &FileManifest,
    _mapping: &Mapping,
    _sink: &mut dyn FnMut(Batch) -> Result<()>,
) -> Result<()> {
    todo!()
}
