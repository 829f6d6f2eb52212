//! The tables of ids, and of rows that could not be taken.

use std::io::Write;

use super::ReportInput;
use super::roster::Roster;
use super::table::{Joined, Rows, Table, TableFormat};
use crate::error::Result;
use crate::model::QuarantinedRow;

fn table(input: &ReportInput<'_>, format: TableFormat, columns: &[&str]) -> Table {
    let columns = columns.iter().map(|c| (*c).to_owned()).collect();
    Table::new(format, input.spreadsheet_safe, columns)
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
        let key = roster.keys.get(ordinal);
        rows.text(key.source);
        rows.text(key.id);
        rows.shown(roster.entity(ordinal).id);
        rows.text(key.object);
        rows.end();
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
    let row = |at: u64, rows: &mut Rows<'_>| {
        let entity = &roster.entities[at as usize];
        rows.shown(entity.id);
        // Members are sorted by key, so those of one source stand together.
        let mut rest = &*entity.members;
        let mut names = Joined::default();
        for source in 0..roster.sources.len() {
            names.clear();
            while let Some((member, more)) = rest.split_first()
                && usize::from(roster.source_of[*member as usize]) == source
            {
                names.push(&roster.record_name(*member));
                rest = more;
            }
            rows.joined(&names);
        }
        rows.end();
    };
    table.write(out, roster.entities.len() as u64, row)
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
        rows.text(&row.file);
        rows.integer(row.line);
        rows.text(&row.source);
        rows.text(&row.reason);
        rows.text(&String::from_utf8_lossy(&row.row));
        rows.end();
    })
}
