//! The last results, for reading: no sled, no lock.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::compared::show_values;
use super::gone::Gone;
use super::intake::index_key;
use super::quarantine;
use super::rebuild::RunFacts;
use super::types::{Candidate, ModelLevel, ModelTable, StageTime};
use crate::blocking::index::BlockIndex;
use crate::blocking::{Key, RULES, SMALL_FILE, keys_of};
use crate::clustering::{ClusterInput, Edge, LedgerState, Resolved, cluster};
use crate::compare::{Comparer, DIMENSION, DIMENSIONS, MISSING, Origin, Table, WordCounts, dim};
use crate::config::{Config, Spec};
use crate::error::{Error, ErrorKind, Result};
use crate::ingest::kind::GENERIC;
use crate::model::{
    Decision, EntityId, EntityKind, Explanation, GoldenRecord, Judgement, MergeStep, MissedKey,
    NormalRecord, QuarantinedRow, RecordKey, Relation, Timestamp, Verdict,
};
use crate::scoring::Model;
use crate::store::results::{EntityRow, Results, StepRow};
use crate::store::{Access, Store};
use crate::survivorship::{Member, Policy, golden, surviving_values};

/// The last results of a store. Cheap to open; the model is read when it is first needed.
#[derive(Debug)]
pub struct View {
    root: PathBuf,
    results: Results,
    facts: RunFacts,
    systems: BTreeMap<Arc<str>, Arc<str>>,
    policy: Policy,
    generic: Vec<u32>,
    weights: OnceLock<Model>,
    model: OnceLock<Model>,
    index: OnceLock<BlockIndex>,
    judgements: OnceLock<FxHashMap<(RecordKey, RecordKey), Judgement>>,
}

/// Members of an entity that are compared with those of another.
const COMPARED: usize = 12;
/// Records of a block that a query looks at, at most.
const LOOKED_AT: usize = 400;
/// Records that are not worth another thread.
const AT_LEAST: usize = 32;

impl View {
    /// Opens the last results of a store.
    ///
    /// # Errors
    /// There are none yet, or they are damaged.
    pub fn open(dir: &Path) -> Result<Self> {
        let store = Store::open(dir, Access::Read)?;
        let results = store.current_results()?.ok_or_else(|| {
            Error::new(ErrorKind::Unknown, "the store has no results yet")
                .at(dir.display())
                .hint("run `sameas rebuild` first")
        })?;
        Self::of(dir, results)
    }

    /// The results of a run that is still kept, under the policy that it was made with.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] where they are not; damaged.
    pub fn of_run(dir: &Path, run: u32) -> Result<Self> {
        let store = Store::open(dir, Access::Read)?;
        let kept = store.result_runs()?;
        if !kept.contains(&run) {
            let kept: Vec<String> = kept.iter().map(ToString::to_string).collect();
            return Err(Error::new(
                ErrorKind::Unknown,
                format!("the results of run {run} are not kept"),
            )
            .hint(format!("kept are those of the runs {}", kept.join(", "))));
        }
        Self::of(dir, Results::open(&store.results_path(run))?)?.under_own_policy(&store)
    }

    /// The same results under the policy that they were made with, as the store keeps it.
    pub(super) fn under_own_policy(self, store: &Store) -> Result<Self> {
        let summary = self.results.summary();
        let Some(text) = store.config(&summary.config_hash)? else { return Ok(self) };
        let name = format!("the settings of run {}", summary.run);
        let policy = Config::resolve(&[Spec::parse(&text, &name, Path::new(""))?])?.policy;
        Ok(self.with_policy(policy))
    }

    /// Results of a store.
    pub(super) fn of(dir: &Path, results: Results) -> Result<Self> {
        let facts = RunFacts::read(&results)?;
        let systems =
            facts.systems.iter().map(|(a, b)| (a.as_str().into(), b.as_str().into())).collect();
        let generic = results
            .summary()
            .files
            .iter()
            .filter(|m| &*m.kind == GENERIC)
            .map(|m| m.file)
            .collect();
        Ok(Self {
            root: dir.to_owned(),
            results,
            facts,
            systems,
            policy: Policy::default(),
            generic,
            weights: OnceLock::new(),
            model: OnceLock::new(),
            index: OnceLock::new(),
            judgements: OnceLock::new(),
        })
    }

    /// The same results under a policy instead of the defaults.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.facts.fields = policy.with_scopes(&self.facts.fields, &self.systems);
        self.policy = policy;
        self
    }

    /// Whether its system wants a record erased, under whatever source of that system.
    pub fn asks_erasure(&self, key: &RecordKey) -> bool {
        let system =
            |source: &str| self.systems.get(source).map_or_else(|| source.into(), Arc::clone);
        self.facts.erasures.iter().any(|request| {
            *request.object == *key.object
                && *request.record_id == *key.id
                && system(&request.source) == system(&key.source)
        })
    }

    /// What the results tell of their run.
    pub(super) fn facts(&self) -> &RunFacts {
        &self.facts
    }

    /// The folder of the store.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The snapshot.
    pub fn results(&self) -> &Results {
        &self.results
    }

    /// Survivorship rules in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// System by source (`shop-eu` → `shopify`).
    pub fn systems(&self) -> &BTreeMap<Arc<str>, Arc<str>> {
        &self.systems
    }

    /// What each stage took, and peak memory of the run that made the results.
    pub fn run_costs(&self) -> (Vec<StageTime>, Option<u64>) {
        (self.facts.timings.clone(), self.facts.peak_memory)
    }

    /// Pairs of ordinals (smaller first, sorted) that stand judged same or different.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn judged(&self) -> Result<Vec<(u32, u32)>> {
        Ok(self.facts.judged.clone())
    }

    /// The rows that were in quarantine when the results were made.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn quarantined(&self) -> Result<Vec<QuarantinedRow>> {
        self.results.blob(quarantine::BLOB)?.map_or(Ok(Vec::new()), |b| quarantine::decode(&b))
    }

    /// Names of the fields of golden records, in their order.
    pub fn fields(&self) -> &[String] {
        &self.facts.fields
    }

    /// The model that weighed the pairs.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn trained(&self) -> Result<&Model> {
        if let Some(model) = self.model.get() {
            return Ok(model);
        }
        let mut model = self.weights()?.clone();
        for (at, counts) in (0..).zip(&mut model.frequencies) {
            counts.values = self.results.frequencies(at)?;
        }
        Ok(self.model.get_or_init(|| model))
    }

    /// The model without the values that it counts.
    pub(super) fn weights(&self) -> Result<&Model> {
        if let Some(weights) = self.weights.get() {
            return Ok(weights);
        }
        let bytes = self.results.blob("weights")?.ok_or_else(|| {
            Error::new(ErrorKind::Corrupted, "the results lack their model")
                .hint("`sameas rebuild` makes them anew")
        })?;
        let weights = Model::from_bytes(&bytes)?;
        Ok(self.weights.get_or_init(|| weights))
    }

    /// Opens what [`View::candidates`] reads, which else its first call does.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn make_ready(&self) -> Result<()> {
        self.index()?;
        self.weights().map(|_| ())
    }

    fn index(&self) -> Result<&BlockIndex> {
        if let Some(index) = self.index.get() {
            return Ok(index);
        }
        let store = Store::open(&self.root, Access::Read)?;
        let index = BlockIndex::open(&store.index_dir(), store.secret()?)?;
        if index.sequence().is_none() {
            let message = "the blocking index was lost, and is not filled yet";
            return Err(Error::new(ErrorKind::Corrupted, message)
                .at(store.index_dir().display())
                .hint("run `sameas rebuild`: the index is made anew"));
        }
        Ok(self.index.get_or_init(|| index))
    }

    fn is_generic(&self, file: u32) -> bool {
        self.generic.contains(&file)
    }

    /// What the ledger says of an id that these results do not know: after an undo they are older
    /// than it. `None` if it was never given. Reads the whole ledger.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn later_id(&self, id: EntityId) -> Result<Option<Resolved>> {
        let mut state = LedgerState::default();
        Store::open(&self.root, Access::Read)?.visit_ledger(1, |event| {
            state.apply(&event);
            Ok(())
        })?;
        Ok(state.resolve(id))
    }

    /// A table of some records, weighed as in the whole file.
    pub(super) fn table(&self, records: &[(NormalRecord, Origin)]) -> Result<Table> {
        let model = self.weights()?;
        let mut table = Table::default();
        for (normal, origin) in records {
            table.push(normal, *origin, &model.texts);
        }
        table.finish(&model.texts);
        let find = |field, hash| self.results.frequency(field, hash);
        table.apply(&model.frequencies_of(&table, &find)?);
        let failed = Mutex::new(None);
        let known = |text: &str| {
            model.word_counts_by(text, &find).unwrap_or_else(|error| {
                *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                WordCounts::default()
            })
        };
        table.read_mailboxes(Some(&known));
        let failed = failed.into_inner().unwrap_or_else(PoisonError::into_inner);
        failed.map_or(Ok(table), Err)
    }

    fn record(&self, ordinal: u32) -> Result<(NormalRecord, Origin, u64)> {
        let (origin, number) = self.origin(ordinal)?;
        Ok((self.results.normal(ordinal)?, origin, number))
    }

    fn origin(&self, ordinal: u32) -> Result<(Origin, u64)> {
        let (number, file) = self.results.origin(ordinal)?;
        Ok((self.origin_of(&self.results.key(ordinal)?, file), number))
    }

    fn origin_of(&self, key: &RecordKey, file: u32) -> Origin {
        let source = xxhash_rust::xxh3::xxh3_64(key.source.as_bytes()) as u32;
        Origin { source, generic: self.is_generic(file) }
    }

    /// The merges that records of one entity lead to, by the run's model and thresholds; `same` are
    /// places of records that were judged one. Each record is its key, the ingest sequence of its
    /// file, and its values; steps name places. Compares every pair of records.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn merges_among(
        &self,
        records: Vec<(&RecordKey, u32, NormalRecord)>,
        same: &[(u32, u32)],
    ) -> Result<Vec<StepRow>> {
        let records: Vec<(NormalRecord, Origin)> = (records.into_iter())
            .map(|(key, file, values)| (values, self.origin_of(key, file)))
            .collect();
        let table = self.table(&records)?;
        let model = self.weights()?;
        let mut comparer = Comparer::new(&table, &model.shares);
        let mut edges = Vec::new();
        for b in 0..table.len() {
            for a in 0..b {
                let kinds = (table.kind[a as usize], table.kind[b as usize]);
                let Some(parameters) = model.parameters(kinds.0, kinds.1) else { continue };
                let score = parameters.score(&comparer.compare(a, b)).total as f32;
                edges.push(Edge { a, b, score });
            }
        }
        let matching = self.results.summary().thresholds.matching;
        let clustering = cluster(&ClusterInput {
            table: &table,
            shares: &model.shares,
            model,
            edges: &edges,
            same,
            // No entity holds two records that were judged different.
            different: &[],
            threshold: (matching / (1.0 - matching)).ln(),
        });
        let steps = clustering.steps.into_iter().map(|(_, step)| StepRow {
            a: step.a,
            b: step.b,
            weight: step.weight,
            kind: step.kind.code(),
        });
        Ok(steps.collect())
    }

    /// The evidence on two records.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn explain(&self, a: u32, b: u32) -> Result<Explanation> {
        let (a, b) = (a.min(b), a.max(b));
        let (normal_a, origin_a, _) = self.record(a)?;
        let (normal_b, origin_b, _) = self.record(b)?;
        let model = self.weights()?;
        let thresholds = self.results.summary().thresholds;
        let (keys_a, keys_b) = (keys(&normal_a, origin_a), keys(&normal_b, origin_b));
        let records = [(normal_a, origin_a), (normal_b, origin_b)];
        let table = self.table(&records)?;
        let [(normal_a, _), (normal_b, _)] = &records;
        let mut out = Explanation {
            a: self.results.key(a)?.to_string(),
            b: self.results.key(b)?.to_string(),
            same_entity: self.results.entity_of(a)? == self.results.entity_of(b)?,
            decision: Decision::NonMatch,
            probability: 0.0,
            match_weight: 0.0,
            prior_weight: 0.0,
            background_weight: 0.0,
            thresholds,
            comparisons: Vec::new(),
            judgement: self.judgement(a, b)?,
            cluster: None,
            shared_keys: Vec::new(),
            missed_keys: Vec::new(),
        };
        if let Some(parameters) = model.parameters(normal_a.entity_kind, normal_b.entity_kind) {
            let comparison = Comparer::new(&table, &model.shares).compare(0, 1);
            let weights = parameters.explain(&comparison, &model.texts.columns);
            out.match_weight = weights.total;
            out.prior_weight = weights.prior;
            out.background_weight = weights.background;
            out.probability = 1.0 / (1.0 + (-weights.total).exp2());
            out.comparisons = weights.terms;
            let sides = [(normal_a, origin_a), (normal_b, origin_b)];
            show_values(self, &comparison, sides, &mut out.comparisons)?;
        } else {
            out.match_weight = -1000.0;
            out.prior_weight = -1000.0;
            out.missed_keys.push(MissedKey {
                rule: "entity kind".to_owned(),
                why: "a person and an organisation are never one entity".to_owned(),
            });
        }
        out.decision = match &out.judgement {
            Some(_) => Decision::Judged,
            None if out.probability >= thresholds.matching => Decision::Match,
            None if out.probability >= thresholds.review => Decision::Review,
            None => Decision::NonMatch,
        };
        out.cluster = match (out.same_entity, out.decision) {
            (true, _) => self.step_between(a, b)?,
            (false, Decision::Match | Decision::Review) => self.parted(a, b)?,
            (false, _) => None,
        };
        self.meetings(&keys_a, &keys_b, &mut out)?;
        Ok(out)
    }

    fn judgement(&self, a: u32, b: u32) -> Result<Option<Judgement>> {
        let judgements = match self.judgements.get() {
            Some(judgements) => judgements,
            None => {
                let store = Store::open(&self.root, Access::Read)?;
                let mut last = FxHashMap::default();
                for judgement in store.judgements()? {
                    last.insert((judgement.a.clone(), judgement.b.clone()), judgement);
                }
                self.judgements.get_or_init(|| last)
            }
        };
        let last = judgements.get(&(self.results.key(a)?, self.results.key(b)?));
        Ok(last.filter(|j| matches!(j.verdict, Verdict::Same | Verdict::Different)).cloned())
    }

    /// The step after which the two stood in one cluster.
    fn step_between(&self, a: u32, b: u32) -> Result<Option<MergeStep>> {
        let index = self.results.entity_of(a)?;
        let entity = self.results.entity(index)?;
        let mut group: BTreeMap<u32, u32> = entity.members.iter().map(|m| (*m, *m)).collect();
        for step in &entity.steps {
            let (x, y) = (group[&step.a], group[&step.b]);
            for value in group.values_mut().filter(|v| **v == y) {
                *value = x;
            }
            if group.get(&a) == group.get(&b) {
                return self.merge_step(step).map(Some);
            }
        }
        Ok(None)
    }

    /// What keeps the entities of two records apart that by themselves may be one: a judgement
    /// between members, else the two members that speak most against it.
    fn parted(&self, a: u32, b: u32) -> Result<Option<MergeStep>> {
        let side = |record: u32| -> Result<Vec<u32>> {
            Ok(self.results.entity(self.results.entity_of(record)?)?.members)
        };
        let (left, right) = (side(a)?, side(b)?);
        let across = |x: u32, y: u32| {
            left.binary_search(&x).is_ok() && right.binary_search(&y).is_ok()
                || left.binary_search(&y).is_ok() && right.binary_search(&x).is_ok()
        };
        if let Some((x, y)) = self.facts.judged.iter().find(|(x, y)| across(*x, *y)) {
            return Ok(Some(MergeStep {
                a: self.results.key(*x)?.to_string(),
                b: self.results.key(*y)?.to_string(),
                probability: 0.0,
                match_weight: -1000.0,
                kind: "parted by a judgement".to_owned(),
            }));
        }
        let model = self.weights()?;
        let mut records = Vec::new();
        for ordinal in left.iter().take(COMPARED).chain(right.iter().take(COMPARED)) {
            let (normal, origin, _) = self.record(*ordinal)?;
            records.push((normal, origin));
        }
        let table = self.table(&records)?;
        let mut comparer = Comparer::new(&table, &model.shares);
        let split = left.len().min(COMPARED);
        let mut worst: Option<(f64, usize, usize)> = None;
        for x in 0..split {
            for y in split..records.len() {
                let kinds = (table.kind[x], table.kind[y]);
                let score = match model.parameters(kinds.0, kinds.1) {
                    Some(parameters) => {
                        parameters.score(&comparer.compare(x as u32, y as u32)).total
                    }
                    None => f64::NEG_INFINITY,
                };
                if worst.is_none_or(|(least, _, _)| score < least) {
                    worst = Some((score, x, y));
                }
            }
        }
        let Some((score, x, y)) = worst else { return Ok(None) };
        let weight = (score / std::f64::consts::LN_2).max(-1000.0);
        Ok(Some(MergeStep {
            a: self.results.key(left[x])?.to_string(),
            b: self.results.key(right[y - split])?.to_string(),
            probability: 1.0 / (1.0 + (-weight).exp2()),
            match_weight: weight,
            kind: "parted by the records around them".to_owned(),
        }))
    }

    /// A step in words.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn merge_step(&self, step: &StepRow) -> Result<MergeStep> {
        Ok(MergeStep {
            a: self.results.key(step.a)?.to_string(),
            b: self.results.key(step.b)?.to_string(),
            probability: 1.0 / (1.0 + (-f64::from(step.weight)).exp2()),
            match_weight: f64::from(step.weight),
            kind: ["record", "cluster", "judgement"][usize::from(step.kind.min(2))].to_owned(),
        })
    }

    /// Under which rules the two met, and under which not.
    fn meetings(&self, a: &[Key], b: &[Key], out: &mut Explanation) -> Result<()> {
        let index = self.index()?;
        let limits = &self.weights()?.limits;
        if self.results.records() <= limits.of(SMALL_FILE, false) {
            out.shared_keys.push(RULES[usize::from(SMALL_FILE)].name.to_owned());
        }
        for rule in RULES {
            let of = |keys: &[Key]| -> Vec<Key> {
                keys.iter().filter(|k| k.rule == rule.number).copied().collect()
            };
            let (xs, ys) = (of(a), of(b));
            if xs.is_empty() && ys.is_empty() {
                continue;
            }
            let missed = |why: String| MissedKey { rule: rule.name.to_owned(), why };
            if xs.is_empty() || ys.is_empty() {
                out.missed_keys.push(missed("missing on one side".to_owned()));
                continue;
            }
            let Some(shared) = xs.iter().find(|x| ys.contains(x)) else {
                out.missed_keys.push(missed("values differ".to_owned()));
                continue;
            };
            let members = index.count_of(index_key(index, *shared))?;
            if members <= u64::from(limits.of(rule.number, false)) {
                out.shared_keys.push(rule.name.to_owned());
            } else {
                out.missed_keys.push(missed(format!(
                    "equal, but {members} records share it: only those that agree on more meet"
                )));
            }
        }
        Ok(())
    }

    /// Records that a query may mean, best first.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn candidates(&self, query: &NormalRecord, limit: usize) -> Result<Vec<Candidate>> {
        let index = self.index()?;
        let model = self.weights()?;
        let origin = Origin { source: u32::MAX, generic: false };
        let ordinals = self.looked_at(index, &keys(query, origin))?;
        if ordinals.is_empty() {
            return Ok(Vec::new());
        }
        let read = |ordinal: &u32| -> Result<(NormalRecord, Origin)> {
            let (_, file) = self.results.origin(*ordinal)?;
            // Which source it is says nothing: the query is of none. Keys need not be read.
            let origin = Origin { source: 0, generic: self.is_generic(file) };
            Ok((self.results.normal(*ordinal)?, origin))
        };
        let found = ordinals.par_iter().with_min_len(AT_LEAST).map(read);
        let mut records = vec![(query.clone(), origin)];
        records.extend(found.collect::<Result<Vec<_>>>()?);
        let table = self.table(&records)?;
        let mut comparer = Comparer::new(&table, &model.shares);
        let mut out = Vec::new();
        for (at, ordinal) in (1_u32..).zip(&ordinals) {
            let kinds = (query.entity_kind, table.kind[at as usize]);
            let Some(parameters) = model.parameters(kinds.0, kinds.1) else { continue };
            let comparison = comparer.compare(0, at);
            let score = parameters.score(&comparison);
            let matched = (0..DIMENSIONS)
                .filter(|d| *d != dim::SOURCE && comparison.level[*d] != MISSING)
                .filter(|d| comparison.level[*d] <= 2)
                .map(|d| DIMENSION[d].name.to_owned())
                .collect();
            out.push(Candidate { ordinal: *ordinal, probability: score.posterior(), matched });
        }
        out.sort_by(|x, y| y.probability.total_cmp(&x.probability).then(x.ordinal.cmp(&y.ordinal)));
        out.truncate(limit);
        Ok(out)
    }

    /// Records that share a key with a query, ascending. Rare keys come first, so that a common one
    /// cannot crowd them out.
    fn looked_at(&self, index: &BlockIndex, keys: &[Key]) -> Result<Vec<u32>> {
        let hashed: Vec<u64> = keys.iter().map(|key| index_key(index, *key)).collect();
        let mut blocks: Vec<(usize, u8, Vec<u64>)> = keys
            .iter()
            .zip(index.records_of_each(&hashed)?)
            .filter(|(_, numbers)| !numbers.is_empty())
            .map(|(key, numbers)| (numbers.len(), key.rule, numbers))
            .collect();
        // Several keys of one rule and size stay in their order.
        blocks.sort_by_key(|(count, rule, _)| (*count, *rule));
        // Most records share several keys: each is looked up once.
        let mut known: FxHashMap<u64, Option<u32>> = FxHashMap::default();
        let mut found = 0;
        for (_, _, mut numbers) in blocks {
            numbers.truncate(LOOKED_AT);
            let new: Vec<u64> =
                numbers.iter().filter(|number| !known.contains_key(number)).copied().collect();
            let places = new.into_par_iter().with_min_len(AT_LEAST);
            let places = places.map(|number| Ok((number, self.results.find_store_record(number)?)));
            known.extend(places.collect::<Result<Vec<_>>>()?);
            found += numbers.iter().filter(|number| known[*number].is_some()).count();
            if found > LOOKED_AT {
                break;
            }
        }
        let mut ordinals: Vec<u32> = known.into_values().flatten().collect();
        ordinals.sort_unstable();
        Ok(ordinals)
    }

    /// The members of an entity with their values, by key.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn members(&self, row: &EntityRow) -> Result<Vec<Member>> {
        self.members_or(row, |_| None)
    }

    /// As [`View::members`], but those that are `known` by their number in the store are not read.
    pub(super) fn members_or(
        &self,
        row: &EntityRow,
        known: impl Fn(u64) -> Option<Member>,
    ) -> Result<Vec<Member>> {
        let mut members = Vec::with_capacity(row.members.len());
        for ordinal in &row.members {
            if let Some(member) = known(self.results.origin(*ordinal)?.0) {
                members.push(member);
                continue;
            }
            let key = self.results.key(*ordinal)?;
            let system = self.systems.get(&key.source).unwrap_or(&key.source);
            members.push(Member {
                system: Arc::clone(system),
                normal: self.results.normal(*ordinal)?,
                key,
            });
        }
        Ok(members)
    }

    /// Golden values of an entity by field, the primary first; without their provenance.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn values(&self, entity: u32) -> Result<BTreeMap<String, Vec<String>>> {
        let row = self.results.entity(entity)?;
        Ok(self.values_of(row.kind, &self.members(&row)?))
    }

    /// Golden values of an entity of these members.
    pub(super) fn values_of(
        &self,
        kind: EntityKind,
        members: &[Member],
    ) -> BTreeMap<String, Vec<String>> {
        let as_of = self.results.summary().as_of.map(Timestamp);
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        surviving_values(kind, members, &self.policy, as_of, |field, value| {
            values.entry(field.to_owned()).or_default().push(value.to_owned());
        });
        values
    }

    /// The golden record of an entity.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn golden(&self, entity: u32) -> Result<GoldenRecord> {
        let row = self.results.entity(entity)?;
        let members = self.members(&row)?;
        let relations = self.relations(&row)?;
        let as_of = self.results.summary().as_of.map(Timestamp);
        Ok(golden(row.id, row.kind, &members, relations, &self.policy, as_of))
    }

    /// The golden record of records that are no longer live and belong to no live entity.
    pub fn golden_of_gone(&self, gone: &[Gone]) -> GoldenRecord {
        let members: Vec<Member> = gone
            .iter()
            .map(|gone| Member {
                system: Arc::clone(self.systems.get(&gone.key.source).unwrap_or(&gone.key.source)),
                normal: gone.normal.clone(),
                key: gone.key.clone(),
            })
            .collect();
        let kinds = gone.iter().map(|gone| gone.normal.entity_kind);
        let kind = kinds.max_by_key(|k| *k != EntityKind::Unknown).unwrap_or_default();
        let id = gone.first().and_then(|g| g.entity).unwrap_or(EntityId::from_bits(0));
        // The results' time is that of live records: what says that one is gone may be newer.
        let own = gone.iter().filter_map(|gone| gone.normal.updated_at).max();
        let as_of = self.results.summary().as_of.map(Timestamp).max(own);
        golden(id, kind, &members, Vec::new(), &self.policy, as_of)
    }

    fn relations(&self, row: &EntityRow) -> Result<Vec<Relation>> {
        let related = row.relations.iter().map(|(kind, entity)| {
            let entity_id = self.results.entity(*entity)?.id;
            Ok(Relation { kind: kind.clone(), entity_id })
        });
        related.collect()
    }

    /// The model in force, for people.
    ///
    /// # Errors
    /// Damaged or unreadable.
    pub fn model(&self) -> Result<ModelTable> {
        let model = self.trained()?;
        let mut table = ModelTable {
            hash: model.hash()?,
            trained_on: u64::from(model.records),
            prior_weight: model.person.prior[0].log2(),
            ..ModelTable::default()
        };
        for (sort, p) in [("person", &model.person), ("organization", &model.organization)] {
            if p.pairs <= 1.0 {
                continue;
            }
            for (class, prior) in ["match", "relative", "other site"].iter().zip(p.prior) {
                table.classes.push((format!("{sort}: {class}"), prior));
            }
            table.classes.push((format!("{sort}: namesakes among relatives"), p.leak[0]));
            table.classes.push((format!("{sort}: collisions of mailboxes"), p.kappa));
            for d in 0..dim::TEXT + model.texts.columns.len() {
                let name = match d.checked_sub(dim::TEXT) {
                    Some(at) => model.texts.columns[at].clone(),
                    None => DIMENSION[d].name.to_owned(),
                };
                for (l, level) in DIMENSION[d].levels.iter().enumerate() {
                    table.levels.push(ModelLevel {
                        field: format!("{sort}: {name}"),
                        level: (*level).to_owned(),
                        m: p.m[d][l],
                        u: p.u[d][l],
                        r: p.r[d][l],
                        q: p.q[d][l],
                        weight: (p.m[d][l] / p.u[d][l]).log2(),
                    });
                }
            }
        }
        Ok(table)
    }
}

fn keys(normal: &NormalRecord, origin: Origin) -> Vec<Key> {
    let mut out = Vec::new();
    keys_of(normal, origin.generic, &mut out);
    out
}
