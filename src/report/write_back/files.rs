//! The files of a plan: imports split at their system's limits, lists of merges, and tables for
//! people.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::import::Import;
use super::part::{PlannedMerge, PlannedRow};
use super::{PlanFile, Purpose};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::{Blank, MergeFormat, MergeSpec};
use crate::model::RecordKey;
use crate::report::write_file;

/// Writes files into a folder and remembers their names.
pub(super) struct Folder<'a> {
    pub(super) path: &'a Path,
    pub(super) files: Vec<PlanFile>,
}

impl Folder<'_> {
    fn write(&mut self, name: String, purpose: Purpose, rows: u64, bytes: &[u8]) -> Result<()> {
        write_file(self.path, &name, |out| {
            out.write_all(bytes).map_err(|e| Error::new(ErrorKind::Io, e.to_string()).because(e))
        })?;
        self.files.push(PlanFile { name, purpose, rows });
        Ok(())
    }

    /// A table for people; none where there is no row.
    pub(super) fn table<T: Serialize>(&mut self, name: &str, rows: &[T]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in rows {
            writer.serialize(row).map_err(failed)?;
        }
        let bytes = writer.into_inner().map_err(|e| failed(e.into_error().into()))?;
        self.write(name.to_owned(), Purpose::Table, rows.len() as u64, &bytes)
    }

    /// The rows of one source and import, in their order.
    pub(super) fn import(
        &mut self,
        stem: &str,
        import: &Import<'_>,
        rows: &[(&PlannedRow, &RecordKey)],
    ) -> Result<()> {
        // Where an empty cell empties, a file holds only rows that fill the same columns.
        let mut sets: BTreeMap<Vec<usize>, Vec<&(&PlannedRow, &RecordKey)>> = BTreeMap::new();
        for row in rows {
            let set = match import.spec.blank {
                Blank::Keeps => Vec::new(),
                Blank::Empties => columns(row.0),
            };
            sets.entry(set).or_default().push(row);
        }
        let mut number = 0;
        for rows in sets.into_values() {
            let mut header: Vec<usize> = rows.iter().flat_map(|(row, _)| columns(row)).collect();
            header.sort_unstable();
            header.dedup();
            let names: Vec<&str> = (import.spec.key.iter().map(String::as_str))
                .chain(header.iter().map(|at| import.slots[*at].column.name.as_str()))
                .collect();
            let head = line(&names)?;
            let (mut bytes, mut count) = (head.clone(), 0);
            for (row, key) in rows {
                let mut cells = vec![""; header.len()];
                let given = row.given.iter().map(|(at, text)| (at, text.as_str()));
                for (at, text) in
                    given.chain(row.changes.iter().map(|c| (&c.column, c.cell.as_str())))
                {
                    if let Ok(place) = header.binary_search(at) {
                        cells[place] = text;
                    }
                }
                if import.spec.key.is_some() {
                    cells.insert(0, &key.id);
                }
                let next = line(&cells)?;
                let full = import.spec.rows.is_some_and(|most| count >= most)
                    || import
                        .spec
                        .bytes
                        .is_some_and(|most| (bytes.len() + next.len()) as u64 > most);
                if full && count > 0 {
                    number += 1;
                    self.write(name(stem, number), Purpose::Import, count, &bytes)?;
                    (bytes, count) = (head.clone(), 0);
                }
                bytes.extend_from_slice(&next);
                count += 1;
            }
            number += 1;
            self.write(name(stem, number), Purpose::Import, count, &bytes)?;
        }
        Ok(())
    }

    /// The merges of one source, in its system's form.
    pub(super) fn merges(
        &mut self,
        stem: &str,
        spec: &MergeSpec,
        merges: &[(&PlannedMerge, Vec<&RecordKey>)],
    ) -> Result<()> {
        let mut bytes = Vec::new();
        let mut count = 0;
        let columns: Vec<&String> = spec
            .survivor
            .0
            .iter()
            .chain(&spec.survivor_with_email.0)
            .chain(&spec.loser.0)
            .collect();
        if spec.format == MergeFormat::Csv {
            let names: Vec<&str> = columns.iter().map(|name| name.as_str()).collect();
            bytes.extend(line(&names)?);
        }
        for (merge, keys) in merges {
            let Some((survivor, losers)) = keys.split_first() else { continue };
            let id = |key: &RecordKey| format!("{}{}", spec.prefix, key.id);
            for losers in losers.chunks(spec.loser.0.len().max(1)) {
                let mut cells: Vec<(&String, String)> = Vec::new();
                for column in &spec.survivor.0 {
                    cells.push((column, id(survivor)));
                }
                for column in &spec.survivor_with_email.0 {
                    let id = if merge.with_email { id(survivor) } else { String::new() };
                    cells.push((column, id));
                }
                for (at, column) in spec.loser.0.iter().enumerate() {
                    cells.push((column, losers.get(at).map(|key| id(key)).unwrap_or_default()));
                }
                bytes.extend(match spec.format {
                    MergeFormat::Csv => {
                        line(&cells.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>())?
                    }
                    MergeFormat::Jsonl => object(&cells)?,
                });
                count += 1;
            }
        }
        let ending = match spec.format {
            MergeFormat::Csv => "csv",
            MergeFormat::Jsonl => "jsonl",
        };
        self.write(format!("{stem}-merges.{ending}"), Purpose::Merges, count, &bytes)
    }
}

/// The columns that a row fills, ascending.
fn columns(row: &PlannedRow) -> Vec<usize> {
    let mut all: Vec<usize> = row.given.iter().map(|(at, _)| *at).collect();
    all.extend(row.changes.iter().map(|change| change.column));
    all.sort_unstable();
    all.dedup();
    all
}

fn name(stem: &str, number: u32) -> String {
    format!("{stem}-{number:03}.csv")
}

/// A row of a CSV file, its line end included.
fn line(cells: &[&str]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(failed)?;
    writer.into_inner().map_err(|e| failed(e.into_error().into()))
}

/// A JSON object a line; dots in names nest, empty cells are left out.
fn object(cells: &[(&String, String)]) -> Result<Vec<u8>> {
    let mut root = Map::new();
    for (path, text) in cells.iter().filter(|(_, text)| !text.is_empty()) {
        let mut open = &mut root;
        let (parents, leaf) = match path.rsplit_once('.') {
            Some((parents, leaf)) => (Some(parents), leaf),
            None => (None, path.as_str()),
        };
        for parent in parents.into_iter().flat_map(|parents| parents.split('.')) {
            let slot = open.entry(parent).or_insert_with(|| Value::Object(Map::new()));
            let Value::Object(inner) = slot else {
                let message = format!("`{path}` stands inside another value");
                return Err(Error::new(ErrorKind::Config, message).hint("mend [import.merge]"));
            };
            open = inner;
        }
        open.insert(leaf.to_owned(), Value::String(text.clone()));
    }
    let mut bytes =
        serde_json::to_vec(&root).map_err(|e| failed(std::io::Error::from(e).into()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn failed(error: csv::Error) -> Error {
    Error::new(ErrorKind::Io, "a row of the plan cannot be written").because(error)
}
