use serde::{Deserialize, Serialize};

use super::key::{EntityId, RecordKey};

/// One step in the life of an entity id: ground, append-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEvent {
    /// Sequence, from 1, without gaps.
    pub sequence: u64,
    /// The rebuild that caused it.
    pub run: u32,
    /// `new record`, `deleted record`, `judgement`, `configuration`, `model` …
    pub cause: String,
    /// What changed.
    pub change: LedgerChange,
}

/// What an event changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerChange {
    /// A new id, named after its founding record.
    Created {
        /// The id.
        entity: EntityId,
        /// The record it is named after.
        founder: RecordKey,
    },
    /// `from` became an alias of `into`.
    Merged {
        /// The id that ends.
        from: EntityId,
        /// The id that it resolves to from now on.
        into: EntityId,
    },
    /// `from` lost members to `into`, which is new or revived.
    Split {
        /// The id that keeps the larger part.
        from: EntityId,
        /// The id of the other part.
        into: EntityId,
    },
    /// No live record is left.
    Retired {
        /// The id.
        entity: EntityId,
    },
    /// A record belongs to another entity than before (`None`: it was, or is, not resolved).
    Moved {
        /// The record.
        record: RecordKey,
        /// Before.
        from: Option<EntityId>,
        /// After.
        to: Option<EntityId>,
    },
}
