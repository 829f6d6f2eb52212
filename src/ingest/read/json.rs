//! JSON files: lines, arrays, lists in a wrapper or by id, single objects, and tables of arrays. Lists of
//! any size are cut into their elements as they stream by.

use super::bytes::{Feed, Source};
use super::encoding::Encoding;
use super::header::unique_names;
use super::json_list::{descend, find_list, read_key};
use super::json_value::{cells, record};
use super::table::{BATCH_BYTES, over_columns, over_row, text, wrong_width};
use super::{BadRow, Layout, Row, Rows, Sound, bad_bytes};
use crate::error::{ErrorKind, Result};
use crate::model::RawRow;

/// Bytes of the head in which the form is looked for.
const HEAD: usize = 256 << 10;

/// Bytes of broken elements that may be searched again for the start of the next one.
const RESCAN_BYTES: usize = 128 << 20;

/// How the values lie in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One value a line.
    Lines,
    /// One value after another, each over any number of lines.
    Values,
    /// The elements of an array.
    Array,
    /// The values of an object, which are records by their ids.
    Keyed,
}

pub(super) struct JsonReader {
    source: Source,
    feed: Feed,
    encoding: Encoding,
    form: Form,
    /// The field that takes the key of a record.
    key_field: &'static str,
    /// Number of cells where the values are arrays.
    width: Option<usize>,
    /// Line at the start of the window.
    line: u64,
    /// Elements taken.
    elements: u64,
    /// Blanks before the first element that began a line.
    indent: Option<usize>,
    rescanned: usize,
    ended: bool,
}

/// Whether a text is JSON rather than a table.
pub(super) fn is_json(head: &[u8]) -> bool {
    let mut tokens = head.iter().copied().filter(|b| !b.is_ascii_whitespace());
    match (tokens.next(), tokens.next()) {
        (Some(b'{'), Some(b'"' | b'}')) => true,
        (Some(b'['), Some(b'{' | b'[' | b']' | b'"' | b'-' | b'0'..=b'9')) => {
            // `[a],[b]` would be a header in brackets.
            true
        }
        (Some(b'['), Some(b't' | b'f' | b'n')) => {
            let inner = head.trim_ascii_start()[1..].trim_ascii_start();
            [&b"true"[..], b"false", b"null"].iter().any(|word| inner.starts_with(word))
        }
        _ => false,
    }
}

impl JsonReader {
    pub(super) fn open(source: &Source, encoding: Encoding) -> Result<(Self, Layout)> {
        let mut feed = text(source, encoding)?;
        feed.want(HEAD).map_err(|e| source.io(e))?;
        let (form, arrays) = form_of(feed.data(), feed.ended());
        let mut reader = Self {
            source: source.clone(),
            feed,
            encoding,
            form,
            key_field: "",
            width: None,
            line: 1,
            elements: 0,
            indent: None,
            rescanned: 0,
            ended: false,
        };
        let mut notes = Vec::new();
        if form == Form::Values {
            // An object: perhaps a wrapper round a list.
            if let Some(list) = find_list(source, encoding)? {
                reader.feed = text(source, encoding)?;
                if list.path.is_empty() {
                    reader.enter().map_err(|e| source.io(e))?;
                } else {
                    descend(&mut reader.feed, &list.path).map_err(|e| source.io(e))?;
                }
                reader.form = if list.key_field.is_some() { Form::Keyed } else { Form::Array };
                reader.key_field = list.key_field.unwrap_or_default();
                if !list.beside.is_empty() {
                    notes.push(format!(
                        "its rows are the list `{}`; not read are the lists beside it: {}",
                        list.path.join("."),
                        list.beside.join(", "),
                    ));
                }
            }
        } else if form == Form::Array {
            reader.enter().map_err(|e| source.io(e))?;
        }
        let mut columns = Vec::new();
        let mut preamble = 0;
        if arrays {
            (columns, preamble) = reader.header()?;
            reader.width = Some(columns.len());
        }
        let layout = Layout {
            container: if form == Form::Lines { "jsonl" } else { "json" }.into(),
            encoding: encoding.name(),
            delimiter: None,
            preamble,
            columns,
            notes,
        };
        Ok((reader, layout))
    }

    /// Passes the bracket that opens the list.
    fn enter(&mut self) -> std::io::Result<()> {
        self.blanks(&[])?;
        self.feed.consume(1);
        Ok(())
    }

    /// The first array: names of columns, and the lines before it.
    fn header(&mut self) -> Result<(Vec<String>, u64)> {
        let (limits, label) = (self.source.limits.clone(), self.encoding.label());
        let mut names = Err("it cannot be read".to_owned());
        let taken = self.value(&mut Rows::default(), |bytes| {
            names = cells(bytes, &limits, label);
            Ok(None)
        });
        taken.map_err(|e| self.source.io(e))?;
        let names = names.map_err(|reason| {
            self.source
                .error(ErrorKind::Input, format!("the first array names no columns: {reason}"))
                .hint("put an array with the names of the columns first")
        })?;
        if names.len() > limits.columns {
            return Err(self.source.error(ErrorKind::Limit, over_columns(names.len(), &limits)));
        }
        let preamble = if self.form == Form::Lines { self.line.saturating_sub(2) } else { 0 };
        Ok((unique_names(names), preamble))
    }

    pub(super) fn next_rows(&mut self, max: usize) -> Result<Option<Rows>> {
        let mut rows = Rows::default();
        let mut bytes = 0;
        let limits = self.source.limits.clone();
        let (width, label) = (self.width, self.encoding.label());
        let take = |value: &[u8]| match width {
            None => record(value, &limits, label).map(|text| Some(RawRow::Json(text))),
            Some(width) => match cells(value, &limits, label)? {
                cells if cells.len() == width => Ok(Some(RawRow::Cells(cells))),
                cells => Err(wrong_width(cells.len(), width)),
            },
        };
        while rows.rows.len() + rows.bad.len() < max.max(1) && bytes < BATCH_BYTES {
            match self.value(&mut rows, take).map_err(|e| self.source.io(e))? {
                Some(taken) => bytes += 64 + taken + width.unwrap_or(0) * size_of::<String>(),
                None => break,
            }
        }
        Ok((!rows.rows.is_empty() || !rows.bad.is_empty()).then_some(rows))
    }

    /// Takes the next value; its size, or `None` at the end.
    fn value(
        &mut self,
        rows: &mut Rows,
        take: impl FnOnce(&[u8]) -> Sound<Option<RawRow>>,
    ) -> std::io::Result<Option<usize>> {
        match self.form {
            Form::Lines => self.line_value(rows, take),
            Form::Values | Form::Array | Form::Keyed => self.element(rows, take),
        }
    }

    /// Takes the value of the next line that holds one; its size, or `None` at the end.
    fn line_value(
        &mut self,
        rows: &mut Rows,
        take: impl FnOnce(&[u8]) -> Sound<Option<RawRow>>,
    ) -> std::io::Result<Option<usize>> {
        let limit = self.source.limits.row_bytes;
        loop {
            let window = self.feed.data();
            let Some(at) = memchr::memchr(b'\n', window) else {
                if window.len() > limit {
                    let bytes = bad_bytes(window);
                    let reason = format!("row {}", over_row(limit));
                    rows.bad.push(BadRow { line: self.line, reason, bytes });
                    self.feed.skip_line(b'\n')?;
                    self.line += 1;
                    return Ok(Some(0));
                }
                if !self.feed.ended() {
                    self.feed.more()?;
                    continue;
                }
                if window.is_empty() {
                    return Ok(None);
                }
                let len = window.len();
                if self.one_line(rows, len, take) {
                    return Ok(Some(len));
                }
                return Ok(None);
            };
            if window[..at].trim_ascii().is_empty() {
                self.feed.consume(at + 1);
                self.line += 1;
                continue;
            }
            self.one_line(rows, at + 1, take);
            return Ok(Some(at));
        }
    }

    /// Takes the value in the first `next` bytes; false where they are blank.
    fn one_line(
        &mut self,
        rows: &mut Rows,
        next: usize,
        take: impl FnOnce(&[u8]) -> Sound<Option<RawRow>>,
    ) -> bool {
        let value = self.feed.data()[..next].trim_ascii();
        if value.is_empty() {
            return false;
        }
        let limit = self.source.limits.row_bytes;
        let taken =
            if value.len() > limit { Err(format!("row {}", over_row(limit))) } else { take(value) };
        put(rows, self.line, taken, value);
        self.feed.consume(next);
        self.line += 1;
        true
    }

    /// Passes blanks and the given other bytes; the byte that follows, and how many blanks stand
    /// before it if only blanks stand before it in its line.
    fn blanks(&mut self, also: &[u8]) -> std::io::Result<Option<(u8, Option<usize>)>> {
        let mut indent = (self.line == 1 && self.elements == 0 && also.is_empty()).then_some(0);
        loop {
            let mut passed = 0;
            for &byte in self.feed.data() {
                match byte {
                    b'\n' => {
                        self.line += 1;
                        indent = Some(0);
                    }
                    b' ' | b'\t' | b'\r' => indent = indent.map(|i| i + 1),
                    other if also.contains(&other) => {}
                    other => {
                        self.feed.consume(passed);
                        return Ok(Some((other, indent)));
                    }
                }
                passed += 1;
            }
            self.feed.consume(passed);
            if !self.feed.more()? {
                return Ok(None);
            }
        }
    }

    /// Takes the next value of a list or of a row of values; its size, or `None` at the end.
    fn element(
        &mut self,
        rows: &mut Rows,
        take: impl FnOnce(&[u8]) -> Sound<Option<RawRow>>,
    ) -> std::io::Result<Option<usize>> {
        if self.ended {
            return Ok(None);
        }
        let list = self.form != Form::Values;
        let Some((first, indent)) = self.blanks(if list { b"," } else { b"" })? else {
            self.ended = true;
            if list {
                let reason = "the array never closes: the file was cut off".into();
                rows.bad.push(BadRow { line: self.elements + 1, reason, bytes: Vec::new() });
                return Ok(Some(0));
            }
            return Ok(None);
        };
        if list && matches!(first, b']' | b'}') {
            self.ended = true;
            return Ok(None);
        }
        if self.indent.is_none() {
            self.indent = indent;
        }
        self.elements += 1;
        let place = if list { self.elements } else { self.line };
        let mut key = None;
        if self.form == Form::Keyed {
            key = self.key()?;
            if key.is_none() {
                let reason = "a value without its key".into();
                let searched = self.feed.data().len();
                return self.broken(rows, place, reason, searched).map(Some);
            }
        }
        match self.value_end()? {
            End::At(end) => {
                let value = &self.feed.data()[..end];
                let taken = take(value).and_then(|row| with_key(row, self.key_field, key));
                put(rows, place, taken, value);
                self.line += lines(value);
                self.feed.consume(end);
                Ok(Some(end))
            }
            End::TooLong => {
                let reason = format!("row {}", over_row(self.source.limits.row_bytes));
                self.broken(rows, place, reason, self.feed.data().len()).map(Some)
            }
            End::Broken(why, searched) => self.broken(rows, place, why.into(), searched).map(Some),
        }
    }

    /// Passes a key and its colon; `None` where there is none.
    fn key(&mut self) -> std::io::Result<Option<String>> {
        if self.feed.data().first() != Some(&b'"') {
            return Ok(None);
        }
        let key = read_key(&mut self.feed)?;
        if key.is_none() || !matches!(self.blanks(&[])?, Some((b':', _))) {
            return Ok(None);
        }
        self.feed.consume(1);
        self.blanks(&[])?;
        Ok(key)
    }

    /// Where the value at the start of the window ends; the window grows as needed.
    fn value_end(&mut self) -> std::io::Result<End> {
        // Kinds of the open brackets, the innermost last; deeper ones are counted only.
        let mut open: Vec<u8> = Vec::new();
        let (mut deeper, mut at) = (0_u64, 0);
        let mut in_string = false;
        loop {
            let window = self.feed.data();
            while at < window.len() {
                if in_string {
                    let Some(found) = memchr::memchr3(b'"', b'\\', b'\n', &window[at..]) else {
                        at = window.len();
                        break;
                    };
                    at += found;
                    match window[at] {
                        b'"' => in_string = false,
                        b'\\' if at + 1 < window.len() => at += 1,
                        b'\\' if self.feed.ended() => {}
                        b'\\' => break,
                        _ => return Ok(End::Broken("a quote that never closes", at)),
                    }
                    at += 1;
                    if !in_string && open.is_empty() {
                        return Ok(End::At(at));
                    }
                    continue;
                }
                match window[at] {
                    b'"' => in_string = true,
                    bracket @ (b'{' | b'[') => {
                        if open.len() < DEPTH_KNOWN {
                            open.push(bracket);
                        } else {
                            deeper += 1;
                        }
                    }
                    bracket @ (b'}' | b']') => {
                        if deeper > 0 {
                            deeper -= 1;
                        } else {
                            match open.pop() {
                                None => return Ok(End::At(at.max(1))),
                                // Opening and closing brackets are two apart in ASCII.
                                Some(opened) if opened + 2 != bracket => {
                                    return Ok(End::Broken("brackets that do not match", at));
                                }
                                Some(_) if open.is_empty() => return Ok(End::At(at + 1)),
                                Some(_) => {}
                            }
                        }
                    }
                    b',' | b' ' | b'\t' | b'\r' | b'\n' if open.is_empty() => {
                        return Ok(End::At(at.max(1)));
                    }
                    _ => {}
                }
                at += 1;
            }
            if self.feed.data().len() > self.source.limits.row_bytes {
                return Ok(End::TooLong);
            }
            if !self.feed.more()? {
                if !in_string && open.is_empty() {
                    return Ok(End::At(at));
                }
                return Ok(End::Broken("a value that never closes", at));
            }
        }
    }

    /// Reports the value at the start of the window, and goes on with the next line that begins as
    /// the values before it did; the size of what was reported.
    fn broken(
        &mut self,
        rows: &mut Rows,
        place: u64,
        reason: String,
        searched: usize,
    ) -> std::io::Result<usize> {
        let bytes = bad_bytes(self.feed.data());
        let indent = self.indent.unwrap_or(0);
        let begins: &[u8] = if self.form == Form::Keyed { b"\"" } else { b"{[" };
        let mut size = bytes.len();
        rows.bad.push(BadRow { line: place, reason, bytes });
        let report = rows.bad.len() - 1;
        self.rescanned = self.rescanned.saturating_add(searched);
        if self.rescanned > RESCAN_BYTES {
            // A file made to be searched again and again: go on behind what was searched.
            self.line += lines(&self.feed.data()[..searched]);
            self.feed.consume(searched);
        }
        let mut passed = 0;
        loop {
            let window = self.feed.data();
            match memchr::memchr(b'\n', window) {
                Some(at) => {
                    let start = at + 1;
                    self.line += 1;
                    passed += start;
                    self.feed.consume(start);
                    self.feed.want(indent + 1)?;
                    let window = self.feed.data();
                    let blanks = window.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
                    if blanks == indent && window.get(blanks).is_some_and(|b| begins.contains(b)) {
                        break;
                    }
                }
                None => {
                    passed += window.len();
                    let all = window.len();
                    self.feed.consume(all);
                    if !self.feed.more()? {
                        self.ended = true;
                        break;
                    }
                }
            }
        }
        // The report holds no bytes of the values after it.
        let bytes = &mut rows.bad[report].bytes;
        bytes.truncate(passed);
        bytes.truncate(bytes.trim_ascii_end().len());
        size = size.min(passed);
        Ok(size)
    }
}

/// Brackets whose kind is remembered while the end of a value is looked for.
const DEPTH_KNOWN: usize = 1024;

enum End {
    /// It is this many bytes long.
    At(usize),
    TooLong,
    /// Why it does not end, and how many bytes were searched.
    Broken(&'static str, usize),
}

fn lines(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

fn put(rows: &mut Rows, line: u64, taken: Sound<Option<RawRow>>, value: &[u8]) {
    match taken {
        Ok(Some(raw)) => rows.rows.push(Row { line, raw }),
        Ok(None) => {}
        Err(reason) => rows.bad.push(BadRow { line, reason, bytes: bad_bytes(value) }),
    }
}

/// A record with its key as its first field.
fn with_key(row: Option<RawRow>, field: &str, key: Option<String>) -> Sound<Option<RawRow>> {
    let (Some(RawRow::Json(text)), Some(key)) = (&row, key) else { return Ok(row) };
    if key.contains('\0') {
        return Err("a NUL character in the key".into());
    }
    let rest = text.strip_prefix('{').unwrap_or(text);
    let comma = if rest.starts_with('}') { "" } else { "," };
    let key = serde_json::Value::String(key);
    Ok(Some(RawRow::Json(format!("{{\"{field}\":{key}{comma}{rest}"))))
}

/// The form of a file that [`is_json`], and whether its values are arrays of cells.
fn form_of(head: &[u8], ended: bool) -> (Form, bool) {
    let start = head.trim_ascii_start();
    let first = &start[..memchr::memchr(b'\n', start).unwrap_or(start.len())];
    let rest = &start[first.len()..];
    let first_is_whole = is_whole(first);
    if start.starts_with(b"[") {
        return match start[1..].trim_ascii_start().first() {
            // A table of arrays, one a line, or all of them in one array.
            Some(b'"') => (Form::Lines, true),
            Some(b'[') => (Form::Array, true),
            _ => (Form::Array, false),
        };
    }
    if first_is_whole {
        let more = !rest.trim_ascii().is_empty() || !ended;
        return (if more { Form::Lines } else { Form::Values }, false);
    }
    // The first line may be a broken one among sound ones. In a list of one element a line, as
    // opposed to that, lines end in commas, and the last one is a bracket.
    let mut whole = 0;
    let mut parts = 0;
    for line in rest.split(|b| *b == b'\n') {
        match line.first() {
            Some(b'{') if is_whole(line) => whole += 1,
            Some(b'{') if line.trim_ascii_end().ends_with(b",") => parts += 1,
            Some(b'}' | b']') => parts += 2,
            _ => {}
        }
    }
    (if whole > 0 && parts == 0 { Form::Lines } else { Form::Values }, false)
}

/// Whether a line is a JSON value by itself.
fn is_whole(line: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok()
}
