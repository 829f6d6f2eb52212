//! Rows of a file, as bytes.

use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use super::people::{Company, Person};
use super::picture::{Picture, add_case_check};
use super::random::{Random, mix, permuted};
use super::record::Values;
use super::spec::{Encoding, FileSpec, Form};
use super::template::{DatePart, Field, Moment, Piece, Template};

/// Whom a record is of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Who<'a> {
    Person(&'a Person<'a>, Option<&'a Company<'a>>),
    Company(&'a Company<'a>),
}

/// How the ids of a file are made of the sequence of a record.
#[derive(Debug)]
pub(super) struct Ids {
    picture: Picture,
    other: Picture,
    case_check: bool,
    key: u64,
}

impl Ids {
    pub(super) fn new(file: &FileSpec, seed: u64) -> Self {
        Self {
            picture: Picture::new(&file.id),
            other: Picture::new(&file.other_id),
            case_check: file.case_check,
            // Files that share a picture share the numbers too, and need to: they may be one table.
            key: file.id.bytes().fold(mix(seed), |key, byte| mix(key ^ u64::from(byte))),
        }
    }

    /// Records that it can tell apart.
    pub(super) fn size(&self) -> u64 {
        self.picture.size()
    }

    pub(super) fn write(&self, out: &mut String, sequence: u64) {
        let start = out.len();
        self.picture.write(out, permuted(sequence, self.picture.size(), self.key));
        if self.case_check {
            let mut id = out.split_off(start);
            add_case_check(&mut id);
            out.push_str(&id);
        }
    }

    fn write_other(&self, out: &mut String, sequence: u64) {
        self.other.write(out, permuted(sequence, self.other.size(), self.key));
    }
}

/// Writes the rows of one block; holds what is needed for it, and buffers to use again.
#[derive(Debug)]
pub(super) struct Rows<'w> {
    files: &'w [FileSpec],
    ids: &'w [Ids],
    cell: String,
}

impl<'w> Rows<'w> {
    pub(super) fn new(files: &'w [FileSpec], ids: &'w [Ids]) -> Self {
        Self { files, ids, cell: String::new() }
    }

    /// Writes a record, with its further rows.
    pub(super) fn record(
        &mut self,
        out: &mut Vec<u8>,
        place: usize,
        sequence: u64,
        who: Who<'_>,
        values: &mut Values,
        random: &mut Random,
    ) {
        let file = &self.files[place];
        let ids = &self.ids[place];
        if !values.guest {
            ids.write(values.set(Field::Id), sequence);
        }
        ids.write_other(values.set(Field::OtherId), sequence);
        self.row(out, file, who, values, random, false);
        if random.chance(file.repeat_rows) {
            self.row(out, file, who, values, random, true);
        }
    }

    fn row(
        &mut self,
        out: &mut Vec<u8>,
        file: &FileSpec,
        who: Who<'_>,
        values: &Values,
        random: &mut Random,
        again: bool,
    ) {
        let json = file.form == Form::Jsonl;
        if json {
            out.push(b'{');
        }
        for (at, column) in file.columns.iter().enumerate() {
            if at > 0 {
                out.extend(separator(file.form));
            }
            self.cell.clear();
            if !again || column.repeats {
                self.fill(&column.template, json, who, values, random);
            }
            if json {
                json_text(out, &column.name);
                out.extend(b": ");
                match (self.cell.is_empty(), column.template.raw) {
                    (true, _) => out.extend(b"null"),
                    (_, true) => out.extend(self.cell.as_bytes()),
                    _ => json_text(out, &self.cell),
                }
            } else {
                table_cell(out, file, &self.cell);
            }
        }
        out.extend(if json { &b"}\n"[..] } else { b"\n" });
    }

    fn fill(
        &mut self,
        template: &Template,
        json: bool,
        who: Who<'_>,
        values: &Values,
        random: &mut Random,
    ) {
        let pieces = if json { template.json_pieces() } else { &template.pieces };
        let mut first = true;
        for piece in pieces {
            let start = self.cell.len();
            match piece {
                Piece::Text(text) => {
                    self.cell.push_str(text);
                    continue;
                }
                Piece::Field(field) => self.cell.push_str(values.text(*field)),
                Piece::Date(moment, parts) => date_text(&mut self.cell, *moment, parts, values),
                Piece::Choice(texts) => self.cell.push_str(random.word(texts)),
                Piece::Digits(picture) => {
                    picture.write(&mut self.cell, random.next() % picture.size());
                }
                Piece::Kind(person, company) => self.cell.push_str(match who {
                    Who::Person(..) => person,
                    Who::Company(_) => company,
                }),
                Piece::IdIn(files) => {
                    let records = match who {
                        Who::Person(person, _) => &person.records,
                        Who::Company(company) => &company.records,
                    };
                    if values.linked {
                        self.id_in(files, records);
                    }
                }
                Piece::EmployerIdIn(files) => {
                    if let Who::Person(_, Some(company)) = who {
                        self.id_in(files, &company.records);
                    }
                }
            }
            if first && self.cell.len() == start {
                self.cell.clear();
                return;
            }
            first = false;
        }
    }

    /// The id in the first of these files that has a record.
    fn id_in(&mut self, files: &[usize], records: &[(usize, u64)]) {
        let found = files.iter().find_map(|file| records.iter().find(|record| record.0 == *file));
        if let Some((file, sequence)) = found {
            self.ids[*file].write(&mut self.cell, *sequence);
        }
    }
}

/// The first line of a file; empty in JSON.
pub(super) fn head(file: &FileSpec) -> Vec<u8> {
    let mut out = Vec::new();
    if file.form == Form::Jsonl {
        return out;
    }
    if file.byte_order_mark {
        out.extend("\u{feff}".as_bytes());
    }
    for (at, column) in file.columns.iter().enumerate() {
        if at > 0 {
            out.extend(separator(file.form));
        }
        table_cell(&mut out, file, &column.name);
    }
    out.push(b'\n');
    out
}

fn separator(form: Form) -> &'static [u8] {
    match form {
        Form::Csv | Form::QuotedCsv => b",",
        Form::Semicolon => b";",
        Form::Tsv => b"\t",
        Form::Jsonl => b", ",
    }
}

fn table_cell(out: &mut Vec<u8>, file: &FileSpec, text: &str) {
    let special = |byte: u8| byte == separator(file.form)[0] || byte == b'"' || byte == b'\n';
    let quoted = file.form == Form::QuotedCsv || text.bytes().any(special);
    if !quoted {
        encoded(out, file.encoding, text);
        return;
    }
    out.push(b'"');
    for (at, part) in text.split('"').enumerate() {
        if at > 0 {
            out.extend(b"\"\"");
        }
        encoded(out, file.encoding, part);
    }
    out.push(b'"');
}

/// Characters that the encoding does not have become question marks, as old systems write them.
fn encoded(out: &mut Vec<u8>, encoding: Encoding, text: &str) {
    if encoding == Encoding::Utf8 || text.is_ascii() {
        out.extend(text.as_bytes());
        return;
    }
    let mut one = [0; 4];
    for c in text.chars() {
        let (bytes, _, lost) = encoding_rs::WINDOWS_1252.encode(c.encode_utf8(&mut one));
        out.extend(if lost { &b"?"[..] } else { &*bytes });
    }
}

fn json_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for byte in text.bytes() {
        if byte == b'"' || byte == b'\\' {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn day(days: i32) -> Date {
    date(1970, 1, 1).saturating_add(days.days())
}

fn date_text(out: &mut String, moment: Moment, parts: &[DatePart], values: &Values) {
    let seconds = match (moment, values.birth) {
        (Moment::Created, _) => values.created,
        (Moment::Changed, _) => values.changed,
        (Moment::Birth, Some(birth)) => i64::from(birth) * 86_400,
        (Moment::Birth, None) => return,
    };
    let date = day(seconds.div_euclid(86_400) as i32);
    let second = seconds.rem_euclid(86_400);
    for part in parts {
        let _ = match part {
            DatePart::Year => write!(out, "{:04}", date.year()),
            DatePart::Month => write!(out, "{:02}", date.month()),
            DatePart::Day => write!(out, "{:02}", date.day()),
            DatePart::Hour => write!(out, "{:02}", second / 3_600),
            DatePart::Minute => write!(out, "{:02}", second / 60 % 60),
            DatePart::Second => write!(out, "{:02}", second % 60),
            DatePart::Text(text) => out.write_str(text),
        };
    }
}
