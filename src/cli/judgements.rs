use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use rustc_hash::FxHashSet;
use sameas::clustering::{Contradiction, contradictions};
use sameas::config::parse_time;
use sameas::error::{Error, ErrorKind, Result};
use sameas::model::{Judgement, RecordKey, Verdict};
use sameas::pipeline::{self, View};
use sameas::query::resolve_key;
use sameas::survivorship::iso;
use serde::{Deserialize, Serialize};

use super::context::Context;
use super::exit::Outcome;
use super::judge::{now, same_record, user};
use super::output::{self, Answer, Table};

/// List, check, export or import people's decisions
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  sameas judgements list\n  sameas judgements check\n  sameas judgements export decisions.csv\n  sameas \
                        judgements import decisions.jsonl"
)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Sub,
}

#[derive(Debug, Subcommand)]
enum Sub {
    /// List all decisions in the order given; the last one on a pair holds
    #[command(after_help = "Example:\n  sameas judgements list --format csv")]
    List,
    /// Say which decisions contradict each other, with the chain; exit code 3 if any do
    #[command(after_help = "Example:\n  sameas judgements check")]
    Check,
    /// Write all decisions to a .csv or .jsonl file; `-` is stdout (CSV)
    #[command(after_help = "Example:\n  sameas judgements export decisions.csv")]
    Export {
        /// The file to write
        file: PathBuf,
    },
    /// Add decisions from a .csv or .jsonl file with a, b, verdict and, if you like, by, note, at
    #[command(after_help = "Example:\n  sameas judgements import decisions.csv")]
    Import {
        /// The file to read
        file: PathBuf,
    },
}

/// One decision as files write it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Row {
    a: String,
    b: String,
    verdict: Verdict,
    #[serde(default)]
    by: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    at: Option<String>,
}

impl From<&Judgement> for Row {
    fn from(judgement: &Judgement) -> Self {
        Self {
            a: judgement.a.to_string(),
            b: judgement.b.to_string(),
            verdict: judgement.verdict,
            by: judgement.by.clone(),
            note: judgement.note.clone(),
            at: Some(iso(judgement.at)),
        }
    }
}

impl Args {
    pub(super) fn run(&self, context: &Context) -> Result<Outcome> {
        let store = context.existing_store()?;
        match &self.verb {
            Sub::List => list(context, &store),
            Sub::Check => check(context, &store),
            Sub::Export { file } => export(context, &store, file),
            Sub::Import { file } => import(context, &store, file),
        }
    }
}

fn list(context: &Context, store: &Path) -> Result<Outcome> {
    let rows: Vec<Row> = pipeline::judgements(store)?.iter().map(Row::from).collect();
    context.answer(&Answer::new(&rows)?.table(judgement_table(&rows)))?;
    Ok(Outcome::DONE)
}

/// Decisions as a table.
pub(super) fn judgement_table(rows: &[Row]) -> Table {
    let mut table = Table::new(["a", "b", "verdict", "by", "note", "at"]);
    for row in rows {
        table.row([
            row.a.clone(),
            row.b.clone(),
            word(row.verdict),
            row.by.clone(),
            row.note.clone(),
            row.at.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn check(context: &Context, store: &Path) -> Result<Outcome> {
    let found = contradictions(&pipeline::judgements(store)?, RecordKey::clone);
    let mut table = Table::new(["a", "b", "different", "same"]);
    for Contradiction { different, chain } in &found {
        let links = chain.iter().map(|same| format!("{} = {} ({})", same.a, same.b, same.sequence));
        table.row([
            different.a.to_string(),
            different.b.to_string(),
            different.sequence.to_string(),
            links.collect::<Vec<_>>().join(", "),
        ]);
    }
    context.answer(&Answer::new(&found)?.table(table))?;
    if found.is_empty() {
        context.message("No decisions contradict each other.");
        return Ok(Outcome::DONE);
    }
    context.message("`sameas judge withdraw A B` takes a decision back.");
    Ok(Outcome::REFUSED)
}

fn word(verdict: Verdict) -> String {
    format!("{verdict:?}").to_lowercase()
}

fn is_jsonl(file: &Path) -> bool {
    file.extension().is_some_and(|e| e.eq_ignore_ascii_case("jsonl"))
}

fn export(context: &Context, store: &Path, file: &Path) -> Result<Outcome> {
    let rows: Vec<Row> = pipeline::judgements(store)?.iter().map(Row::from).collect();
    if file == Path::new("-") {
        context.write(|out| write_rows(&rows, out, false).map_err(output::failed))?;
        return Ok(Outcome::DONE);
    }
    let out = File::create(file).map_err(|error| Error::io(file, error))?;
    let mut out = BufWriter::new(out);
    write_rows(&rows, &mut out, is_jsonl(file))
        .and_then(|()| out.flush())
        .map_err(|error| Error::io(file, error))?;
    context.message(&format!("{} decisions in {}", rows.len(), file.display()));
    Ok(Outcome::DONE)
}

fn write_rows(rows: &[Row], mut out: &mut dyn Write, jsonl: bool) -> std::io::Result<()> {
    if jsonl {
        for row in rows {
            writeln!(out, "{}", serde_json::to_string(row)?)?;
        }
        return Ok(());
    }
    let mut writer = csv::Writer::from_writer(&mut out);
    if rows.is_empty() {
        writer.write_record(["a", "b", "verdict", "by", "note", "at"])?;
    }
    for row in rows {
        writer.serialize(row)?;
    }
    writer.flush()
}

fn import(context: &Context, store: &Path, file: &Path) -> Result<Outcome> {
    let reader = File::open(file).map_err(|error| Error::io(file, error))?;
    let rows = read_rows(BufReader::new(reader), file, is_jsonl(file))?;
    // Every row is understood before the first is stored.
    let view = match View::open(store) {
        Ok(view) => Some(view),
        // Without results yet, records have their full keys only.
        Err(error) if error.kind() == ErrorKind::Unknown => None,
        Err(error) => return Err(error),
    };
    let mut decisions = Vec::with_capacity(rows.len());
    for (line, row) in rows {
        let place = format!("{}:{line}", file.display());
        let key = |text| key(view.as_ref(), text, &place);
        let (a, b) = (key(&row.a)?, key(&row.b)?);
        if a == b {
            return Err(same_record().at(place));
        }
        let at = match row.at.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            Some(text) => parse_time(text).ok_or_else(|| {
                Error::new(ErrorKind::Input, "`at` is no time")
                    .at(&place)
                    .hint("write 2026-08-31 or 2026-08-31T12:00:00Z")
            })?,
            None => now(),
        };
        let by = if row.by.is_empty() { user() } else { row.by };
        decisions.push(Judgement::new(a, b, row.verdict, &by, &row.note, at));
    }
    drop(view);
    let mut engine = context.engine(store, context.config(Some(store))?)?;
    let all = decisions.len();
    // The same file again is no news.
    let kept = pipeline::judgements(store)?;
    let kept: FxHashSet<Judgement> =
        kept.into_iter().map(|old| Judgement { sequence: 0, ..old }).collect();
    decisions.retain(|new| !kept.contains(new));
    let (imported, known) = (decisions.len(), all - decisions.len());
    engine.judge_all(decisions)?;
    drop(engine);
    let mut table = Table::new(["imported", "known"]);
    table.row([imported.to_string(), known.to_string()]);
    let value = serde_json::json!({ "imported": imported, "known": known });
    context.answer(&Answer::new(&value)?.table(table))?;
    for found in contradictions(&pipeline::judgements(store)?, RecordKey::clone) {
        context.warning(&format!("judgements contradict each other: {found}"));
    }
    context.message("`sameas rebuild` applies them.");
    Ok(Outcome::DONE)
}

/// A full key is taken as it is, so that decisions on deleted records come back with them.
fn key(view: Option<&View>, text: &str, place: &str) -> Result<RecordKey> {
    let unresolved = || Error::new(ErrorKind::Unknown, "there are no results yet");
    match view.ok_or_else(unresolved).and_then(|view| resolve_key(view, text)) {
        Ok(key) => Ok(key),
        Err(error) if error.kind() == ErrorKind::Unknown => {
            let full = text.split_once(':').and_then(|(source, rest)| {
                let (object, id) = rest.split_once('/')?;
                let whole = !source.is_empty() && !object.is_empty() && !id.is_empty();
                whole.then(|| RecordKey::new(source, object, id))
            });
            full.ok_or_else(|| {
                Error::new(ErrorKind::Input, "no live record has this id")
                    .at(place)
                    .hint("write SOURCE:OBJECT/RECORD")
            })
        }
        Err(error) => Err(error),
    }
}

/// Rows with their lines.
fn read_rows(reader: impl BufRead, file: &Path, jsonl: bool) -> Result<Vec<(u64, Row)>> {
    let wrong = |line: u64| {
        Error::new(ErrorKind::Input, "not a decision")
            .at(format!("{}:{line}", file.display()))
            .hint("a row has a, b, verdict (same, different, unsure, withdrawn) and, if you like, by, note, at")
    };
    let mut rows = Vec::new();
    if jsonl {
        for (at, line) in (1_u64..).zip(reader.lines()) {
            let line = line.map_err(|error| Error::io(file, error))?;
            if !line.trim().is_empty() {
                rows.push((at, serde_json::from_str(&line).map_err(|_| wrong(at))?));
            }
        }
        return Ok(rows);
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(reader);
    let head = reader.headers().map_err(|_| wrong(1))?.clone();
    for row in reader.records() {
        let row = row.map_err(|error| wrong(error.position().map_or(1, csv::Position::line)))?;
        let line = row.position().map_or(1, csv::Position::line);
        rows.push((line, row.deserialize(Some(&head)).map_err(|_| wrong(line))?));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSV: &str =
        "a,b,verdict,by,note,at\ns:c/1,t:c/2,different,ann,\"x, y\",2026-08-31T00:00:00Z\n";

    #[test]
    fn rows_round_trip_in_both_forms() {
        for jsonl in [false, true] {
            let rows = read_rows(CSV.as_bytes(), Path::new("f"), false).unwrap();
            let rows: Vec<Row> = rows.into_iter().map(|(_, row)| row).collect();
            let mut out = Vec::new();
            write_rows(&rows, &mut out, jsonl).unwrap();
            let again = read_rows(&out[..], Path::new("f"), jsonl).unwrap();
            assert_eq!(again[0].1.note, "x, y");
            assert_eq!(again[0].1.verdict, Verdict::Different);
        }
    }

    #[test]
    fn a_bad_row_is_named_by_line() {
        let error =
            read_rows(&b"a,b,verdict\nx,y,same\nx,y,maybe\n"[..], Path::new("f.csv"), false);
        assert_eq!(error.unwrap_err().to_string(), "f.csv:3: not a decision");
        let error = read_rows(&b"{}\n"[..], Path::new("f.jsonl"), true);
        assert_eq!(error.unwrap_err().to_string(), "f.jsonl:1: not a decision");
    }

    #[test]
    fn optional_columns_may_be_missing() {
        let rows = read_rows(&b"verdict,b,a\nsame,y,x\n"[..], Path::new("f"), false).unwrap();
        assert_eq!((rows[0].0, rows[0].1.a.as_str(), rows[0].1.at.as_deref()), (2, "x", None));
    }
}
