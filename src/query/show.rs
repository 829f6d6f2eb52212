use serde::Serialize;

use super::resolve::find_gone;
use super::{Ordered, resolve_entity};
use crate::error::{ErrorKind, Result};
use crate::model::{EntityId, EntityKind, GoldenField, LostValue, RecordKey, Relation};
use crate::pipeline::{Gone, View};
use crate::store::results::{AliasKey, Results};
use crate::survivorship::iso;

/// A golden record with its members and where each value comes from.
#[derive(Clone, Debug, Serialize)]
pub struct Show {
    /// Its stable id; of records that are no longer live and belong to no live entity, the id that
    /// they last had, if any.
    pub entity_id: Option<EntityId>,
    /// Person, organisation, unknown.
    pub entity_kind: EntityKind,
    /// Older ids, and records that are no longer live, that resolve to it.
    pub aliases: Vec<String>,
    /// Its records, by key.
    pub members: Vec<MemberRow>,
    /// The surviving values by field.
    pub golden: Ordered<GoldenValue>,
    /// Relations to others.
    pub relations: Vec<Relation>,
    /// Why a person should look at it; empty if nothing is odd.
    pub suspicions: Vec<String>,
    /// All its records are deleted or merged away in their systems, and no live record is known to
    /// be the same: it stands in no report.
    pub deleted: bool,
}

/// One record of an entity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemberRow {
    /// Source.
    pub source: String,
    /// Object.
    pub object: String,
    /// Id.
    pub record_id: String,
    /// Source kind.
    pub kind: String,
}

/// A surviving value; of a field with several, the primary one.
#[derive(Clone, Serialize)]
pub struct GoldenValue {
    /// As exported.
    pub value: String,
    /// Where it comes from.
    pub source: String,
    /// The record it comes from.
    pub record_id: String,
    /// The row's own time (RFC 3339), if it states one.
    pub observed_at: Option<String>,
    /// The rule that chose it.
    pub rule: String,
    /// Values that lost.
    pub others: Vec<LostValue>,
    /// Further values of the field that survived.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<Self>,
}

impl std::fmt::Debug for GoldenValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GoldenValue(<redacted>, {}:{})", self.source, self.record_id)
    }
}

impl From<GoldenField> for GoldenValue {
    fn from(field: GoldenField) -> Self {
        Self {
            value: field.value,
            source: field.source,
            record_id: field.record_id,
            observed_at: field.observed_at.map(iso),
            rule: field.rule,
            others: field.others,
            further: Vec::new(),
        }
    }
}

/// Everything about one entity, by any id of it. Records that are deleted in their system and
/// belong to no live entity answer with their last values.
///
/// # Errors
/// The id is unknown or stands for several; damage.
pub fn show(view: &View, id: &str) -> Result<Show> {
    let results = view.results();
    let index = match resolve_entity(view, id) {
        Ok(index) => index,
        Err(error) if error.kind() == ErrorKind::Unknown => {
            let gone = find_gone(results, id)?;
            return if gone.is_empty() { Err(error) } else { Ok(show_gone(view, &gone)) };
        }
        Err(error) => return Err(error),
    };
    let entity = results.entity(index)?;
    let golden = view.golden(index)?;
    let mut members = Vec::with_capacity(entity.members.len());
    for ordinal in &entity.members {
        let (_, file) = results.origin(*ordinal)?;
        members.push(member(results, &results.key(*ordinal)?, file));
    }
    let aliases = results.aliases(index)?.iter().map(alias_text).collect();
    Ok(Show {
        entity_id: Some(entity.id),
        entity_kind: entity.kind,
        aliases,
        members,
        golden: fields(golden.fields),
        relations: golden.relations,
        suspicions: entity.suspicions,
        deleted: false,
    })
}

fn show_gone(view: &View, gone: &[Gone]) -> Show {
    let golden = view.golden_of_gone(gone);
    Show {
        entity_id: gone.first().and_then(|gone| gone.entity),
        entity_kind: golden.entity_kind,
        aliases: Vec::new(),
        members: gone.iter().map(|g| member(view.results(), &g.key, g.file)).collect(),
        golden: fields(golden.fields),
        relations: Vec::new(),
        suspicions: Vec::new(),
        deleted: true,
    }
}

fn member(results: &Results, key: &RecordKey, file: u32) -> MemberRow {
    let files = &results.summary().files;
    // The file of a deletion may hold nothing live; another of its source tells the kind as well.
    let manifest = files.iter().find(|m| m.file == file);
    let manifest = manifest.or_else(|| files.iter().find(|m| m.source == key.source));
    MemberRow {
        source: key.source.to_string(),
        object: key.object.to_string(),
        record_id: key.id.to_string(),
        kind: manifest.map(|manifest| manifest.kind.to_string()).unwrap_or_default(),
    }
}

fn fields(golden: Vec<GoldenField>) -> Ordered<GoldenValue> {
    let mut fields: Ordered<GoldenValue> = Ordered(Vec::new());
    for field in golden {
        let name = field.field.clone();
        let value = GoldenValue::from(field);
        match fields.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, primary)) => primary.further.push(value),
            None => fields.0.push((name, value)),
        }
    }
    fields
}

fn alias_text(alias: &AliasKey) -> String {
    match alias {
        AliasKey::Entity(id) => id.to_string(),
        AliasKey::Record(key) => key.to_string(),
    }
}
