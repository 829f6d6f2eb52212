//! Several rows that make one record: collected over the whole file, put into canonical order.

use rustc_hash::FxHashMap;

use super::compile::Grouping;
use super::value::View;

/// Rows of one record.
pub(super) struct Rows<T> {
    /// Line of the first.
    pub(super) line: u64,
    pub(super) rows: Vec<T>,
}

/// Collects rows by key, in the order of each key's first row.
pub(super) struct Collector<T> {
    groups: Vec<Rows<T>>,
    by_key: FxHashMap<String, usize>,
    last: String,
}

impl<T> Collector<T> {
    pub(super) fn new() -> Self {
        Self { groups: Vec::new(), by_key: FxHashMap::default(), last: String::new() }
    }

    /// Adds a row; `make` builds what is kept of it.
    pub(super) fn add(&mut self, rule: &Grouping, view: View<'_>, line: u64, row: T) {
        let mut key = rule.key.first(view);
        if rule.carry {
            if key.is_empty() {
                key.clone_from(&self.last);
            } else {
                self.last.clone_from(&key);
            }
        }
        if key.is_empty() {
            self.groups.push(Rows { line, rows: vec![row] });
            return;
        }
        let next = self.groups.len();
        let at = *self.by_key.entry(key).or_insert(next);
        match self.groups.get_mut(at) {
            Some(group) => group.rows.push(row),
            None => self.groups.push(Rows { line, rows: vec![row] }),
        }
    }

    pub(super) fn finish(self) -> Vec<Rows<T>> {
        self.groups
    }
}

impl Grouping {
    /// Whether a row may be the main one.
    pub(super) fn is_main(&self, view: View<'_>) -> bool {
        if let Some(without) = &self.main_without {
            return without.first(view).is_empty();
        }
        self.main.is_empty() || self.main.iter().any(|marker| !marker.first(view).is_empty())
    }
}
