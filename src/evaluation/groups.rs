//! The measures by source pair and by country: where a result is good, and where it is not.

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::Evaluated;
use super::measures::{Labels, Measure, each_pair_within, ratio};
use crate::error::Result;
use crate::model::NormalRecord;

/// The pairs of one group.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GroupRow {
    /// What the two records of a pair have here: one word where they agree, else `a | b`.
    pub group: String,
    /// Pairs of the truth.
    pub true_pairs: u64,
    /// Pairs of the result.
    pub found_pairs: u64,
    /// Pairs of both.
    pub true_found_pairs: u64,
    /// The measures.
    #[serde(flatten)]
    pub measure: Measure,
}

impl GroupRow {
    fn errors(&self) -> u64 {
        self.true_pairs + self.found_pairs - 2 * self.true_found_pairs
    }
}

/// What a record without a country is called.
const UNKNOWN: &str = "unknown";

/// Rows by source pair and by country, each with most wrong pairs first. Pairs with a record that
/// the result lacks are left out.
pub(super) fn groups(
    labels: &Labels,
    ordinals: &[Option<u32>],
    result: &mut dyn Evaluated,
) -> Result<(Vec<GroupRow>, Vec<GroupRow>)> {
    let (mut sources, mut countries) = (Names::default(), Names::default());
    let (mut source_of, mut country_of) = (Vec::new(), Vec::new());
    result.sources(&mut |at, source| set(&mut source_of, at, sources.number(source)))?;
    result.normals(&mut |at, normal| {
        set(&mut country_of, at, countries.number(&country(normal)));
    })?;
    let of = |ordinal: &Option<u32>| {
        let at = (*ordinal)? as usize;
        Some((*source_of.get(at)?, *country_of.get(at)?))
    };
    let of_row: Vec<Option<(u32, u32)>> = ordinals.iter().map(of).collect();
    let mut by_source = Counts::default();
    let mut by_country = Counts::default();
    for (within, across, truth) in
        [(&labels.truth, &labels.cluster, true), (&labels.cluster, &labels.truth, false)]
    {
        each_pair_within(within, &mut |a, b| {
            if let (Some(x), Some(y)) = (of_row[a], of_row[b]) {
                let both = across[a] == across[b];
                by_source.add(x.0, y.0, truth, both);
                by_country.add(x.1, y.1, truth, both);
            }
            Ok(())
        })?;
    }
    Ok((by_source.rows(&sources), by_country.rows(&countries)))
}

fn set(list: &mut Vec<u32>, at: u32, value: u32) {
    let at = at as usize;
    list.resize(list.len().max(at + 1), 0);
    list[at] = value;
}

/// Country of a record: of its first address that states one, else of a phone number, as `+49`.
fn country(record: &NormalRecord) -> String {
    let stated = record.addresses.iter().find(|address| !address.country.is_empty());
    let phone = || record.phones.iter().find(|phone| phone.country_code != 0);
    stated
        .map(|address| address.country.clone())
        .or_else(|| phone().map(|phone| format!("+{}", phone.country_code)))
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

#[derive(Default)]
struct Names {
    numbers: FxHashMap<String, u32>,
    names: Vec<String>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.numbers.insert(name.to_owned(), number);
        self.names.push(name.to_owned());
        number
    }
}

/// (true, found, both) by the two records' numbers, smaller first.
#[derive(Default)]
struct Counts(FxHashMap<(u32, u32), (u64, u64, u64)>);

impl Counts {
    fn add(&mut self, x: u32, y: u32, truth: bool, both: bool) {
        let counts = self.0.entry((x.min(y), x.max(y))).or_default();
        if truth {
            counts.0 += 1;
            counts.2 += u64::from(both);
        } else {
            counts.1 += 1;
        }
    }

    fn rows(&self, names: &Names) -> Vec<GroupRow> {
        let name = |number: u32| names.names[number as usize].as_str();
        let row = |(key, counts): (&(u32, u32), &(u64, u64, u64))| {
            let (x, y) = (name(key.0).min(name(key.1)), name(key.0).max(name(key.1)));
            let (true_pairs, found_pairs, true_found_pairs) = *counts;
            GroupRow {
                group: if x == y { x.to_owned() } else { format!("{x} | {y}") },
                true_pairs,
                found_pairs,
                true_found_pairs,
                measure: Measure::new(
                    ratio(true_found_pairs, found_pairs),
                    ratio(true_found_pairs, true_pairs),
                ),
            }
        };
        let mut rows: Vec<GroupRow> = self.0.iter().map(row).collect();
        rows.sort_by(|x, y| y.errors().cmp(&x.errors()).then_with(|| x.group.cmp(&y.group)));
        rows
    }
}
