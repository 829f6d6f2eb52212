//! What should change in one system, in the form that it imports: `sameas sync-plan --to SYSTEM`.
//!
//! Per record of the system: where the golden value means something else than the record says and
//! the policy lets the record take it, the cells that change. Records of one source that are surely
//! one become lines of the system's merge list, and only the survivor is corrected. What is held
//! together by less than the auto threshold or a judgement is planned apart. The import's columns,
//! limits and words are data of the kinds ([`ImportSpec`](crate::ingest::kind::ImportSpec)).

mod files;
mod foresee;
mod import;
mod named;
mod own;
mod part;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use self::files::Folder;
use self::import::Import;
use self::named::{range_of, refuse_shared};
use self::own::{Witness, own_values};
use self::part::{Found, Part, PlannedMerge, PlannedRow, Refusal, Replacement, sure_parts};
use crate::clustering::StepKind;
use crate::config::nearest;
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::Catalog;
use crate::model::{NormalRecord, RecordKey, Timestamp};
use crate::pipeline::{Merged, Versions, View};
use crate::store::results::{AliasKey, EntityRow, StepRow};
use crate::survivorship::{Member, stated};

/// What a plan holds; also its file `plan.json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SyncPlan {
    /// The system or source that was asked for.
    pub to: String,
    /// Its sources.
    pub sources: Vec<String>,
    /// Records that change.
    pub records: u64,
    /// Cells that change.
    pub changes: u64,
    /// Records that a merge makes one with another.
    pub merged: u64,
    /// Entities whose records were planned apart, because a doubtful link holds them together.
    pub held_apart: u64,
    /// What should change and cannot be written, with the number of records.
    pub not_written: Vec<NotWritten>,
    /// Fields that two sides keep overwriting.
    pub loops: Vec<SyncLoop>,
    /// The files, in the order in which they were written.
    pub files: Vec<PlanFile>,
}

/// What cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotWritten {
    /// Why.
    pub reason: String,
    /// Records.
    pub records: u64,
}

/// A field of a record that was already made to say what is wanted, and was set back since.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncLoop {
    /// The record.
    pub record: String,
    /// Its entity.
    pub entity_id: String,
    /// Field or group.
    pub field: String,
    /// What it says now, again.
    pub value_now: String,
    /// Who else says so: the other side, where it is known.
    pub held_by: String,
    /// What the plan wants it to say, again.
    pub value_wanted: String,
    /// Who says so.
    pub wanted_by: String,
    /// How often it said so before.
    pub times: u64,
}

impl std::fmt::Debug for SyncLoop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SyncLoop({}, {}, <redacted>)", self.record, self.field)
    }
}

/// A file of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanFile {
    /// Name in the folder.
    pub name: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Rows without header.
    pub rows: u64,
}

/// What a file of a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// To be imported.
    Import,
    /// To be merged, line by line.
    Merges,
    /// To be read by people.
    Table,
}

/// Where a plan goes.
struct Targets<'c> {
    sources: BTreeSet<Arc<str>>,
    /// The imports of its system, then those of the others.
    imports: Vec<Import<'c>>,
    /// Groups of fields that some import takes.
    groups: BTreeSet<&'c str>,
}

impl<'c> Targets<'c> {
    /// The sources that a name means: its own, or all of a system.
    fn find(view: &View, catalog: &'c Catalog, to: &str) -> Result<Self> {
        let systems = view.systems();
        let mut sources: BTreeSet<Arc<str>> = (systems.iter())
            .filter(|(_, system)| ***system == *to)
            .map(|(source, _)| Arc::clone(source))
            .collect();
        if sources.is_empty() {
            sources.extend(systems.keys().filter(|source| ***source == *to).cloned());
        }
        let Some(first) = sources.first() else {
            let known: BTreeSet<&str> =
                systems.iter().flat_map(|(source, system)| [&**source, &**system]).collect();
            let error =
                Error::new(ErrorKind::Config, format!("no system or source is called `{to}`"));
            return Err(match nearest(to, known.iter().copied()) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => {
                    let known: Vec<&str> = known.into_iter().collect();
                    error.hint(format!("the store holds: {}", known.join(", ")))
                }
            });
        };
        let system = systems.get(first).unwrap_or(first);
        let mut imports = Import::all(catalog, system)?;
        if imports.is_empty() {
            let message = match catalog.no_import(system) {
                Some(reason) => format!("`{system}` takes no file of corrections: {reason}"),
                None => format!("no import format is known for `{system}`"),
            };
            return Err(Error::new(ErrorKind::Config, message).hint(
                "where there is one, state it as [[import]] in a kind of the system: \
                 docs/add-a-source.md says how",
            ));
        }
        let others: BTreeSet<&Arc<str>> = systems.values().filter(|one| *one != system).collect();
        for other in others {
            // A kind that is wrong must not stop the plans for others: it is told by its own.
            imports.extend(Import::all(catalog, other).unwrap_or_default());
        }
        let slots = imports.iter().flat_map(|import| &import.slots);
        let groups = slots.map(|slot| slot.group).collect();
        Ok(Self { sources, imports, groups })
    }
}

/// Entities that one thread looks at in one go.
const CHUNK: u32 = 512;
/// What the plan says of itself in its folder.
const PLAN_FILE: &str = "plan.json";

/// Works out what should change in a system (or one source of it) and writes it into a folder. Files
/// of an earlier plan there are removed first.
///
/// # Errors
/// The name is unknown, no import format is known for it, or reading or writing fails.
pub fn sync_plan(view: &View, catalog: &Catalog, to: &str, folder: &Path) -> Result<SyncPlan> {
    let targets = Targets::find(view, catalog, to)?;
    let versions = Ground { root: view.root(), catalog, opened: Mutex::new(None) };
    let judged = view.judged()?;
    let sources = targets.sources.iter().map(|source| range_of(view.results(), source));
    let records = sources.collect::<Result<_>>()?;
    let found = Look { view, targets: &targets, records, versions: &versions, judged }.all()?;
    let writer = Writer { view, versions: &versions, targets: &targets };
    writer.write(to, &found, folder)
}

/// The versions of records, opened when they are first needed.
struct Ground<'a> {
    root: &'a Path,
    catalog: &'a Catalog,
    opened: Mutex<Option<Arc<Versions>>>,
}

impl Ground<'_> {
    fn versions(&self) -> Result<Arc<Versions>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(versions) = &*opened {
            return Ok(Arc::clone(versions));
        }
        let versions = Arc::new(Versions::open(self.root, self.catalog)?);
        *opened = Some(Arc::clone(&versions));
        Ok(versions)
    }
}

/// Finds what should change.
struct Look<'a> {
    view: &'a View,
    targets: &'a Targets<'a>,
    /// The records of its sources.
    records: Vec<Range<u32>>,
    versions: &'a Ground<'a>,
    /// Pairs of records that were judged, sorted.
    judged: Vec<(u32, u32)>,
}

/// Most members of an entity whose own values are looked up: each pair of them is compared.
const MEMBERS: usize = 500;

/// What the records of an entity say by themselves.
struct Own {
    /// Sorted by key.
    witnesses: Vec<Witness>,
    /// A value a witness.
    values: Vec<NormalRecord>,
    /// Witnesses that a person judged to be one.
    judged: Vec<(u32, u32)>,
    /// Witnesses that their system made one.
    merged: Vec<(u32, u32)>,
}

impl Look<'_> {
    fn all(&self) -> Result<Found> {
        let entities = self.view.results().entities();
        let pieces: Result<Vec<Found>> = (0..entities.div_ceil(CHUNK))
            .into_par_iter()
            .map(|chunk| {
                let mut found = Found::default();
                for entity in chunk * CHUNK..entities.min((chunk + 1) * CHUNK) {
                    // A table of its own each: what others say must not move what is sure here.
                    found.extend(self.entity(entity)?);
                }
                Ok(found)
            })
            .collect();
        let mut all = Found::default();
        for piece in pieces? {
            all.extend(piece);
        }
        refuse_shared(self.view, self.targets, &mut all)?;
        Ok(all)
    }

    /// What is to change in an entity. What plans wrote must not make more of it sure than was sure
    /// without it.
    fn entity(&self, entity: u32) -> Result<Found> {
        let row = self.view.results().entity(entity)?;
        let is_target = |at: &u32| self.records.iter().any(|records| records.contains(at));
        if row.members.len() < 2 || !row.members.iter().any(is_target) {
            return Ok(Found::default());
        }
        let members = self.view.members(&row)?;
        let auto = self.view.results().summary().thresholds.auto;
        let auto = (auto / (1.0 - auto)).log2() as f32;
        let parts = match self.own(entity, &row, &members)? {
            Some(own) => own.parts(self.view, auto)?,
            None => sure_parts(&row.members, &row.steps, auto),
        };
        self.parts(&row, &members, &parts)
    }

    /// What the records of an entity say by themselves; `None` where the stored merges tell what is
    /// sure: of two records that took nothing over, and of too many. Records that were merged into
    /// members count as they stood before: with them whatever they spoke for would go.
    fn own(&self, entity: u32, row: &EntityRow, members: &[Member]) -> Result<Option<Own>> {
        let versions = self.versions.versions()?;
        let merged = self.merged(entity, members, &versions)?;
        if members.len() + merged.len() > MEMBERS {
            return Ok(None);
        }
        let mut witnesses = Vec::with_capacity(members.len() + merged.len());
        let mut survivors = Vec::with_capacity(merged.len());
        for (place, (member, ordinal)) in members.iter().zip(&row.members).enumerate() {
            let version = self.view.results().origin(*ordinal)?;
            witnesses.push(Witness::of_member(&versions, member, place, version)?);
        }
        let is_plain = members.len() == 2 && merged.is_empty();
        if is_plain && witnesses.iter().all(|witness| witness.history.len() == 1) {
            // The one step that there is compared just these two.
            return Ok(None);
        }
        for (key, Merged { survivor, file, said }) in merged {
            survivors.push((key.clone(), survivor));
            witnesses.push(Witness { key, file, history: said, member: None });
        }
        witnesses.sort_by(|a, b| a.key.cmp(&b.key));
        let place = |key: &RecordKey| {
            witnesses.binary_search_by(|witness| witness.key.cmp(key)).ok().map(|at| at as u32)
        };
        let judged = (self.judged_among(&row.members))
            .filter_map(|(a, b)| Some((place(&members[a].key)?, place(&members[b].key)?)))
            .collect();
        let merged = (survivors.iter())
            .filter_map(|(loser, survivor)| Some((place(loser)?, place(survivor)?)))
            .collect();
        let values = own_values(&mut witnesses);
        Ok(Some(Own { witnesses, values, judged, merged }))
    }

    /// Records that were merged into others of the entity, members or not, in their system.
    fn merged(
        &self,
        entity: u32,
        members: &[Member],
        versions: &Versions,
    ) -> Result<Vec<(RecordKey, Merged)>> {
        let mut merged = Vec::new();
        for alias in self.view.results().aliases(entity)? {
            let AliasKey::Record(key) = alias else { continue };
            if members.iter().any(|member| member.key.source == key.source)
                && !self.view.asks_erasure(&key)
                && let Some(found) = versions.before_merge(&key)?
            {
                merged.push((key, found));
            }
        }
        Ok(merged)
    }

    /// Places of members that a person judged to be one.
    fn judged_among(&self, members: &[u32]) -> impl Iterator<Item = (usize, usize)> {
        members.iter().enumerate().flat_map(move |(at, a)| {
            let start = self.judged.partition_point(|pair| pair.0 < *a);
            let of_a = self.judged[start..].iter().take_while(move |pair| pair.0 == *a);
            of_a.filter_map(move |(_, b)| Some((at, members.binary_search(b).ok()?)))
        })
    }

    /// Plans the parts of an entity, each by itself.
    fn parts(&self, row: &EntityRow, members: &[Member], parts: &[Vec<usize>]) -> Result<Found> {
        let mut found = Found { held_apart: u64::from(parts.len() > 1), ..Found::default() };
        for part in parts.iter().filter(|part| part.len() > 1) {
            let of: Cow<'_, [Member]> = match part.iter().copied().eq(0..members.len()) {
                true => members.into(),
                false => part.iter().map(|at| members[*at].clone()).collect(),
            };
            let ordinals: Vec<u32> = part.iter().map(|at| row.members[*at]).collect();
            let number = |ordinal: &u32| Ok(self.view.results().origin(*ordinal)?.0);
            let numbers: Vec<u64> = ordinals.iter().map(number).collect::<Result<_>>()?;
            let part = Part {
                targets: self.targets,
                versions: self.versions,
                policy: self.view.policy(),
                as_of: self.view.results().summary().as_of.map(Timestamp),
                entity: row.id,
                kind: row.kind,
                members: &of,
                ordinals: &ordinals,
                numbers: &numbers,
            };
            part.plan(&mut found)?;
        }
        Ok(found)
    }
}

impl Own {
    /// The members that surely belong together, by the merges that the witnesses lead to.
    fn parts(self, view: &View, auto: f32) -> Result<Vec<Vec<usize>>> {
        let records = self.witnesses.iter().zip(self.values);
        let records = records.map(|(w, values)| (&w.key, w.file, values)).collect();
        let mut steps = view.merges_among(records, &self.judged)?;
        // Their system made them one.
        let kind = StepKind::Judgement.code();
        let merged = self.merged.iter();
        steps.extend(merged.map(|(a, b)| StepRow { a: *a, b: *b, weight: f32::INFINITY, kind }));
        let all: Vec<u32> = (0..self.witnesses.len() as u32).collect();
        let parts = sure_parts(&all, &steps, auto).into_iter();
        let members = |part: Vec<usize>| {
            part.into_iter().filter_map(|at| self.witnesses[at].member).collect()
        };
        Ok(parts.map(members).filter(|part: &Vec<usize>| !part.is_empty()).collect())
    }
}

/// A changed cell as `changes.csv` tells it.
#[derive(Serialize)]
struct ChangeRow<'a> {
    source: &'a str,
    object: &'a str,
    record_id: &'a str,
    entity_id: String,
    column: &'a str,
    value_now: &'a str,
    value_new: &'a str,
    because: &'a str,
    rule: &'a str,
    from_source: &'a str,
    from_record: &'a str,
    observed_at: Option<&'a str>,
}

/// A refusal as `not_written.csv` tells it.
#[derive(Serialize)]
struct RefusalRow<'a> {
    source: &'a str,
    object: &'a str,
    record_id: &'a str,
    entity_id: String,
    column: &'a str,
    reason: &'a str,
}

/// A merge as `merges.csv` tells it.
#[derive(Serialize)]
struct MergeRow<'a> {
    source: &'a str,
    object: &'a str,
    survivor: &'a str,
    loser: &'a str,
    entity_id: String,
}

/// By source and place of the import.
type ByImport<T> = BTreeMap<(Arc<str>, usize), Vec<T>>;

struct Writer<'a> {
    view: &'a View,
    versions: &'a Ground<'a>,
    targets: &'a Targets<'a>,
}

impl Writer<'_> {
    fn key(&self, member: u32) -> Result<RecordKey> {
        self.view.results().key(member)
    }

    fn write(&self, to: &str, found: &Found, folder: &Path) -> Result<SyncPlan> {
        let loops = self.loops(&found.replacements)?;
        std::fs::create_dir_all(folder)
            .map_err(|e| Error::io(folder, e).hint("give --out a folder that you may write to"))?;
        clear(folder)?;
        let mut out = Folder { path: folder, files: Vec::new() };
        self.imports(&found.rows, &mut out)?;
        self.merges(&found.merges, &mut out)?;
        self.changes(&found.rows, &mut out)?;
        self.refusals(&found.refusals, &mut out)?;
        out.table("loops.csv", &loops)?;
        let mut reasons: BTreeMap<&str, u64> = BTreeMap::new();
        for refusal in &found.refusals {
            *reasons.entry(&refusal.reason).or_default() += 1;
        }
        let plan = SyncPlan {
            to: to.to_owned(),
            sources: self.targets.sources.iter().map(ToString::to_string).collect(),
            records: found.rows.iter().map(|row| row.member).collect::<BTreeSet<_>>().len() as u64,
            changes: found.rows.iter().map(|row| row.changes.len() as u64).sum(),
            merged: found.merges.iter().map(|merge| merge.members.len() as u64 - 1).sum(),
            held_apart: found.held_apart,
            not_written: reasons
                .into_iter()
                .map(|(reason, records)| NotWritten { reason: reason.to_owned(), records })
                .collect(),
            loops,
            files: out.files,
        };
        let text = serde_json::to_vec_pretty(&plan)
            .map_err(|e| Error::new(ErrorKind::Io, e.to_string()))?;
        super::write_file(folder, PLAN_FILE, |out| {
            out.write_all(&text).map_err(|e| Error::new(ErrorKind::Io, e.to_string()))
        })?;
        Ok(plan)
    }

    /// Import files, source by source.
    fn imports(&self, rows: &[PlannedRow], out: &mut Folder<'_>) -> Result<()> {
        let mut by: ByImport<(RecordKey, &PlannedRow)> = BTreeMap::new();
        for row in rows {
            let key = self.key(row.member)?;
            by.entry((Arc::clone(&key.source), row.import)).or_default().push((key, row));
        }
        for ((source, import), mut rows) in by {
            rows.sort_by(|a, b| a.0.cmp(&b.0));
            let import = &self.targets.imports[import];
            let rows: Vec<(&PlannedRow, &RecordKey)> =
                rows.iter().map(|(key, row)| (*row, key)).collect();
            out.import(&stem(&source, import), import, &rows)?;
        }
        Ok(())
    }

    fn merges(&self, merges: &[PlannedMerge], out: &mut Folder<'_>) -> Result<()> {
        let mut by: ByImport<(Vec<RecordKey>, &PlannedMerge)> = BTreeMap::new();
        for merge in merges {
            let keys: Vec<RecordKey> =
                merge.members.iter().map(|member| self.key(*member)).collect::<Result<_>>()?;
            by.entry((Arc::clone(&keys[0].source), merge.import)).or_default().push((keys, merge));
        }
        let mut all: Vec<&(Vec<RecordKey>, &PlannedMerge)> = by.values().flatten().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        let pairs = all.iter().flat_map(|(keys, merge)| {
            keys.iter().skip(1).map(|loser| MergeRow {
                source: &keys[0].source,
                object: &keys[0].object,
                survivor: &keys[0].id,
                loser: &loser.id,
                entity_id: merge.entity.to_string(),
            })
        });
        out.table("merges.csv", &pairs.collect::<Vec<_>>())?;
        for ((source, import), mut merges) in by {
            merges.sort_by(|a, b| a.0.cmp(&b.0));
            let import = &self.targets.imports[import];
            let merges: Vec<(&PlannedMerge, Vec<&RecordKey>)> =
                merges.iter().map(|(keys, merge)| (*merge, keys.iter().collect())).collect();
            out.merges(&stem(&source, import), import, &merges)?;
        }
        Ok(())
    }

    fn changes(&self, rows: &[PlannedRow], out: &mut Folder<'_>) -> Result<()> {
        let mut keyed: Vec<(RecordKey, &PlannedRow)> =
            rows.iter().map(|row| Ok((self.key(row.member)?, row))).collect::<Result<_>>()?;
        keyed.sort_by(|a, b| (&a.0, a.1.import).cmp(&(&b.0, b.1.import)));
        let mut table = Vec::new();
        for (key, row) in &keyed {
            let import = &self.targets.imports[row.import];
            table.extend(row.changes.iter().map(|change| ChangeRow {
                source: &key.source,
                object: &key.object,
                record_id: &key.id,
                entity_id: row.entity.to_string(),
                column: &import.slots[change.column].column.name,
                value_now: &change.now,
                value_new: &change.new,
                because: change.because,
                rule: change.from.rule,
                from_source: &change.from.source,
                from_record: &change.from.record,
                observed_at: change.from.observed_at.as_deref(),
            }));
        }
        out.table("changes.csv", &table)
    }

    fn refusals(&self, refusals: &[Refusal], out: &mut Folder<'_>) -> Result<()> {
        let mut keyed: Vec<(RecordKey, &Refusal)> =
            refusals.iter().map(|r| Ok((self.key(r.member)?, r))).collect::<Result<_>>()?;
        keyed.sort_by(|a, b| (&a.0, a.1.import, &a.1.column).cmp(&(&b.0, b.1.import, &b.1.column)));
        let table: Vec<RefusalRow<'_>> = (keyed.iter())
            .map(|(key, refusal)| RefusalRow {
                source: &key.source,
                object: &key.object,
                record_id: &key.id,
                entity_id: refusal.entity.to_string(),
                column: &refusal.column,
                reason: &refusal.reason,
            })
            .collect();
        out.table("not_written.csv", &table)
    }

    /// Replacements that were made before and undone since: the record's versions in ground say what
    /// stands there now, then what is wanted, then again what stands there now.
    fn loops(&self, replacements: &[Replacement]) -> Result<Vec<SyncLoop>> {
        if replacements.is_empty() {
            return Ok(Vec::new());
        }
        let versions = self.versions.versions()?;
        // There and back again takes three.
        if versions.files() < 3 {
            return Ok(Vec::new());
        }
        let found: Vec<Option<(RecordKey, SyncLoop)>> = replacements
            .par_iter()
            .map(|replacement| {
                let key = self.key(replacement.member)?;
                let system = self.view.systems().get(&key.source).unwrap_or(&key.source);
                let mut said = Vec::new();
                for (_, normal) in versions.of(&key)? {
                    let member = Member { key: key.clone(), system: Arc::clone(system), normal };
                    let own = stated(&member, &replacement.group).into_iter();
                    said.extend(own.filter(|(label, _)| *label == replacement.label).take(1));
                }
                let times = times_undone(
                    said.iter().map(|(_, canonical)| canonical.as_str()),
                    &replacement.now.0,
                    &replacement.wanted.0,
                );
                Ok((times > 0).then(|| {
                    let held_by = match replacement.held_by.as_slice() {
                        [] => key.to_string(),
                        others => others.join(";"),
                    };
                    let found = SyncLoop {
                        record: key.to_string(),
                        entity_id: replacement.entity.to_string(),
                        field: replacement.group.clone(),
                        value_now: replacement.now.1.clone(),
                        held_by,
                        value_wanted: replacement.wanted.1.clone(),
                        wanted_by: replacement.wanted_by.clone(),
                        times,
                    };
                    (key, found)
                }))
            })
            .collect::<Result<_>>()?;
        let mut found: Vec<(RecordKey, SyncLoop)> = found.into_iter().flatten().collect();
        found.sort_by(|a, b| (&a.0, &a.1.field).cmp(&(&b.0, &b.1.field)));
        found.dedup_by(|a, b| a.0 == b.0 && a.1.field == b.1.field);
        Ok(found.into_iter().map(|(_, found)| found).collect())
    }
}

/// How often a value went from `now` to `wanted` and back.
fn times_undone<'a>(said: impl Iterator<Item = &'a str>, now: &str, wanted: &str) -> u64 {
    let (mut times, mut waits) = (0, None);
    for value in said {
        match waits {
            None if value == now => waits = Some(false),
            Some(false) if value == wanted => waits = Some(true),
            Some(true) if value == now => {
                times += 1;
                waits = Some(false);
            }
            _ => {}
        }
    }
    times
}

/// What the files of a source and import are called.
fn stem(source: &str, import: &Import<'_>) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' };
    format!("{}-{}", source.chars().map(plain).collect::<String>(), import.spec.name)
}

/// Removes the files that an earlier plan left in the folder.
fn clear(folder: &Path) -> Result<()> {
    let place = folder.join(PLAN_FILE);
    let Ok(text) = std::fs::read(&place) else { return Ok(()) };
    let Ok(plan) = serde_json::from_slice::<SyncPlan>(&text) else {
        return Err(Error::new(ErrorKind::Config, "is no plan of sameas")
            .at(place.display())
            .hint("give --out another folder"));
    };
    for file in plan.files {
        let is_name =
            Path::new(&file.name).components().count() == 1 && !file.name.starts_with("..");
        let path = folder.join(&file.name);
        if is_name && path.is_file() {
            std::fs::remove_file(&path).map_err(|e| Error::io(&path, e))?;
        }
    }
    std::fs::remove_file(&place).map_err(|e| Error::io(&place, e))
}

#[cfg(test)]
mod tests {
    use super::times_undone;

    #[test]
    fn a_loop_goes_there_and_back_again() {
        for (said, times) in
            [("b", 0), ("a b", 0), ("b a b", 1), ("c b b a c b", 1), ("b a b a b", 2), ("a b a", 0)]
        {
            assert_eq!(times_undone(said.split(' '), "b", "a"), times, "{said}");
        }
    }
}
