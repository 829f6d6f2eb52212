//! Rows in quarantine: read again once a mapping or a limit was corrected, or given up.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::engine::Engine;
use super::intake::{archived_path, store_batch};
use super::types::Progress;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::{GENERIC, Mapping, Stated, inspect, read};
use crate::ingest::read::{BAD_BYTES_MAX, Input};
use crate::model::{FileManifest, QuarantinedRow, Timestamp};
use crate::store::{Disposition, Fate, HeldRow};

/// Which rows in quarantine are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All that still wait.
    All,
    /// Those with these numbers; each must still wait.
    Numbered(Vec<u64>),
}

/// What a retry did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Retried {
    /// Numbers of the rows that were taken.
    pub taken: Vec<u64>,
    /// Rows that still cannot be taken.
    pub waiting: Vec<StillWaiting>,
}

/// A row that still cannot be taken.
#[derive(Clone, Debug, Serialize)]
pub struct StillWaiting {
    /// Its number.
    pub number: u64,
    /// Why, without its values.
    pub reason: String,
}

impl Engine {
    /// Reads rows in quarantine again, under the mapping and limits of today and as of the command
    /// that brought them. `kind`: read as this source kind instead of the file's.
    ///
    /// # Errors
    /// A number that no waiting row has, an unknown kind or field, or writing fails.
    pub fn retry_quarantine(
        &mut self,
        rows: &Rows,
        kind: Option<&str>,
        at: Timestamp,
        progress: &dyn Progress,
    ) -> Result<Retried> {
        let mut of_file: BTreeMap<u32, Vec<HeldRow>> = BTreeMap::new();
        for row in self.waiting(rows)? {
            of_file.entry(row.file).or_default().push(row);
        }
        let mut retried = Retried::default();
        let before = self.filled_for()?;
        for manifest in self.store.manifests()? {
            if let Some(rows) = of_file.remove(&manifest.file) {
                progress.stage(&format!("reading {}", manifest.name), None);
                self.retry_file(&manifest, rows, kind, at, &mut retried)?;
            }
        }
        // An index that was behind stays so: only a rebuild can fill it.
        if self.index.sequence() == Some(before) {
            self.index.commit(self.filled_for()?)?;
        }
        progress.finish();
        Ok(retried)
    }

    /// Gives rows in quarantine up; they stay in the store, but no list shows them any more. Returns
    /// how many.
    ///
    /// # Errors
    /// A number that no waiting row has, or writing fails.
    pub fn drop_quarantine(&mut self, rows: &Rows, at: Timestamp) -> Result<u64> {
        let rows = self.waiting(rows)?;
        let dropped = rows.len() as u64;
        self.store.dispose(rows.iter().map(|row| disposition(row, Fate::Dropped, at)).collect())?;
        Ok(dropped)
    }

    /// The rows that still wait, as results keep them.
    pub(super) fn waiting_rows(&self) -> Result<Vec<QuarantinedRow>> {
        Ok(self.waiting(&Rows::All)?.into_iter().map(|row| row.content).collect())
    }

    fn waiting(&self, rows: &Rows) -> Result<Vec<HeldRow>> {
        let mut held = self.store.held_rows()?;
        held.retain(|row| row.fate.is_none());
        let Rows::Numbered(numbers) = rows else { return Ok(held) };
        let wanted: BTreeSet<u64> = numbers.iter().copied().collect();
        held.retain(|row| wanted.contains(&row.number));
        let found: BTreeSet<u64> = held.iter().map(|row| row.number).collect();
        match wanted.difference(&found).next() {
            None => Ok(held),
            Some(number) => {
                Err(Error::new(ErrorKind::Unknown, format!("no row {number} waits in quarantine"))
                    .hint("see `sameas quarantine list`"))
            }
        }
    }

    fn retry_file(
        &mut self,
        manifest: &FileManifest,
        rows: Vec<HeldRow>,
        kind: Option<&str>,
        at: Timestamp,
        retried: &mut Retried,
    ) -> Result<()> {
        // Each row alone first: one with an open quote must not take others along.
        let mut sound = Vec::new();
        for row in rows {
            match self.try_row(manifest, &row, kind)? {
                None => sound.push(row),
                Some(reason) => {
                    retried.waiting.push(StillWaiting { number: row.number, reason });
                }
            }
        }
        if sound.is_empty() {
            return Ok(());
        }
        let bytes = as_file(manifest, sound.iter().map(|row| &*row.content.row));
        let archived = self.store.archive().add(&manifest.name, bytes.as_slice())?;
        let path = archived_path(&self.store, &archived);
        let input = Input { path, name: manifest.name.clone() };
        let read_as = self.reading(manifest, &input, kind);
        let Self { store, index, catalog, pool, index_spoiled, fresh, .. } = self;
        let mark = fresh.mark();
        let mut writer = store.begin_file(manifest.command)?;
        let taken = read_as.and_then(|mut manifest| {
            manifest.file = writer.file();
            let mapping = Mapping::new(catalog, &manifest)?;
            let generic = &*manifest.kind == GENERIC;
            (manifest.rows, manifest.records) = (sound.len() as u64, 0);
            let mut records = 0;
            pool.install(|| {
                read(&input, &manifest, &mapping, &mut |batch| {
                    records += batch.records.len() as u64;
                    store_batch(store, &mut writer, index, fresh, batch, generic)
                })
            })?;
            manifest.records = records;
            Ok(manifest)
        });
        let manifest = taken.inspect_err(|_| {
            *index_spoiled = true;
            fresh.forget_since(mark);
            store.archive().discard(&archived);
        })?;
        let receipt =
            writer.commit(manifest, archived).inspect_err(|_| fresh.forget_since(mark))?;
        let taken = |row: &HeldRow| disposition(row, Fate::Taken(receipt.file), at);
        store.dispose(sound.iter().map(taken).collect())?;
        retried.taken.extend(sound.iter().map(|row| row.number));
        Ok(())
    }

    /// Why a row cannot be taken, if it cannot.
    fn try_row(
        &self,
        manifest: &FileManifest,
        row: &HeldRow,
        kind: Option<&str>,
    ) -> Result<Option<String>> {
        if row.content.row.len() >= BAD_BYTES_MAX {
            let reason = "only the beginning of so long a row is kept: raise the limit and ingest its \
                          file again";
            return Ok(Some(reason.to_owned()));
        }
        let bytes = as_file(manifest, std::iter::once(&*row.content.row));
        let spool = self.store.archive().spool(&bytes)?;
        let input = Input { path: spool.path().to_owned(), name: manifest.name.clone() };
        let tried = self.reading(manifest, &input, kind).and_then(|manifest| {
            let mapping = Mapping::new(&self.catalog, &manifest)?;
            let (mut records, mut reason) = (0, None);
            read(&input, &manifest, &mapping, &mut |batch| {
                records += batch.records.len();
                reason = reason.take().or(batch.quarantined.into_iter().next().map(|r| r.reason));
                Ok(())
            })?;
            Ok(match reason {
                None if records == 0 => Some(row.content.reason.clone()),
                reason => reason,
            })
        });
        match tried {
            // Such a row is no file: it stays what it was.
            Err(error) if error.kind() == ErrorKind::Input => Ok(Some(row.content.reason.clone())),
            tried => tried,
        }
    }

    /// How rows are read again: as their file was, but for what was corrected since.
    fn reading(
        &self,
        manifest: &FileManifest,
        input: &Input,
        kind: Option<&str>,
    ) -> Result<FileManifest> {
        let config = &self.options.config;
        let stated = config.stated(&manifest.name);
        let new_kind = kind.map(str::to_owned).or(stated.kind);
        let mut again = match new_kind.filter(|kind| **kind != *manifest.kind) {
            Some(kind) => {
                let source = Some(manifest.source.to_string());
                let stated = Stated { kind: Some(kind), source, columns: stated.columns };
                inspect(&self.catalog, input, &config.limits.limits(), &stated)?
            }
            None => {
                let mut again = manifest.clone();
                again.mapping.extend(stated.columns);
                again
            }
        };
        again.command = manifest.command;
        again.limits = config.limits.limits();
        again.default_region.clone_from(&manifest.default_region);
        if !again.columns.is_empty() {
            "csv".clone_into(&mut again.container);
        }
        again.notes = vec!["rows from quarantine, read again".to_owned()];
        (again.preamble, again.quarantined) = (0, 0);
        "utf-8".clone_into(&mut again.encoding);
        Ok(again)
    }
}

/// Name of the blob of a snapshot that holds the rows in quarantine at its time.
pub(super) const BLOB: &str = "quarantine";

/// The blob's bytes.
pub(super) fn encode(rows: &[QuarantinedRow]) -> Result<Vec<u8>> {
    bincode::serde::encode_to_vec(rows, bincode::config::standard())
        .map_err(|e| Error::new(ErrorKind::Limit, format!("cannot encode quarantined rows: {e}")))
}

/// What [`encode`] wrote.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<QuarantinedRow>> {
    let config = bincode::config::standard().with_limit::<{ 4 << 30 }>();
    bincode::serde::decode_from_slice(bytes, config)
        .map(|(rows, _)| rows)
        .map_err(|_| Error::new(ErrorKind::Corrupted, "the list of quarantined rows is damaged"))
}

fn disposition(row: &HeldRow, fate: Fate, at: Timestamp) -> Disposition {
    Disposition { sequence: 0, file: row.file, row: row.row, fate, at }
}

/// Rows as a file of their own, under the header of the file that they come from.
fn as_file<'a>(manifest: &FileManifest, rows: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let table = !manifest.columns.is_empty();
    if table {
        let delimiter = manifest.delimiter.and_then(|d| u8::try_from(d).ok()).unwrap_or(b',');
        let mut header = csv::WriterBuilder::new().delimiter(delimiter).from_writer(&mut bytes);
        // Writing to memory does not fail.
        let _ = header.write_record(manifest.columns.iter().map(|name| name.as_bytes()));
        drop(header);
    }
    for row in rows {
        let row = row.trim_ascii_end();
        if table {
            bytes.extend_from_slice(row);
        } else {
            // One JSON value a line: between values a line break is a space.
            bytes.extend(row.iter().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { *b }));
        }
        bytes.push(b'\n');
    }
    bytes
}
