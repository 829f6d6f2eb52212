//! Which golden values differ between two results.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::view::View;
use crate::error::Result;
use crate::model::EntityId;
use crate::survivorship::Member;

/// Entities that stand in both results under one id and whose golden values differ: index in
/// `after`, id, fields. `near` are the entities whose records or members differ, of results that read
/// records alike; where it is not given, or settings or time differ too, all are looked at. In the order of `after`; parallel.
///
/// # Errors
/// Damaged or unreadable.
pub fn golden_changes(
    before: &View,
    after: &View,
    near: Option<&FxHashSet<EntityId>>,
) -> Result<Vec<(u32, EntityId, Vec<String>)>> {
    let (old, new) = (before.results().summary(), after.results().summary());
    // Values depend on members, settings and, under some settings, on time. A time that went back
    // makes records younger than it.
    let timeless =
        old.as_of == new.as_of || old.as_of < new.as_of && !after.policy().depends_on_time();
    let alike = near.is_some();
    let near = near.filter(|_| old.config_hash == new.config_hash && timeless);
    let one = |index: u32| -> Result<Option<(u32, EntityId, Vec<String>)>> {
        let id = after.results().entity_id(index)?;
        if near.is_some_and(|near| !near.contains(&id)) {
            return Ok(None);
        }
        let Some(old) = before.results().find_entity(id)? else { return Ok(None) };
        if before.results().entity_id(old)? != id {
            return Ok(None);
        }
        let (old, new) = (before.results().entity(old)?, after.results().entity(index)?);
        let members = after.members(&new)?;
        // Most records stand in both: they are read once.
        let mut held: Vec<(u64, usize)> = Vec::new();
        for (at, ordinal) in new.members.iter().enumerate().filter(|_| alike) {
            held.push((after.results().origin(*ordinal)?.0, at));
        }
        held.sort_unstable();
        let known = |number: u64| -> Option<Member> {
            let at = held.binary_search_by_key(&number, |(number, _)| *number).ok()?;
            Some(members[held[at].1].clone())
        };
        let was = before.values_of(old.kind, &before.members_or(&old, known)?);
        let is = after.values_of(new.kind, &members);
        let mut fields: Vec<String> =
            was.keys().chain(is.keys()).filter(|f| was.get(*f) != is.get(*f)).cloned().collect();
        fields.sort_unstable();
        fields.dedup();
        Ok((!fields.is_empty()).then_some((index, id, fields)))
    };
    let found: Result<Vec<_>> = (0..after.results().entities()).into_par_iter().map(one).collect();
    Ok(found?.into_iter().flatten().collect())
}
