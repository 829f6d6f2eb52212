//! The transaction of one ingested file.
//!
//! Chunks and quarantine are written as they come, under the file's number, which counts only once
//! the state row names it. What a row changes is decided twice: rows equal to what is in force are
//! dropped as they come; the rest is weighed when the whole file is known.

use std::sync::atomic::Ordering;

use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};
use crate::model::{FileManifest, QuarantinedRow, SourceRecord};
use crate::store::archive::ArchivedFile;
use crate::store::ground::{Batcher, Ground, Table};
use crate::store::heads::{self, Head, HeadTable, Run};
use crate::store::{
    ChunkId, CommittedFile, FileEntry, Receipt, State, Store, chunk, codec, locked,
};

/// Rows of a page of the quarantine; they are rare and may be large.
const QUARANTINE_PER_PAGE: usize = 16;

pub(super) fn quarantine_key(file: u32, page: u32) -> [u8; 8] {
    (u64::from(file) << 32 | u64::from(page)).to_be_bytes()
}

/// Writes the records of one file. Dropped without [`FileWriter::commit`], nothing of it remains.
#[derive(Debug)]
pub struct FileWriter<'a> {
    store: &'a Store,
    ground: &'a Ground,
    batcher: Option<Batcher<'a>>,
    command: u32,
    file: u32,
    first: u64,
    next: u64,
    chunks: Vec<u16>,
    chunks_crc: crc32fast::Hasher,
    /// Versions written so far.
    written: Vec<Head>,
    /// Rows that were not stored since the store knew them.
    known: u64,
    /// Their keys, and the numbers of the versions that say the same.
    said: Vec<Said>,
    quarantine: Vec<u32>,
    quarantine_crc: crc32fast::Hasher,
    done: bool,
}

impl<'a> FileWriter<'a> {
    pub(super) fn begin(store: &'a Store, command: u32) -> Result<Self> {
        let ground = store.may_write()?;
        if store.writing.swap(true, Ordering::Acquire) {
            return Err(Error::new(ErrorKind::Refused, "another file is being written"));
        }
        let state = locked(&store.state);
        let (file, first) = (state.files + 1, state.records);
        drop(state);
        Ok(Self {
            store,
            ground,
            batcher: Some(ground.batcher()),
            command,
            file,
            first,
            next: first,
            chunks: Vec::new(),
            chunks_crc: crc32fast::Hasher::new(),
            written: Vec::new(),
            known: 0,
            said: Vec::new(),
            quarantine: Vec::new(),
            quarantine_crc: crc32fast::Hasher::new(),
            done: false,
        })
    }

    /// The number that the file will have: what `SourceRecord::file` is to hold.
    pub fn file(&self) -> u32 {
        self.file
    }

    /// Rows so far whose key another row of the file has too, with other content: versions beyond the
    /// first of each.
    pub fn repeats(&mut self) -> u64 {
        self.written.par_sort_unstable_by_key(Head::order);
        let of_key = |versions: &[Head]| {
            let mut states: Vec<&Head> = Vec::with_capacity(1);
            for head in versions {
                if !states.iter().any(|known| known.same_state(head)) {
                    states.push(head);
                }
            }
            states.len() as u64 - 1
        };
        self.written.chunk_by(|a, b| a.key == b.key).map(of_key).sum()
    }

    fn batcher(&mut self) -> &mut Batcher<'a> {
        self.batcher.as_mut().expect("the batcher is taken only when the writer ends")
    }

    /// Adds records (best a few thousand at a time: each call ends a chunk). Their `file` and
    /// `version.command` must be this writer's. Rows equal to the version in force are not stored.
    /// Returns the number that each record got; `None` for those.
    ///
    /// # Errors
    /// Writing fails.
    pub fn append(&mut self, records: &[SourceRecord]) -> Result<Vec<Option<u64>>> {
        let mut next = self.next;
        let mut number = |stored: bool| {
            stored.then(|| {
                next += 1;
                next - 1
            })
        };
        let numbers: Vec<Option<u64>>;
        let fresh: Vec<&SourceRecord> = {
            let mut table = locked(&self.store.table);
            let runs = locked(&self.store.state).heads.clone();
            if table.is_none() && !runs.is_empty() {
                *table = Some(HeadTable::load(self.ground, &runs)?);
            }
            match &*table {
                None => {
                    numbers = records.iter().map(|_| number(true)).collect();
                    records.iter().collect()
                }
                Some(table) => {
                    let news: Vec<News> =
                        records.par_iter().map(|record| news(table, record)).collect();
                    for (record, news) in records.iter().zip(&news) {
                        if let News::Said(number) = news {
                            self.known += 1;
                            self.said.push((heads::key_hash(&record.key), *number));
                        }
                    }
                    numbers = news.iter().map(|n| number(*n == News::Other)).collect();
                    let fresh = records.iter().zip(news).filter(|(_, news)| *news == News::Other);
                    fresh.map(|(record, _)| record).collect()
                }
            }
        };
        self.store_records(&fresh)?;
        Ok(numbers)
    }

    fn store_records(&mut self, records: &[&SourceRecord]) -> Result<()> {
        let chunks = chunk::partition(records);
        let sealed: Vec<Result<Vec<u8>>> =
            chunks.par_iter().map(|records| chunk::encode(records)).collect();
        let numbered: Vec<(u64, &SourceRecord)> =
            (self.next..).zip(records.iter().copied()).collect();
        let heads: Vec<Head> =
            numbered.par_iter().map(|(number, record)| Head::new(record, *number)).collect();
        self.written.extend(heads);
        for (records, sealed) in chunks.iter().zip(sealed) {
            let sealed = sealed?;
            self.chunks_crc.update(&sealed);
            let key = chunk::chunk_key(self.file, self.next);
            self.batcher().put(Table::Records, &key, &sealed)?;
            self.chunks.push(records.len() as u16);
            self.next += records.len() as u64;
        }
        Ok(())
    }

    /// Keeps rows that could not be taken.
    ///
    /// # Errors
    /// Writing fails.
    pub fn quarantine(&mut self, rows: &[QuarantinedRow]) -> Result<()> {
        for page in rows.chunks(QUARANTINE_PER_PAGE) {
            let sealed = codec::seal(page)?;
            self.quarantine_crc.update(&sealed);
            let key = quarantine_key(self.file, self.quarantine.len() as u32);
            self.batcher().put(Table::Quarantine, &key, &sealed)?;
            self.quarantine.push(page.len() as u32);
        }
        Ok(())
    }

    /// Makes the file part of ground and durable; only then returns its receipt. The manifest's
    /// `file`, `command`, `bytes`, `sha256` and `quarantined` are set here.
    ///
    /// # Errors
    /// Writing fails: nothing of the file was taken, or the next open completes it.
    pub fn commit(self, manifest: FileManifest, archived: ArchivedFile) -> Result<Receipt> {
        self.finish(manifest, archived, None)
    }

    /// As [`FileWriter::commit`], for a file that the archive holds already under its old receipt;
    /// returns what it did this time.
    pub(super) fn finish_again(self, file: CommittedFile) -> Result<Receipt> {
        self.finish(file.manifest, file.archived, Some(file.receipt))
    }

    fn finish(
        mut self,
        mut manifest: FileManifest,
        archived: ArchivedFile,
        before: Option<Receipt>,
    ) -> Result<Receipt> {
        self.store_known()?;
        let mut receipt = Receipt {
            file: self.file,
            records_new: 0,
            records_changed: 0,
            records_unchanged: self.known,
            quarantined: self.quarantine.iter().map(|rows| u64::from(*rows)).sum(),
            sha256: archived.sha256.clone(),
        };
        let fresh = self.weigh(&mut receipt);
        manifest.file = self.file;
        manifest.command = self.command;
        manifest.bytes = archived.bytes;
        manifest.sha256.clone_from(&archived.sha256);
        let in_journal = before.is_some();
        let kept = match before {
            // What was acknowledged then stays what it was.
            Some(before) => Receipt { file: self.file, ..before },
            None => {
                manifest.quarantined = receipt.quarantined;
                receipt.clone()
            }
        };
        let committed = CommittedFile { manifest, archived, receipt: kept };
        let entry = FileEntry {
            committed,
            first: self.first,
            chunks: std::mem::take(&mut self.chunks),
            chunks_crc: self.chunks_crc.clone().finalize(),
            quarantine: std::mem::take(&mut self.quarantine),
            quarantine_crc: self.quarantine_crc.clone().finalize(),
        };
        let state = locked(&self.store.state).clone();
        let (state, replaced) = self.write_heads(state, &fresh)?;
        let key = self.file.to_be_bytes();
        self.batcher().put(Table::Files, &key, &codec::seal(&entry)?)?;
        self.batcher().apply()?;
        self.ground.flush()?;

        let store = self.store;
        self.done = true;
        store.decisive(|| {
            store.commit_state(self.ground, state)?;
            store.archive.settle(&entry.committed.archived)?;
            if in_journal { Ok(()) } else { store.manifest.append([&entry.committed]) }
        })?;
        if let Some(table) = locked(&store.table).as_mut() {
            table.add(&fresh);
        }
        *locked(&store.entries) = None;
        for run in replaced {
            // Only space: if this fails, the next open does it.
            let _ = self.ground.remove_generation(Table::Heads, run);
        }
        Ok(receipt)
    }

    /// A key that came with what the store knew *and* with something else has both weighed as of this
    /// command, whatever their order in its files: the row that was not stored is stored after all.
    fn store_known(&mut self) -> Result<()> {
        let mut earlier = locked(&self.store.said);
        if earlier.0 != self.command {
            *earlier = (self.command, Vec::new());
        }
        if self.said.is_empty() && earlier.1.is_empty() || self.written.is_empty() {
            earlier.1.extend_from_slice(&self.said);
            return Ok(());
        }
        let mut keys: Vec<(u64, u64)> = self.written.iter().map(|head| head.key).collect();
        keys.sort_unstable();
        let known = earlier.1.iter().chain(&self.said);
        let mut both: Vec<Said> =
            known.filter(|(key, _)| keys.binary_search(key).is_ok()).copied().collect();
        both.sort_unstable();
        both.dedup();
        earlier.1.extend_from_slice(&self.said);
        drop(earlier);
        let mut records = Vec::new();
        for said in both {
            // One that a file of this command brought is weighed so already.
            let brought = {
                let table = locked(&self.store.table);
                let versions = table.as_ref().map_or(&[][..], |table| table.versions(said.0));
                versions.iter().any(|v| v.number == said.1 && v.command == self.command)
            };
            if brought {
                continue;
            }
            if let Some(mut record) = self.store.record(said.1)? {
                record.file = self.file;
                record.version.command = self.command;
                records.push(record);
                self.known -= self.said.iter().filter(|known| **known == said).count() as u64;
            }
        }
        self.store_records(&records.iter().collect::<Vec<_>>())
    }

    /// The versions that count: of equal rows in the file, one. Fills the receipt.
    fn weigh(&mut self, receipt: &mut Receipt) -> Vec<Head> {
        let mut written = std::mem::take(&mut self.written);
        written.par_sort_unstable_by_key(Head::order);
        let mut fresh: Vec<Head> = Vec::with_capacity(written.len());
        let table = locked(&self.store.table);
        for versions in written.chunk_by(|a, b| a.key == b.key) {
            let start = fresh.len();
            for head in versions {
                if fresh[start..].iter().any(|kept| kept.same_state(head)) {
                    receipt.records_unchanged += 1;
                } else {
                    fresh.push(*head);
                }
            }
            let known = table.as_ref().is_some_and(|t| !t.versions(versions[0].key).is_empty());
            let kept = (fresh.len() - start) as u64;
            let new = u64::from(!known).min(kept);
            receipt.records_new += new;
            receipt.records_changed += kept - new;
        }
        fresh
    }

    /// Writes the file's heads as a run, merged with earlier runs that are no larger, so that the
    /// number of runs grows with the logarithm of the store.
    fn write_heads(&mut self, mut state: State, fresh: &[Head]) -> Result<(State, Vec<u32>)> {
        state.files = self.file;
        state.records = self.next;
        state.command = state.command.max(self.command);
        if fresh.is_empty() {
            return Ok((state, Vec::new()));
        }
        let mut merged = fresh.to_vec();
        let mut replaced = Vec::new();
        while let Some(run) = state.heads.pop_if(|run| run.rows <= merged.len() as u64) {
            let only: [Run; 1] = [run];
            let earlier = heads::map_versions(self.ground, &only, Ok)?;
            merged.extend(earlier.into_iter().flatten());
            replaced.push(only[0].id);
        }
        if !replaced.is_empty() {
            merged.par_sort_by_key(Head::order);
        }
        state.last_run_of_heads += 1;
        let run = heads::write_run(self.batcher(), state.last_run_of_heads, &merged)?;
        state.heads.push(run);
        Ok((state, replaced))
    }
}

impl Drop for FileWriter<'_> {
    fn drop(&mut self) {
        if !self.done {
            self.batcher = None;
            for table in [Table::Records, Table::Quarantine, Table::Files] {
                // What cannot be removed now is removed by the next open.
                let _ = self.ground.remove_generation(table, self.file);
            }
        }
        self.store.writing.store(false, Ordering::Release);
    }
}

/// A key, and the number of a version of it.
pub(super) type Said = ((u64, u64), u64);

/// What a record says that the store did not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    /// Nothing: the version of this number, which is in force or would not give way to it, says the
    /// same.
    Said(u64),
    /// Something.
    Other,
}

fn news(table: &HeadTable, record: &SourceRecord) -> News {
    let head = Head::new(record, 0);
    let versions = table.versions(head.key);
    match heads::winner(versions) {
        None => News::Other,
        Some(in_force) if in_force.same_state(&head) => News::Said(in_force.number),
        Some(_) if heads::winner(versions.iter().chain([&head])) == Some(&head) => News::Other,
        Some(_) => {
            // Of several the last, which may be of this command.
            let same = versions.iter().rev().find(|known| known.same_state(&head));
            same.map_or(News::Other, |known| News::Said(known.number))
        }
    }
}

/// Checks a file's chunks against its entry: `None`, or what is wrong.
pub(super) fn check_file(ground: &Ground, entry: &FileEntry) -> Result<Option<String>> {
    let file = entry.committed.manifest.file;
    let prefix = file.to_be_bytes();
    let mut crc = crc32fast::Hasher::new();
    let mut chunks = entry.chunks.iter();
    let mut first = entry.first;
    let mut wrong = None;
    ground.scan(Table::Records, &prefix, &prefix, |key, sealed| {
        crc.update(&sealed);
        let Some(records) = chunks.next() else {
            wrong = Some("it has chunks that its entry does not name".to_owned());
            return Ok(false);
        };
        let id = ChunkId { file, first, records: *records };
        if key != id.key() || chunk::decode(id, &sealed).is_err() {
            wrong = Some(format!("its chunk from record {first} on is damaged"));
            return Ok(false);
        }
        first += u64::from(*records);
        Ok(true)
    })?;
    if wrong.is_none() && (chunks.next().is_some() || crc.finalize() != entry.chunks_crc) {
        wrong = Some("chunks of its records are missing".to_owned());
    }
    if wrong.is_some() {
        return Ok(wrong);
    }
    let mut crc = crc32fast::Hasher::new();
    let mut pages = 0;
    ground.scan(Table::Quarantine, &prefix, &prefix, |_, sealed| {
        crc.update(&sealed);
        pages += 1;
        codec::open::<Vec<QuarantinedRow>>(&sealed).map(|_| true)
    })?;
    let whole = pages == entry.quarantine.len() && crc.finalize() == entry.quarantine_crc;
    Ok((!whole).then(|| "its quarantined rows are damaged".to_owned()))
}
