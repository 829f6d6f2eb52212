//! From ground to results: records → candidates → scores → clusters → ids → snapshot.

use std::time::Instant;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::engine::{Engine, peak_memory};
use super::intake::rule_of;
use super::records::LiveRecords;
use super::resolve::{Decisions, Records, Resolution, resolve};
use super::types::{Progress, RebuildOptions, RebuildReport, Stability};
use crate::blocking::{Blocks, BlocksBuilder, RULES};
use crate::clustering::{Identities, LedgerState, StepKind, identify};
use crate::compare::Table;
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    EntityKind, LedgerEvent, NormalRecord, RecordKey, ScoredPair, Timestamp, Verdict,
};
use crate::scoring::Model;
use crate::store::founding_id;
use crate::store::results::{AliasKey, EntityRow, RecordRow, ResultsWriter, RunSummary, StepRow};
use crate::survivorship::FieldNames;

/// Records written to the snapshot at a time.
const PIECE: u32 = 4096;
/// A mailbox or phone of more records than this is worth a warning.
const SHARED: u32 = 25;

/// What the snapshot keeps of a run beside its results.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct RunFacts {
    pub(super) timings: Vec<(String, f64)>,
    pub(super) peak_memory: Option<u64>,
    /// System by source.
    pub(super) systems: Vec<(String, String)>,
    /// Pairs judged same or different, by ordinal.
    pub(super) judged: Vec<(u32, u32)>,
    pub(super) cap: u64,
    /// Names of the fields of golden records.
    pub(super) fields: Vec<String>,
}

impl Engine {
    /// Works the results out anew and replaces the last.
    ///
    /// # Errors
    /// Writing fails, or `max_changed` refuses.
    pub fn rebuild(
        &mut self,
        options: RebuildOptions,
        progress: &dyn Progress,
    ) -> Result<RebuildReport> {
        let mut clock = Clock::new(progress);
        clock.stage("records");
        let records = {
            let Self { store, catalog, pool, .. } = self;
            pool.install(|| LiveRecords::load(store, catalog, &|n| progress.advance(n)))?
        };
        self.catch_up_index(&records)?;
        let model = match (options.retrain, self.store.latest_model()?) {
            (false, Some((_, bytes))) => Some(Model::from_bytes(&bytes)?),
            _ => None,
        };
        let trained = model.is_none();
        let decisions = self.decisions(&records)?;
        let thresholds = self.options.config.thresholds;
        let resolution = {
            let Self { index, pool, .. } = self;
            let block = |table: &Table, cap: usize| blocks(index, &records, table, cap);
            pool.install(|| {
                resolve(&records, model, &decisions, &thresholds, &block, &mut |name| {
                    clock.stage(name);
                })
            })?
        };
        clock.stage("identities");
        let clusters = clusters_of(&resolution);
        let state = self.ledger_state()?;
        let identities = identify(&state, &clusters, &records.keys, founding_id);
        let stability = stability(&identities);
        let changed = 1.0 - stability.unchanged_share;
        if let Some(limit) = options.max_changed
            && identities.known > 0
            && changed > limit
        {
            return Err(Error::new(
                ErrorKind::Refused,
                format!(
                    "{:.2}% of the records would change their entity, more than the {:.2}% allowed",
                    changed * 100.0,
                    limit * 100.0
                ),
            )
            .hint("nothing was replaced; look at the reasons, then raise --max-changed"));
        }
        clock.stage("results");
        let run = self.store.begin_run()?;
        let model_hash = resolution.model.hash()?;
        if trained {
            self.store.add_model(&model_hash, &resolution.model.to_bytes()?)?;
        }
        let config = self.options.config.resolved_text();
        self.store.add_config(&self.options.config.hash(), &config)?;
        let mut summary = self.summary(run, &records, &resolution, &clusters, model_hash)?;
        let path = self.store.results_path(run);
        let written = {
            let Self { pool, options, .. } = self;
            pool.install(|| {
                let state = &state;
                Writing {
                    records: &records,
                    resolution: &resolution,
                    clusters: &clusters,
                    identities: &identities,
                    state,
                    decisions: &decisions,
                    as_of: options.as_of,
                }
                .write(&path, &mut summary, &mut clock)
            })
        };
        written?;
        let events: Vec<LedgerEvent> = identities
            .changes
            .into_iter()
            .map(|change| LedgerEvent {
                sequence: 0,
                run,
                cause: cause(trained).to_owned(),
                change,
            })
            .collect();
        if !events.is_empty() {
            self.store.append_ledger(&events)?;
        }
        self.store.publish_results(&path)?;
        Ok(RebuildReport {
            run,
            summary,
            timings: clock.finish(),
            peak_memory: peak_memory().unwrap_or(0),
            stability,
        })
    }

    /// Adds the keys of live records that the index lacks: after damage, or under another version.
    fn catch_up_index(&mut self, records: &LiveRecords) -> Result<()> {
        let files = self.store.manifests()?.len() as u64;
        if self.index.sequence() == Some(files) {
            return Ok(());
        }
        self.index.clear()?;
        let Self { index, pool, .. } = self;
        let mut from = 0;
        while from < records.len() {
            let to = records.len().min(from + 65_536);
            let keys: Result<Vec<Vec<u64>>> = pool.install(|| {
                let index = &*index;
                (from..to)
                    .into_par_iter()
                    .map_init(Vec::new, |keys, at| {
                        let generic = records.origin(at).generic;
                        crate::blocking::keys_of(&records.normal(at)?, generic, keys);
                        Ok(keys.iter().map(|key| super::intake::index_key(index, *key)).collect())
                    })
                    .collect()
            });
            for (at, keys) in (from..to).zip(keys?) {
                index.add(records.numbers[at as usize], &keys)?;
            }
            from = to;
        }
        self.index.commit(files)
    }

    /// The judgements in force, on live records.
    fn decisions(&self, records: &LiveRecords) -> Result<Decisions> {
        let mut last: FxHashMap<(RecordKey, RecordKey), Verdict> = FxHashMap::default();
        for judgement in self.store.judgements()? {
            last.insert((judgement.a, judgement.b), judgement.verdict);
        }
        let mut out = Decisions::default();
        for ((a, b), verdict) in last {
            let (Some(a), Some(b)) = (records.find(&a), records.find(&b)) else { continue };
            let pair = (a.min(b), a.max(b));
            match verdict {
                Verdict::Same => out.same.push(pair),
                Verdict::Different => out.different.push(pair),
                Verdict::Unsure | Verdict::Withdrawn => {}
            }
        }
        out.same.sort_unstable();
        out.different.sort_unstable();
        Ok(out)
    }

    fn ledger_state(&self) -> Result<LedgerState> {
        let mut state = LedgerState::default();
        for event in self.store.ledger()? {
            state.apply(&event.change);
        }
        Ok(state)
    }

    fn summary(
        &self,
        run: u32,
        records: &LiveRecords,
        resolution: &Resolution,
        clusters: &[Vec<u32>],
        model_hash: String,
    ) -> Result<RunSummary> {
        let mut live: FxHashMap<u32, u64> = FxHashMap::default();
        for file in &records.files {
            *live.entry(*file).or_insert(0) += 1;
        }
        let mut files = self.store.manifests()?;
        files.retain(|m| live.contains_key(&m.file));
        for manifest in &mut files {
            manifest.records = live.get(&manifest.file).copied().unwrap_or(0);
        }
        let statistics = &resolution.blocks.statistics;
        Ok(RunSummary {
            run,
            ground: self.store.ground_sequence()?,
            records: u64::from(records.len()),
            entities: clusters.len() as u64,
            merged_entities: clusters.iter().filter(|c| c.len() > 1).count() as u64,
            deleted: (records.deleted.len() + records.aliases.len()) as u64,
            pairs_scored: resolution.pairs_scored,
            pairs_left_out: statistics.pairs_left_out.iter().sum(),
            blocking_recall_estimate: resolution.blocking_recall,
            thresholds: self.options.config.thresholds,
            model_hash,
            config_hash: self.options.config.hash(),
            as_of: None,
            warnings: warnings(resolution),
            blocks_left_out: statistics
                .largest
                .iter()
                .take(20)
                .map(|(rule, n)| (RULES[usize::from(*rule)].name.to_owned(), *n))
                .collect(),
            files,
        })
    }
}

const fn cause(trained: bool) -> &'static str {
    if trained { "model" } else { "records" }
}

fn stability(identities: &Identities) -> Stability {
    use crate::model::LedgerChange as Change;
    let count = |f: fn(&Change) -> bool| identities.changes.iter().filter(|c| f(c)).count() as u64;
    Stability {
        unchanged_share: if identities.known == 0 {
            1.0
        } else {
            identities.unchanged as f64 / identities.known as f64
        },
        created: count(|c| matches!(c, Change::Created { .. })),
        merged: count(|c| matches!(c, Change::Merged { .. })),
        split: count(|c| matches!(c, Change::Split { .. })),
    }
}

/// Members of each cluster, ascending; clusters by their first member.
fn clusters_of(resolution: &Resolution) -> Vec<Vec<u32>> {
    let mut at: FxHashMap<u32, usize> = FxHashMap::default();
    let mut clusters: Vec<Vec<u32>> = Vec::new();
    for (record, root) in resolution.clustering.root.iter().enumerate() {
        let slot = *at.entry(*root).or_insert_with(|| {
            clusters.push(Vec::new());
            clusters.len() - 1
        });
        clusters[slot].push(record as u32);
    }
    clusters
}

/// Blocks by walking the postings of the index.
fn blocks(
    index: &crate::blocking::index::BlockIndex,
    records: &LiveRecords,
    table: &Table,
    cap: usize,
) -> Result<Blocks> {
    let highest = records.numbers.iter().copied().max().map_or(0, |n| n as usize + 1);
    let mut ordinal_of = vec![u32::MAX; highest];
    for (ordinal, number) in records.numbers.iter().enumerate() {
        ordinal_of[*number as usize] = ordinal as u32;
    }
    let mut builder = BlocksBuilder::new(table, cap);
    let mut members: Vec<u32> = Vec::new();
    index.walk(|key, numbers| {
        members.clear();
        let known = numbers.iter().filter_map(|n| ordinal_of.get(*n as usize));
        members.extend(known.filter(|o| **o != u32::MAX));
        members.sort_unstable();
        builder.group(rule_of(key), &members);
        Ok(())
    })?;
    Ok(builder.finish())
}

fn warnings(resolution: &Resolution) -> Vec<String> {
    let t = &resolution.table;
    let mut out = Vec::new();
    let many = |counts: &crate::compare::Counts| counts.of.iter().filter(|n| **n >= SHARED).count();
    for (what, n) in
        [("mail addresses", many(&t.counts.email)), ("phone numbers", many(&t.counts.phone))]
    {
        if n > 0 {
            out.push(format!(
                "{n} {what} stand in {SHARED} records or more: shared mailboxes, switchboards or \
                 placeholders; they weigh little"
            ));
        }
    }
    let left: u64 = resolution.blocks.statistics.left_out.iter().sum();
    if left > 0 {
        out.push(format!(
            "{left} blocks of records that share only a common key were left out (more than {} \
             records each); pairs that share nothing else cannot be decided",
            resolution.cap
        ));
    }
    for (a, b) in resolution.clustering.contradictions.iter().take(20) {
        out.push(format!(
            "judgements contradict each other: records {a} and {b} are judged the same, but other \
             judgements keep them apart"
        ));
    }
    out
}

struct Clock<'a> {
    progress: &'a dyn Progress,
    timings: Vec<(String, f64)>,
    current: Option<(String, Instant)>,
}

impl<'a> Clock<'a> {
    fn new(progress: &'a dyn Progress) -> Self {
        Self { progress, timings: Vec::new(), current: None }
    }

    fn stage(&mut self, name: &str) {
        self.end();
        self.progress.stage(name, None);
        self.current = Some((name.to_owned(), Instant::now()));
    }

    fn end(&mut self) {
        if let Some((name, start)) = self.current.take() {
            tracing::debug!(stage = name, seconds = start.elapsed().as_secs_f64());
            self.timings.push((name, start.elapsed().as_secs_f64()));
        }
    }

    fn finish(mut self) -> Vec<(String, f64)> {
        self.end();
        self.progress.finish();
        self.timings
    }
}

struct Writing<'a> {
    records: &'a LiveRecords,
    resolution: &'a Resolution,
    clusters: &'a [Vec<u32>],
    identities: &'a Identities,
    state: &'a LedgerState,
    decisions: &'a Decisions,
    as_of: Option<Timestamp>,
}

impl Writing<'_> {
    fn write(
        &self,
        path: &std::path::Path,
        summary: &mut RunSummary,
        clock: &mut Clock<'_>,
    ) -> Result<()> {
        let mut out = ResultsWriter::create(path)?;
        let mut newest: Option<Timestamp> = None;
        let mut employers: Vec<(u32, u32)> = Vec::new();
        let mut fields = FieldNames::default();
        let links = self.own_ids();
        let mut from = 0;
        while from < self.records.len() {
            let to = self.records.len().min(from + PIECE);
            let normals: Result<Vec<NormalRecord>> =
                (from..to).into_par_iter().map(|at| self.records.normal(at)).collect();
            let normals = normals?;
            let rows: Vec<RecordRow<'_>> = (from..to)
                .zip(&normals)
                .map(|(at, normal)| RecordRow {
                    key: &self.records.keys[at as usize],
                    store_record: self.records.numbers[at as usize],
                    file: self.records.files[at as usize],
                    normal,
                })
                .collect();
            out.records(&rows)?;
            let stated = rows.par_chunks(256).map(|rows| {
                let mut fields = FieldNames::default();
                rows.iter().for_each(|row| fields.add(row.key, row.normal));
                fields
            });
            fields = fields.merge(stated.reduce(FieldNames::default, FieldNames::merge));
            for (at, normal) in (from..to).zip(&normals) {
                newest = newest.max(normal.updated_at).max(normal.created_at);
                for id in &normal.organization_ids {
                    let name = format!("{}/{}/{}", id.system, id.object, id.id);
                    let link = self.resolution.table.link.find(&name);
                    if let Some(other) = link.and_then(|link| links.get(&link)) {
                        employers.push((at, *other));
                    }
                }
            }
            from = to;
        }
        summary.as_of = self.as_of.or(newest).map(|t| t.0);
        let entity_of = self.entity_of();
        self.entities(&mut out, &entity_of, &employers)?;
        self.pairs(&mut out)?;
        self.aliases(&mut out, &entity_of)?;
        let facts = RunFacts {
            timings: clock.timings.clone(),
            peak_memory: peak_memory(),
            systems: self
                .records
                .systems
                .iter()
                .map(|(source, system)| (source.to_string(), system.to_string()))
                .collect(),
            judged: {
                let mut judged = self.decisions.same.clone();
                judged.extend(&self.decisions.different);
                judged.sort_unstable();
                judged.dedup();
                judged
            },
            cap: self.resolution.cap as u64,
            fields: fields.names(),
        };
        let bytes = serde_json::to_vec(&facts).map_err(|e| {
            Error::new(ErrorKind::Io, format!("cannot encode the run's facts: {e}"))
        })?;
        out.blob("run", &bytes)?;
        out.blob("model", &self.resolution.model.to_bytes()?)?;
        out.finish(summary)
    }

    fn entity_of(&self) -> Vec<u32> {
        let mut out = vec![0; self.records.len() as usize];
        for (at, members) in self.clusters.iter().enumerate() {
            for member in members {
                out[*member as usize] = at as u32;
            }
        }
        out
    }

    /// Records by their own ids: what an employee's record names.
    fn own_ids(&self) -> FxHashMap<u32, u32> {
        let table = &self.resolution.table;
        let mut out = FxHashMap::default();
        for record in 0..table.len() {
            for link in table.links.get(record).iter().filter(|link| link.own) {
                out.entry(link.link).or_insert(record);
            }
        }
        out
    }

    fn entities(
        &self,
        out: &mut ResultsWriter,
        entity_of: &[u32],
        employers: &[(u32, u32)],
    ) -> Result<()> {
        let mut steps: FxHashMap<u32, Vec<StepRow>> = FxHashMap::default();
        for (root, step) in &self.resolution.clustering.steps {
            steps.entry(*root).or_default().push(StepRow {
                a: step.a,
                b: step.b,
                weight: (step.score / std::f32::consts::LN_2).min(1000.0),
                kind: match step.kind {
                    StepKind::Record => 0,
                    StepKind::Cluster => 1,
                    StepKind::Judgement => 2,
                },
            });
        }
        let mut relations: FxHashMap<u32, FxHashSet<(&'static str, u32)>> = FxHashMap::default();
        for (person, organization) in employers {
            let (p, o) = (entity_of[*person as usize], entity_of[*organization as usize]);
            if p != o {
                relations.entry(p).or_default().insert(("employer", o));
                relations.entry(o).or_default().insert(("employee", p));
            }
        }
        for (a, b) in &self.resolution.relatives {
            let (p, o) = (entity_of[*a as usize], entity_of[*b as usize]);
            if p != o {
                relations.entry(p).or_default().insert(("household", o));
                relations.entry(o).or_default().insert(("household", p));
            }
        }
        for (at, members) in self.clusters.iter().enumerate() {
            let kinds = members.iter().map(|m| self.resolution.table.kind[*m as usize]);
            let mut related: Vec<(String, u32)> = relations
                .remove(&(at as u32))
                .unwrap_or_default()
                .into_iter()
                .map(|(kind, entity)| (kind.to_owned(), entity))
                .collect();
            related.sort();
            out.entity(&EntityRow {
                id: self.identities.ids[at],
                kind: kinds.max_by_key(|k| *k != EntityKind::Unknown).unwrap_or_default(),
                members: members.clone(),
                steps: steps.remove(&members[0]).unwrap_or_default(),
                relations: related,
                suspicions: Vec::new(),
            })?;
        }
        Ok(())
    }

    fn pairs(&self, out: &mut ResultsWriter) -> Result<()> {
        let review = self.resolution.model_review();
        for (edge, levels) in self.resolution.edges.iter().zip(&self.resolution.levels) {
            let joined = self.resolution.clustering.root[edge.a as usize]
                == self.resolution.clustering.root[edge.b as usize];
            if joined || edge.score >= review {
                let weight = edge.score / std::f32::consts::LN_2;
                out.pair(ScoredPair { a: edge.a, b: edge.b, weight }, *levels)?;
            }
        }
        Ok(())
    }

    fn aliases(&self, out: &mut ResultsWriter, entity_of: &[u32]) -> Result<()> {
        let at: FxHashMap<_, u32> =
            self.identities.ids.iter().enumerate().map(|(at, id)| (*id, at as u32)).collect();
        let mut state = self.state.clone();
        for change in &self.identities.changes {
            state.apply(change);
        }
        let mut ended: Vec<_> = state.ended.keys().copied().collect();
        ended.sort_unstable();
        for id in ended {
            if let Some(entity) = state.resolve(id).and_then(|live| at.get(&live)) {
                out.alias(AliasKey::Entity(id), *entity)?;
            }
        }
        let mut gone: FxHashMap<&RecordKey, u32> = FxHashMap::default();
        for (key, normal) in &self.records.deleted {
            if let Some(record) = self.resolution.last_known(normal) {
                gone.insert(key, entity_of[record as usize]);
            }
        }
        // A loser may itself have won an earlier merge: follow the chain.
        let survivors: FxHashMap<&RecordKey, &RecordKey> =
            self.records.aliases.iter().map(|(loser, survivor)| (loser, survivor)).collect();
        for (loser, survivor) in &self.records.aliases {
            let mut key = survivor;
            for _ in 0..survivors.len() {
                match survivors.get(key) {
                    Some(next) => key = next,
                    None => break,
                }
            }
            let entity = self.records.find(key).map(|r| entity_of[r as usize]);
            if let Some(entity) = entity.or_else(|| gone.get(key).copied()) {
                out.alias(AliasKey::Record(loser.clone()), entity)?;
            }
        }
        for (key, _) in &self.records.deleted {
            if let Some(entity) = gone.get(key) {
                out.alias(AliasKey::Record(key.clone()), *entity)?;
            }
        }
        Ok(())
    }
}
