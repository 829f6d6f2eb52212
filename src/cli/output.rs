//! Answers on stdout: one value, rendered as a table, JSON, JSON lines or CSV.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table as Aligned};
use sameas::error::{Error, ErrorKind, Result};
use serde::Serialize;
use serde_json::Value;

use super::global::Format;

/// What a verb answers: the value for machines and its tables for people.
#[derive(Debug)]
pub(super) struct Answer {
    value: Value,
    tables: Vec<Table>,
}

/// A table; the first of an answer is its CSV form.
#[derive(Debug, Default)]
pub(super) struct Table {
    title: Option<String>,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Answer {
    pub(super) fn new(value: &impl Serialize) -> Result<Self> {
        let value = serde_json::to_value(value).map_err(|error| {
            Error::new(ErrorKind::Io, format!("cannot be written as JSON: {error}"))
        })?;
        Ok(Self { value, tables: Vec::new() })
    }

    pub(super) fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }
}

impl Table {
    pub(super) fn new<const N: usize>(columns: [&str; N]) -> Self {
        Self { title: None, columns: columns.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    /// What stands above it for people.
    pub(super) fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// Whether the reader of stdout has gone: no failure.
pub(super) fn is_broken_pipe(error: &Error) -> bool {
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
        {
            return true;
        }
        cause = inner.source();
    }
    false
}

/// Writing to stdout failed.
pub(super) fn failed(error: io::Error) -> Error {
    Error::io("stdout", error)
}

/// Text without what a terminal would obey: control characters (escapes too) and marks that turn
/// the direction of writing. Line breaks and tabs become spaces.
pub(super) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c == '\t' { ' ' } else { c })
        .map(|c| if obeyed(c) && c != '\n' { '\u{fffd}' } else { c })
        .collect()
}

/// As [`clean`], on one line.
pub(super) fn cell(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if obeyed(c) => '\u{fffd}',
            c => c,
        })
        .collect()
}

fn obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

pub(super) fn write(
    out: &mut dyn Write,
    answer: &Answer,
    format: Format,
    terminal: bool,
) -> io::Result<()> {
    match format {
        Format::Table if terminal => aligned(out, &answer.tables),
        Format::Table => tab_separated(out, &answer.tables),
        Format::Csv => comma_separated(out, &answer.tables, terminal),
        Format::Json => {
            let text = serde_json::to_string_pretty(&answer.value)?;
            writeln!(out, "{}", escaped(&text))
        }
        Format::Jsonl => match &answer.value {
            Value::Array(values) => {
                for value in values {
                    writeln!(out, "{}", escaped(&serde_json::to_string(value)?))?;
                }
                Ok(())
            }
            value => writeln!(out, "{}", escaped(&serde_json::to_string(value)?)),
        },
    }
}

/// JSON text in which what a terminal obeys stands as `\u….` — the same value, harmless to show.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if obeyed(c) && c != '\n' {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            text.push(c);
        }
    }
    text
}

/// The tables that have something to show; the first always does.
fn shown(tables: &[Table]) -> impl Iterator<Item = (usize, &Table)> {
    tables.iter().enumerate().filter(|(at, table)| *at == 0 || !table.rows.is_empty())
}

fn aligned(out: &mut dyn Write, tables: &[Table]) -> io::Result<()> {
    for (at, table) in shown(tables) {
        if at > 0 {
            writeln!(out)?;
        }
        if let Some(title) = &table.title {
            writeln!(out, "{}", cell(title))?;
        }
        let mut aligned = Aligned::new();
        aligned.load_style(comfy_table::presets::UTF8_HORIZONTAL_ONLY);
        aligned.set_content_arrangement(ContentArrangement::Dynamic);
        aligned.set_header(table.columns.iter().map(|column| cell(column)));
        for row in &table.rows {
            aligned.add_row(row.iter().map(|value| cell(value)));
        }
        writeln!(out, "{}", aligned.trim_fmt())?;
    }
    Ok(())
}

fn tab_separated(out: &mut dyn Write, tables: &[Table]) -> io::Result<()> {
    for (at, table) in shown(tables) {
        if at > 0 {
            writeln!(out)?;
        }
        if let Some(title) = &table.title {
            writeln!(out, "# {}", cell(title))?;
        }
        for row in std::iter::once(&table.columns).chain(&table.rows) {
            let cells: Vec<String> = row.iter().map(|value| cell(value)).collect();
            writeln!(out, "{}", cells.join("\t"))?;
        }
    }
    Ok(())
}

fn comma_separated(out: &mut dyn Write, tables: &[Table], terminal: bool) -> io::Result<()> {
    let Some(table) = tables.first() else { return Ok(()) };
    let mut writer = csv::Writer::from_writer(out);
    for row in std::iter::once(&table.columns).chain(&table.rows) {
        if terminal {
            writer.write_record(row.iter().map(|value| cell(value)))?;
        } else {
            writer.write_record(row)?;
        }
    }
    writer.flush()
}

/// `1234567` as `1,234,567`.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes as people read them.
pub(super) fn bytes(n: u64) -> String {
    let mut value = n as f64;
    for unit in ["B", "KB", "MB", "GB"] {
        if value < 1024.0 {
            return if unit == "B" { format!("{n} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1024.0;
    }
    format!("{value:.1} TB")
}

/// A probability to three digits, never rounded to certainty.
pub(super) fn probability(p: f64) -> String {
    if p > 0.999 && p < 1.0 {
        ">.999".to_owned()
    } else if p < 0.001 && p > 0.0 {
        "<.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// A weight in bits with its sign.
pub(super) fn bits(weight: f64) -> String {
    format!("{weight:+.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        let value = serde_json::json!([{"name": "a\u{1b}[31m\u{9b}b"}]);
        let mut table = Table::new(["name", "note"]);
        table.row(["a\u{1b}[31mb".to_owned(), "x\ty".to_owned()]);
        Answer::new(&value).unwrap().table(table)
    }

    fn text(format: Format, terminal: bool) -> String {
        let mut out = Vec::new();
        write(&mut out, &answer(), format, terminal).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn no_escape_of_a_value_reaches_a_terminal_and_json_stays_exact() {
        for format in [Format::Table, Format::Csv, Format::Json, Format::Jsonl] {
            let text = text(format, true);
            assert!(!text.contains('\u{1b}') && !text.contains('\u{9b}'), "{text:?}");
        }
        let value: Value = serde_json::from_str(&text(Format::Json, false)).unwrap();
        assert_eq!(value, answer().value);
    }

    #[test]
    fn a_pipe_gets_tabs_and_exact_csv() {
        assert_eq!(text(Format::Table, false), "name\tnote\na\u{fffd}[31mb\tx y\n");
        assert_eq!(text(Format::Csv, false), "name,note\na\u{1b}[31mb,x\ty\n");
    }

    #[test]
    fn numbers_for_people() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(bytes(1_536), "1.5 KB");
        assert_eq!(probability(0.9999), ">.999");
        assert_eq!(probability(1.0), "1.000");
        assert_eq!(bits(-0.5), "-0.50");
    }

    #[test]
    fn a_reader_who_left_is_recognised() {
        assert!(is_broken_pipe(&failed(io::ErrorKind::BrokenPipe.into())));
        assert!(!is_broken_pipe(&failed(io::ErrorKind::StorageFull.into())));
    }
}
