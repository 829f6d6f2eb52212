//! Second pass: rows to records.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde_json::Value;

use super::catalog::{Catalog, GENERIC};
use super::compile::{Grouping, Record};
use super::dates;
use super::envelope::Envelopes;
use super::group::{Collector, Rows};
use super::inspect::{BATCH, CHUNK, facts, records};
use super::map::{EnvelopeFacts, Outcome, Setting, map_rows};
use super::shape;
use super::systems::Systems;
use super::value::{Step, View, parse_path, text_of, walk};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::Batch;
use crate::ingest::read::wrapper::crowds;
use crate::ingest::read::{BadRow, Input, Row, RowReader, Rows as RowBatch};
use crate::model::{
    FileManifest, MappedRecord, QuarantinedRow, RawRow, RecordKey, SourceRecord, Version,
    content_hash,
};

/// A kind's mapping made ready for one file.
#[derive(Debug)]
pub struct Mapping {
    system: Arc<str>,
    source: Arc<str>,
    region: Option<[u8; 2]>,
    records: Vec<Record>,
    group: Option<Grouping>,
    json: bool,
    /// Of a JSON file that no kind knows: the paths that fields are taken from, and the id's.
    guessed: Option<(Vec<String>, Option<Vec<Step>>)>,
}

/// A row to map: cells, or one JSON record out of a row.
enum Parsed {
    Cells,
    Json(Value),
}

impl Mapping {
    /// Prepares the mapping that the manifest names.
    ///
    /// # Errors
    /// The kind is not in the catalog.
    pub fn new(catalog: &Catalog, manifest: &FileManifest) -> Result<Self> {
        let generic = &*manifest.kind == GENERIC;
        let kind = if generic { None } else { Some(catalog.wanted(&manifest.kind)?) };
        let system: Arc<str> =
            kind.map_or_else(|| manifest.source.clone(), |kind| kind.spec.system.as_str().into());
        let group = kind.and_then(|kind| kind.spec.group.as_ref());
        let id = manifest.mapping.iter().find(|(_, field)| field.starts_with("id"));
        let id = id.map(|(column, _)| parse_path(column));
        Ok(Self {
            guessed: (generic && manifest.columns.is_empty())
                .then(|| (manifest.mapping.keys().cloned().collect(), id)),
            region: manifest
                .default_region
                .as_deref()
                .and_then(|code| code.as_bytes().try_into().ok()),
            records: records(catalog, manifest, &system)?,
            group: group.map(|group| Grouping::new(group, &facts(manifest, &system, &[]))),
            json: manifest.columns.is_empty(),
            source: manifest.source.clone(),
            system,
        })
    }

    /// Kind of system (`shopify`, `salesforce`); for a generic table its source's name.
    pub fn system(&self) -> Arc<str> {
        self.system.clone()
    }

    /// Whether its rows can ask for the erasure of a record.
    pub fn may_redact(&self) -> bool {
        self.records.iter().any(|record| !record.redacted.is_empty())
    }

    /// The mapped values of a stored record: what [`read`] gave for it, again.
    pub fn remap(&self, record: &SourceRecord) -> Option<MappedRecord> {
        let rows: Vec<&RawRow> = record.rows.iter().collect();
        let mut found = None;
        self.map(&rows, &mut |outcome| {
            if let Outcome::Record(mapped, _) = outcome
                && found.is_none()
                && mapped.object == record.key.object
                && mapped.id == *record.key.id
            {
                found = Some(*mapped);
            }
        });
        found
    }

    /// Why a row of a JSON file that no kind knows would make one record of several: a list of people
    /// that fields are taken from, or an id of many values.
    fn several(&self, rows: &[RawRow]) -> Option<String> {
        let (columns, id) = self.guessed.as_ref()?;
        let [RawRow::Json(text)] = rows else { return None };
        if !text.contains('[') {
            return None;
        }
        let value: Value = serde_json::from_str(text).ok()?;
        let opened = Envelopes::builtin().open(&value, &mut EnvelopeFacts::default());
        let one = opened.first()?.as_object()?;
        let taken = |list: &String| {
            columns
                .iter()
                .any(|c| c.strip_prefix(list.as_str()).is_some_and(|c| c.starts_with('.')))
        };
        if let Some(list) = crowds(one).into_iter().find(taken) {
            return Some(format!(
                "its list `{list}` holds several people, who would become one: put them into a file of \
                 their own, or map no field to the columns `{list}.…`"
            ));
        }
        let mut ids: Vec<String> = Vec::new();
        walk(opened[0], id.as_ref()?, &mut |value| {
            ids.extend(text_of(value).map(std::borrow::Cow::into_owned));
            true
        });
        let first = ids.first()?;
        ids.iter().any(|id| id != first).then(|| {
            "its id is a list of several: its records must stand one object a line, or in one list"
                .to_owned()
        })
    }

    /// Maps the rows of one record, the main row first.
    fn map(&self, rows: &[&RawRow], sink: &mut dyn FnMut(Outcome)) {
        let setting =
            Setting { system: &self.system, region: self.region, systems: Systems::builtin() };
        let mut parsed = Vec::with_capacity(rows.len());
        for row in rows {
            parsed.push(match row {
                RawRow::Cells(_) => Parsed::Cells,
                RawRow::Json(text) => match serde_json::from_str(text) {
                    Ok(value) => Parsed::Json(value),
                    Err(_) => return sink(Outcome::Refused("not a JSON value".to_owned())),
                },
            });
        }
        let mut envelope = EnvelopeFacts::default();
        let mut views = Vec::with_capacity(rows.len());
        for (at, (row, parsed)) in rows.iter().zip(&parsed).enumerate() {
            match (row, parsed) {
                (RawRow::Cells(cells), _) if !self.json => views.push(View::Cells(cells)),
                (_, Parsed::Json(value)) => {
                    let mut facts = EnvelopeFacts::default();
                    let opened = Envelopes::builtin().open(value, &mut facts);
                    views.extend(opened.into_iter().map(View::json));
                    if at == 0 {
                        envelope = facts;
                    }
                }
                _ => return sink(Outcome::Refused("a row of another form".to_owned())),
            }
        }
        map_rows(&self.records, &views, &envelope, &setting, sink);
    }
}

/// A raw row that holds one record, with its line.
type Single = (u64, RawRow);

/// Rows that hold several records (`{"customers": […]}`) become one row each.
fn singles(rows: Vec<Row>) -> Vec<Single> {
    let parts: Vec<Vec<Single>> = rows
        .into_par_iter()
        .map(|row| {
            if let RawRow::Json(text) = &row.raw
                && let Ok(value) = serde_json::from_str::<Value>(text)
            {
                let mut facts = EnvelopeFacts::default();
                let opened = Envelopes::builtin().open(&value, &mut facts);
                if opened.len() != 1 {
                    return opened
                        .into_iter()
                        .map(|one| (row.line, RawRow::Json(one.to_string())))
                        .collect();
                }
            }
            vec![(row.line, row.raw)]
        })
        .collect();
    parts.into_iter().flatten().collect()
}

/// Second pass: reads the file and hands over batches in the order of the file (grouping kinds: in
/// the order of each group's first row), under the limits of the manifest. Mapping runs in parallel.
///
/// # Errors
/// Reading fails or `sink` refuses; bad rows are no errors.
pub fn read(
    input: &Input,
    manifest: &FileManifest,
    mapping: &Mapping,
    sink: &mut dyn FnMut(Batch) -> Result<()>,
) -> Result<()> {
    let mut reader = RowReader::open(input, &manifest.limits)?;
    let mut collector = mapping.group.as_ref().map(|rule| (rule, Collector::new()));
    let mut take = |rows: RowBatch| -> Result<()> {
        let bad = rows.bad.into_iter().map(|row| quarantined(manifest, row)).collect();
        let rows = if mapping.json {
            singles(rows.rows)
        } else {
            rows.rows.into_iter().map(|row| (row.line, row.raw)).collect()
        };
        let mut batch = match &mut collector {
            None => {
                let single = |(line, row)| Rows { line, rows: vec![row] };
                build(mapping, manifest, rows.into_iter().map(single).collect())
            }
            Some((rule, collector)) => {
                for (line, row) in rows {
                    collect(rule, collector, line, &row)?;
                }
                Batch::default()
            }
        };
        batch.quarantined.splice(0..0, Vec::from_iter::<Vec<_>>(bad));
        if !batch.records.is_empty() || !batch.quarantined.is_empty() || batch.left_out > 0 {
            sink(batch)?;
        }
        Ok(())
    };
    let mut next = reader.next_rows(BATCH)?;
    while let Some(rows) = next {
        // Rows are parsed by one thread, so that it had better not wait for the others.
        let (taken, following) = std::thread::scope(|scope| {
            let reading = scope.spawn(|| reader.next_rows(BATCH));
            let taken = take(rows);
            (taken, reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        });
        taken?;
        next = following?;
    }
    if let Some((_, collector)) = collector {
        let mut groups = collector.finish();
        while !groups.is_empty() {
            let rest = groups.split_off(groups.len().min(BATCH));
            let settled: Result<Vec<Rows<RawRow>>> = groups.into_par_iter().map(settle).collect();
            sink(build(mapping, manifest, settled?))?;
            groups = rest;
        }
    }
    Ok(())
}

/// A row that waits for the others of its record, encoded: a file's rows take some seven times its
/// size as lists of texts, and about its size so.
struct Packed(Box<[u8]>);

impl Packed {
    fn new(row: &RawRow) -> Result<Self> {
        let packed = bincode::serde::encode_to_vec(row, bincode::config::standard());
        packed.map(|bytes| Self(bytes.into())).map_err(|_| not_packed())
    }

    fn open(&self) -> Result<RawRow> {
        let read = bincode::serde::decode_from_slice(&self.0, bincode::config::standard());
        read.map(|(row, _)| row).map_err(|_| not_packed())
    }
}

fn not_packed() -> Error {
    Error::new(ErrorKind::Limit, "a row cannot be kept until the others of its record are read")
}

/// (may be the main row, row).
type Member = (bool, Packed);

fn collect(
    rule: &Grouping,
    collector: &mut Collector<Member>,
    line: u64,
    row: &RawRow,
) -> Result<()> {
    let packed = Packed::new(row)?;
    match row {
        RawRow::Cells(cells) => {
            let view = View::Cells(cells);
            collector.add(rule, view, line, (rule.is_main(view), packed));
        }
        RawRow::Json(text) => {
            let value: Value = serde_json::from_str(text).unwrap_or(Value::Null);
            let mut facts = EnvelopeFacts::default();
            let opened = Envelopes::builtin().open(&value, &mut facts);
            let view = View::json(opened.first().copied().unwrap_or(&value));
            collector.add(rule, view, line, (rule.is_main(view), packed));
        }
    }
    Ok(())
}

/// Puts the main row first and the others in the order of their content.
fn settle(group: Rows<Member>) -> Result<Rows<RawRow>> {
    let open = |(main, row): (bool, Packed)| Ok((main, row.open()?));
    let mut rows: Vec<(bool, RawRow)> = group.rows.into_iter().map(open).collect::<Result<_>>()?;
    rows.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    Ok(Rows { line: group.line, rows: rows.into_iter().map(|(_, row)| row).collect() })
}

fn build(mapping: &Mapping, manifest: &FileManifest, rows: Vec<Rows<RawRow>>) -> Batch {
    let parts: Vec<Batch> = rows
        .into_par_iter()
        .with_min_len(CHUNK)
        .fold(Vec::new, |mut out: Vec<Rows<RawRow>>, group| {
            out.push(group);
            out
        })
        .map(|groups| {
            let mut batch = Batch::default();
            let mut sources = FxHashMap::default();
            for group in groups {
                build_one(mapping, manifest, group, &mut sources, &mut batch);
            }
            batch
        })
        .collect();
    let mut batch = Batch::default();
    batch.records.reserve(parts.iter().map(|part| part.records.len()).sum());
    for part in parts {
        batch.records.extend(part.records);
        batch.quarantined.extend(part.quarantined);
        batch.left_out += part.left_out;
    }
    batch
}

fn build_one(
    mapping: &Mapping,
    manifest: &FileManifest,
    group: Rows<RawRow>,
    sources: &mut FxHashMap<Arc<str>, Arc<str>>,
    batch: &mut Batch,
) {
    let mut quarantined = Vec::new();
    let mut refuse = |reason: String, rows: Option<&[RawRow]>| {
        let row = rows.map_or_else(Vec::new, |rows| bytes_of(rows, manifest));
        let (file, source) = (manifest.name.clone(), mapping.source.to_string());
        quarantined.push(QuarantinedRow { file, line: group.line, source, reason, row });
    };
    if let Some(reason) = mapping.several(&group.rows) {
        refuse(reason, Some(&group.rows));
        batch.quarantined.append(&mut quarantined);
        return;
    }
    let mut outcomes = Vec::with_capacity(1);
    let refs: Vec<&RawRow> = group.rows.iter().collect();
    mapping.map(&refs, &mut |outcome| outcomes.push(outcome));
    let mut rows = Some(group.rows);
    let last = outcomes.len().saturating_sub(1);
    for (at, outcome) in outcomes.into_iter().enumerate() {
        let (mapped, source) = match outcome {
            Outcome::Record(mapped, _) if shape::is_shortened_number(&mapped.id) => {
                refuse(SHORTENED.to_owned(), rows.as_deref());
                continue;
            }
            Outcome::Record(mapped, source) => (mapped, source),
            Outcome::LeftOut => {
                batch.left_out += 1;
                continue;
            }
            Outcome::Refused(reason) => {
                refuse(reason, rows.as_deref());
                continue;
            }
        };
        let source = match source {
            None => mapping.source.clone(),
            Some(name) => sources.entry(name.clone()).or_insert(name).clone(),
        };
        let key = RecordKey {
            source: source.clone(),
            object: mapped.object.clone(),
            id: mapped.id.as_str().into(),
        };
        let changed_at =
            mapped.fields.updated_at.as_ref().and_then(|at| dates::timestamp(&at.text, at.order));
        let alias_of = mapped.alias_of.as_ref().map(|(object, id)| RecordKey {
            source,
            object: object.clone(),
            id: id.as_str().into(),
        });
        let rows = if at == last { rows.take() } else { rows.clone() }.unwrap_or_default();
        let content = content_hash(&rows, mapped.deleted, alias_of.as_ref());
        let record = SourceRecord {
            key,
            file: manifest.file,
            line: group.line,
            version: Version { changed_at, command: manifest.command, content },
            deleted: mapped.deleted,
            alias_of,
            rows,
        };
        batch.records.push((record, mapped));
    }
    batch.quarantined.append(&mut quarantined);
}

/// Why a row whose id lost its last digits is not taken.
const SHORTENED: &str = "the id is a number that a spreadsheet shortened (as in 1.2E+12), and stands \
                         for many: export the file again, or format the column as text before it is \
                         filled";

fn quarantined(manifest: &FileManifest, bad: BadRow) -> QuarantinedRow {
    QuarantinedRow {
        file: manifest.name.clone(),
        line: bad.line,
        source: manifest.source.to_string(),
        reason: bad.reason,
        row: bad.bytes,
    }
}

/// The rows as they would stand in a file.
fn bytes_of(rows: &[RawRow], manifest: &FileManifest) -> Vec<u8> {
    let mut out = Vec::new();
    for row in rows {
        match row {
            RawRow::Cells(cells) => {
                let delimiter = manifest.delimiter.and_then(|d| u8::try_from(d).ok());
                let mut writer = csv::WriterBuilder::new()
                    .delimiter(delimiter.unwrap_or(b','))
                    .from_writer(Vec::new());
                if writer.write_record(cells).is_ok()
                    && let Ok(line) = writer.into_inner()
                {
                    out.extend(line);
                }
            }
            RawRow::Json(text) => {
                out.extend(text.as_bytes());
                out.push(b'\n');
            }
        }
    }
    out
}
