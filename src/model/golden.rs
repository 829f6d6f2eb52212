use serde::{Deserialize, Serialize};

use super::key::{EntityId, EntityKind, Timestamp};

/// The record that survives: per field the chosen values with their provenance. A pure function of
/// the members' normal records and the policy.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct GoldenRecord {
    /// Entity.
    pub entity_id: EntityId,
    /// Kind.
    pub entity_kind: EntityKind,
    /// Chosen fields in the order of the vocabulary; a multi-valued field stands once a value, the
    /// primary first.
    pub fields: Vec<GoldenField>,
    /// Relations to other entities.
    pub relations: Vec<Relation>,
}

impl GoldenRecord {
    /// Values of a field, primary first.
    pub fn values<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a GoldenField> + 'a {
        self.fields.iter().filter(move |f| f.field == field)
    }
}

impl std::fmt::Debug for GoldenRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GoldenRecord({}, {} fields <redacted>)", self.entity_id, self.fields.len())
    }
}

/// One surviving value.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct GoldenField {
    /// Field name as in `golden.csv`.
    pub field: String,
    /// Value as exported.
    pub value: String,
    /// Where it comes from.
    pub source: String,
    /// The record it comes from.
    pub record_id: String,
    /// The row's own time, if it states one.
    pub observed_at: Option<Timestamp>,
    /// The rule that chose it.
    pub rule: String,
    /// Values that lost, with the reason.
    pub others: Vec<LostValue>,
}

impl std::fmt::Debug for GoldenField {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GoldenField({}, {}, <redacted>)", self.field, self.rule)
    }
}

/// A value that did not survive.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct LostValue {
    /// Value.
    pub value: String,
    /// Source.
    pub source: String,
    /// Record.
    pub record_id: String,
    /// Why not: `older`, `less frequent`, `invalid` …
    pub why_not: String,
}

impl std::fmt::Debug for LostValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "LostValue({}, <redacted>)", self.why_not)
    }
}

/// A relation between two entities that is no identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Relation {
    /// `household`, `employer`, `employee`, `parent` or `subsidiary` (of an organisation).
    #[serde(rename = "type")]
    pub kind: String,
    /// The other entity.
    pub entity_id: EntityId,
}
