//! The tables: clusters, golden records, crosswalk, quarantine.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use rayon::prelude::*;

use super::ReportInput;
use super::roster::Roster;
use super::table::{Cell, Table, TableFormat};
use crate::error::Result;
use crate::model::{GoldenRecord, QuarantinedRow, Relation, Timestamp};
use crate::survivorship::{
    FIXED_COLUMNS, Member, VOCABULARY, field_names, field_order, golden, is_many,
};

pub(super) fn table(input: &ReportInput<'_>, format: TableFormat, columns: &[&str]) -> Table {
    let columns = columns.iter().map(|c| (*c).to_owned()).collect();
    Table { format, spreadsheet_safe: input.spreadsheet_safe, columns }
}

/// `clusters`: every live record once.
pub(super) fn clusters(
    input: &ReportInput<'_>,
    roster: &Roster,
    format: TableFormat,
    out: &mut dyn Write,
) -> Result<()> {
    let table = table(input, format, &["source", "record_id", "entity_id", "object"]);
    let order = roster.by_source_and_id();
    table.write(out, order.len() as u64, |at, rows| {
        let ordinal = order[at as usize];
        let key = &roster.keys[ordinal as usize];
        rows.push(vec![
            (*key.source).into(),
            (*key.id).into(),
            roster.entity(ordinal).id.to_string().into(),
            (*key.object).into(),
        ])
    })
}

/// `crosswalk`: per entity its record ids in every source.
pub(super) fn crosswalk(
    input: &ReportInput<'_>,
    roster: &Roster,
    format: TableFormat,
    out: &mut dyn Write,
) -> Result<()> {
    let mut columns = vec!["entity_id"];
    columns.extend(roster.sources.iter().map(|s| &**s));
    let table = table(input, format, &columns);
    table.write(out, roster.entities.len() as u64, |at, rows| {
        let entity = &roster.entities[at as usize];
        let mut ids = vec![Vec::new(); roster.sources.len()];
        for member in &entity.members {
            ids[roster.source_of[*member as usize] as usize].push(roster.record_name(*member));
        }
        let mut cells = vec![Cell::Text(entity.id.to_string())];
        cells.extend(ids.into_iter().map(Cell::Many));
        rows.push(cells)
    })
}

/// Reads the members of an entity and lets the best values survive.
pub(super) fn golden_of(
    input: &ReportInput<'_>,
    roster: &Roster,
    index: u32,
) -> Result<GoldenRecord> {
    let entity = &roster.entities[index as usize];
    let members: Vec<Member> = entity
        .members
        .iter()
        .map(|ordinal| {
            let key = roster.keys[*ordinal as usize].clone();
            let system = input.systems.get(&key.source).unwrap_or(&key.source);
            Ok(Member { system: Arc::clone(system), normal: input.results.normal(*ordinal)?, key })
        })
        .collect::<Result<_>>()?;
    let relation = |(kind, other): &(String, u32)| Relation {
        kind: kind.clone(),
        entity_id: roster.entities[*other as usize].id,
    };
    let relations = entity.relations.iter().map(relation).collect();
    let as_of = input.results.summary().as_of.map(Timestamp);
    Ok(golden(entity.id, entity.kind, &members, relations, input.policy, as_of))
}

/// `golden`: per entity what survives. Two passes over the records: which columns there are, then
/// the rows.
pub(super) fn golden_records(
    input: &ReportInput<'_>,
    roster: &Roster,
    format: TableFormat,
    out: &mut dyn Write,
) -> Result<()> {
    let extra = extra_columns(input, roster)?;
    let fields: Vec<&str> = VOCABULARY[..FIXED_COLUMNS]
        .iter()
        .copied()
        .chain(extra.iter().map(String::as_str))
        .collect();
    let several: Vec<bool> = fields.iter().map(|f| is_many(f)).collect();
    let mut columns = vec!["entity_id", "entity_kind", "records", "sources"];
    columns.extend(&fields);
    let related = roster.entities.iter().any(|e| !e.relations.is_empty());
    if related {
        columns.push("relations");
    }
    let table = table(input, format, &columns);
    table.write(out, roster.entities.len() as u64, |at, rows| {
        let entity = &roster.entities[at as usize];
        let record = golden_of(input, roster, at as u32)?;
        let mut sources: Vec<u16> =
            entity.members.iter().map(|m| roster.source_of[*m as usize]).collect();
        sources.dedup();
        let mut cells = vec![
            Cell::Text(entity.id.to_string()),
            entity.kind.as_str().into(),
            Cell::Integer(entity.members.len() as u64),
            Cell::Many(sources.iter().map(|s| roster.sources[*s as usize].to_string()).collect()),
        ];
        // Both lists are in the order of fields, so one walk meets all values.
        let mut left = record.fields.into_iter().filter(|f| !f.value.is_empty()).peekable();
        for (field, several) in fields.iter().zip(&several) {
            let mut values = Vec::new();
            while let Some(found) = left.next_if(|f| f.field == **field) {
                values.push(found.value);
            }
            cells.push(match several {
                true => Cell::Many(values),
                false => Cell::Text(values.pop().unwrap_or_default()),
            });
        }
        if related {
            let relation = |r: &Relation| format!("{}:{}", r.kind, r.entity_id);
            cells.push(Cell::Many(record.relations.iter().map(relation).collect()));
        }
        debug_assert!(left.peek().is_none(), "a field without a column");
        rows.push(cells)
    })
}

/// The fields beyond the fixed columns that some record states, in order.
fn extra_columns(input: &ReportInput<'_>, roster: &Roster) -> Result<Vec<String>> {
    let records: Vec<u32> = (0..input.results.records()).collect();
    let found: Vec<BTreeSet<String>> = records
        .par_chunks(1024)
        .map(|chunk| {
            let mut names = BTreeSet::new();
            for ordinal in chunk {
                let key = &roster.keys[*ordinal as usize];
                field_names(key, &input.results.normal(*ordinal)?, &mut names);
            }
            Ok(names)
        })
        .collect::<Result<_>>()?;
    let names: BTreeSet<String> = found.into_iter().flatten().collect();
    let mut names: Vec<String> =
        names.into_iter().filter(|n| field_order(n).0 >= FIXED_COLUMNS).collect();
    names.sort_by(|a, b| field_order(a).cmp(&field_order(b)));
    Ok(names)
}

/// `quarantine`: rows that could not be taken, in an order that does not depend on their lines.
pub(super) fn quarantine(
    input: &ReportInput<'_>,
    format: TableFormat,
    out: &mut dyn Write,
) -> Result<()> {
    let table = table(input, format, &["file", "line", "source", "reason", "row"]);
    let mut order: Vec<&QuarantinedRow> = input.quarantined.iter().collect();
    order.sort_by(|a, b| {
        (&a.source, &a.file, &a.reason, &a.row, a.line)
            .cmp(&(&b.source, &b.file, &b.reason, &b.row, b.line))
    });
    table.write(out, order.len() as u64, |at, rows| {
        let row = order[at as usize];
        rows.push(vec![
            row.file.as_str().into(),
            Cell::Integer(row.line),
            row.source.as_str().into(),
            row.reason.as_str().into(),
            String::from_utf8_lossy(&row.row).into_owned().into(),
        ])
    })
}
