//! Which sheets of a workbook are the table, and what to say of the others.

use super::sheet::Cells;

/// A sheet with a header.
pub(super) struct Sheet {
    pub(super) name: String,
    pub(super) cells: Cells,
    /// Which of its rows is the header.
    pub(super) header: usize,
    /// The names there.
    pub(super) columns: Vec<String>,
    /// Whether they look like names.
    pub(super) labels: bool,
}

/// Whether two sheets have the same columns, in whatever order.
pub(super) fn same_columns(a: &[String], b: &[String]) -> bool {
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort_unstable();
        names
    };
    a.len() == b.len() && sorted(a) == sorted(b)
}

/// The first of the sheets that look like a table: with several named columns, and, together with those
/// of the same columns, not much smaller than the largest. A page of text before the data is none, nor
/// are a few lines of names and values.
pub(super) fn choose(sheets: &[Sheet]) -> Option<usize> {
    /// The largest is at most so many times as large.
    const LARGER: usize = 20;
    let worth = |sheet: &Sheet| {
        let alike = sheets.iter().filter(|other| same_columns(&other.columns, &sheet.columns));
        let filled: usize = alike.map(|other| other.cells.filled_after(other.header)).sum();
        (sheet.labels && sheet.columns.len() > 1, filled)
    };
    let (table, filled) = sheets.iter().map(worth).max()?;
    let is_it = |sheet: &Sheet| {
        let worth = worth(sheet);
        worth.0 == table && worth.1 * LARGER >= filled
    };
    sheets.iter().position(is_it)
}

/// What a person should know where a workbook has more sheets than one.
pub(super) fn notes(taken: &[Sheet], unread: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    if taken.len() > 1 {
        let mut before = 0;
        let rows = |sheet: &Sheet| {
            let first = before + 1;
            before += sheet.cells.last_row();
            format!("{:?} (rows {first} to {before})", sheet.name)
        };
        notes.push(format!(
            "sheets of the same columns are read as one table, their rows counted on: {}",
            listed(taken.iter().map(rows).collect())
        ));
    }
    if !unread.is_empty() {
        let names = unread.iter().map(|name| format!("{name:?}")).collect();
        notes.push(format!(
            "sheets that are not read (hidden, or other columns than {:?}): {}; save \
             a sheet as a file of its own to read it",
            taken[0].name,
            listed(names)
        ));
    }
    notes
}

/// So many names are told.
const NAMES_MAX: usize = 20;

fn listed(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMES_MAX);
    names.truncate(NAMES_MAX);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    names.join(", ") + &rest
}
