//! Rows of a report as CSV or JSONL, made in parallel and written in order.

use std::fmt::Write as _;
use std::io::Write;
use std::str::FromStr;

use rayon::prelude::*;

use crate::error::{Error, ErrorKind, Result};

/// How rows are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TableFormat {
    /// A header and comma-separated rows; several values of a cell are joined by `;`.
    #[default]
    Csv,
    /// One object a line with the columns as keys; several values of a cell are an array.
    Jsonl,
}

impl FromStr for TableFormat {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "csv" => Ok(Self::Csv),
            "jsonl" => Ok(Self::Jsonl),
            _ => Err(Error::new(ErrorKind::Config, format!("unknown table format '{text}'"))
                .hint("use csv or jsonl")),
        }
    }
}

/// Several values of one cell, each once in `text`, joined as a table joins them.
#[derive(Debug, Default)]
pub(super) struct Joined {
    text: String,
    /// Where each value ends in `text`; the next begins after a semicolon.
    ends: Vec<usize>,
}

impl Joined {
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// Adds a value made of parts.
    pub(super) fn push(&mut self, parts: &[&str]) {
        if !self.ends.is_empty() {
            self.text.push(';');
        }
        parts.iter().for_each(|part| self.text.push_str(part));
        self.ends.push(self.text.len());
    }

    /// All of it, as a table joins it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|end| end + 1));
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }
}

/// The columns of a table and how its cells are written.
pub(super) struct Table {
    pub(super) format: TableFormat,
    /// Whether a text that a spreadsheet would run as a formula gets a leading apostrophe.
    pub(super) spreadsheet_safe: bool,
    columns: Vec<String>,
    /// What stands before each cell.
    before: Vec<Vec<u8>>,
}

/// Encoded rows of a table: cell after cell, then the row's end.
pub(super) struct Rows<'t> {
    table: &'t Table,
    bytes: Vec<u8>,
    column: usize,
    scratch: String,
}

/// Rows that one thread encodes before they are handed to the writer.
pub(super) const CHUNK: u64 = 512;

impl Table {
    pub(super) fn new(format: TableFormat, spreadsheet_safe: bool, columns: Vec<String>) -> Self {
        let before = |(at, name): (usize, &String)| match format {
            TableFormat::Csv => if at == 0 { "" } else { "," }.as_bytes().to_vec(),
            TableFormat::Jsonl => {
                let mut bytes = if at == 0 { b"{".to_vec() } else { b",".to_vec() };
                push_json(name, &mut bytes);
                bytes.push(b':');
                bytes
            }
        };
        let before = columns.iter().enumerate().map(before).collect();
        Self { format, spreadsheet_safe, columns, before }
    }

    /// Writes the header (CSV only), then what `row` adds for each of `0..total`, in order.
    /// Memory is bounded by a few chunks a thread.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        total: u64,
        row: impl Fn(u64, &mut Rows<'_>) + Sync,
    ) -> Result<()> {
        self.write_chunks(
            out,
            total.div_ceil(CHUNK),
            |chunk, rows| {
                (chunk * CHUNK..total.min((chunk + 1) * CHUNK)).for_each(|at| row(at, rows));
                Ok(())
            },
            |()| (),
        )
    }

    /// As [`Table::write`], but a whole chunk of rows at once; `keep` takes what else the chunks
    /// yield, in order.
    pub(super) fn write_chunks<T: Send>(
        &self,
        out: &mut dyn Write,
        chunks: u64,
        encode: impl Fn(u64, &mut Rows<'_>) -> Result<T> + Sync,
        mut keep: impl FnMut(T),
    ) -> Result<()> {
        let failed = |e: std::io::Error| Error::new(ErrorKind::Io, e.to_string()).because(e);
        if self.format == TableFormat::Csv {
            let mut rows = self.rows();
            self.columns.iter().for_each(|column| rows.text(column));
            rows.end();
            out.write_all(&rows.bytes).map_err(failed)?;
        }
        let wave = 4 * rayon::current_num_threads() as u64;
        for first in (0..chunks).step_by(wave as usize) {
            let encoded: Result<Vec<(Vec<u8>, T)>> = (first..chunks.min(first + wave))
                .into_par_iter()
                .map(|chunk| {
                    let mut rows = self.rows();
                    let more = encode(chunk, &mut rows)?;
                    Ok((rows.bytes, more))
                })
                .collect();
            for (bytes, more) in encoded? {
                out.write_all(&bytes).map_err(failed)?;
                keep(more);
            }
        }
        Ok(())
    }

    fn rows(&self) -> Rows<'_> {
        Rows { table: self, bytes: Vec::new(), column: 0, scratch: String::new() }
    }

    /// Appends a cell that holds one text.
    pub(super) fn encode_text(&self, text: &str, bytes: &mut Vec<u8>) {
        match self.format {
            TableFormat::Csv => push_csv(text, self.spreadsheet_safe, bytes),
            TableFormat::Jsonl if text.is_empty() => bytes.extend_from_slice(b"null"),
            TableFormat::Jsonl => push_json(text, bytes),
        }
    }

    /// Appends a cell that may hold several values.
    pub(super) fn encode_joined(&self, values: &Joined, bytes: &mut Vec<u8>) {
        match self.format {
            TableFormat::Csv => push_csv(&values.text, self.spreadsheet_safe, bytes),
            TableFormat::Jsonl => {
                bytes.push(b'[');
                for (at, value) in values.values().enumerate() {
                    if at > 0 {
                        bytes.push(b',');
                    }
                    push_json(value, bytes);
                }
                bytes.push(b']');
            }
        }
    }
}

impl Rows<'_> {
    fn before(&mut self) {
        self.bytes.extend_from_slice(&self.table.before[self.column]);
        self.column += 1;
    }

    /// A cell of one text.
    pub(super) fn text(&mut self, text: &str) {
        self.before();
        self.table.encode_text(text, &mut self.bytes);
    }

    /// A cell of one text in parts.
    pub(super) fn parts(&mut self, parts: &[&str]) {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        parts.iter().for_each(|part| text.push_str(part));
        self.text(&text);
        self.scratch = text;
    }

    /// A cell of one text that is written as it is shown.
    pub(super) fn shown(&mut self, shown: impl std::fmt::Display) {
        let mut text = std::mem::take(&mut self.scratch);
        text.clear();
        // Writing to a string cannot fail.
        let _ = write!(text, "{shown}");
        self.text(&text);
        self.scratch = text;
    }

    /// A cell that may hold several values.
    pub(super) fn joined(&mut self, values: &Joined) {
        self.before();
        self.table.encode_joined(values, &mut self.bytes);
    }

    /// A cell that [`Table::encode_text`] or [`Table::encode_joined`] made.
    pub(super) fn encoded(&mut self, cell: &[u8]) {
        self.before();
        self.bytes.extend_from_slice(cell);
    }

    pub(super) fn integer(&mut self, n: u64) {
        self.before();
        // Writing to memory cannot fail.
        let _ = write!(self.bytes, "{n}");
    }

    /// A number with so many decimals; both formats say the same digits.
    pub(super) fn decimal(&mut self, x: f64, decimals: usize) {
        self.before();
        match self.table.format {
            TableFormat::Csv => {
                // Writing to memory cannot fail.
                let _ = write!(self.bytes, "{x:.decimals$}");
            }
            TableFormat::Jsonl => {
                let rounded = format!("{x:.decimals$}").parse::<f64>();
                let value = rounded.map_or(serde_json::Value::Null, Into::into);
                let _ = write!(self.bytes, "{value}");
            }
        }
    }

    pub(super) fn boolean(&mut self, b: bool) {
        self.before();
        self.bytes.extend_from_slice(if b { b"true" } else { b"false" });
    }

    /// Ends the row.
    pub(super) fn end(&mut self) {
        debug_assert_eq!(self.column, self.table.columns.len());
        self.bytes.extend_from_slice(match self.table.format {
            TableFormat::Csv => b"\n",
            TableFormat::Jsonl => b"}\n",
        });
        self.column = 0;
    }
}

/// Appends a text in quotes where commas, quotes or line ends ask for it.
fn push_csv(text: &str, safe: bool, bytes: &mut Vec<u8>) {
    let raw = text.as_bytes();
    let quoted = raw.iter().any(|b| matches!(b, b',' | b'"' | b'\n' | b'\r'));
    if quoted {
        bytes.push(b'"');
    }
    if safe && is_formula(text) {
        bytes.push(b'\'');
    }
    if quoted {
        for b in raw {
            if *b == b'"' {
                bytes.push(b'"');
            }
            bytes.push(*b);
        }
        bytes.push(b'"');
    } else {
        bytes.extend_from_slice(raw);
    }
}

/// What a spreadsheet would take for a formula; an apostrophe before it prevents that.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn push_json(text: &str, bytes: &mut Vec<u8>) {
    // Writing a text to memory cannot fail.
    let _ = serde_json::to_writer(bytes, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: TableFormat, spreadsheet_safe: bool) -> String {
        let columns = ["id", "names", "p", "same", "n"].map(str::to_owned).to_vec();
        let table = Table::new(format, spreadsheet_safe, columns);
        let mut names = Joined::default();
        names.push(&["Ann, ", "\"A\""]);
        names.push(&["B"]);
        let none = Joined::default();
        let mut out = Vec::new();
        table
            .write(&mut out, 2, |at, rows| {
                rows.text(if at == 0 { "=1+1" } else { "" });
                rows.joined(if at == 0 { &names } else { &none });
                rows.decimal(-0.5, 3);
                rows.boolean(at == 0);
                rows.integer(at);
                rows.end();
            })
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_are_exact_unless_asked() {
        assert_eq!(
            written(TableFormat::Csv, false),
            "id,names,p,same,n\n=1+1,\"Ann, \"\"A\"\";B\",-0.500,true,0\n,,-0.500,false,1\n"
        );
        assert!(written(TableFormat::Csv, true).contains("\n'=1+1,\"Ann"));
        assert_eq!(
            written(TableFormat::Jsonl, false),
            "{\"id\":\"=1+1\",\"names\":[\"Ann, \\\"A\\\"\",\"B\"],\"p\":-0.5,\"same\":true,\"n\":0}\n\
             {\"id\":null,\"names\":[],\"p\":-0.5,\"same\":false,\"n\":1}\n"
        );
    }

    #[test]
    fn quoting_is_that_of_the_csv_crate() {
        for text in ["", "a", "a b", "a,b", "\"", "x\ny", "x\ry", "'q'", " lead", "ü;ü", "#"] {
            let mut ours = Vec::new();
            push_csv(text, false, &mut ours);
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record([text, "z"]).unwrap();
            let theirs = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            assert_eq!(format!("{},z\n", String::from_utf8(ours).unwrap()), theirs);
        }
        let mut safe = Vec::new();
        push_csv("=\"a\"", true, &mut safe);
        assert_eq!(safe, b"\"'=\"\"a\"\"\"");
    }

    #[test]
    fn rows_come_in_order_whatever_the_threads() {
        let table = Table::new(TableFormat::Csv, false, vec!["n".to_owned()]);
        let mut out = Vec::new();
        let row = |at, rows: &mut Rows<'_>| {
            rows.integer(at);
            rows.end();
        };
        table.write(&mut out, 5000, row).unwrap();
        let text = String::from_utf8(out).unwrap();
        let numbers: Vec<u64> = text.lines().skip(1).map(|l| l.parse().unwrap()).collect();
        assert_eq!(numbers, (0..5000).collect::<Vec<_>>());
    }
}
