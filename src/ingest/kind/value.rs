//! Taking values out of a row: compiled references, operators and conditions.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::form;
use super::spec::{Chars, Condition, Op, Take};

/// A row to read from.
#[derive(Clone, Copy)]
pub(super) enum View<'a> {
    /// Cells in the order of the header.
    Cells(&'a [String]),
    /// A JSON value, and the row that it is or lies in.
    Json(&'a Value, &'a Value),
}

impl<'a> View<'a> {
    /// A whole row of JSON.
    pub(super) const fn json(row: &'a Value) -> Self {
        Self::Json(row, row)
    }
}

/// Finds the columns of a table by name; in JSON, names are paths.
pub(super) struct Columns {
    exact: BTreeMap<String, Vec<usize>>,
    folded: BTreeMap<String, Vec<usize>>,
    names: Vec<String>,
    json: bool,
    /// The list of which each element is a record.
    record: Option<String>,
    /// Columns that a rule took.
    pub(super) used: Vec<bool>,
    /// Columns that anything refers to.
    pub(super) known: Vec<bool>,
    /// Paths that anything refers to.
    pub(super) known_paths: Vec<String>,
    /// Paths that a rule took.
    pub(super) used_paths: Vec<String>,
    /// Names that were looked for, with whether they were there.
    pub(super) wanted: BTreeMap<String, bool>,
}

impl Columns {
    pub(super) fn new(names: &[impl AsRef<str>], json: bool) -> Self {
        let mut exact: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut folded: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, name) in names.iter().enumerate() {
            exact.entry(header_key(name.as_ref())).or_default().push(at);
            folded.entry(crate::reference::fold(name.as_ref())).or_default().push(at);
        }
        Self {
            exact,
            folded,
            used: vec![false; names.len()],
            known: vec![false; names.len()],
            known_paths: Vec::new(),
            names: names.iter().map(|n| n.as_ref().to_owned()).collect(),
            json,
            record: None,
            used_paths: Vec::new(),
            wanted: BTreeMap::new(),
        }
    }

    /// Reads paths inside the elements of this list.
    #[must_use]
    pub(super) fn inside(mut self, list: Option<&str>) -> Self {
        self.record = list.map(str::to_owned);
        self
    }

    pub(super) fn is_json(&self) -> bool {
        self.json
    }

    /// The path from the row of a name that is read inside the list `base`: `^` leads back to the
    /// row, `.` is the element itself.
    pub(super) fn full_path(&self, name: &str, base: Option<&str>) -> String {
        if let Some(path) = name.strip_prefix(OF_ROW) {
            return path.to_owned();
        }
        let parts = [self.record.as_deref(), base, Some(name)].into_iter().flatten();
        parts.filter(|part| *part != ".").collect::<Vec<_>>().join(".")
    }

    pub(super) fn find(&self, name: &str) -> Vec<usize> {
        // `#0`: a column by its place.
        if let Some(place) = name.strip_prefix('#').and_then(|at| at.parse().ok()) {
            return if place < self.names.len() { vec![place] } else { Vec::new() };
        }
        if name.contains('*') {
            let pattern = header_key(name);
            return (0..self.names.len())
                .filter(|at| wildcard(&pattern, &header_key(&self.names[*at])))
                .collect();
        }
        if let Some(found) = self.exact.get(&header_key(name)) {
            return found.clone();
        }
        // Second pass: `first_name` for `First Name`; never for names without letters.
        let folded = crate::reference::fold(name);
        if folded.is_empty() {
            return Vec::new();
        }
        self.folded.get(&folded).cloned().unwrap_or_default()
    }

    /// References for names, in their order. `base` is the path of the list that is gone through.
    /// What `soft` references read is left to `others` too, unless the rule applies.
    pub(super) fn refs(&mut self, names: &[String], base: Option<&str>, soft: bool) -> Vec<Ref> {
        let mut refs = Vec::new();
        for name in names {
            if self.json {
                let full = self.full_path(name, base);
                if !soft {
                    self.used_paths.push(plain_path(&full));
                }
                self.known_paths.push(plain_path(&full));
                self.wanted.insert(full, true);
                refs.push(match name.strip_prefix(OF_ROW) {
                    Some(path) => Ref::OfRow(parse_path(path)),
                    None => Ref::Path(parse_path(name)),
                });
                continue;
            }
            let found = self.find(name);
            self.wanted.insert(name.clone(), !found.is_empty());
            for at in found {
                self.used[at] |= !soft;
                self.known[at] = true;
                refs.push(Ref::Column(at));
            }
        }
        refs
    }
}

/// Headers are compared without case, surrounding space and no-break spaces.
pub(super) fn header_key(name: &str) -> String {
    name.trim().trim_start_matches('\u{feff}').replace('\u{a0}', " ").to_lowercase()
}

/// `*` stands for any characters.
pub(super) fn wildcard(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else {
        return false;
    };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

/// Begins a path that leads from the row, not from the element of a list.
const OF_ROW: char = '^';

/// A reference to one column or path.
#[derive(Clone, Debug)]
pub(super) enum Ref {
    Column(usize),
    Path(Vec<Step>),
    /// A path from the row.
    OfRow(Vec<Step>),
}

/// A step of a path. Lists are gone through wherever they stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    /// Any key.
    Any,
    /// Elements of a list whose key has this value.
    Where(String, String),
    /// One element of a list, from 0.
    At(usize),
}

/// `a.b[type=email].c`, `a.*.c`, `a[].c`, `a[1]`.
pub(super) fn parse_path(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (key, filter) = match part.split_once('[') {
            Some((key, rest)) => (key, rest.trim_end_matches(']')),
            None => (part, ""),
        };
        match key {
            "" => {}
            "*" => steps.push(Step::Any),
            key => steps.push(Step::Key(key.to_owned())),
        }
        if let Some((key, value)) = filter.split_once('=') {
            steps.push(Step::Where(key.to_owned(), value.to_owned()));
        } else if let Ok(at) = filter.parse() {
            steps.push(Step::At(at));
        }
    }
    steps
}

/// A path without list marks and filters, as leaves are named.
pub(super) fn plain_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// Visits the values at a path until `visit` says stop (`false`); returns whether to go on.
pub(super) fn walk<'a>(
    value: &'a Value,
    steps: &[Step],
    visit: &mut dyn FnMut(&'a Value) -> bool,
) -> bool {
    if let Value::Array(list) = value {
        if let Some((Step::At(at), rest)) = steps.split_first() {
            return list.get(*at).is_none_or(|element| walk(element, rest, visit));
        }
        return list.iter().all(|element| walk(element, steps, visit));
    }
    let Some((step, rest)) = steps.split_first() else { return visit(value) };
    match (step, value) {
        (Step::Key(key), Value::Object(map)) => {
            map.get(key).is_none_or(|inner| walk(inner, rest, visit))
        }
        (Step::Any, Value::Object(map)) => map.values().all(|inner| walk(inner, rest, visit)),
        (Step::Where(key, wanted), Value::Object(map)) => {
            let fits = map
                .get(key)
                .and_then(text_of)
                .is_some_and(|text| text.eq_ignore_ascii_case(wanted));
            !fits || walk(value, rest, visit)
        }
        _ => true,
    }
}

/// A scalar as text, trimmed; `None` for null, empty text and anything nested.
pub(super) fn text_of(value: &Value) -> Option<Cow<'_, str>> {
    match value {
        Value::String(text) => {
            let text = text.trim();
            (!text.is_empty()).then_some(Cow::Borrowed(text))
        }
        Value::Number(number) => Some(Cow::Owned(number.to_string())),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        _ => None,
    }
}

impl Ref {
    /// Visits the non-empty texts at the reference until `visit` says stop.
    fn texts(&self, view: View<'_>, visit: &mut dyn FnMut(Cow<'_, str>) -> bool) -> bool {
        match (self, view) {
            (Self::Column(at), View::Cells(cells)) => {
                let text = cells.get(*at).map_or("", |cell| cell.trim());
                text.is_empty() || visit(Cow::Borrowed(text))
            }
            (Self::Path(steps), View::Json(value, _))
            | (Self::OfRow(steps), View::Json(_, value)) => {
                walk(value, steps, &mut |leaf| text_of(leaf).is_none_or(&mut *visit))
            }
            _ => true,
        }
    }
}

/// A compiled [`Take`].
#[derive(Clone, Debug, Default)]
pub(super) struct Getter {
    refs: Vec<Ref>,
    ops: Vec<Op>,
    drop: Vec<String>,
    split: Option<String>,
    part: Option<(usize, Option<usize>)>,
    strip: Vec<String>,
    join: Option<String>,
    constant: Option<String>,
}

impl Getter {
    pub(super) fn new(take: &Take, columns: &mut Columns, base: Option<&str>, soft: bool) -> Self {
        Self {
            refs: columns.refs(&take.at, base, soft),
            ops: take.ops.clone(),
            drop: take.drop.clone(),
            split: take.split.clone(),
            part: take.part.map(|part| (part, take.parts)),
            strip: take.strip.clone(),
            join: take.join.clone(),
            constant: take.constant.clone(),
        }
    }

    /// Takes these values for none, too.
    #[must_use]
    pub(super) fn dropping(mut self, empty: &[String]) -> Self {
        self.drop.extend_from_slice(empty);
        self
    }

    /// Whether it can ever give a value in this file.
    pub(super) fn is_empty(&self) -> bool {
        self.refs.is_empty() && self.constant.is_none()
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.refs.iter().filter_map(|r| match r {
            Ref::Column(at) => Some(*at),
            Ref::Path(_) | Ref::OfRow(_) => None,
        })
    }

    /// The first value, or an empty string.
    pub(super) fn first(&self, view: View<'_>) -> String {
        // Most take one column as it stands, or none.
        let simple = self.constant.is_none() && self.join.is_none() && self.split.is_none();
        match (view, self.refs.as_slice()) {
            (_, []) if self.constant.is_none() => return String::new(),
            (View::Cells(cells), [Ref::Column(at)]) if simple => {
                return cells.get(*at).and_then(|cell| self.finish(cell)).unwrap_or_default();
            }
            _ => {}
        }
        let mut out = String::new();
        self.each(view, |value| {
            out = value;
            false
        });
        out
    }

    /// All values of the first reference that has any (of all references, for `join` one value).
    pub(super) fn each(&self, view: View<'_>, mut visit: impl FnMut(String) -> bool) {
        if let Some(constant) = &self.constant {
            visit(constant.clone());
            return;
        }
        if let Some(separator) = &self.join {
            let mut parts: Vec<String> = Vec::new();
            for one in &self.refs {
                one.texts(view, &mut |text| {
                    parts.extend(self.finish(&text));
                    true
                });
            }
            if !parts.is_empty() {
                visit(parts.join(separator));
            }
            return;
        }
        for one in &self.refs {
            let mut found = false;
            one.texts(view, &mut |text| self.values(&text, &mut found, &mut visit));
            if found {
                return;
            }
        }
    }

    fn values(&self, text: &str, found: &mut bool, visit: &mut dyn FnMut(String) -> bool) -> bool {
        let Some(separator) = &self.split else {
            let Some(value) = self.finish(text) else { return true };
            *found = true;
            return visit(value);
        };
        if let Some((part, of)) = self.part {
            let parts = text.split(separator.as_str());
            if of.is_some_and(|of| parts.clone().count() != of) {
                return true;
            }
            let Some(value) = parts.clone().nth(part).and_then(|one| self.finish(one)) else {
                return true;
            };
            *found = true;
            return visit(value);
        }
        for one in text.split(separator.as_str()) {
            let one = one.trim().trim_matches(['"', '[', ']']);
            if let Some(value) = self.finish(one) {
                *found = true;
                if !visit(value) {
                    return false;
                }
            }
        }
        true
    }

    /// Drops, strips and transforms one text.
    fn finish(&self, text: &str) -> Option<String> {
        let mut text = text.trim();
        // A spreadsheet's guard, whatever the kind: `'+49…`, `'0123`.
        if let Some(rest) = text.strip_prefix('\'')
            && rest.starts_with(|c: char| c.is_ascii_digit() || "+-=@".contains(c))
        {
            text = rest;
        }
        if text.is_empty() || text == "#N/A" || self.drop.iter().any(|word| word == text) {
            return None;
        }
        for prefix in &self.strip {
            let head = text.get(..prefix.len());
            if head.is_some_and(|head| head.eq_ignore_ascii_case(prefix)) {
                text = &text[prefix.len()..];
                break;
            }
        }
        if self.ops.is_empty() {
            return Some(text.to_owned());
        }
        let mut out = text.to_owned();
        for op in &self.ops {
            out = apply(*op, out);
        }
        (!out.is_empty() && !self.drop.contains(&out)).then_some(out)
    }
}

fn apply(op: Op, text: String) -> String {
    match op {
        Op::Apostrophe => text.strip_prefix('\'').map(str::to_owned).unwrap_or(text),
        Op::Tail => form::tail(&text).to_owned(),
        Op::CaseChecksum => form::case_checksum(&text),
        Op::Lower => text.to_lowercase(),
        Op::Upper => text.to_uppercase(),
        Op::Digits => text.chars().filter(char::is_ascii_digit).collect(),
        Op::BeforeColon => text.split(':').next().unwrap_or("").trim().to_owned(),
        Op::AfterLastColon => text.rsplit(" : ").next().unwrap_or("").trim().to_owned(),
        Op::InBrackets => text
            .strip_suffix(')')
            .and_then(|rest| rest.rsplit_once('('))
            .map(|(_, inside)| inside.trim().to_owned())
            .unwrap_or_default(),
        Op::UnknownYear => {
            match text.strip_prefix("1004-").or_else(|| text.strip_prefix("0000-")) {
                Some(rest) => format!("--{rest}"),
                None => text,
            }
        }
    }
}

/// A compiled [`Condition`].
#[derive(Clone, Debug)]
pub(super) struct Test {
    getter: Getter,
    same_as: Option<Getter>,
    differs: Option<Getter>,
    condition: Condition,
}

impl Test {
    pub(super) fn new(condition: &Condition, columns: &mut Columns, base: Option<&str>) -> Self {
        let getter = |names: &[String], columns: &mut Columns| {
            let take = Take { at: names.to_vec(), ..Take::default() };
            Getter::new(&take, columns, base, true)
        };
        let mut other = |name: &Option<String>| {
            name.as_ref().map(|name| getter(std::slice::from_ref(name), columns))
        };
        let (same_as, differs) = (other(&condition.same_as), other(&condition.differs));
        Self {
            getter: getter(&condition.at.0, columns),
            same_as,
            differs,
            condition: condition.clone(),
        }
    }

    pub(super) fn holds(&self, view: View<'_>) -> bool {
        let value = self.getter.first(view);
        if let Some(other) = &self.same_as {
            let fold = crate::reference::fold;
            if !value.is_empty() && fold(&other.first(view)) != fold(&value) {
                return false;
            }
        }
        if self.differs.as_ref().is_some_and(|other| other.first(view) == value) {
            return false;
        }
        satisfies(&self.condition, &value)
    }
}

/// Whether a value (empty for none) satisfies a condition, `same_as` apart.
pub(super) fn satisfies(condition: &Condition, value: &str) -> bool {
    let c = condition;
    if let Some(filled) = c.filled
        && filled == value.is_empty()
    {
        return false;
    }
    let begins = |prefix: &String| {
        value.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
    };
    let lower = || value.to_lowercase();
    (c.is.is_empty() || c.is.iter().any(|word| word.eq_ignore_ascii_case(value)))
        && !c.is_not.iter().any(|word| word.eq_ignore_ascii_case(value))
        && (c.starts.is_empty() || c.starts.iter().any(begins))
        && (c.ends.is_empty() || c.ends.iter().any(|end| lower().ends_with(&end.to_lowercase())))
        && (c.contains.is_empty()
            || c.contains.iter().any(|part| lower().contains(&part.to_lowercase())))
        && c.chars.is_none_or(|chars| !value.is_empty() && value.chars().all(|c| fits(chars, c)))
        && c.length.is_none_or(|(least, most)| {
            let length = value.chars().count();
            least <= length && length <= most
        })
}

fn fits(chars: Chars, c: char) -> bool {
    match chars {
        Chars::Digits => c.is_ascii_digit(),
        Chars::Hex => c.is_ascii_hexdigit() || c == '-',
        Chars::Alphanumeric => c.is_alphanumeric(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn getter(take: &Take, columns: &[&str]) -> Getter {
        Getter::new(take, &mut Columns::new(columns, false), None, false)
    }

    fn cells(values: &[&str]) -> Vec<String> {
        values.iter().map(|v| (*v).to_owned()).collect()
    }

    #[test]
    fn takes_the_first_column_with_a_value() {
        let take = Take { at: vec!["B".into(), "a".into()], ..Take::default() };
        let getter = getter(&take, &["A", "b "]);
        assert_eq!(getter.first(View::Cells(&cells(&["x", " "]))), "x");
        assert_eq!(getter.first(View::Cells(&cells(&["x", " y "]))), "y");
        assert_eq!(getter.first(View::Cells(&cells(&["x"]))), "x");
    }

    #[test]
    fn splits_and_picks_parts() {
        let mut take = Take { at: vec!["a".into()], split: Some("  ".into()), ..Take::default() };
        take.part = Some(2);
        take.parts = Some(6);
        let row = cells(&["12 Oak St    Springfield  IL  62701  US"]);
        assert_eq!(getter(&take, &["a"]).first(View::Cells(&row)), "Springfield");
        let take = Take { at: vec!["a".into()], split: Some(",".into()), ..Take::default() };
        let mut tags = Vec::new();
        getter(&take, &["a"]).each(View::Cells(&cells(&["\"VIP\",\"Blog\", ,x"])), |tag| {
            tags.push(tag);
            true
        });
        assert_eq!(tags, ["VIP", "Blog", "x"]);
    }

    #[test]
    fn paths_go_through_lists_and_filters() {
        let value: Value = serde_json::from_str(
            r#"{"channels":[{"type":"email","address":"a@x"},{"type":"phone","address":7}],
                "m":{"a":{"id":1},"b":{"id":2}},"pair":[7,"Acme"]}"#,
        )
        .expect("json");
        for (path, want) in [
            ("channels[type=phone].address", "7"),
            ("channels[].address", "a@x 7"),
            ("m.*.id", "1 2"),
            ("m.c.id", ""),
            ("pair[1]", "Acme"),
            ("pair[2]", ""),
        ] {
            let mut found = Vec::new();
            let take = Take { at: vec![path.into()], ..Take::default() };
            let mut columns = Columns::new(&[] as &[&str], true);
            Getter::new(&take, &mut columns, None, false).each(View::json(&value), |text| {
                found.push(text);
                true
            });
            assert_eq!(found.join(" "), want, "{path}");
        }
    }

    #[test]
    fn wildcards_match() {
        for (pattern, text, want) in [
            ("* (metadata)", "x (metadata)", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxc", false),
            ("abc", "abc", true),
            ("ab", "abc", false),
        ] {
            assert_eq!(wildcard(pattern, text), want, "{pattern} {text}");
        }
    }
}
