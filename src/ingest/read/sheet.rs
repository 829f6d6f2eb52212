//! Workbooks (XLSX): the sheets that make up the table become rows of text cells.

use std::io::{Cursor, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, Reader, SheetType, SheetVisible, Xlsx};

use super::archive::{Refusal, inspect};
use super::bytes::{Origin, Source};
use super::header::{Candidate, find_header, unique_names};
use super::looks::is_headless;
use super::sheet_choice::{Sheet, choose, notes, same_columns};
use super::table::{BATCH_BYTES, headless, over_columns};
use super::{BadRow, Layout, Row, Rows, thousands};
use crate::error::{Error, ErrorKind, Result};
use crate::model::RawRow;

/// A workbook is held in memory: most bytes it may unpack to, and most bytes of text in its cells.
const WORKBOOK_BYTES: u64 = 2 << 30;

/// Rows in which the header is looked for.
const HEAD_ROWS: usize = 200;

/// A workbook's bytes, which must allow to seek.
trait Seekable: Read + Seek + Send {}
impl<T: Read + Seek + Send> Seekable for T {}

/// The filled cells of a sheet, row by row, their text in one string.
#[derive(Default)]
pub(super) struct Cells {
    text: String,
    /// (column, end of its text)
    cells: Vec<(u32, usize)>,
    /// (1-based row of the sheet, end of its cells)
    rows: Vec<(u64, usize)>,
}

impl Cells {
    /// The filled cells of a row: (column, text).
    fn row(&self, index: usize) -> impl Iterator<Item = (usize, &str)> {
        let start = if index == 0 { 0 } else { self.rows[index - 1].1 };
        (start..self.rows[index].1).map(|i| {
            let from = if i == 0 { 0 } else { self.cells[i - 1].1 };
            (self.cells[i].0 as usize, &self.text[from..self.cells[i].1])
        })
    }

    /// The last row with anything in it.
    pub(super) fn last_row(&self) -> u64 {
        self.rows.last().map_or(0, |(row, _)| *row)
    }

    /// How many cells the rows behind this one have.
    pub(super) fn filled_after(&self, index: usize) -> usize {
        self.cells.len() - self.rows[index].1
    }

    /// A row's cells up to its last filled one.
    fn full_row(&self, index: usize) -> Vec<String> {
        let mut cells = Vec::new();
        for (column, text) in self.row(index) {
            cells.resize(column, String::new());
            cells.push(text.to_owned());
        }
        cells
    }
}

pub(super) struct SheetReader {
    source: Source,
    /// The sheets to come, the one at hand first.
    parts: std::collections::VecDeque<Part>,
    width: usize,
}

/// The rows of one sheet.
struct Part {
    cells: Cells,
    /// The next of them.
    next: usize,
    /// Rows of the sheets before it: rows are counted through all of them.
    rows_before: u64,
    /// Which column of the table each of its columns is.
    places: Vec<usize>,
}

impl SheetReader {
    /// Finds the sheets that make up the table: those of the columns that were found `before`, where
    /// the workbook was read before.
    pub(super) fn open(source: &Source, before: Option<&[String]>) -> Result<(Self, Layout)> {
        let mut file = seekable(source)?;
        let most = source.limits.unpacked_bytes.min(WORKBOOK_BYTES);
        let names = inspect(&mut file, &source.limits, most).map_err(|e| refused(source, e))?;
        if !names.iter().any(|name| name.starts_with("xl/")) {
            return Err(source
                .error(ErrorKind::Input, "is a zip archive, not a workbook")
                .hint("unpack it and name the files in it"));
        }
        // The reader of workbooks is outside of this project: a panic in it is an error here.
        let read = catch_unwind(AssertUnwindSafe(|| read_workbook(source, file, before)));
        read.unwrap_or_else(|_| Err(unreadable(source, "its parts contradict each other")))
    }

    pub(super) fn next_rows(&mut self, max: usize) -> Result<Option<Rows>> {
        let limits = &self.source.limits;
        let mut rows = Rows::default();
        let mut bytes = 0;
        while rows.rows.len() + rows.bad.len() < max.max(1) && bytes < BATCH_BYTES {
            let Some(part) = self.parts.front_mut() else { break };
            let Some((row, _)) = part.cells.rows.get(part.next) else {
                self.parts.pop_front();
                continue;
            };
            let line = part.rows_before + row;
            let mut cells = vec![String::new(); self.width];
            let mut reason = None;
            let mut blank = true;
            for (column, text) in part.cells.row(part.next) {
                blank &= text.trim().is_empty();
                bytes += text.len();
                if text.len() > limits.cell_bytes {
                    reason = Some(format!(
                        "cell of {} bytes in column {}, over the limit of {} (limits.cell)",
                        thousands(text.len() as u64),
                        column + 1,
                        thousands(limits.cell_bytes as u64)
                    ));
                } else if text.contains('\0') {
                    reason = Some(format!("a NUL character in column {}", column + 1));
                }
                match part.places.get(column).and_then(|place| cells.get_mut(*place)) {
                    Some(cell) => text.clone_into(cell),
                    None if text.trim().is_empty() => {}
                    None => {
                        reason = Some(format!(
                            "a cell in column {} where the header has {} columns",
                            column + 1,
                            self.width
                        ));
                    }
                }
            }
            bytes += 64 + self.width * size_of::<String>();
            match reason {
                Some(reason) => {
                    let mut text = String::new();
                    for (column, cell) in part.cells.row(part.next) {
                        text.push_str(if column == 0 || text.is_empty() { "" } else { "\t" });
                        text.push_str(cell);
                        if text.len() > super::BAD_BYTES_MAX {
                            break;
                        }
                    }
                    rows.bad.push(BadRow {
                        line,
                        reason,
                        bytes: super::bad_bytes(text.as_bytes()),
                    });
                }
                None if blank => {}
                None => rows.rows.push(Row { line, raw: RawRow::Cells(cells) }),
            }
            part.next += 1;
        }
        Ok((!rows.rows.is_empty() || !rows.bad.is_empty()).then_some(rows))
    }
}

/// The workbook as it can be sought in: a plain file as it is, a packed one in memory.
fn seekable(source: &Source) -> Result<Box<dyn Seekable>> {
    let mut magic = [0; 4];
    let mut plain: Box<dyn Seekable> = match &source.origin {
        Origin::File(path) => {
            let file = std::fs::File::open(path).map_err(|e| source.io(e))?;
            Box::new(std::io::BufReader::new(file))
        }
        Origin::Memory(bytes) => Box::new(Cursor::new(std::sync::Arc::clone(bytes))),
    };
    if plain.read_exact(&mut magic).is_ok() && magic == ZIP {
        plain.rewind().map_err(|e| source.io(e))?;
        return Ok(plain);
    }
    let most = source.limits.unpacked_bytes.min(WORKBOOK_BYTES);
    let mut bytes = Vec::new();
    source.unpacked()?.take(most + 1).read_to_end(&mut bytes).map_err(|e| source.io(e))?;
    if bytes.len() as u64 > most {
        return Err(refused(
            source,
            Refusal::Limit(format!(
                "unpacks to more than {} bytes (limit for workbooks)",
                thousands(most)
            )),
        ));
    }
    Ok(Box::new(Cursor::new(bytes)))
}

/// First bytes of a zip archive, and so of a workbook.
pub(super) const ZIP: [u8; 4] = *b"PK\x03\x04";

fn refused(source: &Source, refusal: Refusal) -> Error {
    match refusal {
        Refusal::Io(e) => source.io(e),
        Refusal::Damaged(why) => unreadable(source, why),
        Refusal::Limit(message) => source
            .error(ErrorKind::Limit, message)
            .hint("save the sheet as CSV, which may be of any size"),
    }
}

fn unreadable(source: &Source, why: &str) -> Error {
    source
        .error(ErrorKind::Input, format!("the workbook cannot be read: {why}"))
        .hint("open it in a spreadsheet program and save it again, as XLSX or CSV")
}

fn read_workbook(
    source: &Source,
    file: Box<dyn Seekable>,
    before: Option<&[String]>,
) -> Result<(SheetReader, Layout)> {
    let mut book =
        Xlsx::new(file).map_err(|_| unreadable(source, "it has no sheets, or has a password"))?;
    let all: Vec<_> = book
        .sheets_metadata()
        .iter()
        .filter(|s| s.typ == SheetType::WorkSheet)
        .map(|s| (s.visible, s.name.clone()))
        .collect();
    let mut sheets: Vec<Sheet> = Vec::new();
    let mut unread = Vec::new();
    let mut held = 0;
    // Hidden sheets only where no visible one has a header.
    for hidden in [false, true] {
        let seen = !sheets.is_empty();
        for (visible, name) in all.iter().filter(|s| (s.0 != SheetVisible::Visible) == hidden) {
            if seen {
                // Those that nobody can show are a program's own.
                unread.extend((*visible == SheetVisible::Hidden).then(|| name.clone()));
                continue;
            }
            let cells = read_cells(source, &mut book, name, held)?;
            held += cells.text.len();
            let head = head(&cells);
            let Some(header) = find_header(&head, true) else { continue };
            sheets.push(Sheet {
                name: name.clone(),
                columns: unique_names(&head[header].cells),
                labels: head[header].looks_like_labels(),
                header,
                cells,
            });
        }
    }
    let chosen = match before {
        Some(columns) if !sheets.is_empty() => sheets
            .iter()
            .position(|sheet| same_columns(&sheet.columns, columns))
            .ok_or_else(|| {
                source
                    .error(ErrorKind::Input, "has another header than when it was first read")
                    .hint("ingest the file anew")
            })?,
        _ => choose(&sheets).ok_or_else(|| {
            source
                .error(ErrorKind::Input, "has no sheet with the names of columns")
                .hint("put a header row first")
        })?,
    };
    let columns = sheets[chosen].columns.clone();
    if columns.len() > source.limits.columns {
        return Err(refused(source, Refusal::Limit(over_columns(columns.len(), &source.limits))));
    }
    let (taken, others): (Vec<Sheet>, Vec<Sheet>) =
        sheets.into_iter().partition(|sheet| same_columns(&sheet.columns, &columns));
    let records = head(&taken[0].cells).split_off(taken[0].header);
    if before.is_none() && is_headless(&records) {
        return Err(headless(source, records[0].lines_before + 1));
    }
    let unread: Vec<String> = others.into_iter().map(|sheet| sheet.name).chain(unread).collect();
    let layout = Layout {
        container: "xlsx".into(),
        encoding: "utf-8".into(),
        delimiter: None,
        preamble: records[0].lines_before,
        notes: notes(&taken, &unread),
        columns,
    };
    let mut rows_before = 0;
    let mut parts = std::collections::VecDeque::new();
    for sheet in taken {
        let place = |name: &String| layout.columns.iter().position(|c| c == name);
        let places = sheet.columns.iter().filter_map(place).collect();
        let rows = sheet.cells.last_row();
        parts.push_back(Part { cells: sheet.cells, next: sheet.header + 1, rows_before, places });
        rows_before += rows;
    }
    let width = layout.columns.len();
    Ok((SheetReader { source: source.clone(), parts, width }, layout))
}

/// The first rows of a sheet.
fn head(cells: &Cells) -> Vec<Candidate> {
    (0..cells.rows.len().min(HEAD_ROWS))
        .map(|i| Candidate { lines_before: cells.rows[i].0 - 1, cells: cells.full_row(i) })
        .collect()
}

/// Reads a sheet; `before` bytes of text are held already.
fn read_cells(
    source: &Source,
    book: &mut Xlsx<Box<dyn Seekable>>,
    name: &str,
    before: usize,
) -> Result<Cells> {
    let wrong = |_| unreadable(source, "a sheet is damaged");
    let mut found = Cells::default();
    let mut reader = book.worksheet_cells_reader(name).map_err(wrong)?;
    let mut row: Vec<(u32, String)> = Vec::new();
    let mut row_number = 0;
    while let Some(cell) = reader.next_cell().map_err(wrong)? {
        let (at, column) = cell.get_position();
        if at < row_number || column >= 16_384 {
            return Err(unreadable(source, "its cells are out of order"));
        }
        if at > row_number {
            close_row(&mut found, row_number, &mut row);
            row_number = at;
        }
        let text = cell_text(cell.get_value());
        if !text.is_empty() {
            row.push((column, text));
        }
        let held = before + row.iter().map(|(_, t)| t.len()).sum::<usize>() + found.text.len();
        if held as u64 > source.limits.unpacked_bytes.min(WORKBOOK_BYTES) {
            return Err(refused(
                source,
                Refusal::Limit(format!(
                    "has more than {} bytes of text (limit for workbooks)",
                    thousands(source.limits.unpacked_bytes.min(WORKBOOK_BYTES))
                )),
            ));
        }
    }
    close_row(&mut found, row_number, &mut row);
    Ok(found)
}

fn close_row(found: &mut Cells, row_number: u32, row: &mut Vec<(u32, String)>) {
    if row.is_empty() {
        return;
    }
    row.sort_by_key(|(column, _)| *column);
    row.dedup_by_key(|(column, _)| *column);
    for (column, text) in row.drain(..) {
        found.text.push_str(&text);
        found.cells.push((column, found.text.len()));
    }
    found.rows.push((u64::from(row_number) + 1, found.cells.len()));
}

/// A cell as text: whole numbers without fraction, dates in ISO 8601.
fn cell_text(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(n) => n.to_string(),
        DataRef::Float(x) if x.fract() == 0.0 && x.abs() < 1e18 => format!("{x:.0}"),
        DataRef::Float(x) => x.to_string(),
        DataRef::String(s) => s.clone(),
        DataRef::SharedString(s) => (*s).to_owned(),
        DataRef::Bool(b) => b.to_string(),
        DataRef::DateTimeIso(s) | DataRef::DurationIso(s) => s.clone(),
        DataRef::Error(e) => e.to_string(),
        DataRef::Empty => String::new(),
        DataRef::DateTime(at) => {
            if at.is_duration() {
                let seconds = (at.as_f64() * 86_400.0).round();
                // The cast saturates, which is well for nonsense.
                let (sign, s) = (if seconds < 0.0 { "-" } else { "" }, seconds.abs() as u64);
                return format!("{sign}{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
            }
            if !(0.0..2_958_466.0).contains(&at.as_f64()) {
                // No day that a spreadsheet knows.
                return at.as_f64().to_string();
            }
            let (year, month, day, h, m, s, _) = at.to_ymd_hms_milli();
            let time = format!("{h:02}:{m:02}:{s:02}");
            if at.as_f64() < 1.0 {
                return time;
            }
            let date = format!("{year:04}-{month:02}-{day:02}");
            if (h, m, s) == (0, 0, 0) { date } else { format!("{date}T{time}") }
        }
    }
}
