//! Which values survive into the golden record, and why. Pure.

use crate::model::{EntityId, EntityKind, GoldenRecord, NormalRecord, RecordKey, Relation, Timestamp};

/// One member of an entity.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its key.
    pub key: RecordKey,
    /// Its source kind's system (`shopify` …).
    pub system: std::sync::Arc<str>,
    /// Its canonical values.
    pub normal: NormalRecord,
}

/// Rules by field. (The ownership policy of `sameas.toml` fills it later; `Default` is the
/// documented default.)
#[derive(Clone, Debug, Default)]
pub struct Policy {}

/// Builds the golden record of an entity. `members` are sorted by key; `as_of` is the time that
/// ages count from.
pub fn golden(
    _id: EntityId,
    _kind: EntityKind,
    _members: &[Member],
    _relations: Vec<Relation>,
    _policy: &Policy,
    _as_of: Option<Timestamp>,
) -> GoldenRecord {
    todo!()
}
