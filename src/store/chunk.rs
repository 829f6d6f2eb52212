//! Records as they are stored: up to 64 consecutive versions of one file in one compressed value.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::model::{RawRow, RecordKey, SourceRecord, Timestamp, Version, content_hash};
use crate::store::codec::{self, damaged};

/// Most records of a chunk.
const RECORDS_MAX: usize = 64;
/// Bytes of raw rows after which a chunk ends: about 4 KB compressed.
const BYTES_TARGET: usize = 10_000;

/// A chunk of stored records: see `Store::chunks`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChunkId {
    /// The file whose records it holds.
    pub file: u32,
    /// Number of its first record.
    pub first: u64,
    /// How many it holds.
    pub records: u16,
}

impl ChunkId {
    pub(crate) fn key(self) -> [u8; 12] {
        chunk_key(self.file, self.first)
    }
}

pub(crate) fn chunk_key(file: u32, first: u64) -> [u8; 12] {
    let mut key = [0; 12];
    key[..4].copy_from_slice(&file.to_be_bytes());
    key[4..].copy_from_slice(&first.to_be_bytes());
    key
}

// Field order is the format: the borrowed form is written, the owned one read.
#[derive(Serialize)]
struct ChunkRef<'a> {
    kinds: Vec<(&'a str, &'a str)>,
    records: Vec<RecordRef<'a>>,
}

#[derive(Serialize)]
struct RecordRef<'a> {
    kind: u32,
    id: &'a str,
    line_after_last: i64,
    changed_at: Option<Timestamp>,
    command: u32,
    /// `None` where it is [`content_hash`].
    content: Option<[u8; 8]>,
    deleted: bool,
    alias_of: &'a Option<RecordKey>,
    rows: &'a [RawRow],
}

#[derive(Deserialize)]
struct Chunk {
    kinds: Vec<(Arc<str>, Arc<str>)>,
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    kind: u32,
    id: Box<str>,
    line_after_last: i64,
    changed_at: Option<Timestamp>,
    command: u32,
    /// `None` where it is [`content_hash`].
    content: Option<[u8; 8]>,
    deleted: bool,
    alias_of: Option<RecordKey>,
    rows: Vec<RawRow>,
}

/// Cuts records into chunks of about equal size.
pub(crate) fn partition<'r, 'a>(records: &'r [&'a SourceRecord]) -> Vec<&'r [&'a SourceRecord]> {
    let mut chunks = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (at, record) in records.iter().enumerate() {
        let size: usize = record.rows.iter().map(row_bytes).sum();
        if at > start && (at - start == RECORDS_MAX || bytes + size > BYTES_TARGET) {
            chunks.push(&records[start..at]);
            (start, bytes) = (at, 0);
        }
        bytes += size;
    }
    if start < records.len() {
        chunks.push(&records[start..]);
    }
    chunks
}

fn row_bytes(row: &RawRow) -> usize {
    match row {
        RawRow::Cells(cells) => cells.iter().map(|cell| cell.len() + 1).sum(),
        RawRow::Json(text) => text.len(),
    }
}

/// Encodes consecutive records of one file.
pub(crate) fn encode(records: &[&SourceRecord]) -> Result<Vec<u8>> {
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    let mut packed = Vec::with_capacity(records.len());
    let mut last_line = 0;
    for record in records {
        let kind = (&*record.key.source, &*record.key.object);
        let at = kinds.iter().position(|known| *known == kind).unwrap_or_else(|| {
            kinds.push(kind);
            kinds.len() - 1
        });
        let line = record.line.cast_signed();
        let implied = content_hash(&record.rows, record.deleted, record.alias_of.as_ref());
        packed.push(RecordRef {
            kind: at as u32,
            id: &record.key.id,
            line_after_last: line.wrapping_sub(last_line),
            changed_at: record.version.changed_at,
            command: record.version.command,
            content: (record.version.content != implied)
                .then(|| record.version.content.to_le_bytes()),
            deleted: record.deleted,
            alias_of: &record.alias_of,
            rows: &record.rows,
        });
        last_line = line;
    }
    codec::seal(&ChunkRef { kinds, records: packed })
}

/// Reads a chunk back.
pub(crate) fn decode(id: ChunkId, sealed: &[u8]) -> Result<Vec<(u64, SourceRecord)>> {
    let chunk: Chunk = codec::open(sealed)?;
    if chunk.records.len() != usize::from(id.records) {
        return Err(damaged("a chunk of records is short"));
    }
    unpack(id, chunk)
}

/// Reads a chunk that may hold any number of records.
pub(crate) fn decode_any(sealed: &[u8]) -> Result<Vec<(u64, SourceRecord)>> {
    unpack(ChunkId { file: 1, first: 0, records: 0 }, codec::open(sealed)?)
}

fn unpack(id: ChunkId, chunk: Chunk) -> Result<Vec<(u64, SourceRecord)>> {
    let mut line = 0i64;
    let read = |(number, record): (u64, Record)| {
        let (source, object) = chunk
            .kinds
            .get(record.kind as usize)
            .ok_or_else(|| damaged("a chunk of records contradicts itself"))?;
        line = line.wrapping_add(record.line_after_last);
        let implied = content_hash(&record.rows, record.deleted, record.alias_of.as_ref());
        let version = Version {
            changed_at: record.changed_at,
            command: record.command,
            content: record.content.map_or(implied, u64::from_le_bytes),
        };
        let key =
            RecordKey { source: Arc::clone(source), object: Arc::clone(object), id: record.id };
        let record = SourceRecord {
            key,
            file: id.file,
            line: line.cast_unsigned(),
            version,
            deleted: record.deleted,
            alias_of: record.alias_of,
            rows: record.rows,
        };
        Ok((number, record))
    };
    (id.first..).zip(chunk.records).map(read).collect()
}
