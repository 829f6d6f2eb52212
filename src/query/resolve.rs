//! From what a person writes to a record or an entity.

use std::collections::BTreeSet;

use crate::clustering::Resolved;
use crate::config::nearest;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{EntityId, RecordKey};
use crate::pipeline::{Gone, View, gone, sources};
use crate::store::results::Results;

/// What an id means in the last results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Live records that it names; empty for an entity id and for a record that is no longer live.
    pub records: Vec<u32>,
    /// The entities that these, or the id itself, belong to; ascending, no doubles.
    pub entities: Vec<u32>,
}

/// Looks up `ent_…` (old ids resolve), `SOURCE:RECORD`, `SOURCE:OBJECT/RECORD`, or a bare record id,
/// which is sought in every source. A few positioned reads a source.
///
/// # Errors
/// [`ErrorKind::Unknown`] with the nearest source; damage.
pub fn resolve(view: &View, text: &str) -> Result<Found> {
    let results = view.results();
    let text = text.trim();
    if text.starts_with("ent_") {
        let Some(id) = EntityId::parse(text) else {
            return Err(Error::new(
                ErrorKind::Unknown,
                "this entity id is mistyped: its checksum does not fit",
            ));
        };
        let mut entities = Vec::from_iter(results.find_entity(id)?);
        let mut later = None;
        if entities.is_empty() {
            // An undo may have brought back results that are older than the id.
            later = view.later_id(id)?;
            if let Some(Resolved::Live(live)) = later {
                entities.extend(results.find_entity(live)?);
            }
        }
        return if entities.is_empty() {
            if !find_gone(results, text)?.is_empty() {
                return Err(Error::new(
                    ErrorKind::Unknown,
                    format!("the entity {id} ended: all its records are deleted in their systems"),
                )
                .hint("`sameas show` tells what they last held"));
            }
            if later.is_some() {
                return Err(Error::new(
                    ErrorKind::Unknown,
                    format!("the entity {id} has no record in the results in force"),
                )
                .hint(format!("`sameas history {id}` tells its life")));
            }
            Err(Error::new(ErrorKind::Unknown, format!("no entity bears the id {id}"))
                .hint("`sameas status` shows whether results are stale"))
        } else {
            Ok(Found { records: Vec::new(), entities })
        };
    }
    let sources = sources(results)?;
    for (at, _) in text.match_indices(':') {
        let found = in_source(results, &text[..at], &text[at + 1..])?;
        if found != Found::default() {
            return Ok(found);
        }
    }
    // A bare id, and one that has a colon of its own.
    let mut all = Found::default();
    for source in &sources {
        let found = in_source(results, source, text)?;
        all.records.extend(found.records);
        all.entities.extend(found.entities);
    }
    if all == Found::default() {
        if !find_gone(results, text)?.is_empty() {
            return Err(Error::new(
                ErrorKind::Unknown,
                "this record is deleted in its system, and no live record is known to be the same",
            )
            .hint("`sameas show` tells what it last held"));
        }
        return Err(unknown(text, &sources));
    }
    Ok(all.tidy())
}

/// As [`resolve`], where one entity must be meant.
///
/// # Errors
/// As [`resolve`]; [`ErrorKind::Unknown`] where several are.
pub fn resolve_entity(view: &View, text: &str) -> Result<u32> {
    let found = resolve(view, text)?;
    match found.entities[..] {
        [entity] => Ok(entity),
        _ => Err(ambiguous(view.results(), &found)),
    }
}

/// As [`resolve`], where one live record must be meant. An entity id stands for its first record
/// where it has but one.
///
/// # Errors
/// As [`resolve`]; [`ErrorKind::Unknown`] where none or several are.
pub fn resolve_record(view: &View, text: &str) -> Result<u32> {
    let results = view.results();
    let found = resolve(view, text)?;
    if let [record] = found.records[..] {
        return Ok(record);
    }
    if found.records.is_empty()
        && let [entity] = found.entities[..]
    {
        let entity = results.entity(entity)?;
        if text.trim().starts_with("ent_") {
            if let [record] = entity.members[..] {
                return Ok(record);
            }
            let mut found = found;
            found.records = entity.members;
            return Err(ambiguous(results, &found));
        }
        return Err(Error::new(
            ErrorKind::Unknown,
            format!(
                "this record is deleted or merged away in its system; it belongs to {}",
                entity.id
            ),
        ));
    }
    Err(ambiguous(results, &found))
}

/// The key of the one live record that is meant.
///
/// # Errors
/// As [`resolve_record`].
pub fn resolve_key(view: &View, text: &str) -> Result<RecordKey> {
    view.results().key(resolve_record(view, text)?)
}

impl Found {
    fn tidy(mut self) -> Self {
        self.records.sort_unstable();
        self.records.dedup();
        self.entities.sort_unstable();
        self.entities.dedup();
        self
    }
}

fn in_source(results: &Results, source: &str, rest: &str) -> Result<Found> {
    let mut found =
        Found { records: results.find_record(source, None, rest)?, entities: Vec::new() };
    let mut alias = None;
    if found.records.is_empty() {
        alias = results.find_alias(source, None, rest)?;
    }
    if found.records.is_empty()
        && alias.is_none()
        && let Some((object, id)) = rest.split_once('/')
    {
        found.records = results.find_record(source, Some(object), id)?;
        if found.records.is_empty() {
            alias = results.find_alias(source, Some(object), id)?;
        }
    }
    for record in &found.records {
        found.entities.push(results.entity_of(*record)?);
    }
    found.entities.extend(alias);
    Ok(found.tidy())
}

/// Records that are no longer live and belong to no live entity, by the entity id that they last
/// had or by a record's id in any of its forms. Empty where the id means none, or several.
///
/// # Errors
/// Damage.
pub(super) fn find_gone(results: &Results, text: &str) -> Result<Vec<Gone>> {
    let text = text.trim();
    let mut all = gone(results)?;
    if let Some(id) = EntityId::parse(text) {
        all.retain(|gone| gone.entity == Some(id));
        return Ok(all);
    }
    all.retain(|gone| {
        let RecordKey { source, object, id } = &gone.key;
        let rest = text.strip_prefix(&**source).and_then(|rest| rest.strip_prefix(':'));
        let with_object = |rest: &str| {
            rest.strip_prefix(&**object).and_then(|rest| rest.strip_prefix('/')) == Some(&**id)
        };
        rest.is_some_and(|rest| rest == &**id || with_object(rest)) || text == &**id
    });
    if all.len() > 1 {
        all.clear();
    }
    Ok(all)
}

fn unknown(text: &str, sources: &BTreeSet<String>) -> Error {
    let names = || sources.iter().map(String::as_str);
    let Some((source, _)) = text.split_once(':') else {
        return Error::new(ErrorKind::Unknown, "no record of any source has this id")
            .hint("write `ent_…`, `SOURCE:RECORD` or `SOURCE:OBJECT/RECORD`; `sameas find` seeks by name, e-mail or phone");
    };
    if sources.contains(source) {
        return Error::new(
            ErrorKind::Unknown,
            format!("source `{source}` has no record with this id"),
        );
    }
    let error = Error::new(ErrorKind::Unknown, format!("no source is called `{source}`"));
    match nearest(source, names()) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint(format!("sources: {}", names().collect::<Vec<_>>().join(", "))),
    }
}

fn ambiguous(results: &Results, found: &Found) -> Error {
    let mut keys: Vec<String> = Vec::new();
    for record in found.records.iter().take(10) {
        match results.key(*record) {
            Ok(key) => keys.push(key.to_string()),
            Err(error) => return error,
        }
    }
    Error::new(ErrorKind::Unknown, "this id stands for several records")
        .hint(format!("name one of them: {}", keys.join(", ")))
}
