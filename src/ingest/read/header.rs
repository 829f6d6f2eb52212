//! Which delimiter a table has, and which line is its header.

use super::looks;
use super::record::{Dialect, Scan, Span, scan};

/// Delimiters tried; of two that fit equally the earlier one is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Nothing but space and what may stand between cells: a line of these is no header.
fn is_blank(cell: &str) -> bool {
    cell.chars().all(|c| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '"'))
}

/// Records looked at.
const RECORDS_MAX: usize = 200;

/// A record of the first lines.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Lines before it.
    pub(super) lines_before: u64,
    /// Its cells.
    pub(super) cells: Vec<String>,
}

impl Candidate {
    pub(super) fn filled(&self) -> usize {
        self.cells.iter().filter(|c| !is_blank(c)).count()
    }

    /// Whether these could be names of columns: filled, different, no number, no mail address.
    pub(super) fn looks_like_labels(&self) -> bool {
        let mut seen: Vec<&str> = self.cells.iter().map(|c| c.trim()).collect();
        let sound = |c: &&str| {
            !c.is_empty() && !c.contains('@') && c.chars().any(char::is_alphabetic) && c.len() < 200
        };
        let all = seen.len();
        seen.retain(sound);
        // One nameless column in ten is a common slip.
        let enough = seen.len() * 10 >= all * 9;
        seen.sort_unstable();
        let filled = seen.len();
        seen.dedup();
        enough && seen.len() * 10 >= filled * 9
    }
}

/// The header among the first records, or none where all are blank. `ragged`: rows may be shorter
/// than the header (tab-separated files, sheets).
///
/// Titles and `key,value` lines above a header are narrower than the table, or mostly empty.
pub(super) fn find_header(records: &[Candidate], ragged: bool) -> Option<usize> {
    let width = usual_width(records);
    let fits = |r: &Candidate| {
        let right = if ragged { r.cells.len() >= width } else { r.cells.len() == width };
        right && r.filled() * 2 >= width
    };
    let near = |r: &Candidate| r.filled() >= 2.min(width) && r.cells.len() * 2 > width;
    let first = |test: &dyn Fn(&Candidate) -> bool| records.iter().position(test);
    let (exact, close) = (first(&fits), first(&near));
    match (exact, close) {
        // Rows may all have one field more than the header: then the first of them is none.
        (Some(e), Some(c)) if c < e && !records[e].looks_like_labels() => Some(c),
        (Some(e), _) => Some(e),
        (None, Some(c)) => Some(c),
        (None, None) => first(&|r| r.filled() > 0),
    }
}

/// The width that most records have; of two the one that comes first.
fn usual_width(records: &[Candidate]) -> usize {
    let widths: Vec<usize> =
        records.iter().filter(|r| r.filled() > 0).map(|r| r.cells.len()).collect();
    let count = |w: usize| widths.iter().filter(|&&x| x == w).count();
    widths.iter().copied().rev().max_by_key(|&w| (count(w), w > 1)).unwrap_or(1)
}

/// What the first bytes of a table say.
#[derive(Debug)]
pub(super) struct Sniffed {
    pub(super) dialect: Dialect,
    pub(super) header: Candidate,
    /// Whether the header looks like a row of values.
    pub(super) headless: bool,
}

/// Decides delimiter and header from the head of a table (text, whole lines unless `ended`).
/// `None` where there is no line with anything in it.
pub(super) fn sniff(head: &[u8], ended: bool, columns_max: usize) -> Option<Sniffed> {
    let newline = newline(head);
    let (stated, skipped) = stated_delimiter(head, newline);
    let rest = &head[skipped..];
    let lines_before = u64::from(skipped > 0);
    let read = |delimiter| {
        let dialect = Dialect { delimiter, newline };
        let mut records = candidates(rest, ended, dialect, columns_max);
        for record in &mut records {
            record.lines_before += lines_before;
        }
        let header = find_header(&records, dialect.is_tab())?;
        Some((dialect, records, header))
    };
    if let Some(delimiter) = stated {
        let (dialect, mut records, header) = read(delimiter)?;
        let headless = looks::is_headless(&records[header..]);
        return Some(Sniffed { dialect, header: records.swap_remove(header), headless });
    }
    let mut best: Option<(f64, Sniffed)> = None;
    for delimiter in DELIMITERS {
        let (dialect, mut records, header) = read(delimiter)?;
        let score = score(&records[header..], dialect.is_tab());
        if best.as_ref().is_none_or(|(s, _)| score > *s) {
            let headless = looks::is_headless(&records[header..]);
            let header = records.swap_remove(header);
            best = Some((score, Sniffed { dialect, header, headless }));
        }
    }
    best.map(|(_, sniffed)| sniffed)
}

/// What ends the lines of this head: `\r` only where there is no `\n`.
pub(super) fn newline(head: &[u8]) -> u8 {
    if !head.contains(&b'\n') && head.contains(&b'\r') { b'\r' } else { b'\n' }
}

/// How well a delimiter fits: the share of rows as wide as the header, more for wide tables.
fn score(records: &[Candidate], ragged: bool) -> f64 {
    let Some((header, rows)) = records.split_first() else { return 0.0 };
    let width = header.cells.len();
    if width < 2 {
        return 0.0;
    }
    let rows: Vec<_> = rows.iter().filter(|r| r.filled() > 0).collect();
    let fit = rows
        .iter()
        .filter(|r| r.cells.len() == width || ragged && (2..width).contains(&r.cells.len()))
        .count();
    // A header without rows may be the only row, cut at a delimiter that it merely holds.
    let share = if rows.is_empty() { 0.5 } else { fit as f64 / rows.len() as f64 };
    (share + 0.05) * (1.0 - 1.0 / width as f64)
}

/// A first line `sep=;`: the delimiter it states, and its length.
fn stated_delimiter(head: &[u8], newline: u8) -> (Option<u8>, usize) {
    let line = memchr::memchr(newline, head).unwrap_or(head.len());
    let text = head[..line].trim_ascii_end();
    let text = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")).unwrap_or(text);
    match text {
        [s, e, p, b'=', rest @ ..]
            if [*s, *e, *p].eq_ignore_ascii_case(b"sep") && rest.len() <= 1 =>
        {
            // `sep=` before a tab that was trimmed away.
            let delimiter = rest.first().copied().unwrap_or(b'\t');
            (delimiter.is_ascii().then_some(delimiter), (line + 1).min(head.len()))
        }
        _ => (None, 0),
    }
}

/// The first records with anything in them.
fn candidates(head: &[u8], ended: bool, dialect: Dialect, columns_max: usize) -> Vec<Candidate> {
    let mut found = Vec::new();
    let mut spans: Vec<Span> = Vec::new();
    let (mut at, mut lines_before) = (0, 0);
    while at < head.len() && found.len() < RECORDS_MAX {
        let window = &head[at..];
        match scan(window, ended, dialect, columns_max + 1, &mut spans) {
            Scan::Record { end, next, lines, .. } => {
                let text = String::from_utf8_lossy(&window[..end]);
                // A lossy text may have other offsets: such a record is looked at as one cell.
                let cells: Vec<String> = match text {
                    std::borrow::Cow::Borrowed(text) => {
                        spans.iter().map(|s| s.text(text)).collect()
                    }
                    std::borrow::Cow::Owned(_) => spans
                        .iter()
                        .map(|s| String::from_utf8_lossy(&window[s.start..s.end]).into_owned())
                        .collect(),
                };
                if !cells.iter().all(|c| is_blank(c)) {
                    found.push(Candidate { lines_before, cells });
                }
                at += next;
                lines_before += lines;
            }
            Scan::Unclosed { .. } => {
                let line = memchr::memchr(dialect.newline, window).map_or(window.len(), |i| i + 1);
                at += line;
                lines_before += 1;
            }
            Scan::More => break,
        }
    }
    found
}

/// Header names: trimmed, and made unique (`Email`, `Email#2`; an empty one is `column 7`).
pub(super) fn unique_names(cells: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let trim = |c: &str| c.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}').to_owned();
    let written: Vec<String> = cells.into_iter().map(|c| trim(c.as_ref())).collect();
    let all: rustc_hash::FxHashSet<String> = written.iter().cloned().collect();
    let mut taken = rustc_hash::FxHashSet::default();
    let mut counts = rustc_hash::FxHashMap::<String, usize>::default();
    let mut names = Vec::with_capacity(written.len());
    for (index, name) in written.into_iter().enumerate() {
        let base = if name.is_empty() { format!("column {}", index + 1) } else { name.clone() };
        let mut unique = base.clone();
        let count = counts.entry(base.clone()).or_insert(1);
        // A name that another column bears as written is never given away.
        while taken.contains(&unique) || unique != name && all.contains(&unique) {
            *count += 1;
            unique = format!("{base}#{count}");
        }
        taken.insert(unique.clone());
        names.push(unique);
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, delimiter: char, line: u64, first: &str) {
        let found = sniff(text.as_bytes(), true, 100).unwrap();
        let got = (
            char::from(found.dialect.delimiter),
            found.header.lines_before + 1,
            found.header.cells[0].as_str(),
        );
        assert_eq!(got, (delimiter, line, first), "{text:?}");
    }

    #[test]
    fn delimiters_and_headers_are_found() {
        check("id,name\n1,Ann\n", ',', 1, "id");
        check("id;name;price\n1;Ann, Bo;1,5\n2;Cy;2,5\n", ';', 1, "id");
        check("id\tname\n1\tAnn\n", '\t', 1, "id");
        check("id|name\n1|Ann\n", '|', 1, "id");
        check("email\nann@example.com\n", ',', 1, "email");
        check("\n\n,,\nid,name\n1,Ann\n", ',', 4, "id");
        check("sep=;\nid;name\n1;Ann\n", ';', 2, "id");
        check("\"sep=|\"\r\nid|name\r\n", '|', 2, "id");
        check("unified_customers-2\nid,Email,Name\ncus_1,a@x.com,Ann\n", ',', 2, "id");
        check(
            "\"Example Co, LLC\",,,,,\nContact List,,,,,\n\nCustomer,Phone,Email,Name,Bill,Ship\n\
             Acme,,a@x.com,Ann,\"12 Oak\nTown\",\n\n\" Monday, May 1\",,,,,\n",
            ',',
            4,
            "Customer",
        );
        // All rows have one field more than the header.
        check("id,name,mail\n1,Ann,a@x.com,\n2,Bo,b@x.com,\n", ',', 1, "id");
        // Preamble of keys and values.
        check("Report,Customers\nDate,May\n\nid,a,b,c,d\n1,2,3,4,5\n1,2,3,4,5\n", ',', 4, "id");
        // Short rows of a tab-separated file.
        check("order-id\tname\tmail\tphone\n1\tAnn\n2\tBo\n", '\t', 1, "order-id");
        check("a\rb\r", ',', 1, "a");
        check("a;b\r1;2\r", ';', 1, "a");
    }

    #[test]
    fn blank_text_has_no_header() {
        for text in ["", "\n\n", ",,,\n;;\n", "   "] {
            assert!(sniff(text.as_bytes(), true, 100).is_none_or(|s| s.header.filled() > 0));
        }
        assert!(sniff(b"\n \n", true, 100).is_none());
    }

    #[test]
    fn names_are_made_unique() {
        let names = unique_names([" Email", "Email", "", "Email#2", "Email", "\u{feff}a\u{a0}"]);
        assert_eq!(names, ["Email", "Email#3", "column 3", "Email#2", "Email#4", "a"]);
    }
}
