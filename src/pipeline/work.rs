//! What a rebuild worked out, before anything is written: its ids, what they come from, and the
//! events that it brings to the ledger.

use std::path::Path;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

use super::engine::Engine;
use super::findings::Findings;
use super::golden_changes::golden_changes;
use super::rebuild::Decided;
use super::records::LiveRecords;
use super::resolve::{Decisions, Resolution};
use super::types::{Progress, RebuildOptions, Redone, Stability};
use super::view::View;
use crate::clustering::{
    Clusters, Contradiction, Identities, LedgerState, News, identify, record_hash,
};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Cause, EntityId, Judgement, KeyRef, LedgerChange, RecordKey, RunBasis};
use crate::store::founding_id;
use crate::store::results::Results;

/// What a rebuild worked out.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) records: LiveRecords,
    pub(super) decisions: Decisions,
    pub(super) resolution: Resolution,
    pub(super) findings: Findings,
    /// Whether the model is new.
    pub(super) trained: bool,
    pub(super) clusters: Vec<Vec<u32>>,
    pub(super) identities: Identities,
    /// The ledger's state with these identities.
    pub(super) state: LedgerState,
    pub(super) stability: Stability,
    pub(super) redone: Option<Redone>,
    pub(super) contradictions: Vec<Contradiction>,
    /// What it is made from; run and time are still open.
    pub(super) basis: RunBasis,
    /// Names this work: the same id, the same ground, settings and ledger.
    pub(super) plan: String,
    /// What changed, where all comes from one thing.
    otherwise: Cause,
}

/// Clusters before they have ids.
pub(super) struct Resolved {
    pub(super) records: LiveRecords,
    pub(super) resolution: Resolution,
    pub(super) findings: Findings,
    pub(super) clusters: Vec<Vec<u32>>,
    pub(super) trained: bool,
}

impl Engine {
    /// Gives the clusters their ids.
    pub(super) fn give_ids(
        &self,
        mut state: LedgerState,
        decided: Decided,
        resolved: Resolved,
    ) -> Result<Work> {
        let Resolved { records, resolution, findings, clusters, trained } = resolved;
        let Decided { judgements, decisions, contradictions } = decided;
        let basis = RunBasis {
            at: None,
            results: 0,
            before: self.store.current_run()?,
            files: self.store.manifests()?.len() as u32,
            judgements: judgements.len() as u64,
            model: resolution.model.hash()?,
            config: self.options.config.hash(),
        };
        let last = state.last_run().cloned().unwrap_or_default();
        let touched = touched(&records, &judgements, &last);
        let otherwise = if last.model != basis.model {
            Cause::Model
        } else if last.config != basis.config {
            Cause::Configuration
        } else {
            Cause::Other
        };
        let gone: Vec<RecordKey> = records.gone.iter().map(|gone| gone.key.clone()).collect();
        let of_records = Clusters { members: &clusters, keys: &records.keys, gone: &gone };
        let news = News { records: &touched, otherwise };
        let identities = self
            .pool
            .install(|| identify(&state, of_records, news, |key: KeyRef<'_>| founding_id(key)));
        let stability = stability(&identities);
        let redone = redone(&state, &identities, &records);
        let runs = state.runs().last().map_or(0, |(run, _)| *run);
        let as_of = self.options.as_of;
        let named = (self.store.ground_sequence()?, runs, &basis.model, &basis.config, as_of);
        let plan = format!("{:016x}", xxh3_64(format!("{named:?}").as_bytes()));
        self.pool
            .install(|| state.follow_all(&identities.changes, |number| of_records.key(number)));
        Ok(Work {
            records,
            decisions,
            resolution,
            findings,
            trained,
            clusters,
            identities,
            state,
            stability,
            redone,
            contradictions,
            basis,
            plan,
            otherwise,
        })
    }

    /// What a run changes whose results stand at `path`: ids and golden values, by cause. Takes the
    /// changes of ids out of `work`.
    pub(super) fn changes(
        &self,
        work: &mut Work,
        path: &Path,
        progress: &dyn Progress,
    ) -> Result<Vec<(Cause, LedgerChange<u32>)>> {
        let golden = self.golden_events(work, path, progress)?;
        let mut changes = std::mem::take(&mut work.identities.changes);
        changes.extend(golden);
        changes.sort_by_key(|(cause, _)| *cause);
        Ok(changes)
    }

    /// The event that begins a run which brings these changes.
    pub(super) fn beginning(
        work: &Work,
        run: u32,
        options: &RebuildOptions,
        changes: &[(Cause, LedgerChange<u32>)],
    ) -> (Cause, LedgerChange<u32>) {
        let nearest = changes.first().map_or(Cause::Other, |(cause, _)| *cause);
        let cause = if work.otherwise == Cause::Other { nearest } else { work.otherwise };
        let basis = RunBasis { at: options.at, results: run, ..work.basis.clone() };
        (cause, LedgerChange::Run(basis))
    }

    /// Changes of golden values against the results in force.
    fn golden_events(
        &self,
        work: &Work,
        path: &Path,
        progress: &dyn Progress,
    ) -> Result<Vec<(Cause, LedgerChange<u32>)>> {
        if work.identities.known == 0 {
            return Ok(Vec::new());
        }
        let Some(before) = self.results_in_force() else {
            progress.message(
                "The last results are missing or damaged: which golden values changed since is not \
                 known. Readers of the feed should read all golden records anew.",
            );
            return Ok(Vec::new());
        };
        let after = View::of(self.store.root(), Results::open(path)?)?
            .with_policy(self.options.config.policy.clone());
        // Records that are read alike say the same, unless something touched them.
        let same_system = |(source, system): (&Arc<str>, &Arc<str>)| {
            after.systems().get(source).is_none_or(|now| now == system)
        };
        let alike = before.facts().reading == after.facts().reading
            && before.facts().numbered_as(&self.store)?
            && before.systems().iter().all(same_system);
        let near = alike.then(|| work.near());
        let found = self.pool.install(|| golden_changes(&before, &after, near.as_ref()))?;
        Ok(found
            .into_iter()
            .map(|(index, entity, fields)| {
                (work.identities.causes[index as usize], LedgerChange::Golden { entity, fields })
            })
            .collect())
    }
}

impl Engine {
    /// The results in force, as they were made; `None` where they are missing or damaged.
    pub(super) fn results_in_force(&self) -> Option<View> {
        View::open(self.store.root()).and_then(|view| view.under_own_policy(&self.store)).ok()
    }

    /// The ledger's state. A run that a killed process wrote into it and did not publish is
    /// published now.
    pub(super) fn settled_ledger(&self) -> Result<LedgerState> {
        let state = self.ledger_state()?;
        if let Some(basis) = state.last_run()
            && self.store.current_run().ok().flatten() != Some(basis.results)
            && self.store.results_path(basis.results).exists()
        {
            self.store.publish_results(&self.store.results_path(basis.results))?;
        }
        Ok(state)
    }
}

impl Work {
    /// Whether the gates let it pass.
    pub(super) fn allowed(&self, options: &RebuildOptions) -> Result<()> {
        if let Some(plan) = &options.plan
            && *plan != self.plan
        {
            return Err(Error::new(
                ErrorKind::Refused,
                "this would not be the rebuild that was planned: records, decisions, settings or \
                 results changed since",
            )
            .hint(format!(
                "nothing was replaced; `sameas plan` shows what it would do now, as {}",
                self.plan
            )));
        }
        let changed = 1.0 - self.stability.unchanged_share;
        match options.max_changed {
            Some(limit) if self.identities.known > 0 && changed > limit => Err(Error::new(
                ErrorKind::Refused,
                format!(
                    "{:.2}% of the records would change their entity, more than the {:.2}% allowed",
                    changed * 100.0,
                    limit * 100.0
                ),
            )
            .hint(
                "nothing was replaced; `sameas plan` shows what would change, then raise \
                 --max-changed",
            )),
            _ => Ok(()),
        }
    }

    /// Entities whose records or members are not those of the last run.
    fn near(&self) -> FxHashSet<EntityId> {
        let mut near: FxHashSet<EntityId> = FxHashSet::default();
        for (_, change) in &self.identities.changes {
            if let LedgerChange::Moved { from, to, .. } = change {
                near.extend(from.iter().chain(to));
            }
        }
        let causes = self.identities.ids.iter().zip(&self.identities.causes);
        near.extend(causes.filter(|(_, cause)| **cause <= Cause::NewRecord).map(|(id, _)| *id));
        near
    }
}

/// What touched each record since the last run, where it was there then.
fn touched(records: &LiveRecords, judgements: &[Judgement], last: &RunBasis) -> Vec<Option<Cause>> {
    let changed = |file: &u32| (*file > last.files).then_some(Cause::ChangedRecord);
    let mut touched: Vec<Option<Cause>> = records.files.iter().map(changed).collect();
    for judgement in judgements.iter().filter(|j| j.sequence > last.judgements) {
        for key in [&judgement.a, &judgement.b] {
            if let Some(at) = records.find_survivor(key) {
                touched[at as usize] = Some(Cause::Judgement);
            }
        }
    }
    touched
}

fn stability(identities: &Identities) -> Stability {
    type Change = LedgerChange<u32>;
    let changes = || identities.changes.iter().map(|(_, change)| change);
    let count = |f: fn(&Change) -> bool| changes().filter(|c| f(c)).count() as u64;
    Stability {
        unchanged_share: if identities.known == 0 {
            1.0
        } else {
            identities.unchanged as f64 / identities.known as f64
        },
        created: count(|c| matches!(c, Change::Created { .. })),
        merged: count(|c| matches!(c, Change::Merged { .. })),
        split: count(|c| matches!(c, Change::Split { .. })),
        retired: count(|c| matches!(c, Change::Retired { .. })),
    }
}

/// What is done again, if the last run of this state was an undo.
fn redone(state: &LedgerState, identities: &Identities, records: &LiveRecords) -> Option<Redone> {
    let undone = state.undone();
    let (run, basis) = state.runs().last()?;
    if undone.is_empty() || *run == basis.results {
        return None;
    }
    let again = |record: u32, to: EntityId| {
        state.former(record_hash(records.key(record))).last() == Some(&to)
    };
    let records = identities.changes.iter().filter(|(_, change)| match change {
        LedgerChange::Created { entity, founder } => again(*founder, *entity),
        LedgerChange::Moved { record, to: Some(to), .. } => again(*record, *to),
        _ => false,
    });
    Some(Redone { records: records.count() as u64, undone })
}
