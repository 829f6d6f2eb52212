//! Readers: a file of any container and encoding becomes a header and rows.

use std::path::PathBuf;

use crate::error::Result;
use crate::model::RawRow;

/// Limits that keep a hostile file from taking the machine; each is named in its error.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Longest cell, bytes (1 MiB).
    pub cell_bytes: usize,
    /// Most columns (20,000).
    pub columns: usize,
    /// Longest row, bytes (16 MiB).
    pub row_bytes: usize,
    /// Most bytes after unpacking (64 GiB) …
    pub unpacked_bytes: u64,
    /// … and most bytes unpacked per byte packed (1,000).
    pub unpacked_ratio: u64,
    /// Deepest nesting of JSON (64).
    pub json_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cell_bytes: 1 << 20,
            columns: 20_000,
            row_bytes: 16 << 20,
            unpacked_bytes: 64 << 30,
            unpacked_ratio: 1_000,
            json_depth: 64,
        }
    }
}

/// Where the bytes are. Standard input is spooled to a file first, by the caller.
#[derive(Clone, Debug)]
pub struct Input {
    /// The file to read.
    pub path: PathBuf,
    /// The name to speak of it, without folders: `shop-eu.csv.gz`, `stdin`.
    pub name: String,
}

/// How the bytes of a file turned out to be laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// `csv`, `json`, `jsonl`, `xlsx`.
    pub container: String,
    /// `utf-8`, `utf-16le`, `utf-16be`, `windows-1252`.
    pub encoding: String,
    /// Delimiter of a table.
    pub delimiter: Option<char>,
    /// Lines before the header (1-based line of the header minus one).
    pub preamble: u64,
    /// Header names as written (trimmed, without BOM); empty for JSON.
    pub columns: Vec<String>,
}

/// A row with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 1-based line of the file, row of the sheet, or element of the array.
    pub line: u64,
    /// The row.
    pub raw: RawRow,
}

/// A row that has not the form of the others.
#[derive(Clone, PartialEq, Eq)]
pub struct BadRow {
    /// 1-based line.
    pub line: u64,
    /// Why: `9 fields where the header has 12`, `bytes that are no UTF-8`, `cell of 2,000,000 bytes …`.
    pub reason: String,
    /// The bytes as they stood (at most 64 KiB of them).
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BadRow({}, {})", self.line, self.reason)
    }
}

/// Some consecutive rows.
#[derive(Debug, Default)]
pub struct Rows {
    /// Sound rows.
    pub rows: Vec<Row>,
    /// Rows for the quarantine.
    pub bad: Vec<BadRow>,
}

/// Reads a file from its start; open it again for a second pass.
#[derive(Debug)]
pub struct RowReader {}

impl RowReader {
    /// Finds out container, compression, encoding, delimiter and header.
    ///
    /// # Errors
    /// The file cannot be read, is empty, or is of no known container.
    pub fn open(_input: &Input, _limits: &Limits) -> Result<Self> {
        todo!()
    }

    /// The layout found.
    pub fn layout(&self) -> &Layout {
        todo!()
    }

    /// Up to `max` further rows; `None` at the end.
    ///
    /// # Errors
    /// Reading fails, or a limit of the whole file is passed.
    pub fn next_rows(&mut self, _max: usize) -> Result<Option<Rows>> {
        todo!()
    }
}
