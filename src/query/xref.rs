use std::collections::BTreeMap;

use serde::Serialize;

use super::resolve_entity;
use crate::config::nearest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::EntityId;
use crate::pipeline::{View, sources};

/// The ids of one entity in every system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Xref {
    /// Its stable id.
    pub entity_id: EntityId,
    /// Record ids by source, sorted.
    pub records: BTreeMap<String, Vec<String>>,
}

/// The ids of the same entity in every system, or in one.
///
/// # Errors
/// The id or the source is unknown; damage.
pub fn xref(view: &View, id: &str, to: Option<&str>) -> Result<Xref> {
    let results = view.results();
    if let Some(to) = to {
        let known = sources(results)?;
        let names = || known.iter().map(String::as_str);
        if !known.contains(to) {
            let error = Error::new(ErrorKind::Unknown, format!("no source is called `{to}`"));
            return Err(match nearest(to, names()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint("`sameas status` lists the sources"),
            });
        }
    }
    let entity = results.entity(resolve_entity(view, id)?)?;
    let mut records: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ordinal in entity.members {
        let key = results.key(ordinal)?;
        if to.is_none_or(|to| *key.source == *to) {
            records.entry(key.source.to_string()).or_default().push(key.id.to_string());
        }
    }
    for ids in records.values_mut() {
        ids.sort();
    }
    Ok(Xref { entity_id: entity.id, records })
}
