use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;

use super::changes::{ChangeRow, Since, changes};
use crate::clustering::{LedgerState, Resolved};
use crate::error::{Error, ErrorKind, Result};
use crate::model::EntityId;
use crate::pipeline::visit_ledger;

/// The life of an entity's id, or of a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct History {
    /// What was asked for: an entity's id, or a record's key.
    pub id: String,
    /// The entity that it stands for now, or last did; `None` for a record that never had one.
    pub entity_id: Option<EntityId>,
    /// `live`, `merged` (an alias of `entity_id`), `retired`; of a record `resolved` or
    /// `unresolved`.
    pub state: &'static str,
    /// What happened to it, in order.
    pub events: Vec<ChangeRow>,
}

/// The life of an entity (by any id that it ever bore) or of a record. Needs no results. O(events).
///
/// # Errors
/// [`ErrorKind::Unknown`] where the id was never given, or stands for several records; damage.
pub fn history(dir: &Path, text: &str) -> Result<History> {
    let text = text.trim();
    if text.starts_with("ent_") { of_entity(dir, text) } else { of_record(dir, text) }
}

fn of_entity(dir: &Path, text: &str) -> Result<History> {
    let unknown = |message: String| Error::new(ErrorKind::Unknown, message);
    let id = EntityId::parse(text).ok_or_else(|| {
        unknown("this entity id is mistyped: its checksum does not fit".to_owned())
    })?;
    let mut state = LedgerState::default();
    visit_ledger(dir, |event| {
        state.apply(&event);
        Ok(())
    })?;
    let (entity, state) = match state.resolve(id) {
        Some(Resolved::Live(entity)) if entity == id => (entity, "live"),
        Some(Resolved::Live(entity)) => (entity, "merged"),
        Some(Resolved::Retired(entity)) => (entity, "retired"),
        None => return Err(unknown(format!("no entity ever bore the id {id}"))),
    };
    let mut events = Vec::new();
    changes(dir, Since::Sequence(0), |row| {
        if row.entity_id == Some(id) || row.other_entity_id == Some(id) {
            events.push(row);
        }
        Ok(())
    })?;
    Ok(History { id: id.to_string(), entity_id: Some(entity), state, events })
}

fn of_record(dir: &Path, text: &str) -> Result<History> {
    let mut events: Vec<ChangeRow> = Vec::new();
    let mut keys: BTreeSet<String> = BTreeSet::new();
    changes(dir, Since::Sequence(0), |row| {
        if row.is_of(text) {
            let part = |part: &Option<String>| part.clone().unwrap_or_default();
            let (source, object) = (part(&row.source), part(&row.object));
            keys.insert(format!("{source}:{object}/{}", part(&row.record_id)));
            events.push(row);
        }
        Ok(())
    })?;
    let keys = Vec::from_iter(keys);
    let [key] = &keys[..] else {
        return Err(if keys.is_empty() {
            Error::new(ErrorKind::Unknown, "no record of this id was ever in an entity")
                .hint("write `ent_…`, `SOURCE:RECORD` or `SOURCE:OBJECT/RECORD`; a record that came after the last rebuild has no history yet")
        } else {
            Error::new(ErrorKind::Unknown, "this id stands for several records")
                .hint(format!("name one of them: {}", keys.join(", ")))
        });
    };
    let last = events.last();
    let now = last.and_then(|row| row.entity_id);
    let state = if now.is_some() { "resolved" } else { "unresolved" };
    let entity_id = now.or_else(|| last.and_then(|row| row.other_entity_id));
    Ok(History { id: key.clone(), entity_id, state, events })
}
