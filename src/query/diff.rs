//! What differs between two results: of two runs, or of the last run and a planned one.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::error::Result;
use crate::model::{EntityId, RecordKey, ScoredPair, Thresholds};
use crate::pipeline::{View, golden_changes};
use crate::store::results::Results;

/// What differs between results `a` and `b`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// The run on one side.
    pub a: u32,
    /// The run on the other side; `None` for a planned one.
    pub b: Option<u32>,
    /// Records.
    pub records: RecordCounts,
    /// Changes of entities, by sort: `created`, `split`, `merged`, `retired`, `changed`.
    pub entities: Vec<EntityChanges>,
    /// Changes of pairs, by band.
    pub pairs: Vec<PairChanges>,
    /// Changes of golden values, by field.
    pub fields: Vec<FieldChanges>,
    /// Records whose entity differs; as many as examples were asked for.
    pub moved: Vec<MovedRecord>,
}

/// Records of two results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecordCounts {
    /// Records of `a`.
    pub a: u64,
    /// Records of `b`.
    pub b: u64,
    /// In both, with the same entity id.
    pub unchanged: u64,
    /// In both, with another entity id.
    pub moved: u64,
    /// In `b` only.
    pub new: u64,
    /// In `a` only.
    pub gone: u64,
}

/// Entities that changed in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntityChanges {
    /// `created`: all its records are new. `split`: a new or revived id takes records off others.
    /// `merged`: its records went to other ids. `retired`: its records are gone. `changed`: it
    /// keeps its id and gained or lost records.
    pub change: &'static str,
    /// How many entities.
    pub entities: u64,
    /// How many records: those of the entity; of a changed one those gained or lost.
    pub records: u64,
    /// Some of them, by id.
    pub examples: Vec<EntityExample>,
}

/// An entity that changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EntityExample {
    /// The entity.
    pub entity_id: EntityId,
    /// The entities that its records come from or went to.
    pub other_entity_ids: Vec<EntityId>,
    /// The records that make the change, by key; at most ten.
    pub records: Vec<String>,
}

/// Pairs that changed from one band to another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairChanges {
    /// Band in `a`: `auto`, `review`, `none`.
    pub a: &'static str,
    /// Band in `b`.
    pub b: &'static str,
    /// How many pairs.
    pub pairs: u64,
    /// How many records these hold.
    pub records: u64,
    /// Some of them, by keys.
    pub examples: Vec<PairExample>,
}

/// A pair that changed its band.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairExample {
    /// A record.
    pub a: String,
    /// The other one.
    pub b: String,
    /// Probability in `a`; `None` where the pair was not kept.
    pub before: Option<f64>,
    /// Probability in `b`.
    pub after: Option<f64>,
}

/// Entities under one id in both results whose golden values of a field differ.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct FieldChanges {
    /// Field, as in `golden.csv`.
    pub field: String,
    /// How many entities.
    pub entities: u64,
    /// How many records these hold in `b`.
    pub records: u64,
    /// Some of them, by id.
    pub examples: Vec<FieldExample>,
}

impl std::fmt::Debug for FieldChanges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FieldChanges({}, {} entities, <redacted>)", self.field, self.entities)
    }
}

/// Golden values of a field that differ.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct FieldExample {
    /// The entity.
    pub entity_id: EntityId,
    /// Values in `a`, the primary first.
    pub before: Vec<String>,
    /// Values in `b`.
    pub after: Vec<String>,
}

impl std::fmt::Debug for FieldExample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FieldExample({}, <redacted>)", self.entity_id)
    }
}

/// A record whose entity differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedRecord {
    /// `SOURCE:OBJECT/RECORD`.
    pub record: String,
    /// Its entity in `a`; `None` where it is not there.
    pub from: Option<EntityId>,
    /// Its entity in `b`.
    pub to: Option<EntityId>,
}

/// Records named in an example of an entity.
const RECORDS_NAMED: usize = 10;

impl Diff {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        let RecordCounts { moved, new, gone, .. } = self.records;
        moved + new + gone == 0 && self.pairs.is_empty() && self.fields.is_empty()
    }
}

/// Compares two results; `examples` of each sort are named, all where `None`. `b` may be a planned
/// run. O(records + pairs) and the golden records of what changed.
///
/// # Errors
/// Damaged or unreadable.
pub fn diff(a: &View, b: &View, examples: Option<usize>) -> Result<Diff> {
    let limit = examples.unwrap_or(usize::MAX);
    let rows = align(a.results(), b.results())?;
    let mut records = RecordCounts {
        a: u64::from(a.results().records()),
        b: u64::from(b.results().records()),
        ..RecordCounts::default()
    };
    let mut moved = Vec::new();
    let mut near: FxHashSet<EntityId> = FxHashSet::default();
    for row in &rows {
        let (from, to) = (row.a.map(|side| side.entity), row.b.map(|side| side.entity));
        match (from, to) {
            (Some(from), Some(to)) if from == to => records.unchanged += 1,
            (Some(_), Some(_)) => records.moved += 1,
            (None, _) => records.new += 1,
            (_, None) => records.gone += 1,
        }
        if from != to && moved.len() < limit {
            moved.push(MovedRecord { record: row.key.to_string(), from, to });
        }
        if row.a != row.b {
            near.extend(from.into_iter().chain(to));
        }
    }
    let b_run = b.results().summary().run;
    Ok(Diff {
        a: a.results().summary().run,
        b: (b_run != 0).then_some(b_run),
        records,
        entities: entity_changes(&rows, limit),
        pairs: pair_changes(a.results(), b.results(), &rows, limit)?,
        fields: field_changes(a, b, &near, limit)?,
        moved,
    })
}

/// A record in one of the results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Side {
    /// Number of its version.
    version: u64,
    entity: EntityId,
}

/// A record in either of the results.
struct Row {
    key: RecordKey,
    a: Option<Side>,
    b: Option<Side>,
}

/// Records of both results, by key.
fn align(a: &Results, b: &Results) -> Result<Vec<Row>> {
    let side = |results: &Results, ordinal: u32| -> Result<Side> {
        let entity = results.entity_id(results.entity_of(ordinal)?)?;
        Ok(Side { version: results.origin(ordinal)?.0, entity })
    };
    let key = |results: &Results, ordinal: u32| {
        (ordinal < results.records()).then(|| results.key(ordinal)).transpose()
    };
    let mut rows = Vec::with_capacity(b.records() as usize);
    let (mut x, mut y) = (0, 0);
    let (mut key_a, mut key_b) = (key(a, x)?, key(b, y)?);
    loop {
        let order = match (&key_a, &key_b) {
            (None, None) => return Ok(rows),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.cmp(other),
        };
        let in_a = if order.is_le() { Some(side(a, x)?) } else { None };
        let in_b = if order.is_ge() { Some(side(b, y)?) } else { None };
        let mut found = None;
        if in_a.is_some() {
            x += 1;
            found = std::mem::replace(&mut key_a, key(a, x)?);
        }
        if in_b.is_some() {
            y += 1;
            found = std::mem::replace(&mut key_b, key(b, y)?);
        }
        rows.extend(found.map(|key| Row { key, a: in_a, b: in_b }));
    }
}

/// What is known of an entity on both sides.
#[derive(Default)]
struct Members {
    /// Positions of its rows in `a` and in `b`.
    a: Vec<u32>,
    b: Vec<u32>,
}

fn entity_changes(rows: &[Row], limit: usize) -> Vec<EntityChanges> {
    let mut of: BTreeMap<EntityId, Members> = BTreeMap::new();
    for (at, row) in (0..).zip(rows) {
        if let Some(side) = row.a {
            of.entry(side.entity).or_default().a.push(at);
        }
        if let Some(side) = row.b {
            of.entry(side.entity).or_default().b.push(at);
        }
    }
    let mut out = ["created", "split", "merged", "retired", "changed"]
        .map(|change| EntityChanges { change, entities: 0, records: 0, examples: Vec::new() });
    for (id, members) in of {
        let others: BTreeSet<EntityId> = members
            .a
            .iter()
            .filter_map(|at| rows[*at as usize].b)
            .chain(members.b.iter().filter_map(|at| rows[*at as usize].a))
            .map(|side| side.entity)
            .filter(|other| *other != id)
            .collect();
        let (sort, touched) = match (members.a.is_empty(), members.b.is_empty()) {
            (true, _) => (usize::from(!others.is_empty()), members.b),
            (_, true) => (if others.is_empty() { 3 } else { 2 }, members.a),
            _ if members.a == members.b => continue,
            _ => {
                let lost = members.a.iter().filter(|at| members.b.binary_search(at).is_err());
                let gained = members.b.iter().filter(|at| members.a.binary_search(at).is_err());
                (4, lost.chain(gained).copied().collect())
            }
        };
        let change = &mut out[sort];
        change.entities += 1;
        change.records += touched.len() as u64;
        if change.examples.len() < limit {
            let named = touched.iter().take(RECORDS_NAMED);
            change.examples.push(EntityExample {
                entity_id: id,
                other_entity_ids: others.into_iter().collect(),
                records: named.map(|at| rows[*at as usize].key.to_string()).collect(),
            });
        }
    }
    out.into_iter().filter(|change| change.entities > 0).collect()
}

/// The band of a pair.
fn band(pair: Option<ScoredPair>, thresholds: &Thresholds) -> &'static str {
    match pair.map(|pair| pair.probability()) {
        Some(probability) if probability >= thresholds.auto => "auto",
        Some(probability) if probability >= thresholds.review => "review",
        _ => "none",
    }
}

/// Kept pairs of results by the positions of their rows, ascending: rows and ordinals have one
/// order.
fn kept(results: &Results, rows: &[Row], is: fn(&Row) -> bool) -> Result<Vec<(Ends, ScoredPair)>> {
    let positions: Vec<u32> =
        (0..).zip(rows).filter(|(_, row)| is(row)).map(|(at, _)| at).collect();
    let pair = |position| {
        let pair = results.pair(position)?;
        Ok(((positions[pair.a as usize], positions[pair.b as usize]), pair))
    };
    (0..results.pairs()).map(pair).collect()
}

/// Positions of the two rows of a pair.
type Ends = (u32, u32);

fn pair_changes(a: &Results, b: &Results, rows: &[Row], limit: usize) -> Result<Vec<PairChanges>> {
    let mut left = kept(a, rows, |row| row.a.is_some())?.into_iter().peekable();
    let mut right = kept(b, rows, |row| row.b.is_some())?.into_iter().peekable();
    let thresholds = (a.summary().thresholds, b.summary().thresholds);
    let mut changes: BTreeMap<(&str, &str), (PairChanges, FxHashSet<u32>)> = BTreeMap::new();
    loop {
        let heads = [left.peek(), right.peek()];
        let Some(first) = heads.into_iter().flatten().map(|(ends, _)| *ends).min() else { break };
        let before = left.next_if(|(ends, _)| *ends == first).map(|(_, pair)| pair);
        let after = right.next_if(|(ends, _)| *ends == first).map(|(_, pair)| pair);
        let bands = (band(before, &thresholds.0), band(after, &thresholds.1));
        if bands.0 == bands.1 {
            continue;
        }
        let (change, records) = changes.entry(bands).or_insert_with(|| {
            let change =
                PairChanges { a: bands.0, b: bands.1, pairs: 0, records: 0, examples: Vec::new() };
            (change, FxHashSet::default())
        });
        change.pairs += 1;
        records.extend([first.0, first.1]);
        if change.examples.len() < limit {
            change.examples.push(PairExample {
                a: rows[first.0 as usize].key.to_string(),
                b: rows[first.1 as usize].key.to_string(),
                before: before.map(|pair| pair.probability()),
                after: after.map(|pair| pair.probability()),
            });
        }
    }
    let counted = changes.into_values().map(|(mut change, records)| {
        change.records = records.len() as u64;
        change
    });
    Ok(counted.collect())
}

fn field_changes(
    a: &View,
    b: &View,
    near: &FxHashSet<EntityId>,
    limit: usize,
) -> Result<Vec<FieldChanges>> {
    let mut of: BTreeMap<String, FieldChanges> = BTreeMap::new();
    for (index, entity_id, fields) in golden_changes(a, b, Some(near))? {
        let records = b.results().entity(index)?.members.len() as u64;
        let named = fields
            .iter()
            .any(|field| of.get(field).is_none_or(|change| change.examples.len() < limit));
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        if named && let Some(old) = a.results().find_entity(entity_id)? {
            (before, after) = (a.values(old)?, b.values(index)?);
        }
        for field in fields {
            let change = of.entry(field.clone()).or_insert_with(|| FieldChanges {
                field: field.clone(),
                entities: 0,
                records: 0,
                examples: Vec::new(),
            });
            change.entities += 1;
            change.records += records;
            if change.examples.len() < limit {
                change.examples.push(FieldExample {
                    entity_id,
                    before: before.remove(&field).unwrap_or_default(),
                    after: after.remove(&field).unwrap_or_default(),
                });
            }
        }
    }
    Ok(of.into_values().collect())
}
