//! One configuration file: TOML with places, every problem named with its line.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::units::{parse_percent, parse_size};
use super::{SourceRule, Spec, nearest, policy};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::FIELDS;

pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// Problems are gathered, so that a person mends the file once.
#[derive(Default)]
pub(super) struct Problems<'a> {
    text: &'a str,
    found: Vec<(usize, String, Option<String>)>,
}

impl<'a> Problems<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// The line of a place.
    pub(super) fn line(&self, at: usize) -> usize {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        before.iter().filter(|b| **b == b'\n').count() + 1
    }

    pub(super) fn add(&mut self, at: usize, message: String, hint: Option<String>) {
        self.add_to_line(self.line(at), message, hint);
    }

    pub(super) fn add_to_line(&mut self, line: usize, message: String, hint: Option<String>) {
        self.found.push((line, message, hint));
    }

    pub(super) fn unknown(&mut self, at: usize, what: &str, name: &str, known: &[&str]) {
        let hint = match nearest(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.add(at, format!("unknown {what} `{name}`"), Some(hint));
    }

    /// The file's one error: the first problem with its place; further ones follow by line.
    pub(super) fn finish(mut self, file: &str) -> Result<()> {
        self.found.sort();
        let mut found = self.found.into_iter();
        let Some((line, mut message, hint)) = found.next() else { return Ok(()) };
        for (line, further, hint) in found {
            message.push_str(&format!("\n  line {line}: {further}"));
            if let Some(hint) = hint {
                message.push_str(&format!(" ({hint})"));
            }
        }
        let error = Error::new(ErrorKind::Config, message).at(format!("{file}:{line}"));
        Err(match hint {
            Some(hint) => error.hint(hint),
            None => error,
        })
    }
}

/// Parses the text to a table; a syntax error names its line.
pub(super) fn table<'a>(text: &'a str, file: &str) -> Result<Spanned<DeTable<'a>>> {
    DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let mut problems = Problems::new(text);
        problems.add(at, error.message().lines().collect::<Vec<_>>().join(", "), None);
        match problems.finish(file) {
            Err(error) => error,
            Ok(()) => Error::new(ErrorKind::Config, "not TOML").at(file),
        }
    })
}

const TOP: &[&str] = &[
    "thresholds",
    "kinds",
    "default_region",
    "threads",
    "max_memory",
    "limits",
    "report",
    "source",
    "policy",
];
const THRESHOLDS: &[&str] = &["match", "review", "auto"];
const LIMITS: &[&str] = &["cell", "row", "columns", "unpacked", "unpacked_ratio", "json_depth"];
const REPORT: &[&str] = &["candidates", "spreadsheet_safe"];
const SOURCE: &[&str] = &["file", "kind", "source", "columns"];

pub(super) fn spec(text: &str, file: &str, folder: &Path) -> Result<Spec> {
    let root = table(text, file)?;
    let mut problems = Problems::new(text);
    let p = &mut problems;
    let mut spec = Spec::default();
    for (key, value) in root.get_ref() {
        match key.get_ref().as_ref() {
            "kinds" => spec.kinds = string(p, "kinds", value).map(|k| folder.join(k)),
            "default_region" => spec.default_region = region(p, value),
            "threads" => {
                spec.threads = integer(p, "threads", value).and_then(|n| usize::try_from(n).ok());
            }
            "max_memory" => spec.max_memory = size(p, "max_memory", value),
            "thresholds" => each(p, "thresholds", value, THRESHOLDS, |p, key, value| match key {
                "match" => spec.matching = share(p, key, value),
                "review" => spec.review = share(p, key, value),
                _ => spec.auto = share(p, key, value),
            }),
            "limits" => each(p, "limits", value, LIMITS, |p, key, value| match key {
                "cell" => spec.cell_bytes = size(p, key, value),
                "row" => spec.row_bytes = size(p, key, value),
                "columns" => spec.columns = integer(p, key, value),
                "unpacked" => spec.unpacked_bytes = size(p, key, value),
                "unpacked_ratio" => spec.unpacked_ratio = integer(p, key, value),
                _ => spec.json_depth = integer(p, key, value),
            }),
            "report" => each(p, "report", value, REPORT, |p, key, value| match key {
                "candidates" => spec.report_candidates = integer(p, key, value),
                _ => spec.spreadsheet_safe = boolean(p, key, value),
            }),
            "source" => sources(p, value, &mut spec.sources),
            "policy" => spec.policy = policy::read(p, value, file),
            other => p.unknown(key.span().start, "key", other, TOP),
        }
    }
    problems.finish(file)?;
    Ok(spec)
}

/// A mapping file: column = "field".
pub(super) fn mapping(text: &str, file: &str) -> Result<BTreeMap<String, String>> {
    let root = table(text, file)?;
    let mut problems = Problems::new(text);
    let mut columns = BTreeMap::new();
    for (column, field) in root.get_ref() {
        let column = column.get_ref();
        if let Some(field) = known_field(&mut problems, column, field) {
            columns.insert(column.to_string(), field);
        }
    }
    problems.finish(file)?;
    Ok(columns)
}

fn sources(p: &mut Problems<'_>, value: &Value<'_>, rules: &mut Vec<SourceRule>) {
    let DeValue::Array(list) = value.get_ref() else {
        let hint = Some("write [[source]], once for each group of files".to_owned());
        return p.add(value.span().start, "`source` must be a list of tables".to_owned(), hint);
    };
    for item in list.iter() {
        let mut rule = SourceRule::default();
        each(p, "source", item, SOURCE, |p, key, value| match key {
            "file" => rule.file = string(p, key, value).unwrap_or_default(),
            "kind" => rule.kind = string(p, key, value),
            "source" => rule.source = string(p, key, value),
            _ => match value.get_ref() {
                DeValue::Table(columns) => {
                    for (column, field) in columns {
                        if let Some(field) = known_field(p, column.get_ref(), field) {
                            rule.columns.insert(column.get_ref().to_string(), field);
                        }
                    }
                }
                _ => p.add(value.span().start, "`columns` must be a table".to_owned(), None),
            },
        });
        if rule.file.is_empty() {
            let hint = Some("file = \"shop-eu*.csv\"".to_owned());
            p.add(item.span().start, "a [[source]] names no file".to_owned(), hint);
        }
        rules.push(rule);
    }
}

/// Hands each known key of a table to `take`.
pub(super) fn each(
    p: &mut Problems<'_>,
    name: &str,
    value: &Value<'_>,
    known: &[&str],
    mut take: impl FnMut(&mut Problems<'_>, &str, &Value<'_>),
) {
    let DeValue::Table(table) = value.get_ref() else {
        return p.add(value.span().start, format!("`{name}` must be a table"), None);
    };
    for (key, value) in table {
        let word = key.get_ref().as_ref();
        if known.contains(&word) {
            take(p, word, value);
        } else {
            p.unknown(key.span().start, &format!("key in [{name}]"), word, known);
        }
    }
}

pub(super) fn string(p: &mut Problems<'_>, key: &str, value: &Value<'_>) -> Option<String> {
    let text = value.get_ref().as_str().map(ToOwned::to_owned);
    if text.is_none() {
        p.add(value.span().start, format!("`{key}` must be a text in quotes"), None);
    }
    text
}

/// A field of the vocabulary, with what may follow it (`@LABEL`, `:SYSTEM/OBJECT`).
fn known_field(p: &mut Problems<'_>, column: &str, value: &Value<'_>) -> Option<String> {
    let field = string(p, column, value)?;
    let base = field.split(['@', ':']).next().unwrap_or_default();
    let known: Vec<&str> = FIELDS.iter().map(|field| field.name).collect();
    if known.contains(&base) {
        return Some(field);
    }
    p.unknown(value.span().start, "field", base, &known);
    None
}

pub(super) fn boolean(p: &mut Problems<'_>, key: &str, value: &Value<'_>) -> Option<bool> {
    let answer = value.get_ref().as_bool();
    if answer.is_none() {
        p.add(value.span().start, format!("`{key}` must be true or false"), None);
    }
    answer
}

pub(super) fn integer(p: &mut Problems<'_>, key: &str, value: &Value<'_>) -> Option<u64> {
    let number = match value.get_ref() {
        DeValue::Integer(i) => u64::from_str_radix(&i.as_str().replace('_', ""), i.radix()).ok(),
        _ => None,
    };
    if number.is_none() {
        p.add(value.span().start, format!("`{key}` must be a whole number, not negative"), None);
    }
    number
}

pub(super) fn share(p: &mut Problems<'_>, key: &str, value: &Value<'_>) -> Option<f64> {
    let share = match value.get_ref() {
        DeValue::Float(f) => parse_percent(f.as_str()),
        DeValue::Integer(i) => parse_percent(i.as_str()),
        DeValue::String(text) => parse_percent(text),
        _ => None,
    };
    if share.is_none() {
        let hint = Some("write 0.95 or \"95%\"".to_owned());
        p.add(value.span().start, format!("`{key}` must be a share from 0 to 1"), hint);
    }
    share
}

pub(super) fn size(p: &mut Problems<'_>, key: &str, value: &Value<'_>) -> Option<u64> {
    let size = match value.get_ref() {
        DeValue::Integer(i) => parse_size(i.as_str()),
        DeValue::String(text) => parse_size(text),
        _ => None,
    };
    if size.is_none() {
        let hint = Some("write a number of bytes, or \"1 MiB\"".to_owned());
        p.add(value.span().start, format!("`{key}` must be a size"), hint);
    }
    size
}

fn region(p: &mut Problems<'_>, value: &Value<'_>) -> Option<String> {
    let text = string(p, "default_region", value)?;
    if text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Some(text.to_ascii_uppercase());
    }
    let hint = Some("write the two letters of ISO 3166, such as \"DE\"".to_owned());
    p.add(value.span().start, "`default_region` is no country code".to_owned(), hint);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> (String, String) {
        let error = spec(text, "sameas.toml", Path::new("")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        (error.to_string(), error.remedy().unwrap_or_default().to_owned())
    }

    #[test]
    fn problems_name_line_and_nearest_name() {
        for (text, message, hint) in [
            (
                "\n[thresholds]\nmacth = 0.5\n",
                "sameas.toml:3: unknown key in [thresholds] `macth`",
                "did you mean `match`?",
            ),
            (
                "thresold = 1\n",
                "sameas.toml:1: unknown key `thresold`",
                "did you mean `thresholds`?",
            ),
            (
                "[thresholds]\nmatch = 7\n",
                "sameas.toml:2: `match` must be a share from 0 to 1",
                "write 0.95 or \"95%\"",
            ),
            (
                "[limits]\ncell = \"many\"\n",
                "sameas.toml:2: `cell` must be a size",
                "write a number of bytes, or \"1 MiB\"",
            ),
            ("threads = -1\n", "sameas.toml:1: `threads` must be a whole number, not negative", ""),
            (
                "default_region = \"Germany\"\n",
                "sameas.toml:1: `default_region` is no country code",
                "write the two letters of ISO 3166, such as \"DE\"",
            ),
            (
                "[[source]]\nfile = \"a\"\n[source.columns]\nMail = \"emial\"\n",
                "sameas.toml:4: unknown field `emial`",
                "did you mean `email`?",
            ),
            (
                "[[source]]\nkind = \"x\"\n",
                "sameas.toml:1: a [[source]] names no file",
                "file = \"shop-eu*.csv\"",
            ),
        ] {
            assert_eq!(problem(text), (message.to_owned(), hint.to_owned()), "{text}");
        }
    }

    #[test]
    fn every_problem_of_a_file_is_named_at_once() {
        let (message, _) = problem("threds = 2\n[report]\ncandidate = 3\n");
        assert!(message.starts_with("sameas.toml:1: unknown key `threds`"), "{message}");
        assert!(message.contains("line 3: unknown key in [report] `candidate`"), "{message}");
    }

    #[test]
    fn a_syntax_error_names_its_line() {
        assert!(problem("threads = 2\nkinds = \n").0.starts_with("sameas.toml:2: "));
    }
}
