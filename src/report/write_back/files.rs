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
use crate::ingest::kind::{Blank, FileForm, ImportSpec};
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
            let names: Vec<&str> =
                import.spec.key.iter().map(String::as_str).chain(names).collect();
            let mut lines = Vec::with_capacity(rows.len());
            for ((_, key), filled) in rows.iter().zip(filled) {
                let id = import.spec.key.iter().map(|_| import.id(key));
                lines.push(match import.spec.format {
                    FileForm::Csv => {
                        let id =
                            id.map(|id| id.as_str().map_or_else(|| id.to_string(), Into::into));
                        let cells = header
                            .iter()
                            .map(|at| filled.get(at).copied().unwrap_or_default().to_owned());
                        line(&id.chain(cells).collect::<Vec<_>>())?
                    }
                    FileForm::Jsonl => {
                        let cells = header.iter().map(|at| {
                            import.slots[*at].json(filled.get(at).copied().unwrap_or_default())
                        });
                        object(&import.spec.body, names.iter().copied().zip(id.chain(cells)))?
                    }
                });
            }
            let head = match import.spec.format {
                FileForm::Csv => line(&names)?,
                FileForm::Jsonl => Vec::new(),
            };
            let stem = group.map_or_else(|| stem.to_owned(), |group| format!("{stem}-{group}"));
            let number = numbers.entry(stem.clone()).or_default();
            self.split(&stem, number, import.spec, &head, &lines)?;
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
            let name = format!("{stem}-{number:03}.{}", spec.format.as_str());
            self.write(name, Purpose::Import, count as u64, &bytes)?;
        }
        Ok(())
    }

    /// The merges of one source, in its system's form; nothing where the import has none.
    pub(super) fn merges(
        &mut self,
        stem: &str,
        import: &Import<'_>,
        merges: &[(&PlannedMerge, Vec<&RecordKey>)],
    ) -> Result<()> {
        let Some(spec) = &import.spec.merge else { return Ok(()) };
        let columns: Vec<&str> = (spec.survivor.0.iter())
            .chain(&spec.survivor_with_email.0)
            .chain(&spec.loser.0)
            .map(String::as_str)
            .collect();
        let mut bytes = match spec.format {
            FileForm::Csv => line(&columns)?,
            FileForm::Jsonl => Vec::new(),
        };
        let mut count = 0;
        for (merge, keys) in merges {
            let Some((survivor, losers)) = keys.split_first() else { continue };
            for losers in losers.chunks(spec.loser.0.len().max(1)) {
                let survivors = spec.survivor.0.iter().map(|_| Some(*survivor));
                let with_email = spec
                    .survivor_with_email
                    .0
                    .iter()
                    .map(|_| merge.with_email.then_some(*survivor));
                let losers = (0..spec.loser.0.len()).map(|at| losers.get(at).copied());
                let ids = survivors.chain(with_email).chain(losers);
                let ids = ids.map(|key| key.map_or_else(|| "".into(), |key| import.id(key)));
                bytes.extend(match spec.format {
                    FileForm::Csv => {
                        let text =
                            |id: Value| id.as_str().map_or_else(|| id.to_string(), Into::into);
                        line(&ids.map(text).collect::<Vec<String>>())?
                    }
                    FileForm::Jsonl => object(&spec.body, columns.iter().copied().zip(ids))?,
                });
                count += 1;
            }
        }
        self.write(
            format!("{stem}-merges.{}", spec.format.as_str()),
            Purpose::Merges,
            count,
            &bytes,
        )
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
fn line<T: AsRef<[u8]>>(cells: &[T]) -> Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells).map_err(failed)?;
    writer.into_inner().map_err(|e| failed(e.into_error().into()))
}

/// A JSON object a line: `body`, and what stands at each path. Dots in a path nest, numbers name
/// places of a list, empty texts are left out.
fn object<'p>(
    body: &Map<String, Value>,
    cells: impl Iterator<Item = (&'p str, Value)>,
) -> Result<Vec<u8>> {
    let mut root = Value::Object(body.clone());
    for (path, value) in cells.filter(|(_, value)| value.as_str() != Some("")) {
        let mut open = &mut root;
        for name in path.split('.') {
            if open.is_null() {
                *open = Value::Object(Map::new());
            }
            open = match (open, name.parse::<usize>()) {
                (Value::Object(map), _) => map.entry(name).or_insert(Value::Null),
                (Value::Array(list), Ok(at)) if at <= list.len() => {
                    if at == list.len() {
                        list.push(Value::Null);
                    }
                    &mut list[at]
                }
                _ => {
                    let message = format!("`{path}` stands inside another value");
                    return Err(Error::new(ErrorKind::Config, message).hint("mend [[import]]"));
                }
            };
        }
        *open = value;
    }
    let mut bytes =
        serde_json::to_vec(&root).map_err(|e| failed(std::io::Error::from(e).into()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn failed(error: csv::Error) -> Error {
    Error::new(ErrorKind::Io, "a row of the plan cannot be written").because(error)
}
