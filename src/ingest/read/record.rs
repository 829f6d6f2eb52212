//! One record of a delimited table: where it ends and where its fields lie (RFC 4180, with the
//! leniencies that real exports need).

use memchr::{memchr, memchr2};

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dialect {
    /// Between fields.
    pub(super) delimiter: u8,
    /// `\n` (a `\r` before it is dropped), or `\r` in files that have no `\n`.
    pub(super) newline: u8,
}

impl Dialect {
    /// Tab-separated files are often written without any quoting and with short rows.
    pub(super) fn is_tab(self) -> bool {
        self.delimiter == b'\t'
    }
}

/// Where a field lies in the window; without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
    /// It holds doubled quotes.
    pub(super) doubled: bool,
}

impl Span {
    /// The field's text.
    pub(super) fn text(self, window: &str) -> String {
        let text = &window[self.start..self.end];
        if self.doubled { text.replace("\"\"", "\"") } else { text.to_owned() }
    }
}

/// What stands at the start of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// A record: its bytes without and with line end, its fields, its line ends.
    Record { end: usize, next: usize, fields: usize, lines: u64 },
    /// A quote in this field (from 0) that never closes, or closes in the middle of a later line:
    /// the first line is not to be trusted, the next one may be sound.
    Unclosed { field: usize },
    /// The window ends before the record does.
    More,
}

/// Finds the record at the start of `window`; `ended` says that nothing follows. `spans` gets its
/// fields, at most `spans_max` of them.
///
/// A quote opens a field only as its first byte; two quotes stand for one; a quote inside that is
/// followed by more text is taken literally. Where such a misplaced quote makes the record run over
/// several lines it is [`Scan::Unclosed`], or, in a tab-separated file, the line is read without
/// quoting.
pub(super) fn scan(
    window: &[u8],
    ended: bool,
    dialect: Dialect,
    spans_max: usize,
    spans: &mut Vec<Span>,
) -> Scan {
    spans.clear();
    let line = match memchr(dialect.newline, window) {
        Some(at) => at,
        None if ended => window.len(),
        None => return Scan::More,
    };
    if memchr(b'"', &window[..line]).is_none() {
        return plain(window, line, dialect, spans_max, spans);
    }
    match quoted(window, ended, dialect, spans_max, spans) {
        Scan::Unclosed { .. } if dialect.is_tab() => {
            spans.clear();
            plain(window, line, dialect, spans_max, spans)
        }
        found => found,
    }
}

/// A line without quoting, `line` bytes long.
fn plain(
    window: &[u8],
    line: usize,
    dialect: Dialect,
    spans_max: usize,
    spans: &mut Vec<Span>,
) -> Scan {
    let end = without_cr(window, line, dialect);
    let mut fields = 0;
    let mut start = 0;
    let ends = memchr::memchr_iter(dialect.delimiter, &window[..end]).chain(std::iter::once(end));
    for at in ends {
        if fields < spans_max {
            spans.push(Span { start, end: at, doubled: false });
        }
        fields += 1;
        start = at + 1;
    }
    Scan::Record { end, next: (line + 1).min(window.len()), fields, lines: 1 }
}

fn without_cr(window: &[u8], end: usize, dialect: Dialect) -> usize {
    if dialect.newline == b'\n' && end > 0 && window[end - 1] == b'\r' { end - 1 } else { end }
}

/// A record with quotes in its first line.
fn quoted(
    window: &[u8],
    ended: bool,
    dialect: Dialect,
    spans_max: usize,
    spans: &mut Vec<Span>,
) -> Scan {
    let Dialect { delimiter, newline } = dialect;
    let mut fields = 0;
    let mut at = 0;
    let (mut lines, mut misplaced) = (1, None);
    loop {
        let span;
        // The byte after the field: a delimiter, a line end, or the end of all.
        let after;
        if window.get(at) == Some(&b'"') {
            let start = at + 1;
            let mut doubled = false;
            let (mut inside, mut looked) = (start, start);
            let mut over_lines = lines > 1;
            loop {
                let Some(quote) = memchr(b'"', &window[inside..]).map(|i| inside + i) else {
                    return if ended { Scan::Unclosed { field: fields } } else { Scan::More };
                };
                if window.get(quote + 1) == Some(&b'"') {
                    doubled = true;
                    inside = quote + 2;
                    continue;
                }
                let mut next = quote + 1;
                while window.get(next) == Some(&b' ') {
                    next += 1;
                }
                if newline == b'\n' && window.get(next) == Some(&b'\r') {
                    match window.get(next + 1) {
                        Some(b'\n') => next += 1,
                        None if ended => next += 1,
                        _ => {}
                    }
                }
                match window.get(next) {
                    None if !ended => return Scan::More,
                    Some(&b) if b != delimiter && b != newline => {
                        over_lines |= memchr(newline, &window[looked..quote]).is_some();
                        looked = quote;
                        let field = *misplaced.get_or_insert(fields);
                        if over_lines || dialect.is_tab() {
                            return Scan::Unclosed { field };
                        }
                        inside = quote + 1;
                    }
                    _ => {
                        lines += memchr::memchr_iter(newline, &window[start..quote]).count() as u64;
                        span = Span { start, end: quote, doubled };
                        after = next;
                        break;
                    }
                }
            }
        } else {
            let found = memchr2(delimiter, newline, &window[at..]).map(|i| at + i);
            let end = match found {
                Some(end) => end,
                None if ended => window.len(),
                None => return Scan::More,
            };
            let cut = if window.get(end) == Some(&delimiter) {
                end
            } else {
                without_cr(window, end, dialect).max(at)
            };
            span = Span { start: at, end: cut, doubled: false };
            after = end;
        }
        if fields < spans_max {
            spans.push(span);
        }
        fields += 1;
        if window.get(after) == Some(&delimiter) {
            at = after + 1;
            continue;
        }
        if let Some(field) = misplaced.filter(|_| lines > 1) {
            return Scan::Unclosed { field };
        }
        let next = (after + 1).min(window.len());
        return Scan::Record { end: without_cr(window, after, dialect), next, fields, lines };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str, delimiter: u8) -> Result<Vec<String>, Scan> {
        let mut spans = Vec::new();
        let dialect = Dialect { delimiter, newline: b'\n' };
        match scan(text.as_bytes(), true, dialect, 100, &mut spans) {
            Scan::Record { fields, .. } => {
                assert_eq!(fields, spans.len());
                Ok(spans.iter().map(|s| s.text(text)).collect())
            }
            other => Err(other),
        }
    }

    #[test]
    fn fields_are_found() {
        let cases: &[(&str, &[&str])] = &[
            ("a,b\nx", &["a", "b"]),
            ("a,b\r\nx", &["a", "b"]),
            ("", &[""]),
            (",", &["", ""]),
            ("\"a\",b", &["a", "b"]),
            ("\"a,1\",\"b\n2\"\r\nx", &["a,1", "b\n2"]),
            ("\"a\"\"b\"\"\",", &["a\"b\"", ""]),
            ("a\"b,c\"\n", &["a\"b", "c\""]),
            ("\"a\" ,b", &["a", "b"]),
            ("\"The \"Best\" lamp\",b", &["The \"Best\" lamp", "b"]),
            ("\"\",\"\"\n", &["", ""]),
            ("\"a\"\r", &["a"]),
        ];
        for (text, expected) in cases {
            assert_eq!(fields(text, b',').unwrap(), *expected, "{text:?}");
        }
    }

    #[test]
    fn misplaced_quotes_never_swallow_a_line() {
        let open = |field| Err(Scan::Unclosed { field });
        assert_eq!(fields("1,\"Ann\n2,Bob\n", b','), open(1));
        assert_eq!(fields("1,\"Ann,x\n2,\"Bob\",y\n", b','), open(1));
        let tab = |text| fields(text, b'\t').unwrap();
        assert_eq!(tab("1\t\"12 inch\tx\n2\t3\ty\n"), ["1", "\"12 inch", "x"]);
        assert_eq!(tab("1\t\"Best\" lamp\tx\n"), ["1", "\"Best\" lamp", "x"]);
        assert_eq!(tab("1\t\"two\nlines\"\tx\n"), ["1", "two\nlines", "x"]);
    }

    #[test]
    fn a_window_that_ends_early_asks_for_more() {
        let mut spans = Vec::new();
        let dialect = Dialect { delimiter: b',', newline: b'\n' };
        for text in ["a", "a,\"b", "a,\"b\"", "a,\"b\"\r", "a,\"b\nc\","] {
            assert_eq!(
                scan(text.as_bytes(), false, dialect, 9, &mut spans),
                Scan::More,
                "{text:?}"
            );
        }
    }
}
