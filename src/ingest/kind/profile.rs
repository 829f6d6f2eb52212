//! What a whole file looks like: counts per column, dates, uniqueness, and a sample of rows chosen by
//! content. Merging is commutative, so a profile does not depend on the order of rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

use super::dates::Evidence;
use super::header;
use super::value::text_of;

/// Rows whose values are looked at in detail: those with the smallest hashes.
const SAMPLE: usize = 2000;

#[derive(Clone, Debug, Default)]
pub(super) struct Column {
    /// Cells with a value.
    pub(super) filled: u64,
    pub(super) dates: Evidence,
    /// Hashes of the values, where the header may name an id.
    distinct: Option<FxHashSet<u64>>,
    doubles: u64,
}

impl Column {
    fn new(header: &str) -> Self {
        const ID: &[&str] =
            &["id", "ids", "no", "nr", "number", "code", "key", "num", "identifier", "uid", "uuid"];
        let words = header::words(header.rsplit('.').next().unwrap_or(header));
        let said = header::Lexicon::builtin().read(header);
        let may_be_id = words.iter().any(|word| ID.contains(&word.as_str()))
            || said.is_some_and(|said| said.field == "id" || said.field == "record_id");
        Self { distinct: may_be_id.then(FxHashSet::default), ..Self::default() }
    }

    fn note(&mut self, text: &str) {
        self.filled += 1;
        self.dates.note(text);
        if let Some(distinct) = &mut self.distinct
            && !distinct.insert(xxh3_64(text.as_bytes()))
        {
            self.doubles += 1;
        }
    }

    fn merge(&mut self, other: Self) {
        self.filled += other.filled;
        self.dates.merge(&other.dates);
        self.doubles += other.doubles;
        match (&mut self.distinct, other.distinct) {
            (Some(mine), Some(theirs)) => {
                for hash in theirs {
                    if !mine.insert(hash) {
                        self.doubles += 1;
                    }
                }
            }
            (mine, theirs) => *mine = mine.take().or(theirs),
        }
    }

    /// Values that stood there before, where the column may be an id.
    pub(super) fn doubles(&self) -> u64 {
        self.doubles
    }

    /// Hardly any value stands twice (a row or two may be repeated), and hardly a row has none, or several
    /// (ids of things in a list).
    pub(super) fn is_unique(&self, rows: u64) -> bool {
        self.distinct.is_some()
            && self.doubles * 100 <= self.filled
            && self.filled * 100 >= rows * 95
            && self.filled <= rows
    }
}

/// What a file looks like.
#[derive(Clone, Debug, Default)]
pub(super) struct Profile {
    pub(super) rows: u64,
    pub(super) names: Vec<Arc<str>>,
    pub(super) columns: Vec<Column>,
    /// Nodes of JSON by path, in place of columns.
    pub(super) nodes: BTreeMap<String, Column>,
    sample: BTreeMap<u64, Sampled>,
    /// Rows with greater hashes cannot come into the sample any more.
    ceiling: Option<u64>,
}

#[derive(Clone, Debug)]
enum Sampled {
    Cells(Vec<String>),
    Json(Value),
}

impl Profile {
    pub(super) fn new(names: &[Arc<str>]) -> Self {
        let columns = names.iter().map(|name| Column::new(name)).collect();
        Self { names: names.to_vec(), columns, ..Self::default() }
    }

    pub(super) fn is_json(&self) -> bool {
        self.names.is_empty()
    }

    pub(super) fn add_cells(&mut self, cells: &[String]) {
        self.rows += 1;
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for (cell, column) in cells.iter().zip(&mut self.columns) {
            let text = cell.trim();
            if !text.is_empty() {
                column.note(text);
            }
            hash.update(text.as_bytes());
            hash.update(&[0]);
        }
        self.keep(hash.digest(), || Sampled::Cells(cells.to_vec()));
    }

    pub(super) fn add_json(&mut self, value: &Value) {
        self.rows += 1;
        nodes(value, &mut String::new(), &mut |path, text| {
            let column = match self.nodes.get_mut(path) {
                Some(column) => column,
                None => self.nodes.entry(path.to_owned()).or_insert_with(|| Column::new(path)),
            };
            if let Some(text) = text {
                column.note(text);
            }
        });
        self.keep(xxh3_64(value.to_string().as_bytes()), || Sampled::Json(value.clone()));
    }

    fn keep(&mut self, hash: u64, row: impl FnOnce() -> Sampled) {
        if self.ceiling().is_some_and(|ceiling| hash >= ceiling) {
            return;
        }
        self.sample.entry(hash).or_insert_with(row);
        if self.sample.len() > SAMPLE {
            self.sample.pop_last();
        }
    }

    fn ceiling(&self) -> Option<u64> {
        let full = self.sample.len() >= SAMPLE;
        let last = self.sample.last_key_value().filter(|_| full).map(|(last, _)| *last);
        last.or(self.ceiling)
    }

    /// An empty profile of the same columns for further rows of the same file.
    pub(super) fn continued(&self, empty: &Self) -> Self {
        Self { ceiling: self.ceiling(), ..empty.clone() }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        for (mine, theirs) in self.columns.iter_mut().zip(other.columns) {
            mine.merge(theirs);
        }
        for (path, column) in other.nodes {
            match self.nodes.get_mut(&path) {
                Some(mine) => mine.merge(column),
                None => {
                    self.nodes.insert(path, column);
                }
            }
        }
        self.sample.extend(other.sample);
        while self.sample.len() > SAMPLE {
            self.sample.pop_last();
        }
    }

    /// Columns of a table, leaves of JSON, sorted by name where the order must not matter.
    pub(super) fn fields(&self) -> Vec<(&str, &Column)> {
        if !self.is_json() {
            let mut all: Vec<_> =
                self.names.iter().map(|name| &**name).zip(&self.columns).collect();
            all.sort_by_key(|(name, _)| *name);
            return all;
        }
        let leaf = |path: &str| {
            let below = format!("{path}.");
            !self
                .nodes
                .range(below.clone()..)
                .next()
                .is_some_and(|(next, _)| next.starts_with(&below))
        };
        let all = self.nodes.iter().filter(|(path, _)| leaf(path));
        all.map(|(path, column)| (path.as_str(), column)).collect()
    }

    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        match self.names.iter().position(|one| &**one == name) {
            Some(at) => self.columns.get(at),
            None => self.nodes.get(name),
        }
    }

    /// Sampled values of one column or leaf.
    pub(super) fn values(&self, name: &str, visit: &mut dyn FnMut(&str)) {
        let at = self.names.iter().position(|one| &**one == name);
        let steps = super::value::parse_path(name);
        for row in self.sample.values() {
            match (row, at) {
                (Sampled::Cells(cells), Some(at)) => {
                    let text = cells.get(at).map_or("", |cell| cell.trim());
                    if !text.is_empty() {
                        visit(text);
                    }
                }
                (Sampled::Json(value), _) => {
                    super::value::walk(value, &steps, &mut |leaf| {
                        if let Some(text) = text_of(leaf) {
                            visit(&text);
                        }
                        true
                    });
                }
                _ => {}
            }
        }
    }

    /// Share of a column's sampled values for which a test holds; `None` without values.
    pub(super) fn share(&self, name: &str, test: impl Fn(&str) -> bool) -> Option<f64> {
        let (mut all, mut fit) = (0u32, 0u32);
        self.values(name, &mut |text| {
            all += 1;
            fit += u32::from(test(text));
        });
        (all > 0).then(|| f64::from(fit) / f64::from(all))
    }

    /// The country that most of the values name.
    pub(super) fn region(&self) -> Option<[u8; 2]> {
        use super::shape;
        let lexicon = header::Lexicon::builtin();
        let mut votes: BTreeMap<[u8; 2], u32> = BTreeMap::new();
        let mut phones: BTreeMap<[u8; 2], u32> = BTreeMap::new();
        let mut states: BTreeMap<[u8; 2], u32> = BTreeMap::new();
        let (mut without_country, mut all_states) = (0u32, 0u32);
        for (name, _) in self.fields() {
            let Some(said) = lexicon.read(name) else { continue };
            match said.field.as_str() {
                "address.country" => self.values(name, &mut |text| {
                    if let Some(code) = shape::country_code(text) {
                        *votes.entry(code).or_default() += 1;
                    }
                }),
                "phone" => self.values(name, &mut |text| match shape::country_of_phone(text) {
                    Some(code) => *phones.entry(code).or_default() += 1,
                    None => without_country += 1,
                }),
                "address.region" => self.values(name, &mut |text| {
                    all_states += 1;
                    if shape::is_us_state(text) {
                        *states.entry(*b"US").or_default() += 1;
                    }
                    if shape::is_au_state(text) {
                        *states.entry(*b"AU").or_default() += 1;
                    }
                }),
                _ => {}
            }
        }
        let majority = |votes: &BTreeMap<[u8; 2], u32>, more: u32| {
            let all: u32 = votes.values().sum::<u32>() + more;
            votes.iter().max_by_key(|(_, count)| **count).and_then(|(code, count)| {
                (*count >= 3.min(all) && *count * 2 > all).then_some(*code)
            })
        };
        if votes.is_empty() {
            let states_left = all_states.saturating_sub(states.values().sum());
            return majority(&states, states_left)
                .or_else(|| majority(&phones, without_country / 4));
        }
        majority(&votes, 0)
    }
}

/// Visits every node with its path; scalars with their text.
fn nodes(value: &Value, path: &mut String, visit: &mut dyn FnMut(&str, Option<&str>)) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                let length = path.len();
                if length > 0 {
                    path.push('.');
                }
                path.push_str(key);
                if inner.is_object() || inner.is_array() {
                    visit(path, None);
                }
                nodes(inner, path, visit);
                path.truncate(length);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| nodes(inner, path, visit)),
        scalar => visit(path, text_of(scalar).as_deref()),
    }
}
