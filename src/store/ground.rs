//! sled, kept at arm's length: guarded against its panics, in small batches of sealed values.
//!
//! One tree holds everything; the first byte of a key names the table, so that one batch can commit
//! several tables at once. A value larger than [`PART`] bytes is cut into parts, since sled keeps
//! large values in files of their own and never gives their space back.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::store::codec::damaged;
use crate::store::{durable, faults};

/// Largest value in bytes.
const PART: usize = 6_000;
/// Limits of one batch: more would hold sled's buffers for long.
const BATCH_KEYS: usize = 1_000;
const BATCH_BYTES: usize = 2 << 20;
const CACHE_BYTES: u64 = 32 << 20;

/// The tables, by the first byte of their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Table {
    /// The one row that commits: key empty.
    State = b's',
    /// file → its manifest, receipt and directory of chunks.
    Files = b'f',
    /// file, first record number → chunk of records.
    Records = b'r',
    /// run, first key hash, page → page of heads.
    Heads = b'h',
    /// file, page → quarantined rows.
    Quarantine = b'q',
    /// first sequence → page of judgements.
    Judgements = b'j',
    /// first sequence → page of what became of quarantined rows.
    Dispositions = b'd',
    /// first sequence → page of ledger events.
    Ledger = b'l',
    /// sequence → model.
    Models = b'm',
    /// sequence → configuration.
    Configs = b'c',
}

/// The database.
pub(crate) struct Ground {
    db: sled::Db,
    /// sled's file, for syncs of our own.
    data: File,
    path: PathBuf,
}

// sled would print what it stores.
impl fmt::Debug for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ground({})", self.path.display())
    }
}

impl Ground {
    /// Opens or creates it. sled panics on some damage: that is an error here.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let config = sled::Config::new()
            .path(path)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None)
            // A tenth smaller than the other mode, for a tenth more time.
            .mode(sled::Mode::LowSpace);
        // Made by us, so that nobody else can look in before it is private.
        durable::create_dir(path)?;
        step("open", path)?;
        let db = open_patiently(path, &config)?;
        for entry in fs::read_dir(path).map_err(|e| Error::io(path, e))? {
            durable::make_private(&entry.map_err(|e| Error::io(path, e))?.path())?;
        }
        let data = path.join("db");
        let data = File::open(&data).map_err(|e| Error::io(&data, e))?;
        durable::sync_dir(path)?;
        Ok(Self { db, data, path: path.to_owned() })
    }

    /// Makes everything written so far durable.
    pub(crate) fn flush(&self) -> Result<()> {
        step("flush", &self.path)?;
        guarded(&self.path, || self.db.flush())?;
        // On Linux sled only starts the writing (`sync_file_range`), which no power cut respects.
        self.data.sync_data().map_err(|e| Error::io(&self.path, e))
    }

    /// Reads a value whole.
    pub(crate) fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let Some(first) = self.raw(&full_key(table, key, 0))? else { return Ok(None) };
        let (parts, head) = split_parts(&first)?;
        let mut value = head.to_vec();
        for part in 1..parts {
            let more = self.raw(&full_key(table, key, part))?;
            value.extend_from_slice(
                &more.ok_or_else(|| self.damaged("a part of a value is missing"))?,
            );
        }
        Ok(Some(value))
    }

    /// The greatest key of the table that is ≤ `key` (without the table's byte and the part).
    pub(crate) fn key_at_or_before(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>> {
        let (low, high) = ([table as u8], full_key(table, key, 0));
        let found =
            guarded(&self.path, || self.db.range(&low[..]..=&high[..]).next_back().transpose())?;
        Ok(found.map(|(found, _)| found[1..found.len().saturating_sub(4).max(1)].to_vec()))
    }

    /// Visits the values whose keys lie in `from..` and start with `prefix`, in order, until
    /// `visit` returns false.
    pub(crate) fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        from: &[u8],
        mut visit: impl FnMut(&[u8], Vec<u8>) -> Result<bool>,
    ) -> Result<()> {
        let start = full_key(table, from, 0);
        let mut range = guarded(&self.path, || Ok(self.db.range(start..)))?;
        let mut pending: Option<(Vec<u8>, u32, Vec<u8>)> = None;
        loop {
            let next = guarded(&self.path, || range.next().transpose())?;
            let within = next.as_ref().filter(|(key, _)| {
                key.first() == Some(&(table as u8))
                    && key.len() >= 5
                    && key[1..].starts_with(prefix)
            });
            let Some((key, bytes)) = within else { break };
            let (name, part) = key[1..].split_at(key.len() - 5);
            if part == [0; 4] {
                if pending.is_some() {
                    return Err(self.damaged("a part of a value is missing"));
                }
                let (parts, head) = split_parts(bytes)?;
                pending = Some((name.to_vec(), parts, head.to_vec()));
            } else {
                match &mut pending {
                    Some((of, _, value)) if of == name => value.extend_from_slice(bytes),
                    _ => return Err(self.damaged("a part of a value is missing")),
                }
            }
            let last = u32::from_be_bytes([part[0], part[1], part[2], part[3]]).saturating_add(1);
            if let Some((name, _, value)) = pending.take_if(|(_, parts, _)| *parts == last)
                && !visit(&name, value)?
            {
                return Ok(());
            }
        }
        if pending.is_some() { Err(self.damaged("a part of a value is missing")) } else { Ok(()) }
    }

    /// Starts a stream of writes. Nothing of it counts before a row of [`Table::State`] names it.
    pub(crate) fn batcher(&self) -> Batcher<'_> {
        Batcher { ground: self, batch: sled::Batch::default(), keys: 0, bytes: 0 }
    }

    /// Removes the generation: every key that starts with it.
    pub(crate) fn remove_generation(&self, table: Table, generation: u32) -> Result<()> {
        let start = full_key(table, &generation.to_be_bytes(), 0);
        let start = start[..5].to_vec();
        match generation.checked_add(1) {
            Some(next) => self.remove_range(start, &full_key(table, &next.to_be_bytes(), 0)[..5]),
            None => self.remove_range(start, &[table as u8 + 1]),
        }
    }

    /// Removes every key of the table from `from` on.
    pub(crate) fn remove_from(&self, table: Table, from: &[u8]) -> Result<()> {
        self.remove_range(full_key(table, from, 0), &[table as u8 + 1])
    }

    fn remove_range(&self, start: Vec<u8>, end: &[u8]) -> Result<()> {
        loop {
            let mut batch = sled::Batch::default();
            let mut count = 0;
            guarded(&self.path, || {
                for entry in self.db.range(start.as_slice()..end).take(BATCH_KEYS) {
                    batch.remove(entry?.0);
                    count += 1;
                }
                Ok(())
            })?;
            guarded(&self.path, || self.db.apply_batch(batch))?;
            if count < BATCH_KEYS {
                return Ok(());
            }
        }
    }

    /// The distinct first four bytes, from `first` on, of a table's keys: its generations.
    pub(crate) fn generations(&self, table: Table, first: u32) -> Result<Vec<u32>> {
        let mut found = Vec::new();
        let mut from = vec![table as u8];
        from.extend_from_slice(&first.to_be_bytes());
        let end = [table as u8 + 1];
        loop {
            let next = guarded(&self.path, || {
                self.db.range(from.clone()..end.to_vec()).next().transpose()
            })?;
            let Some((key, _)) = next else { return Ok(found) };
            let Some(bytes) = key.get(1..5) else {
                return Err(self.damaged("a key is too short"));
            };
            let generation = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            found.push(generation);
            let Some(next) = generation.checked_add(1) else { return Ok(found) };
            from.truncate(1);
            from.extend_from_slice(&next.to_be_bytes());
        }
    }

    fn raw(&self, key: &[u8]) -> Result<Option<sled::IVec>> {
        guarded(&self.path, || self.db.get(key))
    }

    fn damaged(&self, what: &str) -> Error {
        damaged(what).at(self.path.display())
    }
}

impl fmt::Debug for Batcher<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batcher({} keys, {} bytes)", self.keys, self.bytes)
    }
}

/// Collects writes into batches.
pub(crate) struct Batcher<'a> {
    ground: &'a Ground,
    batch: sled::Batch,
    keys: usize,
    bytes: usize,
}

impl Batcher<'_> {
    /// Writes a value; it may reach sled at once or with a later one.
    pub(crate) fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<()> {
        let count = value.chunks(PART).len().max(1);
        let count = u32::try_from(count)
            .map_err(|_| Error::new(ErrorKind::Limit, "a value is too large"))?;
        let mut parts = value.chunks(PART);
        let mut first = count.to_le_bytes().to_vec();
        first.extend_from_slice(parts.next().unwrap_or_default());
        self.insert(full_key(table, key, 0), first)?;
        for (part, bytes) in (1..count).zip(parts) {
            self.insert(full_key(table, key, part), bytes.to_vec())?;
        }
        Ok(())
    }

    fn insert(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<()> {
        self.keys += 1;
        self.bytes += key.len() + value.len();
        self.batch.insert(key, value);
        if self.keys >= BATCH_KEYS || self.bytes >= BATCH_BYTES { self.apply() } else { Ok(()) }
    }

    /// Hands everything to sled. What must be durable needs [`Ground::flush`] after it.
    pub(crate) fn apply(&mut self) -> Result<()> {
        (self.keys, self.bytes) = (0, 0);
        let batch = std::mem::take(&mut self.batch);
        step("apply", &self.ground.path)?;
        guarded(&self.ground.path, || self.ground.db.apply_batch(batch))
    }
}

fn full_key(table: Table, key: &[u8], part: u32) -> Vec<u8> {
    let mut full = Vec::with_capacity(key.len() + 5);
    full.push(table as u8);
    full.extend_from_slice(key);
    full.extend_from_slice(&part.to_be_bytes());
    full
}

fn split_parts(first: &[u8]) -> Result<(u32, &[u8])> {
    let (count, head) =
        first.split_first_chunk::<4>().ok_or_else(|| damaged("a stored value is too short"))?;
    Ok((u32::from_le_bytes(*count), head))
}

/// Opens sled, which only one process can have open: a reader of records is done soon.
fn open_patiently(path: &Path, config: &sled::Config) -> Result<sled::Db> {
    const TRIES: u32 = 20;
    const PAUSE: Duration = Duration::from_millis(50);
    for _ in 1..TRIES {
        remove_unfinished(path)?;
        match guarded(path, || config.open()) {
            Err(e) if e.kind() == ErrorKind::Locked => std::thread::sleep(PAUSE),
            opened => return opened,
        }
    }
    guarded(path, || config.open())
}

/// Removes the snapshot of its page table that sled had begun to write when its process was killed:
/// sled takes the unfinished file for its newest one, and refuses to open. It is made anew from the
/// log. Under sled's own lock, so that nobody is writing it now; who holds the lock is waited for.
fn remove_unfinished(path: &Path) -> Result<()> {
    let failed = |e| Error::io(path, e);
    if unfinished(path).map_err(failed)?.is_empty() {
        return Ok(());
    }
    let db = File::open(path.join("db")).map_err(failed)?;
    if db.try_lock().is_ok() {
        unfinished(path).map_err(failed)?.iter().try_for_each(|file| durable::remove(file))?;
    }
    Ok(())
}

fn unfinished(path: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(path)?.map(|entry| Ok(entry?.path()));
    let is_unfinished = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("snap.") && name.ends_with(".generating")
    };
    paths.filter(|path| path.as_ref().map_or(true, is_unfinished)).collect()
}

fn step(what: &str, path: &Path) -> Result<()> {
    faults::step(what, path).map(|_| ()).map_err(|e| Error::io(path, e))
}

/// Runs a call into sled; a panic in it is damage, an error is translated.
fn guarded<T>(path: &Path, call: impl FnOnce() -> sled::Result<T>) -> Result<T> {
    let place = path.display();
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(e))) => {
            let busy = e.kind() == io::ErrorKind::WouldBlock
                || e.to_string().contains("could not acquire lock");
            if busy {
                return Err(Error::new(
                    ErrorKind::Locked,
                    "the store is in use by another process",
                )
                .at(place)
                .hint("wait until it has ended; looking things up works meanwhile"));
            }
            Err(Error::io(path, e))
        }
        // The texts of sled's other errors may quote stored bytes.
        Ok(Err(_)) | Err(_) => Err(damaged("the database is damaged").at(place)),
    }
}
