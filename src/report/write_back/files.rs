//! The files of a plan: imports split at their system's limits, lists of merges, and tables for
//! people.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;
use serde_json::{Map, Value};

use super::import::Import;
use super::part::{PlannedMerge, PlannedRow};
use super::{PlanFile, Purpose};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::{Blank, ImportSpec, MergeFormat, MergeSpec};
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
        // Where an empty cell empties, each group of fields has files of its own and goes whole; and
        // rows that are found by different columns do not stand in one file.
        type Set<'s> = (Option<&'s str>, Vec<usize>);
        let mut sets: BTreeMap<Set<'_>, Vec<(&PlannedRow, &RecordKey)>> = BTreeMap::new();
        for (row, key) in rows {
            if import.spec.blank == Blank::Keeps {
                sets.entry((None, Vec::new())).or_default().push((row, key));
                continue;
            }
            let given: Vec<usize> = row.given.iter().map(|(at, _)| *at).collect();
            let groups = row.changes.iter().map(|change| import.slots[change.column].group);
            for group in groups.collect::<BTreeSet<_>>() {
                sets.entry((Some(group), given.clone())).or_default().push((row, key));
            }
        }
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        for ((group, _), rows) in sets {
            let filled: Vec<BTreeMap<usize, &str>> =
                rows.iter().map(|(row, _)| cells(import, row, group)).collect();
            let header: BTreeSet<usize> =
                filled.iter().flat_map(|cells| cells.keys().copied()).collect();
            let names = header.iter().map(|at| import.slots[*at].column.name.as_str());
            let head: Vec<&str> = import.spec.key.iter().map(String::as_str).chain(names).collect();
            let mut lines = Vec::with_capacity(rows.len());
            for ((_, key), filled) in rows.iter().zip(filled) {
                let id = import.spec.key.iter().map(|_| &*key.id);
                let cells = header.iter().map(|at| filled.get(at).copied().unwrap_or_default());
                lines.push(line(&id.chain(cells).collect::<Vec<_>>())?);
            }
            let stem = group.map_or_else(|| stem.to_owned(), |group| format!("{stem}-{group}"));
            let number = numbers.entry(stem.clone()).or_default();
            self.split(&stem, number, import.spec, &line(&head)?, &lines)?;
        }
        Ok(())
    }

    /// Writes rows into as many files as the system's limits ask for, numbered on from `number`.
    fn split(
        &mut self,
        stem: &str,
        number: &mut u32,
        spec: &ImportSpec,
        head: &[u8],
        mut lines: &[Vec<u8>],
    ) -> Result<()> {
        while !lines.is_empty() {
            let mut bytes = head.to_vec();
            let fits = |(at, line): &(usize, &Vec<u8>), bytes: usize| {
                spec.rows.is_none_or(|most| (*at as u64) < most)
                    && spec.bytes.is_none_or(|most| (bytes + line.len()) as u64 <= most)
            };
            let mut count = 0;
            for one in lines.iter().enumerate() {
                // A row that is too long by itself has no other place.
                if count > 0 && !fits(&one, bytes.len()) {
                    break;
                }
                bytes.extend_from_slice(one.1);
                count += 1;
            }
            lines = &lines[count..];
            *number += 1;
            let name = format!("{stem}-{number:03}.csv");
            self.write(name, Purpose::Import, count as u64, &bytes)?;
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

/// What a row says by column: what names the record, and what changes; of a group that goes whole
/// also what stays.
fn cells<'r>(
    import: &Import<'_>,
    row: &'r PlannedRow,
    group: Option<&str>,
) -> BTreeMap<usize, &'r str> {
    let of = |at: usize| import.slots[at].group;
    let mut cells = BTreeMap::new();
    if let Some(group) = group {
        let stays = row.now.iter().enumerate().filter(|(at, _)| of(*at) == group);
        cells.extend(stays.map(|(at, text)| (at, text.as_str())));
    }
    let changes = row.changes.iter().filter(|c| group.is_none_or(|group| of(c.column) == group));
    cells.extend(changes.map(|change| (change.column, change.cell.as_str())));
    cells.extend(row.given.iter().map(|(at, text)| (*at, text.as_str())));
    cells
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
