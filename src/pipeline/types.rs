//! What goes into and comes out of the pipeline.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::clustering::Contradiction;
use crate::config::Config;
use crate::error::Result;
use crate::model::Timestamp;
use crate::store::results::RunSummary;

/// How to open an [`Engine`](super::Engine).
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
    /// Refuse (and change nothing) where this would not be the rebuild that was planned: the id of
    /// a [`Plan`](super::Plan).
    pub plan: Option<String>,
    /// The time of the run, for the ledger.
    pub at: Option<Timestamp>,
}

/// What a stage took.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StageTime {
    /// `records`, `table`, `score` …
    pub stage: String,
    /// Wall time.
    pub seconds: f64,
    /// Time of all processors, in seconds, where the system tells.
    pub cpu_seconds: Option<f64>,
    /// Memory in use at its end, bytes, where the system tells.
    pub memory_bytes: Option<u64>,
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

/// Nobody listens.
impl Progress for () {
    fn stage(&self, _: &str, _: Option<u64>) {}
    fn advance(&self, _: u64) {}
    fn message(&self, _: &str) {}
    fn finish(&self) {}
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
    /// Entities of which no record is left.
    pub retired: u64,
}

/// What a rebuild does again that an undo had taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Redone {
    /// The runs that were taken back.
    pub undone: Vec<u32>,
    /// Records that come back to the entity which these runs had given them.
    pub records: u64,
}

/// What a rebuild did.
#[derive(Clone, Debug, Default)]
pub struct RebuildReport {
    /// Run id.
    pub run: u32,
    /// Counts.
    pub summary: RunSummary,
    /// Seconds by stage.
    pub timings: Vec<StageTime>,
    /// Bytes.
    pub peak_memory: u64,
    /// Against the last result.
    pub stability: Stability,
    /// What it did again, where the run before was an undo.
    pub redone: Option<Redone>,
    /// Judgements that cannot all hold.
    pub contradictions: Vec<Contradiction>,
}

/// A record that a query finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its ordinal.
    pub ordinal: u32,
    /// Posterior.
    pub probability: f64,
    /// Fields that agree.
    pub matched: Vec<String>,
}

/// A model as a person reads it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ModelTable {
    /// Its hash.
    pub hash: String,
    /// Records it was estimated from.
    pub trained_on: u64,
    /// Log odds in bits that two random records are one entity.
    pub prior_weight: f64,
    /// Share of each class of pairs.
    pub classes: Vec<(String, f64)>,
    /// Levels of each comparison.
    pub levels: Vec<ModelLevel>,
}

/// One level of one comparison.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ModelLevel {
    /// Evidence.
    pub field: String,
    /// Level in words.
    pub level: String,
    /// Probability among matches.
    pub m: f64,
    /// Probability among others.
    pub u: f64,
    /// Probability among relatives (of one household or place).
    pub r: f64,
    /// Probability among other sites of one organisation.
    pub q: f64,
    /// log2(m/u).
    pub weight: f64,
}

/// What stands in ground, apart from any result.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// Ground sequence, comparable with [`RunSummary::ground`].
    pub sequence: u64,
    /// Live records.
    pub records: u64,
    /// By source.
    pub sources: BTreeMap<String, GroundSource>,
    /// Records that came after the last results, or after those that an undo brought back.
    pub unresolved: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// Newest time that a row states.
    pub newest: Option<Timestamp>,
    /// Bytes of the store's folder.
    pub store_bytes: u64,
    /// Hash of the model in force and the records that it was estimated from.
    pub model: Option<(String, u64)>,
}

/// One source in ground.
#[derive(Clone, Debug, Default)]
pub struct GroundSource {
    /// Live records.
    pub records: u64,
    /// Source kind.
    pub kind: String,
    /// Last command that brought a file of it.
    pub command: u32,
    /// That file's name.
    pub file: String,
}

/// Damage found.
#[derive(Clone, Debug, Serialize)]
pub struct Damage {
    /// Where.
    pub place: String,
    /// What is wrong.
    pub problem: String,
    /// What it means and what mends it.
    pub meaning: String,
}
