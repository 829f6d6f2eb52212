//! Rows that could not be taken, and what became of them since. A row stays where it is for ever,
//! byte for byte; a person's decision on it is an event of its own.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::model::{QuarantinedRow, Timestamp};
use crate::store::events::Numbered;
use crate::store::ground::Table;
use crate::store::{Store, codec, damaged, locked, writer};

/// What became of a row in quarantine: a line of `archive/quarantine.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disposition {
    /// Place among all dispositions, from 1; given by the store.
    pub sequence: u64,
    /// The file that brought the row.
    pub file: u32,
    /// Its place among the rows that the file brought into quarantine, from 0.
    pub row: u32,
    /// What became of it.
    pub fate: Fate,
    /// When.
    pub at: Timestamp,
}

/// What became of a row in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// A later reading took it: the file that holds it now.
    Taken(u32),
    /// A person gave it up.
    Dropped,
}

impl Numbered for Disposition {
    fn sequence(&self) -> u64 {
        self.sequence
    }

    fn number(&mut self, sequence: u64) {
        self.sequence = sequence;
    }
}

/// A row that was put into quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRow {
    /// Its number among all rows ever put there, from 1: never another row's.
    pub number: u64,
    /// The file that brought it.
    pub file: u32,
    /// Its place among that file's rows, from 0.
    pub row: u32,
    /// The row as it stood.
    pub content: QuarantinedRow,
    /// What became of it; `None`: it still waits.
    pub fate: Option<Fate>,
}

impl Store {
    /// All rows ever put into quarantine, in order of ingest.
    ///
    /// # Errors
    /// `Corrupted`, `Io`, `Locked`.
    pub fn held_rows(&self) -> Result<Vec<HeldRow>> {
        let fates: FxHashMap<(u32, u32), Fate> =
            self.dispositions()?.into_iter().map(|d| ((d.file, d.row), d.fate)).collect();
        let ground = self.ground()?;
        let mut held = Vec::new();
        for entry in self.entries()?.iter() {
            let file = entry.committed.manifest.file;
            let mut row = 0;
            for page in 0..entry.quarantine.len() as u32 {
                let sealed = ground.get(Table::Quarantine, &writer::quarantine_key(file, page))?;
                let missing = || damaged("a page of the quarantine is missing");
                let rows: Vec<QuarantinedRow> = codec::open(&sealed.ok_or_else(missing)?)?;
                for content in rows {
                    let fate = fates.get(&(file, row)).copied();
                    held.push(HeldRow { number: held.len() as u64 + 1, file, row, content, fate });
                    row += 1;
                }
            }
        }
        Ok(held)
    }

    /// What became of rows in quarantine, in order. Needs neither lock nor sled.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn dispositions(&self) -> Result<Vec<Disposition>> {
        self.disposed.entries()
    }

    /// Keeps what became of rows; their sequences are given here. Returns once it is durable.
    ///
    /// # Errors
    /// The store is not open for writing, or writing fails.
    pub fn dispose(&self, mut dispositions: Vec<Disposition>) -> Result<()> {
        let mut state = locked(&self.state).clone();
        state.dispositions += dispositions.len() as u64;
        let first = locked(&self.state).dispositions + 1;
        self.keep(Table::Dispositions, &self.disposed, first, &mut dispositions, state)
    }
}
