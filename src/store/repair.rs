//! What stands in the archive for a file whose bytes were damaged: its records as the database had
//! them, with the damage recorded as an event.

use std::io::{BufRead, BufReader, Write};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{QuarantinedRow, SourceRecord, Timestamp};
use crate::store::archive::ArchivedFile;
use crate::store::{Archive, CommittedFile, FileWriter, Store, damaged};

/// Records that a rebuild of the database takes at a time.
const BATCH: usize = 1_000;

/// A line of `archive/repairs.jsonl`; the last one of a file counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// The file whose bytes were damaged.
    pub file: u32,
    /// What stands for them: JSON lines, each a `record` or a quarantined `row`.
    pub archived: ArchivedFile,
    /// Records that neither copy had.
    pub records_lost: u64,
    /// Quarantined rows that neither copy had.
    pub rows_lost: u64,
    /// When.
    pub at: Timestamp,
}

/// A line of a file of saved records.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Record(SourceRecord),
    Row(QuarantinedRow),
}

/// A committed file and what stands for its bytes.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) committed: CommittedFile,
    pub(super) archived: ArchivedFile,
    /// It holds saved records, no longer the input.
    pub(super) mended: bool,
}

/// Joins files with their repairs.
pub(super) fn standing(files: Vec<CommittedFile>, repairs: &[Repair]) -> Vec<Standing> {
    files
        .into_iter()
        .map(|committed| {
            let repair = repairs.iter().rev().find(|r| r.file == committed.manifest.file);
            let archived =
                repair.map_or_else(|| committed.archived.clone(), |r| r.archived.clone());
            Standing { committed, archived, mended: repair.is_some() }
        })
        .collect()
}

/// Writes saved records into the archive.
pub(super) fn save(
    archive: &Archive,
    name: &str,
    records: Vec<SourceRecord>,
    rows: Vec<QuarantinedRow>,
) -> Result<ArchivedFile> {
    let mut bytes = Vec::new();
    let lines = records.into_iter().map(Line::Record).chain(rows.into_iter().map(Line::Row));
    for line in lines {
        serde_json::to_writer(&mut bytes, &line)
            .map_err(|_| Error::new(ErrorKind::Limit, "a record cannot be written as JSON"))?;
        bytes.write_all(b"\n").map_err(|e| Error::io(name, e))?;
    }
    let archived = archive.add(&format!("{name}.records.jsonl"), bytes.as_slice())?;
    archive.settle(&archived)?;
    Ok(archived)
}

/// Puts saved records into a file of a new database.
pub(super) fn load(
    archive: &Archive,
    archived: &ArchivedFile,
    writer: &mut FileWriter<'_>,
) -> Result<()> {
    let mut records = Vec::new();
    for line in BufReader::new(archive.open(archived)?).lines() {
        let line = line.map_err(|e| Error::io(&archived.path, e))?;
        let unread = || damaged("a saved record cannot be read").at(&archived.path);
        match serde_json::from_str(&line).map_err(|_| unread())? {
            Line::Record(mut record) => {
                record.file = writer.file();
                records.push(record);
            }
            Line::Row(row) => writer.quarantine(&[row])?,
        }
        if records.len() == BATCH {
            writer.append(&records)?;
            records.clear();
        }
    }
    writer.append(&records).map(drop)
}

impl Store {
    /// Which files stand in the archive as saved records, in order of the repairs.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn repairs(&self) -> Result<Vec<Repair>> {
        self.repaired.entries()
    }
}
