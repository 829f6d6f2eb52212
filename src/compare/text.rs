//! Further texts: job titles and columns that no field took.

use rustc_hash::{FxHashMap, FxHashSet};

use super::table::{Counts, TEXT_COLUMNS, Table, TextChoice};
use super::{Interner, MISSING, NONE};
use crate::model::NormalRecord;
use crate::similarity::jaro_winkler_at_least;

/// Levels, best first.
pub(super) const LEVELS: &[&str] = &["equal", "nearly equal", "a common word", "different"];

/// Job titles: the best pair.
pub(super) fn job(t: &Table, a: u32, b: u32) -> (u8, f32) {
    let mut best = (MISSING, 0.0);
    for x in t.jobs.get(a) {
        for y in t.jobs.get(b) {
            let found = level(&t.job, &t.counts.job, *x, *y);
            if found.0 < best.0 {
                best = found;
            }
        }
    }
    best
}

/// A further column.
pub(super) fn compare(t: &Table, column: usize, a: u32, b: u32) -> (u8, f32) {
    let column = &t.texts[column];
    let (x, y) = (column.values[a as usize], column.values[b as usize]);
    if x == NONE || y == NONE {
        return (MISSING, 0.0);
    }
    level(&t.text, &column.counts, x, y)
}

fn level(values: &Interner, counts: &Counts, x: u32, y: u32) -> (u8, f32) {
    if x == y {
        return (0, counts.get(x).saturating_sub(2) as f32);
    }
    let share = counts.share(x).max(counts.share(y)) as f32;
    let (tx, ty) = (values.get(x), values.get(y));
    if jaro_winkler_at_least(tx, ty, 0.92) {
        return (1, share);
    }
    let common = tx.split(' ').any(|w| w.len() >= 4 && ty.split(' ').any(|v| v == w));
    if common { (2, share) } else { (3, 0.0) }
}

/// Looks at the columns that no field took and chooses those worth comparing: filled often enough,
/// mostly letters, more than one value, short. Order of records does not matter.
#[derive(Debug, Default)]
pub struct TextProfile {
    columns: FxHashMap<String, ColumnProfile>,
    records: u64,
}

#[derive(Debug, Default)]
struct ColumnProfile {
    filled: u64,
    texty: u64,
    long: u64,
    values: FxHashSet<u64>,
}

impl TextProfile {
    /// Looks at one record of a table whose columns were mapped by guess.
    pub fn push(&mut self, record: &NormalRecord) {
        self.records += 1;
        for (column, value) in &record.others {
            let profile = match self.columns.get_mut(column.as_ref()) {
                Some(profile) => profile,
                None => self.columns.entry(column.to_string()).or_default(),
            };
            profile.filled += 1;
            let letters = value.chars().filter(|c| c.is_alphabetic()).count();
            let chars = value.chars().count();
            profile.texty += u64::from(letters * 2 > chars);
            profile.long += u64::from(chars > 60);
            if profile.values.len() < 64 {
                profile.values.insert(xxhash_rust::xxh3::xxh3_64(value.as_bytes()));
            }
        }
    }

    /// Adds another profile's findings.
    pub fn merge(&mut self, other: Self) {
        self.records += other.records;
        for (column, profile) in other.columns {
            let mine = self.columns.entry(column).or_default();
            mine.filled += profile.filled;
            mine.texty += profile.texty;
            mine.long += profile.long;
            mine.values.extend(profile.values);
        }
    }

    /// The columns to compare, most filled first.
    pub fn choose(&self) -> TextChoice {
        let mut found: Vec<(std::cmp::Reverse<u64>, String)> = self
            .columns
            .iter()
            .filter(|(_, p)| {
                p.filled * 50 >= self.records
                    && p.texty * 10 >= p.filled * 7
                    && p.long * 5 <= p.filled
                    && p.values.len() >= 3
            })
            .map(|(name, p)| (std::cmp::Reverse(p.filled), TextChoice::key(name)))
            .collect();
        found.sort();
        found.dedup_by(|a, b| a.1 == b.1);
        found.truncate(TEXT_COLUMNS);
        TextChoice { columns: found.into_iter().map(|(_, name)| name).collect() }
    }
}
