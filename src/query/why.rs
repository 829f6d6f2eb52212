use super::resolve;
use crate::error::{Error, ErrorKind, Result};
use crate::model::Explanation;
use crate::pipeline::View;

/// Most members of an entity that are tried, where an entity id stands for its records.
const MEMBERS: usize = 200;

/// Why two records are, or are not, one entity. An id that stands for several records (an entity's)
/// stands for the one that is nearest to the other side.
///
/// # Errors
/// An id is unknown, or both name one record; damage.
pub fn why(view: &View, a: &str, b: &str) -> Result<Explanation> {
    let results = view.results();
    let (left, right) = (records(view, a)?, records(view, b)?);
    let mut best: Option<(f32, u32, u32)> = None;
    for x in &left {
        for y in right.iter().filter(|y| *y != x) {
            let weight = match results.find_pair(*x.min(y), *x.max(y))? {
                Some(pair) => pair.weight,
                None => f32::NEG_INFINITY,
            };
            if best.is_none_or(|(most, _, _)| weight > most) {
                best = Some((weight, *x, *y));
            }
        }
    }
    let Some((_, x, y)) = best else {
        return Err(Error::new(ErrorKind::Config, "both ids name one and the same record")
            .hint("name two records, such as `crm:17` and `shop:3`"));
    };
    view.explain(x, y)
}

fn records(view: &View, id: &str) -> Result<Vec<u32>> {
    let results = view.results();
    let found = resolve(view, id)?;
    if !found.records.is_empty() {
        return Ok(found.records);
    }
    let mut records = Vec::new();
    for entity in found.entities {
        let entity = results.entity(entity)?;
        if !id.trim().starts_with("ent_") {
            return Err(Error::new(
                ErrorKind::Unknown,
                format!(
                    "this record is deleted or merged away in its system; it belongs to {}",
                    entity.id
                ),
            ));
        }
        records.extend(entity.members);
    }
    records.truncate(MEMBERS);
    Ok(records)
}
