//! The order of the stages. (`Engine` here is a stand-in with the signatures that the command line
//! calls; the lead replaces it. `ground` is finished, `view` all but for the parts that it names.)

mod ground;
mod view;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Config;
use crate::error::Result;
use crate::model::{RecordKey, Timestamp, Verdict};
use crate::store::results::RunSummary;

pub use ground::{Ground, GroundSource, discard_store, ground, judgements, quarantine, verify};
pub use view::{Candidate, ModelLevel, ModelTable, View};

/// A store open for writing.
#[derive(Debug)]
pub struct Engine {}

/// How to open an [`Engine`].
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// Threads; all of the machine's where `None`.
    pub threads: Option<usize>,
    /// Most memory in bytes; half of the machine's where `None`.
    pub max_memory: Option<u64>,
    /// Ages count from here; from the newest time in ground where `None`.
    pub as_of: Option<Timestamp>,
    /// Settings.
    pub config: Config,
}

/// An input file with what the caller states of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileArgument {
    /// Path; `-` is standard input.
    pub path: PathBuf,
    /// Source kind, if stated.
    pub kind: Option<String>,
    /// Source, if stated.
    pub source: Option<String>,
}

/// What to do anew.
#[derive(Clone, Debug, Default)]
pub struct RebuildOptions {
    /// Everything, reusing nothing.
    pub full: bool,
    /// The model.
    pub retrain: bool,
    /// Refuse (and change nothing) where a greater share of records would change its entity.
    pub max_changed: Option<f64>,
}

/// Hears how far a long job is.
pub trait Progress: Sync {
    /// A stage begins; `total` in its own units, where known.
    fn stage(&self, name: &str, total: Option<u64>);
    /// Some of the stage is done.
    fn advance(&self, by: u64);
    /// A sentence for a person.
    fn message(&self, text: &str);
    /// The job is over.
    fn finish(&self);
}

/// What became of one file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Receipt {
    /// Name without folders.
    pub file: String,
    /// Source kind.
    pub kind: String,
    /// Source.
    pub source: String,
    /// Rows read.
    pub rows: u64,
    /// Records that were not there before.
    pub records_new: u64,
    /// Records that replaced an older version.
    pub changed: u64,
    /// Records that were there just so.
    pub unchanged: u64,
    /// Rows put into quarantine.
    pub quarantined: u64,
    /// SHA-256 of the archived bytes.
    pub sha256: String,
    /// Column → field, where decided from the file.
    pub mapping: BTreeMap<String, String>,
    /// Columns that no field took.
    pub unused_columns: Vec<String>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// One file and its receipt or error.
#[derive(Debug)]
pub struct FileOutcome {
    /// As given.
    pub name: String,
    /// Receipt or error.
    pub result: Result<Receipt>,
}

/// What an ingest did.
#[derive(Debug, Default)]
pub struct IngestReport {
    /// The command's number: its run id.
    pub command: u32,
    /// File by file, in the order given.
    pub files: Vec<FileOutcome>,
}

/// How much of the last result stayed.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stability {
    /// Share of earlier records whose entity id is the same.
    pub unchanged_share: f64,
    /// New entities.
    pub created: u64,
    /// Entities that joined another.
    pub merged: u64,
    /// Entities that came off another.
    pub split: u64,
}

/// What a rebuild did.
#[derive(Clone, Debug, Default)]
pub struct RebuildReport {
    /// Run id.
    pub run: u32,
    /// Counts.
    pub summary: RunSummary,
    /// Seconds by stage.
    pub timings: Vec<(String, f64)>,
    /// Bytes.
    pub peak_memory: u64,
    /// Against the last result.
    pub stability: Stability,
}

impl Engine {
    /// Opens the store of a folder for writing; makes one where there is none.
    ///
    /// # Errors
    /// Locked, damaged, of another version, or not writable.
    pub fn create_or_open(_dir: &Path, _options: EngineOptions) -> Result<Self> {
        Err(crate::error::Error::new(crate::error::ErrorKind::Limit, "not built yet"))
    }

    /// Takes files in; each is one commit.
    ///
    /// # Errors
    /// Writing fails; a file that cannot be read is an outcome, no error.
    pub fn ingest(
        &mut self,
        _files: &[FileArgument],
        _strict: bool,
        _progress: &dyn Progress,
    ) -> Result<IngestReport> {
        Err(crate::error::Error::new(crate::error::ErrorKind::Limit, "not built yet"))
    }

    /// Works the results out anew and replaces the last.
    ///
    /// # Errors
    /// Writing fails, or `max_changed` refuses.
    pub fn rebuild(
        &mut self,
        _options: RebuildOptions,
        _progress: &dyn Progress,
    ) -> Result<RebuildReport> {
        Err(crate::error::Error::new(crate::error::ErrorKind::Limit, "not built yet"))
    }

    /// Adds a person's decision; returns its sequence.
    ///
    /// # Errors
    /// Writing fails.
    pub fn judge(
        &mut self,
        _a: RecordKey,
        _b: RecordKey,
        _verdict: Verdict,
        _by: &str,
        _note: &str,
        _at: Timestamp,
    ) -> Result<u64> {
        Err(crate::error::Error::new(crate::error::ErrorKind::Limit, "not built yet"))
    }
}
