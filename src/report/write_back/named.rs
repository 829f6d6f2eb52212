//! What may stand in one record of a source only. Rows of imports that find records by what they say
//! instead of an id: what several records say names none of them, for the import would change them
//! all, or the wrong one; nor does a placeholder, which anybody may say next. And values that a
//! system refuses where another record has them.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Targets;
use super::part::{Found, PlannedRow, Refusal, Replacement};
use crate::error::Result;
use crate::model::NormalRecord;
use crate::pipeline::View;
use crate::store::results::Results;

/// Records that one thread looks at in one go.
const CHUNK: u32 = 4096;

/// What finds a record: object, group, label, text.
type Name = (Arc<str>, String, Option<String>, String);

/// Columns whose value is to stand in one record only: place, text.
type Columns = Vec<(usize, String)>;

/// Who bears a name.
#[derive(Clone, Default)]
struct Bearers {
    /// Two of them at most: more need not be told apart.
    some: Vec<u32>,
    /// It stands for nobody.
    placeholder: bool,
}

impl Bearers {
    fn add(&mut self, record: u32) {
        if self.some.len() < 2 && !self.some.contains(&record) {
            self.some.push(record);
        }
    }

    fn merge(&mut self, other: &Self) {
        other.some.iter().for_each(|record| self.add(*record));
        self.placeholder |= other.placeholder;
    }

    /// Whether it names this record and no other.
    fn name(&self, record: u32) -> bool {
        !self.placeholder && !self.others_than(record)
    }

    /// Whether another record than this bears it.
    fn others_than(&self, record: u32) -> bool {
        self.some.iter().any(|bearer| *bearer != record)
    }
}

/// Records that merges of the plan take away, with their survivors; none where the system merged them
/// before.
type Losers = FxHashMap<u32, Option<u32>>;

/// What the names of a source's records are, with who bears them.
type Names = BTreeMap<Arc<str>, FxHashMap<Name, Bearers>>;

/// Refuses rows whose name another record of the source bears too, or will once the plan is applied,
/// or that is a placeholder; and changes to a value that another record has or gets, where the system
/// takes it but once. What a record says that a merge takes away, its survivor says. Reads all records
/// of the sources of such rows, if there are any.
pub(super) fn refuse_shared(view: &View, targets: &Targets<'_>, found: &mut Found) -> Result<()> {
    let results = view.results();
    let mut names = Names::new();
    for row in &found.rows {
        let columns: Columns = naming_column(targets, row).into_iter().collect();
        for column in columns.into_iter().chain(unique_changes(targets, row)) {
            let (source, name) = name_of(results, targets, row, column)?;
            names.entry(source).or_default().entry(name).or_default().add(row.member);
        }
    }
    let losers = found.merges.iter().flat_map(|merge| {
        merge.members.iter().skip(1).map(|loser| (*loser, Some(merge.members[0])))
    });
    let away = found.merged_away.iter().map(|loser| (*loser, None));
    let losers: Losers = losers.chain(away).collect();
    for (source, names) in &mut names {
        add_bearers(results, source, names, &losers)?;
    }
    let bearers = |row: &PlannedRow, column: (usize, String)| -> Result<Bearers> {
        let (source, name) = name_of(results, targets, row, column)?;
        Ok(names.get(&source).and_then(|names| names.get(&name)).cloned().unwrap_or_default())
    };
    for mut row in std::mem::take(&mut found.rows) {
        if let Some(column) = naming_column(targets, &row) {
            let at = column.0;
            if !bearers(&row, column)?.name(row.member) {
                let column = &targets.imports[row.import].slots[at].column.name;
                let reason = format!(
                    "the import finds records by `{column}`, and what stands there may be anybody's"
                );
                found.refusals.push(refusal(&row, column, reason));
                continue;
            }
        }
        let mut taken = Vec::new();
        for column in unique_changes(targets, &row) {
            let at = column.0;
            if bearers(&row, column)?.others_than(row.member) {
                taken.push(at);
            }
        }
        if taken.is_empty() || leave_out(targets, &mut row, &taken, found) {
            found.rows.push(row);
        }
    }
    Ok(())
}

/// Takes changes out of a row; whether the row still says something.
fn leave_out(
    targets: &Targets<'_>,
    row: &mut PlannedRow,
    taken: &[usize],
    found: &mut Found,
) -> bool {
    let import = &targets.imports[row.import];
    row.changes.retain(|change| !taken.contains(&change.column));
    for at in taken {
        let slot = &import.slots[*at];
        let column = &slot.column.name;
        let reason = format!("another record has it, and no two may have the same `{column}`");
        found.refusals.push(refusal(row, column, reason));
        let of_row = |r: &Replacement| r.member == row.member && r.group == slot.group;
        found.replacements.retain(|replacement| !of_row(replacement));
    }
    let required = |at: &&usize| import.slots[**at].column.required;
    for at in taken.iter().filter(required) {
        let now = &row.now[*at];
        if now.is_empty() {
            return false;
        }
        if row.given.iter().all(|(known, _)| known != at) {
            row.given.push((*at, now.clone()));
        }
    }
    !row.changes.is_empty()
}

fn refusal(row: &PlannedRow, column: &str, reason: String) -> Refusal {
    let PlannedRow { entity, member, import, .. } = *row;
    Refusal { entity, member, import, column: column.to_owned(), reason }
}

/// What a column of a row is looked up by: source and name.
fn name_of(
    results: &Results,
    targets: &Targets<'_>,
    row: &PlannedRow,
    (at, text): (usize, String),
) -> Result<(Arc<str>, Name)> {
    let key = results.key(row.member)?;
    let slot = &targets.imports[row.import].slots[at];
    Ok((key.source, (key.object, slot.group.to_owned(), slot.column.label.clone(), text)))
}

/// Changed columns whose value no other record may have.
fn unique_changes(targets: &Targets<'_>, row: &PlannedRow) -> Columns {
    let import = &targets.imports[row.import];
    let changes = row.changes.iter().filter(|change| !change.new.is_empty());
    let unique = changes.filter(|change| import.is_unique(change.column));
    unique.map(|change| (change.column, change.new.clone())).collect()
}

/// The column that finds the record of a row, and what it says; none where its id does.
fn naming_column(targets: &Targets<'_>, row: &PlannedRow) -> Option<(usize, String)> {
    let import = &targets.imports[row.import];
    if import.spec.key.is_some() {
        return None;
    }
    let mut columns = import.spec.find_by.iter().filter_map(|name| import.column(name));
    let said = |at: usize| row.given.iter().find(|(given, text)| *given == at && !text.is_empty());
    columns.find_map(said).cloned()
}

/// Adds the records of a source that say each of these.
fn add_bearers(
    results: &Results,
    source: &str,
    names: &mut FxHashMap<Name, Bearers>,
    losers: &Losers,
) -> Result<()> {
    let records = range_of(results, source)?;
    let chunks: Vec<u32> = records.clone().step_by(CHUNK as usize).collect();
    let known = &*names;
    let found: Vec<BTreeMap<Name, Bearers>> = chunks
        .into_par_iter()
        .map(|start| {
            let chunk = start..records.end.min(start + CHUNK);
            let mut objects: Vec<Arc<str>> = Vec::with_capacity(chunk.len());
            let mut last: Arc<str> = "".into();
            results.scan_keys(chunk.clone(), |_, _, object, _| {
                if *last != *object {
                    last = object.into();
                }
                objects.push(Arc::clone(&last));
            })?;
            let mut found: BTreeMap<Name, Bearers> = BTreeMap::new();
            results.scan_normals(chunk, |at, encoded| {
                let bearer = match losers.get(&at) {
                    Some(None) => return Ok(()),
                    Some(Some(survivor)) => *survivor,
                    None => at,
                };
                let object = &objects[(at - start) as usize];
                for (group, label, text, placeholder) in said(&results.decode_normal(encoded)?) {
                    let name = (Arc::clone(object), group.to_owned(), label, text.to_owned());
                    if known.contains_key(&name) {
                        let bearers = found.entry(name).or_default();
                        bearers.add(bearer);
                        bearers.placeholder |= placeholder;
                    }
                }
                Ok(())
            })?;
            Ok(found)
        })
        .collect::<Result<_>>()?;
    for (name, bearers) in found.into_iter().flatten() {
        names.entry(name).or_default().merge(&bearers);
    }
    Ok(())
}

/// What a record says that may find it: group, label, text, whether it is a placeholder.
fn said(normal: &NormalRecord) -> impl Iterator<Item = (&'static str, Option<String>, &str, bool)> {
    let label = |label: &Option<Arc<str>>| label.as_ref().map(ToString::to_string);
    let emails = normal.emails.iter();
    let emails = emails.map(move |e| ("email", label(&e.label), &*e.address, e.quality.useless));
    let phones = normal.phones.iter();
    emails.chain(phones.map(move |p| ("phone", label(&p.label), &*p.display, p.useless)))
}

/// The records of a source: they stand together, in the order of keys.
pub(super) fn range_of(results: &Results, source: &str) -> Result<Range<u32>> {
    let first = |is_before: &dyn Fn(&str) -> bool| -> Result<u32> {
        let (mut low, mut high) = (0, results.records());
        while low < high {
            let middle = low + (high - low) / 2;
            if is_before(&results.key(middle)?.source) { low = middle + 1 } else { high = middle }
        }
        Ok(low)
    };
    Ok(first(&|known| known < source)?..first(&|known| known <= source)?)
}
