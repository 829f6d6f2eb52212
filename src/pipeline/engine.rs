//! A store open for writing.

use std::path::Path;

use super::fresh::Fresh;
use super::memory::Memory;
use super::types::EngineOptions;
use crate::blocking::index::BlockIndex;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::Catalog;
use crate::model::{Judgement, RecordKey, Timestamp, Verdict};
use crate::store::{Access, Store};

/// A store open for writing: takes files in, works results out, keeps judgements.
#[derive(Debug)]
pub struct Engine {
    pub(super) store: Store,
    pub(super) index: BlockIndex,
    pub(super) options: EngineOptions,
    pub(super) catalog: Catalog,
    pub(super) pool: rayon::ThreadPool,
    /// Keys of a file that was not taken may have been added to the index.
    pub(super) index_spoiled: bool,
    /// What the ingests of this process found, for the next rebuild.
    pub(super) fresh: Fresh,
}

impl Engine {
    /// Opens the store of a folder for writing; makes one where there is none.
    ///
    /// # Errors
    /// Locked, damaged, of another version, or not writable; a user's source kind is wrong.
    pub fn create_or_open(dir: &Path, options: EngineOptions) -> Result<Self> {
        let catalog = options.config.catalog()?;
        let pool = options.pool()?;
        let store = Store::open(dir, Access::Write)?;
        let secret = store.secret()?;
        let folder = store.index_dir();
        // The index is derived: a damaged one is made anew by the next rebuild.
        let index = match BlockIndex::open_or_create(&folder, secret) {
            Ok(index) => index,
            Err(error) if error.kind() != ErrorKind::Corrupted => return Err(error),
            Err(error) => {
                tracing::warn!("{error}: the index is made anew from the records");
                BlockIndex::recreate(&folder, secret)?
            }
        };
        let fresh = Fresh::new(Memory::new(options.max_memory).for_fresh());
        Ok(Self { store, index, options, catalog, pool, index_spoiled: false, fresh })
    }

    /// Throws the index away; the next rebuild fills it.
    pub(super) fn renew_index(&mut self) -> Result<()> {
        let secret = self.store.secret()?;
        self.index = BlockIndex::recreate(&self.store.index_dir(), secret)?;
        Ok(())
    }

    /// Adds a person's decision; returns its sequence.
    ///
    /// # Errors
    /// The two are one record, or writing fails.
    pub fn judge(
        &mut self,
        a: RecordKey,
        b: RecordKey,
        verdict: Verdict,
        by: &str,
        note: &str,
        at: Timestamp,
    ) -> Result<u64> {
        self.judge_all(vec![Judgement::new(a, b, verdict, by, note, at)])
    }

    /// Adds many decisions, all or none; their sequences are given here. Returns the last.
    ///
    /// # Errors
    /// As [`Engine::judge`].
    pub fn judge_all(&mut self, judgements: Vec<Judgement>) -> Result<u64> {
        if judgements.iter().any(|judgement| judgement.a == judgement.b) {
            return Err(Error::new(ErrorKind::Config, "a record cannot be judged against itself")
                .hint("name two different records"));
        }
        self.store.add_judgements(judgements)
    }
}

impl EngineOptions {
    /// The threads to work with.
    pub(super) fn pool(&self) -> Result<rayon::ThreadPool> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads.unwrap_or(0))
            .build()
            .map_err(|e| Error::new(ErrorKind::Limit, format!("cannot start threads: {e}")))
    }
}

/// Removes a store, so that one may be made anew in its place. Does nothing where there is none.
///
/// # Errors
/// The folder is no store, is locked, or holds people's judgements (which would be lost).
pub fn discard_store(dir: &Path) -> Result<()> {
    if !dir.exists() {
        return Ok(());
    }
    {
        let store = Store::open(dir, Access::Write)?;
        if !store.judgements()?.is_empty() {
            return Err(Error::new(
                ErrorKind::Refused,
                "this store holds people's judgements and would be made anew",
            )
            .at(dir.display())
            .hint("name it with --store to add to it, or remove the folder yourself"));
        }
    }
    Store::discard(dir)
}

/// Seconds that the processors have worked for this process; `None` where the system does not tell.
pub(super) fn processor_time() -> Option<f64> {
    // Linux counts in hundredths of a second here, whatever its own clock.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The second field, a name in brackets, may hold anything.
    let mut fields = stat[stat.rfind(')')? + 1..].split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
}

/// Largest resident memory of this process so far, bytes; `None` where the system does not tell.
pub(super) fn peak_memory() -> Option<u64> {
    memory("VmHWM:")
}

/// Resident memory of this process, bytes; `None` where the system does not tell.
pub(super) fn memory_in_use() -> Option<u64> {
    memory("VmRSS:")
}

fn memory(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(name))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
