//! First pass: what a file is and how it is to be read.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde_json::Value;

use super::catalog::{Catalog, GENERIC};
use super::compile::{FileFacts, Record, compile, is_used};
use super::detect::{self as detection, Detection};
use super::envelope::Envelopes;
use super::map::EnvelopeFacts;
use super::profile::Profile;
use super::spec::RecordSpec;
use super::systems::Systems;
use super::value::Columns;
use super::{Stated, beside, generic};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::read::{Input, Layout, Limits, Row, RowReader};
use crate::model::{DateOrder, FileManifest, RawRow, is_source_name};

/// Rows read at a time.
pub(super) const BATCH: usize = 8192;
/// Rows that one task works on.
pub(super) const CHUNK: usize = 512;

struct Seen {
    layout: Layout,
    profile: Profile,
    rows: u64,
    bad: u64,
    /// Values that are no JSON.
    broken: u64,
}

fn look(input: &Input, limits: &Limits) -> Result<Seen> {
    let mut reader = RowReader::open(input, limits)?;
    let columns: Vec<Arc<str>> =
        reader.layout().columns.iter().map(|name| name.as_str().into()).collect();
    let empty = Profile::new(&columns);
    let mut seen =
        Seen { layout: Layout::default(), profile: empty.clone(), rows: 0, bad: 0, broken: 0 };
    while let Some(rows) = reader.next_rows(BATCH)? {
        seen.rows += (rows.rows.len() + rows.bad.len()) as u64;
        seen.bad += rows.bad.len() as u64;
        let start = seen.profile.continued(&empty);
        let parts: Vec<(Profile, u64)> =
            rows.rows.par_chunks(CHUNK).map(|chunk| profile_of(chunk, &start)).collect();
        for (part, broken) in parts {
            seen.profile.merge(part);
            seen.broken += broken;
        }
    }
    seen.layout = reader.layout().clone();
    Ok(seen)
}

fn profile_of(rows: &[Row], empty: &Profile) -> (Profile, u64) {
    let mut profile = empty.clone();
    let mut broken = 0;
    for row in rows {
        match &row.raw {
            RawRow::Cells(cells) => profile.add_cells(cells),
            RawRow::Json(text) => match serde_json::from_str::<Value>(text) {
                Ok(value) => {
                    let mut facts = EnvelopeFacts::default();
                    for one in Envelopes::builtin().open(&value, &mut facts) {
                        profile.add_json(one);
                    }
                }
                Err(_) => broken += 1,
            },
        }
    }
    (profile, broken)
}

/// Scores of all kinds for a file, with reasons.
///
/// # Errors
/// The file cannot be read.
pub fn detect(catalog: &Catalog, input: &Input, limits: &Limits) -> Result<Detection> {
    let seen = look(input, limits)?;
    Ok(detection::detect(catalog, &seen.profile, &input.name))
}

/// First pass: reads the whole file once and decides how it is to be read: kind, source, mapping,
/// date orders, default region, id column. Deterministic, and independent of the order of rows.
///
/// The caller fills in `file`, `command`, `sha256` and the final counts.
///
/// # Errors
/// The file cannot be read; its kind is ambiguous (both are named, with the flag that decides); a
/// stated kind, column or field does not exist.
pub fn inspect(
    catalog: &Catalog,
    input: &Input,
    limits: &Limits,
    stated: &Stated,
) -> Result<FileManifest> {
    let seen = look(input, limits)?;
    let profile = &seen.profile;
    if profile.names.iter().any(|name| name.contains('\0')) {
        return Err(Error::new(ErrorKind::Input, "this is no table: it holds binary data")
            .at(&input.name)
            .hint("export it as CSV, XLSX, JSON or JSON lines (each also .gz or .zst)"));
    }
    let source = stated.source.as_deref().unwrap_or_else(|| stem(&input.name));
    if !is_source_name(source) {
        return Err(Error::new(
            ErrorKind::Config,
            "the name of its source is empty, longer than 200 bytes, or has control characters",
        )
        .at(&input.name)
        .hint("state another one: --source NAME, or FILE:@NAME"));
    }
    let mut notes = seen.layout.notes;
    let kind = choose(catalog, profile, input, stated, &mut notes)?;
    let mut mapping =
        if kind == GENERIC { generic::infer(profile, &mut notes) } else { BTreeMap::new() };
    generic::correct(&mut mapping, &stated.columns, profile)
        .map_err(|error| error.at(&input.name))?;
    if stated.source.is_some() {
        // What is stated goes before what the rows say.
        mapping.retain(|_, field| field != "source");
    }
    let mut manifest = FileManifest {
        file: 0,
        command: 0,
        name: input.name.clone(),
        bytes: std::fs::metadata(&input.path).map_err(|e| Error::io(&input.path, e))?.len(),
        sha256: String::new(),
        source: source.into(),
        container: seen.layout.container,
        encoding: seen.layout.encoding,
        delimiter: seen.layout.delimiter,
        preamble: seen.layout.preamble,
        columns: profile.names.clone(),
        mapping,
        date_orders: BTreeMap::new(),
        default_region: profile.region().map(|code| String::from_utf8_lossy(&code).into_owned()),
        unused_columns: Vec::new(),
        notes,
        rows: seen.rows,
        records: 0,
        quarantined: seen.bad + seen.broken,
        limits: limits.clone(),
        kind: kind.as_str().into(),
    };
    let system: Arc<str> = catalog.kind(&kind).map_or("", |kind| kind.spec.system.as_str()).into();
    // Ids of other systems in columns that the kind does not know.
    let compiled = records(catalog, &manifest, &system)?;
    for name in unused(profile, &compiled) {
        if let Some((system, object)) = Systems::builtin().of_header(&name) {
            let field = format!("external_id:{system}/{object}");
            manifest.mapping.entry(name).or_insert(field);
        }
    }
    let compiled = records(catalog, &manifest, &system)?;
    if let Some(kind) = catalog.kind(&kind) {
        let decided = |name: &str| stated.columns.keys().any(|one| one.eq_ignore_ascii_case(name));
        let mut unknown = unused(profile, &compiled);
        unknown.retain(|name| !decided(name));
        let found = beside::unknown_columns(&kind.spec, &manifest.mapping, profile, &unknown);
        if !found.is_empty() {
            let told: Vec<String> =
                found.iter().map(|(column, field)| format!("`{column}` as {field}")).collect();
            manifest.notes.push(format!(
                "columns that `{}` does not know are read by their header words: {}",
                kind.spec.name,
                told.join(", ")
            ));
            manifest.mapping.extend(found);
        }
    }
    let compiled = records(catalog, &manifest, &system)?;
    manifest.date_orders = date_orders(profile, &compiled, &manifest);
    manifest.unused_columns = unused(profile, &compiled);
    if kind != GENERIC && compiled.iter().all(|record| record.id.getter.is_empty()) {
        manifest.notes.push(
            "the file has no column with the id of its records: ids are made from their content"
                .to_owned(),
        );
    }
    if kind == GENERIC && !manifest.mapping.values().any(|field| field.starts_with("id")) {
        manifest
            .notes
            .push("no column is a record id: ids are made from the content of the rows".to_owned());
    }
    Ok(manifest)
}

/// The file's name without folder and extensions: `shop-eu.csv.gz` → `shop-eu`.
pub fn stem(name: &str) -> &str {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let mut rest = name;
    while let Some((head, tail)) = rest.rsplit_once('.') {
        const KNOWN: &[&str] = &[
            "csv", "tsv", "tab", "txt", "xlsx", "xls", "xlsm", "ods", "json", "jsonl", "ndjson",
            "gz", "zst", "zstd", "vcf",
        ];
        if head.is_empty() || !KNOWN.contains(&tail.to_ascii_lowercase().as_str()) {
            break;
        }
        rest = head;
    }
    rest
}

fn choose(
    catalog: &Catalog,
    profile: &Profile,
    input: &Input,
    stated: &Stated,
    notes: &mut Vec<String>,
) -> Result<String> {
    if let Some(kind) = stated.kind.as_deref() {
        if kind != GENERIC {
            catalog.wanted(kind).map_err(|error| error.at(&input.name))?;
        }
        return Ok(kind.to_owned());
    }
    let detection = detection::detect(catalog, profile, &input.name);
    let Some(best) = detection.choose(&input.name)? else { return Ok(GENERIC.to_owned()) };
    if !best.certain {
        notes.push(format!(
            "taken as `{}` although it is not quite one (missing: {}); `{}:{GENERIC}` reads it as a \
             plain table",
            best.kind,
            best.missing.iter().take(5).cloned().collect::<Vec<_>>().join(", "),
            input.name,
        ));
    }
    Ok(best.kind.to_string())
}

/// The rules that a manifest names, as written.
pub(super) fn specs(catalog: &Catalog, manifest: &FileManifest) -> Result<Vec<RecordSpec>> {
    if &*manifest.kind == GENERIC {
        return Ok(vec![generic::record_of(&manifest.mapping)]);
    }
    let mut specs = catalog.wanted(&manifest.kind)?.spec.record.clone();
    let columns = Columns::new(&manifest.columns, false);
    let there = |name: &str| !columns.find(name).is_empty();
    for spec in &mut specs {
        generic::add_to(spec, &manifest.mapping, &there);
    }
    Ok(specs)
}

/// The rules that a manifest names, ready for its columns.
pub(super) fn records(
    catalog: &Catalog,
    manifest: &FileManifest,
    system: &Arc<str>,
) -> Result<Vec<Record>> {
    let kind = catalog.kind(&manifest.kind);
    let empty = kind.map_or(&[] as &[String], |kind| &kind.spec.empty);
    let facts = facts(manifest, system, empty);
    Ok(specs(catalog, manifest)?.iter().map(|spec| compile(spec, &facts)).collect())
}

pub(super) fn facts<'a>(
    manifest: &'a FileManifest,
    system: &'a Arc<str>,
    empty: &'a [String],
) -> FileFacts<'a> {
    FileFacts {
        columns: &manifest.columns,
        json: manifest.columns.is_empty(),
        name: &manifest.name,
        date_orders: &manifest.date_orders,
        system,
        empty,
        unused: &manifest.unused_columns,
    }
}

/// Columns or leaves with values that no record takes, sorted.
fn unused(profile: &Profile, records: &[Record]) -> Vec<String> {
    let mut out = Vec::new();
    if profile.is_json() {
        for (path, column) in profile.fields() {
            let taken = records.iter().any(|r| is_used(path, &r.known_paths.0, &r.known_paths.1));
            if column.filled > 0 && !taken {
                out.push(path.to_owned());
            }
        }
    } else {
        for (at, name) in profile.names.iter().enumerate() {
            if !name.is_empty() && !records.iter().any(|record| record.known[at]) {
                out.push(name.to_string());
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

fn date_orders(
    profile: &Profile,
    records: &[Record],
    manifest: &FileManifest,
) -> BTreeMap<String, DateOrder> {
    let region =
        manifest.default_region.as_deref().and_then(|code| code.as_bytes().try_into().ok());
    let mut columns: Vec<&String> = records.iter().flat_map(|r| &r.date_columns).collect();
    columns.sort();
    columns.dedup();
    // Columns of one file mostly follow one order: those that show it speak for the others.
    let decided = columns
        .iter()
        .filter_map(|name| profile.column(name)?.dates.decided())
        .find(|order| matches!(order, DateOrder::Dmy | DateOrder::Mdy));
    columns
        .into_iter()
        .filter_map(|name| {
            let order = profile.column(name)?.dates.order(decided, region)?;
            Some((name.clone(), order))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems() {
        for (name, want) in [
            ("shop-eu.csv.gz", "shop-eu"),
            ("a/b/customers_export.csv", "customers_export"),
            ("v1.2.csv", "v1.2"),
            ("stdin", "stdin"),
            (".csv", ".csv"),
        ] {
            assert_eq!(stem(name), want, "{name}");
        }
    }
}
