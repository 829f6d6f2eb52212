use serde::{Deserialize, Serialize};

use super::key::{EntityId, RecordKey, Timestamp};

/// One step in the life of an entity id: ground, append-only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEvent {
    /// Sequence, from 1, without gaps.
    pub sequence: u64,
    /// The run that brought it.
    pub run: u32,
    /// What it comes from.
    pub cause: Cause,
    /// What changed.
    pub change: LedgerChange,
}

/// What an event comes from, the nearest cause first: of several that touch an entity in one run the
/// smallest is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Cause {
    /// An earlier result was brought back.
    #[serde(rename = "undo")]
    Undo,
    /// A person's decision on one of its records.
    #[serde(rename = "judgement")]
    Judgement,
    /// One of its records was deleted, or merged away in its system.
    #[serde(rename = "deleted record")]
    DeletedRecord,
    /// One of its records has a newer version.
    #[serde(rename = "changed record")]
    ChangedRecord,
    /// A record that the last results did not hold.
    #[serde(rename = "new record")]
    NewRecord,
    /// The model was estimated anew.
    #[serde(rename = "model")]
    Model,
    /// The settings changed.
    #[serde(rename = "configuration")]
    Configuration,
    /// None of these touches the entity: other records of the run do, or the program is another
    /// version.
    #[serde(rename = "other records")]
    Other,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 8] = [
        Self::Undo,
        Self::Judgement,
        Self::DeletedRecord,
        Self::ChangedRecord,
        Self::NewRecord,
        Self::Model,
        Self::Configuration,
        Self::Other,
    ];

    /// As the ledger and reports write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Undo => "undo",
            Self::Judgement => "judgement",
            Self::DeletedRecord => "deleted record",
            Self::ChangedRecord => "changed record",
            Self::NewRecord => "new record",
            Self::Model => "model",
            Self::Configuration => "configuration",
            Self::Other => "other records",
        }
    }
}

/// What an event changed. `R` says how records are named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerChange<R = RecordKey> {
    /// A run begins: the events up to the next one are its doing.
    Run(RunBasis),
    /// A new id, named after its founding record; or one that had ended and lives again.
    Created {
        /// The id.
        entity: EntityId,
        /// Its first record.
        founder: R,
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
        record: R,
        /// Before.
        from: Option<EntityId>,
        /// After.
        to: Option<EntityId>,
    },
    /// Golden values of an entity changed. The values stand in the results only: the ledger holds
    /// no customer's values.
    Golden {
        /// The entity.
        entity: EntityId,
        /// Names of the fields, as in `golden.csv`.
        fields: Vec<String>,
    },
}

impl<R> LedgerChange<R> {
    /// The record that begins or ends to belong somewhere.
    pub const fn record(&self) -> Option<&R> {
        match self {
            Self::Created { founder: record, .. } | Self::Moved { record, .. } => Some(record),
            _ => None,
        }
    }

    /// The same change, its record named in another way.
    pub fn naming<'a, S>(&'a self, name: impl FnOnce(&'a R) -> S) -> LedgerChange<S> {
        match self {
            Self::Run(basis) => LedgerChange::Run(basis.clone()),
            Self::Created { entity, founder } => {
                LedgerChange::Created { entity: *entity, founder: name(founder) }
            }
            Self::Merged { from, into } => LedgerChange::Merged { from: *from, into: *into },
            Self::Split { from, into } => LedgerChange::Split { from: *from, into: *into },
            Self::Retired { entity } => LedgerChange::Retired { entity: *entity },
            Self::Moved { record, from, to } => {
                LedgerChange::Moved { record: name(record), from: *from, to: *to }
            }
            Self::Golden { entity, fields } => {
                LedgerChange::Golden { entity: *entity, fields: fields.clone() }
            }
        }
    }
}

/// What the results of a run are made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunBasis {
    /// When, where the caller said.
    pub at: Option<Timestamp>,
    /// The run whose results are in force from now on: itself, or the earlier one that an undo
    /// brought back.
    pub results: u32,
    /// The run whose results were in force before.
    pub before: Option<u32>,
    /// Files in ground that they are made from.
    pub files: u32,
    /// Judgements in ground that they are made from.
    pub judgements: u64,
    /// Hash of the model.
    pub model: String,
    /// Hash of the resolved configuration.
    pub config: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_written_as_they_are_named() {
        for cause in Cause::ALL {
            assert_eq!(serde_json::to_value(cause).unwrap(), cause.as_str());
        }
    }
}
