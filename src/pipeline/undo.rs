//! Back to an earlier result.

use super::engine::Engine;
use super::golden_changes::golden_changes;
use super::rebuild::RunFacts;
use super::view::View;
use crate::clustering::{Clusters, LedgerState, restore};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{
    Cause, EntityId, Judgement, Keys, LedgerChange, LedgerEvent, RecordKey, RunBasis, Timestamp,
};
use crate::store::results::Results;

/// What an undo did.
#[derive(Clone, Debug, Default)]
pub struct Undone {
    /// Its own run id.
    pub run: u32,
    /// The rebuilds that were taken back, ascending.
    pub undone: Vec<u32>,
    /// The run whose results are in force again.
    pub results: u32,
    /// Records whose entity is another than before the undo.
    pub moved: u64,
    /// Records that these results do not know: they stand unresolved until the next rebuild.
    pub unresolved: u64,
    /// Records that these results know in an older version.
    pub outdated: u64,
    /// Judgements that are newer than these results: they are kept, and the next rebuild honours
    /// them.
    pub judgements: Vec<Judgement>,
}

impl Engine {
    /// Takes a rebuild back, and those that came after it: the results before it are in force
    /// again, with their ids. Ground stays as it is. Without `run`, the last rebuild.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] where the run is none, was taken back already, or its predecessor is
    /// no longer kept; damage; writing fails.
    pub fn undo(&mut self, run: Option<u32>, at: Option<Timestamp>) -> Result<Undone> {
        let state = self.pool.install(|| self.settled_ledger())?;
        let (run, target) = self.target(&state, run)?;
        let results = Results::open(&self.store.results_path(target))?;
        let facts = RunFacts::read(&results)?;
        let undone: Vec<u32> =
            state.in_force().into_iter().rev().filter(|in_force| *in_force >= run).collect();
        let judgements = self.store.judgements()?;
        let newer = judgements.into_iter().filter(|j| j.sequence > facts.judgements);
        let later = self.store.files()?;
        let later = later.iter().filter(|file| file.manifest.file > facts.files);
        let (mut unresolved, mut outdated) = (0, 0);
        for file in later {
            unresolved += file.receipt.records_new;
            outdated += file.receipt.records_changed;
        }
        let mut changes = self.way_back(&state, &results)?;
        let moved =
            |change: &&LedgerChange| matches!(change, LedgerChange::Moved { to: Some(_), .. });
        let mut report = Undone {
            moved: changes.iter().filter(moved).count() as u64,
            undone,
            results: target,
            unresolved,
            outdated,
            judgements: newer.collect(),
            ..Undone::default()
        };
        let basis = RunBasis {
            at,
            results: target,
            before: self.store.current_run()?,
            files: facts.files,
            judgements: facts.judgements,
            model: results.summary().model_hash.clone(),
            config: results.summary().config_hash.clone(),
        };
        if let Some(before) = self.results_in_force() {
            let after = View::of(self.store.root(), results)?.under_own_policy(&self.store)?;
            let found = self.pool.install(|| golden_changes(&before, &after, None))?;
            changes.extend(
                found
                    .into_iter()
                    .map(|(_, entity, fields)| LedgerChange::Golden { entity, fields }),
            );
        }
        changes.insert(0, LedgerChange::Run(basis));
        report.run = self.store.begin_run()?;
        let event =
            |change| LedgerEvent { sequence: 0, run: report.run, cause: Cause::Undo, change };
        let events: Vec<LedgerEvent> = changes.into_iter().map(event).collect();
        self.store.append_ledger(&events)?;
        self.store.publish_results(&self.store.results_path(target))?;
        Ok(report)
    }

    /// The rebuild that is taken back, and the one before it.
    fn target(&self, state: &LedgerState, run: Option<u32>) -> Result<(u32, u32)> {
        let unknown =
            |message: String, hint: String| Err(Error::new(ErrorKind::Unknown, message).hint(hint));
        let in_force = state.in_force();
        let Some(run) = run.or_else(|| in_force.first().copied()) else {
            return unknown(
                "there is no rebuild to take back".to_owned(),
                "`sameas rebuild` makes the first results".to_owned(),
            );
        };
        let names: Vec<String> = in_force.iter().map(ToString::to_string).collect();
        let Some(at) = in_force.iter().position(|other| *other == run) else {
            let message = if state.undone().contains(&run) {
                format!("run {run} was taken back already")
            } else {
                format!("run {run} is no rebuild of this store")
            };
            return unknown(message, format!("in force, the last first: {}", names.join(", ")));
        };
        let Some(target) = in_force.get(at + 1).copied() else {
            return unknown(
                format!("run {run} is the first: there are no results before it"),
                "`sameas rebuild --full --retrain` does it anew".to_owned(),
            );
        };
        if !self.store.results_path(target).exists() {
            return unknown(
                format!("the results of run {target}, before run {run}, are no longer kept"),
                "the last three are".to_owned(),
            );
        }
        Ok((run, target))
    }

    /// The changes that lead from the ledger's state to earlier results.
    fn way_back(&self, state: &LedgerState, results: &Results) -> Result<Vec<LedgerChange>> {
        let mut keys = Keys::default();
        results.scan_keys(0..results.records(), |_, source, object, id| {
            keys.push(source, object, id);
        })?;
        let mut members: Vec<Vec<u32>> = Vec::with_capacity(results.entities() as usize);
        let mut ids: Vec<EntityId> = Vec::with_capacity(results.entities() as usize);
        for index in 0..results.entities() {
            let entity = results.entity(index)?;
            ids.push(entity.id);
            members.push(entity.members);
        }
        // Records that are resolved now and were not then: the ledger names every one.
        let mut gone: Vec<RecordKey> = Vec::new();
        self.store.visit_ledger(1, |event| {
            let record = match event.change {
                LedgerChange::Created { founder, .. } => founder,
                LedgerChange::Moved { record, .. } => record,
                _ => return Ok(()),
            };
            if keys.find(&record).is_none() {
                gone.push(record);
            }
            Ok(())
        })?;
        gone.sort_unstable();
        gone.dedup();
        let clusters = Clusters { members: &members, keys: &keys, gone: &gone };
        Ok(restore(state, clusters, &ids))
    }
}
