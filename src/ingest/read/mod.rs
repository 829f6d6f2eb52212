//! Readers: a file of any container and encoding becomes a header and rows.
//!
//! Input: bytes. Output: [`Rows`], verbatim cells or JSON texts with their lines, and rows that have
//! not the form of the others, with their bytes. Everything is streamed but workbooks; the memory
//! taken is that of a batch and of the longest row. Nothing here knows what a column means.

mod archive;
mod bytes;
mod encoding;
mod header;
mod json;
mod json_list;
mod json_value;
mod legacy;
mod looks;
mod record;
mod sheet;
mod sheet_choice;
mod table;
mod vcard;
pub(super) mod wrapper;

use std::path::PathBuf;
use std::sync::Arc;

use self::bytes::{Feed, Origin, Source};
use self::encoding::Encoding;
use self::json::JsonReader;
use self::sheet::SheetReader;
use self::table::TableReader;
use self::vcard::VcardReader;
use crate::error::{ErrorKind, Result};
use crate::model::RawRow;

pub use crate::model::Limits;

/// Where the bytes are. Standard input is spooled to a file first, by the caller.
#[derive(Clone, Debug)]
pub struct Input {
    /// The file to read.
    pub path: PathBuf,
    /// The name to speak of it, without folders: `shop-eu.csv.gz`, `stdin`.
    pub name: String,
}

/// How the bytes of a file turned out to be laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// `csv`, `json`, `jsonl`, `vcf`, `xlsx`.
    pub container: String,
    /// `utf-8`, `utf-16le`, `utf-16be`, `windows-1252`, `shift_jis` …
    pub encoding: String,
    /// Delimiter of a table.
    pub delimiter: Option<char>,
    /// Lines before the header (1-based line of the header minus one).
    pub preamble: u64,
    /// Header names as written (trimmed, without BOM); empty for JSON.
    pub columns: Vec<String>,
    /// What a person should know of it, such as sheets that are not read.
    pub notes: Vec<String>,
}

/// A row with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 1-based line of the file, row of the sheet (counted on through all sheets that are read), or
    /// element of the list.
    pub line: u64,
    /// The row.
    pub raw: RawRow,
}

/// A row that has not the form of the others.
#[derive(Clone, PartialEq, Eq)]
pub struct BadRow {
    /// 1-based line.
    pub line: u64,
    /// Why: `9 fields where the header has 12`, `bytes that are no UTF-8`, `cell of 2,000,000 bytes …`.
    pub reason: String,
    /// The bytes as they stood (at most 64 KiB of them).
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BadRow({}, {})", self.line, self.reason)
    }
}

/// Some consecutive rows.
#[derive(Debug, Default)]
pub struct Rows {
    /// Sound rows.
    pub rows: Vec<Row>,
    /// Rows for the quarantine.
    pub bad: Vec<BadRow>,
}

/// Reads a file from its start; open it again for a second pass.
pub struct RowReader {
    layout: Layout,
    body: Body,
    /// Rows that say the header once more.
    headers: u64,
}

enum Body {
    Table(TableReader),
    Json(JsonReader),
    Sheet(SheetReader),
    Vcard(VcardReader),
}

impl std::fmt::Debug for RowReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowReader").field("layout", &self.layout).finish_non_exhaustive()
    }
}

impl RowReader {
    /// Finds out container, compression, encoding, delimiter and header. Reads the whole file once
    /// (three times where it is not UTF-8), because the encoding must not depend on the order of
    /// its rows.
    ///
    /// # Errors
    /// The file cannot be read, is empty, or is of no known container.
    pub fn open(input: &Input, limits: &Limits) -> Result<Self> {
        Self::detect(&Source {
            origin: Origin::File(input.path.clone()),
            name: input.name.clone(),
            limits: limits.clone(),
        })
    }

    /// As [`RowReader::open`], for a file in memory.
    ///
    /// # Errors
    /// As there.
    pub fn from_bytes(name: &str, bytes: &[u8], limits: &Limits) -> Result<Self> {
        Self::detect(&Source {
            origin: Origin::Memory(Arc::from(bytes)),
            name: name.to_owned(),
            limits: limits.clone(),
        })
    }

    /// Opens a file as it was found to be laid out before, without looking at all of it again:
    /// what [`RowReader::layout`] said then (a manifest keeps it) is taken as given.
    ///
    /// # Errors
    /// The file cannot be read, or has another header now.
    pub fn open_as(input: &Input, limits: &Limits, layout: &Layout) -> Result<Self> {
        let source = Source {
            origin: Origin::File(input.path.clone()),
            name: input.name.clone(),
            limits: limits.clone(),
        };
        let encoding = Encoding::named(&layout.encoding).ok_or_else(|| {
            source.error(ErrorKind::Input, format!("unknown encoding {:?}", layout.encoding))
        })?;
        Ok(match layout.container.as_str() {
            "xlsx" => SheetReader::open(&source, Some(&layout.columns))?.into(),
            "json" | "jsonl" => JsonReader::open(&source, encoding)?.into(),
            "vcf" => VcardReader::open(&source, encoding)?.into(),
            _ => TableReader::open_as(&source, encoding, layout)?.into(),
        })
    }

    fn detect(source: &Source) -> Result<Self> {
        let mut feed = Feed::new(source.unpacked()?);
        feed.want(HEAD).map_err(|e| source.io(e))?;
        if feed.data().is_empty() {
            return Err(source.error(ErrorKind::Input, "is empty").hint("export it again"));
        }
        if feed.data().starts_with(&sheet::ZIP) {
            drop(feed);
            return Ok(SheetReader::open(source, None)?.into());
        }
        if let Some((what, hint)) = foreign(feed.data()) {
            return Err(source.error(ErrorKind::Input, format!("is {what}")).hint(hint));
        }
        let known = encoding::from_head(feed.data());
        drop(feed);
        let encoding = match known {
            Some(encoding) => encoding,
            None => encoding::survey(|| source.unpacked(), |e| source.io(e))?,
        };
        let mut text = table::text(source, encoding)?;
        text.want(HEAD).map_err(|e| source.io(e))?;
        let (json, cards) = (json::is_json(text.data()), vcard::is_vcard(text.data()));
        drop(text);
        Ok(if json {
            JsonReader::open(source, encoding)?.into()
        } else if cards {
            VcardReader::open(source, encoding)?.into()
        } else {
            TableReader::open(source, encoding)?.into()
        })
    }

    /// The layout found.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Up to `max` further rows, sound and bad ones together; fewer where they are large; `None` at
    /// the end. Blank rows (no cell with anything in it) are passed over, and so are rows that repeat
    /// the header (exports that were put one behind the other) and lines behind a table: at the end the
    /// notes of the layout say how many.
    ///
    /// # Errors
    /// Reading fails, or a limit of the whole file is passed.
    pub fn next_rows(&mut self, max: usize) -> Result<Option<Rows>> {
        let mut rows = match &mut self.body {
            Body::Table(reader) => reader.next_rows(max),
            Body::Json(reader) => reader.next_rows(max),
            Body::Sheet(reader) => reader.next_rows(max),
            Body::Vcard(reader) => reader.next_rows(max),
        }?;
        if let Some(rows) = &mut rows {
            let all = rows.rows.len();
            rows.rows.retain(|row| !repeats_header(&row.raw, &self.layout.columns));
            self.headers += (all - rows.rows.len()) as u64;
        }
        if rows.is_some() {
            return Ok(rows);
        }
        if self.headers > 0 {
            let repeated = std::mem::take(&mut self.headers);
            self.layout.notes.push(format!(
                "{repeated} rows repeat the header: they are passed over (was one export put behind \
                 another?)"
            ));
        }
        if let Body::Table(reader) = &mut self.body
            && let Some(lines) = reader.take_footer()
        {
            self.layout
                .notes
                .push(format!("{lines} lines behind the table (a footer) are passed over"));
        }
        Ok(None)
    }
}

/// Whether a row is the header once more; one of a single column may be a value.
fn repeats_header(row: &RawRow, columns: &[String]) -> bool {
    let RawRow::Cells(cells) = row else { return false };
    let trim = |c: &str| c.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').to_owned();
    columns.len() > 1
        && cells.len() == columns.len()
        && cells.iter().zip(columns).any(|(cell, name)| !name.is_empty() && trim(cell) == *name)
        && header::unique_names(cells) == columns
}

impl From<(TableReader, Layout)> for RowReader {
    fn from((reader, layout): (TableReader, Layout)) -> Self {
        Self { layout, body: Body::Table(reader), headers: 0 }
    }
}

impl From<(JsonReader, Layout)> for RowReader {
    fn from((reader, layout): (JsonReader, Layout)) -> Self {
        Self { layout, body: Body::Json(reader), headers: 0 }
    }
}

impl From<(VcardReader, Layout)> for RowReader {
    fn from((reader, layout): (VcardReader, Layout)) -> Self {
        Self { layout, body: Body::Vcard(reader), headers: 0 }
    }
}

impl From<(SheetReader, Layout)> for RowReader {
    fn from((reader, layout): (SheetReader, Layout)) -> Self {
        Self { layout, body: Body::Sheet(reader), headers: 0 }
    }
}

/// Bytes of the head by which a container is known.
const HEAD: usize = 64 << 10;

/// Files that are no tables, by their first bytes: what they are, and what to do.
fn foreign(head: &[u8]) -> Option<(&'static str, &'static str)> {
    const SAVE: &str = "save it as XLSX or CSV";
    const UNPACK: &str = "unpack it first; gzip and zstd are unpacked by themselves";
    let magics: &[(&[u8], &str, &str)] = &[
        (b"\xd0\xcf\x11\xe0", "an old Excel file (XLS)", SAVE),
        (b"%PDF", "a PDF document", "export the table itself"),
        (b"PAR1", "a Parquet file", "export it as CSV or JSONL"),
        (b"BZh", "packed with bzip2", UNPACK),
        (b"\xfd7zXZ", "packed with xz", UNPACK),
        (b"7z\xbc\xaf", "packed with 7-Zip", UNPACK),
        (b"Rar!", "packed with RAR", UNPACK),
        (b"PK\x05\x06", "an empty zip archive", "name the files themselves"),
        (b"\x89PNG", "a picture", "export the table itself"),
        (b"SQLite format 3", "an SQLite database", "export its table as CSV"),
        (b"\xff\xfe\0\0", "text in UTF-32", "save it as UTF-8"),
    ];
    if let Some((_, what, hint)) = magics.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Some((what, hint));
    }
    let start = head.trim_ascii_start();
    let word: Vec<u8> = start.iter().take(9).map(u8::to_ascii_lowercase).collect();
    let markup = [&b"<!doctype"[..], b"<html", b"<?xml", b"<table"];
    if markup.iter().any(|tag| word.starts_with(tag)) {
        return Some(("a page or XML document", "export it as CSV, XLSX or JSON"));
    }
    let zeros = head.iter().filter(|b| **b == 0).count();
    let binary = zeros * 4 > head.len() && encoding::from_head(head).is_none();
    binary.then_some(("binary data", "export it as CSV, XLSX or JSON"))
}

/// Something of a sound row, or why the row is bad.
type Sound<T> = std::result::Result<T, String>;

/// Most bytes of a bad row that are kept beside the archive.
pub const BAD_BYTES_MAX: usize = 64 << 10;

fn bad_bytes(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(BAD_BYTES_MAX)].to_vec()
}

/// A number for a message: `1,048,576`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
