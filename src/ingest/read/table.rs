//! Delimited tables, read record by record.

use super::bytes::{Feed, Source};
use super::encoding::{Encoding, decoded};
use super::header::{sniff, unique_names};
use super::record::{Dialect, Scan, Span, scan};
use super::{BadRow, Layout, Limits, Row, Rows, Sound, bad_bytes, thousands};
use crate::error::{Error, ErrorKind, Result};
use crate::model::RawRow;

/// Bytes of the head in which delimiter and header are looked for.
const HEAD: usize = 256 << 10;

/// Rows of a batch take about this much memory at most, however wide they are.
pub(super) const BATCH_BYTES: usize = 64 << 20;

pub(super) struct TableReader {
    source: Source,
    feed: Feed,
    encoding: Encoding,
    dialect: Dialect,
    width: usize,
    /// Line of the record at the start of the window.
    line: u64,
    spans: Vec<Span>,
}

impl TableReader {
    /// Finds delimiter and header.
    pub(super) fn open(source: &Source, encoding: Encoding) -> Result<(Self, Layout)> {
        let mut feed = text(source, encoding)?;
        feed.want(HEAD).map_err(|e| source.io(e))?;
        while !feed.data().iter().any(|b| matches!(b, b'\n' | b'\r'))
            && feed.data().len() <= source.limits.row_bytes
            && feed.more().map_err(|e| source.io(e))?
        {}
        let sniffed = sniff(feed.data(), feed.ended(), source.limits.columns).ok_or_else(|| {
            source
                .error(ErrorKind::Input, "has no line with the names of its columns")
                .hint("put a header line first")
        })?;
        if sniffed.headless {
            let line = sniffed.header.lines_before + 1;
            return Err(headless(source, line));
        }
        Self::start(source, encoding, feed, sniffed.dialect, sniffed.header.lines_before)
    }

    /// Reads a table as it was found to be laid out before.
    pub(super) fn open_as(
        source: &Source,
        encoding: Encoding,
        layout: &Layout,
    ) -> Result<(Self, Layout)> {
        let mut feed = text(source, encoding)?;
        feed.want(HEAD).map_err(|e| source.io(e))?;
        let newline = super::header::newline(feed.data());
        let delimiter = layout.delimiter.and_then(|d| u8::try_from(d).ok()).unwrap_or(b',');
        let dialect = Dialect { delimiter, newline };
        let (reader, mut found) = Self::start(source, encoding, feed, dialect, layout.preamble)?;
        if reader.width != layout.columns.len() {
            return Err(source
                .error(ErrorKind::Input, "has another header than when it was first read")
                .hint("ingest the file anew"));
        }
        found.columns.clone_from(&layout.columns);
        Ok((reader, found))
    }

    fn start(
        source: &Source,
        encoding: Encoding,
        mut feed: Feed,
        dialect: Dialect,
        preamble: u64,
    ) -> Result<(Self, Layout)> {
        for _ in 0..preamble {
            feed.skip_line(dialect.newline).map_err(|e| source.io(e))?;
        }
        let mut reader = Self {
            source: source.clone(),
            feed,
            encoding,
            dialect,
            width: 0,
            line: preamble + 1,
            spans: Vec::new(),
        };
        let columns = unique_names(reader.header()?);
        reader.width = columns.len();
        let layout = Layout {
            container: "csv".into(),
            encoding: encoding.name(),
            delimiter: Some(char::from(dialect.delimiter)),
            preamble,
            columns,
            notes: Vec::new(),
        };
        Ok((reader, layout))
    }

    /// Reads the header record.
    fn header(&mut self) -> Result<Vec<String>> {
        let limits = &self.source.limits;
        let line = self.line;
        let fail = |message: String, hint: &str| {
            self.source
                .error(ErrorKind::Input, message)
                .at(format!("{}:{line}", self.source.name))
                .hint(hint)
        };
        loop {
            let (feed, spans) = (&mut self.feed, &mut self.spans);
            match scan(feed.data(), feed.ended(), self.dialect, limits.columns, spans) {
                Scan::Record { end, next, fields, lines } => {
                    if fields > limits.columns {
                        return Err(self
                            .source
                            .error(ErrorKind::Limit, over_columns(fields, limits))
                            .at(format!("{}:{line}", self.source.name))
                            .hint("drop the columns that are not needed, or raise the limit"));
                    }
                    let text = std::str::from_utf8(&feed.data()[..end]).map_err(|_| {
                        fail(
                            format!("the header has bytes that are no {}", self.encoding.label()),
                            "export the file again as UTF-8",
                        )
                    })?;
                    let names = spans.iter().map(|s| s.text(text)).collect();
                    feed.consume(next);
                    self.line += lines;
                    return Ok(names);
                }
                Scan::Unclosed { .. } => {
                    return Err(fail(
                        "a quote in the header never closes".into(),
                        "close or remove it",
                    ));
                }
                Scan::More => {
                    if feed.data().len() > limits.row_bytes {
                        return Err(self
                            .source
                            .error(
                                ErrorKind::Limit,
                                format!("the header is {}", over_row(limits.row_bytes)),
                            )
                            .at(format!("{}:{line}", self.source.name))
                            .hint("is it a table at all?"));
                    }
                    feed.more().map_err(|e| self.source.io(e))?;
                }
            }
        }
    }

    pub(super) fn next_rows(&mut self, max: usize) -> Result<Option<Rows>> {
        let mut rows = Rows::default();
        let mut bytes = 0;
        while rows.rows.len() + rows.bad.len() < max.max(1) && bytes < BATCH_BYTES {
            match self.step(&mut rows).map_err(|e| self.source.io(e))? {
                Some(taken) => bytes += taken,
                None => break,
            }
        }
        Ok((!rows.rows.is_empty() || !rows.bad.is_empty()).then_some(rows))
    }

    /// Takes one record; how much memory it took, or `None` at the end.
    fn step(&mut self, rows: &mut Rows) -> std::io::Result<Option<usize>> {
        let row_bytes = self.source.limits.row_bytes;
        loop {
            if self.feed.data().is_empty() && !self.feed.more()? {
                return Ok(None);
            }
            let window = self.feed.data();
            match scan(window, self.feed.ended(), self.dialect, self.width, &mut self.spans) {
                Scan::Record { end, next, fields, lines } => {
                    return Ok(Some(self.take(rows, end, next, fields, lines)));
                }
                Scan::Unclosed { field } => return Ok(Some(self.unclosed(rows, field))),
                Scan::More if window.len() <= row_bytes => {
                    self.feed.more()?;
                }
                Scan::More => return self.oversized(rows).map(Some),
            }
        }
    }

    fn take(
        &mut self,
        rows: &mut Rows,
        end: usize,
        next: usize,
        fields: usize,
        lines: u64,
    ) -> usize {
        let line = self.line;
        let record = &self.feed.data()[..end];
        let mut taken = 64;
        match self.cells(record, fields) {
            Ok(Some(cells)) => {
                taken += record.len() + self.width * size_of::<String>();
                rows.rows.push(Row { line, raw: RawRow::Cells(cells) });
            }
            Ok(None) => {}
            Err(reason) => {
                let bytes = bad_bytes(&self.feed.data()[..next]);
                taken += bytes.len();
                rows.bad.push(BadRow { line, reason, bytes });
            }
        }
        self.feed.consume(next);
        self.line += lines;
        taken
    }

    /// The cells of a record; none where all are empty; or why it is bad.
    fn cells(&self, record: &[u8], fields: usize) -> Sound<Option<Vec<String>>> {
        let limits = &self.source.limits;
        let spans = &self.spans;
        if record.is_empty() || spans.iter().all(|s| record[s.start..s.end].trim_ascii().is_empty())
        {
            // Fields past the header's are not in `spans`.
            if fields <= self.width || record.iter().all(|b| is_filler(*b, self.dialect)) {
                return Ok(None);
            }
        }
        if record.len() > limits.row_bytes {
            return Err(format!(
                "row of {} bytes, {}",
                thousands(record.len() as u64),
                over_row(limits.row_bytes)
            ));
        }
        let text = std::str::from_utf8(record)
            .map_err(|_| format!("bytes that are no {}", self.encoding.label()))?;
        let column = |at: usize| 1 + spans.iter().take_while(|s| s.end < at).count();
        if let Some(at) = memchr::memchr(0, record) {
            return Err(format!("a NUL byte in column {}", column(at)));
        }
        if record.len() > limits.cell_bytes
            && let Some(long) = spans.iter().find(|s| s.end - s.start > limits.cell_bytes)
        {
            return Err(format!(
                "cell of {} bytes in column {}, over the limit of {} (limits.cell)",
                thousands((long.end - long.start) as u64),
                column(long.start),
                thousands(limits.cell_bytes as u64)
            ));
        }
        let short = fields < self.width && fields > 1 && self.dialect.is_tab();
        if fields != self.width && !short {
            return Err(wrong_width(fields, self.width));
        }
        let mut cells = Vec::with_capacity(self.width);
        cells.extend(spans.iter().map(|s| s.text(text)));
        cells.resize(self.width, String::new());
        Ok(Some(cells))
    }

    /// Reports the first line of a record whose quote never closes.
    fn unclosed(&mut self, rows: &mut Rows, field: usize) -> usize {
        let window = self.feed.data();
        let next = memchr::memchr(self.dialect.newline, window).map_or(window.len(), |at| at + 1);
        let bytes = bad_bytes(&window[..next]);
        let taken = 64 + bytes.len();
        let reason = format!("a quote in column {} that never closes", field + 1);
        rows.bad.push(BadRow { line: self.line, reason, bytes });
        self.feed.consume(next);
        self.line += 1;
        taken
    }

    /// The window is longer than a row may be and the record goes on.
    fn oversized(&mut self, rows: &mut Rows) -> std::io::Result<usize> {
        let window = self.feed.data();
        if let Some(newline) = memchr::memchr(self.dialect.newline, window) {
            // A quote is open since the first line: that line alone is bad.
            let line = &window[..=newline];
            return Ok(match scan(line, true, self.dialect, self.width, &mut self.spans) {
                Scan::Record { end, next, fields, lines } => {
                    self.take(rows, end, next, fields, lines)
                }
                Scan::Unclosed { field } => self.unclosed(rows, field),
                Scan::More => self.unclosed(rows, 0),
            });
        }
        let bytes = bad_bytes(window);
        let taken = 64 + bytes.len();
        let reason = format!("row {}", over_row(self.source.limits.row_bytes));
        rows.bad.push(BadRow { line: self.line, reason, bytes });
        self.feed.skip_line(self.dialect.newline)?;
        self.line += 1;
        Ok(taken)
    }
}

/// The file's text as UTF-8.
pub(super) fn text(source: &Source, encoding: Encoding) -> Result<Feed> {
    let stream = decoded(source.unpacked()?, encoding).map_err(|e| source.io(e))?;
    Ok(Feed::new(stream))
}

/// The error for a table whose first row would be lost as names of columns.
pub(super) fn headless(source: &Source, line: u64) -> Error {
    source
        .error(
            ErrorKind::Input,
            "the first line looks like a row of values, not like the names of columns",
        )
        .at(format!("{}:{line}", source.name))
        .hint("add a first line with the names of the columns")
}

fn is_filler(byte: u8, dialect: Dialect) -> bool {
    byte == dialect.delimiter || byte == b'"' || byte.is_ascii_whitespace()
}

/// The end of a sentence about a row that is too long.
pub(super) fn over_row(row_bytes: usize) -> String {
    format!("over the limit of {} bytes (limits.row)", thousands(row_bytes as u64))
}

/// What is wrong with a header of too many columns.
pub(super) fn over_columns(columns: usize, limits: &Limits) -> String {
    format!(
        "{} columns, over the limit of {} (limits.columns)",
        thousands(columns as u64),
        thousands(limits.columns as u64)
    )
}

/// The reason for a row with too few or too many fields.
pub(super) fn wrong_width(fields: usize, width: usize) -> String {
    let plural = if fields == 1 { "" } else { "s" };
    format!(
        "{} field{plural} where the header has {}",
        thousands(fields as u64),
        thousands(width as u64)
    )
}
