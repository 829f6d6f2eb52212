//! Address books (vCard 2.1, 3.0, 4.0; RFC 2426, RFC 6350): each card becomes a JSON object.
//!
//! Keys are the properties in lower case. `n` and `adr` are objects of their parts, `org` is a list
//! of its parts; `tel`, `email`, `adr` and `url` are lists of `{type: [..], value}` (`adr` with its
//! parts in place of the value); types that say nothing (`internet`, `voice`, `pref`) are left out,
//! the others sorted. Dates take the extended form, as in RFC 7095. Pictures, sounds and
//! keys are left out. Nothing here knows what a property means for a person.

use memchr::memchr;
use serde_json::{Map, Value, json};

use super::bytes::{Feed, Source};
use super::encoding::Encoding;
use super::table::{BATCH_BYTES, over_row, text};
use super::{BadRow, Layout, Row, Rows, Sound, bad_bytes};
use crate::error::Result;
use crate::model::RawRow;

pub(super) struct VcardReader {
    source: Source,
    feed: Feed,
    encoding: Encoding,
    /// Line at the start of the window.
    line: u64,
}

/// Whether a text is an address book.
pub(super) fn is_vcard(head: &[u8]) -> bool {
    let start = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
    start.get(..BEGIN.len()).is_some_and(|word| word.eq_ignore_ascii_case(BEGIN))
}

const BEGIN: &[u8] = b"BEGIN:VCARD";
const END: &[u8] = b"END:VCARD";
/// Properties whose values are no text.
const BINARY: &[&str] = &["photo", "logo", "sound", "key"];
const NAME: &[&str] = &["family", "given", "additional", "prefix", "suffix"];
const ADDRESS: &[&str] = &["box", "extended", "street", "locality", "region", "code", "country"];

impl VcardReader {
    pub(super) fn open(source: &Source, encoding: Encoding) -> Result<(Self, Layout)> {
        let feed = text(source, encoding)?;
        let layout =
            Layout { container: "vcf".into(), encoding: encoding.name(), ..Layout::default() };
        Ok((Self { source: source.clone(), feed, encoding, line: 1 }, layout))
    }

    pub(super) fn next_rows(&mut self, max: usize) -> Result<Option<Rows>> {
        let mut rows = Rows::default();
        let mut bytes = 0;
        while rows.rows.len() + rows.bad.len() < max.max(1) && bytes < BATCH_BYTES {
            match self.card(&mut rows).map_err(|e| self.source.io(e))? {
                Some(size) => bytes += size,
                None => break,
            }
        }
        Ok((!rows.rows.is_empty() || !rows.bad.is_empty()).then_some(rows))
    }

    /// Takes the next card; its size, or `None` at the end.
    fn card(&mut self, rows: &mut Rows) -> std::io::Result<Option<usize>> {
        let limit = self.source.limits.row_bytes;
        let mut card: Vec<u8> = Vec::new();
        let (mut first, mut depth, mut size) = (self.line, 0_u32, 0);
        while let Some(line) = self.next_line()? {
            let word = line.trim_ascii();
            if depth == 0 && word.is_empty() {
                continue;
            }
            if size == 0 {
                first = self.line - 1;
            }
            size += line.len() + 1;
            if card.len() <= limit {
                card.extend_from_slice(&line);
                card.push(b'\n');
            }
            if word.eq_ignore_ascii_case(BEGIN) {
                depth += 1;
            } else if word.eq_ignore_ascii_case(END) {
                depth = depth.saturating_sub(1);
            }
            if depth == 0 {
                break;
            }
        }
        if size == 0 {
            return Ok(None);
        }
        let taken = if card.len() > limit {
            Err(format!("card {}", over_row(limit)))
        } else if depth > 0 {
            Err("a card that never closes".to_owned())
        } else {
            std::str::from_utf8(&card)
                .map_err(|_| format!("bytes that are no {}", self.encoding.label()))
                .and_then(|text| object(text, self.source.limits.cell_bytes))
        };
        match taken {
            Ok(card) => {
                rows.rows.push(Row { line: first, raw: RawRow::Json(card.to_string()) });
            }
            Err(reason) => {
                rows.bad.push(BadRow { line: first, reason, bytes: bad_bytes(&card) });
            }
        }
        Ok(Some(size))
    }

    /// The next line without its end; of one over the limit of a row only its start.
    fn next_line(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        loop {
            let window = self.feed.data();
            if let Some(at) = memchr(b'\n', window) {
                let line = window[..at].strip_suffix(b"\r").unwrap_or(&window[..at]).to_vec();
                self.feed.consume(at + 1);
                self.line += 1;
                return Ok(Some(line));
            }
            if window.len() > self.source.limits.row_bytes {
                let line = window.to_vec();
                self.feed.skip_line(b'\n')?;
                self.line += 1;
                return Ok(Some(line));
            }
            if !self.feed.more()? {
                let line = self.feed.data().to_vec();
                self.feed.consume(line.len());
                self.line += u64::from(!line.is_empty());
                return Ok((!line.is_empty()).then_some(line));
            }
        }
    }
}

/// Types that every value may have.
const NO_TYPE: &[&str] = &["", "internet", "pref", "voice"];

/// A property: its name, its types, and its value as it stands in the file.
struct Property {
    name: String,
    types: Vec<String>,
    value: String,
    /// The value is written in bytes of `=XX`.
    quoted: bool,
    charset: Option<String>,
}

/// A card as an object.
fn object(card: &str, cell_bytes: usize) -> Sound<Value> {
    let mut out = Map::new();
    let mut depth = 0_u32;
    let mut begun = false;
    for line in unfolded(card) {
        let Some(property) = property(&line) else {
            if line.trim().is_empty() {
                continue;
            }
            return Err("a line that is no property of a card".to_owned());
        };
        match property.name.as_str() {
            "begin" => {
                depth += 1;
                begun = true;
                continue;
            }
            "end" => {
                depth = depth.saturating_sub(1);
                continue;
            }
            _ if !begun => return Err("a line outside of a card".to_owned()),
            // A card within a card is somebody else's.
            _ if depth > 1 => continue,
            name if BINARY.contains(&name) => continue,
            _ => {}
        }
        let value = decoded(&property);
        if value.len() > cell_bytes {
            return Err(format!("a value of more than {cell_bytes} bytes (limit cell_bytes)"));
        }
        add(&mut out, property, &value);
    }
    if out.is_empty() { Err("an empty card".to_owned()) } else { Ok(Value::Object(out)) }
}

fn add(out: &mut Map<String, Value>, property: Property, value: &str) {
    let Property { name, types, .. } = property;
    if value.trim_matches([';', ' ']).is_empty() {
        return;
    }
    match name.as_str() {
        "n" => {
            out.entry(name).or_insert_with(|| Value::Object(parts(value, NAME)));
        }
        "org" => {
            out.entry(name).or_insert_with(|| split(value, ';').into_iter().collect());
        }
        "adr" => {
            let mut adr = parts(value, ADDRESS);
            adr.insert("type".to_owned(), types.into());
            push(out, &name, Value::Object(adr));
        }
        "tel" | "email" | "url" => {
            let text = unescaped(value);
            let text = ["tel:", "mailto:"]
                .iter()
                .find_map(|scheme| text.strip_prefix(scheme))
                .unwrap_or(&text);
            push(out, &name, json!({"type": types, "value": text}));
        }
        "categories" => {
            for one in split(value, ',') {
                push(out, &name, one.into());
            }
        }
        "bday" | "anniversary" | "rev" => {
            out.entry(name).or_insert_with(|| extended(value.trim()).into());
        }
        _ => match out.get_mut(&name) {
            None => {
                out.insert(name, unescaped(value).into());
            }
            Some(Value::Array(list)) => list.push(unescaped(value).into()),
            Some(first) => {
                let list = vec![first.take(), unescaped(value).into()];
                *first = Value::Array(list);
            }
        },
    }
}

fn push(out: &mut Map<String, Value>, name: &str, value: Value) {
    if let Value::Array(list) = out.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
        list.push(value);
    }
}

/// Logical lines: a line that begins with a blank goes on the one before, and so does one after a
/// soft break of quoted-printable text.
fn unfolded(card: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in card.lines() {
        if let Some(last) = out.last_mut() {
            if let Some(rest) = line.strip_prefix([' ', '\t']) {
                last.push_str(rest);
                continue;
            }
            let quoted = || last.to_ascii_uppercase().contains("QUOTED-PRINTABLE");
            if last.ends_with('=') && quoted() {
                last.pop();
                last.push_str(line);
                continue;
            }
        }
        out.push(line.to_owned());
    }
    out
}

/// `item1.TEL;TYPE=home,pref;CELL:+49…`
fn property(line: &str) -> Option<Property> {
    // A colon inside quotes belongs to a parameter.
    let mut quotes = false;
    let colon = line.char_indices().find(|(_, c)| {
        quotes ^= *c == '"';
        *c == ':' && !quotes
    })?;
    let (head, value) = (&line[..colon.0], &line[colon.0 + 1..]);
    let mut pieces = head.split(';');
    let name = pieces.next()?;
    let name = name.rsplit('.').next().unwrap_or(name).trim().to_lowercase();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return None;
    }
    let mut property =
        Property { name, types: Vec::new(), value: value.to_owned(), quoted: false, charset: None };
    for piece in pieces {
        let (key, values) = piece.split_once('=').unwrap_or(("type", piece));
        let values = values.trim_matches('"');
        match key.trim().to_lowercase().as_str() {
            "encoding" => property.quoted |= values.eq_ignore_ascii_case("quoted-printable"),
            "charset" => property.charset = Some(values.to_owned()),
            "type" if values.eq_ignore_ascii_case("quoted-printable") => property.quoted = true,
            "type" => {
                property.types.extend(values.split(',').map(|one| one.trim().to_lowercase()));
            }
            _ => {}
        }
    }
    property.types.retain(|one| !NO_TYPE.contains(&one.as_str()));
    property.types.sort();
    Some(property)
}

/// The value with quoted-printable bytes read.
fn decoded(property: &Property) -> String {
    if !property.quoted {
        return property.value.clone();
    }
    let mut bytes = Vec::with_capacity(property.value.len());
    let mut rest = property.value.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = (byte == b'=').then(|| tail.get(..2)).flatten();
        let read = hex.and_then(|hex| std::str::from_utf8(hex).ok());
        match read.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(read) => {
                bytes.push(read);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    let charset = property.charset.as_deref().unwrap_or("utf-8");
    let charset = encoding_rs::Encoding::for_label(charset.as_bytes());
    charset.unwrap_or(encoding_rs::UTF_8).decode_without_bom_handling(&bytes).0.into_owned()
}

/// Splits at a separator that no backslash guards.
fn split(value: &str, separator: char) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut guarded = false;
    for c in value.chars() {
        if c == separator && !guarded {
            out.push(String::new());
        } else if let Some(last) = out.last_mut() {
            last.push(c);
        }
        guarded = c == '\\' && !guarded;
    }
    out.iter().map(|part| unescaped(part)).collect()
}

/// Parts by name, empty ones left out.
fn parts(value: &str, names: &[&str]) -> Map<String, Value> {
    let parts = names.iter().zip(split(value, ';'));
    parts
        .filter(|(_, part)| !part.is_empty())
        .map(|(name, part)| ((*name).to_owned(), part.into()))
        .collect()
}

/// `\n`, `\,`, `\;`, `\\` as what they stand for.
fn unescaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n' | 'N') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            c => out.push(c),
        }
    }
    out.trim().to_owned()
}

/// `19800502` → `1980-05-02`, `--0502` → `--05-02`, `20240305T100000Z` → `2024-03-05T10:00:00Z`.
fn extended(value: &str) -> String {
    let (day, time) = value.split_once('T').unwrap_or((value, ""));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let day = match day.strip_prefix("--") {
        Some(rest) if rest.len() == 4 && digits(rest) => format!("--{}-{}", &rest[..2], &rest[2..]),
        None if day.len() == 8 && digits(day) => {
            format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..])
        }
        _ => day.to_owned(),
    };
    if time.is_empty() {
        return day;
    }
    match time.split_at_checked(6) {
        Some((clock, zone)) if digits(clock) => {
            format!("{day}T{}:{}:{}{zone}", &clock[..2], &clock[2..4], &clock[4..])
        }
        _ => format!("{day}T{time}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::read::{Limits, RowReader};

    fn read(text: &str) -> (Vec<Value>, Vec<(u64, String)>) {
        let mut reader =
            RowReader::from_bytes("a.vcf", text.as_bytes(), &Limits::default()).expect("a reader");
        assert_eq!(reader.layout().container, "vcf");
        let (mut cards, mut bad) = (Vec::new(), Vec::new());
        while let Some(rows) = reader.next_rows(1).expect("rows") {
            for row in rows.rows {
                let RawRow::Json(text) = row.raw else { panic!("a card is JSON") };
                cards.push(serde_json::from_str(&text).expect("json"));
            }
            bad.extend(rows.bad.into_iter().map(|row| (row.line, row.reason)));
        }
        (cards, bad)
    }

    #[test]
    fn cards_of_all_versions() {
        let (cards, bad) = read(concat!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Miller;Ann;B.;Dr.;Jr.\r\nFN:Ann Miller\r\n",
            "item1.EMAIL;type=INTERNET;type=HOME:ann@exam\r\n ple.com\r\n",
            "TEL;TYPE=\"cell,voice\":tel:+1-415-555-0101\r\n",
            "ADR;TYPE=work:;;12 High St\\, Rear;Springfield;IL;62701;United States\r\n",
            "ORG:Acme\\; Sons;Sales\r\nCATEGORIES:vip,old\\,new\r\nBDAY:19800502\r\n",
            "REV:20240305T100000Z\r\nNOTE:two\\nlines\r\nPHOTO;ENCODING=b:AAAA\r\nEND:VCARD\r\n",
            "\r\n",
            "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=\n",
            "=B6rg\nTEL;HOME;PREF:030 123\nBDAY:--0502\nEND:VCARD\n",
        ));
        assert!(bad.is_empty(), "{bad:?}");
        assert_eq!(
            cards[0],
            json!({
                "version": "3.0",
                "n": {"family": "Miller", "given": "Ann", "additional": "B.", "prefix": "Dr.",
                      "suffix": "Jr."},
                "fn": "Ann Miller",
                "email": [{"type": ["home"], "value": "ann@example.com"}],
                "tel": [{"type": ["cell"], "value": "+1-415-555-0101"}],
                "adr": [{"type": ["work"], "street": "12 High St, Rear", "locality": "Springfield",
                         "region": "IL", "code": "62701", "country": "United States"}],
                "org": ["Acme; Sons", "Sales"],
                "categories": ["vip", "old,new"],
                "bday": "1980-05-02",
                "rev": "2024-03-05T10:00:00Z",
                "note": "two\nlines"
            })
        );
        assert_eq!(
            cards[1],
            json!({
                "version": "2.1",
                "n": {"family": "Müller", "given": "Jörg"},
                "tel": [{"type": ["home"], "value": "030 123"}],
                "bday": "--05-02"
            })
        );
    }

    #[test]
    fn broken_cards_are_bad_rows_and_the_rest_goes_on() {
        let (cards, bad) = read(
            "BEGIN:VCARD\nFN:A\nno property\nEND:VCARD\nstray\nBEGIN:VCARD\nFN:B\nEND:VCARD\n\
             BEGIN:VCARD\nFN:C\n",
        );
        assert_eq!(cards, [json!({"fn": "B"})]);
        assert_eq!(
            bad,
            [
                (1, "a line that is no property of a card".to_owned()),
                (5, "a line that is no property of a card".to_owned()),
                (9, "a card that never closes".to_owned()),
            ]
        );
    }

    #[test]
    fn cards_within_cards_are_somebody_elses() {
        let (cards, bad) =
            read("BEGIN:VCARD\nFN:A\nAGENT:\nBEGIN:VCARD\nFN:B\nEND:VCARD\nTITLE:x\nEND:VCARD\n");
        assert!(bad.is_empty());
        assert_eq!(cards, [json!({"fn": "A", "title": "x"})]);
    }
}
