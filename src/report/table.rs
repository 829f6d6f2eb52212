//! Rows of a report as CSV or JSONL, made in parallel and written in order.

use std::io::Write;
use std::str::FromStr;

use rayon::prelude::*;
use serde_json::{Map, Value};

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

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Text(String),
    /// A field that may hold several values.
    Many(Vec<String>),
    Integer(u64),
    /// A number with so many decimals.
    Decimal(f64, usize),
    Bool(bool),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// The columns of a table and how its cells are written.
pub(super) struct Table {
    pub(super) format: TableFormat,
    /// Whether a text that a spreadsheet would run as a formula gets a leading apostrophe.
    pub(super) spreadsheet_safe: bool,
    pub(super) columns: Vec<String>,
}

/// Encoded rows of a table.
pub(super) struct Rows<'t> {
    table: &'t Table,
    bytes: Vec<u8>,
}

/// Rows that one thread encodes before they are handed to the writer.
const CHUNK: u64 = 512;

impl Table {
    /// Writes the header (CSV only), then what `row` adds for each of `0..total`, in order.
    /// Memory is bounded by a few chunks a thread.
    pub(super) fn write(
        &self,
        out: &mut dyn Write,
        total: u64,
        row: impl Fn(u64, &mut Rows<'_>) -> Result<()> + Sync,
    ) -> Result<()> {
        let failed = |e: std::io::Error| Error::new(ErrorKind::Io, e.to_string()).because(e);
        if self.format == TableFormat::Csv {
            let mut rows = Rows { table: self, bytes: Vec::new() };
            rows.csv(&self.columns)?;
            out.write_all(&rows.bytes).map_err(failed)?;
        }
        let chunks = total.div_ceil(CHUNK);
        let wave = 4 * rayon::current_num_threads() as u64;
        for first in (0..chunks).step_by(wave as usize) {
            let encoded: Result<Vec<Vec<u8>>> = (first..chunks.min(first + wave))
                .into_par_iter()
                .map(|chunk| {
                    let mut rows = Rows { table: self, bytes: Vec::new() };
                    for at in chunk * CHUNK..total.min((chunk + 1) * CHUNK) {
                        row(at, &mut rows)?;
                    }
                    Ok(rows.bytes)
                })
                .collect();
            for bytes in encoded? {
                out.write_all(&bytes).map_err(failed)?;
            }
        }
        Ok(())
    }
}

impl Rows<'_> {
    /// Adds a row; one cell a column.
    pub(super) fn push(&mut self, cells: Vec<Cell>) -> Result<()> {
        debug_assert_eq!(cells.len(), self.table.columns.len());
        match self.table.format {
            TableFormat::Csv => {
                let safe = self.table.spreadsheet_safe;
                let texts: Vec<String> = cells.into_iter().map(|c| plain(c, safe)).collect();
                self.csv(&texts)
            }
            TableFormat::Jsonl => {
                let pairs = self.table.columns.iter().cloned().zip(cells.into_iter().map(json));
                let line = Value::Object(pairs.collect::<Map<_, _>>()).to_string();
                self.bytes.extend_from_slice(line.as_bytes());
                self.bytes.push(b'\n');
                Ok(())
            }
        }
    }

    fn csv(&mut self, texts: &[String]) -> Result<()> {
        let failed = |_| Error::new(ErrorKind::Io, "a row cannot be encoded");
        let mut writer = csv::Writer::from_writer(&mut self.bytes);
        writer.write_record(texts).map_err(failed)?;
        writer.flush().map_err(|e| Error::new(ErrorKind::Io, e.to_string()))
    }
}

fn plain(cell: Cell, safe: bool) -> String {
    let text = match cell {
        Cell::Text(text) => text,
        Cell::Many(texts) => texts.join(";"),
        Cell::Integer(n) => return n.to_string(),
        Cell::Decimal(x, decimals) => return format!("{x:.decimals$}"),
        Cell::Bool(b) => return b.to_string(),
    };
    if safe { neutralised(text) } else { text }
}

/// Puts an apostrophe before what a spreadsheet would take for a formula.
pub(super) fn neutralised(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

fn json(cell: Cell) -> Value {
    match cell {
        Cell::Text(text) if text.is_empty() => Value::Null,
        Cell::Text(text) => Value::String(text),
        Cell::Many(texts) => texts.into(),
        Cell::Integer(n) => n.into(),
        // The digits of the table, so that both formats say the same.
        Cell::Decimal(x, decimals) => {
            format!("{x:.decimals$}").parse::<f64>().map_or(Value::Null, Into::into)
        }
        Cell::Bool(b) => b.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(format: TableFormat, spreadsheet_safe: bool) -> String {
        let columns = ["id", "names", "p", "same"].map(str::to_owned).to_vec();
        let table = Table { format, spreadsheet_safe, columns };
        let mut out = Vec::new();
        table
            .write(&mut out, 2, |at, rows| {
                rows.push(vec![
                    if at == 0 { "=1+1".into() } else { "".into() },
                    Cell::Many(vec!["Ann, \"A\"".into(), "B".into()]),
                    Cell::Decimal(-0.5, 3),
                    Cell::Bool(at == 0),
                ])
            })
            .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_are_exact_unless_asked() {
        assert_eq!(
            written(TableFormat::Csv, false),
            "id,names,p,same\n=1+1,\"Ann, \"\"A\"\";B\",-0.500,true\n,\"Ann, \"\"A\"\";B\",-0.500,false\n"
        );
        assert!(written(TableFormat::Csv, true).contains("\n'=1+1,\"Ann"));
        assert_eq!(
            written(TableFormat::Jsonl, false).lines().next().unwrap(),
            r#"{"id":"=1+1","names":["Ann, \"A\"","B"],"p":-0.5,"same":true}"#
        );
    }

    #[test]
    fn rows_come_in_order_whatever_the_threads() {
        let table = Table {
            format: TableFormat::Csv,
            spreadsheet_safe: false,
            columns: vec!["n".to_owned()],
        };
        let mut out = Vec::new();
        table.write(&mut out, 5000, |at, rows| rows.push(vec![Cell::Integer(at)])).unwrap();
        let text = String::from_utf8(out).unwrap();
        let numbers: Vec<u64> = text.lines().skip(1).map(|l| l.parse().unwrap()).collect();
        assert_eq!(numbers, (0..5000).collect::<Vec<_>>());
    }
}
