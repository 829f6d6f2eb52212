//! The results of one rebuild: a read-only file that answers look-ups with a few positioned reads.
//!
//! ```text
//! header        magic, version
//! blocks        keys, normal records, entities, aliases: some dozens a block, each block sealed
//! arrays        fixed-width entries in pages of 4,096 bytes, each page with its CRC32
//! blobs, summary, table of contents (sealed)
//! footer        place of the table of contents
//! ```

mod layout;
mod reader;
mod writer;

use serde::{Deserialize, Serialize};

use crate::model::{EntityId, EntityKind, FileManifest, RecordKey, Thresholds};

pub(crate) use layout::{PackedEntity, Toc};
pub use reader::Results;
pub use writer::{RecordRow, ResultsWriter, decode_normal, decode_normal_over, encode_normal};

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

/// What an alias is keyed by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AliasKey {
    /// An older entity id.
    Entity(EntityId),
    /// A record that is deleted or lost a merge in its system.
    Record(RecordKey),
}
