//! The results of one rebuild: a read-only file that answers look-ups with a few positioned reads.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::model::{EntityId, EntityKind, FileManifest, NormalRecord, RecordKey, ScoredPair, Thresholds};

/// Counts and settings of a run; `summary.json` but for the timings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunSummary {
    /// Run id, from 1.
    pub run: u32,
    /// Ground sequence that it was made from: the last file, judgement and command seen.
    pub ground: u64,
    /// Live records resolved.
    pub records: u64,
    /// Entities.
    pub entities: u64,
    /// Entities of more than one record.
    pub merged_entities: u64,
    /// Records that were deleted or are aliases.
    pub deleted: u64,
    /// Candidate pairs scored.
    pub pairs_scored: u64,
    /// Candidate pairs that blocks too common to refine would have held.
    pub pairs_left_out: u64,
    /// Estimated share of true pairs that blocking meets.
    pub blocking_recall_estimate: f64,
    /// Thresholds in force.
    pub thresholds: Thresholds,
    /// Hash of the model.
    pub model_hash: String,
    /// Hash of the resolved configuration.
    pub config_hash: String,
    /// Newest time in ground or `--as-of`: ages count from here (seconds since 1970).
    pub as_of: Option<i64>,
    /// Notes and warnings for people, in words (shared mailboxes, huge blocks, suspicious clusters).
    pub warnings: Vec<String>,
    /// Blocks that were left out: (rule, members).
    pub blocks_left_out: Vec<(String, u64)>,
    /// Manifests of the files that live records come from.
    pub files: Vec<FileManifest>,
}

/// One merge of the agglomeration, in ordinals.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepRow {
    /// A record of one side.
    pub a: u32,
    /// A record of the other side.
    pub b: u32,
    /// Log odds of the merge in bits.
    pub weight: f32,
    /// 0 record pair, 1 clusters, 2 judgement.
    pub kind: u8,
}

/// One entity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EntityRow {
    /// Its stable id.
    pub id: EntityId,
    /// Its kind.
    pub kind: EntityKind,
    /// Member ordinals, ascending.
    pub members: Vec<u32>,
    /// The merges that made it, in order.
    pub steps: Vec<StepRow>,
    /// Related entities: (type, entity index).
    pub relations: Vec<(String, u32)>,
    /// Why a person should look at it, empty if nothing is odd.
    pub suspicions: Vec<String>,
}

/// Writes a snapshot file: records first (in ordinal order, that is sorted by key), then entities
/// (sorted by their first member), then pairs (sorted by a, b), then [`ResultsWriter::finish`].
#[derive(Debug)]
pub struct ResultsWriter {}

impl ResultsWriter {
    /// Starts a file beside its final place.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(_path: &Path) -> Result<Self> {
        todo!()
    }

    /// Adds the next record. `store_record` is its number in the store and the index; `file` its
    /// manifest's sequence; `line` where it stood.
    ///
    /// # Errors
    /// Writing fails.
    pub fn record(
        &mut self,
        _key: &RecordKey,
        _store_record: u64,
        _file: u32,
        _normal: &NormalRecord,
    ) -> Result<()> {
        todo!()
    }

    /// Adds the next entity.
    ///
    /// # Errors
    /// Writing fails.
    pub fn entity(&mut self, _entity: &EntityRow) -> Result<()> {
        todo!()
    }

    /// Adds the next pair (all at or above the review threshold, or joined, or judged).
    ///
    /// # Errors
    /// Writing fails.
    pub fn pair(&mut self, _pair: ScoredPair) -> Result<()> {
        todo!()
    }

    /// Adds an id that is not live: an alias of an entity, or a deleted or merged record's key.
    ///
    /// # Errors
    /// Writing fails.
    pub fn alias(&mut self, _from: AliasKey, _entity: u32) -> Result<()> {
        todo!()
    }

    /// Writes summary and table of contents, syncs, and renames into place.
    ///
    /// # Errors
    /// Writing fails.
    pub fn finish(self, _summary: &RunSummary) -> Result<()> {
        todo!()
    }
}

/// What an alias is keyed by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AliasKey {
    /// An older entity id.
    Entity(EntityId),
    /// A record that is deleted or lost a merge in its system.
    Record(RecordKey),
}

/// Reads a snapshot file. Cheap to open (header and table of contents only); every access is a few
/// positioned reads; shareable between threads.
#[derive(Debug)]
pub struct Results {}

impl Results {
    /// Opens a snapshot.
    ///
    /// # Errors
    /// Missing, of another version, or damaged (checksum of the part that is read).
    pub fn open(_path: &Path) -> Result<Self> {
        todo!()
    }
    /// Counts and settings.
    pub fn summary(&self) -> &RunSummary {
        todo!()
    }
    /// Number of live records.
    pub fn records(&self) -> u32 {
        todo!()
    }
    /// Number of entities.
    pub fn entities(&self) -> u32 {
        todo!()
    }
    /// Key of a record.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn key(&self, _ordinal: u32) -> Result<RecordKey> {
        todo!()
    }
    /// (store record number, file sequence) of a record.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn origin(&self, _ordinal: u32) -> Result<(u64, u32)> {
        todo!()
    }
    /// Canonical values of a record.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn normal(&self, _ordinal: u32) -> Result<NormalRecord> {
        todo!()
    }
    /// Ordinals of the records of `source` with this id (several where objects differ).
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_record(&self, _source: &str, _object: Option<&str>, _id: &str) -> Result<Vec<u32>> {
        todo!()
    }
    /// Ordinal of the record with this number in the store.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_store_record(&self, _number: u64) -> Result<Option<u32>> {
        todo!()
    }
    /// Entity index of a record.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn entity_of(&self, _ordinal: u32) -> Result<u32> {
        todo!()
    }
    /// An entity by index.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn entity(&self, _index: u32) -> Result<EntityRow> {
        todo!()
    }
    /// Entity index by id; aliases resolve.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_entity(&self, _id: EntityId) -> Result<Option<u32>> {
        todo!()
    }
    /// Entity index by the key of a record that is deleted or merged away.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_alias(&self, _source: &str, _object: Option<&str>, _id: &str) -> Result<Option<u32>> {
        todo!()
    }
    /// Older ids of an entity.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn aliases(&self, _index: u32) -> Result<Vec<AliasKey>> {
        todo!()
    }
    /// Number of kept pairs.
    pub fn pairs(&self) -> u64 {
        todo!()
    }
    /// A kept pair by position (sorted by a, b).
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn pair(&self, _position: u64) -> Result<ScoredPair> {
        todo!()
    }
    /// The kept pair of two records, if kept.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn find_pair(&self, _a: u32, _b: u32) -> Result<Option<ScoredPair>> {
        todo!()
    }
}
