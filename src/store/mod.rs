//! The store: ground in an archive and in sled, results in read-only snapshot files.
//!
//! Ground stands twice: the archive holds the inputs' bytes and the journals of files, judgements
//! and ledger events; sled holds every version of every record for random access. Whatever is
//! acknowledged is synced in both. Results live in files that readers open without lock or sled.
//! `docs/format.md` describes every byte.

pub mod archive;
mod backup;
mod chunk;
mod codec;
mod decode;
mod durable;
mod events;
mod faults;
mod folder;
mod ground;
mod heads;
mod journal;
pub mod ledger;
mod live;
mod lock;
mod migrate;
mod papers;
mod quarantine;
mod recover;
mod repair;
pub mod results;
mod scratch;
mod space;
mod verify;
mod writer;

use std::cmp::Reverse;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Result};
use crate::model::{FileManifest, Judgement, QuarantinedRow, RecordKey, SourceRecord};

pub use archive::{Archive, ArchivedFile};
pub use backup::BackedUp;
pub use chunk::ChunkId;
#[doc(hidden)]
pub use decode::{VALUES, decode_value, open_value, seal_value};
pub use ledger::founding_id;
pub use live::Live;
pub use migrate::Migrated;
pub use quarantine::{Disposition, Fate, HeldRow};
pub use recover::{Lost, ReadFile, Recovered};
pub use repair::Repair;
pub use scratch::Scratch;
pub use verify::{Finding, Severity};
pub use writer::FileWriter;

use codec::damaged;
use events::Numbered;
use folder::{check_format, prepare};
use ground::{Ground, Table};
use journal::Journal;

const RESULTS_KEPT: usize = 3;

/// How a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The one writer; makes the store where there is none.
    Write,
    /// Results, manifests, judgements, ledger and models without lock; the records in sled only
    /// while nobody writes.
    Read,
}

/// What an ingest of one file did; printed only once it is durable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Ingest sequence of the file.
    pub file: u32,
    /// Keys that the store did not know.
    pub records_new: u64,
    /// Versions of keys that it knew.
    pub records_changed: u64,
    /// Rows that say what the store held already.
    pub records_unchanged: u64,
    /// Rows put into quarantine.
    pub quarantined: u64,
    /// SHA-256 of the input as given.
    pub sha256: String,
}

impl Receipt {
    /// Whether results made before it are out of date.
    fn brought_something(&self) -> bool {
        self.records_new + self.records_changed + self.quarantined > 0
    }
}

/// A committed file: a line of `archive/manifest.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommittedFile {
    /// How it was read.
    pub manifest: FileManifest,
    /// Its bytes.
    pub archived: ArchivedFile,
    /// What it did.
    pub receipt: Receipt,
}

/// The one row of sled that commits: what it does not name does not exist.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    files: u32,
    /// Stored versions; the next record number.
    records: u64,
    command: u32,
    run: u32,
    judgements: u64,
    ledger: u64,
    models: u32,
    configs: u32,
    /// Highest id that a run of heads ever had.
    last_run_of_heads: u32,
    heads: Vec<heads::Run>,
    dispositions: u64,
}

/// A file in sled.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct FileEntry {
    committed: CommittedFile,
    /// Number of its first record.
    first: u64,
    /// Records of each chunk.
    chunks: Vec<u16>,
    /// CRC32 over its sealed chunks.
    chunks_crc: u32,
    /// Rows of each page of its quarantine.
    quarantine: Vec<u32>,
    quarantine_crc: u32,
}

/// A store in a directory. Shareable between threads.
#[derive(Debug)]
pub struct Store {
    root: PathBuf,
    access: Access,
    lock: Option<lock::WriterLock>,
    ground: OnceLock<Ground>,
    /// Held while sled is opened late.
    opening: Mutex<()>,
    state: Mutex<State>,
    archive: Archive,
    manifest: Journal<CommittedFile>,
    judged: Journal<Judgement>,
    disposed: Journal<Disposition>,
    repaired: Journal<Repair>,
    losses: Journal<Lost>,
    command: AtomicU32,
    /// A `FileWriter` is at work.
    writing: AtomicBool,
    /// A sync failed: what is on disk is unknown until the store is opened anew.
    poisoned: AtomicBool,
    table: Mutex<Option<heads::HeadTable>>,
    /// The command at work, and what it brought that versions said already.
    said: Mutex<(u32, Vec<writer::Said>)>,
    entries: Mutex<Option<Arc<Vec<FileEntry>>>>,
    /// Files of [`Store::scratch`] made so far.
    scratches: AtomicU32,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The values behind these locks are replaced whole, so a panic elsewhere leaves them sound.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens a store; for writing, makes it where the directory is missing or empty and finishes
    /// or rolls back what a killed process left.
    ///
    /// # Errors
    /// `Locked` (another writer), `FormatVersion` (made by a newer version), `Corrupted`, `Io`,
    /// `Unknown` (no store there).
    pub fn open(root: impl AsRef<Path>, access: Access) -> Result<Self> {
        let root = root.as_ref();
        let lock = match access {
            Access::Write => {
                prepare(root)?;
                let lock = lock::WriterLock::acquire(&root.join("lock"))?;
                check_format(root, access)?;
                Some(lock)
            }
            Access::Read => {
                check_format(root, access)?;
                None
            }
        };
        let store = Self::assemble(root, access, lock)?;
        if access == Access::Write {
            store.start_writing()?;
        }
        Ok(store)
    }

    /// Removes a store that nobody has open. Its name is free at once or not at all.
    ///
    /// # Errors
    /// Removing fails.
    pub fn discard(root: &Path) -> Result<()> {
        let mut name = root.file_name().unwrap_or_default().to_owned();
        name.push(".discarded");
        let aside = root.with_file_name(name);
        // What an interrupted removal left.
        durable::remove_dir(&aside)?;
        durable::rename(root, &aside)?;
        durable::remove_dir(&aside)
    }

    fn assemble(root: &Path, access: Access, lock: Option<lock::WriterLock>) -> Result<Self> {
        let manifest: Journal<CommittedFile> = Journal::new(root.join("archive/manifest.jsonl"));
        let repaired: Journal<Repair> = Journal::new(root.join("archive/repairs.jsonl"));
        let files = repair::standing(manifest.read()?.entries, &repaired.read()?.entries);
        Ok(Self {
            root: root.to_owned(),
            access,
            lock,
            ground: OnceLock::new(),
            opening: Mutex::new(()),
            state: Mutex::default(),
            archive: Archive::new(root, files.iter().map(|file| &file.archived)),
            manifest,
            judged: Journal::new(root.join("archive/judgements.jsonl")),
            disposed: Journal::new(root.join("archive/quarantine.jsonl")),
            losses: Journal::new(root.join("archive/lost.jsonl")),
            repaired,
            command: AtomicU32::new(0),
            writing: AtomicBool::new(false),
            poisoned: AtomicBool::new(false),
            table: Mutex::default(),
            said: Mutex::default(),
            entries: Mutex::default(),
            scratches: AtomicU32::new(0),
        })
    }

    /// Closes the store and keeps its lock.
    fn into_lock(self) -> Option<lock::WriterLock> {
        self.lock
    }

    /// Brings both copies of ground to the same point after whatever ended the last writer.
    fn start_writing(&self) -> Result<()> {
        let ground = self.ground()?;
        let state = locked(&self.state).clone();
        self.command.store(state.command, Ordering::Relaxed);

        // sled commits first, so the archive may lack what sled knows, never the other way round.
        let files = self.manifest.read()?;
        self.manifest.trim(&files)?;
        let archived_events = ledger::last_archived(&self.ledger_folder())?;
        if files.lines() > u64::from(state.files) || archived_events > state.ledger {
            return Err(self.behind());
        }
        for file in (files.lines() as u32 + 1)..=state.files {
            let entry = self.entry(ground, file)?;
            self.archive.settle(&entry.committed.archived)?;
            self.manifest.append([&entry.committed])?;
        }
        self.settle(ground, Table::Judgements, &self.judged, state.judgements)?;
        self.settle(ground, Table::Dispositions, &self.disposed, state.dispositions)?;
        if archived_events < state.ledger {
            let pages = self.ledger_in_sled(ground, archived_events + 1)?;
            ledger::write_segment(&self.ledger_folder(), &pages)?;
        }
        self.papers_settle(ground, &state)?;
        self.archive.sweep()?;

        // Generations that the state does not name were never committed.
        for table in [Table::Files, Table::Records, Table::Quarantine] {
            for file in ground.generations(table, state.files + 1)? {
                ground.remove_generation(table, file)?;
            }
        }
        for run in ground.generations(Table::Heads, 0)? {
            if !state.heads.iter().any(|named| named.id == run) {
                ground.remove_generation(Table::Heads, run)?;
            }
        }
        ground.remove_from(Table::Judgements, &(state.judgements + 1).to_be_bytes())?;
        ground.remove_from(Table::Dispositions, &(state.dispositions + 1).to_be_bytes())?;
        ground.remove_from(Table::Ledger, &(state.ledger + 1).to_be_bytes())?;
        ground.flush()
    }

    /// Writes to a journal what sled committed and a killed process did not archive.
    fn settle<T: Numbered>(
        &self,
        ground: &Ground,
        table: Table,
        journal: &Journal<T>,
        known: u64,
    ) -> Result<()> {
        let content = journal.read()?;
        journal.trim(&content)?;
        let archived = content.lines();
        if archived > known {
            return Err(self.behind());
        }
        if archived < known {
            let all = self.entries_in_sled::<T>(ground, table, known)?;
            journal.append(all.iter().filter(|entry| entry.sequence() > archived))?;
        }
        Ok(())
    }

    fn behind(&self) -> Error {
        damaged("the database lacks files, judgements or events that the archive holds")
            .at(self.root.display())
    }

    /// The store's directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the input's bytes are kept.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// A file for what a run need not keep in memory; gone with the process.
    ///
    /// # Errors
    /// The store's folder cannot be written.
    pub fn scratch(&self) -> Result<Scratch> {
        let number = self.scratches.fetch_add(1, Ordering::Relaxed);
        Scratch::create(&self.results_folder(), number)
    }

    /// The folder of the blocking index.
    pub fn index_dir(&self) -> PathBuf {
        self.root.join("index")
    }

    /// 32 random bytes that belong to this store, made when it was made: the key of hashes that
    /// must not be guessed from values.
    ///
    /// # Errors
    /// The file `secret` is missing or cannot be read.
    pub fn secret(&self) -> Result<[u8; 32]> {
        let path = self.root.join("secret");
        let bytes = std::fs::read(&path).map_err(|e| Error::io(&path, e))?;
        bytes.try_into().map_err(|_| damaged("the secret has not 32 bytes").at(path.display()))
    }

    fn ground(&self) -> Result<&Ground> {
        if let Some(ground) = self.ground.get() {
            return Ok(ground);
        }
        let _one = locked(&self.opening);
        if let Some(ground) = self.ground.get() {
            return Ok(ground);
        }
        let path = self.root.join("ground");
        let made = path.exists();
        if !made && self.access == Access::Read {
            return Err(damaged("the database is missing").at(path.display()));
        }
        let ground = Ground::open(&path)?;
        let state = match ground.get(Table::State, b"")? {
            Some(sealed) => codec::open(&sealed).map_err(|e| e.at(path.display()))?,
            // A database cut short opens empty: only one without anything beside it is new.
            None => State::default(),
        };
        *locked(&self.state) = state;
        Ok(self.ground.get_or_init(|| ground))
    }

    fn may_write(&self) -> Result<&Ground> {
        if self.access == Access::Read {
            return Err(Error::new(ErrorKind::Refused, "the store is open for reading only"));
        }
        if self.poisoned.load(Ordering::Relaxed) {
            return Err(Error::new(
                ErrorKind::Io,
                "an earlier write failed, so this store is closed",
            )
            .hint("mend the cause (disk full, rights) and run the command again"));
        }
        self.ground()
    }

    /// Runs the part of a write after which a failure leaves the disk in an unknown state.
    fn decisive<T>(&self, write: impl FnOnce() -> Result<T>) -> Result<T> {
        let result = write();
        if result.is_err() {
            self.poisoned.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Makes a new state the valid one, durably. What it names must be flushed already.
    fn commit_state(&self, ground: &Ground, state: State) -> Result<()> {
        let mut batcher = ground.batcher();
        batcher.put(Table::State, b"", &codec::seal(&state)?)?;
        batcher.apply()?;
        ground.flush()?;
        *locked(&self.state) = state;
        Ok(())
    }

    /// Refuses where a run that writes about so many bytes would fill the disk.
    ///
    /// # Errors
    /// `Limit`: too little room.
    pub fn ask_for_room(&self, bytes: u64) -> Result<()> {
        space::check(&self.root, bytes)
    }

    /// Versions of records ever stored.
    ///
    /// # Errors
    /// `Corrupted`, `Io`, `Locked`.
    pub fn records(&self) -> Result<u64> {
        self.ground()?;
        Ok(locked(&self.state).records)
    }

    /// Starts a command: all files that it brings share this number.
    ///
    /// # Errors
    /// The store is not open for writing.
    pub fn begin_command(&self) -> Result<u32> {
        self.may_write()?;
        Ok(self.command.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Takes the next run id; durable, never given twice.
    ///
    /// # Errors
    /// Writing fails.
    pub fn begin_run(&self) -> Result<u32> {
        let ground = self.may_write()?;
        let mut state = locked(&self.state).clone();
        let published = self.result_runs()?.last().copied().unwrap_or(0);
        state.run = state.run.max(published) + 1;
        let run = state.run;
        self.decisive(|| self.commit_state(ground, state))?;
        Ok(run)
    }

    /// Starts the transaction of one file of a command; dropped, it is rolled back.
    ///
    /// # Errors
    /// Another file is being written, or the store is not open for writing.
    pub fn begin_file(&self, command: u32) -> Result<FileWriter<'_>> {
        FileWriter::begin(self, command)
    }

    /// Rises with every committed file that brought something new and every decision of a person:
    /// what results are compared with to see whether they are stale.
    ///
    /// # Errors
    /// The journals cannot be read.
    pub fn ground_sequence(&self) -> Result<u64> {
        let files = self.manifest.read()?.entries;
        let news = files.iter().filter(|file| file.receipt.brought_something()).count();
        let decisions = self.judged.read()?.entries.len() + self.disposed.read()?.entries.len();
        Ok((news + decisions) as u64)
    }

    /// The committed files, in order, each with its bytes and what it did.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn files(&self) -> Result<Vec<CommittedFile>> {
        self.manifest.entries()
    }

    /// How each file was read, in order of ingest.
    ///
    /// # Errors
    /// As [`Store::files`].
    pub fn manifests(&self) -> Result<Vec<FileManifest>> {
        Ok(self.files()?.into_iter().map(|file| file.manifest).collect())
    }

    fn entry(&self, ground: &Ground, file: u32) -> Result<FileEntry> {
        let sealed = ground.get(Table::Files, &file.to_be_bytes())?;
        let missing = || damaged("a file's entry is missing in the database");
        codec::open(&sealed.ok_or_else(missing)?).map_err(|e| e.at(self.root.display()))
    }

    fn entries(&self) -> Result<Arc<Vec<FileEntry>>> {
        let ground = self.ground()?;
        let files = locked(&self.state).files;
        let mut cached = locked(&self.entries);
        if let Some(entries) = &*cached {
            return Ok(Arc::clone(entries));
        }
        let entries: Result<Vec<_>> = (1..=files).map(|file| self.entry(ground, file)).collect();
        Ok(Arc::clone(cached.insert(Arc::new(entries?))))
    }

    /// A hash of how many files there are and which numbers the records of each have: where it is
    /// another one for as many of the first files, a recovery has lost records, and numbers that
    /// were noted before stand for others now.
    ///
    /// # Errors
    /// `Corrupted`, `Io`, `Locked`.
    pub fn numbering(&self, files: usize) -> Result<u64> {
        let mut hash = xxhash_rust::xxh3::Xxh3Default::new();
        let entries = self.entries()?;
        for entry in entries.iter().take(files) {
            let records: u64 = entry.chunks.iter().map(|records| u64::from(*records)).sum();
            hash.update([entry.first, records].map(u64::to_le_bytes).as_flattened());
        }
        Ok(hash.digest())
    }

    /// All chunks of stored records, in order of their records' numbers.
    ///
    /// # Errors
    /// `Corrupted`, `Io`, `Locked`.
    pub fn chunks(&self) -> Result<Vec<ChunkId>> {
        let mut chunks = Vec::new();
        for entry in self.entries()?.iter() {
            let mut first = entry.first;
            for records in &entry.chunks {
                chunks.push(ChunkId {
                    file: entry.committed.manifest.file,
                    first,
                    records: *records,
                });
                first += u64::from(*records);
            }
        }
        Ok(chunks)
    }

    /// Reads a chunk: (record number, record), ascending. May be called from many threads.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn read_chunk(&self, id: ChunkId) -> Result<Vec<(u64, SourceRecord)>> {
        let place = format_args!("{}: file {}", self.root.display(), id.file).to_string();
        let sealed = self.ground()?.get(Table::Records, &id.key())?;
        let missing = || damaged("a chunk of records is missing").at(&place);
        chunk::decode(id, &sealed.ok_or_else(missing)?).map_err(|e| e.at(&place))
    }

    /// A stored version by its record number.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn record(&self, number: u64) -> Result<Option<SourceRecord>> {
        let entries = self.entries()?;
        let after = entries.partition_point(|entry| entry.first <= number);
        // Files without records share their first number with the next one.
        let Some(entry) = after.checked_sub(1).and_then(|at| entries.get(at)) else {
            return Ok(None);
        };
        let mut first = entry.first;
        for records in &entry.chunks {
            let next = first + u64::from(*records);
            if number < next {
                let id = ChunkId { file: entry.committed.manifest.file, first, records: *records };
                let found = self.read_chunk(id)?.into_iter().nth((number - first) as usize);
                return Ok(found.map(|(_, record)| record));
            }
            first = next;
        }
        Ok(None)
    }

    /// All stored versions of a record with their numbers, oldest first.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn versions(&self, key: &RecordKey) -> Result<Vec<(u64, SourceRecord)>> {
        let ground = self.ground()?;
        let runs = locked(&self.state).heads.clone();
        let hash = heads::key_hash(key);
        let heads = heads::read_versions(ground, &runs, hash.0, hash.0)?;
        let mut numbers: Vec<u64> =
            heads.iter().filter(|head| head.key == hash).map(|head| head.number).collect();
        numbers.sort_unstable();
        let read = |number| Ok(self.record(number)?.map(|record| (number, record)));
        numbers.into_iter().filter_map(|number| read(number).transpose()).collect()
    }

    /// Rows ever put into quarantine, in order of ingest.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn quarantined(&self, offset: u64, limit: usize) -> Result<Vec<QuarantinedRow>> {
        let ground = self.ground()?;
        let mut skip = offset;
        let mut rows = Vec::new();
        for entry in self.entries()?.iter() {
            for (page, count) in (0u32..).zip(&entry.quarantine) {
                if rows.len() >= limit {
                    return Ok(rows);
                }
                if skip >= u64::from(*count) {
                    skip -= u64::from(*count);
                    continue;
                }
                let key = writer::quarantine_key(entry.committed.manifest.file, page);
                let sealed = ground.get(Table::Quarantine, &key)?;
                let missing = || damaged("a page of the quarantine is missing");
                let held: Vec<QuarantinedRow> = codec::open(&sealed.ok_or_else(missing)?)?;
                rows.extend(held.into_iter().skip(skip as usize).take(limit - rows.len()));
                skip = 0;
            }
        }
        Ok(rows)
    }

    fn results_folder(&self) -> PathBuf {
        self.root.join("results")
    }

    fn ledger_folder(&self) -> PathBuf {
        self.root.join("archive/ledger")
    }

    /// Where the results of a run are, or go: give it to `ResultsWriter::create`, then to
    /// [`Store::publish_results`].
    pub fn results_path(&self, run: u32) -> PathBuf {
        self.results_folder().join(format!("{run:06}.bin"))
    }

    /// Runs whose results are kept, ascending.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn result_runs(&self) -> Result<Vec<u32>> {
        let folder = self.results_folder();
        let io = |e| Error::io(&folder, e);
        let mut runs: Vec<u32> = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            if path.extension().is_some_and(|e| e == "bin") {
                let name = path.file_stem().and_then(|s| s.to_str());
                runs.extend(name.and_then(|name| name.parse::<u32>().ok()));
            }
        }
        runs.sort_unstable();
        Ok(runs)
    }

    /// Whether there ever were results, readable or not.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn results_folder_holds_any(&self) -> Result<bool> {
        Ok(self.results_folder().join("CURRENT").exists() || !self.result_runs()?.is_empty())
    }

    /// Removes damaged results.
    ///
    /// # Errors
    /// Writing fails.
    pub fn drop_results(&self, run: u32) -> Result<()> {
        self.may_write()?;
        durable::remove(&self.results_path(run))
    }

    /// Run whose results are in force.
    ///
    /// # Errors
    /// `Corrupted`, `Io`.
    pub fn current_run(&self) -> Result<Option<u32>> {
        let path = self.results_folder().join("CURRENT");
        let Some(bytes) = durable::read_if_exists(&path)? else { return Ok(None) };
        let run = std::str::from_utf8(&bytes).ok().and_then(run_named);
        run.map(Some).ok_or_else(|| damaged("it names no run").at(path.display()))
    }

    /// The results in force, if there was a rebuild. Needs neither lock nor sled.
    ///
    /// # Errors
    /// `Corrupted`, `FormatVersion`, `Io`.
    pub fn current_results(&self) -> Result<Option<results::Results>> {
        let Some(run) = self.current_run()? else { return Ok(None) };
        match results::Results::open(&self.results_path(run)) {
            // Several rebuilds may have ended between the two reads.
            Err(_) if self.current_run()? != Some(run) => self.current_results(),
            opened => opened.map(Some),
        }
    }

    /// Puts the finished results at [`Store::results_path`] in force (also those of an earlier run
    /// that are still kept) and removes all but three: these, those in force before, and the latest.
    ///
    /// # Errors
    /// It is no such file, or writing fails.
    pub fn publish_results(&self, path: &Path) -> Result<()> {
        self.may_write()?;
        let run = path.file_stem().and_then(|s| s.to_str()).and_then(|s| s.parse::<u32>().ok());
        let run = run.filter(|run| self.results_path(*run) == path && path.exists()).ok_or_else(
            || Error::new(ErrorKind::Unknown, "there are no such results").at(path.display()),
        )?;
        // An undo must find what was in force before, also where it is not among the latest.
        let before = self.current_run().ok().flatten().unwrap_or(run);
        durable::replace(&self.results_folder().join("CURRENT"), pointer(run).as_bytes())?;
        let mut runs = self.result_runs()?;
        runs.sort_by_key(|other| (*other != run, *other != before, Reverse(*other)));
        for old in runs.iter().skip(RESULTS_KEPT) {
            durable::remove(&self.results_path(*old))?;
        }
        Ok(())
    }
}

/// The content of `results/CURRENT`: a run, and the CRC32 of its digits, since the runs before it
/// are kept too and one flipped bit would name another.
fn pointer(run: u32) -> String {
    let digits = format!("{run:06}");
    format!("{digits} {:08x}\n", crc32fast::hash(digits.as_bytes()))
}

/// The run that `results/CURRENT` names. Stores of format 1 wrote the digits alone.
fn run_named(text: &str) -> Option<u32> {
    let run = text.split([' ', '\n']).next()?.parse().ok()?;
    (text == pointer(run) || text == format!("{run:06}\n")).then_some(run)
}
