use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::key::{RecordKey, Timestamp};
use super::mapped::DateOrder;

/// One version of one record as its system exported it: ground, never changed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Who it is.
    pub key: RecordKey,
    /// The ingest sequence of its file; the manifest there says how the rows are to be read.
    pub file: u32,
    /// Line (1-based; row of a sheet; element of an array) where it begins.
    pub line: u64,
    /// Which version of the record this is.
    pub version: Version,
    /// The system marks it as deleted.
    pub deleted: bool,
    /// It lost a merge in its system: the survivor.
    pub alias_of: Option<RecordKey>,
    /// The rows it was made from, verbatim, every column: mostly one; several where a kind groups.
    pub rows: Vec<RawRow>,
}

impl std::fmt::Debug for SourceRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SourceRecord({}, file {}, line {})", self.key, self.file, self.line)
    }
}

/// A row as it stood in the file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RawRow {
    /// Cells in the order of the manifest's `columns`.
    Cells(Vec<String>),
    /// One JSON value, as text.
    Json(String),
}

impl std::fmt::Debug for RawRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cells(cells) => write!(f, "Cells({} <redacted>)", cells.len()),
            Self::Json(text) => write!(f, "Json({} bytes <redacted>)", text.len()),
        }
    }
}

/// Which version of a record: see [`Version::latest`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Version {
    /// The row's own time of change.
    pub changed_at: Option<Timestamp>,
    /// The command that brought it (all files of one command share it).
    pub command: u32,
    /// Hash of the rows' content.
    pub content: u64,
}

impl Version {
    /// The version that stands for a record, whatever the order they come in. Of those that state a
    /// time of change it is the one of the latest time, of those that state none the one ingested
    /// last; of these two the one ingested last. Equal times and commands are decided by the
    /// greater content hash.
    ///
    /// A deletion or merge that states no time counts from its ingest: it has seen every row that
    /// came before it, so a row that came after it stands again only with a later time than any of
    /// those. An old export that is ingested again does not bring a record back.
    ///
    /// Comparing two by two (later time, else later ingest) has cycles where only some state a time;
    /// this rule gives what wins all comparisons wherever there is one.
    pub fn latest<T: Copy>(
        versions: impl IntoIterator<Item = T>,
        of: impl Fn(T) -> Self,
    ) -> Option<T> {
        let (mut dated, mut undated): (Option<Dated<T>>, Option<T>) = (None, None);
        let mut ended = None;
        let ingest = |version: T| (of(version).command, of(version).content);
        for version in versions {
            let Self { changed_at, command, .. } = of(version);
            match changed_at {
                Some(time) => match &mut dated {
                    Some(best) if time < best.time => {}
                    Some(best) if time == best.time => {
                        best.first = best.first.min(command);
                        if ingest(version) > ingest(best.version) {
                            best.version = version;
                        }
                    }
                    best => *best = Some(Dated { version, time, first: command }),
                },
                None => {
                    if of(version).ends() {
                        ended = ended.max(Some(command));
                    }
                    if undated.is_none_or(|best| ingest(version) > ingest(best)) {
                        undated = Some(version);
                    }
                }
            }
        }
        let (Some(dated), Some(undated)) = (&dated, undated) else {
            return dated.map(|best| best.version).or(undated);
        };
        let is_over = Some(dated.first) <= ended && !of(dated.version).ends();
        let last = if is_over || ingest(undated) > ingest(dated.version) {
            undated
        } else {
            dated.version
        };
        Some(last)
    }

    /// Whether the record is deleted or merged away by it.
    const fn ends(self) -> bool {
        self.content & ENDS != 0
    }
}

/// The best of the versions that state a time.
struct Dated<T> {
    version: T,
    time: Timestamp,
    /// The first command that brought a version of that time.
    first: u32,
}

/// The bit of a content hash that says that the record ends.
const ENDS: u64 = 1 << 63;

/// What [`Version::content`] holds: a hash of the record's rows, whether it is deleted, whose alias
/// it is. Within one command the greater wins, so what ends a record (a deletion, a merge) has the
/// highest bit and wins over every row that has no later time.
pub fn content_hash(rows: &[RawRow], deleted: bool, alias_of: Option<&RecordKey>) -> u64 {
    let ends = deleted || alias_of.is_some();
    HASHED.with_borrow_mut(|hashed| {
        hashed.clear();
        let mut text = |text: &str| {
            hashed.extend_from_slice(&(text.len() as u64).to_le_bytes());
            hashed.extend_from_slice(text.as_bytes());
        };
        for row in rows {
            match row {
                RawRow::Cells(cells) => cells.iter().for_each(|cell| text(cell)),
                RawRow::Json(json) => text(json),
            }
        }
        if let Some(survivor) = alias_of {
            [&*survivor.source, &*survivor.object, &*survivor.id].into_iter().for_each(text);
        }
        hashed.extend_from_slice(&[u8::from(deleted), u8::from(alias_of.is_some())]);
        let hash = xxh3_64(hashed) >> 1;
        let hash = if ends { hash | ENDS } else { hash };
        // One large row must not hold its memory for ever.
        hashed.shrink_to(1 << 16);
        hash
    })
}

thread_local! {
    /// What [`content_hash`] hashes: a stream of small parts would cost several times as much.
    static HASHED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Limits that keep a hostile file from taking the machine; each is named in its error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// How one file was read: decided once, at ingest, from the whole file; ground, and an input of
/// every later reading of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileManifest {
    /// Ingest sequence, from 1.
    pub file: u32,
    /// The command that brought it.
    pub command: u32,
    /// File name without folders, as given.
    pub name: String,
    /// Bytes of the input as given (before any unpacking).
    pub bytes: u64,
    /// SHA-256 of the input as given, lower-case hex.
    pub sha256: String,
    /// The source kind's name.
    pub kind: Arc<str>,
    /// The source.
    pub source: Arc<str>,
    /// `csv`, `json`, `jsonl`, `vcf`, `xlsx`.
    pub container: String,
    /// `utf-8`, `utf-16le`, `windows-1252` …
    pub encoding: String,
    /// Delimiter of a table, if it is one.
    pub delimiter: Option<char>,
    /// Lines before the header.
    pub preamble: u64,
    /// Header names as written; empty for JSON.
    pub columns: Vec<Arc<str>>,
    /// Where the mapping of a column was decided from this file (generic tables, renamed columns):
    /// column → field, as `sources show` and `sameas.toml` write it. Empty for a known kind.
    pub mapping: BTreeMap<String, String>,
    /// Order of day, month and year per column, where it had to be decided.
    pub date_orders: BTreeMap<String, DateOrder>,
    /// Country that most rows name, ISO alpha-2.
    pub default_region: Option<String>,
    /// Columns that no field took.
    pub unused_columns: Vec<String>,
    /// What a person should know of how it was read.
    pub notes: Vec<String>,
    /// Rows read, without header.
    pub rows: u64,
    /// Records taken.
    pub records: u64,
    /// Rows put into quarantine.
    pub quarantined: u64,
    /// Limits under which it was read.
    #[serde(default)]
    pub limits: Limits,
}

/// A row that could not be taken, with everything needed to correct and replay it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRow {
    /// File name without folders.
    pub file: String,
    /// 1-based line, row or element.
    pub line: u64,
    /// The source it would have gone to.
    pub source: String,
    /// Why, in words that name the column but never a value.
    pub reason: String,
    /// The bytes of the row as they stood (lossily decoded for reports).
    pub row: Vec<u8>,
}

impl std::fmt::Debug for QuarantinedRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "QuarantinedRow({}:{}, {})", self.file, self.line, self.reason)
    }
}
