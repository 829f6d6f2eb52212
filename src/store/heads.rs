//! Which versions of which records there are, without reading the records: sorted runs of
//! fixed-width rows in pages, merged like the levels of a log-structured tree.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::error::Result;
use crate::model::{RecordKey, SourceRecord, Timestamp, Version};
use crate::store::codec::{self, damaged};
use crate::store::ground::{Batcher, Ground, Table};

const WIDTH: usize = 45;
const ROWS_PER_PAGE: usize = 112;

/// One stored version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// High and low half of the key's hash.
    pub(crate) key: (u64, u64),
    /// Record number.
    pub(crate) number: u64,
    pub(crate) content: u64,
    changed_at: i64,
    pub(crate) command: u32,
    flags: u8,
}

const DATED: u8 = 1;
const DELETED: u8 = 2;
const ALIAS: u8 = 4;

impl Head {
    pub(crate) fn new(record: &SourceRecord, number: u64) -> Self {
        let Version { changed_at, command, content } = record.version;
        let mut flags = 0;
        for (set, flag) in [
            (changed_at.is_some(), DATED),
            (record.deleted, DELETED),
            (record.alias_of.is_some(), ALIAS),
        ] {
            flags |= if set { flag } else { 0 };
        }
        let changed_at = changed_at.map_or(0, |t| t.0);
        Self { key: key_hash(&record.key), number, content, changed_at, command, flags }
    }

    pub(crate) fn version(&self) -> Version {
        let changed_at = (self.flags & DATED != 0).then_some(Timestamp(self.changed_at));
        Version { changed_at, command: self.command, content: self.content }
    }

    pub(crate) fn deleted(&self) -> bool {
        self.flags & DELETED != 0
    }

    pub(crate) fn alias(&self) -> bool {
        self.flags & ALIAS != 0
    }

    /// Says the same of the same record, whenever it came.
    pub(crate) fn same_state(&self, other: &Self) -> bool {
        (self.key, self.content, self.changed_at, self.flags)
            == (other.key, other.content, other.changed_at, other.flags)
    }

    /// Versions of one record in the order in which they are weighed.
    pub(crate) fn order(&self) -> ((u64, u64), u32, u64, i64, u64) {
        (self.key, self.command, self.content, self.changed_at, self.number)
    }

    fn write(&self) -> [u8; WIDTH] {
        let mut row = [0; WIDTH];
        row[..8].copy_from_slice(&self.key.0.to_be_bytes());
        row[8..16].copy_from_slice(&self.key.1.to_be_bytes());
        row[16..24].copy_from_slice(&self.number.to_be_bytes());
        row[24..32].copy_from_slice(&self.content.to_be_bytes());
        row[32..40].copy_from_slice(&self.changed_at.to_be_bytes());
        row[40..44].copy_from_slice(&self.command.to_be_bytes());
        row[44] = self.flags;
        row
    }

    fn read(row: &[u8; WIDTH]) -> Self {
        let long = |at: usize| {
            u64::from_be_bytes(row[at..at + 8].try_into().expect("eight bytes of a row of 45"))
        };
        Self {
            key: (long(0), long(8)),
            number: long(16),
            content: long(24),
            changed_at: long(32).cast_signed(),
            command: u32::from_be_bytes(row[40..44].try_into().expect("four bytes of a row of 45")),
            flags: row[44],
        }
    }
}

/// 128 bits of the key: two keys never share them.
pub(crate) fn key_hash(key: &RecordKey) -> (u64, u64) {
    let parts = [&*key.source, &*key.object, &*key.id];
    let mut hashed = Vec::with_capacity(parts.map(|part| part.len() + 8).iter().sum());
    for part in parts {
        hashed.extend_from_slice(&(part.len() as u64).to_le_bytes());
        hashed.extend_from_slice(part.as_bytes());
    }
    let hash = xxh3_128(&hashed);
    ((hash >> 64) as u64, hash as u64)
}

/// A sorted run of heads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    pub(crate) id: u32,
    pub(crate) rows: u64,
    pub(crate) pages: u32,
    /// CRC32 over its sealed pages.
    pub(crate) crc: u32,
}

fn page_key(run: u32, first: (u64, u64), page: u32) -> [u8; 24] {
    let mut key = [0; 24];
    key[..4].copy_from_slice(&run.to_be_bytes());
    key[4..12].copy_from_slice(&first.0.to_be_bytes());
    key[12..20].copy_from_slice(&first.1.to_be_bytes());
    key[20..].copy_from_slice(&page.to_be_bytes());
    key
}

/// Transposed rows: bytes of one place lie together, so that constant ones vanish when compressed.
fn encode_page(rows: &[Head]) -> Result<Vec<u8>> {
    let rows: Vec<[u8; WIDTH]> = rows.iter().map(Head::write).collect();
    let mut raw = Vec::with_capacity(rows.len() * WIDTH);
    for place in 0..WIDTH {
        raw.extend(rows.iter().map(|row| row[place]));
    }
    codec::seal_bytes(&raw)
}

pub(crate) fn decode_page(sealed: &[u8], out: &mut Vec<Head>) -> Result<()> {
    let raw = codec::open_bytes(sealed)?;
    if !raw.len().is_multiple_of(WIDTH) {
        return Err(damaged("a page of heads is cut"));
    }
    let count = raw.len() / WIDTH;
    let mut row = [0; WIDTH];
    for at in 0..count {
        for (place, byte) in row.iter_mut().enumerate() {
            *byte = raw[place * count + at];
        }
        out.push(Head::read(&row));
    }
    Ok(())
}

/// Writes sorted heads as a run.
pub(crate) fn write_run(batcher: &mut Batcher<'_>, id: u32, heads: &[Head]) -> Result<Run> {
    let mut crc = crc32fast::Hasher::new();
    let mut pages = 0;
    for group in heads.chunks(ROWS_PER_PAGE * 256) {
        let sealed: Vec<Result<Vec<u8>>> =
            group.par_chunks(ROWS_PER_PAGE).map(encode_page).collect();
        for (rows, page) in group.chunks(ROWS_PER_PAGE).zip(sealed) {
            let page = page?;
            crc.update(&page);
            batcher.put(Table::Heads, &page_key(id, rows[0].key, pages), &page)?;
            pages += 1;
        }
    }
    Ok(Run { id, rows: heads.len() as u64, pages, crc: crc.finalize() })
}

/// All heads of a run whose key lies in `low..=high` (first half of the hash), in order.
fn read_range(ground: &Ground, run: &Run, low: u64, high: u64, out: &mut Vec<Head>) -> Result<()> {
    let prefix = run.id.to_be_bytes();
    // The page before may reach into the range.
    let start = ground
        .key_at_or_before(Table::Heads, &page_key(run.id, (low, 0), 0))?
        .filter(|key| key.starts_with(&prefix))
        .unwrap_or_else(|| prefix.to_vec());
    let mut rows = Vec::new();
    ground.scan(Table::Heads, &prefix, &start, |key, sealed| {
        let first = key.get(4..12).and_then(|b| b.try_into().ok()).map(u64::from_be_bytes);
        if first.ok_or_else(|| damaged("a page of heads has a wrong key"))? > high {
            return Ok(false);
        }
        rows.clear();
        decode_page(&sealed, &mut rows)?;
        out.extend(rows.iter().filter(|head| (low..=high).contains(&head.key.0)));
        Ok(true)
    })
}

/// All versions of the keys in `low..=high`, from all runs, in [`Head::order`].
pub(crate) fn read_versions(
    ground: &Ground,
    runs: &[Run],
    low: u64,
    high: u64,
) -> Result<Vec<Head>> {
    let mut heads = Vec::new();
    for run in runs {
        read_range(ground, run, low, high, &mut heads)?;
    }
    heads.sort_unstable_by_key(Head::order);
    Ok(heads)
}

/// Cuts the space of hashes into ranges of about two thousand rows, in order.
fn partitions(runs: &[Run]) -> Vec<(u64, u64)> {
    let rows: u64 = runs.iter().map(|run| run.rows).sum();
    let count = (rows / 2_000).next_power_of_two().clamp(1, 4_096);
    let width = u64::MAX / count + u64::from(count > 1);
    (0..count)
        .map(|at| (at * width, if at + 1 == count { u64::MAX } else { (at + 1) * width - 1 }))
        .collect()
}

/// Applies `read` to all heads, partition by partition, in parallel; results in order of the hash.
pub(crate) fn map_versions<T: Send>(
    ground: &Ground,
    runs: &[Run],
    read: impl Fn(Vec<Head>) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    partitions(runs)
        .into_par_iter()
        .map(|(low, high)| read(read_versions(ground, runs, low, high)?))
        .collect()
}

/// The version that stands for a record.
pub(crate) fn winner<'a>(versions: impl IntoIterator<Item = &'a Head>) -> Option<&'a Head> {
    Version::latest(versions, |head: &Head| head.version())
}

/// Checks a run: every page readable, in order, as many as promised.
pub(crate) fn check_run(ground: &Ground, run: &Run) -> Result<Option<String>> {
    let mut crc = crc32fast::Hasher::new();
    let (mut pages, mut rows) = (0, Vec::new());
    let mut total = 0;
    let prefix = run.id.to_be_bytes();
    ground.scan(Table::Heads, &prefix, &prefix, |_, sealed| {
        crc.update(&sealed);
        pages += 1;
        rows.clear();
        decode_page(&sealed, &mut rows)?;
        total += rows.len() as u64;
        Ok(true)
    })?;
    let whole = (pages, total, crc.finalize()) == (run.pages, run.rows, run.crc);
    Ok((!whole)
        .then(|| format!("run {} of heads: {pages} of {} pages as written", run.id, run.pages)))
}

/// All heads in memory, for an ingest to look up what exists: 48 bytes a version.
#[derive(Debug, Default)]
pub(crate) struct HeadTable {
    heads: Vec<Head>,
    /// Start of each bucket of the hash's first 16 bits.
    starts: Vec<u32>,
}

impl HeadTable {
    pub(crate) fn load(ground: &Ground, runs: &[Run]) -> Result<Self> {
        let parts = map_versions(ground, runs, Ok)?;
        Ok(Self::index(parts.into_iter().flatten().collect()))
    }

    fn index(heads: Vec<Head>) -> Self {
        let mut starts = vec![0; (1 << 16) + 1];
        for head in &heads {
            starts[(head.key.0 >> 48) as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        Self { heads, starts }
    }

    /// Adds the heads of a committed file.
    pub(crate) fn add(&mut self, fresh: &[Head]) {
        let mut heads = std::mem::take(&mut self.heads);
        heads.extend_from_slice(fresh);
        // Two sorted halves: the stable sort merges them in one pass.
        heads.sort_by_key(Head::order);
        *self = Self::index(heads);
    }

    /// Versions of a key in [`Head::order`].
    pub(crate) fn versions(&self, key: (u64, u64)) -> &[Head] {
        let bucket = (key.0 >> 48) as usize;
        let range = match (self.starts.get(bucket), self.starts.get(bucket + 1)) {
            (Some(start), Some(end)) => *start as usize..*end as usize,
            _ => return &[],
        };
        let bucket = &self.heads[range];
        let start = bucket.partition_point(|head| head.key < key);
        let length = bucket[start..].iter().take_while(|head| head.key == key).count();
        &bucket[start..start + length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_cover_every_hash_once() {
        for rows in [0, 1, 1_999, 5_000, 1_000_000, 100_000_000] {
            let ranges = partitions(&[Run { id: 1, rows, pages: 0, crc: 0 }]);
            assert_eq!(ranges[0].0, 0);
            assert_eq!(ranges.last().unwrap().1, u64::MAX);
            assert!(ranges.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0));
        }
    }

    #[test]
    fn pages_round_trip() {
        let head = Head {
            key: (1, u64::MAX),
            number: 7,
            content: 9,
            changed_at: -5,
            command: 3,
            flags: DATED | ALIAS,
        };
        let rows = vec![head; 300];
        let mut read = Vec::new();
        decode_page(&encode_page(&rows).unwrap(), &mut read).unwrap();
        assert_eq!(read, rows);
    }
}
