//! The tables: clusters, golden records, crosswalk, quarantine.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::ReportInput;
use super::roster::{EntityBrief, Roster};
use super::table::{Cell, Table, TableFormat};
use crate::error::Result;
use crate::model::{QuarantinedRow, Timestamp};
use crate::survivorship::{
    FIXED_COLUMNS, Member, VOCABULARY, field_names, field_order, is_many, surviving_values,
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

/// Reads the members of an entity.
fn members(input: &ReportInput<'_>, roster: &Roster, entity: &EntityBrief) -> Result<Vec<Member>> {
    let member = |ordinal: &u32| {
        let key = roster.keys[*ordinal as usize].clone();
        let system = input.systems.get(&key.source).unwrap_or(&key.source);
        Ok(Member { system: Arc::clone(system), normal: input.results.normal(*ordinal)?, key })
    };
    entity.members.iter().map(member).collect()
}

/// What a person calls an entity: its first name, company, mailbox or number that survives.
pub(super) fn display_name(
    input: &ReportInput<'_>,
    roster: &Roster,
    entity: &EntityBrief,
) -> Result<String> {
    let fields = ["full_name", "company", "email", "phone"];
    let mut names: [Option<String>; 4] = Default::default();
    let as_of = input.results.summary().as_of.map(Timestamp);
    let members = members(input, roster, entity)?;
    surviving_values(entity.kind, &members, input.policy, as_of, |field, value| {
        if let Some(at) = fields.iter().position(|f| *f == field) {
            names[at].get_or_insert_with(|| value.to_owned());
        }
    });
    Ok(names.into_iter().flatten().next().unwrap_or_else(|| "(no name)".to_owned()))
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
    let place: FxHashMap<&str, usize> = fields.iter().enumerate().map(|(at, f)| (*f, at)).collect();
    let mut columns = vec!["entity_id", "entity_kind", "records", "sources"];
    columns.extend(&fields);
    let related = roster.entities.iter().any(|e| !e.relations.is_empty());
    if related {
        columns.push("relations");
    }
    let table = table(input, format, &columns);
    let as_of = input.results.summary().as_of.map(Timestamp);
    table.write(out, roster.entities.len() as u64, |at, rows| {
        let entity = &roster.entities[at as usize];
        let mut sources: Vec<u16> =
            entity.members.iter().map(|m| roster.source_of[*m as usize]).collect();
        sources.dedup();
        let mut cells = vec![
            Cell::Text(entity.id.to_string()),
            entity.kind.as_str().into(),
            Cell::Integer(entity.members.len() as u64),
            Cell::Many(sources.iter().map(|s| roster.sources[*s as usize].to_string()).collect()),
        ];
        let fixed = cells.len();
        cells.extend(several.iter().map(|several| match several {
            true => Cell::Many(Vec::new()),
            false => Cell::Text(String::new()),
        }));
        let members = members(input, roster, entity)?;
        surviving_values(entity.kind, &members, input.policy, as_of, |field, value| {
            match place.get(field).map(|at| &mut cells[fixed + at]) {
                Some(Cell::Many(values)) => values.push(value.to_owned()),
                Some(cell) => *cell = value.into(),
                None => debug_assert!(false, "a field without a column"),
            }
        });
        if related {
            let relation = |(kind, other): &(String, u32)| {
                format!("{kind}:{}", roster.entities[*other as usize].id)
            };
            cells.push(Cell::Many(entity.relations.iter().map(relation).collect()));
        }
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
