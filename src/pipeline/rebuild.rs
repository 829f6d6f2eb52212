//! From ground to results: records → candidates → scores → clusters → ids → snapshot.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::again;
use super::blocks::candidates;
use super::earlier::Standing;
use super::engine::{Engine, memory_in_use, peak_memory, processor_time};
use super::erasure::ErasureRequest;
use super::findings::{Findings, SHARED};
use super::memory::Memory;
use super::records::{LiveRecords, filled_for, reading};
use super::resolve::{Decisions, Records, Resolution, resolve};
use super::snapshot::Writing;
use super::survey::Survey;
use super::types::{Progress, RebuildOptions, RebuildReport, StageTime};
use super::values::PIECE;
use super::work::{Resolved, Work};
use crate::blocking::{LARGEST_TOLD, RULES};
use crate::clustering::{Contradiction, LedgerState, contradictions, judgements_in_force};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{BlockLimits, Judgement, Method, NormalRecord, RecordKey, Verdict};
use crate::scoring::{Model, retrain_due};
use crate::store::Store;
use crate::store::results::{Results, RunSummary};

/// Contradictions among judgements that are told one by one.
const CONTRADICTIONS_SHOWN: usize = 20;

/// What the snapshot keeps of a run beside its results.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub(super) struct RunFacts {
    pub(super) timings: Vec<StageTime>,
    pub(super) peak_memory: Option<u64>,
    /// System by source.
    pub(super) systems: Vec<(String, String)>,
    /// Pairs judged same or different, by ordinal.
    pub(super) judged: Vec<(u32, u32)>,
    /// How canonical values were read, as of `records::reading`.
    pub(super) reading: u64,
    /// Which numbers the records of ground had, as of `Store::numbering`.
    pub(super) numbering: u64,
    /// How pairs were weighed and clusters made, as of `scoring::VERSION`.
    pub(super) scored_as: String,
    /// Names of the fields of golden records.
    pub(super) fields: Vec<String>,
    /// Files in ground when the run began.
    pub(super) files: u32,
    /// Judgements in ground when the run began.
    pub(super) judgements: u64,
    /// Live records by source, and the newest file that one comes from.
    pub(super) sources: Vec<(String, u64, u32)>,
    /// Records that their systems want erased.
    pub(super) erasures: Vec<ErasureRequest>,
}

impl RunFacts {
    /// What a snapshot keeps of its run.
    pub(super) fn read(results: &Results) -> Result<Self> {
        let damaged =
            || Error::new(ErrorKind::Corrupted, "the results lack the facts of their run");
        let bytes = results.blob("run")?.ok_or_else(damaged)?;
        serde_json::from_slice(&bytes).map_err(|_| damaged())
    }

    /// Whether the numbers of records in the snapshot are those of ground now.
    ///
    /// # Errors
    /// Ground is damaged or unreadable.
    pub(super) fn numbered_as(&self, store: &Store) -> Result<bool> {
        Ok(self.numbering == store.numbering(self.files as usize)?)
    }
}

/// The sources that the live records of a snapshot come from.
///
/// # Errors
/// Damaged or unreadable.
pub fn sources(results: &Results) -> Result<BTreeSet<String>> {
    let facts = RunFacts::read(results)?;
    let of_files = results.summary().files.iter().map(|file| file.source.to_string());
    let own = facts.sources.into_iter().map(|(source, _, _)| source);
    // A file's source may have lost all its records, and is known for all that.
    Ok(own.chain(of_files).collect())
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
        /// Bytes that a record takes in the results, with its share of pairs and events (256), and in
        /// the files of canonical values and of candidate pairs (some 300) while the run works.
        const ROOM_PER_RECORD: u64 = 1_300;
        let stored = self.store.records()?;
        self.store.ask_for_room(stored * ROOM_PER_RECORD)?;
        let plan = Memory::new(self.options.max_memory).plan(stored, self.row_bytes()?)?;
        progress.message(&plan);
        let mut clock = Clock::new(progress);
        let mut work = self.work_out(&options, &mut clock)?;
        work.allowed(&options)?;
        clock.stage("results");
        let run = self.store.begin_run()?;
        if work.trained {
            self.store.add_model(&work.basis.model, &work.resolution.model.to_bytes()?)?;
        }
        let config = self.options.config.resolved_text();
        self.store.add_config(&work.basis.config, &config)?;
        let path = self.store.results_path(run);
        let summary = self.write_results(&work, run, &path, &mut clock)?;
        let changes = self.changes(&mut work, &path, progress)?;
        let (cause, beginning) = Self::beginning(&work, run, &options, &changes);
        let beginning = [(cause, beginning)];
        let named = |number: &u32| work.records.key(*number);
        let changes = beginning.iter().chain(&changes);
        let changes = changes.map(|(cause, change)| (*cause, change.naming(named)));
        self.store.append_changes(run, changes)?;
        self.store.publish_results(&path)?;
        Ok(RebuildReport {
            run,
            summary,
            timings: clock.finish(),
            peak_memory: peak_memory().unwrap_or(0),
            stability: work.stability,
            redone: work.redone,
            contradictions: work.contradictions,
        })
    }

    /// Bytes that a row takes in its file, on the average.
    fn row_bytes(&self) -> Result<f64> {
        let files = self.store.files()?;
        let bytes: u64 = files.iter().map(|file| file.archived.bytes).sum();
        let rows: u64 = files.iter().map(|file| file.manifest.rows).sum();
        Ok(bytes as f64 / rows.max(1) as f64)
    }

    /// Works everything out and writes nothing. Damage to the last results is no reason to stop.
    pub(super) fn work_out(
        &mut self,
        options: &RebuildOptions,
        clock: &mut Clock<'_>,
    ) -> Result<Work> {
        match self.work_out_from_last(options, clock) {
            Err(error) if error.kind() == ErrorKind::Corrupted && !options.full => {
                clock.progress.message(&format!("{error}: all is worked out anew"));
                let options = RebuildOptions { full: true, ..options.clone() };
                self.work_out_from_last(&options, clock)
            }
            worked_out => worked_out,
        }
    }

    fn work_out_from_last(
        &mut self,
        options: &RebuildOptions,
        clock: &mut Clock<'_>,
    ) -> Result<Work> {
        clock.stage("records");
        let fresh = std::mem::take(&mut self.fresh);
        let previous =
            if options.full { None } else { self.store.current_results().ok().flatten() };
        let previous = previous.map(Arc::new);
        let (records, state) = {
            let Self { store, catalog, pool, .. } = &*self;
            let advance = |n| clock.progress.advance(n);
            let load = || LiveRecords::load(store, catalog, fresh, previous.as_ref(), &advance);
            // One thread follows the ledger's events, in order.
            pool.install(|| rayon::join(load, || self.settled_ledger()))
        };
        let (records, state) = (records?, state?);
        self.catch_up_index(&records)?;
        let model = if options.retrain { None } else { self.model_in_force(&state)? };
        let trained = model.is_none();
        let decided = decide(self.store.judgements()?, &records);
        let Self { index, pool, .. } = &*self;
        let thresholds = self.options.config.thresholds;
        let standing = match (&previous, &model) {
            (Some(results), Some(model)) if records.read_alike => {
                pool.install(|| Standing::new(results, &records, index, model, &thresholds))?
            }
            _ => None,
        };
        drop(previous);
        let (resolution, findings, clusters) = match (standing, model) {
            (Some(standing), Some(model)) => {
                self.resolve_again(&records, model, &decided.decisions, standing, clock)?
            }
            (_, model) => self.resolve_all(&records, model, &decided.decisions, clock)?,
        };
        let resolved = Resolved { records, resolution, findings, clusters, trained };
        self.give_ids(state, decided, resolved)
    }

    /// Works all pairs and clusters out.
    fn resolve_all(
        &self,
        records: &LiveRecords,
        model: Option<Model>,
        decisions: &Decisions,
        clock: &mut Clock<'_>,
    ) -> Result<(Resolution, Findings, Vec<Vec<u32>>)> {
        let Self { index, store, pool, .. } = self;
        let (method, thresholds) = (Method::default(), self.options.config.thresholds);
        let block = |limits: &BlockLimits| candidates(index, store, records, limits, method);
        let (resolution, table) = pool.install(|| {
            resolve(records, model, method, decisions, &thresholds, &block, &mut |name| {
                clock.stage(name);
            })
        })?;
        clock.stage("identities");
        let clusters = clusters_of(&resolution);
        let findings = pool.install(|| Findings::new(table, records, &resolution, &clusters));
        Ok((resolution, findings, clusters))
    }

    /// Works out what has changed since the last results.
    fn resolve_again(
        &self,
        records: &LiveRecords,
        model: Model,
        decisions: &Decisions,
        standing: Standing,
        clock: &mut Clock<'_>,
    ) -> Result<(Resolution, Findings, Vec<Vec<u32>>)> {
        let Self { index, store, pool, .. } = self;
        let thresholds = self.options.config.thresholds;
        let mut survey = Survey::new(&records.gone, &model);
        pool.install(|| {
            let (thresholds, standing) = (&thresholds, &standing);
            let input = again::Input { records, index, store, decisions, thresholds, standing };
            let mut add = |from, piece: &[NormalRecord]| survey.add(from, piece);
            let again = input.resolve(model, &mut add, &mut |name| clock.stage(name))?;
            clock.stage("identities");
            let clusters = clusters_of(&again.resolution);
            let (findings, resolution) = Findings::again(survey, again, records, &clusters);
            Ok((resolution, findings, clusters))
        })
    }

    /// Writes a snapshot of what was worked out.
    pub(super) fn write_results(
        &self,
        work: &Work,
        run: u32,
        path: &Path,
        clock: &mut Clock<'_>,
    ) -> Result<RunSummary> {
        let mut summary = self.summary(run, work)?;
        let quarantined = self.waiting_rows()?;
        self.pool.install(|| {
            Writing {
                records: &work.records,
                resolution: &work.resolution,
                findings: &work.findings,
                clusters: &work.clusters,
                identities: &work.identities,
                state: &work.state,
                decisions: &work.decisions,
                as_of: self.options.as_of,
                reading: reading(&self.catalog),
                numbering: self.store.numbering(work.basis.files as usize)?,
                basis: &work.basis,
                quarantined: &quarantined,
            }
            .write(path, &mut summary, clock)
        })?;
        Ok(summary)
    }

    /// What an index of this store is to be filled for.
    pub(super) fn filled_for(&self) -> Result<u64> {
        filled_for(&self.store, &self.catalog, self.store.manifests()?.len())
    }

    /// Fills an index that is behind: after damage, under another version or another mapping.
    pub(super) fn catch_up_index(&mut self, records: &LiveRecords) -> Result<()> {
        let state = self.filled_for()?;
        if self.index.sequence() == Some(state) {
            return Ok(());
        }
        self.index.clear()?;
        let Self { index, pool, .. } = self;
        let mut from = 0;
        while from < records.len() {
            let to = records.len().min(from + PIECE);
            let keys: Vec<Vec<u64>> = pool.install(|| {
                let index = &*index;
                let normals = records.piece(from / PIECE)?.decode()?;
                let keys =
                    (from..to).into_par_iter().zip(normals).map_init(Vec::new, |keys, of| {
                        let (at, normal) = of;
                        crate::blocking::keys_of(&normal, records.origin(at).generic, keys);
                        keys.iter().map(|key| super::intake::index_key(index, *key)).collect()
                    });
                Ok::<_, Error>(keys.collect())
            })?;
            for (at, keys) in (from..to).zip(keys) {
                index.add(records.numbers[at as usize], &keys)?;
            }
            from = to;
        }
        self.index.commit(state)
    }

    /// The model of the results in force: after an undo, not the one added last.
    fn model_in_force(&self, state: &LedgerState) -> Result<Option<Model>> {
        let named = match state.last_run() {
            Some(basis) => self.store.model(&basis.model)?,
            None => None,
        };
        let bytes = match named {
            Some(bytes) => Some(bytes),
            None => self.store.latest_model()?.map(|(_, bytes)| bytes),
        };
        let bytes = bytes.filter(|bytes| Model::is_current(bytes));
        bytes.map(|bytes| Model::from_bytes(&bytes)).transpose()
    }

    /// What the ledger comes to.
    pub(super) fn ledger_state(&self) -> Result<LedgerState> {
        let mut state = LedgerState::default();
        self.store.visit_ledger(1, |event| {
            state.apply(&event);
            Ok(())
        })?;
        Ok(state)
    }

    fn summary(&self, run: u32, work: &Work) -> Result<RunSummary> {
        let Work { records, resolution, clusters, .. } = work;
        let mut live: FxHashMap<u32, u64> = FxHashMap::default();
        for file in &records.files {
            *live.entry(*file).or_insert(0) += 1;
        }
        let mut files = self.store.manifests()?;
        files.retain(|m| live.contains_key(&m.file));
        for manifest in &mut files {
            manifest.records = live.get(&manifest.file).copied().unwrap_or(0);
        }
        let statistics = &resolution.blocks;
        Ok(RunSummary {
            run,
            ground: self.store.ground_sequence()?,
            records: u64::from(records.len()),
            entities: clusters.len() as u64,
            merged_entities: clusters.iter().filter(|c| c.len() > 1).count() as u64,
            deleted: records.gone.len() as u64,
            pairs_scored: resolution.pairs_scored,
            pairs_left_out: statistics.pairs_left_out.iter().sum(),
            blocking_recall_estimate: resolution.blocking_recall,
            thresholds: self.options.config.thresholds,
            model_hash: work.basis.model.clone(),
            config_hash: work.basis.config.clone(),
            as_of: None,
            warnings: warnings(work),
            blocks_left_out: statistics
                .largest
                .iter()
                .take(LARGEST_TOLD)
                .map(|(rule, n)| (RULES[usize::from(*rule)].name.to_owned(), *n))
                .collect(),
            files,
        })
    }
}

/// What people decided.
pub(super) struct Decided {
    /// Everything that they ever said.
    pub(super) judgements: Vec<Judgement>,
    /// What holds for live records.
    pub(super) decisions: Decisions,
    pub(super) contradictions: Vec<Contradiction>,
}

/// The judgements in force, on live records; one on a record that lost a merge in its system holds
/// for the survivor.
fn decide(judgements: Vec<Judgement>, records: &LiveRecords) -> Decided {
    let survivor = |key: &RecordKey| match records.find_survivor(key) {
        Some(at) => records.keys.get(at).to_key(),
        None => key.clone(),
    };
    let contradictions = contradictions(&judgements, survivor);
    let mut out = Decisions::default();
    for Judgement { a, b, verdict, .. } in judgements_in_force(&judgements) {
        let found = (records.find_survivor(a), records.find_survivor(b));
        let (Some(a), Some(b)) = found else { continue };
        if a == b {
            continue;
        }
        let pair = (a.min(b), a.max(b));
        match verdict {
            Verdict::Same => out.same.push(pair),
            Verdict::Different => out.different.push(pair),
            Verdict::Unsure | Verdict::Withdrawn => {}
        }
    }
    for pairs in [&mut out.same, &mut out.different] {
        pairs.sort_unstable();
        pairs.dedup();
    }
    // Of two that a merge brought together the one that parts holds; it is among the contradictions.
    out.same.retain(|pair| out.different.binary_search(pair).is_err());
    Decided { judgements, decisions: out, contradictions }
}

/// Members of each cluster, ascending; clusters by their first member.
fn clusters_of(resolution: &Resolution) -> Vec<Vec<u32>> {
    let root = &resolution.clustering.root;
    let mut slots = vec![u32::MAX; root.len()];
    let mut clusters: Vec<Vec<u32>> = Vec::new();
    for (record, root) in (0..).zip(root) {
        let slot = &mut slots[*root as usize];
        if *slot == u32::MAX {
            *slot = clusters.len() as u32;
            clusters.push(Vec::new());
        }
        clusters[*slot as usize].push(record);
    }
    clusters
}

fn warnings(work: &Work) -> Vec<String> {
    let Work { resolution, findings, records, contradictions, .. } = work;
    let mut out = Vec::new();
    for (what, n) in ["mail addresses", "phone numbers"].into_iter().zip(findings.shared) {
        if n > 0 {
            out.push(format!(
                "{n} {what} stand in {SHARED} records or more: shared mailboxes, switchboards or \
                 placeholders; they weigh little"
            ));
        }
    }
    let left: u64 = resolution.blocks.left_out.iter().sum();
    if left > 0 {
        out.push(format!(
            "{left} blocks of records that share only a common key were left out; pairs that share \
             nothing else cannot be decided",
        ));
    }
    let (then, now) = (u64::from(resolution.model.records), u64::from(records.len()));
    if retrain_due(then, now) {
        out.push(format!(
            "the model was estimated from {then} records, and there are {now} now: `sameas rebuild \
             --retrain` estimates it anew"
        ));
    }
    for contradiction in contradictions.iter().take(CONTRADICTIONS_SHOWN) {
        out.push(format!(
            "judgements contradict each other: {contradiction}; the two stay apart until one of these \
             is withdrawn"
        ));
    }
    if contradictions.len() > CONTRADICTIONS_SHOWN {
        let more = contradictions.len() - CONTRADICTIONS_SHOWN;
        out.push(format!("{more} further contradictions: `sameas judgements check` lists all"));
    }
    for (a, b) in &resolution.clustering.contradictions {
        let kinds = (findings.kind[*a as usize], findings.kind[*b as usize]);
        if !kinds.0.compatible(kinds.1) {
            out.push(format!(
                "{} and {} are judged the same, but one is a person and the other an organisation: \
                 they stay apart",
                records.keys.get(*a),
                records.keys.get(*b)
            ));
        }
    }
    out
}

pub(super) struct Clock<'a> {
    pub(super) progress: &'a dyn Progress,
    pub(super) timings: Vec<StageTime>,
    current: Option<(String, Instant, Option<f64>)>,
}

impl<'a> Clock<'a> {
    pub(super) fn new(progress: &'a dyn Progress) -> Self {
        Self { progress, timings: Vec::new(), current: None }
    }

    pub(super) fn stage(&mut self, name: &str) {
        self.end();
        self.progress.stage(name, None);
        self.current = Some((name.to_owned(), Instant::now(), processor_time()));
    }

    fn end(&mut self) {
        if let Some((stage, start, processors)) = self.current.take() {
            let seconds = start.elapsed().as_secs_f64();
            let cpu_seconds = processor_time().zip(processors).map(|(now, then)| now - then);
            let memory_bytes = memory_in_use();
            tracing::debug!(stage, seconds, cpu_seconds, memory_bytes);
            self.timings.push(StageTime { stage, seconds, cpu_seconds, memory_bytes });
        }
    }

    pub(super) fn finish(mut self) -> Vec<StageTime> {
        self.end();
        self.progress.finish();
        self.timings
    }
}
